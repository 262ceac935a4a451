"""What requests and answers about exceptions look like."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import StringConstraints, model_validator

from gateway.api.models import Model, Text
from gateway.domain.exceptions import CaseState
from gateway.domain.money import format_minor
from gateway.domain.reasons import Need
from gateway.service.cases import Case as CaseRow
from gateway.service.casework import CaseView

Comment = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
MaybeComment = Annotated[str, StringConstraints(max_length=2_000)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
EndToEndId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,35}$")]
EndToEndIds = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,35}(,[A-Z0-9]{1,35})*$", max_length=180_000)]
"""One, or several with commas between them."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

# Requests --------------------------------------------------------------------------------------------------------


class Assign(Model):
    """Give an exception to a person."""

    owner: Text
    comment: MaybeComment = ""


class Say(Model):
    """An act that needs nothing but words: comment, release, write off, close."""

    comment: Comment


class MatchTo(Model):
    """Which payment of this bank the entry is; for a lump which payments, or all of a submission that came back."""

    end_to_end_id: EndToEndIds | None = None
    msg_id: EndToEndId | None = None
    comment: Comment

    @model_validator(mode="after")
    def names_one_way(self) -> Self:
        """Refuse both names, and none."""
        if (self.end_to_end_id is None) is (self.msg_id is None):
            raise ValueError("say endToEndId or msgId, one of them")
        return self


class DeclareIt(Model):
    """What became of an unknown submission."""

    declared: Literal["arrived", "not arrived"]
    comment: Comment


class GiveItBack(Model):
    """Why the order goes back and what is needed; the benefits system is told both codes, never the comment."""

    reason: Code
    needs: Need = Need.DECISION
    comment: MaybeComment = ""


class Decide(Model):
    """Which decision is confirmed or refused; the digest says what was read before (not needed to refuse)."""

    decision: int
    digest: Digest | None = None
    comment: MaybeComment = ""


# Answers ---------------------------------------------------------------------------------------------------------


class Trouble(Model):
    """Something that needs a person: whose it is, by when, and what is suggested."""

    exception_no: int
    kind: str
    key: str
    state: str
    role: str
    owner: str | None
    bank: str | None
    source: str | None
    order_id: str | None
    end_to_end_id: str | None
    msg_id: str | None
    message_no: int | None
    amount: str | None
    currency: str | None
    suggestion: str
    suggestion_why: str
    detail: dict[str, Any]
    opened_at: datetime
    age_seconds: int
    due_at: datetime | None
    overdue: bool
    closed_at: datetime | None
    closed_by: str | None
    closed_how: str | None

    @classmethod
    def of(cls, row: CaseRow, now: datetime) -> "Trouble":
        """Write an exception for the API, as old as it is at `now`."""
        return cls(**_fields(row, now))


class Act(Model):
    """One act in the history of an exception."""

    event_no: int
    act: str
    by: str
    at: datetime
    comment: str
    detail: dict[str, Any]
    decision_no: int | None


class Decision(Model):
    """What one person asked and what became of it. `digest` is what a second person confirms."""

    decision_no: int
    act: str
    subject: dict[str, Any]
    digest: str
    state: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    confirmed_by: str | None
    refused_by: str | None
    lapsed_why: str | None


class Case(Trouble):
    """An exception with its evidence, the decisions asked about it and everything done."""

    evidence: list[dict[str, Any]]
    decisions: list[Decision]
    history: list[Act]

    @classmethod
    def of_view(cls, view: CaseView) -> "Case":
        """Write a case for the API."""
        asked = [Decision(**{name: getattr(d, name) for name in Decision.model_fields}) for d in view.decisions]
        return cls(
            **_fields(view.case, view.seen_at),
            evidence=list(_evidence(view)),
            decisions=asked,
            history=[Act.like(event) for event in view.history],
        )


class Troubles(Model):
    """Troubles by number; `next` is where to go on."""

    exceptions: list[Trouble]
    next: int


_COMPUTED = frozenset({"amount", "age_seconds", "overdue"})


def _fields(row: CaseRow, now: datetime) -> dict[str, Any]:
    same = {name: getattr(row, name) for name in Trouble.model_fields.keys() - _COMPUTED}
    readable = row.amount_minor is not None and row.currency is not None
    waits = row.state != CaseState.CLOSED
    return same | {
        "amount": format_minor(row.amount_minor or 0, row.currency or "") if readable else None,
        "age_seconds": max(int(((row.closed_at or now) - row.opened_at).total_seconds()), 0),
        "overdue": waits and row.due_at is not None and row.due_at < now,
    }


def _evidence(view: CaseView) -> Iterator[dict[str, Any]]:
    """List references to what the exception stands on; the things themselves are read where they are kept."""
    for heard in view.heard:
        told = {"path": heard.path, "kind": heard.kind, "status": heard.status, "reason": heard.reason}
        message = {"messageNo": heard.message_no, "bank": heard.bank, "sha256": heard.sha256}
        found = {"what": "message", **message, "receivedAt": heard.received_at, **told, "verdict": heard.verdict}
        yield {name: value for name, value in found.items() if value is not None}
    if view.case.msg_id:
        yield {"what": "submission", "msgId": view.case.msg_id}
    if view.case.end_to_end_id:
        yield {"what": "attempt", "endToEndId": view.case.end_to_end_id}
    if view.case.order_id:
        yield {"what": "order", "orderId": view.case.order_id}
    yield from view.case.evidence
