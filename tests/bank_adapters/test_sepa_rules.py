"""The rules of SEPA and of single banks that no schema checks: each is named by its id and its place."""

from dataclasses import replace
from typing import Any

import pytest
from stdnum import iso11649

from bank_adapters.capabilities import Instrument
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.rest.json_api import JsonApiAdapter
from bank_adapters.spi import CreditorReference, Payment, PostalAddress
from gateway.domain.errors import ConfigError
from gateway.domain.money import Money
from gateway.domain.order import DomesticAccount, IbanAccount, Identification, Party
from gateway.domain.remittance import is_iso_reference
from tests.bank_adapters.material import api_bank, payment, submission
from tests.bank_adapters.pain001_orders import IBANS, RF_REFERENCES, bank

ADAPTER = Iso20022Adapter()
TOWN = PostalAddress(town_name="Berlin", country="DE")
RF = CreditorReference(reference=RF_REFERENCES[0])


def to(iban: str) -> IbanAccount:
    return IbanAccount(iban=iban)


def home(**changes: Any) -> PostalAddress:
    return replace(TOWN, **changes)


SEPA_RULES: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": Money(0, "EUR")}, "sepa.amount", "Amt/InstdAmt"),
    ({"amount": Money(100_000_000_000, "EUR")}, "sepa.amount", "Amt/InstdAmt"),
    ({"amount": Money(1, "TRY")}, "sepa.currency", "Amt/InstdAmt"),
    ({"creditor": Party(name="Ali @")}, "sepa.charset", "Cdtr/Nm"),
    ({"creditor": Party(name="A" * 71)}, "sepa.length", "Cdtr/Nm"),
    ({"creditor": Party(name=" ")}, "name.empty", "Cdtr/Nm"),
    ({"ultimate_creditor": Party(name="A" * 71)}, "sepa.length", "UltmtCdtr/Nm"),
    ({"ultimate_debtor": Party(name="A" * 71)}, "sepa.length", "UltmtDbtr/Nm"),
    ({"remittance_information": "x" * 141}, "sepa.length", "RmtInf/Ustrd"),
    ({"remittance_information": "a\nb"}, "sepa.charset", "RmtInf/Ustrd"),
    ({"creditor_reference": RF}, "sepa.remittance.one", "RmtInf"),
    (
        {"remittance_information": "", "creditor_reference": CreditorReference(reference="RF19539007547034")},
        "remittance.iso11649",
        "RmtInf/Strd/CdtrRefInf/Ref",
    ),
    (
        {"remittance_information": "", "creditor_reference": CreditorReference(reference="1 2", issuer="BBA")},
        "remittance.reference",
        "RmtInf/Strd/CdtrRefInf/Ref",
    ),
    (
        {"remittance_information": "", "creditor_reference": CreditorReference(reference="12", issuer="B" * 36)},
        "sepa.length",
        "RmtInf/Strd/CdtrRefInf/Tp/Issr",
    ),
    ({"end_to_end_id": "E" * 36}, "reference.length", "PmtId/EndToEndId"),
    ({"end_to_end_id": "E_1"}, "reference.alphabet", "PmtId/EndToEndId"),
    ({"end_to_end_id": "/E"}, "reference.slash", "PmtId/EndToEndId"),
    ({"end_to_end_id": "E/"}, "reference.slash", "PmtId/EndToEndId"),
    ({"end_to_end_id": "E//1"}, "reference.slash", "PmtId/EndToEndId"),
    ({"instruction_id": "I//1"}, "reference.slash", "PmtId/InstrId"),
    ({"uetr": payment(1).uetr.upper()}, "uetr.form", "PmtId/UETR"),
    ({"purpose": "ss"}, "code.form", "Purp/Cd"),
    ({"purpose": ""}, "code.form", "Purp/Cd"),
    ({"creditor_account": to("DE03120300000000202051")}, "iban.check-digits", "CdtrAcct/Id/IBAN"),
    ({"creditor_account": to("DE0212030000000020205")}, "iban.length", "CdtrAcct/Id/IBAN"),
    ({"creditor_account": to("de02120300000000202051")}, "iban.alphabet", "CdtrAcct/Id/IBAN"),
    ({"creditor_account": to("ZZ02120300000000202051")}, "iban.country", "CdtrAcct/Id/IBAN"),
    (
        {"creditor_account": DomesticAccount(country="KZ", bank_code="1", number="2")},
        "account.iban",
        "CdtrAcct/Id/IBAN",
    ),
    ({"creditor_account": to("CH9300762011623852957")}, "sepa.agent.needed", "CdtrAgt/FinInstnId"),
    ({"creditor_agent": "UBSWCHZH8"}, "bic.form", "CdtrAgt/FinInstnId"),
    (
        {"creditor_address": PostalAddress(address_lines=("Berlin", "Hof"))},
        "sepa.address.unstructured",
        "Cdtr/PstlAdr",
    ),
    ({"creditor_address": home(town_name="")}, "sepa.address.location", "Cdtr/PstlAdr/TwnNm"),
    ({"creditor_address": home(country="")}, "sepa.address.location", "Cdtr/PstlAdr/Ctry"),
    ({"creditor_address": home(country="Germany")}, "country.form", "Cdtr/PstlAdr/Ctry"),
    ({"creditor_address": home(address_lines=("1", "2", "3"))}, "sepa.address.lines", "Cdtr/PstlAdr/AdrLine"),
    ({"creditor_address": home(address_lines=("BERLIN",))}, "sepa.address.repeated", "Cdtr/PstlAdr/AdrLine"),
    ({"creditor_address": home(town_name="B" * 36)}, "sepa.length", "Cdtr/PstlAdr/TwnNm"),
    ({"creditor_address": home(address_lines=(" ",))}, "name.empty", "Cdtr/PstlAdr/AdrLine"),
]


@pytest.mark.parametrize(("changes", "rule", "place"), SEPA_RULES)
def test_a_broken_rule_is_named_with_its_place(changes: dict[str, Any], rule: str, place: str) -> None:
    profile, good = bank(address="hybrid"), payment(1)
    assert ADAPTER.refusals(submission(good), profile) == {}
    wrong = replace(good, **changes)
    found = ADAPTER.refusals(submission(wrong, payment(2)), profile)
    assert set(found) == {wrong.end_to_end_id}
    assert f"(rule {rule}, at {place})" in found[wrong.end_to_end_id]


def test_the_last_amount_and_the_last_letter_within_the_rules_are_written() -> None:
    most = payment(
        1, amount=Money(99_999_999_999, "EUR"), creditor=Party(name="N" * 70), remittance_information="x" * 140
    )
    least = payment(2, amount=Money(1, "EUR"), remittance_information="")
    assert ADAPTER.refusals(submission(most, least), bank()) == {}


def test_every_broken_rule_is_told_at_once() -> None:
    wrong = payment(1, amount=Money(0, "EUR"), creditor=Party(name="@"), purpose="x")
    (told,) = ADAPTER.refusals(submission(wrong), bank()).values()
    assert [rule in told for rule in ("sepa.amount", "sepa.charset", "code.form")] == [True] * 3


def identified(number: str) -> Party:
    return Party(name="A", identifications=(Identification(scheme="NIDN", id=number),))


BANK_RULES: list[tuple[dict[str, Any], Payment, str]] = [
    ({"creditor_id": "required"}, payment(1), "bank.creditor-id"),
    ({"ultimate_parties": "refused"}, payment(1, ultimate_creditor=Party(name="Kind")), "bank.ultimate-parties"),
    ({"ultimate_parties": "refused"}, payment(1, ultimate_debtor=Party(name="Fonds")), "bank.ultimate-parties"),
    ({"remittance": "required"}, payment(1, remittance_information=""), "bank.remittance"),
    (
        {"structured_remittance": False},
        payment(1, remittance_information="", creditor_reference=RF),
        "bank.remittance.structured",
    ),
    ({"name_max": 20}, payment(1, creditor=Party(name="N" * 21)), "sepa.length"),
    ({"remittance_max": 20}, payment(1, remittance_information="x" * 21), "sepa.length"),
    ({"bic_needed": ["DE"]}, payment(1), "sepa.agent.needed"),
    ({"instruments": {"instant": None}}, payment(1), "bank.instrument"),
    (
        {"instruments": {"normal": {"service_level": "SEPA", "charge_bearer": "SLEV", "amount_max": "512.39"}}},
        payment(1),
        "sepa.amount",
    ),
    (
        {"address": "structured"},
        payment(1, creditor_address=home(address_lines=("Hof",))),
        "bank.address.hybrid",
    ),
    (
        {"creditor_id": "as given"},
        payment(1, creditor=Party(name="A", identifications=(Identification(scheme="NIDN", id="1" * 36),))),
        "sepa.length",
    ),
    *(
        ({"creditor_id": "as given"}, payment(1, creditor=identified(number)), "reference.slash")
        for number in ("/1", "1/", "1//2")
    ),
]


@pytest.mark.parametrize(("habits", "wrong", "rule"), BANK_RULES)
def test_what_one_bank_does_not_take_holds_the_order_there(habits: dict[str, Any], wrong: Payment, rule: str) -> None:
    assert ADAPTER.refusals(submission(wrong), bank(address="hybrid")) == {}
    found = ADAPTER.refusals(submission(wrong), bank(**habits))
    assert f"(rule {rule}, at " in found[wrong.end_to_end_id]


@pytest.mark.parametrize(
    ("country", "habits", "iban", "needed"),
    [
        ("DE", {}, "CH9300762011623852957", True),
        ("DE", {}, "AD1200012030200359100100", True),
        ("DE", {}, "NO9386011117947", False),  # in the EEA, without the euro
        ("CH", {}, "CH9300762011623852957", False),  # at home
        ("CH", {}, "DE02120300000000202051", True),  # from outside the EEA
        ("DE", {"bic_needed": []}, "CH9300762011623852957", False),
        ("DE", {"creditor_agent": "none"}, "CH9300762011623852957", False),
        ("TR", {"scheme": "domestic", "currencies": ["EUR"]}, "CH9300762011623852957", False),
    ],
)
def test_a_bank_outside_the_eea_is_found_by_its_bic(
    country: str, habits: dict[str, Any], iban: str, *, needed: bool
) -> None:
    profile, one = bank(country=country, **habits), payment(1, creditor_account=to(iban))
    found = ADAPTER.refusals(submission(one), profile)
    assert (
        "an account in this country needs the BIC of its bank beside it, and none is told (rule sepa.agent.needed, "
        "at CdtrAgt/FinInstnId)" in found.get(one.end_to_end_id, "")
    ) == needed
    told = replace(one, creditor_agent="UBSWCHZH80A")
    assert ADAPTER.refusals(submission(told), profile) == {}


def test_an_organisations_id_keeps_to_the_rules_of_slashes_too() -> None:
    assert ADAPTER.refusals(submission(payment(1, creditor=identified("1/2"))), bank(creditor_id="required")) == {}
    (told,) = ADAPTER.refusals(submission(payment(1, ultimate_debtor=identified("1//2"))), bank()).values()
    assert "rule reference.slash, at UltmtDbtr/Id/Othr/Id" in told
    with pytest.raises(ConfigError, match=r"pain001\.initiating_party\.id: .*neither begins nor ends with /"):
        bank(initiating_party={"id": "/4711"})


def test_a_category_purpose_that_the_bank_asks_for_is_asked_of_every_payment() -> None:
    profile = bank(category_purpose="required")
    assert ADAPTER.refusals(submission(payment(1)), profile) == {}
    found = ADAPTER.refusals(submission(payment(1), payment(2), category_purpose=None), profile)
    assert len(found) == 2
    assert all("bank.category-purpose" in told for told in found.values())


def test_an_ultimate_debtor_stands_in_the_block_or_in_its_payments() -> None:
    content = submission(payment(1, ultimate_debtor=Party(name="Fonds")))
    (block,) = content.every_block
    twice = replace(content, payments=(), blocks=(replace(block, ultimate_debtor=Party(name="Fonds")),))
    (told,) = ADAPTER.refusals(twice, bank()).values()
    assert "ultimate-debtor.once" in told


def test_a_bank_that_refuses_notprovided_gets_no_file_without_our_bic() -> None:
    content = submission(payment(1), debtor=replace(submission().debtor, bic=None))
    with pytest.raises(Exception, match=r"rule bank\.debtor-agent, at PmtInf\[1\]/DbtrAgt"):
        ADAPTER.render(content, bank(debtor_agent="BIC"))


def test_the_examples_are_what_the_standards_say() -> None:
    for one in RF_REFERENCES:
        assert iso11649.is_valid(one)
        assert is_iso_reference(one)
        assert not is_iso_reference(f"{one[:-1]}{(int(one[-1]) + 1) % 10}")
    assert all(ADAPTER.refusals(submission(payment(1, creditor_account=to(one))), bank()) == {} for one in IBANS)


NO_PLACE: list[dict[str, Any]] = [
    {"creditor_address": TOWN},
    {"creditor_agent": "DNBANOKK"},
    {"ultimate_debtor": Party(name="Fonds")},
    {"creditor_reference": RF},
]


@pytest.mark.parametrize("changes", NO_PLACE)
def test_a_part_without_a_place_in_a_request_holds_the_order(changes: dict[str, Any]) -> None:
    wrong, api = payment(1, **changes), JsonApiAdapter()
    assert api.refusals(submission(payment(1)), api_bank()) == {}
    assert "rule part.no-place" in api.refusals(submission(wrong), api_bank())[wrong.end_to_end_id]


def test_a_request_has_no_place_for_an_instrument() -> None:
    content = submission(payment(1), instrument=Instrument.INSTANT)
    assert "no place for an instrument" in JsonApiAdapter().refusals(content, api_bank())[payment(1).end_to_end_id]
