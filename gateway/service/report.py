"""The control sheet: the proof that a pay day closes.

It never groups one column. Ordered comes from the signed manifests, sent from the sums re-read from the bytes, booked
and returned from the banks' entries, the rest from order and attempt rows; each equation is shown with its difference.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from gateway.domain.facts import Fact, Position, position
from gateway.domain.states import OrderState, SubmissionState
from gateway.ports.store import Session, Store
from gateway.service.stops import EVERY_SOURCE

COLUMNS = (
    *("refused", "held", "cancelled", "given back", "stopped", "waiting", "in flight", "unknown"),
    *("rejected", "returned", "conflict", "paid"),
)
"""Where an order of a released batch can stand; each order stands in exactly one."""

_NAMED = {Position.ACCEPTED: "in flight", Position.EXECUTED: "in flight", Position.CANCELLED: "rejected"}
_DECIDED = frozenset({OrderState.CANCELLED, OrderState.REPLACED, OrderState.GIVEN_BACK, OrderState.REFUSED})
"""States in which an order ends; whatever became of it before, nobody will pay it."""
_NOT_MOVED = frozenset({Position.WAITING, Position.REJECTED, Position.CANCELLED})
"""Positions in which the bank has no money of the order."""
_OUT = frozenset({Position.PAID, Position.CONFLICT})
"""Positions that stay whatever is decided: the bank moved the money, or may have."""


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
    bank: str = ""

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
class CountedRow:
    """How many orders a batch's manifest counts."""

    source: str
    batch: str
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedRow:
    """What a batch's manifest says of a currency; `total_minor` of all orders with readable money in it."""

    source: str
    batch: str
    currency: str
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """Orders that agree in everything a column depends on. Of their last attempts: facts, `closed`, submission.

    `tried_again`: the cutter will take them once more.
    """

    source: str
    batch: str
    benefit: str
    currency: str
    state: str
    stopped: bool
    tried_again: bool
    closed: bool
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
class ReturnedRow(BankRow):
    """What came back of one benefit for one reason."""

    source: str
    benefit: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """Attempts of sent submissions that agree in their facts. `kept_minor`: of returned ones, what stayed away."""

    bank: str
    currency: str
    facts: int
    group_facts: int
    payments: int
    total_minor: int
    kept_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFigures:
    """What banks were sent and what they booked, each from its own source."""

    sent: Sequence[BankRow]
    attempts: Sequence[AttemptRow]
    booked: Sequence[BankRow]
    returned: Sequence[ReturnedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """Everything a control sheet is made of."""

    counted: Sequence[CountedRow]
    ordered: Sequence[OrderedRow]
    orders: Sequence[OrderRow]
    banks: BankFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A pay day of some sources; "*" stands for all of them. A batch belongs to the pay date it was released for.

    Everything that becomes of its orders belongs to that day too, whenever it happens: a return weeks later as well.
    """

    pay_date: date
    sources: Collection[str] = (EVERY_SOURCE,)

    @property
    def of(self) -> tuple[date, bool, list[str]]:
        """Parameters of the queries: the date, whether every source is meant, and which."""
        return self.pay_date, EVERY_SOURCE in self.sources, sorted(self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Reads the control sheet of a pay day from stored facts only."""

    store: Store

    async def control_sheet(self, pay_date: date, sources: Collection[str] = (EVERY_SOURCE,)) -> ControlSheet:
        """Return the sheet of all batches that these sources released for `pay_date`; "*" stands for all of them."""
        async with self.store.transaction() as session:
            await session.execute("report.one_snapshot")
            figures = await day_figures(session, Day(pay_date=pay_date, sources=sources))
        return control_sheet(pay_date, figures)


async def day_figures(session: Session, day: Day) -> DayFigures:
    """Read what the control sheet of a day is made of; the caller's transaction is one snapshot."""
    return DayFigures(
        counted=await session.all(CountedRow, "report.ordered_counts", *day.of),
        ordered=await session.all(OrderedRow, "report.ordered", *day.of),
        orders=await session.all(OrderRow, "report.orders", *day.of),
        banks=await _bank_figures(session, day, itemised=False, banks=()),
    )


async def _bank_figures(session: Session, day: Day, *, itemised: bool, banks: Collection[str]) -> BankFigures:
    of = (*day.of, itemised, sorted(banks))
    return BankFigures(
        sent=await session.all(BankRow, "report.sent", *of),
        attempts=await session.all(AttemptRow, "report.attempts", *of),
        booked=await session.all(BankRow, "report.booked", *of),
        returned=await session.all(ReturnedRow, "report.returned", *of),
    )


def control_sheet(pay_date: date, figures: DayFigures) -> ControlSheet:
    """Set the figures against each other."""
    by_benefit = columns_by(figures.orders, lambda row: row.benefit)
    banks = bank_columns(figures.banks)
    counted = sum(row.orders for row in figures.counted)
    equations = [*_ordered_equations(counted, figures.ordered, by_benefit), *_bank_equations(banks)]
    return ControlSheet(pay_date=pay_date, orders=by_benefit, banks=banks, equations=equations)


async def differences(session: Session, day: Day, figures: DayFigures, sheet: ControlSheet) -> list[Equation]:
    """Itemise what does not add up: the batches, and the submissions, whose own equations do not hold."""
    banks = {e.bank for e in sheet.equations if e.bank and not e.holds}
    found = [e for e in batch_equations(figures) if not e.holds]
    if banks:
        items = await _bank_figures(session, day, itemised=True, banks=banks)
        found += [e for e in _bank_equations(bank_columns(items)) if not e.holds]
    return found


def batch_equations(figures: DayFigures) -> Iterator[Equation]:
    """Yield for each batch its manifest against what became of its orders."""
    counted = {(row.source, row.batch): row.orders for row in figures.counted}
    for source, batch in sorted(counted.keys() | {(row.source, row.batch) for row in figures.orders}):
        ordered = [row for row in figures.ordered if (row.source, row.batch) == (source, batch)]
        orders = columns_by((r for r in figures.orders if (r.source, r.batch) == (source, batch)), lambda r: r.benefit)
        for equation in _ordered_equations(counted.get((source, batch)), ordered, orders):
            yield replace(equation, about=f"{source} {batch} {equation.currency}".rstrip())


def column_of(row: OrderRow) -> str:
    """Say in which column orders stand. What is known of the payment comes before what was decided of the order.

    Once its money cannot move any more, it is what was decided: given back, held, or waiting for another attempt.
    """
    submission = SubmissionState(row.submission_state) if row.submission_state else None
    where = position(Fact(row.facts or 0), Fact(row.group_facts or 0), submission)
    at_rest = row.facts is None or where in _NOT_MOVED or where is Position.RETURNED or row.closed
    if where in _OUT or not at_rest:
        return _NAMED.get(where, where.value)
    if row.state in _DECIDED:
        return "cancelled" if row.state == OrderState.REPLACED else row.state
    if row.state == OrderState.HELD and (row.closed or where in _NOT_MOVED):
        return OrderState.HELD
    if where is Position.WAITING or (row.closed and row.tried_again):
        return "stopped" if row.stopped else "waiting"
    return _NAMED.get(where, where.value)


def columns_by(rows: Iterable[OrderRow], about: Callable[[OrderRow], str]) -> dict[tuple[str, str, str], Figure]:
    """Sum orders by what they are about, currency and column."""
    figures: defaultdict[tuple[str, str, str], Figure] = defaultdict(Figure)
    for row in rows:
        figures[about(row), row.currency, column_of(row)] += Figure(count=row.payments, minor=row.total_minor)
    return dict(figures)


def bank_columns(rows: BankFigures) -> dict[tuple[str, str, str], Figure]:
    """Gather each figure from its own source. *net* and *not yet booked* come from attempts, *booked* from entries."""
    figures: defaultdict[tuple[str, str, str], Figure] = defaultdict(Figure)
    told: tuple[tuple[str, Sequence[Any]], ...] = (
        ("sent", rows.sent),
        ("booked", rows.booked),
        ("returned", rows.returned),
    )
    for name, of_source in told:
        for row in of_source:
            figures[row.bank, row.currency, name] += Figure(count=row.payments, minor=row.total_minor)
    for attempt in rows.attempts:
        for name in _attempt_columns(Fact(attempt.facts), Fact(attempt.group_facts)):
            figures[attempt.bank, attempt.currency, name] += Figure(count=attempt.payments, minor=attempt.total_minor)
        if attempt.kept_minor:
            figures[attempt.bank, attempt.currency, "net"] += Figure(minor=attempt.kept_minor)
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
    signed: Counter[str] = Counter()
    for row in ordered:
        signed[row.currency] += row.total_minor
    for currency in sorted(signed.keys() | {c for c, minor in totals.items() if minor}):
        figures = (Figure(minor=signed[currency]), Figure(minor=totals[currency]))
        equations.append(_equation("ordered = sum of columns (money)", currency, currency, *figures))
    return equations


def _bank_equations(banks: Mapping[tuple[str, str, str], Figure]) -> list[Equation]:
    equations = []
    for bank, currency in sorted({(b, c) for b, c, _ in banks}):
        figure = {name: banks.get((bank, currency, name), Figure()) for name in _BANK_COLUMNS}
        parts = figure["rejected"] + figure["not yet booked"] + figure["booked"]
        about = f"{bank} {currency}"
        came_out = figure["booked"] - figure["returned"]
        both = (
            _equation("sent = rejected + not yet booked + booked", about, currency, figure["sent"], parts),
            _equation("booked - returned = net", about, currency, came_out, figure["net"]),
        )
        equations += [replace(equation, bank=bank.partition(" ")[0]) for equation in both]
    return equations


_BANK_COLUMNS = ("sent", "rejected", "not yet booked", "booked", "returned", "net")


def _equation(name: str, about: str, currency: str, left: Figure, right: Figure) -> Equation:
    return Equation(name=name, about=about, currency=currency, left=left, right=right)
