"""Intake: chunks of order lines into an open batch.

A chunk is one transaction: the batch row FOR SHARE (close takes it FOR UPDATE: nothing gets in afterwards), COPY into
a temporary table, one sorted INSERT that skips what is there already. What was skipped is compared: the same order in
the same batch is the same answer, another content is a conflict that changes nothing, and an order whose entitlement
another order claims is stored as *held*. So is a correction, until its batch is released (service/corrections.py), and
an order for an entitlement that was cancelled or given back before and that does not name the order it replaces.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.domain.benefits import Catalogue
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.states import BatchState, OrderState
from gateway.domain.validation import IntakeTerms
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service import stops
from gateway.service.lines import COLUMNS, Line, read_lines
from gateway.service.progress import PAYMENTS
from gateway.service.retrying import whole

CHUNK_LINES = 1_000
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConflict:
    """A line that contradicts what is stored, and changed nothing."""

    line: int
    order_id: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkAnswer:
    """What became of a chunk. Each line counts once: as the state its order is stored in, or as a conflict.

    `repeated` of the lines said what was stored before; pushed again, a chunk gets the same answer but for it.
    """

    lines: int = 0
    accepted: int = 0
    refused: int = 0
    held: int = 0
    repeated: int = 0
    conflicts: tuple[LineConflict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """A batch as a chunk meets it."""

    batch_no: int
    state: str
    pay_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What stands under an order id of the chunk once it is stored."""

    order_id: str
    state: str
    same_content: bool
    same_batch: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Append order lines to an open batch."""

    store: Store
    clock: Clock
    catalogue: Catalogue
    meter: Meter = no_meter

    async def append(self, *, source: str, batch_id: str, lines: Sequence[bytes], first_line: int = 1) -> ChunkAnswer:
        """Store a chunk as a whole; `first_line` is the number of its first line in the stream.

        Raises Refused when a line cannot be read (nothing of the chunk is stored), NotFound for a batch this source
        does not have, Conflict when the batch is not open.
        """
        read = read_lines(lines, first_line, await self._terms(source, batch_id))
        answer = await whole(lambda: self._store(source, batch_id, read))
        stored = answer.accepted + answer.refused + answer.held - answer.repeated
        self.meter.count(PAYMENTS, stored, stage="received", bank="none")
        return answer

    async def check_open(self, *, source: str, batch_id: str) -> None:
        """Raise NotFound or Conflict as `append` would, before a line is read."""
        await self._terms(source, batch_id)

    async def _terms(self, source: str, batch_id: str) -> IntakeTerms:
        """Read the terms of the batch ahead, so that lines are judged while no row is locked."""
        async with self.store.transaction() as session:
            batch = _open(await session.one(_Batch, "intake.find", source, batch_id))
        now, today = self.clock.now(), self.clock.today()
        return IntakeTerms(source=source, pay_date=batch.pay_date, now=now, today=today, catalogue=self.catalogue)

    async def _store(self, source: str, batch_id: str, read: Sequence[Line]) -> ChunkAnswer:
        async with self.store.transaction() as session:
            batch_no = _open(await session.one(_Batch, "intake.lock", source, batch_id)).batch_no
            return await store_lines(session, source, batch_no, read, self.clock.now())


async def store_lines(session: Session, source: str, batch_no: int, read: Sequence[Line], at: datetime) -> ChunkAnswer:
    """Store lines in a batch that the caller holds locked and found open; once a transaction, for one batch."""
    first = {line.order_id: line for line in reversed(read)}
    known: dict[str, _Known] = {}
    await session.execute("intake.staging")
    await session.copy("staged_order", COLUMNS, (line.row for line in first.values()))
    await session.execute("intake.turn", source)
    judged = await session.execute("intake.judge", source)
    stored = await session.execute("intake.store", batch_no, source, at)
    if stored < len(first) or judged:
        stored += await session.execute("intake.hold", batch_no, source, at)
        known = {k.order_id: k for k in await session.all(_Known, "intake.compare", batch_no, source)}
    answer = _answer(read, first, known, stored)
    await _link(session, source, read, answer)
    return answer


def _open(batch: _Batch | None) -> _Batch:
    if batch is None:
        raise NotFound("no such batch")
    if batch.state != BatchState.OPEN:
        raise Conflict.one("/state", "batch.not-open", f"the batch is {batch.state}: nothing gets in any more")
    return batch


def _answer(read: Sequence[Line], first: Mapping[str, Line], known: Mapping[str, _Known], stored: int) -> ChunkAnswer:
    """Count each line once. Without `known` every order of the chunk was new."""
    states: Counter[str] = Counter()
    conflicts: list[LineConflict] = []
    for line in read:
        rule = _contradiction(line, first[line.order_id], known.get(line.order_id))
        if rule:
            conflicts.append(LineConflict(line=line.number, order_id=line.order_id, rule=rule))
        else:
            states[_state(line, known.get(line.order_id))] += 1
    return ChunkAnswer(
        lines=len(read),
        accepted=states[OrderState.PAYABLE],
        refused=states[OrderState.REFUSED],
        held=states[OrderState.HELD],
        repeated=states.total() - stored,
        conflicts=tuple(conflicts),
    )


def _contradiction(line: Line, first: Line, known: _Known | None) -> str:
    """Return the rule by which the line contradicts what is stored, or an earlier line of the chunk; empty if none."""
    if line.digest != first.digest or (known and not known.same_content):
        return "order.other-content"
    return "order.other-batch" if known and not known.same_batch else ""


def _state(line: Line, known: _Known | None) -> str:
    if known:
        return known.state
    return OrderState.REFUSED if line.refused else OrderState.PAYABLE


async def _link(session: Session, source: str, read: Sequence[Line], answer: ChunkAnswer) -> None:
    """Learn which identifiers are one person, but not from lines that were turned away."""
    away = {conflict.line for conflict in answer.conflicts}
    links = {link for line in read if line.links and line.number not in away for link in line.links}
    if links:
        low, high = zip(*sorted(links), strict=True)
        if learnt := await session.column("intake.link", source, low, high):
            await stops.learnt(session, source, learnt)
