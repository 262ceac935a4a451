"""The rules of an order: each alone, all together, and never a word about the person."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.digest import canonical, parse_object
from gateway.domain.errors import Refused, Violation
from gateway.domain.money import Money
from gateway.domain.order import (
    CounterAccount,
    DomesticAccount,
    Entitlement,
    IbanAccount,
    Identification,
    Order,
    Party,
)
from gateway.domain.order_reading import order_from, readable_amount
from gateway.domain.order_shape import order_id_of
from gateway.domain.validation import order_violations, read_order
from tests.domain.orders import funeral_grant, sick_pay, terms, with_part, without

TERMS = terms()
DOMESTIC = {"type": "DOMESTIC", "country": "KZ", "bankCode": "CASPKZKA", "number": "0012-345/6"}
COUNTER = {"type": "COUNTER", "scheme": "NIDN", "id": "65180539W"}
WINDOW = {"from": "2026-10-08", "until": "2026-10-14"}
MANDATE = {"role": "GUARDIAN", "id": "M-1", "validFrom": "2026-01-01"}
MUSTER = {"name": "Maria Muster", "identifications": [{"scheme": "NIDN", "id": "65180539W"}]}


def broken(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(violation.path, violation.rule) for violation in order_violations(document, TERMS)]


def test_a_sound_order_becomes_the_value_it_describes() -> None:
    document = sick_pay(ultimateCreditor=MUSTER)
    assert read_order(document, b"as pushed", TERMS) == Order(
        source="esia",
        order_id="SICK-2026-000123",
        benefit="SICK_PAY",
        entitlement=Entitlement(id="E-99812", period="2026-09", sequence=1),
        amount=Money(51240, "EUR"),
        requested_execution_date=date(2026, 9, 21),
        valid_until=date(2026, 10, 21),
        approved_at=datetime(2026, 9, 18, 9, 30, tzinfo=UTC),
        creditor=Party(name="Maria Muster", identifications=(Identification(scheme="NIDN", id="65180539W"),)),
        creditor_account=IbanAccount(iban="DE89370400440532013000"),
        ultimate_creditor=Party(name="Maria Muster", identifications=(Identification(scheme="NIDN", id="65180539W"),)),
        deceased=None,
        remittance_information="Sick pay 2026-09",
        document=b"as pushed",
    )


def test_an_order_read_again_from_its_stored_document_is_the_same_order() -> None:
    document = canonical(funeral_grant())
    first = read_order(parse_object(document), document, TERMS)
    assert first == order_from(parse_object(document), document, source="esia")


def test_a_death_benefit_names_the_deceased() -> None:
    order = read_order(funeral_grant(), b"", TERMS)
    assert isinstance(order, Order)
    assert order.deceased == Party(name="Otto Muster", identifications=(Identification(scheme="NIDN", id="11223344X"),))


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (DOMESTIC, DomesticAccount(country="KZ", bank_code="CASPKZKA", number="0012-345/6")),
        (COUNTER, CounterAccount(identification=Identification(scheme="NIDN", id="65180539W"))),
    ],
)
def test_accounts_without_an_iban(account: dict[str, str], expected: object) -> None:
    window = {"collection": WINDOW} if account is COUNTER else {}
    order = read_order(sick_pay(creditorAccount=account, **window), b"", TERMS)
    assert isinstance(order, Order)
    assert order.creditor_account == expected


REQUIRED = [
    "/orderId",
    "/benefit",
    "/entitlement",
    "/entitlement/id",
    "/entitlement/period",
    "/entitlement/sequence",
    "/amount",
    "/currency",
    "/requestedExecutionDate",
    "/validUntil",
    "/approvedAt",
    "/creditor",
    "/creditor/name",
    "/creditor/identifications",
    "/creditor/identifications/0/scheme",
    "/creditor/identifications/0/id",
    "/creditorAccount",
    "/creditorAccount/iban",
    "/remittanceInformation",
    "/deceased/name",
    "/deceased/identifications",
]


@pytest.mark.parametrize("pointer", REQUIRED)
def test_each_part_is_required(pointer: str) -> None:
    assert broken(without(funeral_grant(), pointer)) == [(pointer, "shape.missing")]


@pytest.mark.parametrize("pointer", [*REQUIRED, "/deceased", "/creditor/identifications/0"])
@pytest.mark.parametrize("value", [None, True, [[]]])
def test_each_part_has_one_type(pointer: str, value: object) -> None:
    found = broken(with_part(funeral_grant(), pointer, value))
    if value == [[]] and pointer.endswith("/identifications"):
        pointer += "/0"
    assert found == [(pointer, "shape.type")]


@pytest.mark.parametrize("account", [DOMESTIC, COUNTER])
def test_each_part_of_an_account_is_required(account: dict[str, str]) -> None:
    for key in account.keys() - {"type"}:
        window = {"collection": WINDOW} if account is COUNTER else {}
        document = sick_pay(creditorAccount={k: v for k, v in account.items() if k != key}, **window)
        assert broken(document) == [(f"/creditorAccount/{key}", "shape.missing")]


@pytest.mark.parametrize(
    "pointer", ["/colour", "/entitlement/colour", "/creditor/colour", "/creditorAccount/bic", "/deceased/colour"]
)
def test_unknown_parts_are_named(pointer: str) -> None:
    assert broken(with_part(funeral_grant(), pointer, 1)) == [(pointer, "shape.unknown")]


def test_an_unknown_part_that_could_be_somebodys_number_is_not_repeated() -> None:
    assert broken(sick_pay() | {"DE89370400440532013000": 1}) == [("/?", "shape.unknown")]


@pytest.mark.parametrize(
    ("pointer", "value", "rule"),
    [
        ("/orderId", "", "order-id.format"),
        ("/orderId", "A" * 65, "order-id.format"),
        ("/orderId", "A B", "order-id.format"),
        ("/orderId", "Ä1", "order-id.format"),
        ("/benefit", "UNHEARD_OF", "benefit.unknown"),
        ("/benefit", "OLD_AGE_PENSION", "benefit.pension"),
        ("/benefit", "DISABILITY_PENSION", "benefit.pension"),
        ("/benefit", "SURVIVORS_PENSION", "benefit.pension"),
        ("/entitlement/id", "", "entitlement.id"),
        ("/entitlement/id", "E 1", "entitlement.id"),
        ("/entitlement/period", "2026-13", "entitlement.period"),
        ("/entitlement/period", "2026-9", "entitlement.period"),
        ("/entitlement/period", "26", "entitlement.period"),
        ("/entitlement/sequence", 0, "entitlement.sequence"),
        ("/entitlement/sequence", 1000, "entitlement.sequence"),
        ("/entitlement/sequence", "1", "shape.type"),
        ("/amount", "0", "amount.zero"),
        ("/amount", "0.00", "amount.zero"),
        ("/amount", "-5.00", "amount.format"),
        ("/amount", "+5.00", "amount.format"),
        ("/amount", "NaN", "amount.format"),
        ("/amount", "Infinity", "amount.format"),
        ("/amount", "5e2", "amount.format"),
        ("/amount", "1,50", "amount.format"),
        ("/amount", "1 000", "amount.format"),
        ("/amount", "01.00", "amount.format"),
        ("/amount", ".50", "amount.format"),
        ("/amount", "\N{ARABIC-INDIC DIGIT FIVE}", "amount.format"),
        ("/amount", "5.123", "amount.decimals"),
        ("/amount", "6000.01", "amount.limit"),
        ("/amount", 512, "shape.type"),
        ("/currency", "XXX", "currency.unknown"),
        ("/currency", "eur", "currency.unknown"),
        ("/currency", "PLN", "currency.benefit"),
        ("/requestedExecutionDate", "2026-09-22", "date.pay-day"),
        ("/requestedExecutionDate", "2026-02-30", "date.format"),
        ("/requestedExecutionDate", "20260921", "date.format"),
        ("/requestedExecutionDate", "2026-W39-1", "date.format"),
        ("/requestedExecutionDate", "21.09.2026", "date.format"),
        ("/validUntil", "2026-09-20", "date.validity"),
        ("/validUntil", "2026-10-21T00:00:00Z", "date.format"),
        ("/approvedAt", "2026-09-19T08:00:01Z", "time.future"),
        ("/approvedAt", "2026-09-18T09:30:00", "time.format"),
        ("/approvedAt", "2026-09-18T09:30:00+00:00", "time.format"),
        ("/approvedAt", "2026-09-18T25:30:00Z", "time.format"),
        ("/approvedAt", "2026-09-18", "time.format"),
        ("/creditor/name", "", "text.name"),
        ("/creditor/name", "   ", "text.name"),
        ("/creditor/name", "N" * 141, "text.name"),
        ("/creditor/name", "A\nB", "text.name"),
        ("/creditor/name", "A\x85B", "text.name"),
        ("/creditor/name", "A\u202eB", "text.name"),
        ("/creditor/name", "A\ufffe", "text.name"),
        ("/creditor/identifications", [], "identification.none"),
        ("/creditor/identifications/0/scheme", "nidn", "identification.scheme"),
        ("/creditor/identifications/0/id", "", "identification.id"),
        ("/creditor/identifications/0/id", "1" * 36, "identification.id"),
        ("/creditor/identifications/0/id", "1\n2", "identification.id"),
        ("/creditorAccount/type", "CHEQUE", "account.type"),
        ("/creditorAccount/type", 7, "account.type"),
        ("/creditorAccount/iban", "DE88370400440532013000", "iban.check-digits"),
        ("/creditorAccount/iban", "de89370400440532013000", "iban.alphabet"),
        ("/remittanceInformation", "R" * 141, "text.remittance"),
        ("/remittanceInformation", "A\tB", "text.remittance"),
    ],
)
def test_each_rule_alone(pointer: str, value: object, rule: str) -> None:
    assert broken(with_part(sick_pay(), pointer, value)) == [(pointer, rule)]


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("country", "kz", "account.country"),
        ("country", "KAZ", "account.country"),
        ("bankCode", "", "account.bank-code"),
        ("bankCode", "A/B", "account.bank-code"),
        ("number", "", "account.number"),
        ("number", "1" * 35, "account.number"),
        ("number", "1|2", "account.number"),
    ],
)
def test_each_rule_of_a_domestic_account(key: str, value: str, rule: str) -> None:
    assert broken(sick_pay(creditorAccount=DOMESTIC | {key: value})) == [(f"/creditorAccount/{key}", rule)]


@pytest.mark.parametrize(("key", "rule"), [("scheme", "identification.scheme"), ("id", "identification.id")])
def test_each_rule_of_a_payment_over_the_counter(key: str, rule: str) -> None:
    document = sick_pay(creditorAccount=COUNTER | {key: "|"}, collection=WINDOW)
    assert broken(document) == [(f"/creditorAccount/{key}", rule)]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/orderId", "a.B_9/-"),
        ("/orderId", "A" * 64),
        ("/entitlement/period", "2026"),
        ("/entitlement/sequence", 999),
        ("/amount", "6000.00"),
        ("/amount", "0.01"),
        ("/amount", "7"),
        ("/validUntil", "2026-09-21"),
        ("/approvedAt", "2026-09-19T08:00:00Z"),
        ("/approvedAt", "2026-09-18T09:30:00.123456Z"),
        ("/creditor/name", "N" * 140),
        ("/creditor/name", "Αγγελική Παπαδοπούλου-O'Neil"),
        ("/creditor/identifications/0/id", "\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER VE} 123456"),
        ("/remittanceInformation", ""),
        ("/remittanceInformation", "R" * 140),
    ],
)
def test_the_limits_themselves_are_allowed(pointer: str, value: object) -> None:
    assert broken(with_part(sick_pay(), pointer, value)) == []


def test_an_order_is_valid_through_its_last_day_and_no_longer() -> None:
    assert order_violations(sick_pay(), replace(TERMS, today=date(2026, 10, 21))) == []
    assert order_violations(sick_pay(), replace(TERMS, today=date(2026, 10, 22))) == [
        Violation("/validUntil", "date.expired", "the validity ended before 2026-10-22")
    ]


def test_the_deceased_is_named_where_a_death_is_the_reason_and_only_there() -> None:
    assert broken(without(funeral_grant(), "/deceased")) == [("/deceased", "deceased.missing")]
    assert broken(sick_pay(deceased=MUSTER)) == [("/deceased", "deceased.unexpected")]


@pytest.mark.parametrize("key", ["creditor", "ultimateCreditor"])
def test_the_dead_are_not_paid(key: str) -> None:
    dead = funeral_grant()["deceased"]
    represented = {"mandate": MANDATE} if key == "ultimateCreditor" else {}
    assert broken(funeral_grant(**{key: dead}, **represented)) == [(f"/{key}", "deceased.payee")]


def test_every_violation_is_listed_at_once_sorted_by_place() -> None:
    document = funeral_grant(
        benefit="SICK_PAY",
        amount="-1",
        currency="XXX",
        requestedExecutionDate="2026-09-20",
        validUntil="2026-09-18",
        approvedAt="tomorrow",
        creditor={"name": "", "identifications": [7, {"scheme": "x"}]},
        creditorAccount={"type": "IBAN", "iban": "DE8837040044053201300"},
        remittanceInformation=None,
        colour="red",
    )
    assert broken(document) == [
        ("/amount", "amount.format"),
        ("/approvedAt", "time.format"),
        ("/colour", "shape.unknown"),
        ("/creditor/identifications/0", "shape.type"),
        ("/creditor/identifications/1/id", "shape.missing"),
        ("/creditor/identifications/1/scheme", "identification.scheme"),
        ("/creditor/name", "text.name"),
        ("/creditorAccount/iban", "iban.check-digits"),
        ("/creditorAccount/iban", "iban.length"),
        ("/currency", "currency.unknown"),
        ("/deceased", "deceased.unexpected"),
        ("/remittanceInformation", "shape.type"),
        ("/requestedExecutionDate", "date.pay-day"),
        ("/validUntil", "date.expired"),
        ("/validUntil", "date.validity"),
    ]
    assert read_order(document, b"", TERMS) == order_violations(document, TERMS)


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.text(max_size=5)
    | st.sampled_from(["EUR", "IBAN", "2026-09-21"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["name", "identifications", "scheme", "id", "type", "iban"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(funeral_grant())), ODD))
def test_any_object_is_read_or_refused_and_nothing_else(changes: dict[str, Any]) -> None:
    document = parse_object(json.dumps(sick_pay(**changes)).encode(), max_depth=20)
    answer = read_order(document, canonical(document), TERMS)
    assert isinstance(answer, Order) or (len(answer) >= 1 and answer == sorted(answer))
    amount = readable_amount(document)
    if isinstance(answer, Order):
        assert amount == answer.amount


def test_violations_never_repeat_what_is_said_about_a_person() -> None:
    secrets = {
        "/creditor/name": "CANARY\n",
        "/creditor/identifications/0/id": "CANARY|",
        "/creditor/identifications/0/scheme": "CANARYx",
        "/creditorAccount/iban": "CANARY1",
        "/creditorAccount/type": "CANARY",
        "/remittanceInformation": "CANARY\t",
        "/benefit": "CANARY",
        "/currency": "CANARY",
        "/amount": "CANARY",
        "/approvedAt": "CANARY",
        "/validUntil": "CANARY",
    }
    for pointer, value in secrets.items():
        violations = order_violations(with_part(sick_pay(), pointer, value), TERMS)
        assert violations
        assert "CANARY" not in repr(violations)


@pytest.mark.parametrize(
    ("value", "rule"),
    [(None, "order-id.missing"), (7, "order-id.format"), ("", "order-id.format"), ("a b", "order-id.format")],
)
def test_a_line_without_a_usable_order_id_cannot_be_filed(value: object, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        order_id_of({"orderId": value})
    assert [(v.path, v.rule) for v in refusal.value.violations] == [("/orderId", rule)]


def test_the_order_id_of_a_line() -> None:
    assert order_id_of({"orderId": "SICK/1", "colour": "red"}) == "SICK/1"


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("512.40", "EUR", Money(51240, "EUR")),
        ("99999999.00", "EUR", Money(9_999_999_900, "EUR")),  # over every limit, and still readable money
        ("7", "JPY", Money(7, "JPY")),
        ("7.0", "JPY", None),
        ("0", "EUR", None),
        ("-1", "EUR", None),
        (1, "EUR", None),
        (None, "EUR", None),
        ("1", "XXX", None),
        ("1", None, None),
        ("1", ["EUR"], None),
    ],
)
def test_which_amounts_count_in_the_totals(amount: object, currency: object, expected: Money | None) -> None:
    assert readable_amount({"amount": amount, "currency": currency}) == expected
    assert readable_amount({}) is None
