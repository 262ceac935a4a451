"""The ramp of a live bank: at most so many payments of a calendar day (UTC) are put into its submissions.

Counted by the cut, in its transaction and under the lock of the bank's lane: workers cannot pass the ramp together, and
a restart forgets nothing. What a void submission held counts once a day, however often it is cut. The rest waits for
the next day; what has waited longest goes first, so nothing new is put into a submission at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar

from gateway.ports.store import Session
from gateway.service.banks import Banks
from gateway.service.readings import CountRow


class Payment(Protocol):
    """What is counted: one attempt to pay an order. `attempt_no` is None for one that is not written yet."""

    @property
    def order_no(self) -> int: ...
    @property
    def generation(self) -> int: ...
    @property
    def attempt_no(self) -> int | None: ...


P = TypeVar("P", bound=Payment)


def day_of(now: datetime) -> date:
    """Return the calendar day that a moment counts for."""
    return now.astimezone(UTC).date()


def ramps(banks: Banks) -> dict[str, int]:
    """Return the ramp of each bank that has one."""
    per_day = {slug: bank.profile.onboarding.payments_per_day for slug, bank in sorted(banks.items())}
    return {slug: most for slug, most in per_day.items() if most is not None}


async def full(session: Session, banks: Banks, day: date) -> list[str]:
    """Return the banks that take nothing more on this day."""
    of = ramps(banks)
    return await session.column("ramp.full", list(of), list(of.values()), day) if of else []


async def used(session: Session, banks: Banks, day: date) -> Mapping[str, int]:
    """Return how many payments count on this day, for each bank with a ramp."""
    of = list(ramps(banks))
    return {row.what: row.count for row in await session.all(CountRow, "ramp.used", of, day)} if of else {}


async def admitted(session: Session, bank: str, per_day: int, day: date, payments: Sequence[P]) -> list[P]:
    """Return those that may be put into a submission on this day, in their order; the lane is locked by the caller."""
    waited = [p for p in payments if p.attempt_no is not None]
    (row,) = await session.all(CountRow, "ramp.used", [bank], day)
    counted = set(await session.column("ramp.counted", bank, day, *_columns(waited)))
    room = max(0, per_day - row.count)
    more = {p.order_no for p in [p for p in waited if p.order_no not in counted][:room]}
    return [p for p in waited if p.order_no in counted or p.order_no in more]


async def count(session: Session, bank: str, day: date, payments: Iterable[Payment]) -> None:
    """Count what was put into a submission."""
    await session.execute("ramp.count", bank, day, *_columns(payments))


def _columns(payments: Iterable[Payment]) -> tuple[list[int], list[int]]:
    rows = list(payments)
    return [p.order_no for p in rows], [p.generation for p in rows]
