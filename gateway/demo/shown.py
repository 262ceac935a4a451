"""What was done out of the ordinary in a run, and what became of it: tables for people, no judgement."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.orders import DemoOrder
from gateway.ports.bus import ORDERS, STOPS
from gateway.sandbox import BankParameters, Books

Event = Mapping[str, Any]

SILENT = "delivered to a bank that never says a word"
_NOTHING = "nothing said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """What the institution did: its orders, what it was told, records it wrote by topic, stops, attempts made anew."""

    orders: Sequence[DemoOrder] = ()
    events: Sequence[Event] = ()
    latest: Mapping[str, Event] = field(default_factory=dict)
    by_kafka: Mapping[str, int] = field(default_factory=dict)
    stops: Sequence[Event] = ()
    again: Mapping[str, int] = field(default_factory=dict)

    def became(self, order_id: str) -> str:
        """Return the last outcome told of an order."""
        outcome: str = self.latest.get(order_id, {}).get("outcome", _NOTHING)
        return outcome

    def shown(self) -> Iterator[tuple[str, str]]:
        """Yield what was done, in words, each with what became of it."""
        for order in self.orders:
            yield from ((words, self.became(order.order_id)) for words in _in_words(order))
        for order_id in sorted({e["orderId"] for e in self.events if e["outcome"] == "presumed"}):
            yield "presumed executed, for want of a word", self.became(order_id)
        for order_id in sorted({e["orderId"] for e in self.events if e["outcome"] == "paid"}):
            if (now := self.became(order_id)) != "paid":
                yield "told as paid, and told otherwise later", now

    def counted(self) -> Iterator[tuple[str, str, int]]:
        """Yield what is only counted."""
        yield "order written over Kafka and REST at the same time", "stored once", self.by_kafka.get(ORDERS, 0)
        yield "notice over Kafka that stops something", "stops set", self.by_kafka.get(STOPS, 0)
        yield "payment stopped in time", "kept from leaving", sum(stop["keptOrders"] for stop in self.stops)
        yield "payment stopped too late", "recall proposed", sum(stop["recalls"] for stop in self.stops)
        for name, number in self.again.items():
            yield "payment tried anew after a bank refused or returned it", name, number


def shown_document(
    banks: Iterable[BankParameters],
    books: Mapping[str, Books],
    order_of: Mapping[str, str],
    institution: Institution,
) -> dict[str, Any]:
    """Count payments by what was done with them and their orders' last outcome; and statements by their ways."""
    by_banks: defaultdict[str, Counter[str]] = defaultdict(Counter)
    ways: Counter[str] = Counter()
    for bank in banks:
        for words, end_to_end_id in _by_bank(bank, books[bank.slug]):
            by_banks[words][institution.became(order_of.get(end_to_end_id, ""))] += 1
        for statement in books[bank.slug].accounts.statements():
            ways.update(statement.habits)
    by_us: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for words, outcome in institution.shown():
        by_us[words][outcome] += 1
    for words, outcome, number in institution.counted():
        if number:
            by_us[words][outcome] += number
    return {"payments": _sorted(by_banks), "statements": dict(sorted(ways.items())), "institution": _sorted(by_us)}


def _by_bank(bank: BankParameters, books: Books) -> Iterator[tuple[str, str]]:
    yield from books.shown()
    if bank.verdicts.statuses == "none":
        yield from ((SILENT, str(row["endToEndId"])) for row in books.export() if row["booked"])


def _in_words(order: DemoOrder) -> Iterator[str]:
    """Say what is out of the ordinary about an order."""
    document = order.document
    if not order.bank and not order.trouble:
        yield "payee at a bank that is not connected, paid through another"
    if "replaces" in document:
        yield "correction that replaces an order given back"
    if "mandate" in document:
        yield "payment to a representative"
    if document["creditorAccount"]["type"] == "COUNTER":
        yield "payment over the counter"
    if document["entitlement"]["sequence"] > 1:
        yield "twin: same payee, benefit and amount, lawfully due twice"


def _sorted(counts: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {words: dict(sorted(of.items())) for words, of in sorted(counts.items())}
