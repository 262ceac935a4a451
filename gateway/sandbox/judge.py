"""What a sandbox bank does with what it is asked: a pure function of parameters, seed and content."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from gateway.sandbox import chance
from gateway.sandbox.behaviours import CounterParameters, Shape
from gateway.sandbox.control import control_fault
from gateway.sandbox.days import banking_day
from gateway.sandbox.iban import is_iban
from gateway.sandbox.parameters import BankParameters, Kind
from gateway.sandbox.payment_file import BadFile, Block, Payment, PaymentFile, sums_fault
from gateway.sandbox.readers import read

NO_FUNDS, BAD_FORM = "AM04", "FF01"


class State(StrEnum):
    """What became of a payment at the bank. A returned payment was booked before."""

    BOOKED = "booked"
    REJECTED = "rejected"
    RETURNED = "returned"


class Outcome(StrEnum):
    """What became of a file or request as a whole."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the bank stands when it decides: its first open day and what each account can still bear.

    None for `open_day` means that no day was closed yet; an account that is not in `available` bears everything.
    """

    open_day: date | None = None
    available: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def booking_day(self, asked: date) -> date:
        """Return the day on which a payment asked for `asked` is booked: a closed day takes nothing more."""
        return asked if self.open_day is None else max(asked, self.open_day)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComesBack:
    """How money that was booked comes back: the charges are missing from the amount and stated."""

    amount_minor: int
    day: date
    shape: Shape = Shape.NAMED
    charges_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One payment decided. `reason` belongs to a reject or a return; `entry_ref` is the bank's own reference.

    `late`: the first status calls it accepted, the reject follows. `denied`: the reason for which the status calls it
    rejected although it is booked. A rejected payment comes back only where it was booked with a sum of all.
    `settled_on` is the day on which money over the counter was collected, or given up.
    """

    payment: Payment
    state: State
    reason: str | None
    entry_ref: str
    comes_back: ComesBack | None = None
    late: bool = False
    denied: str | None = None
    settled_on: date | None = None

    @property
    def habit(self) -> str:
        """What the bank did with it out of the ordinary, apart from a return: in words, or nothing."""
        if self.denied:
            return "reported as rejected, and booked"
        if self.settled_on is not None:
            return "collected at the counter" if self.reason is None else "unclaimed at the counter"
        return "rejected after it was accepted" if self.late else ""

    @property
    def refused(self) -> str | None:
        """The reason for which the first status calls the payment rejected."""
        return self.reason if self.state is State.REJECTED and not self.late else self.denied


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockVerdict:
    """One block decided; with a `reason` the whole block is refused.

    With `lump` all that was booked comes back as one credit.
    """

    block: Block
    reason: str | None
    verdicts: tuple[Verdict, ...]
    booked_on: date
    lump: bool = False

    def accepted(self) -> list[Verdict]:
        """Return the payments that were booked, returned ones among them."""
        return [verdict for verdict in self.verdicts if verdict.state is not State.REJECTED]

    def refused(self) -> list[Verdict]:
        """Return the payments that the first status calls rejected."""
        return [verdict for verdict in self.verdicts if verdict.refused]

    def refused_late(self) -> list[Verdict]:
        """Return the payments whose reject follows their acceptance."""
        return [verdict for verdict in self.verdicts if verdict.late]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A whole file decided; with a `reason` all of it is refused. `digest` is the SHA-256 (hex) of its bytes.

    `initiation` is the format of the file (`gateway.sandbox.readers`), empty for a request.
    """

    digest: str
    msg_id: str | None
    created: datetime
    outcome: Outcome
    reason: str | None = None
    text: str | None = None
    blocks: tuple[BlockVerdict, ...] = ()
    initiation: str = ""

    def verdicts(self) -> Iterator[tuple[Block, Verdict]]:
        """Yield every payment with its block, in document order."""
        for part in self.blocks:
            for verdict in part.verdicts:
                yield part.block, verdict


def judge_payment(bank: BankParameters, payment: Payment, origin: str, booked_on: date, told_on: date) -> Verdict:
    """Decide one payment; `origin` (the MsgId or idempotency key) makes the bank's reference its own.

    A return is booked some banking days after the later of `booked_on` and `told_on`.
    """
    key, changes, plain = payment.end_to_end_id, bank.verdicts, _plain(bank, payment, origin)
    impossible = _impossible(payment)
    if impossible is not None:
        return replace(plain, state=State.REJECTED, reason=impossible)
    # One draw for all shares: so a payment of the share that is returned is never also one that is rejected.
    draw = chance.number(bank.seed, "fate", key, chance.TEN_THOUSAND)
    for share, fate in (
        (bank.rejected_per_10000, "rejected"),
        (bank.returned_per_10000, "returned"),
        (changes.late_reject_per_10000, "late"),
        (changes.contradicted_per_10000, "denied"),
    ):
        if draw < share:
            return _decided(bank, plain, fate, max(booked_on, told_on))
        draw -= share
    return plain


def _plain(bank: BankParameters, payment: Payment, origin: str) -> Verdict:
    entry_ref = chance.reference(bank.seed, f"entry {bank.slug} {origin}", payment.end_to_end_id, 16)
    return Verdict(payment=payment, state=State.BOOKED, reason=None, entry_ref=entry_ref)


def _impossible(payment: Payment) -> str | None:
    if payment.amount_minor == 0:
        return "AM01"
    if payment.currency != "EUR":
        return "AM03"
    return None if is_iban(payment.account) else "AC01"


def _decided(bank: BankParameters, plain: Verdict, fate: str, first_day: date) -> Verdict:
    key = plain.payment.end_to_end_id
    if fate == "returned":
        reason = chance.pick(bank.seed, "return", key, bank.returns.reasons)
        return replace(plain, state=State.RETURNED, reason=reason, comes_back=_comes_back(bank, plain, first_day))
    reason = chance.pick(bank.seed, "reject", key, bank.verdicts.reasons)
    if fate == "denied":
        return replace(plain, denied=reason)
    return replace(plain, state=State.REJECTED, reason=reason, late=fate == "late")


def _comes_back(bank: BankParameters, verdict: Verdict, first_day: date) -> ComesBack:
    """Say how a payment is returned. Something always comes back: a cent at least."""
    key, minor, habits = verdict.payment.end_to_end_id, verdict.payment.amount_minor, bank.returns
    charges = 0
    if chance.happens(bank.seed, "charged", key, habits.charged_per_10000):
        charges = min(habits.charge_minor, minor - 1)
    elif chance.happens(bank.seed, "short", key, habits.short_per_10000):
        minor = max(1, minor - 1 - chance.number(bank.seed, "how short", key, max(habits.short_minor, 1)))
    return ComesBack(
        amount_minor=minor - charges,
        charges_minor=charges,
        day=_return_day(bank, key, first_day),
        shape=Shape(chance.pick(bank.seed, "shape", key, habits.shapes)),
    )


def _return_day(bank: BankParameters, key: str, first_day: date) -> date:
    habits = bank.returns
    spread = chance.number(bank.seed, "return day", key, habits.days_max - habits.days_min + 1)
    return banking_day(first_day, habits.days_min + spread)


NOWHERE = Standing()


def judge_file(
    bank: BankParameters,
    content: bytes,
    seen: Callable[[str], bool],
    standing: Standing = NOWHERE,
    control: bytes | None = None,
) -> Judgement:
    """Decide a file in the order in which banks look: form, MsgId used before (`seen`), sums, accounts, payments.

    `control` is what its control file tells, where the bank waits for one.
    """
    digest = hashlib.sha256(content).hexdigest()
    try:
        file = read(content, bank.initiation)
    except BadFile as bad:
        return Judgement(
            digest=digest,
            msg_id=bad.msg_id,
            created=bad.created,
            outcome=Outcome.UNREADABLE,
            reason=bad.reason,
            text=str(bad),
            initiation=bank.initiation,
        )
    if seen(file.msg_id):
        return _whole(bank, file, digest, Outcome.DUPLICATE, "DU01", ())
    fault = sums_fault(file)
    if fault is None and control is not None:
        fault = control_fault(control, file, content)
    if fault is None and chance.happens(bank.seed, "file", file.msg_id, bank.verdicts.file_refused_per_10000):
        fault = BAD_FORM
    if fault is not None:
        refused = tuple(_refuse(block, fault) for block in file.blocks)
        return _whole(bank, file, digest, Outcome.REJECTED, fault, refused)
    parts = tuple(_judge_blocks(bank, file.blocks, file.msg_id, file.created, standing))
    return _whole(bank, file, digest, Outcome.ACCEPTED, None, parts)


def _whole(
    bank: BankParameters,
    file: PaymentFile,
    digest: str,
    outcome: Outcome,
    reason: str | None,
    blocks: tuple[BlockVerdict, ...],
) -> Judgement:
    return Judgement(
        digest=digest,
        msg_id=file.msg_id,
        created=file.created,
        outcome=outcome,
        reason=reason,
        blocks=blocks,
        initiation=bank.initiation,
    )


def judge_request(
    bank: BankParameters, digest: str, key: str, block: Block, created: datetime, standing: Standing
) -> Judgement:
    """Decide a request for one payment, asked for under the idempotency `key`."""
    parts = tuple(_judge_blocks(bank, (block,), key, created, standing))
    return Judgement(digest=digest, msg_id=None, created=created, outcome=Outcome.ACCEPTED, blocks=parts)


def _judge_blocks(
    bank: BankParameters, blocks: Iterable[Block], origin: str, created: datetime, standing: Standing
) -> Iterator[BlockVerdict]:
    left = dict(standing.available)
    for block in blocks:
        decided = _judge_block(bank, block, origin, created, standing)
        spent = sum(verdict.payment.amount_minor for verdict in decided.accepted())
        if spent > left.get(block.debtor_account, spent):
            decided, spent = _refuse(block, NO_FUNDS), 0
        if block.debtor_account in left:
            left[block.debtor_account] -= spent
        yield decided


def _judge_block(
    bank: BankParameters, block: Block, origin: str, created: datetime, standing: Standing
) -> BlockVerdict:
    """Decide a block without a look at the money it needs."""
    if block.debtor_account not in bank.debtor_accounts:
        return _refuse(block, "AC02")
    booked_on = standing.booking_day(block.execution_date)
    told_on = (created + timedelta(seconds=bank.return_delay_seconds)).date()
    if bank.counter is not None and block.payments[0].window is not None:
        return _over_the_counter(bank, bank.counter, block, origin, booked_on)
    verdicts = tuple(judge_payment(bank, payment, origin, booked_on, told_on) for payment in block.payments)
    decided = BlockVerdict(block=block, reason=None, verdicts=verdicts, booked_on=booked_on)
    return _summed(bank, decided, origin, max(booked_on, told_on))


def _over_the_counter(
    bank: BankParameters, counter: CounterParameters, block: Block, origin: str, taken_on: date
) -> BlockVerdict:
    """Decide a request for one payment to a person who comes, or does not come, for the money."""
    (payment,) = block.payments
    verdict = _plain(bank, payment, origin)
    impossible = _impossible(replace(payment, account=block.debtor_account))
    if impossible is not None:
        rejected = replace(verdict, state=State.REJECTED, reason=impossible)
        return BlockVerdict(block=block, reason=None, verdicts=(rejected,), booked_on=taken_on)
    first, last = payment.window or (taken_on, taken_on)
    if chance.happens(bank.seed, "unclaimed", payment.end_to_end_id, counter.unclaimed_per_10000):
        day, booked_on = banking_day(max(last, taken_on), 1), taken_on
        back = ComesBack(amount_minor=payment.amount_minor, day=day)
        verdict = replace(verdict, reason=counter.code, settled_on=day)
        if counter.books == "taken":
            verdict = replace(verdict, state=State.RETURNED, comes_back=back)
        else:
            verdict = replace(verdict, state=State.REJECTED, late=True)
    else:
        days = chance.number(bank.seed, "collected", payment.end_to_end_id, max((last - first).days, 0) + 1)
        day = max(first + timedelta(days=days), taken_on)
        verdict, booked_on = replace(verdict, settled_on=day), taken_on if counter.books == "taken" else day
    return BlockVerdict(block=block, reason=None, verdicts=(verdict,), booked_on=booked_on)


def _summed(bank: BankParameters, part: BlockVerdict, origin: str, first_day: date) -> BlockVerdict:
    """Let a block come back as a lump, or its rejects come back one by one, where the bank books that way."""
    about = f"{origin} {part.block.pmt_inf_id}"
    if part.accepted() and chance.happens(bank.seed, "lump", about, bank.returns.lump_per_10000):
        day = _return_day(bank, about, first_day)
        verdicts = tuple(_in_lump(verdict, day) for verdict in part.verdicts)
        return replace(part, verdicts=verdicts, lump=True)
    if bank.kind is Kind.BATCH and bank.verdicts.sums == "all":
        verdicts = tuple(_given_back(verdict, part.booked_on) for verdict in part.verdicts)
        return replace(part, verdicts=verdicts)
    return part


def _in_lump(verdict: Verdict, day: date) -> Verdict:
    if verdict.state is State.REJECTED:
        return verdict
    back = ComesBack(amount_minor=verdict.payment.amount_minor, day=day, shape=Shape.NOTHING)
    return replace(verdict, state=State.RETURNED, comes_back=back)


def _given_back(verdict: Verdict, day: date) -> Verdict:
    # What no account can hold (no amount, another currency) is in no sum.
    if verdict.state is not State.REJECTED or verdict.reason in {"AM01", "AM03"}:
        return verdict
    return replace(verdict, comes_back=ComesBack(amount_minor=verdict.payment.amount_minor, day=day))


def _refuse(block: Block, reason: str) -> BlockVerdict:
    """Refuse a block as a whole."""
    verdicts = tuple(
        Verdict(payment=payment, state=State.REJECTED, reason=reason, entry_ref="") for payment in block.payments
    )
    return BlockVerdict(block=block, reason=reason, verdicts=verdicts, booked_on=block.execution_date)
