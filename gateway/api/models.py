"""What requests and answers look like: strict pydantic models, from which the OpenAPI document is generated too."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from gateway.domain.facts import Fact
from gateway.domain.money import format_minor
from gateway.service.batches import BatchView
from gateway.service.intake import ChunkAnswer
from gateway.service.look import AttemptRow, OrderView, SubmissionView

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
CONFLICTS_SHOWN = 100


class Model(BaseModel):
    """Base of all: camelCase outside, unknown keys refused, no guessing of types."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True)

    @classmethod
    def like(cls, row: object) -> Self:
        """Take every field from the attribute of the same name."""
        return cls.model_validate(row, from_attributes=True)


# Requests --------------------------------------------------------------------------------------------------------


class OpenBatch(Model):
    """Open a batch."""

    batch: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    programme: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    pay_date: date


class SetPause(Model):
    """Why sending is paused."""

    reason: Text


# Answers ---------------------------------------------------------------------------------------------------------


class Violation(Model):
    """A broken rule: a stable code, where, and what is wrong."""

    path: str
    rule: str
    text: str


class Problem(BaseModel):
    """RFC 9457. A stream that was interrupted says through which line it is stored."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    violations: list[Violation] = Field(default_factory=list)


class Batch(Model):
    """A batch: orders by state, what was counted at close, and the chunk digests that a manifest signs."""

    source: str
    batch: str
    programme: str
    pay_date: date
    state: Literal["open", "closed", "released", "withdrawn"]
    opened_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None
    count: int | None
    totals: dict[str, str] | None
    refused: int
    held: int
    orders: dict[str, int]
    chunks: list[str]

    @classmethod
    def of(cls, view: BatchView) -> "Batch":
        """Write a batch for the API."""
        row = view.batch
        totals = None if row.totals is None else {c: format_minor(minor, c) for c, minor in row.totals.items()}
        return cls.model_validate(
            {
                "source": row.source,
                "batch": row.batch_id,
                "programme": row.programme,
                "pay_date": row.pay_date,
                "state": row.state,
                "opened_at": row.opened_at,
                "closed_at": row.closed_at,
                "ended_at": row.ended_at,
                "count": row.order_count,
                "totals": totals,
                "refused": view.counts.get("refused", 0),
                "held": view.counts.get("held", 0),
                "orders": view.counts,
                "chunks": list(view.chunks),
            }
        )


class Conflicting(Model):
    """A line that contradicts what is stored, and changed nothing."""

    line: int
    order_id: str
    rule: str


class Pushed(Model):
    """What became of the lines of a stream; each counts once, as stored or as a conflict (the first 100 are listed)."""

    lines: int = 0
    accepted: int = 0
    refused: int = 0
    held: int = 0
    repeated: int = 0
    conflicting: int = 0
    conflicts: list[Conflicting] = Field(default_factory=list)
    stored_through: int = 0

    def add(self, answer: ChunkAnswer) -> None:
        """Add a chunk that was stored."""
        self.lines += answer.lines
        self.accepted += answer.accepted
        self.refused += answer.refused
        self.held += answer.held
        self.repeated += answer.repeated
        self.conflicting += len(answer.conflicts)
        self.conflicts += map(Conflicting.like, answer.conflicts[: CONFLICTS_SHOWN - len(self.conflicts)])
        self.stored_through = self.lines


class Attempt(Model):
    """One try to pay an order through one bank."""

    generation: int
    bank: str
    route_reason: str
    end_to_end_id: str
    uetr: str
    position: str
    facts: list[str]
    reason: str | None
    entry_ref: str | None
    closed: bool
    submission: str | None
    submission_state: str | None

    @classmethod
    def of(cls, row: AttemptRow) -> "Attempt":
        """Write an attempt for the API."""
        return cls(
            generation=row.generation,
            bank=row.bank,
            route_reason=row.route_reason,
            end_to_end_id=row.end_to_end_id,
            uetr=row.uetr,
            position=row.position.value,
            facts=facts(row.facts),
            reason=row.reason,
            entry_ref=row.entry_ref,
            closed=row.closed,
            submission=row.msg_id,
            submission_state=row.submission_state,
        )


class Order(Model):
    """An order without its payee, and everything that was tried to pay it."""

    source: str
    order_id: str
    batch: str
    state: str
    reason: str | None
    violations: list[Violation]
    benefit: str | None
    entitlement: str | None
    period: str | None
    sequence: int | None
    amount: str | None
    currency: str | None
    valid_until: date | None
    received_at: datetime
    outcome_no: int
    outcome: str | None
    will_leave_at: datetime | None = Field(
        description="when an order that waits will leave: the next opening of its bank, if nothing holds it till then"
    )
    attempts: list[Attempt]

    @classmethod
    def of(cls, view: OrderView) -> "Order":
        """Write an order for the API."""
        row = view.order
        readable = row.amount_minor is not None and row.currency is not None
        return cls(
            source=row.source,
            order_id=row.order_id,
            batch=row.batch_id,
            state=row.state,
            reason=row.reason,
            violations=[Violation(**v) for v in row.violations or []],
            benefit=row.benefit,
            entitlement=row.entitlement_id,
            period=row.period,
            sequence=row.sequence,
            amount=format_minor(row.amount_minor or 0, row.currency or "") if readable else None,
            currency=row.currency,
            valid_until=row.valid_until,
            received_at=row.received_at,
            outcome_no=row.outcome_no,
            outcome=row.outcome,
            will_leave_at=view.will_leave_at,
            attempts=[Attempt.of(attempt) for attempt in view.attempts],
        )


class Event(Model):
    """One move of a submission."""

    event_no: int
    from_state: str | None
    to_state: str
    why: str
    at: datetime
    actor: str
    evidence: dict[str, Any]


class Intent(Model):
    """One promise to send, and what it came to."""

    number: int
    worker: str
    committed_at: datetime
    lease_until: datetime
    outcome: str | None
    proved: bool
    evidence: dict[str, Any] | None
    late_evidence: dict[str, Any] | None


class Submission(Model):
    """A submission: its seals, moves and intents, never whom it pays."""

    msg_id: str
    name: str
    bank: str
    source: str
    batch: str
    product: str
    pay_date: date
    state: str
    group_facts: list[str]
    group_reason: str | None
    count: int
    sum: str
    currency: str
    sha256: str | None
    payments_digest: str | None
    size: int | None
    sealed_at: datetime | None
    tries: int
    next_attempt_at: datetime | None
    events: list[Event]
    intents: list[Intent]

    @classmethod
    def of(cls, view: SubmissionView) -> "Submission":
        """Write a submission for the API."""
        row = view.submission
        same = (
            "msg_id",
            "name",
            "bank",
            "source",
            "product",
            "pay_date",
            "state",
            "group_reason",
            "currency",
            "sha256",
        )
        also = ("payments_digest", "size", "sealed_at", "tries", "next_attempt_at")
        return cls(
            **{name: getattr(row, name) for name in same + also},
            batch=row.batch_id,
            group_facts=facts(row.group_facts),
            count=row.payment_count,
            sum=format_minor(row.sum_minor, row.currency),
            events=[Event.like(event) for event in view.events],
            intents=[Intent.like(intent) for intent in view.intents],
        )


class Outcomes(Model):
    """Outcome events in an order behind which none can appear; `next` is where to go on."""

    outcomes: list[dict[str, Any]]
    next: str


class Pause(Model):
    """An active pause; `value` is the bank or source, empty for everything."""

    scope: str
    value: str
    reason: str
    set_at: datetime
    set_by: str


class Pauses(Model):
    """What is paused now."""

    pauses: list[Pause]


class HookTaken(Model):
    """What became of a bank's call: new to us, or the very call that was taken before."""

    status: Literal["accepted", "known"]


class Health(Model):
    """Whether the process lives, or is ready."""

    status: Literal["ok"]


def facts(bits: int) -> list[str]:
    """Name the facts of a set, in the order of their bits."""
    return [fact.name.lower().replace("_", " ") for fact in Fact(bits) if fact.name]
