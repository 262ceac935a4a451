"""Intents: the checks that decide whether a submission may leave, and the promise to touch the outside world once.

Everything here runs in one transaction of the caller, with the submissions locked and the gate of stops and pauses
held: nothing can change beneath it. Each submission has checks of its own; one that fails voids that one only.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from bank_adapters.profile.layout import control_rule
from gateway.domain.errors import Refused
from gateway.domain.states import SubmissionState
from gateway.ports.approval import Approvals
from gateway.ports.clock import Clock
from gateway.ports.store import Session
from gateway.ports.transport import Wire
from gateway.service import limits, pace, windows
from gateway.service.banks import Bank
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.limits import Limit
from gateway.service.moves import Moving, move, move_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A submission that may go out now, with what its checks need.

    `recipient` is what it was wrapped for when it was sealed, empty where it goes as it is; size and digest are
    those of the bytes on the wire. `control` goes after it, where it was sealed with a control file. Of its
    `tries`, `waited` were never begun, because the bank asked us to wait.
    """

    submission_no: int
    batch_no: int
    state: str
    tries: int
    waited: int
    name: str
    recipient: str
    destination: str | None
    size: int
    sha256: bytes
    product: str
    pay_date: date
    currency: str
    sum_minor: int
    source: str
    control_rule: str
    control_name: str | None
    control: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A submission whose mark is left under the number of the intent to come."""

    wire: Wire
    due: Due


def claim_numbers(claims: Iterable[Claim]) -> tuple[list[int], list[int]]:
    """Return the numbers of their submissions, and of the intents to come."""
    rows = list(claims)
    return [c.due.submission_no for c in rows], [c.wire.intent for c in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A committed promise to touch the outside world once."""

    wire: Wire
    due: Due
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The signed manifest of a batch."""

    batch_no: int
    source: str
    manifest: bytes
    manifest_signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """The first check that a submission fails."""

    submission_no: int
    objection: str


TRIES_USED_UP = "tries used up"
TRIES_WRITTEN_DOWN = 10_000
"""The most tries of a submission, those that only waited too: a bank that asks us to wait for ever ends somewhere."""
STOPPED = "stop"
"""As `send.objections` names it."""


@dataclass(slots=True, kw_only=True)
class Decided:
    """What became of claims: those that are promised, and those whose marks are to be taken away.

    `waits` says that nothing of them may go yet: the lane's pace, or whoever has them now, decides when.
    """

    promised: list[Claim] = field(default_factory=list)
    dropped: list[Claim] = field(default_factory=list)
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intents:
    """Decides about the claims of one bank."""

    clock: Clock
    bank: Bank
    approvals: Approvals
    worker: str
    limits: Sequence[Limit] = ()

    async def decide(self, session: Session, claims: Sequence[Claim]) -> Decided:
        """Lock what is still claimed, check each, and promise or void it."""
        kept = await self._hold(session, claims)
        held = [c for c in claims if c.due.submission_no in kept]
        decided = Decided(dropped=[c for c in claims if c.due.submission_no not in kept])
        objections = await self._objections(session, [c.due for c in held])
        clear = [c for c in held if c.due.submission_no not in objections]
        if clear and not await pace.take(session, self.bank.slug, self.bank.profile.pace, self.clock.now(), len(clear)):
            await session.execute("send.unclaim", *claim_numbers(claims))
            decided.dropped += clear
            decided.waits = True
            clear = []
        for claim in sorted(clear, key=lambda c: (c.due.currency, c.due.source)):  # who locks limits goes in one order
            limit = await self._limit(session, claim.due)
            if limit is not None:
                objections[claim.due.submission_no] = limit
        for claim in held:
            why = objections.get(claim.due.submission_no)
            if why is not None:
                await self._void(session, claim.due, why)
                decided.dropped.append(claim)
        decided.promised = [c for c in clear if c.due.submission_no not in objections]
        await self._promise(session, decided.promised)
        return decided

    async def _hold(self, session: Session, claims: Sequence[Claim]) -> set[int]:
        """Lock what is still claimed, and the gate; what its bank named meanwhile stays as it is, for a person."""
        locked = set(await session.column("send.claimed", *claim_numbers(claims)))
        await session.execute("stops.intent_gate")
        alarmed = set(await session.column("send.alarmed", sorted(locked)))
        if alarmed:
            await session.execute("send.unclaim", *claim_numbers(c for c in claims if c.due.submission_no in alarmed))
        return locked - alarmed

    async def _objections(self, session: Session, due: Sequence[Due]) -> dict[int, str]:
        """Name for each submission the first check that fails."""
        found = {d.submission_no: why for d in due if (why := self._own_objection(d)) is not None}
        asked = [d for d in due if d.submission_no not in found]
        if asked:
            void = await self._unapproved(session, {d.batch_no for d in asked})
            found |= {d.submission_no: "approval no longer verifies" for d in asked if d.batch_no in void}
            approved = [d.submission_no for d in asked if d.batch_no not in void]
            rows = await session.all(Objection, "send.objections", approved, self.bank.slug, self.clock.today())
            found |= {row.submission_no: row.objection for row in rows}
        return found

    def _own_objection(self, due: Due) -> str | None:
        """Name the first check that fails of those that need no look at its members."""
        if due.tries - due.waited >= self.bank.profile.timings.tries_max or due.tries >= TRIES_WRITTEN_DOWN:
            return TRIES_USED_UP
        if due.destination not in {None, self.bank.destination}:  # its bytes and its name were made for another way
            return "transport changed"
        if due.recipient != self.bank.recipient:  # sealed before the envelope, or a key, was changed: never plain text
            return "envelope changed"
        if due.control_rule != control_rule(self.bank.profile.layout):  # its bank would wait for another, or for none
            return "control file changed"
        return windows.missed(self.bank, due, self.clock)

    async def _unapproved(self, session: Session, batches: Collection[int]) -> set[int]:
        """Return the batches whose approval no longer verifies; each is looked at once."""
        void = set()
        for row in await session.all(Approval, "send.approvals", sorted(batches)):
            try:
                self.approvals.verify(
                    source=row.source, manifest=row.manifest, signature=row.manifest_signature, at=self.clock.now()
                )
            except Refused:
                void.add(row.batch_no)
        return void

    async def _limit(self, session: Session, due: Due) -> str | None:
        """Count it under today's limits, last of all checks; name the objection if it would pass one."""
        day = self.clock.today()
        over = [one for one in self.limits if one.covers(due.source, self.bank.slug, due.currency)]
        if await limits.take(session, day, over, submission_no=due.submission_no, sum_minor=due.sum_minor):
            return None
        await limits.tell_reached(session, self.clock.now(), day, over, due.sum_minor)
        return limits.KIND

    async def _void(self, session: Session, due: Due, objection: str) -> None:
        number, state, now = due.submission_no, SubmissionState(due.state), self.clock.now()
        await move(session, number, state, SubmissionState.VOID, at=now, actor=self.worker, why=objection)
        if objection == STOPPED:
            await session.execute("stops.voided_at_intent", number)
        if objection == TRIES_USED_UP:  # its members go another way, or are cut again for ever: somebody must know
            await session.execute("reroute.gave_up", number)
            trouble = Trouble(kind=objection, key=str(number), bank=self.bank.slug, submission_no=number)
            await raise_exceptions(session, now, [trouble])
        await session.execute("moves.free_members", number)

    async def _promise(self, session: Session, claims: Sequence[Claim]) -> None:
        """Move to sending, and store the intents with their lease."""
        if not claims:
            return
        now, moved = self.clock.now(), []
        for state in (SubmissionState.SEALED, SubmissionState.NOT_SENT):
            moving = [Moving(submission_no=c.due.submission_no) for c in claims if c.due.state == state]
            moved += await move_all(session, moving, state, SubmissionState.SENDING, at=now, actor=self.worker)
        lease_until = now + timedelta(seconds=self.bank.profile.timings.lease_seconds)
        rows = [(c.due.submission_no, c.wire.intent, c.due.tries + 1) for c in claims]
        columns = [list(column) for column in zip(*rows, strict=True)]
        args = (self.worker, now, lease_until, self.bank.credential)
        stored = await session.execute("send.promise", *columns, *args)
        if not len(moved) == stored == len(claims):
            raise AssertionError("a submission is locked, yet another try of it was counted")
