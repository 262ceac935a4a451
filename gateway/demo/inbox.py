"""What the benefits system hears: outcome events from Kafka, at least once, the highest number of an order counting."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

TOPIC = "gateway.outcomes.v1"
_FETCH_MILLISECONDS = 100

Event = Mapping[str, Any]


class Inbox:
    """Reads all partitions of the outcome topic from their beginning, with a client of its own."""

    def __init__(self, bootstrap: str, partitions: int) -> None:
        self._bootstrap = bootstrap
        self._partitions = [TopicPartition(TOPIC, number) for number in range(partitions)]
        self.events: dict[tuple[str, int], Event] = {}
        self.repeated = 0
        self._heard = asyncio.Event()
        self._client: Any = None
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        client = self._client = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_MILLISECONDS,
        )
        await client.start()
        client.assign(self._partitions)
        await client.seek_to_beginning(*self._partitions)
        self._reading = asyncio.create_task(self._read(client), name="inbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        if self._client is not None:
            await self._client.stop()

    def take(self, event: Event) -> None:
        """Keep an event; the same again is only counted."""
        key = (event["orderId"], event["outcomeNo"])
        self.repeated += key in self.events
        self.events[key] = event
        self._heard.set()

    async def until(self, count: int, *, seconds: float) -> None:
        """Wait until that many events were heard, but no longer than `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self.events) < count:
                    self._heard.clear()
                    await self._heard.wait()

    def all(self) -> list[Event]:
        """Return every event once, by order id and number."""
        return [self.events[key] for key in sorted(self.events)]

    def latest(self) -> dict[str, Event]:
        """Return by order id what holds now: the event with the highest number."""
        return {event["orderId"]: event for event in self.all()}

    async def _read(self, client: Any) -> None:
        while True:
            answer = await client.getmany(timeout_ms=_FETCH_MILLISECONDS)
            for messages in answer.values():
                for message in messages:
                    self.take(json.loads(message.value))
