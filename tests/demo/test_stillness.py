"""Loops are woken by what concerns them, and it is known when none has anything to do."""

import asyncio
from dataclasses import dataclass, field

from gateway.domain.errors import GatewayError, StoreBusy
from gateway.runtime.loops import Bell, Loop, run_loop, run_loops


@dataclass(slots=True, kw_only=True)
class Steps:
    """A step that answers as told and then has nothing to do."""

    answers: list[bool | GatewayError] = field(default_factory=list)
    ran: int = 0

    async def run_once(self) -> bool:
        await asyncio.sleep(0)
        self.ran += 1
        answer = self.answers.pop(0) if self.answers else False
        if isinstance(answer, GatewayError):
            raise answer
        return answer


def ignored(_kind: str, _error: GatewayError) -> None:
    """Do nothing about failures."""


async def playing(bell: Bell, *loops: Loop) -> asyncio.Task[None]:
    """Start loops and wait until all of them rest."""
    task = asyncio.create_task(run_loops(loops, bell, ignored))
    await asyncio.sleep(0)
    await still(bell)
    return task


async def still(bell: Bell) -> None:
    async with asyncio.timeout(5):
        await asyncio.sleep(0)
        while not bell.still():  # noqa: ASYNC110 - being still is looked at, not announced
            await asyncio.sleep(0.001)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def loop_of(kind: str, step: Steps, lane: str = "") -> Loop:
    return Loop(kind=kind, step=step, lane=lane, patience_seconds=60)


async def test_a_busy_step_runs_again_and_wakes_those_after_it() -> None:
    bell, read, apply = Bell(), Steps(answers=[False, True, True]), Steps()
    task = await playing(bell, loop_of("read", read), loop_of("apply", apply))
    assert (read.ran, apply.ran) == (1, 1)
    bell.ring(["read"])
    await still(bell)
    assert read.ran == 4
    assert apply.ran > 1
    await ended(task)


async def test_what_happens_in_a_lane_wakes_that_lane_and_those_for_all() -> None:
    bell, alfa, bravo, every = Bell(), Steps(), Steps(), Steps()
    task = await playing(bell, loop_of("send", alfa, "alfa"), loop_of("send", bravo, "bravo"), loop_of("send", every))
    bell.ring(["send"], "alfa")
    await still(bell)
    assert (alfa.ran, bravo.ran, every.ran) == (2, 1, 2)
    bell.ring(["send"])
    await still(bell)
    assert (alfa.ran, bravo.ran, every.ran) == (3, 2, 3)
    await ended(task)


async def test_a_ring_makes_the_bell_unstill_at_once() -> None:
    bell = Bell()
    task = await playing(bell, loop_of("read", Steps()), loop_of("receive", Steps()))
    bell.ring(["receive"])
    assert not bell.still()
    assert bell.still(but={"receive"})
    await ended(task)


async def test_a_loop_that_waits_out_a_failure_is_not_still() -> None:
    bell, failing, told = Bell(), Steps(answers=[StoreBusy("once")]), asyncio.Event()
    task = asyncio.create_task(run_loop(loop_of("read", failing), bell, lambda _kind, _error: told.set()))
    async with asyncio.timeout(5):
        await told.wait()
    assert not bell.still()
    await ended(task)
