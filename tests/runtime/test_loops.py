import asyncio
from dataclasses import dataclass, field

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
