"""The transition tables of all machines: the only place where a move is allowed.

The database enforces the same moves with guarded UPDATEs and a trigger; the drawings in the docs are made by `drawing`.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar


class BatchState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class OrderState(StrEnum):
    RECEIVED = "received"
    REFUSED = "refused"
    HELD = "held"
    PAYABLE = "payable"
    CANCELLED = "cancelled"
    GIVEN_BACK = "given back"
    REPLACED = "replaced"


class SubmissionState(StrEnum):
    OPEN = "open"
    SEALED = "sealed"
    SENDING = "sending"
    DELIVERED = "delivered"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"
    VOID = "void"
    DISSOLVED = "dissolved"


class RecallState(StrEnum):
    PROPOSED = "proposed"
    ASKED = "asked"
    RETURNED = "returned"
    REFUSED = "refused"
    EXPIRED = "expired"


class StopState(StrEnum):
    ACTIVE = "active"
    LIFTED = "lifted"


class StatementState(StrEnum):
    WAITING = "waiting"
    PROVED = "proved"
    UNBALANCED = "unbalanced"
    REPEATED = "repeated"


State = TypeVar("State", bound=StrEnum)

_S, _O, _B, _R = SubmissionState, OrderState, BatchState, RecallState

SUBMISSION: Mapping[tuple[SubmissionState, SubmissionState], str] = MappingProxyType(
    {
        (_S.OPEN, _S.SEALED): "bytes and digests stored",
        (_S.OPEN, _S.DISSOLVED): "to be cut anew, for its day, its members or its size",
        (_S.SEALED, _S.SENDING): "intent committed",
        (_S.SEALED, _S.VOID): "stop, cancellation, pause, date or cut-off passed, or approval no longer verifies",
        (_S.SENDING, _S.DELIVERED): "transport says sent, or a message of this bank names it",
        (_S.SENDING, _S.NOT_SENT): "transport proves not sent",
        (_S.SENDING, _S.UNKNOWN): "transport cannot tell, or the lease ended",
        (_S.UNKNOWN, _S.DELIVERED): "inquiry, the bank's message or two people",
        (_S.UNKNOWN, _S.NOT_SENT): "inquiry or two people",
        (_S.NOT_SENT, _S.SENDING): "next intent, same bytes, same ids",
        (_S.NOT_SENT, _S.VOID): "tries used up, other route, or a check of the intent fails",
    }
)

ORDER: Mapping[tuple[OrderState, OrderState], str] = MappingProxyType(
    {
        (_O.RECEIVED, _O.REFUSED): "breaks a rule",
        (_O.RECEIVED, _O.HELD): "needs a decision",
        (_O.RECEIVED, _O.PAYABLE): "valid and claimed",
        (_O.HELD, _O.PAYABLE): "hold released",
        (_O.HELD, _O.REFUSED): "hold decided against",
        (_O.PAYABLE, _O.HELD): "no bank can pay it, its time passed, its facts conflict, or a person must decide",
        (_O.PAYABLE, _O.CANCELLED): "withdrawn by the benefits system",
        (_O.PAYABLE, _O.GIVEN_BACK): "returned to the benefits system",
        (_O.HELD, _O.CANCELLED): "withdrawn by the benefits system",
        (_O.CANCELLED, _O.REPLACED): "a correction took over the claim",
        (_O.GIVEN_BACK, _O.REPLACED): "a correction took over the claim",
    }
)

BATCH: Mapping[tuple[BatchState, BatchState], str] = MappingProxyType(
    {
        (_B.OPEN, _B.CLOSED): "nothing gets in any more",
        (_B.CLOSED, _B.RELEASED): "signed manifest agrees",
        (_B.CLOSED, _B.WITHDRAWN): "taken back before release",
    }
)

RECALL: Mapping[tuple[RecallState, RecallState], str] = MappingProxyType(
    {
        (_R.PROPOSED, _R.ASKED): "sent to the bank",
        (_R.ASKED, _R.RETURNED): "money came back",
        (_R.ASKED, _R.REFUSED): "bank refused",
        (_R.PROPOSED, _R.EXPIRED): "deadline passed",
        (_R.ASKED, _R.EXPIRED): "deadline passed",
    }
)

STOP: Mapping[tuple[StopState, StopState], str] = MappingProxyType({(StopState.ACTIVE, StopState.LIFTED): "two people"})

STATEMENT: Mapping[tuple[StatementState, StatementState], str] = MappingProxyType(
    {
        (StatementState.WAITING, StatementState.PROVED): "it adds up and continues its chain",
        (StatementState.WAITING, StatementState.UNBALANCED): "its pages do not add up",
    }
)


def drawing(title: str, moves: Mapping[tuple[State, State], str]) -> str:
    """Draw one machine as a Mermaid state diagram."""
    lines = [f"    {a.replace(' ', '_')} --> {b.replace(' ', '_')}: {why}" for (a, b), why in moves.items()]
    return "\n".join([f"%% {title}", "stateDiagram-v2", *lines])
