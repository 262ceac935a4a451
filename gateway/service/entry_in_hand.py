"""An entry that a person decides about: locked, and held against the payment that it is said to be of."""

from dataclasses import dataclass

from gateway.domain.states import SubmissionState
from gateway.service.cases import Case, LockedAttempt, Request, refuse
from gateway.service.judge import Verdict

BY_HAND = "by hand"
"""The rung of the matching ladder that is stored with such a match."""
HOMES = frozenset({Verdict.MATCHED, Verdict.BATCH_SUM, Verdict.SPLIT})
"""Verdicts of an entry that has found its payments."""
SENT = frozenset({SubmissionState.SENDING, SubmissionState.DELIVERED, SubmissionState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """The observation of a case, locked."""

    message_no: int
    ordinal: int
    bank: str
    verdict: str | None
    account: str | None
    amount_minor: int | None
    currency: str | None
    credit: bool | None
    booked: bool | None
    reason: str | None
    statement: int | None
    page_no: int | None
    entry_ref: str | None
    tx_id: str | None


async def take_entry(request: Request, *, sums: bool = False) -> EntryRow:
    """Lock the entry of a case. Raises Conflict when it is no booking, or has found its payment meanwhile.

    A sum that waits for rejects is taken with `sums` alone.
    """
    case: Case = request.case
    entry = await request.session.one(EntryRow, "casework.lock_entry", case.message_no, case.ordinal)
    if entry is None or not entry.booked:
        raise refuse("match.no-booking", "this is about no booked entry: nothing moved")
    if entry.verdict in HOMES:
        raise refuse("match.matched", f"the entry has found its payment meanwhile: {entry.verdict}")
    if entry.verdict == Verdict.SUM_WAITS and not sums:
        raise refuse("match.sum", "it is a sum of a submission: it is matched when what was rejected explains it")
    return entry


def seen_of(entry: EntryRow) -> dict[str, object]:
    """Say what a decision about an entry stands on."""
    return {
        "message": entry.message_no,
        "ordinal": entry.ordinal,
        "verdict": entry.verdict or "",
        "amountMinor": entry.amount_minor or 0,
        "currency": entry.currency or "",
        "credit": bool(entry.credit),
    }


def may_be_of(entry: EntryRow, attempt: LockedAttempt | None) -> LockedAttempt:
    """Return the payment that an entry is said to be of.

    Raises Conflict for another bank's payment, one that was never sent, another account and another currency.
    """
    if attempt is None or attempt.bank != entry.bank:  # the same words: one bank learns nothing of another's ids
        raise refuse("match.bank", "nothing of that id was sent to the bank that booked this")
    if attempt.state not in SENT:
        raise refuse("match.not-sent", "that payment is in no submission that was sent")
    if entry.account is not None and entry.account != attempt.debtor_account:
        raise refuse("match.account", "that payment was paid from another account")
    if entry.currency != attempt.currency:
        raise refuse("match.currency", f"the entry is in {entry.currency}, the payment in {attempt.currency}")
    return attempt
