"""Judges a pay day: the orders as pushed, what the gateway said became of them, and the banks' own books.

Shares no code with the gateway: it reads amounts, decides and counts by itself. Findings name orders and rules, never a
person or an account.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Document = Mapping[str, Any]

STOPPED = "stopped"
_AT_THE_BANK: Mapping[str, tuple[bool, bool, bool]] = {
    "paid": (True, False, False),
    "returned": (True, False, True),
    "rejected": (False, True, False),
}
"""Outcome -> what the bank's books must say: booked, rejected, returned."""
_NEVER_SENT = frozenset({"refused", "held", STOPPED})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """Something the banks and the gateway do not agree on."""

    rule: str
    about: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A number of payments and their sum in minor units."""

    count: int = 0
    minor: int = 0

    def plus(self, minor: int) -> "Tally":
        return Tally(count=self.count + 1, minor=self.minor + minor)


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What was found, and the payments by (bank, position, currency) as the judge counts them; bank "" for none."""

    findings: list[Finding] = field(default_factory=list)
    tallies: dict[tuple[str, str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    compared: int = 0

    @property
    def agrees(self) -> bool:
        return not self.findings

    def positions(self) -> dict[tuple[str, str], Tally]:
        """Return the payments by (position, currency)."""
        return _summed((position, currency, tally) for (_, position, currency), tally in self.tallies.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What is judged.

    `outcomes` holds by order id the last outcome told; `end_to_end_ids` the only id under which a bank may know an
    order; `kept_back` the orders stopped in time; `books` the banks' payments, each with its bank; `duplicates` what
    the banks' books say was booked more than once.
    """

    orders: Sequence[Document]
    outcomes: Mapping[str, Document]
    end_to_end_ids: Mapping[str, str]
    kept_back: frozenset[str]
    books: Iterable[Document]
    duplicates: Sequence[str] = ()


def judge(day: Day) -> Judgement:
    """Compare payment by payment."""
    result = Judgement()
    entries: defaultdict[str, list[Document]] = defaultdict(list)
    for entry in day.books:
        entries[entry["endToEndId"]].append(entry)
    for order in day.orders:
        known = entries.pop(day.end_to_end_ids[order["orderId"]], [])
        _judge_order(day, order, known, result)
    for end_to_end_id in sorted(entries):
        result.findings.append(Finding(rule="payment.unknown", about=end_to_end_id, text="no order asked for it"))
    for about in day.duplicates:
        result.findings.append(Finding(rule="booked.twice", about=about, text="a bank booked it more than once"))
    result.findings.sort()
    return result


def compare_columns(judgement: Judgement, columns: Mapping[tuple[str, str], Tally]) -> list[Finding]:
    """Compare the judge's counts with the control sheet's columns, by (column, currency)."""
    counted = judgement.positions()
    return [
        Finding(rule="sheet.differs", about=" ".join(key), text="the control sheet and the judge count differently")
        for key in sorted(counted.keys() | columns.keys())
        if counted.get(key, Tally()) != columns.get(key, Tally())
    ]


def _judge_order(day: Day, order: Document, entries: Sequence[Document], result: Judgement) -> None:
    order_id, outcome = order["orderId"], day.outcomes.get(order["orderId"], {})
    position = outcome.get("outcome") or (STOPPED if order_id in day.kept_back else "nothing said")
    findings = [
        *_of_position(position, entries),
        *(text for entry in entries for text in _of_entry(order, outcome, entry)),
        *_of_outcome(order, outcome),
    ]
    result.findings += [Finding(rule=rule, about=order_id, text=text) for rule, text in findings]
    result.compared += 1
    minor = minor_units(order["amount"])
    # A zero is no money: like the gateway's sheet, count the order under no currency.
    place = (outcome.get("bank", ""), position, order["currency"] if minor else "")
    result.tallies[place] = result.tallies[place].plus(minor)


def _of_position(position: str, entries: Sequence[Document]) -> list[tuple[str, str]]:
    """Say what is wrong with the bank's entries of an order that stands at `position`."""
    if position in _NEVER_SENT:
        return [("payment.forbidden", f"a bank was asked to pay what is {position}")] if entries else []
    expected = _AT_THE_BANK.get(position)
    if expected is None:
        return [("outcome.open", f"the day ended with: {position}")]
    if len(entries) != 1:
        return [("payment.count", f"{position}, but asked for {len(entries)} times")]
    said = tuple(bool(entries[0][key]) for key in ("booked", "rejected", "returned"))
    return [] if said == expected else [("outcome.differs", f"{position} here, something else in the bank's books")]


def _of_entry(order: Document, outcome: Document, entry: Document) -> list[tuple[str, str]]:
    """Compare an entry with the order as it was pushed, and with the bank the gateway named."""
    account = order["creditorAccount"].get("iban")
    checks = (
        ("amount.differs", Decimal(entry["amount"]) == Decimal(order["amount"])),
        ("currency.differs", entry["currency"] == order["currency"]),
        ("account.differs", entry["account"] == account),
        ("bank.differs", entry["bank"] == outcome.get("bank")),
    )
    return [(rule, "the bank's books say something else") for rule, same in checks if not same]


def _of_outcome(order: Document, outcome: Document) -> list[tuple[str, str]]:
    """Compare the amount told with the amount ordered; what is no money is told without one."""
    told = outcome.get("amount")
    if told is None or (Decimal(told) == Decimal(order["amount"]) and outcome["currency"] == order["currency"]):
        return []
    return [("told.differs", "the outcome tells another amount than was ordered")]


def minor_units(amount: str) -> int:
    """Read an amount with two decimals."""
    return int(Decimal(amount).scaleb(2))


def _summed(rows: Iterable[tuple[str, str, Tally]]) -> dict[tuple[str, str], Tally]:
    counts: Counter[tuple[str, str]] = Counter()
    money: Counter[tuple[str, str]] = Counter()
    for position, currency, tally in rows:
        counts[position, currency] += tally.count
        money[position, currency] += tally.minor
    return {key: Tally(count=counts[key], minor=money[key]) for key in counts}
