"""What the acts on exceptions share: the case as read, what an act plans to do, and how what it touches is locked.

Locks are taken in the one order of the whole gateway: submissions, attempts, orders, then the exception, its
decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from gateway.domain.errors import Conflict, Violation
from gateway.domain.exceptions import Act
from gateway.domain.facts import CAME_BACK, MOVED, Fact, Position, effective, position
from gateway.domain.states import SubmissionState
from gateway.ports.metrics import Meter
from gateway.ports.store import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One exception beside what it is about. `source` is None where it belongs to no source."""

    exception_no: int
    kind: str
    key: str
    state: str
    role: str
    owner: str | None
    bank: str | None
    source: str | None
    order_no: int | None
    order_id: str | None
    attempt_no: int | None
    end_to_end_id: str | None
    submission_no: int | None
    msg_id: str | None
    message_no: int | None
    ordinal: int | None
    amount_minor: int | None
    currency: str | None
    suggestion: str
    suggestion_why: str
    detail: dict[str, Any]
    evidence: list[dict[str, Any]]
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    closed_how: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an act would do: what is wanted, what was seen under the locks, and whether two people must say so.

    `wanted` and `seen` hold ids, codes and amounts only; together they are the subject of a decision.
    """

    wanted: Mapping[str, str]
    seen: Mapping[str, Any]
    two: bool

    @property
    def subject(self) -> dict[str, Any]:
        """What two people put their names to."""
        return {"wanted": dict(self.wanted), "seen": dict(self.seen)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person wants done about a case, in the transaction that would do it."""

    session: Session
    at: datetime
    case: Case
    wanted: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What is to be done now: the plan, the last person who spoke for it, and the decision if there were two.

    `meter` keeps what it is told until the commit was seen.
    """

    session: Session
    at: datetime
    case: Case
    plan: Plan
    by: str
    decision_no: int | None
    meter: Meter

    @property
    def proof(self) -> dict[str, str]:
        """By whose word, as evidence."""
        return {"by": self.by} if self.decision_no is None else {"decision": str(self.decision_no)}


class Deed(Protocol):
    """An act that ends an exception by changing something."""

    act: ClassVar[Act]

    async def plan(self, request: Request, /) -> Plan:
        """Lock what the act touches and say what is seen. Raises Refused or Conflict when it may not be done."""
        ...

    async def do(self, deal: Deal, /) -> str:
        """Do it, under the locks of `plan`; return in a few words how this ended the exception."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedAttempt:
    """An attempt and its submission, both locked; the latter's parts are None while it is in none."""

    attempt_no: int
    order_no: int
    bank: str
    end_to_end_id: str
    amount_minor: int
    currency: str
    facts: int
    closed: bool
    returned_minor: int
    reason: str | None
    submission_no: int | None
    submission_state: str | None
    group_facts: int
    debtor_account: str | None

    @property
    def position(self) -> Position:
        """Where it stands."""
        return position(Fact(self.facts), Fact(self.group_facts), self.state)

    @property
    def state(self) -> SubmissionState | None:
        """The state of its submission."""
        return SubmissionState(self.submission_state) if self.submission_state else None

    @property
    def money_is_out(self) -> bool:
        """Whether facts say that its money left and none says that it came back, or only a part of it did."""
        facts = effective(Fact(self.facts), Fact(self.group_facts))
        short = facts & Fact.RETURNED_IN_STATEMENT and self.returned_minor < self.amount_minor
        return bool(facts & MOVED and (short or not facts & CAME_BACK))

    @property
    def came_back_in_part(self) -> bool:
        """Whether its money is out only because the bank gave back less than it had booked, once."""
        facts = Fact(self.facts)
        once = facts & Fact.RETURNED_IN_STATEMENT and not facts & Fact.BOOKED_TWICE
        return bool(once and self.money_is_out)

    @property
    def seen(self) -> dict[str, Any]:
        """What a decision about it stands on."""
        return {
            "endToEndId": self.end_to_end_id,
            "facts": self.facts | self.group_facts,
            "closed": self.closed,
            "submission": self.submission_state or "none",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOrder:
    """An order under its lock. `claimed`: another order has its entitlement; `stopped`: a stop matches."""

    order_no: int
    source: str
    order_id: str
    state: str
    reason: str | None
    claims: bool
    claimed: bool
    stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderInHand:
    """An order with all attempts to pay its entitlement, by whichever order, oldest first; everything locked."""

    order: LockedOrder
    attempts: Sequence[LockedAttempt]

    @property
    def own(self) -> list[LockedAttempt]:
        """The attempts of this order alone."""
        return [attempt for attempt in self.attempts if attempt.order_no == self.order.order_no]


async def take_order(session: Session, case: Case) -> OrderInHand:
    """Lock the order of a case with all attempts to pay its entitlement and their submissions.

    Raises Conflict when it is about no order.

    The source's turn at intake comes first (adr/0003): no chunk can claim the entitlement between look and write.
    """
    if case.order_no is None or case.source is None:
        raise refuse("act.no-order", "this exception is about no order")
    await session.execute("intake.turn", case.source)
    orders = await session.column("casework.orders_of_entitlement", case.order_no)
    await session.execute("casework.lock_submissions_of_orders", orders)
    attempts = await session.all(LockedAttempt, "casework.lock_attempts_of_orders", orders)
    order = await session.one(LockedOrder, "casework.lock_order", case.order_no)
    if order is None:
        raise AssertionError("an order that an exception refers to is gone")
    return OrderInHand(order=order, attempts=attempts)


async def take_attempt(session: Session, attempt_no: int) -> LockedAttempt | None:
    """Lock an attempt and its submission."""
    await session.execute("casework.lock_submission_of_attempt", attempt_no)
    return await session.one(LockedAttempt, "casework.lock_attempt", attempt_no)


def refuse(rule: str, text: str) -> Conflict:
    """Make the refusal of an act that what is stored does not allow."""
    return Conflict([Violation("/act", rule, text)], title=text)
