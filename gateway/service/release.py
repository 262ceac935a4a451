"""Release a hold: the order may be paid after all.

Only when nothing for its entitlement can still move money or has, by whichever order, the entitlement is free or its
own, no stop matches and no alarm is open. Whoever cuts next makes a further attempt. What a conflict holds or is
about needs two people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from gateway.domain.exceptions import Act
from gateway.domain.facts import Fact
from gateway.domain.states import OrderState
from gateway.ports.store import Session
from gateway.service.cases import Deal, LockedAttempt, LockedOrder, Plan, Request, refuse, take_order

TWO_PEOPLE = frozenset({"conflict", "may be paid twice"})
"""Reasons of a hold, and kinds of exception, whose release needs two people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Deed: held -> payable."""

    act: ClassVar[Act] = Act.RELEASE

    async def plan(self, request: Request, /) -> Plan:
        """Lock the order and all its attempts, and refuse what could be paid twice or must not be paid."""
        hand = await take_order(request.session, request.case)
        order = hand.order
        if order.state != OrderState.HELD:
            raise refuse("release.not-held", f"the order is {order.state}, not held")
        if order.reason == "correction.waits":
            raise refuse("release.correction", "a correction takes over when its batch is released")
        if order.claimed:
            raise refuse("release.claimed", "another order holds the claim of its entitlement")
        require_quiet(hand.attempts)
        await require_no_alarm(request.session, hand.attempts)
        if order.stopped:
            raise refuse("release.stopped", "an active stop matches the order: lift it first")
        contradicted = any(Fact(attempt.facts) & Fact.CONTRADICTED for attempt in hand.attempts)
        two = contradicted or order.reason in TWO_PEOPLE or request.case.kind in TWO_PEOPLE
        return Plan(wanted=request.wanted, seen=seen_of(order, hand.attempts), two=two)

    async def do(self, deal: Deal, /) -> str:
        """Make it payable; it takes its claim, if it had none, and what it corrects is replaced."""
        await deal.session.execute("casework.release", deal.case.order_no)
        await deal.session.execute("casework.replaced_by", deal.case.order_no)
        return "hold released"


def require_quiet(attempts: Iterable[LockedAttempt]) -> None:
    """Raise Conflict unless each of them is closed or was never sent, and no money of them is out."""
    for attempt in attempts:
        if not attempt.closed and attempt.submission_no is not None:
            text = f"attempt {attempt.end_to_end_id} is not closed: its money may still move"
            raise refuse("order.in-motion", text)
        if attempt.money_is_out:
            raise refuse("order.paid", f"attempt {attempt.end_to_end_id} moved money that did not come back")


async def require_no_alarm(session: Session, attempts: Iterable[LockedAttempt]) -> None:
    """Raise Conflict while a bank knows of one of them although it was never sent, and nobody has closed that alarm.

    The bank may be paying it: whoever pays the entitlement again, under whichever order, must have asked first.
    """
    doubted = await session.column("casework.doubted", [attempt.attempt_no for attempt in attempts])
    if doubted:
        text = f"a bank knows of attempt {doubted[0]}, which was never sent: decide on that alarm first"
        raise refuse("order.alarm", text)


def seen_of(order: LockedOrder, attempts: Iterable[LockedAttempt]) -> dict[str, object]:
    """Say what a decision about an order stands on."""
    return {
        "orderId": order.order_id,
        "state": order.state,
        "reason": order.reason or "",
        "attempts": [attempt.seen for attempt in attempts],
    }
