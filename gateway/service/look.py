"""Reading: what became of a batch, an order or a submission, the outcome feed and what needs a person.

Every read is for somebody who may see certain sources ("*" stands for all of them). What they may not see does not
exist for them. Nothing here shows a payee: names, accounts and national ids stay in the order's document.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from gateway.domain.errors import NotFound, Refused
from gateway.domain.facts import Fact, Position, position
from gateway.domain.states import SubmissionState
from gateway.ports.store import Store
from gateway.service.batches import BatchRow, BatchView, StateCount
from gateway.service.departures import Departures
from gateway.service.stops import EVERY_SOURCE

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order without its payee; amounts in minor units."""

    order_no: int
    source: str
    order_id: str
    batch_id: str
    state: str
    reason: str | None
    violations: list[dict[str, str]] | None
    benefit: str | None
    entitlement_id: str | None
    period: str | None
    sequence: int | None
    amount_minor: int | None
    currency: str | None
    valid_until: date | None
    received_at: datetime
    outcome_no: int
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One try to pay an order through one bank, beside the submission it is in."""

    generation: int
    bank: str
    route_reason: str
    end_to_end_id: str
    uetr: str
    facts: int
    reason: str | None
    entry_ref: str | None
    closed: bool
    msg_id: str | None
    submission_state: str | None
    group_facts: int
    product: str | None
    next_attempt_at: datetime | None

    @property
    def position(self) -> Position:
        """Where the attempt stands, computed from what is established."""
        state = SubmissionState(self.submission_state) if self.submission_state else None
        return position(Fact(self.facts), Fact(self.group_facts), state)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order with everything that was tried to pay it."""

    order: OrderRow
    attempts: list[AttemptRow]
    will_leave_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """A submission: what is sealed of it, never whom it pays. Digests in hex, sums in minor units."""

    submission_no: int
    bank: str
    msg_id: str
    name: str
    source: str
    batch_id: str
    product: str
    pay_date: date
    currency: str
    state: str
    group_facts: int
    group_reason: str | None
    payment_count: int
    sum_minor: int
    sha256: str | None
    payments_digest: str | None
    size: int | None
    sealed_at: datetime | None
    tries: int
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One move of a submission."""

    event_no: int
    from_state: str | None
    to_state: str
    why: str
    at: datetime
    actor: str
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentRow:
    """One promise to send a submission, and what it came to."""

    number: int
    worker: str
    committed_at: datetime
    lease_until: datetime
    outcome: str | None
    proved: bool
    evidence: dict[str, Any] | None
    late_evidence: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionView:
    """A submission with its moves and intents."""

    submission: SubmissionRow
    events: list[EventRow]
    intents: list[IntentRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of the sealed bytes of a submission."""

    piece_no: int
    piece: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """One outcome event at its place in transaction order; `document` is its JSON."""

    xid: int
    event_no: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """What became of the records of a topic: `unaccounted` offsets and `unlettered` dead letters are lost ones."""

    topic: str
    partitions: int
    stopped: int
    records: int
    stored: int
    same_again: int
    dead: int
    unaccounted: int
    unlettered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All reads of the API. `sources` are those the caller may see. Every method may raise NotFound.

    Without `departures` nobody says when what waits will leave.
    """

    store: Store
    departures: Departures | None = None

    async def batch(self, batch_id: str, *, sources: Collection[str]) -> BatchView:
        """Return a batch with its orders counted by state."""
        async with self.store.transaction() as session:
            batch = _only(await session.all(BatchRow, "look.batches", batch_id, *_seen(sources)), "batch")
            counts = await session.all(StateCount, "batches.count", batch.batch_no)
        return BatchView(batch=batch, counts={c.state: c.count for c in counts})

    async def order(self, order_id: str, *, sources: Collection[str]) -> OrderView:
        """Return an order with its attempts, oldest first."""
        async with self.store.transaction() as session:
            order = _only(await session.all(OrderRow, "look.orders", order_id, *_seen(sources)), "order")
            attempts = await session.all(AttemptRow, "look.attempts", order.order_no)
        leaves = self.departures.of(order, attempts) if self.departures is not None else None
        return OrderView(order=order, attempts=attempts, will_leave_at=leaves)

    async def submission(self, msg_id: str, *, sources: Collection[str], bank: str = "") -> SubmissionView:
        """Return a submission with its moves and intents; `bank` says which, should two banks share the MsgId."""
        async with self.store.transaction() as session:
            found = await session.all(SubmissionRow, "look.submissions", msg_id, *_seen(sources), bank)
            row = _only(found, "submission")
            events = await session.all(EventRow, "look.submission_events", row.submission_no)
            intents = await session.all(IntentRow, "look.intents", row.submission_no)
        return SubmissionView(submission=row, events=events, intents=intents)

    async def content(self, submission_no: int) -> AsyncIterator[bytes]:
        """Yield the sealed bytes of a submission in pieces of at most 1 MiB, one short transaction a piece."""
        piece_no = -1
        while (piece := await self._piece(submission_no, piece_no)) is not None:
            yield piece.piece
            piece_no = piece.piece_no

    async def _piece(self, submission_no: int, after: int) -> Piece | None:
        async with self.store.transaction() as session:
            return await session.one(Piece, "look.piece", submission_no, after)

    async def feed(self, *, after: tuple[int, int], limit: int, sources: Collection[str]) -> list[FeedRow]:
        """Return outcome events after (transaction, event) in an order in which none can appear behind the reader."""
        async with self.store.transaction() as session:
            return await session.all(FeedRow, "look.feed", *after, *_seen(sources), limit)

    async def topics(self) -> list[TopicRow]:
        """Return what became of every record of each topic that was read."""
        async with self.store.transaction() as session:
            return await session.all(TopicRow, "receive.accounts")

    async def alive(self) -> None:
        """Return if the database answers; raise StoreDown if not."""
        async with self.store.transaction() as session:
            await session.value("look.alive")


def _seen(sources: Collection[str]) -> tuple[list[str], bool]:
    return sorted(sources), EVERY_SOURCE in sources


def _only(rows: list[T], what: str) -> T:
    """Return the one row; an id that means two things to somebody who sees several sources needs the source said."""
    if not rows:
        raise NotFound(f"no such {what}")
    if len(rows) > 1:
        raise Refused.one(
            "/source", "source.ambiguous", f"several sources or banks have such a {what}: say which source"
        )
    return rows[0]
