"""Conducts a simulated day: lets every loop work until nothing is left to do, then moves the clock to what is due next.

Whether all is quiet is known, not guessed: every loop rests and was not rung for, what the banks published was received
up to the last record and applied, and every outcome was published.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gateway.demo.orders import PayDay
from gateway.demo.stage import Stage
from gateway.ports.bus import BANK_MESSAGES
from gateway.runtime.loops import Loop
from gateway.runtime.serve import StreetStep, work

HOP = timedelta(minutes=5)
"""The clock moves to full multiples of this: fewer stops in a day, and the same in every run."""
LAST = timedelta(hours=9)
"""How long after its opening a day ends, whatever is still open."""
_ROUNDS_MAX = 12
"""How often everybody is asked at one moment: what one step finishes may be another one's beginning."""
_PATIENCE_SECONDS = 30.0
"""Of every loop. All are rung for whenever the clock moves, so waiting less would be polling."""
_LOOK_SECONDS = 0.01
_AFAR = frozenset({"receive", "hear orders", "hear stops"})
"""What listens to Kafka for a while whenever it is asked: what it brings is seen by what it stores."""
_HEARING = ("pick up", "receive", "read", "apply", "relay")
_TELL_SECONDS = 0.25

Appointment = tuple[datetime, Callable[[], Awaitable[object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """What the steps have before them: records received, messages not yet applied, outcomes not yet published.

    `picked_up` of the records were published by the gateway itself, which found them at their bank.
    """

    received: int
    picked_up: int
    messages: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How many orders are stored, delivered to a bank and settled, and how many outcomes were told."""

    stored: int
    delivered: int
    settled: int
    told: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What grows whenever a step has done something: outcomes, postings, exceptions, closed attempts, proved pages."""

    events: int
    postings: int
    exceptions: int
    closed: int
    statements: int
    attempts: int


Watch = Callable[[datetime, Progress], None]
"""Shown the simulated time and the progress, again and again."""


@dataclass(slots=True, kw_only=True)
class Conductor:
    """Runs the loops of one stage. Not for several tasks at a time."""

    stage: Stage
    day: PayDay
    watch: Watch
    agenda: list[Appointment] = field(default_factory=list)
    hops: int = 0
    _kinds: tuple[str, ...] = ()
    _running: asyncio.Task[None] | None = None
    _told_at: float = 0.0

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Run every loop, and the street, while the context lasts."""
        stage = self.stage
        street = Loop(kind="street", step=StreetStep(street=stage.street, clock=stage.clock))
        loops = [_unhurried(loop) for loop in [*await stage.gateway.loops(stage.bus), street]]
        self._kinds = tuple({loop.kind for loop in loops} - {"hear orders", "hear stops"})
        playing = work(loops, stage.bell, stage.gateway.metrics)
        self._running = asyncio.create_task(playing, name="loops")
        try:
            yield
        finally:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def settle(self) -> None:
        """Return when nothing is left to do at this moment. Raises what ended a loop."""
        while not await self._quiet():
            await self._tell()
            await asyncio.sleep(_LOOK_SECONDS)

    async def play(self, end: datetime | None = None, *, hop: timedelta = HOP) -> None:
        """Settle and move the clock, to full `hop`s, until nothing more becomes due before `end` (of the day)."""
        end = end or self.stage.clock.now() + LAST
        await self.settle()
        while (moment := await self._next_moment(hop)) is not None and moment <= end:
            await self._hop(moment)
        await self._ask_everybody()  # once more: nothing may have been left lying because nobody was rung for
        await self._tell(at_once=True)

    async def move_to(self, moment: datetime) -> None:
        """Move the clock to a moment and return when nothing is left to do then."""
        await self._hop(moment)
        await self._tell(at_once=True)

    async def _hop(self, moment: datetime) -> None:
        """Move the clock, keep the appointments that fall due, and let everybody look at the new time."""
        self.stage.clock.advance_to(moment)
        self.hops += 1
        for appointment in [a for a in self.agenda if a[0] <= moment]:
            self.agenda.remove(appointment)
            await appointment[1]()
        await self._ask_everybody()

    async def _ask_everybody(self) -> None:
        """Let everybody look, again and again until a whole round has changed nothing."""
        before = await self._pulse()
        for _ in range(_ROUNDS_MAX):
            self.stage.bell.ring(self._kinds)
            await self.settle()
            now = await self._pulse()
            if now == before:
                return
            before = now

    async def _pulse(self) -> Pulse | None:
        async with self.stage.gateway.store.transaction() as session:
            return await session.one(Pulse, "due.pulse")

    async def _quiet(self) -> bool:
        self._check_running()
        bell = self.stage.bell
        if not bell.still(but=_AFAR):
            return False
        left = await self._unsettled()
        heard = left.received - left.picked_up >= self.stage.said and not self.stage.street.waiting()
        if not heard or left.messages or left.events:
            bell.ring(_HEARING)
            return False
        return bell.still(but=_AFAR)  # nobody began while the database answered

    def _check_running(self) -> None:
        if self._running is not None and self._running.done():
            self._running.result()
            raise AssertionError("the loops ended by themselves")

    async def _unsettled(self) -> Unsettled:
        async with self.stage.gateway.store.transaction() as session:
            left = await session.one(Unsettled, "due.unsettled", self.stage.bus.incarnation, BANK_MESSAGES)
        return left or Unsettled(received=0, picked_up=0, messages=0, events=0)

    async def _next_moment(self, hop: timedelta) -> datetime | None:
        """Return the next full hop at or after which something is due; None when nothing is."""
        async with self.stage.gateway.store.transaction() as session:
            ours: datetime | None = await session.value("due.next", self.stage.clock.now())
        candidates = [ours, self.stage.street.next_due(), *(at for at, _ in self.agenda)]
        due = min((moment for moment in candidates if moment is not None), default=None)
        return None if due is None else round_up(due, after=self.stage.clock.now(), hop=hop)

    async def _tell(self, *, at_once: bool = False) -> None:
        """Show the progress, at most a few times a second."""
        now = self.stage.clock.monotonic()
        if not at_once and now < self._told_at + _TELL_SECONDS:
            return
        self._told_at = now
        async with self.stage.gateway.store.transaction() as session:
            progress = await session.one(Progress, "due.progress", self.day.pay_date)
        if progress is not None:
            self.watch(self.stage.clock.now(), progress)


def round_up(moment: datetime, *, after: datetime, hop: timedelta = HOP) -> datetime:
    """Return the first full hop of the day that is not before `moment` and lies after `after`."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    hops = -((midnight - moment) // hop)
    at = midnight + hops * hop
    return at if at > after else after + hop


def _unhurried(loop: Loop) -> Loop:
    return replace(loop, patience_seconds=_PATIENCE_SECONDS)
