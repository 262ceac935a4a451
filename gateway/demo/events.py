"""What the benefits system writes to Kafka: orders into an open batch, and notices that stop several things at once."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from gateway.bus.kafka import KafkaBus
from gateway.bus.source_events import source_event
from gateway.demo.orders import DemoOrder
from gateway.demo.stopping import DemoStop
from gateway.ports.bus import ORDERS, STOPS, Record
from gateway.runtime.assembly import Gateway
from gateway.runtime.loops import Bell
from gateway.runtime.serve import work
from gateway.runtime.sources import source_partitions
from gateway.service.look import Look, TopicRow

_LOOK_SECONDS = 0.01


@dataclass(slots=True, kw_only=True)
class SourceEvents:
    """Writes events as one source. `published` counts records by topic."""

    gateway: Gateway
    bus: KafkaBus
    source: str
    published: Counter[str] = field(default_factory=Counter)

    async def write_orders(self, batch_id: str, orders: Sequence[DemoOrder]) -> None:
        """Write orders into an open batch."""
        records = [self._event(ORDERS, o.line(), f"{batch_id}/{o.order_id}", subject=batch_id) for o in orders]
        await self._publish(ORDERS, records)

    async def write_notices(self, stops: Sequence[DemoStop]) -> None:
        """Write a notice for each stop."""
        await self._publish(
            STOPS, [self._event(STOPS, _notice(stop), f"notice-{n}") for n, stop in enumerate(stops, start=1)]
        )

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Let the gateway read the sources' topics while the context lasts, and on until it read all of them."""
        partitions = await source_partitions(self.bus, self.gateway.source_secrets)
        loops = self.gateway.hearing_sources(self.bus, partitions)
        reading = asyncio.create_task(work(loops, Bell(), self.gateway.metrics), name="sources")
        try:
            yield
            while await self._behind() and not reading.done():  # noqa: ASYNC110 - being done is looked at, not announced
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def topics(self) -> list[TopicRow]:
        """Return what became of every record of every topic that the gateway reads."""
        return await Look(store=self.gateway.store).topics()

    async def _behind(self) -> bool:
        read = {row.topic: row.records for row in await self.topics()}
        return any(read.get(topic, 0) < records for topic, records in self.published.items())

    async def _publish(self, topic: str, records: Sequence[Record]) -> None:
        await self.bus.producer.publish(topic, records)
        self.published[topic] += len(records)

    def _event(self, topic: str, content: bytes, event_id: str, *, subject: str = "") -> Record:
        secret, at = self.gateway.source_secrets[self.source], self.gateway.clock.now()
        return source_event(
            topic, self.source, content, event_id=event_id, at=at, secret=secret, subject=subject, key=event_id
        )


def _notice(stop: DemoStop) -> bytes:
    subjects = [{"kind": kind, "value": value} for kind, value in stop.subjects]
    return json.dumps({"notice": stop.reason, "reason": f"notice: {stop.reason}", "subjects": subjects}).encode()
