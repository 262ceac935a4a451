"""Exceptions: what needs a person, once each however often it is heard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.ports.store import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that needs a person. `key` makes it unique within its kind; `detail` holds codes and paths only."""

    kind: str
    key: str
    bank: str | None = None
    order_no: int | None = None
    attempt_no: int | None = None
    submission_no: int | None = None
    message_no: int | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


async def raise_exceptions(session: Session, at: datetime, troubles: Sequence[Trouble]) -> None:
    """Open an exception for each; what is open already stays as it is."""
    rows = [
        (t.kind, t.key, t.bank, t.order_no, t.attempt_no, t.submission_no, t.message_no, dict(t.detail), at)
        for t in troubles
    ]
    if rows:
        await session.many("exceptions.open", rows)
