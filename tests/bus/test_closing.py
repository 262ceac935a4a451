import asyncio
from contextlib import suppress

import pytest

from gateway.bus.closing import ended


async def _stop() -> None: ...


async def _awaits_what_it_cancelled() -> None:
    """What aiokafka 0.14 does when it stops a consumer whose fetch waits for a broker that is away."""
    fetch = asyncio.ensure_future(asyncio.sleep(60))
    await asyncio.sleep(0)
    fetch.cancel()
    await fetch


async def _swallows(released: asyncio.Event) -> None:
    while not released.is_set():
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)


async def test_what_ends_has_ended() -> None:
    assert await ended(_stop(), 5)


async def test_the_end_of_the_clients_own_task_is_not_ours() -> None:
    assert not await ended(_awaits_what_it_cancelled(), 5)


async def test_what_hangs_is_left_behind() -> None:
    before, released = asyncio.all_tasks(), asyncio.Event()
    assert not await ended(_swallows(released), 0.01)
    [left] = asyncio.all_tasks() - before
    released.set()
    left.cancel()
    await asyncio.wait({left})


async def test_being_told_to_stop_is_heard_while_something_closes() -> None:
    waiting = asyncio.create_task(ended(asyncio.sleep(60), 60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_an_error_of_our_own_is_not_hidden() -> None:
    async def broken() -> None:
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await ended(broken(), 5)
