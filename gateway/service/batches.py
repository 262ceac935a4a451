"""A batch of orders: opened, closed, then released under its signed manifest or withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.domain.manifest import disagreements
from gateway.domain.states import BatchState, OrderState
from gateway.ports.approval import Approval, Approvals
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.corrections import take_over
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.outcomes import News, tell
from gateway.service.progress import PAYMENTS
from gateway.service.retrying import whole

PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """A batch as it is stored. `order_count` and `totals` (currency -> minor units) are counted at close."""

    batch_no: int
    source: str
    batch_id: str
    programme: str
    pay_date: date
    state: str
    opened_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None
    order_count: int | None
    totals: dict[str, int] | None
    manifest_expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many orders of a batch are in a state."""

    state: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """A batch and its orders by state; `chunks` are the hex chunk digests a manifest of it must sign."""

    batch: BatchRow
    counts: dict[str, int]
    chunks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Up to 1,024 orders of a batch in the order of their ids, and the digest over them."""

    chunk_no: int
    first_order_id: str
    last_order_id: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The readable amounts of a batch in one currency, minor units: of refused orders they can be absurdly large."""

    currency: str
    minor: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A refused or held order whose outcome is told with the release of its batch."""

    order_no: int
    order_id: str
    outcome: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """Open, close, release and withdraw. Every one of them may be asked again and then gives the same answer."""

    store: Store
    clock: Clock
    approvals: Approvals
    meter: Meter = no_meter

    async def open(self, *, source: str, batch_id: str, programme: str, pay_date: date, by: str) -> BatchView:
        """Open a batch. Raises Refused for a pay date that has passed, Conflict if it was opened with other terms."""
        async with self.store.transaction() as session:
            if await session.one(BatchRow, "batches.find", source, batch_id) is None:
                self._check_pay_date(pay_date)
                now = self.clock.now()
                await session.execute("batches.open", source, batch_id, programme, pay_date, now, by)
            batch = _found(await session.one(BatchRow, "batches.find", source, batch_id))
            if (batch.programme, batch.pay_date) != (programme, pay_date):
                raise Conflict.one("/batch", "batch.other-terms", "the batch was opened with other terms")
            return await _view(session, batch)

    async def close(self, *, source: str, batch_id: str, by: str) -> BatchView:
        """Close a batch: nothing gets in any more. Answers what a manifest must say; again, the same."""
        return await whole(lambda: self._close(source, batch_id, by))

    async def release(self, *, source: str, batch_id: str, manifest: bytes, signature: str, by: str) -> BatchView:
        """Release a closed batch under its manifest and tell what became of its refused and held orders.

        Raises Refused when the signature or the manifest is wrong, and Conflict when the manifest disagrees with what
        is stored, when another one released the batch, or when the batch is open or withdrawn.
        """
        approval = self.approvals.verify(source=source, manifest=manifest, signature=signature, at=self.clock.now())
        return await whole(lambda: self._release(source, batch_id, approval, manifest, signature, by))

    async def withdraw(self, *, source: str, batch_id: str, by: str) -> BatchView:
        """Take a closed batch back before its release: its orders are cancelled and their claims free again."""
        return await whole(lambda: self._withdraw(source, batch_id, by))

    def _check_pay_date(self, pay_date: date) -> None:
        if pay_date < self.clock.today():
            raise Refused.one("/payDate", "batch.pay-date", "the pay date has passed")

    async def _close(self, source: str, batch_id: str, by: str) -> BatchView:
        async with self.store.transaction() as session:
            batch = _found(await session.one(BatchRow, "batches.lock", source, batch_id))
            if batch.state == BatchState.OPEN:
                counts = await _counts(session, batch)
                totals = {t.currency: int(t.minor) for t in await session.all(Total, "batches.totals", batch.batch_no)}
                closing = (batch.batch_no, self.clock.now(), by, sum(counts.values()), totals)
                await session.execute("batches.close", *closing)
                batch = _found(await session.one(BatchRow, "batches.find", source, batch_id))
            return await _view(session, batch, chunks=await _chunks(session, batch))

    async def _release(
        self, source: str, batch_id: str, approval: Approval, manifest: bytes, signature: str, by: str
    ) -> BatchView:
        now = self.clock.now()
        async with self.store.transaction() as session:
            batch = _found(await session.one(BatchRow, "batches.lock", source, batch_id))
            if batch.state == BatchState.RELEASED:
                await _check_same_manifest(session, batch, manifest)
                return await _view(session, batch)
            _require(batch, BatchState.CLOSED)
            chunks = await _chunks(session, batch)
            _check_agreement(batch, chunks, approval, now)
            await _keep(session, batch, chunks)
            terms = (manifest, signature, approval.manifest.expires)
            await session.execute("batches.release", batch.batch_no, now, by, *terms)
            taken, kept = await take_over(session, batch.batch_no, batch.source)
            await _tell_untold(session, batch, now)
            view = await _view(session, _found(await session.one(BatchRow, "batches.find", source, batch_id)))
        self.meter.count(PAYMENTS, batch.order_count or 0, stage="ordered", bank="none")
        self.meter.count("gateway_corrections_total", taken, result="taken over")
        self.meter.count("gateway_corrections_total", kept, result="held")
        return view

    async def _withdraw(self, source: str, batch_id: str, by: str) -> BatchView:
        async with self.store.transaction() as session:
            batch = _found(await session.one(BatchRow, "batches.lock", source, batch_id))
            if batch.state != BatchState.WITHDRAWN:
                _require(batch, BatchState.CLOSED)
                await session.execute("batches.withdraw", batch.batch_no, self.clock.now(), by)
                await session.execute("batches.cancel_orders", batch.batch_no)
                batch = _found(await session.one(BatchRow, "batches.find", source, batch_id))
            return await _view(session, batch)


def _found(batch: BatchRow | None) -> BatchRow:
    if batch is None:
        raise NotFound("no such batch")
    return batch


def _require(batch: BatchRow, state: BatchState) -> None:
    if batch.state != state:
        raise Conflict.one("/state", f"batch.not-{state}", f"the batch is {batch.state}, not {state}")


async def _view(session: Session, batch: BatchRow, chunks: Sequence[Chunk] = ()) -> BatchView:
    digests = tuple(c.digest.hex() for c in chunks)
    return BatchView(batch=batch, counts=await _counts(session, batch), chunks=digests)


async def _counts(session: Session, batch: BatchRow) -> dict[str, int]:
    rows = await session.all(StateCount, "batches.count", batch.batch_no)
    return {row.state: row.count for row in rows}


async def _chunks(session: Session, batch: BatchRow) -> list[Chunk]:
    """Compute the chunk digests in the database: what comes back is one row for 1,024 orders."""
    return await session.all(Chunk, "batches.chunks", batch.batch_no)


async def _check_same_manifest(session: Session, batch: BatchRow, manifest: bytes) -> None:
    if await session.value("batches.manifest", batch.batch_no) != manifest:
        raise Conflict.one("", "batch.other-manifest", "another manifest released the batch")


def _check_agreement(batch: BatchRow, chunks: Sequence[Chunk], approval: Approval, now: datetime) -> None:
    """Raise Conflict with every point in which the manifest is not this batch's."""
    found = disagreements(
        approval.manifest,
        source=batch.source,
        batch=batch.batch_id,
        programme=batch.programme,
        pay_date=batch.pay_date,
        count=batch.order_count or 0,
        totals=batch.totals or {},
        chunks=[c.digest.hex() for c in chunks],
        now=now,
    )
    if found:
        raise Conflict(found, title="the manifest disagrees with the batch")


async def _keep(session: Session, batch: BatchRow, chunks: Sequence[Chunk]) -> None:
    columns: list[list[Any]] = [
        [c.chunk_no for c in chunks],
        [c.first_order_id for c in chunks],
        [c.last_order_id for c in chunks],
        [c.digest for c in chunks],
    ]
    await session.execute("batches.keep_chunks", batch.batch_no, *columns)


async def _tell_untold(session: Session, batch: BatchRow, at: datetime) -> None:
    """Tell of refused and held orders page by page, and a person of the held ones; memory is flat in the batch."""
    after = ""
    while page := await session.all(Untold, "batches.untold", batch.batch_no, after, PAGE):
        await tell(session, at, [News(order_no=u.order_no, outcome=u.outcome, reason=u.reason) for u in page])
        held = [u for u in page if u.outcome == OrderState.HELD]
        await raise_exceptions(session, at, [_held(u) for u in held])
        after = page[-1].order_id


def _held(order: Untold) -> Trouble:
    detail = {"reason": order.reason or ""}
    return Trouble(kind="held order", key=str(order.order_no), order_no=order.order_no, detail=detail)
