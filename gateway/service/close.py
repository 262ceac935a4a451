"""Close: an attempt whose money cannot move any more is closed with its proof, and its order goes on.

Every rule is judged under the locks of the submission, the attempt and the order, taken in the order in which Apply
takes them: a fact is recorded before, and is seen here, or after, and finds the attempt closed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.closing import Evidence, Rule, closing_rule
from gateway.domain.facts import STATUS, Fact
from gateway.domain.reasons import Reasons
from gateway.domain.states import OrderState, SubmissionState
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.service.aftermath import Closed, follow_up
from gateway.service.unclaimed import UnclaimedWays, follow_unclaimed
from gateway.service.waiting_sums import WaitingSum, tell_of_sums

CLOSED = "gateway_attempts_closed_total"
CHUNK = 1_000
LOOK_AGAIN = timedelta(minutes=10)
"""When to look again for a statement, once the bank's hours have passed."""
_PAYABLE = frozenset({OrderState.PAYABLE, OrderState.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An open attempt under its lock, with everything a rule asks for. `since`: when its end was first looked at."""

    attempt_no: int
    order_no: int
    generation: int
    bank: str
    submission_no: int | None
    end_to_end_id: str
    amount_minor: int
    returned_minor: int
    facts: int
    reason: str | None
    since: datetime
    submission_state: str | None
    group_facts: int
    group_reason: str | None
    file_spoken: bool
    statement_no: int | None
    order_state: str
    source: str
    returned_before: bool
    doubted: bool
    tries: int

    def code(self, reasons: Reasons) -> str | None:
        """Return the reason: its own, or that of its file, as its bank means it, where no status names the payment."""
        return self.reason or (None if Fact(self.facts) & STATUS else reasons.meant(self.bank, self.group_reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexplained:
    """A booked sum of a submission that fits neither all of its payments nor all but the rejected."""

    submission_no: int
    bank: str
    message_no: int
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """Step: look at attempts that a bank rejected, cancelled or gave back, and close those that a proof closes.

    `final_after` are the hours of each bank's profile after which a rejection can be final.
    """

    store: Store
    clock: Clock
    reasons: Reasons
    final_after: Mapping[str, timedelta]
    worker: str
    unclaimed: UnclaimedWays = field(default_factory=UnclaimedWays)
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        now, tally = self.clock.now(), Tally()
        async with self.store.transaction() as session:
            if not await session.value("close.turn"):
                return False
            numbers = await session.column("close.due", now, CHUNK) or await session.column("close.abandoned", CHUNK)
            if numbers:
                await self._look(session, numbers, now, tally)
        tally.report(self.meter)
        return bool(numbers)

    async def _look(self, session: Session, numbers: Sequence[int], now: datetime, tally: Meter) -> None:
        await session.execute("close.lock_submissions", numbers)
        await session.execute("close.lock_attempts", numbers)
        await session.execute("close.lock_orders", numbers)
        found = await session.all(Candidate, "close.look", numbers, now)
        judged = [(c, closing_rule(self._evidence(c, now))) for c in found]
        codes = {c.attempt_no: c.code(self.reasons) for c in found}
        closed = [_closed(c, rule, codes[c.attempt_no]) for c, rule in judged if rule is not None]
        proofs = [(c.attempt_no, _proof(c, rule, codes[c.attempt_no])) for c, rule in judged if rule is not None]
        await _close(session, proofs)
        await session.execute("close.done", numbers)
        for (bank, proof), attempts in Counter((c.bank, c.rule.word) for c in closed).items():
            tally.count(CLOSED, attempts, bank=bank, proof=proof)
        waiting = [c for c, rule in judged if rule is None]
        await self._doubt(session, [c for c in waiting if c.doubted], now)
        look_at = [max(c.since + self._hours(c), now + LOOK_AGAIN) for c in waiting]
        await session.execute("close.later", [c.attempt_no for c in waiting], look_at, now)
        today = self.clock.today()
        payable = [c for c in closed if c.payable]
        others = await follow_unclaimed(session, now, today, payable, self.unclaimed, actor=self.worker)
        await follow_up(session, now, today, others, self.reasons, actor=self.worker)

    async def _doubt(self, session: Session, doubted: Sequence[Candidate], now: datetime) -> None:
        """Tell a person of sums that alone keep payments from being closed; entries that do were told when heard."""
        kept = [c for c in doubted if closing_rule(replace(self._evidence(c, now), doubted=False)) is not None]
        if not kept:
            return
        numbers = sorted({c.submission_no for c in kept if c.submission_no is not None})
        sums = await session.all(Unexplained, "close.unexplained", numbers)
        for one in sums:
            waiting = WaitingSum(message_no=one.message_no, ordinal=one.ordinal, submission_no=one.submission_no)
            await tell_of_sums(session, now, [waiting], bank=one.bank)

    def _hours(self, candidate: Candidate) -> timedelta:
        """Return the bank's hours; a bank that is not configured any more never has a final rejection."""
        return self.final_after.get(candidate.bank, timedelta(days=36_500))

    def _evidence(self, candidate: Candidate, now: datetime) -> Evidence:
        state = candidate.submission_state
        return Evidence(
            own=Fact(candidate.facts),
            group=Fact(candidate.group_facts),
            state=SubmissionState(state) if state is not None else None,
            file_reason=candidate.group_reason,
            file_spoken=candidate.file_spoken,
            final=now >= candidate.since + self._hours(candidate),
            statement_no=candidate.statement_no,
            amount_minor=candidate.amount_minor,
            returned_minor=candidate.returned_minor,
            payable=candidate.order_state in _PAYABLE,
            doubted=candidate.doubted,
            tries=candidate.tries,
        )


async def _close(session: Session, proofs: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    if proofs:
        numbers, documents = zip(*proofs, strict=True)
        await session.execute("close.close", list(numbers), list(documents))


def _closed(candidate: Candidate, rule: Rule, code: str | None) -> Closed:
    return Closed(
        attempt_no=candidate.attempt_no,
        order_no=candidate.order_no,
        generation=candidate.generation,
        bank=candidate.bank,
        end_to_end_id=candidate.end_to_end_id,
        source=candidate.source,
        rule=rule,
        code=code,
        returned_before=candidate.returned_before,
        payable=candidate.order_state == OrderState.PAYABLE,
    )


def _proof(candidate: Candidate, rule: Rule, code: str | None) -> dict[str, Any]:
    """Return what is kept as the proof: the rule and what it rests on."""
    parts: dict[str, Any] = {
        "rule": rule.value,
        "code": code,
        "submission": candidate.submission_no,
        "statement": candidate.statement_no if rule is Rule.REJECTED else None,
        "rejected": candidate.since.isoformat() if rule is Rule.REJECTED else None,
        "returned": candidate.returned_minor if rule is Rule.RETURNED else None,
        "order": candidate.order_state if rule is Rule.NEVER_LEFT else None,
    }
    return {name: value for name, value in parts.items() if value is not None}
