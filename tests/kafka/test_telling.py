"""Outcomes through a broker that dies: told at least once; who keeps the highest number knows the truth."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from gateway.bus.kafka import KafkaBus, KafkaProducer
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import BusUnavailable
from gateway.ports.bus import OUTCOMES, Record
from gateway.service.outcomes import News, tell
from gateway.service.relay import LANES, Relay
from tests.intake.conftest import Door
from tests.kafka.conftest import PARTITIONS, PATIENCE_SECONDS, Line, connected, end_of
from tests.kafka_broker import KafkaBroker
from tests.orders import lines

pytestmark = pytest.mark.kafka

ORDERS = 60
STORY = ("under investigation", "rejected", "paid")


@dataclass(slots=True, kw_only=True)
class Receiver:
    """The benefits system: it reads the topic from where the test began and keeps the highest number an order."""

    settings: KafkaSettings
    ends: Mapping[int, int]

    async def events(self) -> list[dict[str, object]]:
        """Every event that came, in the order of each partition."""
        async with connected(self.settings) as bus:
            return [event for partition in range(PARTITIONS) for event in await self._events(bus, partition)]

    async def _events(self, bus: KafkaBus, partition: int) -> list[dict[str, object]]:
        reader = bus.reader(OUTCOMES, partition)
        found: list[Record] = []
        start = self.ends[partition]
        try:
            count = await reader.high_watermark() - start
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(found) < count:
                    found += await reader.fetch(start + len(found), max_records=500, timeout_seconds=0.5)
        finally:
            await reader.close()
        return [json.loads(record.value) for record in found]

    async def told(self) -> dict[str, tuple[int, str]]:
        kept: dict[str, tuple[int, str]] = {}
        for event in await self.events():
            number, order = int(str(event["outcomeNo"])), str(event["orderId"])
            if number > kept.get(order, (0, ""))[0]:
                kept[order] = (number, str(event["outcome"]))
        return kept


@pytest.fixture
async def receiver(line: Line, topics: KafkaSettings) -> Receiver:
    ends = [await end_of(line.bus, OUTCOMES, partition) for partition in range(PARTITIONS)]
    return Receiver(settings=topics, ends=dict(enumerate(ends)))


async def _happen(line: Line) -> None:
    """Push orders, and let three things become of each."""
    door = Door(store=line.store)
    await door.open()
    await door.push(lines(range(1, ORDERS + 1)))
    numbers = [int(str(row[0])) for row in await door.rows("SELECT order_no FROM payment_order ORDER BY order_no")]
    for outcome in STORY:
        async with line.store.transaction() as session:
            await tell(session, line.clock.now(), [News(order_no=n, outcome=outcome, bank="alfa") for n in numbers])


def _relays(line: Line, worker: str, producer: "KafkaProducer | _Deaf | None" = None) -> list[Relay]:
    bus = line.bus if producer is None else _Bus(line.bus, producer)
    parts = {"store": line.store, "clock": line.clock, "bus": bus, "worker": worker}
    return [Relay(**parts, lane=lane) for lane in range(LANES)]  # type: ignore[arg-type]


async def _until_told(line: Line, relays: Sequence[Relay]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await line.rows("SELECT FROM outcome_event WHERE published_at IS NULL LIMIT 1"):
            for relay in relays:
                await relay.run_once()


def _truth() -> dict[str, tuple[int, str]]:
    return {f"SICK-{number:06d}": (len(STORY), STORY[-1]) for number in range(1, ORDERS + 1)}


async def test_events_come_in_the_order_of_their_numbers(line: Line, receiver: Receiver) -> None:
    await _happen(line)
    await _until_told(line, _relays(line, "w1"))
    numbers: dict[object, list[object]] = {}
    for event in await receiver.events():
        numbers.setdefault(event["orderId"], []).append(event["outcomeNo"])
    assert list(numbers.values()) == [[1, 2, 3]] * ORDERS


async def test_a_broker_that_dies_while_it_is_told(line: Line, receiver: Receiver, kafka_broker: KafkaBroker) -> None:
    await _happen(line)
    relays = _relays(line, "w1")
    for relay in relays[:4]:
        await relay.run_once()
    telling = [asyncio.create_task(relay.run_once()) for relay in relays[4:]]
    await asyncio.to_thread(kafka_broker.kill)
    await asyncio.gather(*telling)
    assert await line.rows("SELECT count(*) >= 1 FROM outcome_event WHERE published_at IS NOT NULL") == [(True,)]
    await asyncio.to_thread(kafka_broker.restart)
    await _until_told(line, relays)
    assert await receiver.told() == _truth()


async def test_what_was_published_but_not_acknowledged_is_published_again(line: Line, receiver: Receiver) -> None:
    await _happen(line)
    for relay in _relays(line, "w1", _Deaf(line.bus.producer)):
        assert not await relay.run_once()
    assert len(await receiver.events()) == ORDERS * len(STORY)
    assert await line.rows("SELECT count(*) FROM outcome_event WHERE published_at IS NOT NULL") == [(0,)]
    assert not any([await relay.run_once() for relay in _relays(line, "w2")])  # the lanes are still the first one's
    line.lease_ends()
    await _until_told(line, _relays(line, "w2"))
    assert len(await receiver.events()) == 2 * ORDERS * len(STORY)
    assert await receiver.told() == _truth()


@dataclass(frozen=True, slots=True)
class _Deaf:
    """Publishes and never hears the acknowledgement."""

    producer: KafkaProducer

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        await self.producer.publish(topic, records)
        raise BusUnavailable("no acknowledgement was heard")


@dataclass(frozen=True, slots=True)
class _Bus:
    bus: KafkaBus
    producer: KafkaProducer | _Deaf
