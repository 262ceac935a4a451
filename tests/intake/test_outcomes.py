import asyncio
import json
from datetime import UTC, datetime

import pytest

from gateway.service.outcomes import News, tell, timestamp
from tests.intake.conftest import Door
from tests.orders import line, lines, order

AT = datetime(2026, 9, 21, 12, 0, 0, 123_456, tzinfo=UTC)


async def _numbers(door: Door) -> list[int]:
    return [int(str(row[0])) for row in await door.rows("SELECT order_no FROM payment_order ORDER BY order_id")]


async def _documents(door: Door) -> list[dict[str, object]]:
    rows = await door.rows("SELECT document FROM outcome_event ORDER BY key, outcome_no")
    return [json.loads(str(row[0])) for row in rows]


async def _tell(door: Door, *news: News) -> None:
    async with door.store.transaction() as session:
        await tell(session, AT, news)


async def test_an_event_carries_the_whole_outcome(opened: Door) -> None:
    await opened.push(lines([1]))
    [number] = await _numbers(opened)
    rejected = News(
        order_no=number,
        outcome="rejected",
        bank="alfa",
        end_to_end_id="EABCG1",
        reason="AC04",
        action="back to the benefits system",
    )
    await _tell(opened, rejected)
    assert await _documents(opened) == [
        {
            "source": "benefits-north",
            "orderId": "SICK-000001",
            "batch": "B-1",
            "outcomeNo": 1,
            "outcome": "rejected",
            "amount": "512.40",
            "currency": "EUR",
            "bank": "alfa",
            "endToEndId": "EABCG1",
            "reason": {"code": "AC04", "action": "back to the benefits system"},
            "at": "2026-09-21T12:00:00.123Z",
        }
    ]
    assert await opened.rows("SELECT lane, key, source, created_at, published_at FROM outcome_event") == [
        (number % 16, "benefits-north/SICK-000001", "benefits-north", AT, None)
    ]
    assert await opened.rows("SELECT outcome, outcome_no FROM payment_order") == [("rejected", 1)]


async def test_absent_parts_are_left_out(opened: Door) -> None:
    await opened.push(lines([1]))
    [number] = await _numbers(opened)
    await _tell(opened, News(order_no=number, outcome="paid", bank="alfa"))
    [document] = await _documents(opened)
    assert document.keys() == {
        "source", "orderId", "batch", "outcomeNo", "outcome", "amount", "currency", "bank", "at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "currency", "told"), [("7.00", "EUR", "7.00"), ("0.05", "EUR", "0.05"), ("1250.5", "SEK", "1250.50")]
)
async def test_amounts_have_all_their_decimals(opened: Door, amount: str, currency: str, told: str) -> None:
    await opened.push([line(order(1, amount=amount, currency=currency))])
    [number] = await _numbers(opened)
    await _tell(opened, News(order_no=number, outcome="paid"))
    [document] = await _documents(opened)
    assert (document["amount"], document["currency"]) == (told, currency)


async def test_news_of_one_order_are_numbered_as_given(opened: Door) -> None:
    await opened.push(lines([1, 2]))
    one, two = await _numbers(opened)
    await _tell(
        opened,
        News(order_no=one, outcome="presumed"),
        News(order_no=two, outcome="paid"),
        News(order_no=one, outcome="paid"),
        News(order_no=one, outcome="returned"),
    )
    told = [(d["orderId"], d["outcomeNo"], d["outcome"]) for d in await _documents(opened)]
    assert told == [
        ("SICK-000001", 1, "presumed"),
        ("SICK-000001", 2, "paid"),
        ("SICK-000001", 3, "returned"),
        ("SICK-000002", 1, "paid"),
    ]


async def test_concurrent_tellers_leave_no_gap(opened: Door) -> None:
    """Twenty tellers, the orders in an order of their own each: no deadlock, no number twice, none left out."""
    await opened.push(lines(range(20)))
    numbers = await _numbers(opened)
    turns = [[News(order_no=n, outcome="paid") for n in numbers[i:] + numbers[:i]] for i in range(20)]
    await asyncio.gather(*(_tell(opened, *news) for news in turns))
    told = await opened.rows("SELECT array_agg(outcome_no ORDER BY outcome_no) FROM outcome_event GROUP BY order_no")
    assert told == [(list(range(1, 21)),)] * 20


async def test_what_is_rolled_back_was_not_told(opened: Door) -> None:
    await opened.push(lines([1]))
    [number] = await _numbers(opened)

    async def fail() -> None:
        async with opened.store.transaction() as session:
            await tell(session, AT, [News(order_no=number, outcome="paid")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await _tell(opened, News(order_no=number, outcome="rejected"))
    assert [d["outcomeNo"] for d in await _documents(opened)] == [1]


async def test_news_of_an_order_that_is_not_there_is_a_bug(opened: Door) -> None:
    with pytest.raises(AssertionError):
        await _tell(opened, News(order_no=999, outcome="paid"))


async def test_no_news_is_no_work(opened: Door) -> None:
    await _tell(opened)
    assert await _documents(opened) == []


def test_times_are_told_in_utc_with_milliseconds() -> None:
    assert timestamp(datetime.fromisoformat("2026-09-21T14:00:00.0009+02:00")) == "2026-09-21T12:00:00.000Z"
