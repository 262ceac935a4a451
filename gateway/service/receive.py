"""Receive: every record of the bank-message topic becomes a stored message, or a dead letter, exactly once.

A partition belongs to a worker by a lease row. The offset moves by compare-and-set in the transaction of the inbox row:
who lost the lease stores nothing, and a broker that repeats or forgets cannot make us do so.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from gateway.domain.errors import BusUnavailable, GatewayError, LeaseLost, StoreBusy, StoreDown
from gateway.ports.bus import BANK_MESSAGES, Bus, OffsetGone, PartitionReader, Record
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.press import PIECE

LEASE = timedelta(seconds=30)
RENEWALS = 3
"""How often a lease is renewed while it lasts."""
RECORDS = 200
"""Records stored in one transaction, so that a group of small messages shares one commit."""
SAME_ERROR_MAX = 3
BETWEEN_TRIES = timedelta(seconds=10)
"""A file that was announced may be a moment late."""
LAG_SECONDS = 10.0
"""How often the broker is asked where its log ends: only a metric hangs on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A record as the door understood it: an authenticated message of a bank, or the rule that it breaks."""

    bank: str = ""
    content: bytes = b""
    channel: str = ""
    broken_rule: str | None = None


Door = Callable[[Record], Awaitable[Letter]]
"""Opens a record: checks signature and digest, fetches what is referenced. Raises only for what may pass by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Our hold on a partition."""

    epoch: int
    next_offset: int


@dataclass(slots=True, kw_only=True)
class Receive:
    """Step: receive from one partition. Holds the partition's reader between steps."""

    store: Store
    clock: Clock
    bus: Bus
    door: Door
    partition: int
    worker: str
    patience_seconds: float = 0.0
    lease: timedelta = LEASE
    meter: Meter = no_meter
    _reader: PartitionReader | None = field(default=None, init=False)
    _held: Lease | None = field(default=None, init=False)
    _renew_at: datetime | None = field(default=None, init=False)
    _lag_due_seconds: float = field(default=0.0, init=False)
    _again_at: datetime | None = field(default=None, init=False)

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
                await self._store(lease, records)
        except BusUnavailable as error:
            await self.release()
            self.meter.count("gateway_step_failures_total", 1, step="receive", error=type(error).__name__)
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
            await self._failed(lease, type(error).__name__)
            return False
        await self._show_lag(lease.next_offset + len(records))
        return bool(records)

    async def release(self) -> None:
        """Close the reader and forget the lease; it runs out by itself or is renewed by the next step."""
        self._held = None
        if self._reader is not None:
            reader, self._reader = self._reader, None
            self._lag_due_seconds = 0.0
            self.meter.show("gateway_consumer_lag_records", None, partition=str(self.partition))
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
        return self.bus.incarnation, BANK_MESSAGES, self.partition

    async def _fetch(self, lease: Lease) -> list[Record]:
        if self._reader is None:
            self._reader = self.bus.reader(BANK_MESSAGES, self.partition)
        return await self._reader.fetch(lease.next_offset, max_records=RECORDS, timeout_seconds=self.patience_seconds)

    async def _store(self, lease: Lease, records: Sequence[Record]) -> None:
        letters = await asyncio.gather(*(self.door(record) for record in records))
        now = self.clock.now()
        async with self.store.transaction() as session:
            moved = await session.execute(
                "receive.advance", *self._key(), self.worker, lease.epoch, lease.next_offset, records[-1].offset + 1
            )
            if not moved:
                raise LeaseLost("the partition is read by another worker now")
            for record, letter in zip(records, letters, strict=True):
                await self._keep(session, now, record, letter)
        self._held = Lease(epoch=lease.epoch, next_offset=records[-1].offset + 1)
        for (bank, state), messages in Counter(map(_heard, letters)).items():
            self.meter.count("gateway_bank_messages_total", messages, bank=bank, state=state)

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
        self.meter.show("gateway_consumer_lag_records", lag, partition=str(self.partition))

    async def _keep(self, session: Session, now: datetime, record: Record, letter: Letter) -> None:
        if letter.broken_rule is None:
            origin = {"topic": BANK_MESSAGES, "partition": record.partition, "offset": record.offset}
            await store_message(session, letter, origin, now)
            return
        await session.execute(
            "receive.dead_letter",
            *self._key(),
            record.offset,
            letter.broken_rule,
            record.value,
            dict(record.headers),
            now,
        )
        key = "/".join(map(str, (*self._key(), record.offset)))
        detail = {"rule": letter.broken_rule}
        await raise_exceptions(session, now, [Trouble(kind="dead letter", key=key, detail=detail)])

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
        now, key = self.clock.now(), "/".join(map(str, self._key()))
        async with self.store.transaction() as session:
            if await session.execute("receive.stop", *self._key(), self.worker, lease.epoch, why):
                await raise_exceptions(session, now, [Trouble(kind="partition stopped", key=key, detail={"why": why})])


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Step: say that this worker lives, and give up partitions beyond an even share among those that do."""

    store: Store
    clock: Clock
    bus: Bus
    worker: str
    lease: timedelta = LEASE

    async def run_once(self) -> bool:
        now = self.clock.now()
        async with self.store.transaction() as session:
            await session.execute("receive.live", self.worker, now + self.lease)
            await session.execute("receive.give_up_surplus", self.bus.incarnation, BANK_MESSAGES, self.worker, now)
        return False

    async def leave(self) -> None:
        """Give up every partition and lane at once, that others need not wait for the leases to end."""
        with suppress(StoreBusy, StoreDown):  # then they wait
            async with self.store.transaction() as session:
                await session.execute("receive.leave", self.worker)


def _heard(letter: Letter) -> tuple[str, str]:
    """Name the bank and the state that a letter is counted under; a broken one proves no bank."""
    return (letter.bank, "received") if letter.broken_rule is None else ("none", "dead letter")


async def store_message(session: Session, letter: Letter, origin: dict[str, object], now: datetime) -> bool:
    """Store a message of a bank with its raw bytes; return False when the same bytes of this bank are there already."""
    digest, size = sha256(letter.content).digest(), len(letter.content)
    number = await session.value("receive.message", letter.bank, digest, size, letter.channel, origin, now)
    if number is None:
        return False
    pieces = [(number, n, letter.content[at : at + PIECE]) for n, at in enumerate(range(0, max(size, 1), PIECE))]
    await session.copy("bank_message_bytes", ("message_no", "piece_no", "piece"), pieces)
    return True
