"""The figures that a report is made of, as they were read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.service.ageing import Open
from gateway.service.reach import Reach
from gateway.service.report import BankRow, ControlSheet, DayFigures, Equation
from gateway.service.report_books import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """How orders of one bank, benefit or source fared, or (`by` "all") all of them; times in seconds.

    `straight`: paid without an exception, a hand or a stop; `credited`: paid, or booked and come back since;
    `same_day` of them on the day of approval. `median` and `p95` run from approval to booking.
    """

    by: str
    about: str
    orders: int
    straight: int
    credited: int
    same_day: int
    median: int | None
    p95: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtRow:
    """Orders that stops kept from leaving ("kept") or came too late for ("left").

    One kind, reason class and state of stops; `kind` "" counts each order once, however many stops caught it.
    """

    kind: str
    reason_class: str
    state: str
    how: str
    source: str
    benefit: str
    currency: str
    orders: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """Everything a report shows, of one moment. `books` is None where they are not shown."""

    at: datetime
    day: DayFigures
    sheet: ControlSheet
    differences: Sequence[Equation]
    rates: Sequence[RateRow]
    in_statements: Sequence[BankRow]
    caught: Sequence[CaughtRow]
    open: Sequence[Open]
    books: Books | None
    reach: Reach
