"""Relay: outcome events from the outbox to the bus, in order per order, at least once.

Outbox rows fall into 16 lanes by order. One relay leases a lane, publishes a chunk, waits for every acknowledgement,
marks it and goes on; what was published but not marked is published again, and receivers keep the highest number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.errors import BusUnavailable
from gateway.ports.bus import OUTCOMES, Bus, Record
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.outcomes import timestamp
from gateway.service.progress import PAYMENTS

LANES = 16
CHUNK = 1_000
LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLease:
    """Our hold on a lane."""

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeEvent:
    """One event to publish; `document` is the whole current outcome as JSON."""

    event_no: int
    order_no: int
    outcome_no: int
    source: str
    key: str
    document: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Step: publish one chunk of one lane."""

    store: Store
    clock: Clock
    bus: Bus
    lane: int
    worker: str
    lease: timedelta = LEASE
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        return await publish_once(self.store, [self])

    async def take(self, session: Session) -> "Taken | None":
        """Lease the lane and return its oldest events; None where nothing waits or the lane is another worker's."""
        if not await session.value("relay.waiting", self.lane):
            return None
        now = self.clock.now()
        lease = await session.one(LaneLease, "relay.lease", self.lane, self.worker, now, now + self.lease)
        if lease is None:
            return None
        events = await session.all(OutcomeEvent, "relay.unpublished", self.lane, CHUNK)
        return Taken(relay=self, epoch=lease.epoch, events=events)

    async def mark(self, session: Session, taken: "Taken") -> int:
        """Mark events as published if the lane is still ours; return how many were."""
        numbers = [e.event_no for e in taken.events]
        return await session.execute("relay.published", self.lane, numbers, self.clock.now(), self.worker, taken.epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Events of a lane that is ours, to be published."""

    relay: Relay
    epoch: int
    events: Sequence[OutcomeEvent]


async def publish_once(store: Store, relays: Sequence[Relay]) -> bool:
    """Publish one chunk of each lane together: what goes to one partition of the bus shares its batches.

    Lanes are leased and marked in the order given, which is by rising number, so that two workers cannot deadlock.
    """
    async with store.transaction() as session:
        found = [await relay.take(session) for relay in relays]
    taken = [t for t in found if t is not None and t.events]
    if not taken:
        return False
    first = taken[0].relay
    try:
        await first.bus.producer.publish(OUTCOMES, [_record(e) for t in taken for e in t.events])
    except BusUnavailable as error:
        first.meter.count("gateway_step_failures_total", 1, step="relay", error=type(error).__name__)
        return False
    async with store.transaction() as session:
        told = sum([await t.relay.mark(session, t) for t in taken])
    first.meter.count(PAYMENTS, told, stage="told", bank="none")
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Step: publish one chunk of every lane with news. Asks once for all lanes, so that being woken costs little."""

    store: Store
    relays: Mapping[int, Relay]

    async def run_once(self) -> bool:
        async with self.store.transaction() as session:
            waiting = await session.column("relay.lanes_waiting")
        relays = [self.relays[lane] for lane in waiting if lane in self.relays]
        return bool(relays) and await publish_once(self.store, relays)


def _record(event: OutcomeEvent) -> Record:
    return Record(key=event.key.encode(), value=event.document.encode(), headers=_headers(event))


def _headers(event: OutcomeEvent) -> Mapping[str, str]:
    """CloudEvents 1.0, Kafka binary mode. Id and subject are numbers of ours: no person in them."""
    return {
        "ce_specversion": "1.0",
        "ce_type": OUTCOMES,
        "ce_source": f"/sources/{event.source}",
        "ce_id": f"{event.order_no}-{event.outcome_no}",
        "ce_time": timestamp(event.created_at),
        "content-type": "application/json",
    }
