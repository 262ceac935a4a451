"""ISO 20022's external code sets as data: complete against the published ones, and held against configuration."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.domain import external_codes
from gateway.domain.benefits import catalogue_from
from gateway.domain.errors import ConfigError
from gateway.domain.reasons import DUPLICATE, Place, Reasons, reasons_from
from tests.bank_adapters.material import file_bank_parts, profile_of
from tests.shared import shared_dir

CONFIG = Path(__file__).resolve().parents[2] / "config"
ROWS: dict[str, Any] = yaml.safe_load((CONFIG / "reason_codes.yaml").read_text("utf-8"))


def published(name: str) -> set[str]:
    text = (shared_dir() / "codes" / f"external_{name}_code.json").read_text("utf-8")
    return set(json.loads(text)["codes"])


@pytest.fixture(scope="module")
def shipped() -> Reasons:
    return reasons_from(ROWS)


SETS = {
    Place.STATUS: "status_reason",
    Place.RETURN: "return_reason",
    Place.CANCELLATION: "cancellation_reason",
    Place.REFUSAL: "payment_cancellation_rejection",
}


@pytest.mark.parametrize("place", Place)
def test_every_published_reason_has_a_row_that_says_where_and_what(shipped: Reasons, place: Place) -> None:
    assert {code for code, places in shipped.places.items() if place in places} == published(SETS[place])


def test_every_row_says_all(shipped: Reasons) -> None:
    assert shipped.places.keys() == shipped.meanings.keys() == ROWS.keys()
    assert all(3 <= len(meaning) <= 100 for meaning in shipped.meanings.values())
    assert all(shipped.knows(code) for code in ROWS)


def test_a_duplicate_needs_no_line_to_be_known() -> None:
    assert [reasons_from({"AC01": "mend"}).knows(code) for code in ("AC01", "DUPL", "X404")] == [True, True, False]


RETRY, FUNDS, ROUTE, MEND = "retry in the next window", "wait for funds", "other route", "mend"
BACK, HOLD, OFFICER = "back to the benefits system", "hold payee", "officer"
REFERENCE = (
    # iso20022-and-banks 2.3, row by row; where it names two actions, the one that starts less
    ("AC01 AC03 AC04 AC07", BACK),
    ("AC05 AC02 AC10 AC12 AC13 RC03 RC06 BE08", OFFICER),
    ("AC06 AC16 AC17", HOLD),
    ("AC15", BACK),
    ("AG01 AG03 AC14", BACK),
    ("AG02 FF03 FF04 FF05 FF06 FF07", OFFICER),
    ("AG07 AM04", FUNDS),
    ("AG08 DS0A DS0B DS0C DS0D DS0E DS0F DS0G DS0H", OFFICER),
    ("DS14 DS15 DS16 DS17 DS18 DS19 DS20 DS21 DS22 DS23 DS24 DS25 DS26 DS27", OFFICER),
    ("AM01 AM12 AM11 AC09 AC11 CURR", OFFICER),
    ("AM02 AM13 AM14 AM21 AM23", MEND),
    ("AM05 DUPL AM09", DUPLICATE),
    ("DU01 DU02 DU03 DU04 DU05", DUPLICATE),
    ("AM10 AM16 AM17 AM18 AM19 AM20", OFFICER),
    ("AM07 RR04 LEGL", HOLD),
    ("BE01 BE06", BACK),
    ("BE04 RR01 RR02 RR03 BE07 BE09 BE10 BE11 BE16 BE17 BE18 BE19 BE20 BE21 BE22", MEND),
    ("BE05", OFFICER),
    ("CNOR RC01 RC04 RC05 AGNT RC08 RC10", ROUTE),
    ("RC07", BACK),  # named with AC01 and with RC01: the bank identifier comes with the payee's account
    ("AB08", RETRY),
    ("DNOR", OFFICER),
    ("DT01 DT03 DT04 CH03 CH04 EDNA", MEND),
    ("DT02 FF01 FF02 FF08 TD02 TD03 CH16 CH17 CH20 CH21", OFFICER),
    ("RR10", MEND),
    ("DT05 TM01", RETRY),
    ("DT06 RR08", OFFICER),  # they inform beside an acceptance; beside a rejection nobody has judged them
    ("AB01 AB02 AB03 AB04 AB05 AB06 AB09 AB10 AB11 AB07", RETRY),
    ("ED05 ED06 FF10 DS28 TA01", RETRY),
    ("MD07", HOLD),
    ("MD06 UPAY FOCR CUST", BACK),
    ("MS02 MS03 NARR SL01 SL02 NOAS", OFFICER),
    ("FR01 FRAD", HOLD),
    ("ERIN CERI NERI", MEND),
)
JUDGED = {code: action for codes, action in REFERENCE for code in codes.split()}


@pytest.mark.parametrize("code", JUDGED)
def test_a_code_of_the_reference_has_its_action(code: str) -> None:
    assert ROWS[code]["action"] == JUDGED[code]


def test_a_code_that_the_reference_does_not_judge_goes_to_an_officer() -> None:
    assert {row["action"] for code, row in ROWS.items() if code not in JUDGED} == {OFFICER}


def rows_of_the_reference() -> list[tuple[set[str], str]]:
    """The codes of each row of its table, ranges written out by their ends, and the words of its last column."""
    text = (shared_dir() / "reference" / "iso20022-and-banks.md").read_text("utf-8")
    table = text.split("### 2.3")[1].split("Default for any unknown code")[0].split("|---|---|---|---|")[1]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ") and "ACH" not in line]
    return [(set(re.findall(r"\b[A-Z]{2}[A-Z0-9]{2}\b", row[1])) - {"ACWC"}, row[4]) for row in rows]  # ACWC: a status


def test_the_codes_typed_above_are_those_of_the_references_table() -> None:
    """Every code that its table names in its first column, ranges written out, is judged above."""
    singles = {code for codes, _ in rows_of_the_reference() for code in codes}
    assert singles <= JUDGED.keys()
    assert len(singles) > 100


WORDS = {
    "SAME": RETRY,
    "WAIT": RETRY,
    "FUND": FUNDS,
    "STOP": OFFICER,
    "FIX": MEND,
    "BEN": BACK,
    "HOLD": HOLD,
    "DUP": DUPLICATE,
    "RTE": ROUTE,
    "MAN": OFFICER,
    "accept": OFFICER,
}
"""The reference's words for actions as ours; "accept": beside an acceptance, so beside a rejection nobody judged it."""


def test_the_actions_typed_above_are_among_those_that_the_references_row_names() -> None:
    named: dict[str, set[str]] = {}
    for codes, told in rows_of_the_reference():
        actions = {WORDS[word] for word in re.findall(rf"\b(?:{'|'.join(WORDS)})\b", told)}
        for code in codes:
            named.setdefault(code, set()).update(actions)
    assert {code: (JUDGED[code], actions) for code, actions in named.items() if JUDGED[code] not in actions} == {}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"action": "mend", "where": ["moon"], "meaning": "x"}, "where: write a list of cancellation, refused"),
        ({"action": "mend", "where": [], "meaning": "x"}, "where: write a list"),
        ({"action": "mend", "where": ["status"]}, "write {action"),
        ({"action": "mend", "where": ["status"], "meaning": ""}, "meaning: write a few words"),
        ({"action": "mend", "needs": "luck", "where": ["status"], "meaning": "x"}, "needs: write one of account"),
        ({"where": ["status"], "meaning": "x"}, "write {action"),
    ],
)
def test_a_row_that_is_not_understood_is_refused_by_its_code(row: object, complaint: str) -> None:
    with pytest.raises(ConfigError, match=f"AC01: {complaint}"):
        reasons_from({"AC01": row})


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        (external_codes.PURPOSES, "purpose"),
        (external_codes.CATEGORY_PURPOSES, "category_purpose"),
        (external_codes.SERVICE_LEVELS, "service_level"),
        (external_codes.LOCAL_INSTRUMENTS, "local_instrument"),
    ],
)
def test_the_sets_of_payment_codes_are_the_published_ones(codes: frozenset[str], name: str) -> None:
    assert codes == published(name)


def test_a_typing_error_in_a_benefits_purpose_is_refused() -> None:
    entry = {"name": "Sick pay", "category_purpose": "SSBE", "purpose": "SSEB", "limits": {"EUR": "1.00"}}
    with pytest.raises(
        ConfigError, match="benefit SICK_PAY: purpose must be a code of four capital letters of ISO 20022"
    ):
        catalogue_from({"benefits": {"SICK_PAY": entry}})


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"benefits": {"SICK_PAY": {"purpose": "SSEB"}}}, "benefits.SICK_PAY.purpose"),
        ({"hours": {"zone": "UTC", "products": {"SBSE": {"closes": "15:30"}}}}, "hours.products"),
        ({"pain001": {"instruments": {"normal": {"service_level": "SEAP"}}}}, "pain001.instruments.*service_level"),
        ({"pain001": {"instruments": {"instant": {"local_instrument": "ISNT"}}}}, "pain001.*local_instrument"),
        ({"pain001": {"category_purposes": {"SSBE": "GVOT"}}}, "pain001.category_purposes.SSBE"),
    ],
)
def test_a_typing_error_in_a_profiles_code_is_refused_with_its_path(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(ConfigError, match=path):
        profile_of(file_bank_parts() | changes)
