"""The benefits system over a month: it pushes day by day, stops, and corrects what was given back.

It knows only what it pushed and what it was told; where a correction is asked for it brings another account or name.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from gateway.demo.benefits_system import Batch, BenefitsSystem, canonical
from gateway.demo.orders import PROGRAMMES, DemoOrder
from gateway.demo.people import iban
from gateway.sandbox import BankParameters

APPROVED_DAYS = 90
"""How long a manifest stands: what comes back late is paid again under it."""
VALID_DAYS = 30
CORRECTED = frozenset({"account", "name", "data"})
"""What the benefits system can bring; where a decision or a death stands in the way it lets the order rest."""
CORRECTIONS_MAX = 2


@dataclass(slots=True, kw_only=True)
class Institution(BenefitsSystem):
    """A benefits system for many pay days. `orders` holds everything it ever pushed, by order id."""

    banks: Sequence[BankParameters]
    seed: int
    orders: dict[str, DemoOrder] = field(default_factory=dict)
    corrected: set[str] = field(default_factory=set)

    async def pay(self, day: date, orders: Sequence[DemoOrder], name: str = "") -> None:
        """Push and release orders for a pay date, a batch a programme."""
        for programme in PROGRAMMES:
            chosen = [order for order in orders if order.programme == programme]
            if chosen:
                batch = Batch(batch_id=f"{programme}{name}-{day}", programme=programme, pay_date=day, orders=chosen)
                self.orders |= {order.order_id: order for order in chosen}
                await self.push(batch)
                await self.release(batch)

    def corrections(self, day: date, outcomes: Mapping[str, Mapping[str, Any]]) -> list[DemoOrder]:
        """Return the orders that replace, on a pay date, what was given back and can be mended."""
        return list(self._corrections(day, outcomes))

    async def stop_what(self, kind: str, value: str, reason: str, **more: Any) -> int:
        """Stop anything; return the number of the stop."""
        wanted = {"kind": kind, "value": value, "reason": reason, **more}
        stop = await self._must("stop", "POST", "/v1/stops", json=wanted)
        return int(stop["stopNo"])

    def _corrections(self, day: date, outcomes: Mapping[str, Mapping[str, Any]]) -> Iterator[DemoOrder]:
        for order_id in sorted(outcomes.keys() & self.orders.keys() - self.corrected):
            told = outcomes[order_id]
            needs = told.get("reason", {}).get("needs")
            if told["outcome"] != "given back" or needs not in CORRECTED or order_id.count("-C") >= CORRECTIONS_MAX:
                continue
            self.corrected.add(order_id)
            yield self._corrected(self.orders[order_id], day)

    def _corrected(self, order: DemoOrder, day: date) -> DemoOrder:
        """Return the same entitlement with another account, for another day."""
        order_id = f"{order.order_id}-C{1 + order.order_id.count('-C')}"
        chance = Random(f"{self.seed} {order_id}")
        bank = chance.choice(self.banks)
        changes: dict[str, Any] = {
            "orderId": order_id,
            "replaces": order.order_id,
            "requestedExecutionDate": day.isoformat(),
            "validUntil": (day + timedelta(days=VALID_DAYS)).isoformat(),
            "creditorAccount": {"type": "IBAN", "iban": iban(chance, bank)},
        }
        document = {key: value for key, value in {**order.document, **changes}.items() if key != "collection"}
        return DemoOrder(
            order_id=order_id, programme=order.programme, payee=order.payee, bank=bank.slug, document=document
        )

    def _manifest(self, batch: Batch, counted: Mapping[str, Any]) -> bytes:
        signed = json.loads(BenefitsSystem._manifest(self, batch, counted))
        expires = self.clock.now() + timedelta(days=APPROVED_DAYS)
        return canonical(signed | {"expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}"})
