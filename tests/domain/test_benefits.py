"""The shipped catalogue against the ISO external code sets, and every way to write a catalogue wrong."""

import json
from typing import Any

import pytest

from gateway.domain.benefits import catalogue_from
from gateway.domain.collection import UnclaimedRule
from gateway.domain.errors import ConfigError
from gateway.domain.money import EXPONENT
from tests.domain.orders import catalogue
from tests.shared import shared_dir

SICK_PAY: dict[str, Any] = {
    "name": "Sick pay",
    "category_purpose": "SSBE",
    "purpose": "SSBE",
    "limits": {"EUR": "6000.00"},
}


def one(**changes: Any) -> object:
    return {"benefits": {"SICK_PAY": SICK_PAY | changes}}


def test_the_shipped_catalogue_pays_no_pension() -> None:
    pensions = {code for code, benefit in catalogue().items() if benefit.pension}
    assert pensions == {"OLD_AGE_PENSION", "DISABILITY_PENSION", "SURVIVORS_PENSION"}
    assert all(not catalogue()[code].limits for code in pensions)


def test_the_shipped_catalogue_asks_for_the_deceased_where_a_death_is_the_reason() -> None:
    assert {code for code, benefit in catalogue().items() if benefit.because_of_death} == {"FUNERAL_GRANT"}


@pytest.mark.parametrize(("kind", "field"), [("purpose", "purpose"), ("category_purpose", "category_purpose")])
def test_the_shipped_purposes_are_in_the_iso_code_sets(kind: str, field: str) -> None:
    text = (shared_dir() / "codes" / f"external_{kind}_code.json").read_text(encoding="utf-8")
    codes = json.loads(text)["codes"]
    assert {getattr(benefit, field) for benefit in catalogue().values() if not benefit.pension} <= codes.keys()


def test_an_entry_becomes_a_benefit() -> None:
    benefit = catalogue_from(one(because_of_death=True, limits={"EUR": "6000.00", "JPY": "9"}))["SICK_PAY"]
    assert (benefit.code, benefit.name, benefit.because_of_death, benefit.pension) == (
        "SICK_PAY",
        "Sick pay",
        True,
        False,
    )
    assert (benefit.category_purpose, benefit.purpose) == ("SSBE", "SSBE")
    assert benefit.limits == {"EUR": 600_000, "JPY": 9}
    assert benefit.currencies == {"EUR", "JPY"} <= EXPONENT.keys()


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        catalogue_from(one())["SICK_PAY"] = None  # type: ignore[index]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "write a mapping"),
        ([], "write a mapping"),
        ({}, "benefits: write a mapping"),
        ({"benefits": {}}, "at least one benefit"),
        ({"benefits": {}, "pensions": {}}, "unknown key pensions"),
        ({"benefits": {"sick pay": SICK_PAY}}, "benefit sick pay: a code is"),
        ({"benefits": {True: SICK_PAY}}, "unknown key True; quote it"),
        ({"benefits": {"SICK_PAY": None}}, "benefit SICK_PAY: write a mapping"),
        (one(colour="red"), "benefit SICK_PAY: unknown key colour; known are because_of_death"),
        (one(name=""), "name must be text"),
        (one(name=7), "name must be text"),
        (one(pension="no"), "pension must be true or false"),
        (one(because_of_death=1), "because_of_death must be true or false"),
        (one(pension=True), r"benefit SICK_PAY \(a pension\): unknown key category_purpose, limits, purpose"),
        (one(category_purpose="PENS"), "category_purpose must be one of GOVT, SSBE"),
        (one(purpose="benefit"), "purpose must be a code of four"),
        (one(limits=None), "limits: write a mapping"),
        (one(limits={}), "limits: name at least one currency"),
        (one(limits={"EUR": 6000}), "limits: EUR: .*write it quoted"),
        (one(limits={"EUR": "6000.001"}), "limits: EUR: EUR has 2 decimals"),
        (one(limits={"EUR": "0"}), "limits: EUR: an amount is greater than zero"),
        (one(limits={"XXX": "1"}), "limits: XXX: the currency is not one"),
    ],
)
def test_a_wrong_catalogue_says_what_to_write(document: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        catalogue_from(document)


def test_an_amount_that_yaml_read_as_a_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="write it quoted"):
        catalogue_from(one(limits={"EUR": json.loads("6000.00")}))


@pytest.mark.parametrize(
    ("changes", "reissues"),
    [
        ({}, 0),
        ({"unclaimed": "give back"}, 0),
        ({"unclaimed": "reissue"}, 1),
        ({"unclaimed": "reissue", "unclaimed_reissues": 12}, 12),
    ],
)
def test_what_becomes_of_unclaimed_money(changes: dict[str, Any], reissues: int) -> None:
    assert catalogue_from(one(**changes))["SICK_PAY"].unclaimed == UnclaimedRule(reissues=reissues)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unclaimed": "keep"}, "unclaimed must be one of give back, reissue"),
        ({"unclaimed": ["reissue"]}, "unclaimed must be one of give back, reissue"),
        ({"unclaimed_reissues": 2}, "goes with unclaimed: reissue only"),
        ({"unclaimed": "reissue", "unclaimed_reissues": 0}, "1 to 12"),
        ({"unclaimed": "reissue", "unclaimed_reissues": 13}, "1 to 12"),
        ({"unclaimed": "reissue", "unclaimed_reissues": True}, "1 to 12"),
    ],
)
def test_a_rule_for_unclaimed_money_that_means_nothing(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        catalogue_from(one(**changes))
