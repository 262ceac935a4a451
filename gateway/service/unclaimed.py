"""Unclaimed: what follows when a bank says, by a code of its own, that nobody collected the money at the counter.

Only of attempts that were closed with their proof: the money is ours again. Its benefit says whether it is paid once
more, on the same days of a later month, or given back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from gateway.domain.benefits import Catalogue
from gateway.domain.calendar import next_banking_day
from gateway.domain.collection import Aftermath, Unclaimed, UnclaimedRule, Window, after_unclaimed
from gateway.domain.digest import parse_object
from gateway.domain.order_reading import order_from
from gateway.domain.reasons import Action, Need
from gateway.ports.store import Session
from gateway.service.aftermath import Closed
from gateway.service.exceptions import end_exceptions
from gateway.service.outcomes import News, tell


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedWays:
    """By which codes each bank says that nobody came, and what each benefit then does."""

    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    catalogue: Catalogue = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedRow:
    """An order that is paid over the counter; `times` is how often nobody came."""

    order_no: int
    source: str
    benefit: str
    document: bytes
    valid_until: date
    collect_from: date
    collect_until: date
    times: int


async def follow_unclaimed(
    session: Session, at: datetime, today: date, closed: Sequence[Closed], ways: UnclaimedWays, *, actor: str
) -> list[Closed]:
    """Take what nobody collected on the course of its benefit; return the others, which their codes speak for.

    The orders are locked and payable, and all their attempts are closed.
    """
    said = {c.order_no: c for c in closed if c.code in ways.codes.get(c.bank, frozenset())}
    if not said:
        return list(closed)
    codes = sorted({code for of_bank in ways.codes.values() for code in of_bank})
    rows = await session.all(CollectedRow, "collect.unclaimed", sorted(said), codes)
    pay_date = next_banking_day(today + timedelta(days=1))
    courses = [(row, said[row.order_no], _course(row, ways, pay_date)) for row in rows]
    await _reissue(session, [(row.order_no, course.window) for row, _, course in courses if course.window], pay_date)
    back = [(row, c, course) for row, c, course in courses if course.what is Unclaimed.GIVE_BACK]
    await session.execute(
        "aftermath.give_back", [r.order_no for r, _, _ in back], [course.why for _, _, course in back]
    )
    await tell(session, at, [_given_back(c, course) for _, c, course in back])
    keys = [str(c.attempt_no) for _, c, _ in courses]
    await end_exceptions(session, at, kind="unclaimed", keys=keys, how="the bank spoke", by=actor)
    taken = {row.order_no for row in rows}
    return [c for c in closed if c.order_no not in taken]


def _course(row: CollectedRow, ways: UnclaimedWays, pay_date: date) -> Aftermath:
    benefit = ways.catalogue.get(row.benefit)
    window = Window(first=row.collect_from, last=row.collect_until)
    signed = order_from(parse_object(row.document), row.document, source=row.source).collection
    return after_unclaimed(
        benefit.unclaimed if benefit else UnclaimedRule(),
        signed=signed or window,
        window=window,
        times=row.times,
        pay_date=pay_date,
        valid_until=row.valid_until,
    )


async def _reissue(session: Session, windows: Sequence[tuple[int, Window]], pay_date: date) -> None:
    orders = [number for number, _ in windows]
    days = ([window.first for _, window in windows], [window.last for _, window in windows])
    await session.execute("collect.reissue", orders, pay_date, *days)


def _given_back(closed: Closed, course: Aftermath) -> News:
    return News(
        order_no=closed.order_no,
        outcome="given back",
        bank=closed.bank,
        end_to_end_id=closed.end_to_end_id,
        reason=course.why,
        action=Action.BACK.value,
        needs=Need.DECISION.value,
    )
