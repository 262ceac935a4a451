"""The bus port against the in-process broker: what is published comes back, and every fault is loud."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import RecordTooLargeError

from gateway.bus.embedded import FETCH_REQUEST, PRODUCE_REQUEST, EmbeddedBroker
from gateway.bus.kafka import KafkaBus
from gateway.bus.reader import KafkaReader
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import BusUnavailable, Unreadable
from gateway.ports.bus import OffsetGone, Record
from tests.bus.conftest import TOPIC

OUT_OF_ORDER_SEQUENCE, TOPIC_AUTHORIZATION_FAILED, NOT_LEADER = 45, 29, 6
"""Error codes of the Kafka protocol (https://kafka.apache.org/protocol#protocol_error_codes)."""


def record(number: int, *, key: bytes = b"alfa") -> Record:
    return Record(key=key, value=b"value %d" % number, headers={"ce_id": str(number)})


@asynccontextmanager
async def reading(bus: KafkaBus, partition: int) -> AsyncIterator[KafkaReader]:
    reader = bus.reader(TOPIC, partition)
    try:
        yield reader
    finally:
        await reader.close()


async def fetch(reader: KafkaReader, offset: int, *, at_least: int = 1, max_records: int = 100) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(20):
        while len(found) < at_least:
            found += await reader.fetch(offset + len(found), max_records=max_records, timeout_seconds=0.2)
    return found


async def home_of(bus: KafkaBus, key: bytes = b"alfa") -> int:
    """Publish one record and find out in which partition its key lives."""
    await bus.producer.publish(TOPIC, [record(0, key=key)])
    for partition in await bus.partitions(TOPIC):
        async with reading(bus, partition) as reader:
            if await reader.high_watermark():
                return partition
    raise AssertionError


async def test_records_come_back_whole_and_in_order(bus: KafkaBus) -> None:
    home = await home_of(bus)
    await bus.producer.publish(TOPIC, [record(number) for number in range(1, 50)])
    async with reading(bus, home) as reader:
        found = await fetch(reader, 0, at_least=50)
        assert [item.value for item in found] == [b"value %d" % number for number in range(50)]
        assert [item.offset for item in found] == list(range(50))
        assert {item.partition for item in found} == {home}
        assert found[7].headers == {"ce_id": "7"}
        assert found[7].key == b"alfa"
        assert await reader.high_watermark() == 50


async def test_a_reader_begins_where_it_is_told_and_may_go_back(bus: KafkaBus) -> None:
    home = await home_of(bus)
    await bus.producer.publish(TOPIC, [record(number) for number in range(1, 10)])
    async with reading(bus, home) as reader:
        assert (await fetch(reader, 6, max_records=2))[0].offset == 6
        assert (await fetch(reader, 2, max_records=1))[0].offset == 2
        assert (await fetch(reader, 3, max_records=1))[0].offset == 3


async def test_no_more_records_than_asked_for(bus: KafkaBus) -> None:
    home = await home_of(bus)
    await bus.producer.publish(TOPIC, [record(number) for number in range(1, 10)])
    async with reading(bus, home) as reader:
        assert len(await fetch(reader, 1, max_records=3)) == 3


async def test_the_end_of_the_log_is_empty_and_beyond_it_is_gone(bus: KafkaBus) -> None:
    home = await home_of(bus)
    async with reading(bus, home) as reader:
        assert await reader.fetch(1, max_records=5, timeout_seconds=0.1) == []
    async with reading(bus, home) as reader:
        with pytest.raises(OffsetGone, match="does not hold offset 2"):
            await fetch(reader, 2)


async def test_what_retention_took_is_gone_and_the_reader_finished(bus: KafkaBus, broker: EmbeddedBroker) -> None:
    home = await home_of(bus)
    await bus.producer.publish(TOPIC, [record(1)])
    broker.forget_before(TOPIC, home, 1)
    async with reading(bus, home) as reader:
        with pytest.raises(OffsetGone):
            await fetch(reader, 0)
        with pytest.raises(BusUnavailable, match="finished"):
            await reader.fetch(1, max_records=5, timeout_seconds=0.1)
    async with reading(bus, home) as another:
        assert (await fetch(another, 1))[0].value == b"value 1"


async def test_an_unreadable_topic_ends_the_reader(bus: KafkaBus, broker: EmbeddedBroker) -> None:
    home = await home_of(bus)
    broker.fail_requests(FETCH_REQUEST, [TOPIC_AUTHORIZATION_FAILED] * 3)
    async with reading(bus, home) as reader:
        with pytest.raises(BusUnavailable, match="TopicAuthorizationFailedError"):
            await fetch(reader, 0)


async def test_a_record_that_cannot_be_fetched_never_moves_the_position(bus: KafkaBus) -> None:
    """aiokafka's own doing (#1173): it sets the error and moves its position past the record."""
    home = await home_of(bus)
    await bus.producer.publish(TOPIC, [record(1), record(2)])
    async with reading(bus, home) as reader:
        assert len(await fetch(reader, 0, max_records=1)) == 1
        where = TopicPartition(TOPIC, home)
        reader._client.seek(where, 1)
        reader._client._fetcher._set_error(where, RecordTooLargeError())
        reader._client._subscription.subscription.assignment.state_value(where).consumed_to(2)
        with pytest.raises(BusUnavailable, match="RecordTooLargeError"):
            await fetch(reader, 1)
        with pytest.raises(BusUnavailable, match="finished"):
            await fetch(reader, 1)
    async with reading(bus, home) as another:
        assert (await fetch(another, 1))[0].value == b"value 1"


async def test_a_gap_is_never_handed_out(bus: KafkaBus) -> None:
    home = await home_of(bus)
    await bus.producer.publish(TOPIC, [record(number) for number in range(1, 4)])
    async with reading(bus, home) as reader:
        assert len(await fetch(reader, 0, max_records=1)) == 1
        reader._client.seek(TopicPartition(TOPIC, home), 2)  # as if the client had lost its place
        with pytest.raises(Unreadable, match="offset 2 came where 1 was due"):
            await fetch(reader, 1)


async def test_a_cancelled_fetch_loses_nothing(bus: KafkaBus) -> None:
    home = await home_of(bus)
    async with reading(bus, home) as reader:
        waiting = asyncio.ensure_future(reader.fetch(1, max_records=9, timeout_seconds=30))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await bus.producer.publish(TOPIC, [record(1)])
        assert (await fetch(reader, 1))[0].value == b"value 1"


async def test_a_client_that_keeps_records_to_itself_is_found_out(bus: KafkaBus, settings: KafkaSettings) -> None:
    home = await home_of(bus)
    reader = KafkaReader(dataclasses.replace(settings, stall=0.4), TOPIC, home)
    try:
        assert len(await fetch(reader, 0)) == 1
        reader._client.pause(TopicPartition(TOPIC, home))  # silent like aiokafka #718
        await bus.producer.publish(TOPIC, [record(1)])
        with pytest.raises(BusUnavailable, match="1 records that the client does not hand out"):
            await fetch(reader, 1)
    finally:
        await reader.close()


async def test_silence_at_the_end_of_the_log_is_no_fault(bus: KafkaBus, settings: KafkaSettings) -> None:
    home = await home_of(bus)
    reader = KafkaReader(dataclasses.replace(settings, stall=0.1), TOPIC, home)
    try:
        for _ in range(4):
            assert await reader.fetch(1, max_records=5, timeout_seconds=0.1) == []
    finally:
        await reader.close()


async def test_a_stuck_producer_is_replaced(bus: KafkaBus, broker: EmbeddedBroker) -> None:
    home = await home_of(bus)
    stuck = bus.producer._client
    broker.fail_requests(PRODUCE_REQUEST, [OUT_OF_ORDER_SEQUENCE])
    with pytest.raises(BusUnavailable, match="OutOfOrderSequenceNumber"):
        await bus.producer.publish(TOPIC, [record(1)])
    await bus.producer.publish(TOPIC, [record(2)])
    assert bus.producer._client is not stuck
    async with reading(bus, home) as reader:
        assert [item.value for item in await fetch(reader, 0, at_least=2)] == [b"value 0", b"value 2"]


async def test_what_kafka_calls_retriable_is_retried_by_the_client(bus: KafkaBus, broker: EmbeddedBroker) -> None:
    home = await home_of(bus)
    broker.fail_requests(PRODUCE_REQUEST, [NOT_LEADER, NOT_LEADER])
    await bus.producer.publish(TOPIC, [record(1)])
    async with reading(bus, home) as reader:
        assert await reader.high_watermark() == 2


async def test_a_broker_that_is_down_fails_the_publish_and_then_heals(bus: KafkaBus, broker: EmbeddedBroker) -> None:
    home = await home_of(bus)
    broker.go_down()
    with pytest.raises(BusUnavailable):
        await bus.producer.publish(TOPIC, [record(1)])
    with pytest.raises(BusUnavailable, match="no Kafka at the bootstrap servers"):
        await bus.producer.publish(TOPIC, [record(1)])
    broker.come_up()
    await bus.producer.publish(TOPIC, [record(1)])
    async with reading(bus, home) as reader:
        values = [item.value for item in await fetch(reader, 0, at_least=2)]
    assert values[0] == b"value 0"
    assert set(values[1:]) == {b"value 1"}


async def test_an_abandoned_producer_publishes_nothing_later(bus: KafkaBus, broker: EmbeddedBroker) -> None:
    home = await home_of(bus)
    broker.go_down()
    with pytest.raises(BusUnavailable):
        await bus.producer.publish(TOPIC, [record(1)])
    left_behind = [task for task in asyncio.all_tasks() if "aiokafka" in repr(task.get_coro())]
    assert left_behind == []
    broker.come_up()
    async with reading(bus, home) as reader:
        assert await reader.high_watermark() == 1


async def test_publishing_nothing_touches_nothing(settings: KafkaSettings) -> None:
    crossed: list[str] = []
    idle = KafkaBus(settings, incarnation="x", boundary=crossed.append)
    await idle.producer.publish(TOPIC, [])
    assert crossed == []
    await idle.close()


async def test_the_boundary_stands_on_both_sides_of_a_publish(settings: KafkaSettings) -> None:
    crossed: list[Any] = []
    watched = KafkaBus(settings, incarnation="x", boundary=crossed.append)
    try:
        await watched.producer.publish(TOPIC, [record(1)])
        assert crossed == ["publish", "publish"]
    finally:
        await watched.close()


async def test_the_incarnation_is_the_callers_or_the_clusters(settings: KafkaSettings, bus: KafkaBus) -> None:
    assert bus.incarnation == "test-1"
    plain = KafkaBus(settings)
    with pytest.raises(BusUnavailable):
        _ = plain.incarnation
    await plain.start()
    assert plain.incarnation.startswith("mockCluster")  # the name librdkafka's mock gives itself
    await plain.close()


async def test_partitions_are_those_created(bus: KafkaBus) -> None:
    assert await bus.partitions(TOPIC) == [0, 1, 2, 3]


async def test_many_batches_of_many_keys_keep_each_keys_order(bus: KafkaBus) -> None:
    keys = [b"key %d" % number for number in range(7)]
    published = [Record(key=keys[number % 7], value=b"%6d" % number + b"x" * 3000) for number in range(700)]
    await bus.producer.publish(TOPIC, published)  # 2 MB: several batches in some partition
    found: list[Record] = []
    for partition in await bus.partitions(TOPIC):
        async with reading(bus, partition) as reader:
            count = await reader.high_watermark()
            found += await fetch(reader, 0, at_least=count) if count else []
    for key in keys:
        assert [item.value for item in found if item.key == key] == [
            item.value for item in published if item.key == key
        ]


@pytest.mark.parametrize(
    ("key", "murmur2"),
    # the hashes that Kafka asserts for its Java client: UtilsTest.testMurmur2
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
async def test_a_key_lives_where_every_other_client_puts_it(bus: KafkaBus, key: bytes, murmur2: int) -> None:
    assert await home_of(bus, key) == (murmur2 & 0x7FFFFFFF) % 4
