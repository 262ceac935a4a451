"""Steps that receive, read and tell, on Apache Kafka itself and a database of their own.

The broker is the same for the whole run, so each test begins where the topic ends when it begins.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka.partitioner import DefaultPartitioner

from gateway.bus.claims import ClaimFolder
from gateway.bus.kafka import KafkaBus
from gateway.bus.settings import KafkaSettings
from gateway.ports.bus import BANK_MESSAGES, TOPICS, Record
from gateway.runtime.door import bank_door
from gateway.sandbox import Edge, KafkaPublisher
from gateway.sandbox.books import Answer
from gateway.service.partitions import LEASE
from gateway.service.receive import Door, Receive
from gateway.store.postgres import PostgresStore
from tests.clock import StillClock
from tests.kafka_broker import KafkaBroker, kafka_broker

__all__ = ["kafka_broker"]  # a fixture by being here

BANK, KEY = "alfa", b"the key of the bank edge"
PARTITIONS = 16
PATIENCE_SECONDS = 90
"""Only so that a test that hangs ends."""


@dataclass(slots=True, kw_only=True)
class Line:
    """One bank's line: its edge at one end, the database at the other. `start` is where the topic ended before."""

    bus: KafkaBus
    store: PostgresStore
    url: str
    root: Path
    partition: int
    clock: StillClock
    start: int = 0

    @property
    def door(self) -> Door:
        return bank_door({BANK: KEY}, ClaimFolder(self.root, limit=1 << 20))

    def letter(self, content: bytes, *, key: bytes = KEY, copy: int = 1) -> Record:
        """The record that a bank edge writes, which is the sandbox's and not ours."""
        edge = Edge(key=key, root=self.root, publisher=KafkaPublisher("nowhere"))
        digest, due = sha256(content).hexdigest(), datetime(2026, 9, 21, tzinfo=UTC)
        answer = Answer(id=1, name="m", suffix="xml", digest=digest, copy=copy, content=content, due=due)
        envelope = edge.envelope(BANK, answer)
        headers = {name: value.decode() for name, value in envelope.headers}
        return Record(key=envelope.key, value=envelope.value, headers=headers)

    def letters(self, numbers: Iterable[int]) -> list[Record]:
        return [self.letter(content(number)) for number in numbers]

    async def publish(self, records: Sequence[Record]) -> None:
        await self.bus.producer.publish(BANK_MESSAGES, records)

    def receiver(self, worker: str, **parts: Any) -> Receive:
        """The step of one worker on this line's partition."""
        usual: dict[str, Any] = {"store": self.store, "clock": self.clock, "bus": self.bus, "door": self.door}
        usual |= {"partition": self.partition, "worker": worker, "patience_seconds": 0.2}
        return Receive(**(usual | parts))

    def lease_ends(self) -> None:
        self.clock.advance(LEASE.total_seconds() + 1)

    async def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *args)]
        finally:
            await connection.close()

    async def stored(self) -> list[tuple[int, bytes]]:
        """Offset from the start and digest of each stored message, in the order in which they were stored."""
        rows = await self.rows("SELECT (origin ->> 'offset')::bigint, digest FROM bank_message ORDER BY message_no")
        return [(offset - self.start, digest) for offset, digest in rows]

    async def dead(self) -> list[tuple[int, str]]:
        rows = await self.rows('SELECT "offset", rule FROM dead_letter ORDER BY "offset"')
        return [(offset - self.start, rule) for offset, rule in rows]

    async def lease(self) -> tuple[str, int, int, str | None]:
        """Owner, epoch, how far it came from the start, and why it stopped."""
        [(owner, epoch, offset, stopped)] = await self.rows(
            "SELECT owner, epoch, next_offset, stopped FROM partition_lease WHERE partition = $1", self.partition
        )
        return owner, epoch, offset - self.start, stopped

    async def came(self) -> int:
        return (await self.lease())[2]

    async def receive(self, step: Receive, through: int) -> None:
        """Run a step until the line was received through this many records."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.came() < through:
                await step.run_once()
        assert await self.came() == through


def content(number: int) -> bytes:
    return b"<Message>%d</Message>" % number


def expected(numbers: Iterable[int]) -> list[tuple[int, bytes]]:
    """What is stored of messages that were published in this order from the start."""
    return [(offset, sha256(content(number)).digest()) for offset, number in enumerate(numbers)]


@dataclass(slots=True, kw_only=True)
class Hold:
    """A door that lets nobody through until it is told to: whoever waits there has fetched and not yet stored."""

    door: Door
    reached: asyncio.Event
    opened: asyncio.Event

    @staticmethod
    def of(door: Door) -> "Hold":
        return Hold(door=door, reached=asyncio.Event(), opened=asyncio.Event())

    async def __call__(self, record: Record) -> Any:
        self.reached.set()
        await self.opened.wait()
        return await self.door(record)


@pytest.fixture
def topics(kafka_broker: KafkaBroker) -> KafkaSettings:
    """The gateway's topics as an operator creates them, and how to reach them."""
    kafka_broker.create_topics(TOPICS)
    return KafkaSettings(
        bootstrap=kafka_broker.bootstrap, fetch_wait=0.05, publish_patience=5.0, stop_patience=1.0, stall=2.0
    )


@asynccontextmanager
async def connected(settings: KafkaSettings) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(settings)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


async def end_of(bus: KafkaBus, topic: str, partition: int) -> int:
    reader = bus.reader(topic, partition)
    try:
        return await reader.high_watermark()
    finally:
        await reader.close()


@pytest.fixture
async def line(topics: KafkaSettings, store: PostgresStore, database_url: str, tmp_path: Path) -> AsyncIterator[Line]:
    numbers = list(range(PARTITIONS))
    partition: int = DefaultPartitioner()(BANK.encode(), numbers, numbers)
    async with connected(topics) as bus:
        parts = Line(bus=bus, store=store, url=database_url, root=tmp_path, partition=partition, clock=StillClock())
        start = await end_of(bus, BANK_MESSAGES, partition)
        await parts.rows(
            "INSERT INTO partition_lease (incarnation, topic, partition, next_offset) VALUES ($1, $2, $3, $4)",
            *(bus.incarnation, BANK_MESSAGES, partition, start),
        )
        yield replace(parts, start=start)
