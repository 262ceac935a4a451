import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from gateway.domain.errors import GatewayError, LeaseLost, StoreBusy
from gateway.runtime.loops import Bell, Loop, run_loops


@dataclass(slots=True)
class _Steps:
    """A step that does what it is told, one thing a turn, then says so and rests."""

    turns: list[BaseException | bool]
    done: list[bool] = field(default_factory=list)
    through: asyncio.Event = field(default_factory=asyncio.Event)

    async def run_once(self) -> bool:
        if not self.turns:
            self.through.set()
            return False
        turn = self.turns.pop(0)
        if isinstance(turn, BaseException):
            raise turn
        self.done.append(turn)
        return turn


def _ignore(_kind: str, _error: GatewayError) -> None: ...


async def test_a_cancellation_that_nobody_asked_for_is_an_error_and_no_silent_end() -> None:
    other = Loop(kind="b", step=_Steps([True]))
    with pytest.raises(BaseExceptionGroup) as failed:
        await run_loops([Loop(kind="receive", step=_Steps([asyncio.CancelledError()])), other], Bell(), _ignore)
    assert [str(error) for error in failed.value.exceptions] == ["loop receive was cancelled by nobody"]


async def test_loops_that_are_told_to_stop_let_go_of_what_they_hold() -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("closed")

    steps = _Steps([True, False])
    loop = Loop(kind="a", step=steps, patience_seconds=0, close=close)
    task = asyncio.create_task(run_loops([loop], Bell(), _ignore))
    await steps.through.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps.done == [True, False]
    assert closed == ["closed"]


async def test_a_loop_for_which_only_time_is_missing_looks_again_then_and_is_not_at_rest() -> None:
    """Its patience would not end in a lifetime; what it waits for is due at once."""
    bell, steps, still = Bell(), _Steps([False, True]), list[bool]()

    def due() -> timedelta | None:
        still.append(bell.still())
        return timedelta() if steps.turns else None

    task = asyncio.create_task(run_loops([Loop(kind="a", step=steps, due=due, patience_seconds=10**6)], bell, _ignore))
    await steps.through.wait()
    await asyncio.sleep(0)
    assert (steps.done, still, bell.still()) == ([False, True], [False, False], True)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_may_be_tried_again_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.runtime.loops.FAILURE_PAUSE_SECONDS", 0)
    steps, told = _Steps([StoreBusy("again"), True]), list[str]()
    task = asyncio.create_task(run_loops([Loop(kind="a", step=steps)], Bell(), lambda kind, _: told.append(kind)))
    await steps.through.wait()
    assert (told, steps.done) == (["a"], [True])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_any_other_error_ends_the_process() -> None:
    with pytest.raises(BaseExceptionGroup) as failed:
        await run_loops([Loop(kind="a", step=_Steps([LeaseLost("over")]))], Bell(), _ignore)
    assert [type(error) for error in failed.value.exceptions] == [LeaseLost]


async def test_loops_come_to_rest_at_the_end_of_their_steps_and_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One works, one waits, one fails and is tried again: none is cut off, and nothing rings for them any more."""
    monkeypatch.setattr("gateway.runtime.loops.FAILURE_PAUSE_SECONDS", 0)
    bell, until, closed = Bell(), asyncio.Event(), list[str]()
    begun, go_on = asyncio.Event(), asyncio.Event()

    class Works:
        async def run_once(self) -> bool:
            begun.set()
            await go_on.wait()
            closed.append("worked to its end")
            return True

    async def close() -> None:
        closed.append("closed")

    waits, fails = _Steps([]), _Steps([StoreBusy("again")])
    loops = [Loop(kind="a", step=Works(), close=close), Loop(kind="b", step=waits, patience_seconds=3_600)]
    loops.append(Loop(kind="c", step=fails))
    task = asyncio.create_task(run_loops(loops, bell, _ignore, until))
    await begun.wait()
    await waits.through.wait()
    until.set()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    await task
    assert closed == ["worked to its end", "closed"]
    assert bell.still()


async def test_a_step_that_hangs_keeps_the_others_at_rest_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.runtime.loops.REST_SECONDS", 0)
    until, closed = asyncio.Event(), list[str]()

    class Hangs:
        async def run_once(self) -> bool:
            until.set()
            await asyncio.Event().wait()
            return True

    async def close() -> None:
        closed.append("closed")

    await run_loops([Loop(kind="a", step=Hangs(), close=close)], Bell(), _ignore, until)
    assert closed == ["closed"]


async def test_a_loop_that_fails_ends_those_that_could_come_to_rest() -> None:
    with pytest.raises(BaseExceptionGroup) as failed:
        await run_loops([Loop(kind="a", step=_Steps([LeaseLost("over")]))], Bell(), _ignore, asyncio.Event())
    assert [type(error) for error in failed.value.exceptions] == [LeaseLost]
