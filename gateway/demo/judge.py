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
PAID, INVESTIGATED = "paid", "under investigation"
_NEVER_SENT = frozenset({"refused", STOPPED})
"""What no bank may have been asked to pay."""
_AT_REST = frozenset({"returned", "rejected", "held", "given back", "cancelled"})
"""Ends at which no bank keeps money for the order: rejected, or everything came back."""

_GROUPS = {
    **dict.fromkeys(_AT_REST, "at rest"),
    **dict.fromkeys((PAID, INVESTIGATED, "conflict"), "paid or looked into"),
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """Something the banks and the gateway do not agree on."""

    rule: str
    about: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """What one open exception is about; what it does not name is empty."""

    exception_no: int
    order_id: str
    bank: str
    entry_ref: str


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

    `outcomes` holds by order id the last outcome told; `end_to_end_ids` the only ids under which banks may know an
    order, one a generation; `kept_back` the orders stopped in time; `books` the banks' payments, each with its bank;
    `duplicates` what the banks' books say was booked more than once. `doubtful` names what people still look into:
    order ids, and (bank, reference) of entries without a home.
    """

    orders: Sequence[Document]
    outcomes: Mapping[str, Document]
    end_to_end_ids: Mapping[str, Sequence[str]]
    kept_back: frozenset[str]
    books: Iterable[Document]
    duplicates: Sequence[str] = ()
    doubtful: frozenset[str | tuple[str, str]] = frozenset()


def judge(day: Day) -> Judgement:
    """Compare payment by payment."""
    result = Judgement()
    entries: defaultdict[str, list[Document]] = defaultdict(list)
    for entry in day.books:
        entries[entry["endToEndId"]].append(entry)
    paid: Counter[tuple[str, str, int]] = Counter()
    for order in day.orders:
        names = day.end_to_end_ids[order["orderId"]]
        of_order = [entry for name in names for entry in entries.pop(name, [])]
        _judge_order(day, order, of_order, result)
        paid[_claim(order)] += any(entry["booked"] and not entry["returned"] for entry in of_order)
    for (entitlement, _, _), orders in paid.items():
        if orders > 1:
            text = "more than one order for it stayed with a payee"
            result.findings.append(Finding(rule="entitlement.twice", about=entitlement, text=text))
    for end_to_end_id in sorted(entries):
        result.findings.append(Finding(rule="payment.unknown", about=end_to_end_id, text="no order asked for it"))
    for about in day.duplicates:
        result.findings.append(Finding(rule="booked.twice", about=about, text="a bank booked it more than once"))
    result.findings.sort()
    return result


def compare_columns(judgement: Judgement, columns: Mapping[tuple[str, str], Tally]) -> list[Finding]:
    """Compare the judge's counts with the control sheet's columns, by (group of columns, currency).

    The sheet says where an order's last attempt stands, an outcome what was decided after it: so the columns of orders
    for which nobody keeps money are one group, and paid with what people still look into another.
    """
    counted, columns = _grouped(judgement.positions()), _grouped(columns)
    return [
        Finding(rule="sheet.differs", about=" ".join(key), text="the control sheet and the judge count differently")
        for key in sorted(counted.keys() | columns.keys())
        if counted.get(key, Tally()) != columns.get(key, Tally())
    ]


def _grouped(tallies: Mapping[tuple[str, str], Tally]) -> dict[tuple[str, str], Tally]:
    return _summed((_GROUPS.get(column, column), currency, tally) for (column, currency), tally in tallies.items())


def _judge_order(day: Day, order: Document, entries: Sequence[Document], result: Judgement) -> None:
    order_id, outcome = order["orderId"], day.outcomes.get(order["orderId"], {})
    position = outcome.get("outcome") or (STOPPED if order_id in day.kept_back else "nothing said")
    findings = [
        *_of_position(day, order, position, entries),
        *(text for entry in entries for text in _of_entry(order, entry)),
        *_of_bank(outcome, entries),
        *_of_outcome(order, outcome),
    ]
    result.findings += [Finding(rule=rule, about=order_id, text=text) for rule, text in findings]
    result.compared += 1
    minor = minor_units(order["amount"])
    # A zero is no money: like the gateway's sheet, count the order under no currency.
    place = (outcome.get("bank", ""), position, order["currency"] if minor else "")
    result.tallies[place] = result.tallies[place].plus(minor)


def _claim(order: Document) -> tuple[str, str, int]:
    """Return what may be paid once, whatever order asks for it."""
    entitlement = order["entitlement"]
    return entitlement["id"], entitlement["period"], entitlement["sequence"]


def _of_position(day: Day, order: Document, position: str, entries: Sequence[Document]) -> list[tuple[str, str]]:
    """Say what is wrong with the banks' entries of an order that stands at `position`."""
    kept = [entry for entry in entries if entry["booked"] and not entry["returned"]]
    if len(kept) > 1:
        return [("paid.twice", "more than one payment for it stayed with the payee")]
    if position in _NEVER_SENT:
        return [("payment.forbidden", f"a bank was asked to pay what is {position}")] if entries else []
    if order["orderId"] in day.doubtful or _in_doubt(day, entries):
        return []
    if position == PAID:
        return [] if kept else [("outcome.differs", "paid here, not in the bank's books")]
    if position in _AT_REST:
        return (
            [("outcome.differs", f"{position} here, paid in the bank's books")]
            if kept
            else _was_asked(position, entries)
        )
    return [("outcome.open", f"it ended with: {position}")]


def _in_doubt(day: Day, entries: Sequence[Document]) -> bool:
    """Whether somebody still looks into the entry by which one of these came back."""
    return any((entry["bank"], reference) in day.doubtful for entry in entries for reference in entry["returnRefs"])


def _was_asked(position: str, entries: Sequence[Document]) -> list[tuple[str, str]]:
    """What is told as returned or rejected must be so in the books of a bank."""
    key = {"returned": "returned", "rejected": "rejected"}.get(position)
    if key is None or any(entry[key] for entry in entries):
        return []
    return [("payment.count", f"{position} here, but no bank's books say so")]


def _of_entry(order: Document, entry: Document) -> list[tuple[str, str]]:
    """Compare an entry with the order as it was pushed."""
    payee = order["creditorAccount"]
    account = payee.get("iban") or f"{payee.get('scheme')}:{payee.get('id')}"
    checks = (
        ("amount.differs", Decimal(entry["amount"]) == Decimal(order["amount"])),
        ("currency.differs", entry["currency"] == order["currency"]),
        ("account.differs", entry["account"] == account),
    )
    return [(rule, "the bank's books say something else") for rule, same in checks if not same]


def _of_bank(outcome: Document, entries: Sequence[Document]) -> list[tuple[str, str]]:
    """The bank that the gateway named must be one that was asked."""
    named = outcome.get("bank")
    if named is None or named in {entry["bank"] for entry in entries}:
        return []
    return [("bank.differs", "the bank that was named knows nothing of it")]


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
