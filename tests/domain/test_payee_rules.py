"""Who may be paid for somebody else, and who may collect what and when: each rule alone."""

from datetime import date
from typing import Any

import pytest

from gateway.domain.collection import Window
from gateway.domain.mandate import Mandate, Role
from gateway.domain.order import Order
from gateway.domain.validation import order_violations, read_order
from tests.domain.orders import sick_pay, terms

TERMS = terms()
"""The pay date is 21 September 2026."""
CHILD = {"name": "Mina Muster", "identifications": [{"scheme": "NIDN", "id": "99180539W"}]}
MANDATE = {"role": "GUARDIAN", "id": "M-2026/17", "validFrom": "2026-01-01", "validUntil": "2026-12-31"}
COUNTER = {"type": "COUNTER", "scheme": "NIDN", "id": "65180539W"}
WINDOW = {"from": "2026-10-08", "until": "2026-10-14"}


def broken(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(violation.path, violation.rule) for violation in order_violations(document, TERMS)]


def represented(**changes: Any) -> dict[str, Any]:
    """A guardian is paid for a child; None takes a part of the mandate away."""
    mandate = {key: value for key, value in (MANDATE | changes).items() if value is not None}
    return sick_pay(ultimateCreditor=CHILD, mandate=mandate)


def collected(first: str = WINDOW["from"], last: str = WINDOW["until"]) -> dict[str, Any]:
    return sick_pay(creditorAccount=COUNTER, collection={"from": first, "until": last})


def test_a_represented_order_says_by_what_right() -> None:
    order = read_order(represented(), b"", TERMS)
    assert isinstance(order, Order)
    assert order.mandate == Mandate(
        role=Role.GUARDIAN, id="M-2026/17", valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31)
    )


def test_stops_catch_the_representative_and_the_entitled_person() -> None:
    order = read_order(represented(), b"", TERMS)
    assert isinstance(order, Order)
    assert order.person_keys == ("NIDN:65180539W", "NIDN:99180539W")


@pytest.mark.parametrize("role", ["GUARDIAN", "TRUSTEE", "WARD", "MANDATE_HOLDER"])
def test_the_roles(role: str) -> None:
    assert broken(represented(role=role)) == []


def test_a_mandate_without_an_end_runs_on() -> None:
    order = read_order(represented(validUntil=None), b"", TERMS)
    assert isinstance(order, Order)
    assert order.mandate is not None
    assert order.mandate.covers(date(9999, 1, 1))
    assert not order.mandate.covers(date(2025, 12, 31))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"role": "FRIEND"}, ("/mandate/role", "mandate.role")),
        ({"role": None}, ("/mandate/role", "shape.missing")),
        ({"id": "a b"}, ("/mandate/id", "mandate.id")),
        ({"id": None}, ("/mandate/id", "shape.missing")),
        ({"validFrom": None}, ("/mandate/validFrom", "shape.missing")),
        ({"validFrom": "2026-02-30"}, ("/mandate/validFrom", "date.format")),
        ({"validUntil": 7}, ("/mandate/validUntil", "shape.type")),
        ({"colour": "red"}, ("/mandate/colour", "shape.unknown")),
        ({"validFrom": "2026-10-02", "validUntil": "2026-10-01"}, ("/mandate/validUntil", "mandate.validity")),
        ({"validFrom": "2026-09-22"}, ("/mandate/validFrom", "mandate.not-yet")),
        ({"validUntil": "2026-09-20"}, ("/mandate/validUntil", "mandate.ended")),
    ],
)
def test_each_rule_of_a_mandate(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert broken(represented(**changes)) == [expected]


def test_the_pay_date_may_be_the_first_and_the_last_day_of_a_mandate() -> None:
    assert broken(represented(validFrom="2026-09-21", validUntil="2026-09-21")) == []


def test_who_is_paid_for_somebody_else_needs_a_mandate() -> None:
    assert broken(sick_pay(ultimateCreditor=CHILD)) == [("/mandate", "mandate.missing")]


def test_who_is_paid_what_is_theirs_has_none() -> None:
    also_known_as = {"name": "M. Muster", "identifications": [{"scheme": "PASS", "id": "C01X"}, *creditor_ids()]}
    assert broken(sick_pay(ultimateCreditor=also_known_as)) == []
    expected = [("/mandate", "mandate.unexpected")]
    assert broken(sick_pay(ultimateCreditor=also_known_as, mandate=MANDATE)) == expected
    assert broken(sick_pay(mandate=MANDATE)) == expected


@pytest.mark.parametrize("mandate", [None, "M-1", []])
def test_a_mandate_is_an_object(mandate: object) -> None:
    assert broken(sick_pay(ultimateCreditor=CHILD, mandate=mandate)) == [("/mandate", "shape.type")]


def creditor_ids() -> list[dict[str, str]]:
    found: list[dict[str, str]] = sick_pay()["creditor"]["identifications"]
    return found


def test_money_over_the_counter_has_a_window() -> None:
    order = read_order(collected(), b"", TERMS)
    assert isinstance(order, Order)
    assert order.collection == Window(first=date(2026, 10, 8), last=date(2026, 10, 14))
    assert broken(sick_pay(creditorAccount=COUNTER)) == [("/collection", "collection.missing")]


def test_only_money_over_the_counter_has_a_window() -> None:
    assert broken(sick_pay(collection=WINDOW)) == [("/collection", "collection.unexpected")]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-09-21", "2026-09-21", []),
        ("2026-09-21", "2026-10-21", []),
        ("2026-11-22", "2026-11-22", []),
        ("2026-09-20", "2026-09-24", [("/collection/from", "collection.before-pay-date")]),
        ("2026-11-23", "2026-11-24", [("/collection/from", "collection.too-far")]),
        ("2026-10-08", "2026-10-07", [("/collection/until", "collection.order")]),
        ("2026-09-21", "2026-10-22", [("/collection/until", "collection.too-long")]),
        ("2026-10-08", "tomorrow", [("/collection/until", "date.format")]),
    ],
)
def test_each_rule_of_a_window(first: str, last: str, expected: list[tuple[str, str]]) -> None:
    assert broken(collected(first, last)) == expected


def test_who_collects_is_the_creditor() -> None:
    stranger = COUNTER | {"id": "1"}
    document = sick_pay(creditorAccount=stranger, collection=WINDOW)
    assert broken(document) == [("/creditorAccount/id", "account.not-creditor")]


def test_a_representative_collects_for_the_entitled_person() -> None:
    document = represented() | {"creditorAccount": COUNTER, "collection": WINDOW}
    assert broken(document) == []
