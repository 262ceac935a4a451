"""What one process did wakes the loops of another on the same database."""

import asyncio
from collections.abc import Sequence

from gateway.runtime.loops import Bell
from gateway.runtime.wakeups import wakeups


async def _rings(bell: Bell, kind: str, *, of: Bell) -> bool:
    """Whether ringing `of` is heard on `bell`; rung again and again, for the first may come before anyone listens."""
    heard = bell.hear(kind)
    for _ in range(100):
        of.ring((kind,))
        try:
            async with asyncio.timeout(0.1):
                await heard.wait()
        except TimeoutError:
            continue
        return True
    return False


async def test_a_ring_is_heard_in_another_process(database_url: str) -> None:
    here, there = Bell(), Bell()
    async with wakeups(database_url, here), wakeups(database_url, there):
        assert await _rings(there, "cut", of=here)
        assert await _rings(here, "relay", of=there)


async def test_what_was_heard_is_not_told_on(database_url: str) -> None:
    here, there = Bell(), Bell()
    told: list[Sequence[str]] = []
    async with wakeups(database_url, here), wakeups(database_url, there):
        there.elsewhere = told.append
        assert await _rings(there, "cut", of=here)
    assert told == []


async def test_without_the_channel_a_ring_stays_here() -> None:
    bell = Bell()
    heard = bell.hear("cut")
    bell.ring(("cut",))
    assert heard.is_set()
