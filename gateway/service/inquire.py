"""What became of an unknown submission. It is never answered by a re-send, a re-render or another bank.

The sweeper makes unknowns of intents whose lease has ended; the inquiry settles them by evidence alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.states import SubmissionState
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.ports.transport import Arrival, Finding, Wire
from gateway.service import lanes, progress
from gateway.service.banks import Bank
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.moves import move
from gateway.service.wire import another_control, beside

READ_BACKS_NEEDED = 2
"""DESIGN 5.5: the bank says unknown, twice, after `authoritative_after`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A submission in doubt.

    `intents` are the tries not yet proved, `lease_until` the latest end of any of them; `seen_sent` says that a worker,
    too late to change a state, left proof that its try arrived. `destination` is None where it was sealed before that
    was written down; `credentials` say whom the bank took us for at those tries, where that was written down.
    """

    submission_no: int
    name: str
    size: int
    sha256: bytes
    tries: int
    says_unknown: int
    intents: list[int]
    lease_until: datetime
    seen_sent: bool
    destination: str | None
    control_name: str | None
    control: bytes | None
    credentials: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquire:
    """Step: ask about one unknown submission of one bank, unless it asked us to come with nothing for a while."""

    store: Store
    clock: Clock
    bank: Bank
    worker: str
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        now = self.clock.now()
        again = now + timedelta(seconds=self.bank.profile.timings.inquire_after_seconds)
        async with self.store.transaction() as session:
            unknown = await session.one(Unknown, "inquire.take", self.bank.slug, now, again)
        if unknown is None:
            return False
        finding = await self._ask(unknown)
        tally = Tally()
        async with self.store.transaction() as session:
            await self._settle(session, unknown, _concluded(unknown, finding), now, tally)
            if finding.retry_after:
                await lanes.asked_to_wait(session, self.bank.slug, self.clock.now(), finding.retry_after)
        tally.count("gateway_inquiries_total", 1, bank=self.bank.slug, finding=finding.arrival.value)
        tally.report(self.meter)
        return True

    async def _ask(self, unknown: Unknown) -> Finding:
        """Ask where it was sent; whoever looks anywhere else finds nothing there, and that proves nothing."""
        if unknown.destination not in {None, self.bank.destination}:
            evidence = {"transport": "the profile names another one than it was sealed for"}
            return Finding(arrival=Arrival.CANNOT_TELL, evidence=evidence)
        finding = await self._answer(unknown)
        if finding.arrival is Arrival.SAYS_UNKNOWN and not {self.bank.credential}.issuperset(unknown.credentials):
            evidence = {
                **finding.evidence,
                "credential": "a try was made with another",
            }  # of others it tells us nothing
            return Finding(arrival=Arrival.CANNOT_TELL, evidence=evidence)
        return finding

    async def _answer(self, unknown: Unknown) -> Finding:
        """Ask; what raises has told nothing, and costs this bank alone."""
        try:
            return await self.bank.transport.inquire(self._wire(unknown), unknown.intents)
        except Exception as error:  # noqa: BLE001 - asking moves no money, so no error of it is about anything else
            self.meter.count("gateway_step_failures_total", 1, step="inquire", error=type(error).__name__)
            return Finding(arrival=Arrival.CANNOT_TELL, evidence={"transport": type(error).__name__})

    def _wire(self, unknown: Unknown) -> Wire:
        last = max(unknown.intents, default=0)
        return Wire(
            bank=self.bank.slug,
            name=unknown.name,
            intent=last,
            size=unknown.size,
            sha256=unknown.sha256.hex(),
            control=beside(unknown.control_name, unknown.control),
        )

    async def _settle(
        self, session: Session, unknown: Unknown, finding: Finding, asked_at: datetime, tally: Meter
    ) -> None:
        """Record a finding, unless the submission was tried again or settled since it was asked about."""
        if not await session.value("inquire.same_doubt", unknown.submission_no, unknown.tries):
            return
        if finding.alarm:
            trouble = another_control(self.bank.slug, unknown.submission_no)
            await raise_exceptions(session, self.clock.now(), [trouble])
        if finding.arrival is Arrival.ARRIVED:
            if await self._end(session, unknown, SubmissionState.DELIVERED, finding):
                number, now = unknown.submission_no, self.clock.now()
                await progress.sent(tally, session, bank=self.bank.slug, submission_no=number, at=now)
        elif finding.arrival is Arrival.CANNOT_ARRIVE:
            await self._end(session, unknown, SubmissionState.NOT_SENT, finding)
        elif finding.arrival is Arrival.SAYS_UNKNOWN and self._authoritative(unknown, asked_at):
            said = await session.value("inquire.says_unknown", unknown.submission_no, unknown.tries)
            if said is not None and said >= READ_BACKS_NEEDED:
                await self._end(session, unknown, SubmissionState.NOT_SENT, finding)

    def _authoritative(self, unknown: Unknown, asked_at: datetime) -> bool:
        profile = self.bank.profile
        believed_from = unknown.lease_until + timedelta(seconds=profile.timings.authoritative_after_seconds)
        return profile.answers.inquiry_authoritative and asked_at >= believed_from

    async def _end(self, session: Session, unknown: Unknown, to: SubmissionState, finding: Finding) -> bool:
        now = self.clock.now()
        moved = await move(
            session,
            unknown.submission_no,
            SubmissionState.UNKNOWN,
            to,
            at=now,
            actor=self.worker,
            why=f"inquiry: {finding.arrival.value}",
            evidence=finding.evidence,
        )
        if moved:
            await session.execute("inquire.proved", unknown.submission_no)
            await session.execute("exceptions.close_unknown", unknown.submission_no, now)
        return moved


def _concluded(unknown: Unknown, finding: Finding) -> Finding:
    """Take the late proofs of the workers themselves for what they are: one that it arrived, or all that none did."""
    if unknown.seen_sent:
        return Finding(arrival=Arrival.ARRIVED, evidence={**finding.evidence, "a try": "proved sent, late"})
    if unknown.intents or finding.arrival is Arrival.ARRIVED:
        return finding
    return Finding(arrival=Arrival.CANNOT_ARRIVE, evidence={**finding.evidence, "every try": "proved not sent, late"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Step: an intent whose lease has ended is unknown; nobody knows what its worker did."""

    store: Store
    clock: Clock
    worker: str

    async def run_once(self) -> bool:
        now = self.clock.now()
        async with self.store.transaction() as session:
            submission_no = await session.value("inquire.sweep", now)
            if submission_no is None:
                return False
            states = (SubmissionState.SENDING, SubmissionState.UNKNOWN)
            if await move(session, submission_no, *states, at=now, actor=self.worker, why="lease ended", due=now):
                trouble = Trouble(kind="unknown", key=f"{submission_no}/{now.isoformat()}", submission_no=submission_no)
                await raise_exceptions(session, now, [trouble])
        return True
