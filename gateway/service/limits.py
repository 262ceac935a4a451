"""Limits: how much may leave in a day, as a brake against a wrong batch.

A limit counts what intents let out on one calendar day: of a source or of all together ("*"), to a bank or to all
together, in one currency. It is counted in the intent transaction itself, under the row of that day, so that two
workers cannot pass it together; what is proved not sent gives its amount back (a trigger: whoever proves it). What
would pass a limit is not sealed, or void where it was sealed already, and waits: for the next day, or for two people to
raise it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.domain.money import AmountError, format_minor, parse_minor
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service import decisions
from gateway.service.decisions import Decision
from gateway.service.exceptions import Trouble, end_exceptions, raise_exceptions

EVERY: Final = "*"
"""All sources, or all banks, together."""
KIND: Final = "limit reached"
"""The exception, and why a submission is void that would pass a limit."""
RAISE: Final = "raise limit"
"""The decision of two people."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Limit:
    """One configured limit, in minor units of its currency a calendar day. Rows are locked in the order of limits."""

    source: str
    bank: str
    currency: str
    per_day: int

    def covers(self, source: str, bank: str, currency: str) -> bool:
        """Whether what goes from this source to this bank counts."""
        return self.source in {EVERY, source} and self.bank in {EVERY, bank} and self.currency == currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """A limit as it stands on a day; `limit_minor` is the configured one or what it was raised to."""

    source: str
    bank: str
    currency: str
    per_day: int
    limit_minor: int
    used_minor: int


def columns(limits: Iterable[Limit]) -> tuple[list[str], list[str], list[str], list[int]]:
    """Return the limits as the arrays that queries take."""
    rows = sorted(limits)
    return [r.source for r in rows], [r.bank for r in rows], [r.currency for r in rows], [r.per_day for r in rows]


async def take(session: Session, day: date, limits: Sequence[Limit], *, submission_no: int, sum_minor: int) -> bool:
    """Count a submission that is about to leave under `limits`; return False, having counted nothing, if one is passed.

    Runs in the intent transaction and holds each limit's row of the day until it ends.
    """
    for limit in sorted(limits):
        name = (limit.source, limit.bank, limit.currency, day)
        await session.execute("limits.open_day", *name)
        if not await session.execute("limits.take", submission_no, *name, sum_minor, limit.per_day):
            await session.execute("limits.give_back", submission_no)
            return False
    return True


async def uses(session: Session, day: date, limits: Sequence[Limit]) -> list[LimitUse]:
    """Return each limit as it stands on a day."""
    return await session.all(LimitUse, "limits.used", *columns(limits), day) if limits else []


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLimits:
    """Step: tell a person, once a day and height of a limit, of limits that keep something back."""

    store: Store
    clock: Clock
    limits: Sequence[Limit]

    async def run_once(self) -> bool:
        if not self.limits:
            return False
        day = self.clock.today()
        async with self.store.transaction() as session:
            standing = await session.all(LimitUse, "limits.standing", *columns(self.limits), day)
            await raise_exceptions(session, self.clock.now(), [_trouble(use, day) for use in standing])
        return bool(standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Look at limits, and raise one for a day: one person asks, another one confirms."""

    store: Store
    clock: Clock
    limits: Sequence[Limit] = field(default=())

    async def all(self, day: date) -> list[LimitUse]:
        """Return every limit as it stands on a day."""
        async with self.store.transaction() as session:
            return await uses(session, day, self.limits)

    async def ask(self, *, source: str, bank: str, currency: str, day: date, per_day: str, by: str) -> Decision:
        """Ask for a limit of today or later to be raised to `per_day`, decimal text.

        Raises NotFound for a limit that is not configured, Refused for an amount that does not raise it or a day that
        has passed, Conflict while the same was asked already.
        """
        limit = self._find(source, bank, currency)
        minor = _amount(per_day, currency)
        if day < self.clock.today():
            raise Refused.one("/day", "limit.day", "that day has passed")
        async with self.store.transaction() as session:
            use = await self._now(session, limit, day)
            if minor <= use.limit_minor:
                highest = format_minor(use.limit_minor, currency)
                raise Refused.one("/perDay", "limit.not-raised", f"the limit is {highest} {currency} already")
            subject = _subject(limit, day, to=minor, now=use.limit_minor)
            return await decisions.ask(session, self.clock.now(), act=RAISE, subject=subject, by=by)

    async def confirm(self, decision_no: int, *, by: str, digest: str) -> tuple[date, LimitUse]:
        """Confirm as the second person; `digest` names what this person was shown. Return the day and its limit.

        Raises NotFound for a decision about something else, Conflict for the same person, another digest, a decision
        that ended, or a limit that has changed since it was asked.
        """
        now = self.clock.now()
        async with self.store.transaction() as session:
            decision = await decisions.find(session, decision_no)
            if decision.act != RAISE:
                raise NotFound("no such decision")
            decisions.check(decision, now, by=by, digest=digest)
            return await self._raise(session, now, decision, by)

    async def _raise(self, session: Session, now: datetime, decision: Decision, by: str) -> tuple[date, LimitUse]:
        asked = decision.subject
        day, limit = date.fromisoformat(asked["day"]), self._find(asked["source"], asked["bank"], asked["currency"])
        use, to = await self._now(session, limit, day), parse_minor(asked["perDay"], limit.currency)
        if day < self.clock.today():
            raise Conflict.one("/decision", "limit.day", "that day has passed")
        subject = _subject(limit, day, to=to, now=use.limit_minor)
        await decisions.confirm(session, now, decision, by=by, subject=subject)
        name = (limit.source, limit.bank, limit.currency, day)
        await session.execute("limits.raise", decision.decision_no, *name, to, decision.asked_by, by, now)
        await end_exceptions(session, now, kind=KIND, keys=[_key(use, day)], how="limit raised", by=by)
        return day, await self._now(session, limit, day)

    def _find(self, source: str, bank: str, currency: str) -> Limit:
        found = [one for one in self.limits if (one.source, one.bank, one.currency) == (source, bank, currency)]
        if not found:
            raise NotFound("no such limit is configured")
        return found[0]

    async def _now(self, session: Session, limit: Limit, day: date) -> LimitUse:
        (use,) = await uses(session, day, [limit])
        return use


async def tell_reached(session: Session, at: datetime, day: date, limits: Sequence[Limit], sum_minor: int) -> None:
    """Open an exception for each limit that this sum would pass."""
    full = [use for use in await uses(session, day, limits) if use.used_minor + sum_minor > use.limit_minor]
    await raise_exceptions(session, at, [_trouble(use, day) for use in full])


def _trouble(use: LimitUse, day: date) -> Trouble:
    return Trouble(
        kind=KIND,
        key=_key(use, day),
        bank=None if use.bank == EVERY else use.bank,
        amount_minor=use.limit_minor,
        currency=use.currency,
        detail={"source": use.source, "bank": use.bank, "day": day.isoformat(), "used": str(use.used_minor)},
    )


def _key(use: LimitUse, day: date) -> str:
    """Name a limit on a day at its height: raised and reached again, it is another trouble."""
    return "/".join((use.source, use.bank, use.currency, day.isoformat(), str(use.limit_minor)))


def _subject(limit: Limit, day: date, *, to: int, now: int) -> dict[str, Any]:
    return {
        "source": limit.source,
        "bank": limit.bank,
        "currency": limit.currency,
        "day": day.isoformat(),
        "perDay": format_minor(to, limit.currency),
        "now": format_minor(now, limit.currency),
    }


def _amount(text: str, currency: str) -> int:
    try:
        return parse_minor(text, currency)
    except AmountError as error:
        raise Refused.one("/perDay", error.rule, str(error)) from None
