"""Stops: what must not be paid, and what of it could still be kept from leaving.

The gate makes "committed before" exact. An intent holds it shared until it commits, a stop holds it alone until *it*
commits; so every intent either committed before the stop was written, or sees it. What had left becomes a recall.
What a stop caught is written down when it is swept and when more is kept back later; that stays when it is lifted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.domain.states import SubmissionState
from gateway.domain.stop import EVERY_SOURCE, Kind, Subject, Wanted
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service.moves import move
from gateway.service.retrying import whole

__all__ = ["EVERY_SOURCE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StopView:
    """A stop and what it caught: submissions it `voided`, `recalls` proposed, orders and money in `totals`.

    Each of `totals` says how ("kept" from leaving, or "left" already), currency, orders and minor units. `swept` says
    that what had left was looked for since anything was learnt that matters.
    """

    stop_no: int
    kind: str
    source: str
    value: str
    reason: str
    reason_class: str
    effective_on: date | None
    notice: str | None
    state: str
    set_at: datetime
    set_by: str
    lift_asked_by: str | None
    lifted_by: str | None
    swept: bool
    voided: int
    recalls: int
    totals: list[dict[str, Any]]

    @property
    def shown(self) -> str:
        """The value for eyes that need not see whom it is about."""
        return Subject(kind=Kind(self.kind), value=self.value).shown

    def minor(self, how: str) -> dict[str, int]:
        """Minor units by currency."""
        return {total["currency"]: total["minor"] for total in self.totals if total["how"] == how}

    def orders(self, how: str) -> int:
        """How many orders."""
        return sum(total["orders"] for total in self.totals if total["how"] == how)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtOrder:
    """An order that a stop caught, and how."""

    order_no: int
    source: str
    order_id: str
    how: str
    currency: str
    amount_minor: int
    caught_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caught:
    """A submission that can still be voided, its state, and the stops that are on orders in it."""

    submission_no: int
    state: str
    stops: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Locked:
    """A stop that is being lifted."""

    source: str
    state: str
    lift_asked_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Set, list and lift stops."""

    store: Store
    clock: Clock

    async def stop(self, *, kind: str, source: str, value: str, reason: str, by: str, **more: Any) -> StopView:
        """Set one stop; see `together`. `more` is `reason_class` and `effective_on`."""
        wanted = Wanted(source=source, subjects=(Subject.of(kind, value),), reason=reason, **more)
        return (await self.together(wanted, by=by))[0]

    async def together(self, wanted: Wanted, *, by: str) -> list[StopView]:
        """Set stops, all or none; void what is sealed, propose recalls for what has left.

        The same stop twice is one stop. Raises Refused for a bank that there is not.
        """
        numbers = await whole(lambda: self._set(wanted, by))
        for number in numbers:
            await self.sweep(number)
        return await self.of(numbers)

    async def _set(self, wanted: Wanted, by: str) -> list[int]:
        now = self.clock.now()
        async with self.store.transaction() as session:
            await check_banks(session, wanted)
            await session.execute("stops.gate")
            numbers = await set_stops(session, wanted, now, by=by)
            await void_stopped(session, now, actor=by)
        return numbers

    async def sweep(self, stop_no: int) -> None:
        """Write down what the stop keeps, and propose one recall for each payment that left before. Safe to repeat."""
        await whole(lambda: self._sweep(stop_no))

    async def _sweep(self, stop_no: int) -> None:
        now = self.clock.now()
        async with self.store.transaction() as session:
            await session.execute("stops.take_sweeps", stop_no)  # first: what is learnt after this is swept again
            await session.execute("stops.keep", stop_no, now)
            await session.execute("stops.propose_recalls", stop_no, now)
            await session.execute("stops.swept", stop_no)

    async def lift(self, stop_no: int, *, by: str, sources: Collection[str]) -> StopView:
        """Lift with two people: the first call asks, a second one by somebody else decides."""
        async with self.store.transaction() as session:
            row = await session.one(_Locked, "stops.lock", stop_no)
            if row is None or not may_see(row.source, sources):
                raise NotFound("no such stop")
            if row.state == "active":
                if row.lift_asked_by == by:
                    raise Conflict.one("/by", "stop.two-people", "lifting a stop needs a second person")
                query = "stops.lift" if row.lift_asked_by else "stops.ask_lift"
                await session.execute(query, stop_no, by, self.clock.now())
        return (await self.of([stop_no]))[0]

    async def one(self, stop_no: int, sources: Collection[str]) -> StopView:
        """Return a stop of these sources. Raises NotFound."""
        found = await self.of([stop_no])
        if not found or not may_see(found[0].source, sources):
            raise NotFound("no such stop")
        return found[0]

    async def caught(self, stop_no: int, sources: Collection[str], *, after: int, limit: int) -> list[CaughtOrder]:
        """Return what a stop caught, by order number above `after`. Raises NotFound."""
        await self.one(stop_no, sources)
        seen = (sorted(sources), EVERY_SOURCE in sources)
        async with self.store.transaction() as session:
            return await session.all(CaughtOrder, "stops.caught", stop_no, after, limit, *seen)

    async def all(
        self, sources: Collection[str], *, before: int | None = None, limit: int = 100, only: str = ""
    ) -> list[StopView]:
        """Return the stops of these sources, newest first, with numbers below `before`; `only` one state."""
        async with self.store.transaction() as session:
            seen = (sorted(sources), EVERY_SOURCE in sources)
            numbers = await session.column("stops.page", *seen, before, limit, only)
        return await self.of(numbers)

    async def of(self, numbers: Sequence[int]) -> list[StopView]:
        """Return stops in the order of these numbers."""
        async with self.store.transaction() as session:
            found = {v.stop_no: v for v in await session.all(StopView, "stops.views", list(numbers))}
        return [found[number] for number in numbers if number in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStops:
    """Step: finish stops whose process died, sweep again what more was learnt of, write down what is kept back."""

    stops: Stops

    async def run_once(self) -> bool:
        async with self.stops.store.transaction() as session:
            stop_no = await session.value("stops.next_unswept")
        if stop_no is not None:
            await self.stops.sweep(stop_no)
            return True
        async with self.stops.store.transaction() as session:
            await session.execute("stops.keep_loose", self.stops.clock.now())
        return False


async def check_banks(session: Session, wanted: Wanted) -> None:
    """Raise Refused for a stop on a bank that there is not."""
    for place, subject in enumerate(wanted.subjects):
        if subject.kind is Kind.BANK and not await session.value("lanes.known", subject.value):
            raise Refused.one(f"/subjects/{place}/value", "bank.unknown", "there is no such bank")


async def set_stops(
    session: Session, wanted: Wanted, at: datetime, *, by: str, notice_no: int | None = None
) -> list[int]:
    """Write stops behind the gate, which the caller holds alone; return their numbers, of old ones too."""
    why = (wanted.reason.strip(), str(wanted.reason_class), wanted.effective_on)
    return [
        await session.value("stops.set", str(s.kind), wanted.source, s.value, *why, at, by, notice_no)
        for s in dict.fromkeys(wanted.subjects)
    ]


async def void_stopped(session: Session, at: datetime, *, actor: str) -> None:
    """Void every sealed or not-sent submission that holds a stopped order; the others in it are cut again."""
    for row in await session.all(_Caught, "stops.caught_before_sending"):
        await move(
            session, row.submission_no, SubmissionState(row.state), SubmissionState.VOID, at=at, actor=actor, why="stop"
        )
        await session.execute("moves.free_members", row.submission_no)
        await session.execute("stops.voided", row.stops)


async def learnt(session: Session, source: str, identifiers: Sequence[str]) -> None:
    """Have active stops swept again that identifiers, which were found to be one person with others, belong to.

    The gate is shared until the caller commits: a stop that is being set waits for what was learnt, or we see it.
    """
    await session.execute("stops.intent_gate")
    await session.execute("stops.sweep_again", source, list(identifiers))


def may_see(source: str, sources: Collection[str]) -> bool:
    """Whether somebody who may act for `sources` may see what belongs to `source`."""
    return EVERY_SOURCE in sources or source in sources
