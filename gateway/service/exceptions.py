"""Exceptions: what needs a person, once each however often it is heard. Their life is in `service/casework.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.exceptions import Act, kind_of
from gateway.ports.store import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that needs a person. `key` makes it unique within its kind; `detail` holds codes and paths only.

    `ordinal` is the observation of the message. `amount_minor` with its `currency` is taken from the observation, the
    attempt, the order or the submission where it is not said. `due`, `suggestion` and `reason` (why that is suggested)
    come from the table of kinds (`domain/exceptions.py`). `evidence` lists further references, never personal data.
    """

    kind: str
    key: str
    bank: str | None = None
    order_no: int | None = None
    attempt_no: int | None = None
    submission_no: int | None = None
    message_no: int | None = None
    ordinal: int | None = None
    amount_minor: int | None = None
    currency: str | None = None
    due: datetime | None = None
    suggestion: Act | None = None
    reason: str = ""
    evidence: Sequence[Mapping[str, str]] = ()
    detail: Mapping[str, str] = field(default_factory=dict)


async def raise_exceptions(session: Session, at: datetime, troubles: Sequence[Trouble]) -> None:
    """Open an exception for each; what is there already stays as it is."""
    if troubles:
        await session.many("exceptions.open", [_row(t, at) for t in troubles])


async def end_exceptions(session: Session, at: datetime, *, kind: str, keys: Sequence[str], how: str, by: str) -> None:
    """Close what is open of these, because what they were about is over; `how` is a stable code."""
    await session.execute("exceptions.ended", kind, list(keys), how, at, by)


def _row(trouble: Trouble, at: datetime) -> tuple[Any, ...]:
    kind = kind_of(trouble.kind)
    about = (trouble.order_no, trouble.attempt_no, trouble.submission_no, trouble.message_no, trouble.ordinal)
    advice = (str(trouble.suggestion or kind.suggestion), trouble.reason or kind.why)
    return (
        *(trouble.kind, trouble.key, trouble.bank, *about, trouble.amount_minor, trouble.currency),
        *(dict(trouble.detail), [dict(e) for e in trouble.evidence], at),
        *(str(kind.role), trouble.due or at + kind.due_after, *advice),
    )
