"""Movements on a debtor account: what the books hold, and all that notices, reports and statements are written from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Any

from gateway.sandbox import chance
from gateway.sandbox.behaviours import Shape
from gateway.sandbox.judge import BlockVerdict, Judgement, State, Verdict
from gateway.sandbox.parameters import BankParameters, Kind

DEBIT, CREDIT = "DBIT", "CRDT"


class Sort(StrEnum):
    """What a movement is. Movements of a sum or lump share their entry reference and are one entry."""

    PAYMENT = "payment"
    SUM = "sum"
    RETURN = "return"
    LUMP = "lump"
    CHARGE = "charge"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One payment's part of an entry, or an entry of the bank's own. `amount_minor` is positive, `side` DBIT or CRDT.

    `ordinal` is the payment's place in its request, 0 for what belongs to none. `debit_ref` is the bank's reference of
    the debit that a credit gives back, `charges_minor` what the bank kept of it and says so.
    """

    sort: Sort
    account: str
    side: str
    amount_minor: int
    booked_on: date
    entry_ref: str
    currency: str = "EUR"
    ordinal: int = 0
    end_to_end_id: str = ""
    msg_id: str | None = None
    pmt_inf_id: str | None = None
    instr_id: str | None = None
    uetr: str | None = None
    tx_id: str | None = None
    debit_ref: str | None = None
    reason: str | None = None
    shape: Shape = Shape.NAMED
    charges_minor: int = 0

    @property
    def signed_minor(self) -> int:
        """The amount with its sign: credits increase the balance."""
        return self.amount_minor if self.side == CREDIT else -self.amount_minor


def is_one_entry(sort: Sort) -> bool:
    """Say whether all movements under one reference are one entry."""
    return sort in {Sort.SUM, Sort.LUMP}


def entries(movements: Iterable[Movement]) -> list[tuple[Movement, ...]]:
    """Gather movements into entries, in their order: the parts of a sum or lump stand next to each other."""
    found: list[tuple[Movement, ...]] = []
    for (_, whole), group in groupby(movements, key=lambda one: (one.entry_ref, is_one_entry(one.sort))):
        parts = tuple(group)
        found += [parts] if whole else [(part,) for part in parts]
    return found


def return_reference(bank: BankParameters, entry_ref: str) -> str:
    """Make the reference of the credit that returns the debit `entry_ref`."""
    return chance.reference(bank.seed, f"return {bank.slug}", entry_ref, 16)


def movements(bank: BankParameters, judged: Judgement) -> Iterator[Movement]:
    """Yield every movement that follows from a file or request, block by block, debits before credits."""
    first = 1
    for part in judged.blocks:
        if part.reason is None:
            yield from debits(bank, judged, part, first)
            yield from credits_of(bank, judged, part, first)
        first += len(part.verdicts)


def debits(bank: BankParameters, judged: Judgement, part: BlockVerdict, first: int) -> Iterator[Movement]:
    """Yield the debits of one block; `first` is the ordinal of its first payment in the file."""
    summed = bank.kind is Kind.BATCH
    about = f"{judged.digest} {part.block.pmt_inf_id}"
    sum_ref = chance.reference(bank.seed, f"sum {bank.slug}", about, 16)
    for ordinal, verdict in enumerate(part.verdicts, start=first):
        if verdict.state is State.REJECTED and verdict.comes_back is None:
            continue
        known = _known(judged, part, verdict)
        yield Movement(
            sort=Sort.SUM if summed else Sort.PAYMENT,
            side=DEBIT,
            amount_minor=verdict.payment.amount_minor,
            booked_on=part.booked_on,
            entry_ref=sum_ref if summed else verdict.entry_ref,
            ordinal=ordinal,
            tx_id=_tx_id(bank, verdict) if bank.tells_tx_id else None,
            **known,
        )


def credits_of(bank: BankParameters, judged: Judgement, part: BlockVerdict, first: int) -> Iterator[Movement]:
    """Yield what comes back of one block: returns, a lump, and rejects that were booked with the sum."""
    about = f"{judged.digest} {part.block.pmt_inf_id}"
    lump_ref = chance.reference(bank.seed, f"lump {bank.slug}", about, 16)
    for ordinal, verdict in enumerate(part.verdicts, start=first):
        if verdict.comes_back is None:
            continue
        back = verdict.comes_back
        yield Movement(
            sort=Sort.LUMP if part.lump else Sort.RETURN,
            side=CREDIT,
            amount_minor=back.amount_minor,
            booked_on=back.day,
            entry_ref=lump_ref if part.lump else return_reference(bank, verdict.entry_ref),
            ordinal=ordinal,
            tx_id=_tx_id(bank, verdict) if bank.tells_tx_id else None,
            debit_ref=verdict.entry_ref,
            reason=verdict.reason,
            shape=back.shape,
            charges_minor=back.charges_minor,
            **_known(judged, part, verdict),
        )


def _known(judged: Judgement, part: BlockVerdict, verdict: Verdict) -> Mapping[str, Any]:
    """Return the references under which the payment was asked for."""
    payment = verdict.payment
    return {
        "account": part.block.debtor_account,
        "currency": payment.currency,
        "end_to_end_id": payment.end_to_end_id,
        "msg_id": judged.msg_id,
        "pmt_inf_id": part.block.pmt_inf_id or None,
        "instr_id": payment.instr_id,
        "uetr": payment.uetr,
    }


def _tx_id(bank: BankParameters, verdict: Verdict) -> str:
    return chance.reference(bank.seed, f"clearing {bank.slug}", verdict.entry_ref, 20)
