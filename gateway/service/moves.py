"""Moving a submission: a guarded UPDATE, one event row and what it means for the money, in the caller's transaction."""

from collections.abc import Mapping
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
