"""Conflicts: something was heard of an attempt that had been closed with proof, so its money may move after all.

Everything that could pay the same entitlement once more is kept from leaving, in the transaction that records the fact.
The gate decides against a racing intent as it does for a stop: either the intent committed before, and what it sent
may be paid twice, or it sees the held order and voids itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.reasons import Action, Need
from gateway.domain.states import SubmissionState
from gateway.ports.store import Session
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.moves import move
from gateway.service.outcomes import News, tell

CONFLICT = "conflict"
TWICE = "may be paid twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """An order with the entitlement of a contradicted attempt. `its_own`: the attempt is this order's."""

    order_no: int
    state: str
    its_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A submission that has not left and holds another attempt for the entitlement."""

    submission_no: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """Another attempt for the entitlement that has left."""

    attempt_no: int
    order_no: int
    bank: str


async def contradicted(
    session: Session, at: datetime, attempt_nos: Sequence[int], *, actor: str, its_own_too: bool = False
) -> None:
    """Keep the entitlements of these closed attempts from being paid again; call it when the fact was recorded.

    Orders with the same claim are held (a replacing one too), a later attempt whose submission has not left is voided,
    one that has left raises "may be paid twice" with a recall proposed. Nothing happens for attempts that are open.
    `its_own_too`: nobody else tells of the attempt's own order either, and an attempt that was cut again for its own
    bank counts: what it was in before was closed as well.
    """
    claimants = await session.all(Claimant, "conflicts.claimants", list(attempt_nos), its_own_too)
    if not claimants:
        return
    orders = [c.order_no for c in claimants]
    await session.execute("stops.gate")
    held = set(await session.column("conflicts.hold", orders))
    waiting = await session.all(Waiting, "conflicts.waiting", orders)
    for row in waiting:
        states = (SubmissionState(row.state), SubmissionState.VOID)
        await move(session, row.submission_no, *states, at=at, actor=actor, why="a closed attempt was contradicted")
        await session.execute("moves.free_members", row.submission_no)
    await _recall(session, at, await session.all(Second, "conflicts.left", orders))
    others = [c.order_no for c in claimants if c.order_no in held and (its_own_too or not c.its_own)]
    await tell(session, at, [_news(number) for number in others])
    await raise_exceptions(session, at, [_held(number, at) for number in others])


async def told_of_unsent(
    session: Session, at: datetime, attempt_nos: Collection[int], submissions: Collection[int], *, actor: str
) -> None:
    """A bank speaks of what can never have reached it: what went another way since, or out once more, is contradicted.

    No fact is added, for nothing was sent; but the proof is in doubt, and another bank, or this one, may be paying by
    now. What waits in no submission is not cut while the alarm is open.
    """
    numbers = await session.column("conflicts.unsent", sorted(attempt_nos), sorted(submissions))
    if numbers:
        await contradicted(session, at, numbers, actor=actor, its_own_too=True)


async def _recall(session: Session, at: datetime, seconds: Sequence[Second]) -> None:
    """Say of each payment that has left that it may be the second one, and propose to ask for it back."""
    await session.execute("conflicts.propose_recalls", [s.attempt_no for s in seconds], TWICE, at)
    troubles = [
        Trouble(kind=TWICE, key=str(s.attempt_no), bank=s.bank, order_no=s.order_no, attempt_no=s.attempt_no)
        for s in seconds
    ]
    await raise_exceptions(session, at, troubles)


def _held(order_no: int, at: datetime) -> Trouble:
    """Tell a person of a hold: the conflict itself is about the order whose attempt was contradicted."""
    return Trouble(
        kind="held order", key=f"{order_no}/{at.isoformat()}", order_no=order_no, detail={"reason": CONFLICT}
    )


def _news(order_no: int) -> News:
    action, needs = Action.OFFICER.value, Need.DECISION.value
    return News(order_no=order_no, outcome="under investigation", reason=CONFLICT, action=action, needs=needs)
