"""Sending, never twice: intent first, the wire under a lease and a deadline, then what is known.

1. A mark is left where a later inquiry can find it (adr/0002); no payment byte has moved.
2. One transaction, behind the gate: the submission is locked, *then* every check is made; one that fails voids it.
3. Only after the COMMIT was seen does the transport send; it checks the deadline before its point of no return.
4. Its answer is recorded only while the intent is ours. A worker that lost its lease stores evidence, never a state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from gateway.domain.errors import BankUnreachable, Refused
from gateway.domain.states import SubmissionState
from gateway.ports.approval import Approvals
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.ports.transport import Answer, Sent, Wire
from gateway.service import lanes, limits, progress
from gateway.service.banks import Bank
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.limits import Limit
from gateway.service.moves import move


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A submission that may go out now, with what its checks need."""

    submission_no: int
    batch_no: int
    state: str
    tries: int
    name: str
    size: int
    sha256: bytes
    pay_date: date
    currency: str
    sum_minor: int
    source: str
    manifest: bytes
    manifest_signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A committed promise to touch the outside world once."""

    wire: Wire
    due: Due
    deadline: float


TRIES_USED_UP = "tries used up"
STOPPED = "stop"
"""As `send.objection` names it."""

_STATE: Mapping[Sent, SubmissionState] = {
    Sent.SENT: SubmissionState.DELIVERED,
    Sent.NOT_SENT: SubmissionState.NOT_SENT,
    Sent.UNKNOWN: SubmissionState.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Step: send one sealed or proved-not-sent submission of one bank."""

    store: Store
    clock: Clock
    bank: Bank
    approvals: Approvals
    worker: str
    limits: Sequence[Limit] = ()
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        deadline = self.clock.monotonic() + self.bank.profile.timings.send_deadline_seconds
        try:
            picked = await self._intend(deadline)
        except BankUnreachable as error:
            await self._lane_failed()
            self.meter.count("gateway_step_failures_total", 1, step="send", error=type(error).__name__)
            return False
        if picked is None:
            return False
        if isinstance(picked, Intent):
            await self._record(picked, await self._send(picked))
        return True

    async def _intend(self, deadline: float) -> Intent | Due | None:
        """Commit an intent, or void (then the Due is returned), or find nothing to do (None)."""
        async with self.store.transaction() as session:
            due = await session.one(Due, "send.pick", self.bank.slug, self.clock.now())
            if due is None:
                return None
            wire = self._wire(due, await session.value("send.draw_intent"))
            await self.bank.transport.prepare(wire)
            await session.execute("stops.intent_gate")
            objection = await self._start(session, due)
            if objection is None:
                await self._promise(session, due, wire.intent)
        if objection is not None:
            await self.bank.transport.discard(wire)
            return due
        return Intent(wire=wire, due=due, deadline=deadline)

    async def _start(self, session: Session, due: Due) -> str | None:
        """Move to sending, or to void with the objection that is returned."""
        state, now = SubmissionState(due.state), self.clock.now()
        objection = await self._objection(session, due) or await self._limit(session, due)
        if objection is None:
            await move(session, due.submission_no, state, SubmissionState.SENDING, at=now, actor=self.worker)
            return None
        await move(session, due.submission_no, state, SubmissionState.VOID, at=now, actor=self.worker, why=objection)
        if objection == STOPPED:
            await session.execute("stops.voided_at_intent", due.submission_no)
        await session.execute("moves.free_members", due.submission_no)
        if objection == TRIES_USED_UP:  # its members are cut again, for ever if need be: somebody must know
            number = due.submission_no
            await raise_exceptions(
                session, now, [Trouble(kind=objection, key=str(number), bank=self.bank.slug, submission_no=number)]
            )
        return objection

    async def _objection(self, session: Session, due: Due) -> str | None:
        """Name the first check that fails. The row is locked and the gate is held: nothing can change beneath us."""
        if due.tries >= self.bank.profile.timings.tries_max:
            return TRIES_USED_UP
        if due.pay_date < self.clock.today():
            return "date passed"
        try:
            self.approvals.verify(
                source=due.source, manifest=due.manifest, signature=due.manifest_signature, at=self.clock.now()
            )
        except Refused:
            return "approval no longer verifies"
        found: str | None = await session.value(
            "send.objection", due.submission_no, self.bank.slug, due.source, self.clock.today()
        )
        return found

    async def _limit(self, session: Session, due: Due) -> str | None:
        """Count it under today's limits, last of all checks; name the objection if it would pass one."""
        day = self.clock.today()
        over = [one for one in self.limits if one.covers(due.source, self.bank.slug, due.currency)]
        if await limits.take(session, day, over, submission_no=due.submission_no, sum_minor=due.sum_minor):
            return None
        await limits.tell_reached(session, self.clock.now(), day, over, due.sum_minor)
        return limits.KIND

    async def _promise(self, session: Session, due: Due, intent_no: int) -> None:
        now = self.clock.now()
        lease_until = now + timedelta(seconds=self.bank.profile.timings.lease_seconds)
        args = (due.submission_no, due.tries + 1, self.worker, now, lease_until, intent_no)
        if not await session.execute("send.promise", *args):
            raise AssertionError("the submission is locked, yet another try of it was counted")

    async def _send(self, intent: Intent) -> Answer:
        async with self.store.transaction() as session:
            pieces = await session.column("send.pieces", intent.due.submission_no)
        return await self.bank.transport.send(intent.wire, pieces, intent.deadline)

    async def _record(self, intent: Intent, answer: Answer) -> None:
        """Store the answer: as the submission's state if the intent is still ours, else as evidence."""
        tally, now = Tally(), self.clock.now()
        async with self.store.transaction() as session:
            if await record(session, self.bank, now, self.worker, intent, answer):
                number = intent.due.submission_no
                await progress.sent(tally, session, bank=self.bank.slug, submission_no=number, at=now)
        tally.count("gateway_tries_total", 1, bank=self.bank.slug, answer=answer.sent.value)
        tally.report(self.meter)

    async def _lane_failed(self) -> None:
        async with self.store.transaction() as session:
            await lanes.failed(session, self.bank.profile, self.clock.now())

    def _wire(self, due: Due, intent_no: int) -> Wire:
        """Name the try. Its number is drawn from a sequence and never given twice, whatever is rolled back."""
        return Wire(bank=self.bank.slug, name=due.name, intent=intent_no, size=due.size, sha256=due.sha256.hex())


async def record(session: Session, bank: Bank, now: datetime, worker: str, intent: Intent, answer: Answer) -> bool:
    """Record what a try came to; `session` is the only transaction of it. Return whether this made it delivered."""
    evidence: dict[str, Any] = dict(answer.evidence)
    if not await session.execute("send.conclude", intent.wire.intent, answer.sent.value, evidence):
        await session.execute("send.late", intent.wire.intent, {"saw": answer.sent.value, **evidence})
        return False
    state = _STATE[answer.sent]
    due = {
        SubmissionState.NOT_SENT: now + timedelta(seconds=bank.profile.timings.retry_after_seconds),
        SubmissionState.UNKNOWN: now + timedelta(seconds=bank.profile.timings.inquire_after_seconds),
    }.get(state)
    moved = await move(
        session,
        intent.due.submission_no,
        SubmissionState.SENDING,
        state,
        at=now,
        actor=worker,
        evidence=evidence,
        due=due,
    )
    if not moved:  # a message of this bank named it first: it is delivered, whatever we saw
        return False
    if answer.unreachable:
        await lanes.failed(session, bank.profile, now)
    elif state is SubmissionState.DELIVERED:
        await lanes.worked(session, bank.slug)
    if state is SubmissionState.UNKNOWN:
        number = intent.due.submission_no
        trouble = Trouble(kind="unknown", key=f"{number}/{intent.wire.intent}", bank=bank.slug, submission_no=number)
        await raise_exceptions(session, now, [trouble])
    return state is SubmissionState.DELIVERED
