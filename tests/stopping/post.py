"""A benefits system that writes to topics, and the gateway that reads them step by step."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from gateway.bus.kafka import KafkaBus
from gateway.bus.source_events import source_event
from gateway.ports.bus import ORDERS, STOPS, Record
from gateway.runtime.loops import Loop
from gateway.service.intake import ChunkAnswer, Intake
from gateway.service.look import Look, TopicRow
from tests.hearing.bus import MemoryBus
from tests.orders import PAY_DATE, line
from tests.scenario import SOURCE, Scene, opened


@dataclass(slots=True, kw_only=True)
class Post:
    """One source's way in over Kafka; each topic has a log of its own."""

    scene: Scene
    orders: MemoryBus = field(default_factory=MemoryBus)
    stops: MemoryBus = field(default_factory=MemoryBus)
    loops: list[Loop] = field(default_factory=list)
    numbers: Iterable[int] = field(default_factory=lambda: count(1))

    @property
    def intake(self) -> Intake:
        gateway = self.scene.gateway
        return Intake(store=gateway.store, clock=self.scene.clock, catalogue=gateway.configuration.catalogue)

    async def open(self, batch: str = "B-1") -> None:
        await self.scene.batches.open(source=SOURCE, batch_id=batch, programme="STA", pay_date=PAY_DATE, by="benefits")

    async def close(self, batch: str = "B-1") -> Any:
        return await self.scene.batches.close(source=SOURCE, batch_id=batch, by="benefits")

    async def push(self, orders: Sequence[dict[str, Any]], batch: str = "B-1") -> ChunkAnswer:
        """Push over REST."""
        return await self.intake.append(source=SOURCE, batch_id=batch, lines=[line(o) for o in orders])

    def record(self, topic: str, content: bytes, *, subject: str = "", event_id: str = "", **headers: str) -> Record:
        """The record of an event as the source writes it; `headers` replace or add."""
        written = source_event(
            topic,
            SOURCE,
            content,
            event_id=event_id or f"e-{next(iter(self.numbers))}",
            at=self.scene.clock.now(),
            secret=self.scene.gateway.source_secrets[SOURCE],
            subject=subject,
        )
        return Record(key=written.key, value=written.value, headers={**written.headers, **headers})

    def write_order(self, order: dict[str, Any] | bytes, batch: str = "B-1", partition: int = 0) -> None:
        self.orders.put(self.order_record(order, batch), partition)

    def order_record(self, order: dict[str, Any] | bytes, batch: str = "B-1", **headers: str) -> Record:
        content = order if isinstance(order, bytes) else line(order)
        return self.record(ORDERS, content, subject=batch, **headers)

    def write_notice(self, notice: Mapping[str, Any] | bytes, event_id: str = "", **headers: str) -> None:
        content = notice if isinstance(notice, bytes) else json.dumps(notice).encode()
        self.stops.put(self.record(STOPS, content, event_id=event_id, **headers))

    def step(self, topic: str, partition: int = 0) -> Any:
        """The step that reads a partition; the same one each time."""
        if not self.loops:
            for name, bus in ((ORDERS, self.orders), (STOPS, self.stops)):
                partitions = {name: [0, 1] if name == ORDERS else [0]}
                self.loops += self.scene.gateway.hearing_sources(cast("KafkaBus", bus), partitions)
        return next(x.step for x in self.loops if (x.step.topic, x.step.partition) == (topic, partition))  # type: ignore[attr-defined]

    async def hear(self, topic: str, partition: int = 0) -> None:
        """Read a partition to its end."""
        while await self.step(topic, partition).run_once():
            pass

    async def dead(self) -> list[tuple[int, str]]:
        rows = await self.scene.rows('SELECT "offset", rule FROM dead_letter ORDER BY "offset"')
        return [(offset, rule) for offset, rule in rows]

    async def topic(self, name: str) -> TopicRow:
        return next(row for row in await Look(store=self.scene.gateway.store).topics() if row.topic == name)

    async def came(self, name: str) -> tuple[int, int, int]:
        """How many records of a topic were stored, the same again and dead; nothing was lost."""
        row = await self.topic(name)
        assert (row.unaccounted, row.unlettered) == (0, 0)
        assert row.records == row.stored + row.same_again + row.dead
        return row.stored, row.same_again, row.dead


@asynccontextmanager
async def posting(scene: Scene) -> AsyncIterator[Post]:
    post = Post(scene=scene)
    yield post
    for loop in post.loops:
        if loop.close is not None:
            await loop.close()


@asynccontextmanager
async def another_worker(post: Post) -> AsyncIterator[Post]:
    """A second worker on the same database, logs and clock."""
    async with opened(post.scene.url, post.scene.root, banks=["alfa"], worker="w2") as scene, posting(scene) as other:
        other.orders, other.stops = post.orders, post.stops
        object.__setattr__(scene.gateway, "clock", post.scene.clock)
        scene.clock = post.scene.clock
        yield other
