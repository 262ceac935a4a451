"""What the demo stops, what that must catch, and what the benefits system corrects."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import schwifty

from gateway.demo.corrections import corrections
from gateway.demo.orders import DemoOrder, make_pay_day
from gateway.demo.stage import PAY_DATE
from gateway.demo.stopping import KAFKA, REST, DemoStop, kept_back, make_stops
from gateway.sandbox import BankParameters, read_parameters
from tests.orders import ROOT

LATER = date(2026, 9, 25)


@pytest.fixture(scope="module")
def banks() -> Sequence[BankParameters]:
    return read_parameters(ROOT / Path("config/sandbox.yaml"), seed=7)


@pytest.fixture(scope="module")
def orders(banks: Sequence[BankParameters]) -> Sequence[DemoOrder]:
    return make_pay_day(300, 7, banks, PAY_DATE).orders


@pytest.fixture(scope="module")
def stops(orders: Sequence[DemoOrder], banks: Sequence[BankParameters]) -> list[DemoStop]:
    return make_stops(orders, banks)


def test_every_reason_stops_something_over_its_door(stops: list[DemoStop]) -> None:
    assert [(s.door, s.reason, s.late, s.lifted) for s in stops] == [
        (REST, "fraud suspicion", False, False),
        (REST, "fraud suspicion", False, False),
        (REST, "court order", True, False),
        (KAFKA, "death", False, False),
        (KAFKA, "life certificate overdue", False, False),
        (KAFKA, "guardian changed", False, False),
        (KAFKA, "account changed", False, True),
        (KAFKA, "court order", False, False),
    ]
    caught = [order_id for stop in stops for order_id in stop.orders]
    assert len(caught) == len(set(caught)) >= len(stops)


def test_what_is_late_or_lifted_leaves_in_the_end(stops: list[DemoStop]) -> None:
    leaves = {order_id for stop in stops if stop.late or stop.lifted for order_id in stop.orders}
    assert leaves
    assert not leaves & kept_back(stops)


def test_a_death_catches_what_is_due_to_the_dead_and_not_the_grant(
    stops: list[DemoStop], orders: Sequence[DemoOrder]
) -> None:
    (death,) = [stop for stop in stops if stop.reason == "death"]
    ((_, person),) = death.subjects
    dead_of = [o.order_id for o in orders if person.endswith(_identity(o.document.get("deceased")))]
    assert dead_of
    assert death.orders
    assert death.orders.isdisjoint(dead_of)


def _identity(party: Any) -> str:
    return str(party["identifications"][0]["id"]) if party else "nobody"


def test_few_orders_have_few_stops(banks: Sequence[BankParameters]) -> None:
    assert len(make_stops(make_pay_day(1, 7, banks, PAY_DATE).orders, banks)) < 8


def test_a_correction_replaces_what_was_given_back_for_its_account(
    orders: Sequence[DemoOrder], banks: Sequence[BankParameters]
) -> None:
    first, second, third, *_ = [o for o in orders if not o.trouble and o.document["creditorAccount"]["type"] == "IBAN"]
    outcomes: dict[str, Any] = {
        first.order_id: {"outcome": "given back", "reason": {"needs": "account"}},
        second.order_id: {"outcome": "given back", "reason": {"needs": "decision"}},
        third.order_id: {"outcome": "paid"},
    }
    (made,) = corrections(orders, outcomes, banks, LATER, 7)
    assert made.document["replaces"] == first.order_id != made.order_id
    assert made.document["entitlement"] == first.document["entitlement"]
    assert made.document["requestedExecutionDate"] == "2026-09-25"
    account = made.document["creditorAccount"]["iban"]
    assert account != first.document["creditorAccount"]["iban"]
    assert schwifty.IBAN(account).country_code == first.document["creditorAccount"]["iban"][:2]
    assert corrections([*orders, made], outcomes, banks, LATER, 7) == []
    assert corrections(orders, outcomes, banks, LATER, 7) == [made]
