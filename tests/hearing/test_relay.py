"""Telling the benefits system: in order, at least once."""

import json

import pytest

from tests.hearing.ear import FULL, Ear, another_worker
from tests.hearing.messages import Entry, camt054

AN_HOUR = 3_600


@pytest.fixture
async def news(sent: Ear) -> Ear:
    """Three payments are paid; the first came back."""
    ids, account = await sent.ids(), await sent.account()
    await sent.hear(
        camt054(account, *(Entry(amount=FULL, end_to_end_id=i, ref=f"R{n}") for n, i in enumerate(ids))),
        camt054(account, Entry(amount=FULL, end_to_end_id=ids[0], ref="B", sign="CRDT", reason="AC04"), number=2),
    )
    return sent


def told(ear: Ear) -> list[tuple[str, int, str]]:
    events = [json.loads(record.value) for record in ear.bus.published]
    return sorted((e["orderId"], e["outcomeNo"], e["outcome"]) for e in events)


ALL = [
    ("SICK-000001", 1, "paid"),
    ("SICK-000001", 2, "returned"),
    ("SICK-000002", 1, "paid"),
    ("SICK-000003", 1, "paid"),
]


async def test_every_event_is_published_once_under_its_order_s_key(news: Ear) -> None:
    await news.until_idle("relay")
    assert told(news) == ALL
    assert {r.key.decode() for r in news.bus.published} == {f"SSI/SICK-00000{n}" for n in (1, 2, 3)}


async def test_the_events_of_an_order_come_in_the_order_of_their_numbers(news: Ear) -> None:
    await news.until_idle("relay")
    events = [json.loads(r.value) for r in news.bus.published]
    assert [e["outcomeNo"] for e in events if e["orderId"] == "SICK-000001"] == [1, 2]


async def test_nothing_is_marked_that_the_broker_did_not_acknowledge(news: Ear) -> None:
    news.bus.down = True
    await news.run("relay")
    assert await news.scene.value("SELECT count(*) FROM outcome_event WHERE published_at IS NOT NULL") == 0
    news.bus.down = False
    await news.until_idle("relay")
    assert told(news) == ALL


async def test_what_was_published_but_not_marked_is_published_again(news: Ear) -> None:
    async def die() -> None:
        raise RuntimeError("the worker dies here")

    news.bus.after_publish = die
    with pytest.raises(RuntimeError):
        await news.run("relay")
    first = list(news.bus.published)
    news.bus.after_publish = None
    async with another_worker(news) as other:
        news.scene.clock.advance(AN_HOUR)
        await other.until_idle("relay")
    assert len(news.bus.published) == len(ALL) + len(first)
    assert set(told(news)) == set(ALL)


async def test_a_worker_that_lost_its_lane_marks_nothing(news: Ear) -> None:
    async with another_worker(news) as other:

        async def overtake() -> None:
            news.bus.after_publish = None
            news.scene.clock.advance(AN_HOUR)
            await other.scene.tamper("UPDATE outcome_lane SET owner = 'w2', epoch = epoch + 1")

        news.bus.after_publish = overtake
        lane = await news.scene.value("SELECT lane FROM outcome_event ORDER BY lane")
        await news.run("relay")
        marked = "SELECT count(*) FROM outcome_event WHERE published_at IS NOT NULL AND lane = $1"
        assert await news.scene.value(marked, lane) == 0


async def test_a_lane_is_told_by_one_worker_until_its_lease_ends(news: Ear) -> None:
    news.bus.down = True
    await news.run("relay")
    news.bus.down = False
    async with another_worker(news) as other:
        await other.run("relay")
        assert told(news) == []
        news.scene.clock.advance(AN_HOUR)
        await other.until_idle("relay")
    assert told(news) == ALL
