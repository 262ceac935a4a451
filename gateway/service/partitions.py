"""Reading a topic exactly once: what a record brought commits with the partition's offset, or not at all.

A partition belongs to a worker by a lease row. The offset moves by compare-and-set in the transaction of what its
records became: who lost the lease stores nothing, and a broker that repeats or forgets cannot make us do so. Every
offset is accounted for: stored, the same again, or a dead letter. A record that nothing can be made of is a dead
letter, never a partition that is stuck.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar

from gateway.domain.errors import BusUnavailable, GatewayError, LeaseLost, StoreBusy, StoreDown, Unstorable
from gateway.ports.bus import BANK_MESSAGES, Bus, OffsetGone, PartitionReader, Record
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.exceptions import Trouble, raise_exceptions

LEASE = timedelta(seconds=30)
RENEWALS = 3
"""How often a lease is renewed while it lasts."""
RECORDS = 200
"""Records stored in one transaction, so that a group of small records shares one commit."""
SAME_ERROR_MAX = 3
BETWEEN_TRIES = timedelta(seconds=10)
"""What was announced may be a moment late."""
LAG_SECONDS = 10.0
"""How often the broker is asked where its log ends: only a metric hangs on it."""
UNSTORABLE = "record.unstorable"
DISABLED = "bank.disabled"
"""The rule under which records of a bank wait whose profile cannot be used; an alert tells of the bank, once."""
STOPPED = "partition stopped"
"""The kind of exception; one for each time that it stops."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Our hold on a partition."""

    epoch: int
    next_offset: int


def stopped_key(incarnation: str, topic: str, partition: int, epoch: int) -> str:
    """Return the key of the exception about a partition that was stopped under this epoch."""
    return f"{incarnation}/{topic}/{partition}/{epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What became of the records of one transaction; together they are all of them."""

    stored: int = 0
    same: int = 0
    dead: int = 0


@dataclass(slots=True, kw_only=True)
class ReadPartition(ABC, Generic[T]):
    """Step: take the records of one partition. Holds the partition's reader between steps.

    A topic says what its records are opened to (`_open`, outside any transaction) and how that is kept.
    """

    name: ClassVar[str]
    topic: ClassVar[str]

    store: Store
    clock: Clock
    bus: Bus
    partition: int
    worker: str
    patience_seconds: float = 0.0
    records_max: int = RECORDS
    lease: timedelta = LEASE
    meter: Meter = no_meter
    _reader: PartitionReader | None = field(default=None, init=False)
    _held: Lease | None = field(default=None, init=False)
    _renew_at: datetime | None = field(default=None, init=False)
    _lag_due_seconds: float = field(default=0.0, init=False)
    _again_at: datetime | None = field(default=None, init=False)

    @abstractmethod
    async def _open(self, records: Sequence[Record]) -> T:
        """Look at the records before the transaction. Raises only for what may pass by itself."""

    @abstractmethod
    async def _keep(self, session: Session, now: datetime, records: Sequence[Record], opened: T) -> Came:
        """Store what the records are, in the transaction that moves the offset behind them."""

    @abstractmethod
    def _tell(self, opened: T, came: Came) -> None:
        """Tell of what was committed, beyond what is counted of every topic."""

    def _count(self, came: Came) -> None:
        for result, records in (("stored", came.stored), ("same again", came.same), ("dead letter", came.dead)):
            if records:
                self.meter.count("gateway_records_total", records, topic=self.topic, result=result)

    def _tell_lag(self, records: int | None) -> None:
        self.meter.show("gateway_source_lag_records", records, topic=self.topic, partition=str(self.partition))

    async def run_once(self) -> bool:
        if self._again_at is not None and self.clock.now() < self._again_at:
            return False
        lease = await self._lease()
        if lease is None:
            await self.release()
            return False
        try:
            records = await self._fetch(lease)
            if records:
                lease = await self._store(lease, records)
        except BusUnavailable as error:
            await self.release()
            self.meter.count("gateway_step_failures_total", 1, step=self.name, error=type(error).__name__)
            return False
        except LeaseLost:
            await self.release()
            return False
        except OffsetGone as error:
            await self._stop(lease, f"offset out of range: {error}")
            return False
        except (StoreBusy, StoreDown):  # not the record's fault: it must not count against it
            await self.release()
            raise
        except GatewayError as error:
            await self._failed(self._held or lease, type(error).__name__)
            return False
        await self._show_lag(lease.next_offset)
        return bool(records)

    async def release(self) -> None:
        """Close the reader and forget the lease; it runs out by itself or is renewed by the next step."""
        self._held = None
        if self._reader is not None:
            reader, self._reader = self._reader, None
            self._lag_due_seconds = 0.0
            self._tell_lag(None)
            await reader.close()

    async def _lease(self) -> Lease | None:
        """Return the lease we hold, renewed when a third of it has passed: an idle partition costs no commit a look.

        Should it have been taken from us meanwhile, the compare-and-set of the offset says so before we store anything.
        """
        now = self.clock.now()
        if self._held is None or self._renew_at is None or now >= self._renew_at:
            async with self.store.transaction() as session:
                await session.execute("receive.know", *self._key())
                terms = (*self._key(), self.worker, now, now + self.lease)
                self._held = await session.one(Lease, "receive.lease", *terms)
            self._renew_at = now + self.lease / RENEWALS
        return self._held

    def _key(self) -> tuple[str, str, int]:
        return self.bus.incarnation, self.topic, self.partition

    async def _fetch(self, lease: Lease) -> list[Record]:
        if self._reader is None:
            self._reader = self.bus.reader(self.topic, self.partition)
        return await self._reader.fetch(
            lease.next_offset, max_records=self.records_max, timeout_seconds=self.patience_seconds
        )

    async def _store(self, lease: Lease, records: Sequence[Record]) -> Lease:
        """Store the records together, or one by one where one of them holds what no column does."""
        opened = await self._open(records)
        try:
            return await self._commit(lease, records, opened)
        except Unstorable:
            if len(records) == 1:
                return await self._commit(lease, records, None)
        for record in records:
            lease = await self._store(lease, [record])
        return lease

    async def _commit(self, lease: Lease, records: Sequence[Record], opened: T | None) -> Lease:
        """Move the offset behind the records and keep what they are; without `opened` they are dead letters."""
        now, after = self.clock.now(), records[-1].offset + 1
        async with self.store.transaction() as session:
            moved = await session.execute(
                "receive.advance", *self._key(), self.worker, lease.epoch, lease.next_offset, after
            )
            if not moved:
                raise LeaseLost("the partition is read by another worker now")
            if opened is None:
                came = await self._bury(session, now, [(record, UNSTORABLE) for record in records])
            else:
                came = await self._keep(session, now, records, opened)
            counts = (came.stored, came.same, came.dead)
            await session.execute("receive.account", *self._key(), lease.next_offset, after - 1, *counts, now)
        self._held = Lease(epoch=lease.epoch, next_offset=after)
        self._count(came)
        if opened is not None:
            self._tell(opened, came)
        return self._held

    async def _bury(self, session: Session, now: datetime, letters: Sequence[tuple[Record, str]]) -> Came:
        """Keep records as dead letters with the rule each breaks; each needs a person, unless it only waits."""
        for record, rule in letters:
            headers = dict(record.headers)
            await session.execute("receive.dead_letter", *self._key(), record.offset, rule, record.value, headers, now)
        troubles = [
            Trouble(
                kind="dead letter",
                key="/".join(map(str, (*self._key(), record.offset))),
                detail={"rule": rule, "topic": self.topic},
            )
            for record, rule in letters
            if rule != DISABLED
        ]
        await raise_exceptions(session, now, troubles)
        return Came(dead=len(letters))

    async def _show_lag(self, next_offset: int) -> None:
        """Show how many records of the partition wait; the holder of the lease alone knows."""
        now = self.clock.monotonic()
        if self._reader is None or now < self._lag_due_seconds:
            return
        try:
            lag = max(await self._reader.high_watermark() - next_offset, 0)
        except BusUnavailable:  # what was stored stays stored; the next step opens another reader
            await self.release()
            return
        self._lag_due_seconds = now + LAG_SECONDS
        self._tell_lag(lag)

    async def _failed(self, lease: Lease, what: str) -> None:
        """Count the same error at the same offset and wait a moment; the third time the partition stops and pages."""
        await self.release()
        self._again_at = self.clock.now() + BETWEEN_TRIES
        async with self.store.transaction() as session:
            failures = await session.value("receive.failed", *self._key(), self.worker, lease.epoch, lease.next_offset)
        if failures is not None and failures >= SAME_ERROR_MAX:
            await self._stop(lease, f"{what}, {failures} times at offset {lease.next_offset}")

    async def _stop(self, lease: Lease, why: str) -> None:
        await self.release()
        now, key = self.clock.now(), stopped_key(*self._key(), lease.epoch)
        async with self.store.transaction() as session:
            if await session.execute("receive.stop", *self._key(), self.worker, lease.epoch, why):
                await raise_exceptions(session, now, [Trouble(kind=STOPPED, key=key, detail={"why": why})])


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Step: say that this worker lives, and give up partitions beyond an even share among those that do."""

    store: Store
    clock: Clock
    bus: Bus
    worker: str
    lease: timedelta = LEASE
    topics: Sequence[str] = (BANK_MESSAGES,)

    async def run_once(self) -> bool:
        now = self.clock.now()
        async with self.store.transaction() as session:
            await session.execute("receive.live", self.worker, now + self.lease)
            for topic in self.topics:
                await session.execute("receive.give_up_surplus", self.bus.incarnation, topic, self.worker, now)
        return False

    async def leave(self) -> None:
        """Give up every partition and lane at once, that others need not wait for the leases to end."""
        with suppress(StoreBusy, StoreDown):  # then they wait
            async with self.store.transaction() as session:
                await session.execute("receive.leave", self.worker)
