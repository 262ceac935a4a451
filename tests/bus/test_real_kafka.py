"""The bus port against Apache Kafka itself: round trip, ends of the log, a broker that loses power, large records."""

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.bus.admin import create_topics
from gateway.bus.kafka import KafkaBus
from gateway.bus.reader import KafkaReader
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import BusUnavailable
from gateway.ports.bus import OffsetGone, Record
from tests.kafka_broker import KafkaBroker, kafka_broker

pytestmark = pytest.mark.kafka
__all__ = ["kafka_broker"]  # a fixture by being here

_numbers = itertools.count(1)


@pytest.fixture
def topic(kafka_broker: KafkaBroker) -> str:
    name = f"gateway.test-{next(_numbers)}.v1"
    kafka_broker.create_topics({name: 1})
    return name


@pytest.fixture
def settings(kafka_broker: KafkaBroker) -> KafkaSettings:
    return KafkaSettings(bootstrap=kafka_broker.bootstrap, stop_patience=2.0)


@pytest.fixture
async def bus(settings: KafkaSettings) -> AsyncIterator[KafkaBus]:
    connected = KafkaBus(settings)
    await connected.start()
    yield connected
    await connected.close()


def records(numbers: range) -> list[Record]:
    return [Record(key=b"alfa", value=b"value %d" % number, headers={"ce_id": str(number)}) for number in numbers]


@asynccontextmanager
async def reading(bus: KafkaBus, topic: str) -> AsyncIterator[KafkaReader]:
    reader = bus.reader(topic, 0)
    try:
        yield reader
    finally:
        await reader.close()


async def values(reader: KafkaReader, offset: int, count: int) -> list[bytes]:
    found: list[Record] = []
    async with asyncio.timeout(60):
        while len(found) < count:
            found += await reader.fetch(offset + len(found), max_records=count, timeout_seconds=0.5)
    assert [record.offset for record in found] == list(range(offset, offset + count))
    return [record.value for record in found]


async def test_a_round_trip_with_seeks(bus: KafkaBus, topic: str) -> None:
    await bus.producer.publish(topic, records(range(500)))
    async with reading(bus, topic) as reader:
        assert await values(reader, 0, 500) == [record.value for record in records(range(500))]
        assert await values(reader, 123, 3) == [b"value 123", b"value 124", b"value 125"]
        assert await values(reader, 7, 1) == [b"value 7"]
        [record] = await reader.fetch(8, max_records=1, timeout_seconds=5)
        assert (record.key, record.headers, record.partition) == (b"alfa", {"ce_id": "8"}, 0)
        assert await reader.high_watermark() == 500
        assert await reader.fetch(500, max_records=5, timeout_seconds=0.2) == []


async def test_the_incarnation_is_the_clusters_id_and_stays(
    bus: KafkaBus, settings: KafkaSettings, kafka_broker: KafkaBroker
) -> None:
    await asyncio.to_thread(kafka_broker.restart)
    again = KafkaBus(settings)
    await again.start()
    assert again.incarnation == bus.incarnation
    assert len(again.incarnation) == 22  # 16 bytes in base64 without padding, as Kafka writes ids
    await again.close()


async def test_beyond_the_end_is_gone(bus: KafkaBus, topic: str) -> None:
    await bus.producer.publish(topic, records(range(3)))
    async with reading(bus, topic) as reader:
        with pytest.raises(OffsetGone, match="does not hold offset 4"):
            await reader.fetch(4, max_records=5, timeout_seconds=10)
        with pytest.raises(BusUnavailable, match="finished"):
            await reader.fetch(0, max_records=5, timeout_seconds=10)


async def test_creating_a_topic_again_changes_nothing(settings: KafkaSettings, bus: KafkaBus, topic: str) -> None:
    await bus.producer.publish(topic, records(range(1)))
    await create_topics(settings, {topic: 9}, replicas=1)
    assert await bus.partitions(topic) == [0]
    async with reading(bus, topic) as reader:
        assert await reader.high_watermark() == 1


async def test_a_topic_that_cannot_be_replicated_is_refused(settings: KafkaSettings) -> None:
    with pytest.raises(BusUnavailable, match="InvalidReplicationFactor"):
        await create_topics(settings, {"gateway.test-replicated.v1": 1}, replicas=3)


async def test_a_broker_that_loses_power_keeps_everything(bus: KafkaBus, topic: str, kafka_broker: KafkaBroker) -> None:
    await bus.producer.publish(topic, records(range(1000)))
    async with reading(bus, topic) as reader:
        assert len(await values(reader, 0, 10)) == 10
        await asyncio.to_thread(kafka_broker.kill)
        await asyncio.to_thread(kafka_broker.restart)
    async with reading(bus, topic) as rebuilt:
        assert await values(rebuilt, 10, 990) == [record.value for record in records(range(10, 1000))]
    await publish_until_taken(bus, topic, records(range(1000, 1001)))
    async with reading(bus, topic) as later:
        assert await values(later, 1000, 1) == [b"value 1000"]


async def publish_until_taken(bus: KafkaBus, topic: str, batch: list[Record]) -> None:
    """Publish as the outbox does: again after every failure."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await bus.producer.publish(topic, batch)
            except BusUnavailable:
                await asyncio.sleep(0.5)


async def test_a_record_above_the_fetch_limit_is_never_skipped(
    bus: KafkaBus, topic: str, settings: KafkaSettings
) -> None:
    """Brokers since 0.10.1 hand out the first batch whole whatever its size (KIP-74): it comes, or the reader dies."""
    large = Record(key=b"alfa", value=b"x" * 500_000)
    await bus.producer.publish(topic, records(range(1)))
    await bus.producer.publish(topic, [large])
    await bus.producer.publish(topic, records(range(2, 3)))
    reader = KafkaReader(dataclasses.replace(settings, fetch_bytes=1000), topic, 0)
    try:
        assert await values(reader, 0, 3) == [b"value 0", large.value, b"value 2"]
    finally:
        await reader.close()


async def test_a_record_above_the_brokers_limit_is_refused_loudly(bus: KafkaBus, topic: str) -> None:
    with pytest.raises(BusUnavailable, match="MessageSizeTooLarge"):
        await bus.producer.publish(topic, [Record(key=b"alfa", value=b"x" * 2_000_000)])
    async with reading(bus, topic) as reader:
        assert await reader.high_watermark() == 0
