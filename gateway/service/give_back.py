"""Give an order back to the benefits system: it will not be paid, and its entitlement is free for a correction.

Only when no attempt of it can still move money or has, and no alarm is open that a bank knows of one that was never
sent; where a bank kept a part of what came back, by two people. A hold that lost its entitlement to another order has
nothing to give back: the decision is against it, and it is told as refused.
"""

from dataclasses import dataclass
from typing import ClassVar

from gateway.domain.errors import Refused
from gateway.domain.exceptions import Act
from gateway.domain.reasons import Action, Need
from gateway.domain.states import OrderState
from gateway.service.cases import Deal, Plan, Request, refuse, take_order
from gateway.service.outcomes import News, tell
from gateway.service.release import require_no_alarm, require_quiet, seen_of

_FROM = frozenset({OrderState.HELD, OrderState.PAYABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """Deed: held or payable -> given back.

    Wants `reason`, a stable code that the benefits system is told, and may want `needs`: what it has to bring.
    """

    act: ClassVar[Act] = Act.GIVE_BACK

    async def plan(self, request: Request, /) -> Plan:
        """Lock the order and all its attempts; refuse while money may move or an alarm is open."""
        if not request.wanted.get("reason"):
            raise Refused.one("/reason", "give-back.reason", "say why, as a code")
        if request.wanted.get("needs", Need.DECISION) not in set(Need):
            raise Refused.one("/needs", "give-back.needs", f"one of {', '.join(sorted(Need))}")
        hand = await take_order(request.session, request.case)
        if hand.order.state not in _FROM:
            raise refuse("give-back.state", f"the order is {hand.order.state}")
        short = [a for a in hand.own if a.closed and a.came_back_in_part]
        require_quiet(a for a in hand.own if a not in short)
        await require_no_alarm(request.session, hand.own)
        seen = seen_of(hand.order, hand.own) | {"claimed": hand.order.claimed}
        if short:
            seen["keptMinor"] = sum(a.amount_minor - a.returned_minor for a in short)
        wanted = {name: str(word) for name, word in request.wanted.items()}  # plain text, as a decision is digested
        return Plan(wanted=wanted, seen=seen, two=bool(short))

    async def do(self, deal: Deal, /) -> str:
        """Move the order, free its claim, close what was never sent of it, and tell."""
        session, number, reason = deal.session, deal.case.order_no, deal.plan.wanted["reason"]
        if number is None:
            raise AssertionError("planned without an order")
        await session.execute("cut.close_attempts_of_held", [number])
        against = deal.plan.seen["claimed"]
        if against:
            await session.execute("casework.decide_against", number, reason)
        else:
            await session.execute("casework.release", number)
            await session.execute("casework.give_back", number, reason)
        outcome = "refused" if against else "given back"
        needs = deal.plan.wanted.get("needs", Need.DECISION)
        news = News(order_no=number, outcome=outcome, reason=reason, action=Action.BACK.value, needs=needs)
        await tell(session, deal.at, [news])
        return f"order {outcome}"
