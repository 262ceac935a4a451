"""Who moves a submission locks it before its intents: a status is applied at the moment its sender records the try."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.scenario import Scene, payments
from tests.sending.test_unknown import LEASE, Frozen
from tests.sending.transport import Scripted

_WAITING = """SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock'"""
_LOOKS = 500


@asynccontextmanager
async def _submission_held(scene: Scene) -> AsyncIterator[asyncpg.Connection]:
    """One who hears of the only submission, in the middle of a transaction; its other locks it must get at once."""
    connection = await asyncpg.connect(scene.url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM submission FOR UPDATE NOWAIT")
            yield connection
    finally:
        await connection.close()


async def until_one_waits(scene: Scene) -> None:
    for _ in range(_LOOKS):
        if await scene.value(_WAITING):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for the submission")


async def _on_the_wire(scene: Scene) -> tuple[Frozen, asyncio.Task[bool]]:
    frozen = Frozen()
    scene.use_transport("alfa", Scripted(before_answer=frozen))
    await scene.sealed(payments([1]))
    sending = asyncio.create_task(scene.run("send", "alfa"))
    await frozen.reached.wait()
    return frozen, sending


async def test_a_worker_that_records_its_try_holds_nothing_while_it_waits_for_the_submission(scene: Scene) -> None:
    frozen, sending = await _on_the_wire(scene)
    async with _submission_held(scene) as hearer:
        frozen.thaw.set()
        await until_one_waits(scene)
        await hearer.execute("SELECT FROM intent FOR UPDATE NOWAIT")
    await sending
    assert await scene.states() == ["delivered"]


async def test_the_sweeper_passes_over_an_intent_whose_submission_another_holds(scene: Scene) -> None:
    frozen, sending = await _on_the_wire(scene)
    scene.clock.advance(LEASE)
    async with _submission_held(scene) as hearer:
        assert not await asyncio.wait_for(scene.run("sweep"), 20)
        await hearer.execute("SELECT FROM intent FOR UPDATE NOWAIT")
    assert await scene.run("sweep")
    assert await scene.states() == ["unknown"]
    frozen.thaw.set()
    await sending
