"""Stops: what must not be paid, and what of it could still be kept from leaving.

The gate makes "committed before" exact. An intent holds it shared until it commits, a stop holds it alone until *it*
commits; so every intent either committed before the stop was written, or sees it. What had left becomes a recall.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.domain.states import SubmissionState
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service.moves import move

KINDS = frozenset({"person", "account", "order", "benefit", "source", "bank"})
EVERY_SOURCE = "*"
_PERSON = re.compile(r"[A-Z0-9]{1,35}:\S.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopView:
    """A stop as told to operators. `voided` and `recalls` count what this call caught before and after it left."""

    stop_no: int
    kind: str
    source: str
    value: str
    reason: str
    state: str
    set_at: datetime
    set_by: str
    lift_asked_by: str | None
    lifted_by: str | None
    voided: int = 0
    recalls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """A submission and the state it is in."""

    submission_no: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Set, list and lift stops."""

    store: Store
    clock: Clock

    async def stop(self, *, kind: str, source: str, value: str, reason: str, by: str) -> StopView:
        """Set a stop, void what is sealed, propose a recall for what has left. The same stop twice is one stop.

        `value` is an identifier "SCHEME:id", an account key, an order id, a benefit, a source or a bank.
        """
        value = _checked(kind, value, reason)
        async with self.store.transaction() as session:
            if kind == "bank" and not await session.value("lanes.known", value):
                raise Refused.one("/value", "bank.unknown", "there is no such bank")
            await session.execute("stops.gate")
            row = await session.one(StopView, "stops.set", kind, source, value, reason, self.clock.now(), by)
            if row is None:
                raise AssertionError("a stop that was just set is gone")
            voided = await void_stopped(session, self.clock.now(), actor=by)
        recalls = await self.sweep(row.stop_no)
        return await self._view(row.stop_no, voided=voided, recalls=recalls)

    async def sweep(self, stop_no: int) -> int:
        """Propose one recall for each payment that left before the stop; return how many. Safe to repeat."""
        async with self.store.transaction() as session:
            recalls = await session.execute("stops.propose_recalls", stop_no, self.clock.now())
            await session.execute("stops.swept", stop_no)
        return recalls

    async def lift(self, stop_no: int, *, by: str, sources: Collection[str]) -> StopView:
        """Lift with two people: the first call asks, a second one by somebody else decides."""
        async with self.store.transaction() as session:
            row = await session.one(StopView, "stops.lock", stop_no)
            if row is None or not may_see(row.source, sources):
                raise NotFound("no such stop")
            if row.state == "lifted":
                return row
            if row.lift_asked_by == by:
                raise Conflict.one("/by", "stop.two-people", "lifting a stop needs a second person")
            await session.execute(
                "stops.lift" if row.lift_asked_by else "stops.ask_lift", stop_no, by, self.clock.now()
            )
        return await self._view(stop_no)

    async def all(self, sources: Collection[str]) -> list[StopView]:
        """Return the stops of these sources, newest first; "*" stands for all."""
        async with self.store.transaction() as session:
            return await session.all(StopView, "stops.all", list(sources), EVERY_SOURCE in sources)

    async def _view(self, stop_no: int, *, voided: int = 0, recalls: int = 0) -> StopView:
        async with self.store.transaction() as session:
            row = await session.one(StopView, "stops.lock", stop_no)
        if row is None:
            raise NotFound("no such stop")
        fields = {name: getattr(row, name) for name in StopView.__slots__}
        return StopView(**(fields | {"voided": voided, "recalls": recalls}))


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStops:
    """Step: finish stops whose process died between writing itself and proposing the recalls."""

    stops: Stops

    async def run_once(self) -> bool:
        async with self.stops.store.transaction() as session:
            stop_no = await session.value("stops.next_unswept")
        if stop_no is None:
            return False
        await self.stops.sweep(stop_no)
        return True


async def void_stopped(session: Session, at: datetime, *, actor: str) -> int:
    """Void every sealed or not-sent submission that holds a stopped order; the others in it are cut again."""
    caught = await session.all(SubmissionRow, "stops.caught_before_sending")
    for row in caught:
        await move(
            session, row.submission_no, SubmissionState(row.state), SubmissionState.VOID, at=at, actor=actor, why="stop"
        )
        await session.execute("moves.free_members", row.submission_no)
    return len(caught)


def may_see(source: str, sources: Collection[str]) -> bool:
    """Whether somebody who may act for `sources` may see what belongs to `source`."""
    return EVERY_SOURCE in sources or source in sources


def _checked(kind: str, value: str, reason: str) -> str:
    """Return the value as orders carry it, however a person wrote it; refuse one that could never match."""
    if kind not in KINDS:
        raise Refused.one("/kind", "stop.kind", f"a stop is on one of: {', '.join(sorted(KINDS))}")
    if not value.strip() or not reason.strip():
        raise Refused.one("/", "stop.empty", "a stop names what it stops and why")
    value = value.strip()
    if kind == "person" and not _PERSON.fullmatch(value):
        raise Refused.one("/value", "stop.person", 'a person is named by scheme and identifier, such as "NIDN:123"')
    is_iban = kind == "account" and not {"/", ":"} & set(value)  # other accounts are country/bank/number or scheme:id
    return "".join(value.split()).upper() if is_iban else value
