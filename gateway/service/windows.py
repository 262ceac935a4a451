"""Windows: nothing leaves for a bank outside its hours, nor for a day that it can no longer meet.

The day to ask for is chosen when orders are cut. Before anything is sealed, and again before it is sent, the day must
still be one that the bank can meet: a date that has passed, a cut-off that has passed or a day that has been closed
meanwhile ends the submission, and its payments are cut again for the next day. This holds for every bank: one that
keeps files until it opens would execute on another day than it was asked for, or reject. A bank whose files wait for
its hours is sent nothing outside them; what is due then is put off to the next opening, all of the product at once.
The time on the wire ends with the window.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from gateway.domain.errors import DayUnknown
from gateway.domain.states import SubmissionState
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service.banks import Bank, Banks
from gateway.service.moves import move

SHUT = "product.not-taken"
"""Why an order is held whose product the bank has no hours for."""
NO_CALENDAR = "date.no-calendar"
"""Why an order is held whose pay date lies outside the years of the bank's calendar."""
OTHER_WAITS = timedelta(minutes=15)
"""The longest that a submission that was never tried is left alone for a reason other than a window."""


class Dated(Protocol):
    """A submission that may go out."""

    @property
    def submission_no(self) -> int: ...
    @property
    def product(self) -> str: ...
    @property
    def pay_date(self) -> date: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOffRow:
    """A product of a bank of which something waits for a later hour."""

    bank: str
    product: str


def execution_date(bank: Bank, product: str, pay_date: date, now: datetime, today: date) -> tuple[date | None, str]:
    """Return the day to ask the bank for; or none, and why no day is right."""
    try:
        day = bank.timetable.execution_date(product, pay_date, now, today)
    except DayUnknown:
        return None, NO_CALENDAR
    return day, SHUT if day is None else ""


def missed(bank: Bank, submission: Dated, clock: Clock) -> str | None:
    """Say why the bank can no longer execute on the submission's day, if so."""
    table, now, day = bank.timetable, clock.now(), submission.pay_date
    if day < clock.today():
        return "date passed"
    try:
        if not table.takes(submission.product):
            return "product not taken"
        window = table.window(submission.product, day)
    except DayUnknown:
        return "not a banking day"
    if window is None:
        return "not a banking day"
    return "cut-off passed" if now >= window.closes else None


async def turned_away(
    session: Session, bank: Bank, submission: Dated, state: SubmissionState, clock: Clock, *, worker: str
) -> bool:
    """End a locked submission whose day was missed, or put it off to the next opening; return whether either was done.

    Nothing of it is on the wire, and nothing was marked for it at the bank.
    """
    now, number = clock.now(), submission.submission_no
    why = missed(bank, submission, clock)
    if why is not None:
        end = SubmissionState.DISSOLVED if state is SubmissionState.OPEN else SubmissionState.VOID
        await move(session, number, state, end, at=now, actor=worker, why=why)
        await session.execute("moves.free_members", number)
        return True
    opening = bank.timetable.may_leave_at(submission.product, now)
    if opening is None or opening <= now:
        return False
    await session.execute("windows.put_off", bank.slug, submission.product, opening)
    return True


def left(bank: Bank, submission: Dated, now: datetime) -> timedelta:
    """Return how long the submission may be on the wire: to the end of the window, and to the cut-off of its day."""
    table, product = bank.timetable, submission.product
    its_day = table.window(product, submission.pay_date)
    window = table.open_window(product, now) if table.waits else its_day
    if its_day is None or window is None:
        return timedelta(0)
    return min(its_day.closes, window.closes) - now


def first_cut_off(bank: Bank, day: date, products: Collection[str] = ()) -> datetime | None:
    """Return the first cut-off, among products (or all that it takes), of a banking day; None: it has no hours.

    A closed day stands for the banking day that follows it.
    """
    hours = bank.profile.hours
    if hours is None:
        return None
    try:
        day = bank.calendar.following(day)
    except DayUnknown:
        return None
    windows = (bank.timetable.window(product, day) for product in products or hours.products)
    return min((window.closes for window in windows if window is not None), default=None)


async def declare(store: Store, banks: Banks, now: datetime) -> None:
    """Let what waits for an opening that is no longer configured wait for the one that is. Safe to repeat.

    What was tried and not sent keeps its time: a bank that asked us to wait is not asked sooner.
    """
    late = now + OTHER_WAITS
    async with store.transaction() as session:
        for row in await session.all(PutOffRow, "windows.put_off_until", late):
            bank = banks.get(row.bank)
            opening = bank.timetable.may_leave_at(row.product, now) if bank is not None else None
            if opening is not None:
                await session.execute("windows.bring_forward", row.bank, row.product, opening, late)


def will_leave_at(bank: Bank, product: str, now: datetime, not_before: datetime | None = None) -> datetime | None:
    """Predict when something that waits for this bank will leave, if nothing holds it; None: nobody can say."""
    try:
        return bank.timetable.may_leave_at(product, max(now, not_before or now))
    except DayUnknown:
        return None
