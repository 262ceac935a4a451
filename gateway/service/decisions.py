"""Decisions of two people: one asks, another one confirms exactly that, or somebody refuses it.

What is decided is a *subject*: what is wanted together with what the asker saw. Its digest is what the second person
confirms; when the world moved on meanwhile, the subject seen now has another digest and the decision has lapsed. Every
function runs in the caller's transaction, after the caller locked what the subject is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from gateway.domain.digest import canonical
from gateway.domain.errors import Conflict, NotFound
from gateway.ports.store import Session

VALID = timedelta(hours=72)
"""How long what was asked may be confirmed: a weekend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was asked, and what became of it: asked, confirmed, refused or lapsed. `digest` is hex."""

    decision_no: int
    exception_no: int | None
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


def digest_of(act: str, subject: Mapping[str, Any]) -> str:
    """Return the digest that both people put their names to: SHA-256 over act and subject as canonical JSON, in hex."""
    return sha256(canonical({"act": act, "subject": dict(subject)})).hexdigest()


async def ask(
    session: Session,
    at: datetime,
    *,
    act: str,
    subject: Mapping[str, Any],
    by: str,
    exception_no: int | None = None,
    valid: timedelta = VALID,
) -> Decision:
    """Ask for a second person. Raises Conflict while the same, or another of the same exception, waits for one."""
    digest = bytes.fromhex(digest_of(act, subject))
    await session.execute("decisions.lapse_expired", at, exception_no, act, digest)
    args = (exception_no, act, dict(subject), digest, by, at, at + valid)
    asked = await session.one(Decision, "decisions.ask", *args)
    if asked is None:
        raise Conflict.one("", "decision.asked", "this waits for a second person already")
    return asked


async def look(session: Session, decision_no: int, *, exception_no: int | None = None) -> Decision:
    """Read a decision without locking it, to learn what it is about. Raises NotFound as `find` does."""
    return _of(await session.one(Decision, "decisions.look", decision_no), exception_no)


async def find(session: Session, decision_no: int, *, exception_no: int | None = None) -> Decision:
    """Lock a decision; raise NotFound when there is none such of this exception (None: of no exception)."""
    return _of(await session.one(Decision, "decisions.lock", decision_no), exception_no)


def _of(found: Decision | None, exception_no: int | None) -> Decision:
    if found is None or found.exception_no != exception_no:
        raise NotFound("no such decision")
    return found


def check(decision: Decision, at: datetime, *, by: str, digest: str) -> None:
    """Raise Conflict unless this person may confirm this decision now. `digest` says what the person was shown."""
    if decision.state == "lapsed":
        why = decision.lapsed_why
        raise Conflict.one("/decision", "decision.lapsed", f"what was asked about has been settled: {why}")
    if decision.state != "asked":
        raise Conflict.one("/decision", "decision.decided", f"the decision is {decision.state} already")
    if decision.asked_by == by:
        raise Conflict.one("/by", "decision.two-people", "who asked cannot confirm: a second person is needed")
    if decision.expires_at <= at:
        raise Conflict.one("/decision", "decision.expired", "it was asked too long ago: ask anew")
    if decision.digest != digest:
        raise Conflict.one("/digest", "decision.digest", "that is not what was asked")


async def confirm(session: Session, at: datetime, decision: Decision, *, by: str, subject: Mapping[str, Any]) -> None:
    """Confirm a locked decision; `subject` is what is seen now. Raises Conflict as `check`, and for another subject.

    The caller does what was decided in the same transaction.
    """
    check(decision, at, by=by, digest=digest_of(decision.act, subject))
    await session.execute("decisions.confirm", decision.decision_no, by, at)


async def refuse(session: Session, at: datetime, decision: Decision, *, by: str) -> None:
    """Refuse, or withdraw what one asked. Raises Conflict when it was decided already."""
    if not await session.execute("decisions.refuse", decision.decision_no, by, at):
        raise Conflict.one("/decision", "decision.decided", f"the decision is {decision.state} already")


async def lapse(session: Session, at: datetime, decision: Decision, *, why: str) -> None:
    """End what is asked because it cannot be confirmed any more: evidence came, or its time passed."""
    await session.execute("decisions.lapse", decision.decision_no, at, why)
