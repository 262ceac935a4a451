"""Loops that run steps: woken when a step before them did something, else when their patience ends.

Nothing polls every second for work that another step would announce; patience covers what only time makes due.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from gateway.domain.errors import GatewayError
from gateway.service.step import Step

_log = structlog.get_logger(__name__)

FAILURE_PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 2.0
REST_SECONDS = 90.0
"""How long loops that are to come to rest wait for one whose step hangs: meanwhile nothing is done for any bank."""
CLOSING_SECONDS = 10.0
"""How long a loop's end waits for what it closes, such as a connection whose other side has gone silent."""

WAKES: Mapping[str, tuple[str, ...]] = {
    "intake": ("cut", "relay"),
    "cut": ("seal", "relay"),
    "seal": ("send", "cut", "relay"),
    "send": ("seal", "cut", "street"),
    "sweep": ("inquire",),
    "inquire": ("send", "seal"),
    "probe": ("seal", "send"),
    "pick up": ("receive",),
    "receive": ("read",),
    "hear again": ("read",),
    "read": ("apply",),
    "apply": ("relay", "seal", "cut", "close", "prove", "settle"),
    "prove": ("settle",),
    "settle": ("relay", "close"),
    "close": ("cut", "relay", "stops"),
    "hear stops": ("stops", "cut", "seal"),
    "street": ("receive", "pick up"),
}
"""What a step that did something makes worth looking at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A step with the kind that wakes it, how long it waits unasked, and what it lets go of at the end.

    `lane` is the bank whose work alone it does; empty for a step that works for all.
    """

    kind: str
    step: Step
    lane: str = ""
    patience_seconds: float = PATIENCE_SECONDS
    due: Callable[[], timedelta | None] = lambda: None
    """In how many seconds the step has something to do for which only time is missing, after it found nothing."""
    close: Callable[[], Awaitable[None]] | None = None


@dataclass(slots=True)
class Bell:
    """Wakes loops by kind. A ring that comes while a loop works is kept for its next wait.

    What happened in one bank's lane wakes the loops of that lane and those that work for all; anything else wakes all.
    """

    _waiting: dict[str, list[tuple[str, asyncio.Event]]] = field(default_factory=lambda: defaultdict(list))
    _resting: set[asyncio.Event] = field(default_factory=set)
    elsewhere: Callable[[Sequence[str]], None] | None = None
    """Told of every ring, for the processes that share the database."""

    def hear(self, kind: str, lane: str = "") -> asyncio.Event:
        """Return a new event that rings for `kind` set."""
        event = asyncio.Event()
        self._waiting[kind].append((lane, event))
        return event

    def forget(self, kind: str, event: asyncio.Event) -> None:
        """Ring an event no more: its loop has ended."""
        self._waiting[kind] = [(lane, one) for lane, one in self._waiting[kind] if one is not event]

    def ring_all(self) -> None:
        """Wake every loop of this process."""
        self.ring_here(list(self._waiting))

    def ring(self, kinds: Sequence[str], lane: str = "") -> None:
        """Wake loops of these kinds, here and elsewhere."""
        self.ring_here(kinds, lane)
        if self.elsewhere is not None and kinds:
            self.elsewhere(kinds)

    def ring_here(self, kinds: Sequence[str], lane: str = "") -> None:
        """Wake loops of this process."""
        for kind in kinds:
            for its_lane, event in self._waiting[kind]:
                if not lane or not its_lane or its_lane == lane:
                    event.set()

    @contextmanager
    def rest(self, event: asyncio.Event) -> Iterator[None]:
        """Count the loop that hears `event` as resting while the context lasts."""
        self._resting.add(event)
        try:
            yield
        finally:
            self._resting.discard(event)

    def still(self, *, but: Collection[str] = ()) -> bool:
        """Whether every loop (but those of some kinds) found nothing to do, rests and was not rung for since."""
        asked = (event for kind, heard in self._waiting.items() if kind not in but for _, event in heard)
        return all(event in self._resting and not event.is_set() for event in asked)


Failed = Callable[[str, GatewayError], None]
"""Told of every retryable failure of a loop: its kind and the error."""


async def run_loop(loop: Loop, bell: Bell, failed: Failed, until: asyncio.Event | None = None) -> None:
    """Run until cancelled, or to the end of the step in which `until` is set.

    A retryable error is told and waited out; any other ends the loop, and so the process.
    """
    event = bell.hear(loop.kind, loop.lane)
    try:
        await _run(loop, event, bell, failed, until or asyncio.Event())
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # A library let the end of a task of its own escape; the group would take it for a loop that was told to end.
        raise AssertionError(f"loop {loop.kind} was cancelled by nobody") from error
    finally:
        bell.forget(loop.kind, event)
        if loop.close is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await loop.close()


async def _run(loop: Loop, event: asyncio.Event, bell: Bell, failed: Failed, until: asyncio.Event) -> None:
    while not until.is_set():
        event.clear()
        try:
            busy = await loop.step.run_once()
        except GatewayError as error:
            if not error.retryable:
                raise
            failed(loop.kind, error)
            await asyncio.sleep(FAILURE_PAUSE_SECONDS)
            continue
        if busy:
            bell.ring(WAKES.get(loop.kind, ()), loop.lane)
            continue
        if until.is_set():  # it was set while the step ran, and rang for nobody who waits
            return
        rest = loop.due()
        due = None if rest is None else rest.total_seconds()
        soon = due is not None and due <= loop.patience_seconds
        with nullcontext() if soon else bell.rest(event), suppress(TimeoutError):
            async with asyncio.timeout(due if soon else loop.patience_seconds):
                await event.wait()


async def run_loops(loops: Sequence[Loop], bell: Bell, failed: Failed, until: asyncio.Event | None = None) -> None:
    """Run all loops side by side until one fails or the caller cancels.

    Once `until` is set each comes to rest at the end of its step; then this returns, and no effect is under way. One
    that does not in REST_SECONDS is cut off, as all are at the end of a process: its effect is left as an intent.
    """
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(run_loop(loop, bell, failed, until), name=loop.kind) for loop in loops]
        if until is None:
            return
        halting = group.create_task(_halt(until, bell, running), name="halt")
        await asyncio.wait(running)
        halting.cancel()


async def _halt(until: asyncio.Event, bell: Bell, running: Collection[asyncio.Task[None]]) -> None:
    await until.wait()
    bell.ring_all()
    _, late = await asyncio.wait(running, timeout=REST_SECONDS)
    for task in late:
        _log.warning("step cut off: it does not end", step=task.get_name())
        task.cancel()
