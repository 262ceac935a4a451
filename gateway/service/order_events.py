"""Orders over Kafka: one order a record, through the same intake as REST, into an open batch only.

The records of a step are stored in one transaction with the offset behind them. A record that REST or Kafka brought
before is the same again; one that contradicts what is stored, names a batch that is not open, or cannot be read is a
dead letter with its rule. Nothing that was received is left out.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from gateway.domain.benefits import Catalogue
from gateway.domain.errors import Refused
from gateway.domain.states import BatchState
from gateway.domain.validation import IntakeTerms
from gateway.ports.bus import ORDERS, Record
from gateway.ports.envelope import EnvelopeRefused, SourceEnvelope
from gateway.ports.store import Session
from gateway.service.intake import store_lines
from gateway.service.lines import Line, read_line
from gateway.service.partitions import Came, ReadPartition
from gateway.service.progress import PAYMENTS
from gateway.service.stop_notices import SourceDoor

LINE_BYTES = 64 * 1024
"""The longest order, as over REST."""

Where = tuple[str, str]
"""Source and batch id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """A batch that records name."""

    source: str
    batch_id: str
    batch_no: int
    state: str
    pay_date: date


@dataclass(slots=True, kw_only=True)
class Read:
    """Records that were read: lines by batch, numbered by the place of their record, and rules that records break."""

    lines: dict[Where, list[Line]] = field(default_factory=lambda: defaultdict(list))
    broken: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class HearOrders(ReadPartition[Read]):
    """Step: take the orders of one partition."""

    name = "hear orders"
    topic = ORDERS

    records_max: int = 1_000
    door: SourceDoor
    catalogue: Catalogue

    async def _open(self, records: Sequence[Record]) -> Read:
        """Judge the lines while no row is locked."""
        read = Read()
        envelopes: dict[int, SourceEnvelope] = {}
        for place, record in enumerate(records):
            envelope = self.door(record)
            if isinstance(envelope, EnvelopeRefused):
                read.broken[place] = envelope.code
            else:
                envelopes[place] = envelope
        terms = await self._terms({(e.source, e.subject) for e in envelopes.values()})
        for place, envelope in envelopes.items():
            where = (envelope.source, envelope.subject)
            line = _line(place, envelope.content, terms.get(where))
            if isinstance(line, str):
                read.broken[place] = line
            else:
                read.lines[where].append(line)
        return read

    async def _terms(self, named: set[Where]) -> Mapping[Where, IntakeTerms]:
        """Return the terms of the batches that there are; whether they are open is asked when they are locked."""
        async with self.store.transaction() as session:
            batches = await session.all(_Batch, "order_events.batches", *_columns(named))
        common: dict[str, Any] = {"now": self.clock.now(), "today": self.clock.today(), "catalogue": self.catalogue}
        return {(b.source, b.batch_id): IntakeTerms(source=b.source, pay_date=b.pay_date, **common) for b in batches}

    async def _keep(self, session: Session, now: datetime, records: Sequence[Record], opened: Read) -> Came:
        broken, stored = dict(opened.broken), 0
        locked = await session.all(_Batch, "order_events.lock", *_columns(opened.lines))
        for source in sorted({b.source for b in locked if b.state == BatchState.OPEN}):
            await session.execute("intake.turn", source)  # all turns before any order: two partitions cannot deadlock
        for batch in locked:
            lines = opened.lines[batch.source, batch.batch_id]
            if batch.state != BatchState.OPEN:
                broken |= await _too_late(session, batch, lines)
                continue
            answer = await store_lines(session, batch.source, batch.batch_no, lines, now)
            await session.execute("order_events.unstage")
            stored += answer.accepted + answer.refused + answer.held - answer.repeated
            broken |= {conflict.line: conflict.rule for conflict in answer.conflicts}
        await self._bury(session, now, [(records[place], rule) for place, rule in sorted(broken.items())])
        return Came(stored=stored, same=len(records) - stored - len(broken), dead=len(broken))

    def _tell(self, opened: Read, came: Came) -> None:  # noqa: ARG002 - batches are not told apart
        self.meter.count(PAYMENTS, came.stored, stage="received", bank="none")


def _columns(named: Sequence[Where] | set[Where] | Mapping[Where, object]) -> tuple[list[str], list[str]]:
    return [source for source, _ in named], [batch_id for _, batch_id in named]


def _line(place: int, content: bytes, terms: IntakeTerms | None) -> Line | str:
    """Read an order, or name the rule by which it is a dead letter."""
    if terms is None:
        return "batch.unknown"
    if len(content) > LINE_BYTES:
        return "line.size"
    try:
        return read_line(place, content, terms)
    except Refused as refused:
        return refused.violations[0].rule


async def _too_late(session: Session, batch: _Batch, lines: Sequence[Line]) -> dict[int, str]:
    """Return the lines that the batch does not hold already: nothing gets in any more."""
    ids, digests = [line.order_id for line in lines], [line.digest for line in lines]
    there = set(await session.column("order_events.there", batch.batch_no, ids, digests))
    return {line.number: "batch.not-open" for line in lines if line.digest not in there}
