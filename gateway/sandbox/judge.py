"""What a sandbox bank does with what it is asked: a pure function of parameters, seed and content."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.sandbox import chance
from gateway.sandbox.iban import is_iban
from gateway.sandbox.pain001 import BadFile, Block, Payment, PaymentFile, read, sums_fault
from gateway.sandbox.parameters import BankParameters

REJECT_REASONS = ("AC04", "AC01", "BE01", "AM04")
RETURN_REASONS = ("AC01", "MD07", "AC04")


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
class Verdict:
    """One payment decided. `reason` belongs to a reject or a return; `entry_ref` is the bank's own reference."""

    payment: Payment
    state: State
    reason: str | None
    entry_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockVerdict:
    """One block decided; with a `reason` the whole block is refused."""

    block: Block
    reason: str | None
    verdicts: tuple[Verdict, ...]

    def accepted(self) -> list[Verdict]:
        """Return the payments that were booked, returned ones among them."""
        return [verdict for verdict in self.verdicts if verdict.state is not State.REJECTED]

    def rejected(self) -> list[Verdict]:
        """Return the payments that were not booked."""
        return [verdict for verdict in self.verdicts if verdict.state is State.REJECTED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A whole file decided; with a `reason` all of it is refused. `digest` is the SHA-256 (hex) of its bytes."""

    digest: str
    msg_id: str | None
    created: datetime
    outcome: Outcome
    reason: str | None = None
    text: str | None = None
    blocks: tuple[BlockVerdict, ...] = ()

    def verdicts(self) -> Iterator[tuple[Block, Verdict]]:
        """Yield every payment with its block, in document order."""
        for part in self.blocks:
            for verdict in part.verdicts:
                yield part.block, verdict


def judge_payment(bank: BankParameters, payment: Payment, origin: str) -> Verdict:
    """Decide one payment; `origin` (the MsgId or idempotency key) makes the bank's reference its own."""
    key = payment.end_to_end_id
    state, reason = State.BOOKED, None
    # One draw for both shares: so a payment of the share that is returned is never also one that is rejected.
    draw = chance.number(bank.seed, "fate", key, chance.TEN_THOUSAND)
    if payment.amount_minor == 0:
        state, reason = State.REJECTED, "AM01"
    elif payment.currency != "EUR":
        state, reason = State.REJECTED, "AM03"
    elif not is_iban(payment.account):
        state, reason = State.REJECTED, "AC01"
    elif draw < bank.rejected_per_10000:
        state, reason = State.REJECTED, chance.pick(bank.seed, "reject", key, REJECT_REASONS)
    elif draw < bank.rejected_per_10000 + bank.returned_per_10000:
        state, reason = State.RETURNED, chance.pick(bank.seed, "return", key, RETURN_REASONS)
    entry_ref = chance.reference(bank.seed, f"entry {bank.slug} {origin}", key, 16)
    return Verdict(payment=payment, state=state, reason=reason, entry_ref=entry_ref)


def judge_file(bank: BankParameters, content: bytes, seen: Callable[[str], bool]) -> Judgement:
    """Decide a file in the order in which banks look: form, MsgId used before (`seen`), sums, accounts, payments."""
    digest = hashlib.sha256(content).hexdigest()
    try:
        file = read(content)
    except BadFile as bad:
        return Judgement(
            digest=digest,
            msg_id=bad.msg_id,
            created=bad.created,
            outcome=Outcome.UNREADABLE,
            reason=bad.reason,
            text=str(bad),
        )
    if seen(file.msg_id):
        return _whole(file, digest, Outcome.DUPLICATE, "DU01", ())
    fault = sums_fault(file)
    if fault is not None:
        return _whole(file, digest, Outcome.REJECTED, fault, tuple(_refuse(block, fault) for block in file.blocks))
    return _whole(file, digest, Outcome.ACCEPTED, None, tuple(_judge_block(bank, file, block) for block in file.blocks))


def _whole(
    file: PaymentFile, digest: str, outcome: Outcome, reason: str | None, blocks: tuple[BlockVerdict, ...]
) -> Judgement:
    return Judgement(
        digest=digest, msg_id=file.msg_id, created=file.created, outcome=outcome, reason=reason, blocks=blocks
    )


def _judge_block(bank: BankParameters, file: PaymentFile, block: Block) -> BlockVerdict:
    if block.debtor_account not in bank.debtor_accounts:
        return _refuse(block, "AC02")
    verdicts = tuple(judge_payment(bank, payment, file.msg_id) for payment in block.payments)
    return BlockVerdict(block=block, reason=None, verdicts=verdicts)


def _refuse(block: Block, reason: str) -> BlockVerdict:
    verdicts = tuple(
        Verdict(payment=payment, state=State.REJECTED, reason=reason, entry_ref="") for payment in block.payments
    )
    return BlockVerdict(block=block, reason=reason, verdicts=verdicts)
