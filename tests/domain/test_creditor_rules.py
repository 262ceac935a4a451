"""What an order may say of its creditor's kind, address, bank and reference, and of whom the institution pays for."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iso11649

from gateway.domain.digest import canonical, order_digest, parse_object
from gateway.domain.errors import Refused
from gateway.domain.order import Identification, Order, Party, PartyKind, PostalAddress
from gateway.domain.order_reading import order_from
from gateway.domain.remittance import CreditorReference
from gateway.domain.validation import order_violations, read_order
from tests.domain.orders import sick_pay, terms, with_part, without

TERMS = terms()
HOME = {
    "streetName": "Ringstraße",
    "buildingNumber": "7 a",
    "postCode": "1010",
    "townName": "Wien",
    "countrySubDivision": "Wien-Umgebung",
    "country": "AT",
    "addressLines": ["Stiege 2", "c/o Huber"],
}
HOSPITAL = {
    "name": "Klinikum Nord",
    "identifications": [{"scheme": "TXID", "id": "DE123456789"}],
    "kind": "ORGANISATION",
    "address": HOME,
}
FUND = {"name": "Unfallkasse", "identifications": [{"scheme": "CUST", "id": "4711"}]}
RF = {"reference": "RF18539007547034"}
"""The example of ISO 11649."""
COUNTER = {"type": "COUNTER", "scheme": "TXID", "id": "DE123456789"}
WINDOW = {"from": "2026-10-08", "until": "2026-10-14"}
KZ = {"type": "DOMESTIC", "country": "KZ", "bankCode": "CASPKZKA", "number": "0012-345/6"}


def full(**changes: Any) -> dict[str, Any]:
    """An order with every one of these parts."""
    parts = {"creditor": HOSPITAL, "creditorAgent": {"bic": "COBADEFFXXX"}, "ultimateDebtor": FUND}
    return without(sick_pay(**parts, creditorReference=RF), "/remittanceInformation") | changes


def broken(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.path, one.rule) for one in order_violations(document, TERMS)]


def test_every_part_is_read_as_it_was_pushed_and_again_from_what_is_stored() -> None:
    content = canonical(full())
    order = read_order(parse_object(content), content, TERMS)
    assert isinstance(order, Order)
    assert order.creditor_kind is PartyKind.ORGANISATION
    assert order.creditor_address == PostalAddress(
        street_name="Ringstraße",
        building_number="7 a",
        post_code="1010",
        town_name="Wien",
        country_sub_division="Wien-Umgebung",
        country="AT",
        address_lines=("Stiege 2", "c/o Huber"),
    )
    assert order.creditor_agent == "COBADEFFXXX"
    assert order.creditor_reference == CreditorReference(reference="RF18539007547034")
    assert order.remittance_information == ""
    assert order.ultimate_debtor == Party(
        name="Unfallkasse", identifications=(Identification(scheme="CUST", id="4711"),)
    )
    assert order == order_from(parse_object(content), content, source="esia")


def test_an_order_without_them_is_the_one_that_it_was() -> None:
    content = canonical(sick_pay())
    # SHA-256 of the document's text, sorted and compact, by hashlib alone
    assert order_digest(content).hex() == "f0a4175876de54dd44faf06530c814842d9f8542f290ef81e60f8be5acc4efc0"
    order = read_order(parse_object(content), content, TERMS)
    assert isinstance(order, Order)
    extras = (order.creditor_address, order.creditor_agent, order.creditor_reference, order.ultimate_debtor)
    assert (order.creditor_kind, extras) == (PartyKind.PERSON, (None,) * 4)


def test_whom_the_institution_pays_for_is_no_payee() -> None:
    order = read_order(full(creditor=sick_pay()["creditor"]), b"", TERMS)
    assert isinstance(order, Order)
    assert order.person_keys == ("NIDN:65180539W",)


def test_the_deepest_order_is_as_deep_as_a_line_may_be() -> None:
    assert parse_object(canonical(full())) == full()
    with pytest.raises(Refused, match="deeper than 4 levels"):
        parse_object(canonical(with_part(full(), "/creditor/address/addressLines", [["Wien"]])))


@pytest.mark.parametrize(
    "pointer",
    [
        "/creditor/address/townName",
        "/creditor/address/country",
        "/creditorAgent/bic",
        "/creditorReference/reference",
        "/ultimateDebtor/name",
    ],
)
def test_each_of_these_is_required_within_its_part(pointer: str) -> None:
    assert broken(without(full(), pointer)) == [(pointer, "shape.missing")]


@pytest.mark.parametrize(
    "pointer",
    [
        *("/creditor/kind", "/creditor/address", *[f"/creditor/address/{key}" for key in HOME], "/creditorAgent"),
        *("/creditorAgent/bic", "/creditorReference", "/creditorReference/reference", "/ultimateDebtor"),
        *("/ultimateDebtor/name", "/ultimateDebtor/identifications", "/creditor/address/addressLines/0"),
    ],
)
@pytest.mark.parametrize("value", [None, 7])
def test_each_part_has_one_type(pointer: str, value: object) -> None:
    assert broken(with_part(full(), pointer, value)) == [(pointer, "shape.type")]


@pytest.mark.parametrize(
    "pointer",
    [
        *("/creditor/bic", "/creditor/address/department", "/creditorAgent/name", "/creditorReference/type"),
        *("/ultimateDebtor/kind", "/ultimateDebtor/address"),
    ],
)
def test_unknown_parts_are_refused(pointer: str) -> None:
    assert broken(with_part(full(), pointer, "x")) == [(pointer, "shape.unknown")]


@pytest.mark.parametrize("kind", ["PERSON", "ORGANISATION"])
def test_two_kinds_of_creditors(kind: str) -> None:
    assert broken(with_part(full(), "/creditor/kind", kind)) == []


@pytest.mark.parametrize(
    ("pointer", "value", "rule"),
    [
        ("/creditor/kind", "person", "creditor.kind"),
        ("/creditor/address/streetName", "", "text.address"),
        ("/creditor/address/streetName", "x" * 71, "text.address"),
        ("/creditor/address/buildingNumber", "1" * 17, "text.address"),
        ("/creditor/address/postCode", "1" * 17, "text.address"),
        ("/creditor/address/townName", "x" * 36, "text.address"),
        ("/creditor/address/townName", "Wi\nen", "text.address"),
        ("/creditor/address/countrySubDivision", "x" * 36, "text.address"),
        ("/creditor/address/country", "Austria", "address.country"),
        ("/creditor/address/addressLines", [], "address.lines"),
        ("/creditor/address/addressLines", ["Stiege 2", "Tor 3", "Hof 4"], "address.lines"),
        ("/creditorAgent/bic", "COBADEF", "bic.form"),
        ("/creditorAgent/bic", "cobadeff", "bic.form"),
        ("/creditorAgent/bic", "BKAUATWW", "creditor-agent.country"),
        ("/creditorReference/reference", "RF19539007547034", "creditor-reference.iso11649"),
        ("/creditorReference/reference", "539007547034", "creditor-reference.iso11649"),
        ("/creditorReference/reference", "RF18 5390 0754 7034", "creditor-reference.format"),
        ("/creditorReference/reference", "1" * 36, "creditor-reference.format"),
        ("/ultimateDebtor/name", " ", "text.name"),
        ("/ultimateDebtor/identifications", [], "identification.one"),
    ],
)
def test_what_is_refused_by_itself(pointer: str, value: object, rule: str) -> None:
    assert broken(with_part(full(), pointer, value)) == [(pointer, rule)]


def test_a_second_identification_of_an_institution_would_be_lost() -> None:
    two = with_part(full(), "/ultimateDebtor/identifications", [*FUND["identifications"], {"scheme": "LEI", "id": "5"}])
    assert broken(two) == [("/ultimateDebtor/identifications", "identification.one")]
    assert broken(without(full(), "/ultimateDebtor/identifications")) == []


def test_free_lines_go_beside_town_and_country_and_say_something_new() -> None:
    alone = with_part(full(), "/creditor/address", {"addressLines": ["Ringstraße 7", "1010 Wien"]})
    assert broken(alone) == [("/creditor/address", "address.unstructured")]
    again = with_part(full(), "/creditor/address/addressLines", ["Stiege 2", "WIEN"])
    assert broken(again) == [("/creditor/address/addressLines/1", "address.repeated")]
    long = with_part(full(), "/creditor/address/addressLines", ["x" * 71])
    assert broken(long) == [("/creditor/address/addressLines/0", "text.address")]
    assert broken(with_part(full(), "/creditor/address", {"townName": "Wien", "country": "AT"})) == []


def test_no_address_is_repeated_in_a_violation() -> None:
    wrong = with_part(full(), "/creditor/address", {"townName": "Geheimstadt" * 9, "country": "Geheim", "Geheim 7": 1})
    assert "Geheim" not in repr(order_violations(wrong, TERMS))


@pytest.mark.parametrize(
    ("account", "bic", "fits"),
    [
        ({"type": "IBAN", "iban": "DE89370400440532013000"}, "COBADEFF", True),
        ({"type": "IBAN", "iban": "FR1420041010050500013M02606"}, "CEPAGPGP", True),  # Guadeloupe: an IBAN of France
        ({"type": "IBAN", "iban": "FR1420041010050500013M02606"}, "COBADEFF", False),
        ({"type": "IBAN", "iban": "GB29NWBK60161331926819"}, "RBOSJESH", True),  # Jersey: an IBAN of Britain
        ({"type": "IBAN", "iban": "DE89370400440532013000"}, "RBOSJESH", False),
        (KZ, "CASPKZKA", True),
        (KZ, "COBADEFF", False),
    ],
)
def test_the_bank_of_the_creditor_is_one_of_the_account_s_country(
    account: dict[str, str], bic: str, *, fits: bool
) -> None:
    found = broken(full(creditorAccount=account, creditorAgent={"bic": bic}))
    assert found == ([] if fits else [("/creditorAgent/bic", "creditor-agent.country")])


def test_nothing_over_the_counter_goes_to_an_organisation_or_its_bank() -> None:
    found = broken(full(creditorAccount=COUNTER, collection=WINDOW))
    assert found == [("/creditor/kind", "creditor.counter"), ("/creditorAgent", "creditor-agent.unexpected")]


def test_what_is_paid_is_said_in_one_way() -> None:
    assert broken(full(remittanceInformation="Invoice 7")) == [("/creditorReference", "remittance.one")]
    assert broken(full(remittanceInformation="")) == [("/creditorReference", "remittance.one")]
    assert broken(without(full(), "/creditorReference")) == [("/remittanceInformation", "shape.missing")]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "010806817183", "issuer": "BBA"}, []),
        ({"reference": "010806817183", "issuer": "B B A"}, ["creditor-reference.issuer"]),
        ({"reference": "010806817183", "issuer": ""}, ["creditor-reference.issuer"]),
        ({"reference": "RF18539007547034", "issuer": "ISO"}, ["creditor-reference.issuer"]),
    ],
)
def test_a_national_reference_names_who_issues_it(reference: dict[str, str], expected: list[str]) -> None:
    assert [rule for _, rule in broken(full(creditorReference=reference))] == expected


@settings(max_examples=25)
@given(st.from_regex(r"[A-Z0-9]{1,21}", fullmatch=True))
def test_references_of_iso_11649_are_those_that_stdnum_knows(text: str) -> None:
    for check in range(100):
        reference = f"RF{check:02d}{text}"
        found = broken(full(creditorReference={"reference": reference}))
        assert (not found) == iso11649.is_valid(reference)
