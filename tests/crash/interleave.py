"""All interleavings of two actors on the real database, statement by statement.

Each actor has a connection of its own and waits for permission before every statement that matters and before every
commit. A statement that waits for a lock is seen in `pg_locks`; the other actor then goes on alone. Schedules are
enumerated depth first: a run follows a prefix of choices, takes the first runnable actor after it, and every choice it
had open becomes a prefix of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import asyncpg

from gateway.ports.store import Session, Store
from gateway.store.postgres import PostgresStore

LOOK_EVERY = 0.001
Schedule = tuple[int, ...]
EFFECTS = frozenset({"commit", "wire"})
"""Points that are no statements; they are logged when they are allowed, statements when they are done."""


@dataclass(slots=True)
class Actor:
    """Somebody who does one thing, a step at a time. `log` is shared and says what happened in which order."""

    name: str
    log: list[str]
    points: frozenset[str]
    backend: int = 0
    waits: bool = False
    done: bool = False
    _go: asyncio.Event = field(default_factory=asyncio.Event)

    async def point(self, label: str) -> None:
        """Wait for permission to go on."""
        self.waits = True
        await self._go.wait()
        self._go.clear()
        if label in EFFECTS:
            self.log.append(f"{self.name}: {label}")

    def go_on(self) -> None:
        self.waits = False
        self._go.set()


class PacedSession:
    """A session that asks before the statements that matter."""

    def __init__(self, inner: Session, actor: Actor) -> None:
        self._inner, self._actor, self.paced = inner, actor, False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def paced(*args: Any) -> Any:
            query = next(a for a in args if isinstance(a, str))  # the shape of a row may stand before it
            if query in self._actor.points:
                self.paced = True
                await self._actor.point(query)
            answer = await method(*args)
            self._actor.log.append(f"{self._actor.name}: {query}")
            return answer

        return paced


class PacedStore:
    """A store on one connection whose transactions ask before they commit."""

    def __init__(self, inner: Store, actor: Actor) -> None:
        self._inner, self._actor = inner, actor

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        async with self._inner.transaction() as session:
            paced = PacedSession(session, self._actor)
            yield cast("Session", paced)
            if paced.paced:
                await self._actor.point("commit")


@dataclass(slots=True)
class Stage:
    """Two paced stores, and eyes for who waits for a lock."""

    stores: Sequence[PostgresStore]
    backends: Sequence[int]
    eyes: asyncpg.Connection

    async def play(self, schedule: Schedule, acts: Sequence[tuple[Actor, Awaitable[object]]]) -> list[tuple[int, int]]:
        """Run the acts along a schedule; return each choice made, with how many there were."""
        actors = [actor for actor, _ in acts]
        tasks = [asyncio.ensure_future(_until_done(actor, act)) for actor, act in acts]
        choices: list[tuple[int, int]] = []
        while True:
            await self._settled(actors)
            runnable = [actor for actor in actors if actor.waits]
            if not runnable:
                break
            wanted = schedule[len(choices)] if len(choices) < len(schedule) else 0
            choices.append((wanted, len(runnable)))
            runnable[wanted].go_on()
        await asyncio.gather(*tasks)
        return choices

    async def _settled(self, actors: Sequence[Actor]) -> None:
        """Wait until each actor asks, has ended, or waits for a lock that another holds."""
        while busy := [a for a in actors if not a.waits and not a.done]:
            if len(busy) < len(actors) and await self._blocked([a.backend for a in busy]):
                return
            await asyncio.sleep(LOOK_EVERY)

    async def _blocked(self, backends: Sequence[int]) -> bool:
        found = await self.eyes.fetchval(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid = ANY ($1::int[])", backends
        )
        return bool(found == len(backends))


async def _until_done(actor: Actor, act: Awaitable[object]) -> None:
    try:
        await act
    finally:
        actor.done = True


async def every_schedule(run: Callable[[Schedule], Awaitable[list[tuple[int, int]]]]) -> int:
    """Call `run` with every schedule there is; return how many there were."""
    waiting: list[Schedule] = [()]
    runs = 0
    while waiting:
        schedule = waiting.pop()
        choices = await run(schedule)
        runs += 1
        taken = [choice for choice, _ in choices]
        for depth in range(len(schedule), len(choices)):
            waiting += [(*taken[:depth], other) for other in range(1, choices[depth][1])]
    return runs
