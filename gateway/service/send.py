"""Sending, never twice: intent first, the wire under a lease and a deadline, then what is known.

1. What may go out is claimed, and a mark is left where a later inquiry can find it (adr/0002); no payment byte has
   moved, and no transaction is open while a bank takes its time.
2. One transaction, behind the gate: submissions are locked, *then* every check is made; one that fails voids its own.
3. Only after the COMMIT was seen does the transport send; it checks the deadline before its point of no return.
4. Its answer is recorded only while the intent is ours. A worker that lost its lease stores evidence, never a state.

A bank by request is sent many at a time: one transaction commits their intents, others their answers, some together.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.errors import StoreBusy
from gateway.domain.states import SubmissionState
from gateway.ports.approval import Approvals
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.ports.transport import Answer, Sent, Wire
from gateway.service import lanes, pace, progress, windows
from gateway.service.banks import Bank
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.intents import TRIES_USED_UP, Claim, Decided, Due, Intent, Intents, claim_numbers
from gateway.service.limits import Limit
from gateway.service.moves import Moving, move_all
from gateway.service.pace import Waiting
from gateway.service.retrying import whole
from gateway.service.wire import another_control, beside

__all__ = ["TRIES_USED_UP", "Due", "Intent", "Send"]

TOGETHER_SECONDS = 0.05
"""How long an answer waits to be recorded with others."""
ASKED_TO_WAIT = "the bank asked us to wait before this went out"
NEVER_BEGUN: Mapping[str, str] = {"cause": ASKED_TO_WAIT, "left": "no"}
"""Evidence of a try that the transport was never given."""

_STATE: Mapping[Sent, SubmissionState] = {
    Sent.SENT: SubmissionState.DELIVERED,
    Sent.NOT_SENT: SubmissionState.NOT_SENT,
    Sent.UNKNOWN: SubmissionState.UNKNOWN,
}

Answered = tuple[Intent, Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of what goes over the wire."""

    submission_no: int
    piece: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Step: send sealed or proved-not-sent submissions of one bank, at most `together` with one commit.

    `wires` bounds what is on the wire at a time, in all loops that run this step; `waiting` says when a lane that
    keeps a pace is due.
    """

    store: Store
    clock: Clock
    bank: Bank
    approvals: Approvals
    worker: str
    limits: Sequence[Limit] = ()
    meter: Meter = no_meter
    together: int = 1
    wires: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    waiting: Waiting = field(default_factory=Waiting)

    async def run_once(self) -> bool:
        deadline = self.clock.monotonic() + self.bank.profile.timings.send_deadline_seconds
        intents = await self._intend(deadline)
        if intents is None:
            return False
        if intents:
            await self._send(intents)
        return True

    async def _intend(self, deadline: float) -> list[Intent] | None:
        """Commit intents, perhaps none because all were voided; None when there is nothing to do now."""
        claims = await self._claim()
        if not claims:
            return None if claims is None else []
        marked = await self._mark(claims)
        if not marked:
            return None
        try:
            decided = await whole(lambda: self._decide(marked))
        except StoreBusy:  # not when the store went away: then the commit may have been, and the marks are its proof
            await self._unclaim(marked)
            await self._discard(marked)
            raise
        await self._discard(decided.dropped)
        if decided.waits:
            await self._look_when()
            return None
        return [self._intent(claim, deadline) for claim in decided.promised]

    async def _decide(self, claims: Sequence[Claim]) -> Decided:
        decide = Intents(
            clock=self.clock, bank=self.bank, approvals=self.approvals, worker=self.worker, limits=self.limits
        ).decide
        async with self.store.transaction() as session:
            return await decide(session, claims)

    async def _discard(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            with suppress(Exception):  # a mark that stays proves nothing: its number is never drawn again
                await self.bank.transport.discard(claim.wire)

    async def _unclaim(self, claims: Sequence[Claim]) -> None:
        """Let others try these at once. A claim that cannot be given back ends by itself, after the time of a lease."""
        with suppress(StoreBusy):
            async with self.store.transaction() as session:
                await session.execute("send.unclaim", *claim_numbers(claims))

    async def _claim(self) -> list[Claim] | None:
        """Claim what may go out now; none when it was turned away; None when there is nothing."""
        now, rules = self.clock.now(), self.bank.profile.pace
        if await self._asked_to_wait(now):
            return None
        most = pace.most(rules, self.together)
        async with self.store.transaction() as session:
            args = (self.bank.slug, now, most, pace.keeps(rules), rules.ordered)
            found = await session.all(Due, "send.pick", *args)
            if not found:
                self.waiting.until = await pace.due(session, self.bank.slug, rules, now)
                return None
            due = [d for d in found if not await self._turned_away(session, d)]
            numbers = await session.column("send.draw_intents", len(due))
            until = now + timedelta(seconds=self.bank.profile.timings.lease_seconds)
            await session.execute("send.claim", [d.submission_no for d in due], numbers, until)
        return [Claim(due=d, wire=self._wire(d, n)) for d, n in zip(due, numbers, strict=True)]

    async def _asked_to_wait(self, now: datetime) -> bool:
        """Whether what the bank asked of this process still holds: somebody may have lifted it since."""
        if self.waiting.asked(now):
            async with self.store.transaction() as session:
                self.waiting.lifted(await session.value("lanes.lifted_at", self.bank.slug))
        self.waiting.until = self.waiting.asked_until if self.waiting.asked(now) else None
        return self.waiting.until is not None

    async def _turned_away(self, session: Session, due: Due) -> bool:
        state = SubmissionState(due.state)
        return await windows.turned_away(session, self.bank, due, state, self.clock, worker=self.worker)

    def _wire(self, due: Due, intent_no: int) -> Wire:
        """Name the try. Its number is drawn from a sequence and never given twice, whatever is rolled back."""
        digest = due.sha256.hex()
        return Wire(
            bank=self.bank.slug,
            name=due.name,
            intent=intent_no,
            size=due.size,
            sha256=digest,
            first=due.tries == 0,
            control=beside(due.control_name, due.control),
        )

    async def _mark(self, claims: Sequence[Claim]) -> list[Claim]:
        """Leave marks; return those that were left. Where none could be, for whatever reason, the lane has a failure.

        It costs no try, and no other bank: nothing of it has left, so the worst that a transport does here is to wait.
        """
        causes = await asyncio.gather(*(self._prepared(claim) for claim in claims))
        failed = [claim for claim, cause in zip(claims, causes, strict=True) if cause is not None]
        if failed:
            async with self.store.transaction() as session:
                await session.execute("send.unclaim", *claim_numbers(failed))
                await lanes.failed(session, self.bank.profile, self.clock.now())
            cause = min(cause for cause in causes if cause is not None)
            self.meter.count("gateway_step_failures_total", 1, step="send", error=cause)
        return [claim for claim, cause in zip(claims, causes, strict=True) if cause is None]

    async def _prepared(self, claim: Claim) -> str | None:
        """Leave a mark; return what kept it from being left, if anything did."""
        try:
            await self.bank.transport.prepare(claim.wire)
        except Exception as error:  # noqa: BLE001 - before the intent no error is about anything but this bank
            return type(error).__name__
        return None

    async def _look_when(self) -> None:
        """Find out when the lane is due that was found waiting for its pace."""
        async with self.store.transaction() as session:
            self.waiting.until = await pace.due(session, self.bank.slug, self.bank.profile.pace, self.clock.now())

    def _intent(self, claim: Claim, deadline: float) -> Intent:
        left = windows.left(self.bank, claim.due, self.clock.now()).total_seconds()
        return Intent(wire=claim.wire, due=claim.due, deadline=min(deadline, self.clock.monotonic() + left))

    async def _send(self, intents: Sequence[Intent]) -> None:
        """Send, and record the answers as they come, those that come close together in one transaction."""
        pieces = await self._pieces(intents)
        under_way = {asyncio.create_task(self._one(i, pieces.get(i.due.submission_no, []))) for i in intents}
        answered: list[Answered] = []
        try:
            while under_way:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                if under_way:
                    more, under_way = await asyncio.wait(under_way, timeout=TOGETHER_SECONDS)
                    done |= more
                answered = sorted([*answered, *(task.result() for task in done)], key=lambda a: a[0].wire.intent)
                try:
                    await whole(lambda told=answered: self._record(told))  # type: ignore[misc]
                except StoreBusy:  # nothing is stored; with the next answers, for what is on the wire is not cut off
                    if not under_way:
                        raise
                else:
                    answered = []
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _pieces(self, intents: Sequence[Intent]) -> Mapping[int, list[bytes]]:
        """Return what goes over the wire, by submission."""
        found: dict[int, list[bytes]] = {}
        async with self.store.transaction() as session:
            for row in await session.all(Piece, "send.pieces", [i.due.submission_no for i in intents]):
                found.setdefault(row.submission_no, []).append(row.piece)
        return found

    async def _one(self, intent: Intent, pieces: Iterable[bytes]) -> Answered:
        async with self.wires:
            if wait := self.waiting.asked(self.clock.now()):
                return intent, Answer(sent=Sent.NOT_SENT, evidence=NEVER_BEGUN, retry_after=wait)
            answer = await self.bank.transport.send(intent.wire, pieces, intent.deadline)
            self.waiting.heard(self.clock.now(), answer.retry_after)
            return intent, answer

    async def _record(self, answered: Sequence[Answered]) -> None:
        """Store answers: as the submissions' states where the intents are still ours, else as evidence."""
        tally, now = Tally(), self.clock.now()
        async with self.store.transaction() as session:
            delivered = await record(session, self.bank, now, self.worker, answered)
            await progress.all_sent(tally, session, bank=self.bank.slug, submissions=delivered, at=now)
        for _, answer in answered:
            tally.count("gateway_tries_total", 1, bank=self.bank.slug, answer=answer.sent.value)
        tally.report(self.meter)


async def record(session: Session, bank: Bank, now: datetime, worker: str, answered: Sequence[Answered]) -> list[int]:
    """Record what tries came to; `session` is the only transaction of it. Return what this made delivered."""
    told = {i.wire.intent: (i, a) for i, a in answered}
    evidence = [_evidence(a) for _, a in answered]
    args = (list(told), [a.sent.value for _, a in answered], evidence)
    ours = set(await session.column("send.conclude", *args))
    for number, (_, answer) in told.items():
        if number not in ours:
            await session.execute("send.late", number, {"saw": answer.sent.value, **_evidence(answer)})
    moved: set[int] = set()
    for sent, state in _STATE.items():
        moving = [_moving(i, a, bank, now) for n, (i, a) in told.items() if n in ours and a.sent is sent]
        moved |= set(await move_all(session, moving, SubmissionState.SENDING, state, at=now, actor=worker))
    # What did not move was named by a message of this bank first: it is delivered, whatever we saw.
    mine = [(i, a) for i, a in answered if i.due.submission_no in moved]
    await _tell_lane(session, bank, now, mine)
    await _tell_wait(session, bank, now, [a for _, a in answered])
    if waited := [i.due.submission_no for i, a in mine if a.evidence == NEVER_BEGUN]:
        await session.execute("send.waited", waited)
    troubles = [_unknown(bank, i) for i, a in mine if a.sent is Sent.UNKNOWN]
    troubles += [another_control(bank.slug, i.due.submission_no) for i, a in answered if a.alarm]
    await raise_exceptions(session, now, troubles)
    return sorted(i.due.submission_no for i, a in mine if a.sent is Sent.SENT)


async def _tell_lane(session: Session, bank: Bank, now: datetime, answered: Sequence[Answered]) -> None:
    """Count failures to reach the bank, and a success."""
    for _, answer in answered:
        if answer.unreachable:
            await lanes.failed(session, bank.profile, now, answer.retry_after)
    if any(answer.sent is Sent.SENT and not answer.unreachable for _, answer in answered):
        await lanes.worked(session, bank.slug)


async def _tell_wait(session: Session, bank: Bank, now: datetime, answers: Iterable[Answer]) -> None:
    """Keep the longest wait that the bank asked for, whatever else its answers are worth and whosever the tries are."""
    seconds = max((answer.retry_after for answer in answers if answer.evidence != NEVER_BEGUN), default=0)
    if seconds:
        await lanes.asked_to_wait(session, bank.slug, now, seconds)


def _moving(intent: Intent, answer: Answer, bank: Bank, now: datetime) -> Moving:
    timings, asked = bank.profile.timings, answer.retry_after  # who asks us to wait is not asked about it sooner either
    due = {
        Sent.NOT_SENT: now + timedelta(seconds=max(timings.retry_after_seconds, asked)),
        Sent.UNKNOWN: now + timedelta(seconds=max(timings.inquire_after_seconds, asked)),
    }.get(answer.sent)
    return Moving(submission_no=intent.due.submission_no, evidence=_evidence(answer), due=due)


def _evidence(answer: Answer) -> dict[str, Any]:
    return dict(answer.evidence)


def _unknown(bank: Bank, intent: Intent) -> Trouble:
    number = intent.due.submission_no
    return Trouble(kind="unknown", key=f"{number}/{intent.wire.intent}", bank=bank.slug, submission_no=number)
