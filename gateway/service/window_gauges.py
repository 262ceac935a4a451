"""Gauges of windows: when banks open, what waits for that, and what may miss the cut-off of its day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.domain.errors import DayUnknown
from gateway.domain.hours import Timetable, Window
from gateway.ports.store import Session
from gateway.service.banks import Bank, Banks
from gateway.service.readings import Reading, reading

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """What has not left, of one bank, product and execution date; `since` is its earliest release."""

    bank: str
    product: str
    pay_date: date
    payments: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits at a bank: payments for a window, and payments for a day that ends with a cut-off of today.

    `since` is the earliest release of what waits although the bank is open, no earlier than it opened; `cut_off` the
    first cut-off among what is due today, None where that is nothing or too late for it.
    """

    for_window: int
    due_today: int
    since: datetime | None
    cut_off: datetime | None


async def waiting(session: Session, banks: Banks, now: datetime) -> dict[str, Waiting]:
    """Return what waits at each bank that is configured."""
    rows = await session.all(WaitingRow, "windows.waiting")
    return {
        slug: _waiting(bank.timetable, [row for row in rows if row.bank == slug], now) for slug, bank in banks.items()
    }


def _waiting(table: Timetable, rows: Sequence[WaitingRow], now: datetime) -> Waiting:
    due = [row for row in rows if row.pay_date <= table.day_of(now)]
    sinces = [(row, _since(table, row, now)) for row in rows]
    windows = (_window(table, row.product, now) for row in due)
    return Waiting(
        for_window=sum(row.payments for row, since in sinces if since is None),
        due_today=sum(row.payments for row in due),
        since=min((since for _, since in sinces if since is not None), default=None),
        cut_off=min((w.closes for w in windows if w is not None and w.closes > now), default=None),
    )


def _since(table: Timetable, row: WaitingRow, now: datetime) -> datetime | None:
    """Return since when something waits for another reason than a window; None: the bank is shut for it."""
    if not table.waits:
        return row.since
    window = _window(table, row.product, now)
    return max(row.since, window.opens) if window is not None and window.opens <= now < window.closes else None


def _window(table: Timetable, product: str, now: datetime) -> Window | None:
    """Return the window of the bank's day; None also where nobody can say."""
    try:
        return table.window(product, table.day_of(now))
    except DayUnknown:
        return None


def of_windows(banks: Banks, waits: Mapping[str, Waiting], now: datetime) -> Iterator[Reading]:
    """Every bank shows every value, zeros too: an alert must see that trouble is over."""
    for slug, bank in banks.items():
        one = waits[slug]
        to_cut_off = (one.cut_off - now) // _SECOND if one.cut_off is not None else 0
        yield reading("gateway_next_opening_seconds", _to_opening(bank, now), bank=slug)
        yield reading("gateway_window_waiting_payments", one.for_window, bank=slug)
        yield reading("gateway_due_today_payments", one.due_today, bank=slug)
        yield reading("gateway_cut_off_seconds", to_cut_off, bank=slug)


def _to_opening(bank: Bank, now: datetime) -> int:
    """Return how long it is until something can be sent; 0 while the bank is open, and where nobody can say."""
    table = bank.timetable
    try:
        openings = [table.may_leave_at(product, now) for product in table.products]
    except DayUnknown:
        return 0
    first = min((opening for opening in openings if opening is not None), default=now)
    return (first - now) // _SECOND
