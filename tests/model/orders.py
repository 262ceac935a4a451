"""What the benefits system ordered, and what must not be paid: dictionaries, and nothing of the gateway's rules."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

SOURCE = "SSI"
GENERATIONS = range(1, 9)


def end_to_end_id(order_id: str, generation: int) -> str:
    """The id as the interface document defines it: digest of source and order id, then the generation."""
    digest = hashlib.sha256(f"{SOURCE}\0{order_id}".encode()).digest()[:16]
    return f"E{base64.b32encode(digest).decode().rstrip('=')}G{generation}"


@dataclass(slots=True, kw_only=True)
class Order:
    """One order as it was pushed."""

    document: dict[str, Any]
    bank: str
    batch: str
    pay_date: date
    released: bool = False

    @property
    def order_id(self) -> str:
        return str(self.document["orderId"])

    @property
    def minor(self) -> int:
        return int(str(self.document["amount"]).replace(".", ""))

    @property
    def account(self) -> str:
        of = self.document["creditorAccount"]
        return str(of["iban"]) if of["type"] == "IBAN" else f"{of['scheme']}:{of['id']}"

    @property
    def claim(self) -> str:
        return str(sorted(self.document["entitlement"].items()))

    @property
    def persons(self) -> list[frozenset[str]]:
        """The identifiers of everybody something is due to; each set is one person."""
        parties = (self.document[role] for role in ("creditor", "ultimateCreditor") if role in self.document)
        return [frozenset(f"{i['scheme']}:{i['id']}" for i in party["identifications"]) for party in parties]

    def subjects(self) -> Iterator[tuple[str, str]]:
        """What a stop on it may name."""
        yield "order", self.order_id
        yield "account", self.account
        yield "benefit", str(self.document["benefit"])
        yield "source", SOURCE
        yield "bank", self.bank
        if "mandate" in self.document:
            yield "mandate", str(self.document["mandate"]["id"])


@dataclass(slots=True, kw_only=True)
class Stop:
    """A stop as somebody set it."""

    number: int
    kind: str
    value: str
    lift_asked: bool = False
    lifted: bool = False


@dataclass(slots=True, kw_only=True)
class Model:
    """Everything the benefits system and the officers said."""

    orders: dict[str, Order] = field(default_factory=dict)
    ids: dict[str, tuple[Order, int]] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    paused: set[tuple[str, str]] = field(default_factory=set)
    lines: int = 0
    batches: int = 0

    def push(self, order: Order) -> None:
        self.orders[order.order_id] = order
        self.ids |= {end_to_end_id(order.order_id, n): (order, n) for n in GENERATIONS}

    def order_of(self, e2e: str) -> Order:
        return self.ids[e2e][0]

    def released(self) -> list[Order]:
        return [order for order in self.orders.values() if order.released]

    def stopped(self, order: Order) -> list[Stop]:
        """The active stops on an order; a person is all identifiers that any order carried together."""
        subjects = {*order.subjects(), *(("person", i) for i in self._known(order))}
        return [stop for stop in self.stops if not stop.lifted and (stop.kind, stop.value) in subjects]

    def _known(self, order: Order) -> set[str]:
        found = {i for person in order.persons for i in person}
        while True:
            more = {i for o in self.orders.values() for person in o.persons if person & found for i in person}
            if more <= found:
                return found
            found |= more
