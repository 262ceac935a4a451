"""Two people declare that an unknown submission arrived, or that it did not (DESIGN 4: inquiry, the bank, two people).

They may speak only when no machine can any more: no lease of a try is live, and no worker left proof to the contrary.
Evidence that comes between the question and the answer wins; the decision then lapses.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from gateway.domain.errors import Refused
from gateway.domain.exceptions import Act
from gateway.domain.states import SubmissionState
from gateway.service import progress
from gateway.service.cases import Deal, Plan, Request, refuse
from gateway.service.moves import move

ARRIVED, NOT_ARRIVED = "arrived", "not arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """A submission in doubt, locked: its tries, the latest end of a lease, what a late worker saw, its last move."""

    submission_no: int
    bank: str
    msg_id: str
    state: str
    tries: int
    lease_until: datetime | None
    seen_sent: bool
    last_why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declare:
    """Deed: end the doubt by the word of two people. Wants `declared`: arrived or not arrived."""

    act: ClassVar[Act] = Act.DECLARE

    async def plan(self, request: Request, /) -> Plan:
        """Lock the submission; refuse when it is not unknown (any more), leased, or proved sent."""
        declared = request.wanted.get("declared", "")
        if declared not in {ARRIVED, NOT_ARRIVED}:
            raise Refused.one("/declared", "declare.what", f"declare {ARRIVED!r} or {NOT_ARRIVED!r}")
        doubtful = await request.session.one(Doubtful, "casework.lock_doubtful", request.case.submission_no)
        if doubtful is None:
            raise refuse("act.no-submission", "this exception is about no submission")
        self._check(doubtful, request.at, declared)
        seen = {"msgId": doubtful.msg_id, "bank": doubtful.bank, "state": doubtful.state, "tries": doubtful.tries}
        return Plan(wanted=request.wanted, seen=seen, two=True)

    def _check(self, doubtful: Doubtful, at: datetime, declared: str) -> None:
        if doubtful.state != SubmissionState.UNKNOWN:
            happened = f"the submission is {doubtful.state}: {doubtful.last_why}"
            raise refuse("declare.settled", happened)
        if doubtful.lease_until is not None and doubtful.lease_until > at:
            raise refuse("declare.lease", "the lease of a try has not ended: its worker may still speak")
        if doubtful.seen_sent and declared == NOT_ARRIVED:
            raise refuse("declare.proved", "a worker left proof that its try was sent: the next inquiry will say so")

    async def do(self, deal: Deal, /) -> str:
        """Move the submission, and take every try of it for proved, as an inquiry does."""
        session, number, declared = deal.session, deal.case.submission_no, deal.plan.wanted["declared"]
        if number is None:
            raise AssertionError("planned without a submission")
        to = SubmissionState.DELIVERED if declared == ARRIVED else SubmissionState.NOT_SENT
        why = f"two people: {declared}"
        states = (SubmissionState.UNKNOWN, to)
        await move(session, number, *states, at=deal.at, actor=deal.by, why=why, evidence=deal.proof)
        await session.execute("inquire.proved", number)
        await session.execute("exceptions.close_unknown", number, deal.at)
        if to is SubmissionState.DELIVERED:
            bank = deal.plan.seen["bank"]
            await progress.sent(deal.meter, session, bank=bank, submission_no=number, at=deal.at)
        return f"declared {declared}"
