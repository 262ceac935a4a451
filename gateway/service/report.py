"""The control sheet: the proof that a pay day closes.

It never groups one column. Ordered comes from the signed manifests, sent from the sums re-read from the bytes, booked
and returned from the banks' entries, the rest from order and attempt rows; each equation is shown with its difference.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.facts import Fact, Position, position
from gateway.domain.states import OrderState, SubmissionState
from gateway.ports.store import Store
from gateway.service.stops import EVERY_SOURCE

COLUMNS = (
    *("refused", "held", "cancelled", "given back", "stopped", "waiting", "in flight", "unknown"),
    *("rejected", "returned", "conflict", "paid"),
)
"""Where an order of a released batch can stand; each order stands in exactly one."""

_ON_THE_WAY = {Position.ACCEPTED: "in flight", Position.EXECUTED: "in flight", Position.CANCELLED: "rejected"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of payments and their sum in minor units."""

    count: int = 0
    minor: int = 0

    def __add__(self, other: "Figure") -> "Figure":
        return Figure(count=self.count + other.count, minor=self.minor + other.minor)

    def __sub__(self, other: "Figure") -> "Figure":
        return Figure(count=self.count - other.count, minor=self.minor - other.minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """Two figures from different sources that must be equal. `about` is a currency, or a bank and a currency."""

    name: str
    about: str
    currency: str
    left: Figure
    right: Figure

    @property
    def difference(self) -> Figure:
        return self.left - self.right

    @property
    def holds(self) -> bool:
        return self.left == self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlSheet:
    """A pay day: figures by (benefit, currency, column) and by (bank, currency, column), and the equations."""

    pay_date: date
    orders: Mapping[tuple[str, str, str], Figure]
    banks: Mapping[tuple[str, str, str], Figure]
    equations: Sequence[Equation]

    @property
    def closes(self) -> bool:
        """Whether every equation holds."""
        return all(equation.holds for equation in self.equations)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedRow:
    """What a currency's manifests of the day say; `total_minor` of all orders with readable money in it."""

    currency: str
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """Orders that agree in everything a position depends on."""

    benefit: str
    currency: str
    state: str
    stopped: bool
    facts: int | None
    group_facts: int | None
    submission_state: str | None
    payments: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRow:
    """A bank's figure of one kind from one source."""

    bank: str
    currency: str
    payments: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """Attempts of sent submissions that agree in their facts."""

    bank: str
    currency: str
    facts: int
    group_facts: int
    payments: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Reads the control sheet of a pay day from stored facts only."""

    store: Store

    async def control_sheet(self, pay_date: date, sources: Collection[str] = (EVERY_SOURCE,)) -> ControlSheet:
        """Return the sheet of all batches that these sources released for `pay_date`; "*" stands for all of them."""
        of = (pay_date, EVERY_SOURCE in sources, list(sources))
        async with self.store.transaction() as session:
            await session.execute("report.one_snapshot")
            counted = await session.value("report.ordered_count", *of)
            ordered = await session.all(OrderedRow, "report.ordered", *of)
            orders = await session.all(OrderRow, "report.orders", *of)
            sent = await session.all(BankRow, "report.sent", *of)
            attempts = await session.all(AttemptRow, "report.attempts", *of)
            booked = await session.all(BankRow, "report.booked", *of)
            returned = await session.all(BankRow, "report.returned", *of)
        by_benefit = _columns(orders)
        banks = _bank_columns(sent, attempts, booked, returned)
        equations = [*_ordered_equations(counted, ordered, by_benefit), *_bank_equations(banks)]
        return ControlSheet(pay_date=pay_date, orders=by_benefit, banks=banks, equations=equations)


def column_of(row: OrderRow) -> str:
    """Say in which column orders stand. What is known of the payment comes before what was decided of the order."""
    submission = SubmissionState(row.submission_state) if row.submission_state else None
    where = position(Fact(row.facts or 0), Fact(row.group_facts or 0), submission)
    if row.facts is not None and where not in {Position.WAITING, Position.REJECTED}:
        return _ON_THE_WAY.get(where, where.value)
    if row.state != OrderState.PAYABLE:
        return "cancelled" if row.state == OrderState.REPLACED else row.state
    if row.stopped and where is Position.WAITING:
        return "stopped"
    return where.value


def _columns(rows: Iterable[OrderRow]) -> dict[tuple[str, str, str], Figure]:
    figures: defaultdict[tuple[str, str, str], Figure] = defaultdict(Figure)
    for row in rows:
        figures[row.benefit, row.currency, column_of(row)] += Figure(count=row.payments, minor=row.total_minor)
    return dict(figures)


def _bank_columns(
    sent: Iterable[BankRow], attempts: Iterable[AttemptRow], booked: Iterable[BankRow], returned: Iterable[BankRow]
) -> dict[tuple[str, str, str], Figure]:
    """Gather each figure from its own source. *net* and *not yet booked* come from attempts, *booked* from entries."""
    figures: defaultdict[tuple[str, str, str], Figure] = defaultdict(Figure)
    for name, rows in (("sent", sent), ("booked", booked), ("returned", returned)):
        for row in rows:
            figures[row.bank, row.currency, name] += Figure(count=row.payments, minor=row.total_minor)
    for attempt in attempts:
        for name in _attempt_columns(Fact(attempt.facts), Fact(attempt.group_facts)):
            figures[attempt.bank, attempt.currency, name] += Figure(count=attempt.payments, minor=attempt.total_minor)
    return dict(figures)


def _attempt_columns(own: Fact, group: Fact) -> list[str]:
    """Say where an attempt counts: in exactly one of rejected, not yet booked and (by entries) booked, and in net."""
    if own & (Fact.BOOKED | Fact.BOOKED_IN_STATEMENT):
        return [] if own & (Fact.RETURNED | Fact.RETURNED_IN_STATEMENT) else ["net"]
    rejected = position(own, group, SubmissionState.DELIVERED) in {Position.REJECTED, Position.CANCELLED}
    return ["rejected"] if rejected else ["not yet booked"]


def _ordered_equations(
    counted: int | None, ordered: Iterable[OrderedRow], by_benefit: Mapping[tuple[str, str, str], Figure]
) -> list[Equation]:
    """Ordered = the sum of all columns: the number over all orders, the money for each currency."""
    every = sum((f.count for f in by_benefit.values()), 0)
    totals: Counter[str] = Counter()
    for (_, currency, _), figure in by_benefit.items():
        totals[currency] += figure.minor
    equations = [
        _equation("ordered = sum of columns (orders)", "all", "", Figure(count=counted or 0), Figure(count=every))
    ]
    signed = {row.currency: row.total_minor for row in ordered}
    for currency in sorted(signed.keys() | {c for c, minor in totals.items() if minor}):
        figures = (Figure(minor=signed.get(currency, 0)), Figure(minor=totals[currency]))
        equations.append(_equation("ordered = sum of columns (money)", currency, currency, *figures))
    return equations


def _bank_equations(banks: Mapping[tuple[str, str, str], Figure]) -> list[Equation]:
    equations = []
    for bank, currency in sorted({(b, c) for b, c, _ in banks}):
        figure = {name: banks.get((bank, currency, name), Figure()) for name in _BANK_COLUMNS}
        parts = figure["rejected"] + figure["not yet booked"] + figure["booked"]
        about = f"{bank} {currency}"
        equations.append(_equation("sent = rejected + not yet booked + booked", about, currency, figure["sent"], parts))
        came_out = figure["booked"] - figure["returned"]
        equations.append(_equation("booked - returned = net", about, currency, came_out, figure["net"]))
    return equations


_BANK_COLUMNS = ("sent", "rejected", "not yet booked", "booked", "returned", "net")


def _equation(name: str, about: str, currency: str, left: Figure, right: Figure) -> Equation:
    return Equation(name=name, about=about, currency=currency, left=left, right=right)
