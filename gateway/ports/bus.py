"""Kafka as the services see it. Offsets live in PostgreSQL; the broker is never asked what was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

BANK_MESSAGES = "gateway.bank-messages.v1"
OUTCOMES = "gateway.outcomes.v1"
ORDERS = "gateway.orders.v1"
STOPS = "gateway.stops.v1"
TOPICS: Mapping[str, int] = MappingProxyType({BANK_MESSAGES: 16, OUTCOMES: 16, ORDERS: 4, STOPS: 1})
"""Every topic with its partitions. Notices are few and come one after the other: one partition keeps their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record to publish, or as it was read: then `partition` and `offset` are set."""

    key: bytes
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    partition: int = -1
    offset: int = -1


class OffsetGone(Exception):
    """The log no longer holds (or never held) the offset asked for."""


class Producer(Protocol):
    """Publishes and waits for every acknowledgement."""

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Return when all records are acknowledged by all replicas.

        Raises BusUnavailable when any is not; some may be there then. Records with one key stay in the order given.
        `partition` and `offset` of a record are not looked at.
        """
        ...


class PartitionReader(Protocol):
    """Reads one partition from where it is told. Any error is final for this reader: make a new one and seek."""

    async def fetch(self, offset: int, *, max_records: int, timeout_seconds: float) -> list[Record]:
        """Return the records from `offset` on, in order, without a gap; empty when there are none yet.

        Raises OffsetGone, Unreadable where no retry makes a record readable, or BusUnavailable for everything else:
        then close this reader and open another.
        """
        ...

    async def high_watermark(self) -> int:
        """Return the offset after the last record. Raises BusUnavailable: then this reader is finished too."""
        ...

    async def close(self) -> None:
        """Stop within a bounded time."""
        ...


class Bus(Protocol):
    """A broker. `incarnation` names this life of its logs: offsets of another incarnation mean nothing here."""

    @property
    def incarnation(self) -> str: ...

    async def partitions(self, topic: str) -> list[int]:
        """Return the partitions of a topic, ascending. Raises BusUnavailable when the broker does not name it."""
        ...

    def reader(self, topic: str, partition: int) -> PartitionReader:
        """Make a reader by `assign`, never by `subscribe`."""
        ...

    @property
    def producer(self) -> Producer: ...
