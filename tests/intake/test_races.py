"""Concurrent pushes on the real database: nothing twice, nothing lost, no deadlock left to the caller."""

import asyncio
import random

import asyncpg
import pytest

from gateway.domain.errors import Conflict, StoreBusy
from gateway.service import retrying
from gateway.service.intake import ChunkAnswer
from gateway.service.retrying import TRIES, whole
from gateway.store.postgres import PostgresStore
from tests.intake.conftest import Door
from tests.orders import line, lines, order


async def test_a_hundred_identical_pushes_store_once(opened: Door) -> None:
    pushed = lines(range(1, 51))
    answers = await asyncio.gather(*(opened.push(pushed) for _ in range(100)))
    assert {(a.lines, a.accepted, a.held, a.refused, a.conflicts) for a in answers} == {(50, 50, 0, 0, ())}
    assert sum(a.repeated for a in answers) == 99 * 50
    assert await opened.rows("SELECT count(*) FROM payment_order") == [(50,)]


async def test_a_hundred_nearly_identical_pushes_agree_on_one_content(opened: Door) -> None:
    def pushed(push: int) -> list[bytes]:
        """All push the same ids and entitlements in an order of their own; each changes one amount."""
        chosen = [order(n, amount=f"{push + 1}.00" if n == push % 50 else "512.40") for n in range(50)]
        random.Random(push).shuffle(chosen)
        return [line(values) for values in chosen]

    answers = await asyncio.gather(*(opened.push(pushed(n)) for n in range(100)))
    assert all(a.lines == a.accepted + len(a.conflicts) for a in answers)
    assert sum(a.accepted - a.repeated for a in answers) == 50
    stored = await opened.rows(
        "SELECT count(*), count(*) FILTER (WHERE claims AND state = 'payable') FROM payment_order"
    )
    assert stored == [(50, 50)]


async def test_one_order_of_many_gets_the_claim(opened: Door) -> None:
    contested = [
        [line(order(100 * push + n, entitlement=order(n)["entitlement"])) for n in range(10)] for push in range(20)
    ]
    for push, chunk in enumerate(contested):
        random.Random(push).shuffle(chunk)
    answers = await asyncio.gather(*map(opened.push, contested))
    assert (sum(a.accepted for a in answers), sum(a.held for a in answers)) == (10, 190)
    winners = await opened.rows("SELECT count(DISTINCT entitlement_id), count(*) FROM payment_order WHERE claims")
    assert winners == [(10, 10)]


async def test_chunks_that_claim_in_opposite_orders_do_not_deadlock(
    opened: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorted by order id, the claims of the second chunk come backwards; not even a retry is needed."""
    monkeypatch.setattr(retrying, "TRIES", 1)
    forwards = [line(order(n, entitlement=order(n)["entitlement"])) for n in range(1_000)]
    backwards = [line(order(1_000 + n, entitlement=order(999 - n)["entitlement"])) for n in range(1_000)]
    answers = await asyncio.gather(opened.push(forwards), opened.push(backwards))
    assert (sum(a.accepted for a in answers), sum(a.held for a in answers)) == (1_000, 1_000)


async def test_close_lets_a_chunk_finish_and_then_nothing_in(opened: Door) -> None:
    async def push(number: int) -> ChunkAnswer | None:
        try:
            return await opened.push(lines(range(number * 10, number * 10 + 10)))
        except Conflict:
            return None

    pushes = [asyncio.create_task(push(n)) for n in range(30)]
    await asyncio.wait(pushes, return_when=asyncio.FIRST_COMPLETED)
    closed = await opened.close()
    stored = sum(answer.accepted for answer in await asyncio.gather(*pushes) if answer)
    assert closed.batch.order_count == stored
    assert await opened.rows("SELECT count(*) FROM payment_order") == [(stored,)]


async def test_a_lost_race_is_run_again_as_a_whole(store: PostgresStore) -> None:
    runs: list[int] = []

    async def work() -> str:
        async with store.transaction() as session:
            await session.execute("lanes.declare", f"bank-{len(runs)}")
            runs.append(1)
            if len(runs) < 3:
                raise asyncpg.DeadlockDetectedError
        return "done"

    assert await whole(work) == "done"
    async with store.transaction() as session:
        assert await session.value("look.alive")
    async with store._pool.acquire() as connection:
        assert [r[0] for r in await connection.fetch("SELECT bank FROM lane")] == ["bank-2"]


async def test_a_race_lost_every_time_is_reported(store: PostgresStore) -> None:
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)
        async with store.transaction():
            raise asyncpg.SerializationError

    with pytest.raises(StoreBusy) as busy:
        await whole(work)
    assert (len(runs), busy.value.retryable) == (TRIES, True)
