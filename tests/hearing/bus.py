"""A broker in a list: what the port promises, and the faults a test asks for."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from gateway.domain.errors import BusUnavailable
from gateway.ports.bus import OffsetGone, Record


@dataclass(slots=True, kw_only=True)
class MemoryBus:
    """One log a partition and everything that was published, in order."""

    incarnation: str = "memory-1"
    logs: dict[int, list[Record]] = field(default_factory=dict)
    first: int = 0
    published: list[Record] = field(default_factory=list)
    down: bool = False
    after_publish: Callable[[], Awaitable[None]] | None = None
    after_fetch: Callable[[], Awaitable[None]] | None = None

    def put(self, record: Record, partition: int = 0) -> None:
        log = self.logs.setdefault(partition, [])
        log.append(
            Record(key=record.key, value=record.value, headers=record.headers, partition=partition, offset=len(log))
        )

    async def partitions(self, topic: str) -> list[int]:
        return sorted(self.logs)

    def reader(self, topic: str, partition: int) -> "MemoryReader":
        return MemoryReader(bus=self, partition=partition)

    @property
    def producer(self) -> "MemoryBus":
        return self

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        if self.down:
            raise BusUnavailable("the broker is down")
        self.published += records
        if self.after_publish is not None:
            await self.after_publish()


@dataclass(slots=True, kw_only=True)
class MemoryReader:
    """Reads one log from where it is told."""

    bus: MemoryBus
    partition: int

    async def fetch(self, offset: int, *, max_records: int, timeout_seconds: float) -> list[Record]:
        log = self.bus.logs.get(self.partition, [])
        if self.bus.down:
            raise BusUnavailable("the broker is down")
        if not self.bus.first <= offset <= len(log):
            raise OffsetGone(f"offset {offset} is not there")
        records = log[offset : offset + max_records]
        if self.bus.after_fetch is not None:
            await self.bus.after_fetch()
        return records

    async def high_watermark(self) -> int:
        return len(self.bus.logs.get(self.partition, []))

    async def close(self) -> None:
        """Nothing to give back."""
