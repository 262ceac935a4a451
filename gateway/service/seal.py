"""Seal: an open submission becomes bytes that say exactly what was signed.

Late, only when the bank's lane can send now. Every member's document is digested again and found under the signed
manifest; the bytes are rendered once and re-read by code that shares nothing with the writer. A submission with a
member that may not leave is dissolved and the others are cut again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from bank_adapters.profile import Profile
from bank_adapters.profile.benefits import instruments_of
from bank_adapters.spi import Debtor, SubmissionContent
from gateway.domain.benefits import Catalogue
from gateway.domain.collection import Window
from gateway.domain.errors import CannotRender, Oversized, Refused, SealMismatch, WrappingFailed
from gateway.domain.identity import payment_information_id
from gateway.domain.instrument import Instrument
from gateway.domain.states import SubmissionState
from gateway.ports.approval import Approvals
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.service.approved import ApprovedDigests
from gateway.service.banks import Banks, DebtorAccounts, Workshop
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.limits import Limit, columns
from gateway.service.moves import move
from gateway.service.offers import purposes_of
from gateway.service.outcomes import News, tell
from gateway.service.pauses import pause
from gateway.service.press import Pressed, Signed, press
from gateway.service.progress import PAYMENTS
from gateway.service.sizes import OVERSIZE, can_be_halved, oversize
from gateway.service.windows import turned_away
from gateway.service.wire import Wrapped, store_control, store_wrapped, wrapped

LATER = timedelta(minutes=15)
"""When to look again at what could not be sealed for want of trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSubmission:
    """A submission to seal, with its batch's approval."""

    submission_no: int
    bank: str
    batch_no: int
    batch_id: str
    product: str
    instrument: str
    pay_date: date
    currency: str
    msg_id: str
    name: str
    payment_count: int
    sum_minor: int
    source: str
    programme: str
    debtor_account: str
    manifest: bytes
    manifest_signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An attempt with the order it pays, as stored. `may_leave`: payable, still valid and not stopped.

    The collection window is the present one: another attempt of an order has a later window of the row that was signed.
    """

    order_no: int
    order_id: str
    generation: int
    end_to_end_id: str
    uetr: UUID
    document: bytes
    may_leave: bool
    collect_from: date | None
    collect_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Step: seal, or dissolve, one open submission; or some of `together`, with one commit, where each is small."""

    store: Store
    clock: Clock
    banks: Banks
    accounts: DebtorAccounts
    catalogue: Catalogue
    approvals: Approvals
    workshop: Workshop
    worker: str
    approved: ApprovedDigests = field(default_factory=ApprovedDigests)
    limits: Sequence[Limit] = ()
    meter: Meter = no_meter
    together: int = 1

    async def run_once(self) -> bool:
        tally = Tally()
        async with self.store.transaction() as session:
            found = await self._pick(session)
            for submission in found:
                bank, state = self.banks[submission.bank], SubmissionState.OPEN
                if await turned_away(session, bank, submission, state, self.clock, worker=self.worker):
                    continue
                if await self._seal(session, submission):
                    tally.count(PAYMENTS, submission.payment_count, stage="sealed", bank=submission.bank)
        tally.report(self.meter)
        return bool(found)

    async def _pick(self, session: Session) -> list[OpenSubmission]:
        """Lock what may be sealed now."""
        capacity = {slug: bank.profile.limits.submissions_in_flight for slug, bank in self.banks.items()}
        return await session.all(
            OpenSubmission,
            "seal.pick",
            self.clock.now(),
            list(capacity),
            list(capacity.values()),
            *columns(self.limits),
            self.clock.today(),
            self.together,
        )

    async def _seal(self, session: Session, submission: OpenSubmission) -> bool:
        """Return whether it is sealed now."""
        members = await session.all(Member, "seal.members", submission.submission_no, submission.pay_date)
        debtor = self._debtor(submission)
        if len(members) != submission.payment_count or not all(m.may_leave for m in members):
            await self._dissolve(session, submission, "a member may not leave")
        elif debtor is None or debtor.iban != submission.debtor_account:
            await self._dissolve(session, submission, "another debtor account is configured now")
        elif submission.instrument not in instruments_of(self.banks[submission.bank].profile):
            await self._dissolve(session, submission, "the bank takes no such payments any more")
        elif await self._covered(session, submission, members):
            return await self._press(session, submission, debtor, members)
        return False

    def _debtor(self, submission: OpenSubmission) -> Debtor | None:
        return self.accounts.find(
            source=submission.source,
            programme=submission.programme,
            currency=submission.currency,
            bank=submission.bank,
        )

    async def _covered(self, session: Session, submission: OpenSubmission, members: Sequence[Member]) -> bool:
        """Whether the approval still verifies and covers each member; if not, nothing leaves and a person is told."""
        documents = {m.order_id: m.document for m in members}
        try:
            await self.approved.require(session, submission.batch_no, self._signed_chunks(submission), documents)
        except (Refused, SealMismatch) as error:
            await self._later(session, submission, "approval no longer verifies", error)
            return False
        return True

    def _signed_chunks(self, submission: OpenSubmission) -> Sequence[str]:
        """Return the chunk digests that were signed for this batch. Raises Refused and SealMismatch."""
        approval = self.approvals.verify(
            source=submission.source,
            manifest=submission.manifest,
            signature=submission.manifest_signature,
            at=self.clock.now(),
        )
        if approval.manifest.batch != submission.batch_id:
            raise SealMismatch("the signed manifest is that of another batch")
        return approval.manifest.chunks

    async def _press(
        self, session: Session, submission: OpenSubmission, debtor: Debtor, members: Sequence[Member]
    ) -> bool:
        bank = self.banks[submission.bank]
        signed = [_signed(submission, m) for m in members]
        purposes = purposes_of(self.catalogue, bank.profile)
        try:
            header = self._header(submission, debtor)
            pressed: Pressed = await self.workshop.run(press, bank.adapter, bank.profile, header, signed, purposes)
            if pressed.refusals:
                await self._refuse(session, submission, members, pressed.refusals)
                return False
            wire = await wrapped(self.workshop, bank, pressed.pieces, header.created_at)
            if oversize(bank.profile, max(_size(pressed), len(wire.content) if wire is not None else 0)):
                await self._cut_smaller(session, submission, members, bank.profile)
                return False
            await self._store(session, submission, pressed, wire, header.created_at)
        except WrappingFailed as error:  # it stays open: what a bank wants wrapped is never sent as it is
            await self._later(session, submission, "envelope failed", error)
            return False
        except Oversized:
            await self._cut_smaller(session, submission, members, bank.profile)
            return False
        except (SealMismatch, CannotRender) as error:
            now, reason = self.clock.now(), "seal mismatch"
            await pause(session, scope="bank", value=bank.slug, reason=reason, at=now, by=self.worker)
            await self._later(session, submission, reason, error)
            return False
        return True

    async def _store(
        self,
        session: Session,
        submission: OpenSubmission,
        pressed: Pressed,
        wire: Wrapped | None,
        sealed_at: datetime,
    ) -> None:
        """Store bytes and digests if they are also those of what was cut; `sealed_at` stands in the bytes."""
        reread, number = pressed.reread, submission.submission_no
        cut = (submission.payment_count, submission.sum_minor, submission.currency)
        if reread is None or (reread.count, reread.sum_minor, reread.currency) != cut:
            raise SealMismatch("the bytes and the submission disagree")
        pieces = [(number, n, piece) for n, piece in enumerate(pressed.pieces)]
        await session.copy("submission_bytes", ("submission_no", "piece_no", "piece"), pieces)
        digests = (bytes.fromhex(reread.sha256), bytes.fromhex(reread.payments_digest))
        destination = self.banks[submission.bank].destination
        await session.execute("seal.seal", number, sealed_at, *digests, reread.size, destination)
        if wire is not None:
            await store_wrapped(session, submission.bank, number, wire)
        if pressed.control is not None:
            await store_control(session, self.banks[submission.bank], number, pressed.control)
        await move(session, number, SubmissionState.OPEN, SubmissionState.SEALED, at=sealed_at, actor=self.worker)

    def _header(self, submission: OpenSubmission, debtor: Debtor) -> SubmissionContent:
        return SubmissionContent(
            msg_id=submission.msg_id,
            payment_information_id=payment_information_id(submission.msg_id),
            file_name=submission.name,
            created_at=self.clock.now(),
            requested_execution_date=submission.pay_date,
            debtor=debtor,
            category_purpose=submission.product,
            payments=(),
            instrument=Instrument(submission.instrument),
        )

    async def _dissolve(self, session: Session, submission: OpenSubmission, why: str) -> None:
        states = (SubmissionState.OPEN, SubmissionState.DISSOLVED)
        await session.execute("moves.free_members", submission.submission_no)
        await move(session, submission.submission_no, *states, at=self.clock.now(), actor=self.worker, why=why)

    async def _refuse(
        self, session: Session, submission: OpenSubmission, members: Sequence[Member], refusals: Mapping[str, str]
    ) -> None:
        """Hold the orders that this bank's language cannot express; the others are cut again."""
        await self._dissolve(session, submission, "a member cannot be put into the bank's language")
        refused, now = [m for m in members if m.end_to_end_id in refusals], self.clock.now()
        numbers = [m.order_no for m in refused]
        await session.execute("cut.close_attempts_of_held", numbers)
        numbers = sorted(await session.column("cut.hold", numbers, ["render.refused"] * len(numbers)))
        await tell(session, now, [News(order_no=n, outcome="held", reason="render.refused") for n in numbers])
        await raise_exceptions(session, now, [_cannot_render(submission.bank, m, refusals) for m in refused])

    async def _cut_smaller(
        self, session: Session, submission: OpenSubmission, members: Sequence[Member], profile: Profile
    ) -> None:
        """Let its members be cut into smaller ones; those that the bank wants together at least are held."""
        if can_be_halved(profile, submission.payment_count):
            await self._dissolve(session, submission, OVERSIZE)
        else:
            await self._refuse(session, submission, members, {m.end_to_end_id: OVERSIZE for m in members})

    async def _later(self, session: Session, submission: OpenSubmission, kind: str, error: Exception) -> None:
        """Leave it open and look again later: a key may be renewed, an adapter mended; nothing leaves meanwhile."""
        now = self.clock.now()
        await session.execute("seal.later", submission.submission_no, now + LATER)
        trouble = Trouble(
            kind=kind,
            key=submission.msg_id,
            bank=submission.bank,
            submission_no=submission.submission_no,
            detail={"why": str(error)},
        )
        await raise_exceptions(session, now, [trouble])


def _cannot_render(bank: str, member: Member, refusals: Mapping[str, str]) -> Trouble:
    detail = {"why": refusals[member.end_to_end_id]}
    return Trouble(kind="cannot render", key=member.end_to_end_id, bank=bank, order_no=member.order_no, detail=detail)


def _size(pressed: Pressed) -> int:
    return sum(len(piece) for piece in pressed.pieces)


def _signed(submission: OpenSubmission, member: Member) -> Signed:
    return Signed(
        end_to_end_id=member.end_to_end_id,
        generation=member.generation,
        uetr=str(member.uetr),
        source=submission.source,
        document=member.document,
        collection=_window(member),
    )


def _window(member: Member) -> Window | None:
    if member.collect_from is None or member.collect_until is None:
        return None
    return Window(first=member.collect_from, last=member.collect_until)
