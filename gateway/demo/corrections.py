"""What the benefits system does about orders that were given back: it approves others that replace them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from gateway.demo.orders import PERIOD_DAYS, DemoOrder, changed
from gateway.demo.people import iban
from gateway.sandbox import BankParameters

CORRECTABLE = frozenset({"account", "data"})
"""What is needed, as the outcome says, that the payee can give: another account."""
_MARK = "-C"


def corrections(
    orders: Iterable[DemoOrder],
    outcomes: Mapping[str, Mapping[str, Any]],
    banks: Sequence[BankParameters],
    pay_date: date,
    seed: int,
) -> list[DemoOrder]:
    """Make an order for each one given back that no other order replaces, by order id: to an account just opened."""
    orders = list(orders)
    replaced = {order.document.get("replaces") for order in orders}
    open_ones = [order for order in orders if order.order_id not in replaced]
    given_back = [order for order in open_ones if _correctable(outcomes.get(order.order_id, {}))]
    return [_correction(order, banks, pay_date, seed) for order in sorted(given_back, key=lambda one: one.order_id)]


def _correctable(outcome: Mapping[str, Any]) -> bool:
    return outcome.get("outcome") == "given back" and outcome.get("reason", {}).get("needs") in CORRECTABLE


def _correction(order: DemoOrder, banks: Sequence[BankParameters], pay_date: date, seed: int) -> DemoOrder:
    order_id = f"{order.order_id}{_MARK}"
    chance = Random(f"{seed} {order_id}")
    bank = next((bank for bank in banks if bank.slug == order.bank), banks[0])
    document = {
        **{key: value for key, value in order.document.items() if key != "collection"},
        "orderId": order_id,
        "replaces": order.order_id,
        "requestedExecutionDate": pay_date.isoformat(),
        "validUntil": (pay_date + timedelta(days=PERIOD_DAYS)).isoformat(),
        "approvedAt": f"{pay_date - timedelta(days=1)}T15:00:00Z",
        "creditorAccount": {"type": "IBAN", "iban": iban(chance, bank)},
    }
    return changed(order, order_id=order_id, document=document)
