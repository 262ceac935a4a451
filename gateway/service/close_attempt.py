"""Two people say that an attempt's money cannot move any more (DESIGN 4: the last of the proofs that close one).

The order is held then: whether it is paid again or given back is another decision.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from gateway.domain.closing import Rule
from gateway.domain.exceptions import Act
from gateway.domain.states import OrderState, SubmissionState
from gateway.ports.store import Session
from gateway.service.cases import Case, Deal, LockedAttempt, Plan, Request, refuse, take_order
from gateway.service.close import CLOSED
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.outcomes import News, tell

BY_TWO_PEOPLE = "two people"
"""The rule that a closed attempt's proof names."""
BY_DECISION = "attempt.closed-by-decision"
"""Why its order is held then."""
SENT = frozenset({SubmissionState.DELIVERED, SubmissionState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAttempt:
    """Deed: close the attempt of the case, with the decision as proof."""

    act: ClassVar[Act] = Act.CLOSE_ATTEMPT

    async def plan(self, request: Request, /) -> Plan:
        """Lock the attempt's order whole; refuse what is not open or on its way out right now."""
        attempt = await take_open_attempt(request.session, request.case)
        return Plan(wanted=request.wanted, seen=attempt.seen, two=True)

    async def do(self, deal: Deal, /) -> str:
        """Close it and hold its order, unless the payee has its money: that order is paid."""
        await close_by_decision(deal)
        return "attempt closed by two people"


async def take_open_attempt(session: Session, case: Case) -> LockedAttempt:
    """Lock the attempt of a case beside its whole order. Raises Conflict when it is closed or not yet sent.

    What is not sent needs nobody's word: a stop or a void closes it. What is being sent is decided by its lease.
    """
    if case.attempt_no is None:
        raise refuse("act.no-attempt", "this exception is about no attempt")
    hand = await take_order(session, case)
    attempt = next(a for a in hand.attempts if a.attempt_no == case.attempt_no)
    if attempt.closed:
        raise refuse("attempt.closed", "the attempt is closed already")
    if attempt.state not in SENT:
        text = f"its submission is {attempt.submission_state or 'not made'}: only what was sent needs two people"
        raise refuse("attempt.not-sent", text)
    return attempt


async def close_by_decision(deal: Deal) -> None:
    """Close the attempt with the decision as its proof, and tell where that leaves the order.

    Its money is out and nothing of it came back: it is paid. Otherwise it is held until it is released or given back;
    where the bank kept a part of what came back, given back by two people.
    """
    session, case = deal.session, deal.case
    proof = {"rule": BY_TWO_PEOPLE, **deal.proof}
    await session.execute("casework.close_attempt", case.attempt_no, proof)
    attempt = await session.one(LockedAttempt, "casework.lock_attempt", case.attempt_no)
    if attempt is None:
        raise AssertionError("an attempt that is locked is gone")
    paid = attempt.money_is_out and not attempt.came_back_in_part
    if not paid:
        await session.execute("casework.hold", attempt.order_no, BY_DECISION)
    outcome, reason = ("paid", None) if paid else ("held", BY_DECISION)
    deal.meter.count(CLOSED, 1, bank=attempt.bank, proof=Rule.DECIDED.word)
    names = {"bank": attempt.bank, "end_to_end_id": attempt.end_to_end_id}
    await tell(session, deal.at, [News(order_no=attempt.order_no, outcome=outcome, reason=reason, **names)])
    if await session.value("casework.order_state", attempt.order_no) == OrderState.HELD:
        await raise_exceptions(session, deal.at, [_held(attempt.order_no, deal.at)])


def _held(order_no: int, at: datetime) -> Trouble:
    """Tell a person of the hold: the exception that the decision was about is closed with it."""
    key, detail = f"{order_no}/{at.isoformat()}", {"reason": BY_DECISION}
    return Trouble(kind="held order", key=key, order_no=order_no, detail=detail)
