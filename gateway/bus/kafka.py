"""The port `gateway.ports.bus` over aiokafka 0.14.

What is not trusted there, and therefore not used: consumer groups, transactions, `async for`, committed offsets, and
any producer that has failed once (aiokafka #1017: it may answer OutOfOrderSequenceNumber until the process ends).
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from gateway.bus.admin import cluster_id
from gateway.bus.closing import ended
from gateway.bus.reader import KafkaReader
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import BusUnavailable
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.bus import Record

BATCH_BYTES = 256 * 1024
"""Largest batch of one partition: well under a broker's usual limit of 1 MiB."""

_partition_of = DefaultPartitioner()
"""murmur2 of the key, as the Java client does it."""


class KafkaProducer:
    """An idempotent producer with acks=all that is thrown away at its first error and made anew."""

    def __init__(self, settings: KafkaSettings, boundary: Boundary) -> None:
        self._settings = settings
        self._boundary = boundary
        self._client: Any = None
        self._opening = asyncio.Lock()

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Return when every record is acknowledged. Raises BusUnavailable; some may be there then."""
        if not records:
            return
        client = await self._opened()
        self._boundary("publish")
        try:
            # An idempotent aiokafka producer retries for ever by itself: the limit is ours.
            async with asyncio.timeout(self._settings.publish_patience):
                await _send_all(client, topic, records)
        except (KafkaError, OSError, TimeoutError) as error:
            await self._abandon(client)
            raise BusUnavailable(f"publishing to {topic} failed: {type(error).__name__}") from error
        self._boundary("publish")

    async def partitions(self, topic: str) -> list[int]:
        """Return the partitions of a topic, ascending. Raises BusUnavailable."""
        client = await self._opened()
        try:
            return sorted(await client.partitions_for(topic))
        except (KafkaError, OSError, TimeoutError) as error:
            raise BusUnavailable(f"Kafka does not name topic {topic}: {type(error).__name__}") from error

    async def close(self) -> None:
        """Stop within `stop_patience`."""
        if self._client is not None:
            await self._abandon(self._client)

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                self._client = await self._open()
            return self._client

    async def _open(self) -> Any:
        client = AIOKafkaProducer(
            **self._settings.client(),
            enable_idempotence=True,
            acks="all",
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=round(self._settings.publish_patience * 1000),
        )
        try:
            await client.start()
        except (KafkaError, OSError, TimeoutError) as error:
            await client.stop()
            raise BusUnavailable(f"no Kafka at the bootstrap servers: {type(error).__name__}") from error
        return client

    async def _abandon(self, client: Any) -> None:
        """Stop a client; one that cannot flush is torn down, so that it can never publish later what it still holds."""
        if self._client is client:
            self._client = None
        patience = self._settings.stop_patience
        if not await ended(client.stop(), patience):
            await ended(client._sender.close(), patience)  # noqa: SLF001 - stop() gave up before it came to this
            await ended(client.client.close(), patience)


async def _send_all(client: Any, topic: str, records: Sequence[Record]) -> None:
    """Hand all records to the client, then wait for each batch. Raises the first failure after all have ended."""
    pending: list[asyncio.Future[Any]] = []
    try:
        for partition, batch in _batches(client, sorted(await client.partitions_for(topic)), records):
            pending.append(await client.send_batch(batch, topic, partition=partition))
        await asyncio.wait(pending)
    finally:
        for future in pending:
            future.add_done_callback(_looked_at)
    for future in pending:
        future.result()


def _batches(client: Any, partitions: list[int], records: Iterable[Record]) -> Iterator[tuple[int, Any]]:
    """Fill batches partition by partition, by key as every Kafka client does.

    Several times cheaper than a future a record: 8 instead of 20 microseconds.
    """
    filling: dict[int, Any] = {}
    for record in records:
        partition = _partition_of(record.key, partitions, partitions)
        batch = filling.get(partition)
        if batch is None or not _fits(batch, record):
            if batch is not None:
                yield partition, batch
            batch = filling[partition] = client.create_batch()
            _fits(batch, record)  # the first record always fits; the broker judges its size
    yield from filling.items()


def _fits(batch: Any, record: Record) -> bool:
    headers = [(name, text.encode()) for name, text in record.headers.items()]
    return batch.append(timestamp=None, key=record.key, value=record.value, headers=headers) is not None


def _looked_at(future: asyncio.Future[Any]) -> None:
    """Take note of an exception nobody waits for any more; asyncio would report it as forgotten."""
    if not future.cancelled():
        future.exception()


class KafkaBus:
    """A cluster. `incarnation` is the cluster's id, or what the caller says of an embedded broker."""

    def __init__(self, settings: KafkaSettings, *, incarnation: str = "", boundary: Boundary = unbounded) -> None:
        self._settings = settings
        self._incarnation = incarnation
        self._producer = KafkaProducer(settings, boundary)

    async def start(self) -> None:
        """Learn which cluster this is. Raises BusUnavailable."""
        if not self._incarnation:
            self._incarnation = await cluster_id(self._settings)

    @property
    def incarnation(self) -> str:
        """The life of the logs that offsets belong to. Raises BusUnavailable before `start`."""
        if not self._incarnation:
            raise BusUnavailable("the cluster has not been asked for its id yet")
        return self._incarnation

    @property
    def producer(self) -> KafkaProducer:
        """The one producer of this process; safe to use from several tasks."""
        return self._producer

    async def partitions(self, topic: str) -> list[int]:
        """Return the partitions of a topic, ascending. Raises BusUnavailable."""
        return await self._producer.partitions(topic)

    def reader(self, topic: str, partition: int) -> KafkaReader:
        """Make a reader of one partition; it connects at its first use."""
        return KafkaReader(self._settings, topic, partition)

    async def close(self) -> None:
        """Stop the producer; readers are closed by those who made them."""
        await self._producer.close()
