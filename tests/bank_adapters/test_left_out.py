"""What a bank's messages have no place for: the order is held with rule and place, unless the profile leaves it out."""

from dataclasses import replace
from typing import Any, get_args

import pytest

from bank_adapters.profile import Profile
from bank_adapters.profile.benefits import Part
from bank_adapters.registry import adapter_for
from bank_adapters.spi import CreditorReference, Payment, PostalAddress, SubmissionContent, as_taken
from gateway.domain.errors import ConfigError
from gateway.domain.order import DomesticAccount, Identification, Party
from tests.bank_adapters import delimited, fixed_width
from tests.bank_adapters.material import api_bank, payment, submission
from tests.bank_adapters.mt_bank import bank as mt_bank
from tests.bank_adapters.pain001_orders import bank as iso_bank

TOWN = PostalAddress(town_name="Bonn", country="DE")
FUND = Party(name="Unfallkasse", identifications=(Identification(scheme="CUST", id="4711"),))
RF = CreditorReference(reference="RF18539007547034")
NATIONAL = CreditorReference(reference="010806817183", issuer="BBA")
EVERY: dict[str, Any] = {
    "creditor_address": TOWN,
    "creditor_agent": "COBADEFFXXX",
    "creditor_reference": RF,
    "ultimate_creditor": Party(name="Lena Gross"),
    "ultimate_debtor": replace(FUND, identifications=()),
}


def why(one: Payment, profile: Profile, content: SubmissionContent | None = None) -> str:
    ((_, told),) = adapter_for(profile).refusals(content or submission(one), profile).items()
    return told


def narrow(**keys: Any) -> Profile:
    """A layout with a field for nothing but id, account and amount."""
    changed = fixed_width.parts() | {"status_overrides": {}, "reason_overrides": {}}
    bare: dict[str, Any] = {key: [] for key in ("header", "debtor", "following", "trailer")}
    changed["layout"] |= bare | {"hash_total": None, "replies": None, "payment": fixed_width.BASE}
    return delimited.profile_of(changed | {"leaves_out": ["creditor_name", "remittance_information"]} | keys)


@pytest.mark.parametrize("part", [*EVERY, "creditor_name", "remittance_information"])
def test_a_layout_holds_what_it_has_no_field_for_unless_the_profile_leaves_it_out(part: str) -> None:
    plain = ["creditor_name", "remittance_information"]
    told = fixed_width.lira(1, **({part: EVERY[part]} if part in EVERY else {}))
    without = narrow(leaves_out=[one for one in plain if one != part])
    assert f"(rule part.no-place, at {part})" in why(told, without, fixed_width.of(told))
    profile = narrow(leaves_out=[*plain, part] if part in EVERY else plain)
    document = delimited.rendered(fixed_width.of(told), profile)
    assert document == delimited.rendered(fixed_width.of(fixed_width.lira(1)), narrow())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"creditor_reference": NATIONAL, "remittance_information": ""}, "an issuer of its creditor reference"),
        ({"ultimate_debtor": FUND}, "an identification of the ultimate debtor"),
    ],
)
def test_no_layout_has_a_field_for_an_issuer_or_an_identification(changes: dict[str, Any], told: str) -> None:
    fields = [{"value": "creditor_reference", "width": 25, "required": False}]
    fields += [{"value": "ultimate_debtor_name", "width": 20, "required": False}]
    profile = fixed_width.record(*fields)
    one = fixed_width.lira(1, **changes)
    assert f"it has {told}" in why(one, profile, fixed_width.of(one))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"creditor_address": TOWN}, "Cdtr/PstlAdr"),
        ({"creditor_agent": "COBADEFFXXX"}, "CdtrAgt/FinInstnId"),
        ({"creditor_reference": RF, "remittance_information": ""}, "RmtInf/Strd"),
        ({"ultimate_debtor": FUND}, "UltmtDbtr"),
    ],
)
def test_a_request_names_the_place_of_what_it_cannot_hold(changes: dict[str, Any], place: str) -> None:
    one = payment(1, **changes)
    assert f"(rule part.no-place, at {place})" in why(one, api_bank())
    (part,) = changes.keys() - {"remittance_information"}
    taken = api_bank().model_copy(update={"leaves_out": (part,)})
    bare = payment(1, remittance_information=one.remittance_information)
    adapter = adapter_for(taken)
    assert [*adapter.render(submission(one), taken)] == [*adapter.render(submission(bare), taken)]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"creditor_address": TOWN}, "Cdtr/PstlAdr"),
        ({"creditor_reference": NATIONAL, "remittance_information": ""}, "RmtInf/Strd/CdtrRefInf/Tp/Issr"),
        ({"ultimate_debtor": FUND}, "UltmtDbtr/Id"),
        (
            {
                "creditor_agent": "COBADEFFXXX",
                "creditor_account": DomesticAccount(country="DE", bank_code="10010077", number="1"),
            },
            "CdtrAgt/FinInstnId",
        ),
    ],
)
def test_an_mt101_names_the_place_of_what_it_cannot_hold(changes: dict[str, Any], place: str) -> None:
    assert f"(rule part.no-place, at {place})" in why(payment(1, **changes), mt_bank())


def test_a_bank_of_which_nobody_knows_how_it_takes_addresses_gets_none_and_no_payment() -> None:
    one = payment(1, creditor_address=TOWN)
    assert "(rule bank.address, at Cdtr/PstlAdr)" in why(one, iso_bank().model_copy(update={"address": None}))
    assert adapter_for(iso_bank()).refusals(submission(one), iso_bank()) == {}


def test_what_is_left_out_of_a_payment_is_nothing_else() -> None:
    whole = payment(1, **EVERY)
    assert as_taken(whole, ()) is whole
    told = get_args(Part)
    assert as_taken(whole, [one for one in told if one in EVERY]) == payment(1)
    text: list[Part] = ["remittance_information"]
    assert as_taken(whole, text) == replace(whole, remittance_information="")


def test_a_profile_leaves_out_nothing_that_its_layout_has_a_field_for() -> None:
    with pytest.raises(ConfigError, match="leaves_out: the layout has a field ultimate_creditor_name"):
        delimited.profile_of(fixed_width.parts() | {"leaves_out": ["ultimate_creditor"]})
