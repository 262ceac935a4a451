"""A partition changes hands in the middle of a batch: every message is stored once, in order, none is left out."""

import asyncio

import pytest

from gateway.service.partitions import RECORDS
from gateway.service.receive import Receive
from tests.kafka.conftest import Hold, Line, expected

pytestmark = pytest.mark.kafka

EVERY = range(2 * RECORDS + 50)


async def test_another_worker_goes_on_where_the_first_one_died(line: Line) -> None:
    await line.publish(line.letters(EVERY))
    first, second = line.receiver("w1"), line.receiver("w2")
    while not await first.run_once():
        pass
    done = await line.came()
    assert 0 < done <= RECORDS
    first.door = hold = Hold.of(line.door)
    dying = asyncio.create_task(first.run_once())
    await hold.reached.wait()
    assert not await second.run_once()  # the lease still stands
    assert await line.came() == done
    dying.cancel()
    line.lease_ends()
    await line.receive(second, len(EVERY))
    assert await line.stored() == expected(EVERY)
    assert await line.lease() == ("w2", 2, len(EVERY), None)
    await first.release()
    await second.release()


@pytest.mark.parametrize("stored", [True, False], ids=["the other has stored", "the other has only fetched"])
async def test_a_worker_that_was_frozen_stores_nothing_when_it_thaws(line: Line, *, stored: bool) -> None:
    await line.publish(line.letters(EVERY))
    frozen, other = Hold.of(line.door), Hold.of(line.door)
    first, second = line.receiver("w1", door=frozen), line.receiver("w2", door=other)
    thawing = asyncio.create_task(_until_reached(first, frozen))
    await frozen.reached.wait()
    line.lease_ends()
    working = asyncio.create_task(_until_reached(second, other))
    await other.reached.wait()
    if stored:
        other.opened.set()
        await working
    before = await line.came()
    frozen.opened.set()
    await thawing
    assert await line.came() == before  # compare and set: the offset or the epoch is another one now
    assert len(await line.stored()) == before
    other.opened.set()
    await working
    await line.receive(second, len(EVERY))
    assert not await first.run_once()
    assert await line.stored() == expected(EVERY)
    await second.release()


async def test_records_published_twice_are_one_message(line: Line) -> None:
    await line.publish(line.letters(range(20)))
    await line.publish(line.letters(range(10, 30)))
    step = line.receiver("w1")
    await line.receive(step, 40)
    stored = await line.stored()
    assert [digest for _, digest in stored] == [digest for _, digest in expected(range(30))]
    assert [offset for offset, _ in stored] == [*range(20), *range(30, 40)]  # the first of each was kept
    await step.release()


async def _until_reached(step: Receive, hold: Hold) -> None:
    """Run a step until one of its turns came to the door, and end with that turn."""
    while not hold.reached.is_set():
        await step.run_once()
