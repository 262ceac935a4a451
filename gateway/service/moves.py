"""Moving a submission: a guarded UPDATE, one event row and what it means for the money, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.states import SUBMISSION, SubmissionState
from gateway.ports.store import Session
from gateway.service import ledger


async def move(  # one move has this many facts
    session: Session,
    submission_no: int,
    frm: SubmissionState,
    to: SubmissionState,
    *,
    at: datetime,
    actor: str,
    why: str = "",
    evidence: Mapping[str, str] | None = None,
    due: datetime | None = None,
) -> bool:
    """Move `frm` -> `to` unless somebody was faster; return whether it moved. `due` is when it is next worked on."""
    reason = why or SUBMISSION[frm, to]
    args = (submission_no, frm, to, reason, at, actor, dict(evidence or {}), due)
    if await session.execute("moves.move", *args) != 1:
        return False
    await ledger.submission_moved(session, at, submission_no, frm, to)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """One of several submissions that move together, with what is its own; see `move`."""

    submission_no: int
    evidence: Mapping[str, str] = field(default_factory=dict)
    due: datetime | None = None


async def move_all(
    session: Session,
    moving: Sequence[Moving],
    frm: SubmissionState,
    to: SubmissionState,
    *,
    at: datetime,
    actor: str,
) -> list[int]:
    """Move each `frm` -> `to` unless somebody was faster; return the numbers of those that moved."""
    if not moving:
        return []
    rows = [(m.submission_no, dict(m.evidence), m.due) for m in moving]
    numbers, evidence, due = (list(column) for column in zip(*rows, strict=True))
    args = (numbers, frm, to, SUBMISSION[frm, to], at, actor, evidence, due)
    moved = await session.column("moves.move_all", *args)
    await ledger.submissions_moved(session, at, moved, frm, to)
    return moved
