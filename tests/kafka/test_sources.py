"""Orders and notices through Apache Kafka itself: each record once, whoever reads its partition."""

import asyncio
import json
from typing import Any

import pytest

from gateway.bus.settings import KafkaSettings
from gateway.bus.source_events import source_event
from gateway.ports.bus import ORDERS, STOPS, TOPICS
from gateway.runtime.sources import source_loops, source_partitions
from gateway.service.look import Look
from tests.intake.conftest import CATALOGUE, Door, door
from tests.kafka.conftest import PATIENCE_SECONDS, connected
from tests.orders import SOURCE, line, order

__all__ = ["door"]  # a fixture by being here

pytestmark = pytest.mark.kafka

SECRETS = {SOURCE: b"the secret of the source"}
NUMBERS = range(40)
NOTICE = {"notice": "other", "reason": "review", "subjects": [{"kind": "order", "value": "SICK-000007"}]}


async def test_orders_and_a_notice_are_taken_once_by_two_workers(topics: KafkaSettings, door: Door) -> None:
    await door.open()
    at = door.clock.now()

    def event(topic: str, content: bytes, number: int, **more: str) -> Any:
        return source_event(topic, SOURCE, content, event_id=f"e-{number}", at=at, secret=SECRETS[SOURCE], **more)

    orders = [event(ORDERS, line(order(n)), n, subject="B-1", key=f"{SOURCE}/{n}") for n in NUMBERS]
    async with connected(topics) as bus:
        await bus.producer.publish(ORDERS, [*orders, *orders[:5]])
        await bus.producer.publish(STOPS, [event(STOPS, json.dumps(NOTICE).encode(), 1)] * 2)
        partitions = await source_partitions(bus, SECRETS)
        assert {topic: len(found) for topic, found in partitions.items()} == {t: TOPICS[t] for t in (ORDERS, STOPS)}
        loops = [
            loop
            for worker in ("w1", "w2")
            for loop in source_loops(
                bus, partitions, SECRETS, CATALOGUE, store=door.store, clock=door.clock, worker=worker
            )
        ]
        look = Look(store=door.store)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(topic.records for topic in await look.topics()) < len(NUMBERS) + 5 + 2:
                await asyncio.gather(*(loop.step.run_once() for loop in loops))
        for loop in loops:
            assert loop.close is not None
            await loop.close()
    came = {t.topic: (t.stored, t.same_again, t.dead, t.unaccounted, t.unlettered) for t in await look.topics()}
    assert came == {ORDERS: (len(NUMBERS), 5, 0, 0, 0), STOPS: (1, 1, 0, 0, 0)}
    assert await door.rows("SELECT kind, value, state FROM stop") == [("order", "SICK-000007", "active")]
