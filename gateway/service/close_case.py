"""Close an exception with a comment alone: only when the trouble itself is over."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.domain.exceptions import Act, kind_of
from gateway.domain.facts import Position
from gateway.domain.states import OrderState, SubmissionState
from gateway.ports.store import Session
from gateway.service.cases import Case, Deal, Plan, Request, refuse, take_attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """Deed: nothing is changed but the exception. What still stands is refused, with the act that ends it."""

    act: ClassVar[Act] = Act.CLOSE

    async def plan(self, request: Request, /) -> Plan:
        """Lock what it is about and refuse while that still needs its act."""
        session, case = request.session, request.case
        acts = kind_of(case.kind).acts
        if Act.DECLARE in acts:
            await self._require_known(session, case)
        if Act.CLOSE_ATTEMPT in acts:
            await self._require_settled(session, case)
        if Act.RELEASE in acts:
            await self._require_decided(session, case)
        if Act.MATCH in acts:
            await self._require_home(session, case)
        return Plan(wanted=request.wanted, seen={}, two=False)

    async def _require_known(self, session: Session, case: Case) -> None:
        state = await session.value("casework.submission_state", case.submission_no)
        if state == SubmissionState.UNKNOWN:
            raise refuse("close.unknown", "the submission is still unknown: wait for evidence, or declare")

    async def _require_settled(self, session: Session, case: Case) -> None:
        attempt = await take_attempt(session, case.attempt_no) if case.attempt_no is not None else None
        if attempt is not None and not attempt.closed and attempt.position is Position.CONFLICT:
            raise refuse("close.conflict", "its facts still contradict each other: close the attempt, with two people")

    async def _require_decided(self, session: Session, case: Case) -> None:
        state = await session.value("casework.order_state", case.order_no)
        if state == OrderState.HELD:
            raise refuse("close.held", "the order is still held: release it or give it back")

    async def _require_home(self, session: Session, case: Case) -> None:
        if await session.value("casework.entry_without_home", case.message_no, case.ordinal):
            raise refuse("close.unmatched", "the bank booked it and nothing explains it: match it, or write it off")

    async def do(self, _deal: Deal, /) -> str:
        """Change nothing: closing is done by whoever does deeds."""
        return "closed with a comment"
