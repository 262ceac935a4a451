"""Two workers share a day on one database; killing or freezing one in the middle of it leaves nothing behind."""

import asyncio
import signal

import pytest

from gateway.service.report import Report
from tests.workers.day import Day

pytestmark = pytest.mark.slow

ORDERS, BATCH = 600, 60
FIRST, SECOND = "w1", "w2"


async def test_two_workers_share_a_day(day: Day) -> None:
    await day.start(FIRST, SECOND)
    while day.pushed < ORDERS or len(await day.intents()) < 2:
        await day.release(BATCH)
        await asyncio.sleep(0.2)  # or one of them would be done before the other looks
    await day.over()
    readers = await day.counts("SELECT leased_by, count(*) FROM bank_message GROUP BY leased_by")
    assert set(readers) == {FIRST, SECOND}
    assert set(await day.intents()) == {FIRST, SECOND}
    assert await day.owners() == {FIRST: 8, SECOND: 8}
    await day.stop()
    assert await day.owners() == {}  # who stops in good order leaves at once
    await _nothing_is_left_behind(day)


async def test_one_is_killed_in_the_middle_of_the_day(day: Day) -> None:
    await _until_the_middle(day)
    await day.workers[FIRST].killed()
    while day.pushed < ORDERS:
        await day.release(BATCH)
    await day.over()
    assert await day.owners() == {SECOND: 16}
    await day.stop()
    await _nothing_is_left_behind(day)


async def test_one_is_frozen_in_the_middle_of_the_day_and_thaws_after_its_leases(day: Day) -> None:
    await _until_the_middle(day)
    await _frozen(day)
    while day.pushed < ORDERS:
        await day.release(BATCH)
    await day.until(day.owners, lambda owners: owners == {SECOND: 16})
    day.workers[FIRST].signal(signal.SIGCONT)
    await day.until(day.owners, lambda owners: owners == {FIRST: 8, SECOND: 8})
    await day.over()
    await day.stop()
    await _nothing_is_left_behind(day)


async def _frozen(day: Day) -> None:
    """Freeze the first, not within a transaction: the server ends one after two minutes, and never within a COPY."""
    while True:
        day.workers[FIRST].signal(signal.SIGSTOP)
        await asyncio.sleep(0.5)
        if not await day.rows(_OPEN_SINCE_THEN):
            return
        day.workers[FIRST].signal(signal.SIGCONT)
        await asyncio.sleep(0.05)


_OPEN_SINCE_THEN = """SELECT pid FROM pg_stat_activity
                      WHERE datname = current_database() AND xact_start < clock_timestamp() - interval '0.4 seconds'"""


async def _until_the_middle(day: Day) -> None:
    """Start both and release until the first has sent something while much is still to be done."""
    await day.start(FIRST, SECOND)
    while not (await day.intents()).get(FIRST):
        await day.release(BATCH)
        await asyncio.sleep(0.2)
    assert await day.waiting()


async def _nothing_is_left_behind(day: Day) -> None:
    """The sheet closes, the banks' books say the same of every payment, and no bank booked anything twice."""
    assert await day.waiting() == {}
    sheet = await Report(store=day.gateway.store).control_sheet(day.pay_date)
    assert [equation for equation in sheet.equations if not equation.holds] == []
    assert {column for _, _, column in sheet.orders} <= {"paid", "rejected", "returned"}
    assert sum(figure.count for figure in sheet.orders.values()) == day.pushed
    books = day.street.books()
    assert [duplicate for book in books.values() for duplicate in book.duplicates_booked()] == []
    booked = {str(entry["endToEndId"]): entry for book in books.values() for entry in book.export()}
    stored = await day.rows(
        "SELECT a.end_to_end_id, o.outcome, a.amount_minor FROM attempt a JOIN payment_order o USING (order_no)"
    )
    assert {e2e: _as_booked(booked[e2e]) for e2e in booked} == {e2e: (outcome, minor) for e2e, outcome, minor in stored}
    database = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert await day.rows(database) == [(0,)]  # all lock in one order
    for worker in day.workers.values():
        assert [event for event in worker.events() if _is_trouble(event)] == []


def _is_trouble(event: dict[str, object]) -> bool:
    """An error of the gateway. What froze long enough finds its Kafka requests timed out, and the library says so."""
    return event["level"] in {"error", "critical"} and event.get("part") != "aiokafka.consumer.fetcher"


def _as_booked(entry: dict[str, object]) -> tuple[str, int]:
    outcome = "returned" if entry["returned"] else "rejected" if entry["rejected"] else "paid"
    return outcome, int(str(entry["amount"]).replace(".", ""))
