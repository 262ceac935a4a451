"""What a sandbox bank says about a file, and when: statuses first, bookings next, returns last."""

from collections.abc import Iterator
from datetime import date

from gateway.sandbox import chance, pain002
from gateway.sandbox.camt054 import Notification
from gateway.sandbox.judge import BlockVerdict, Judgement, State
from gateway.sandbox.messages import Message, chunks, header
from gateway.sandbox.parameters import BankParameters, Kind


def answers(bank: BankParameters, judged: Judgement) -> list[Message]:
    """Return every message about one file, a function of the bank's parameters and the file's bytes alone."""
    if judged.reason is not None:
        return [_status(bank, judged, 1, "RJCT", None)]
    messages = list(_statuses(bank, judged))
    for part in judged.blocks:
        messages += _bookings(bank, judged, part)
        messages += _returns(bank, judged, part)
    return messages


def _statuses(bank: BankParameters, judged: Judgement) -> Iterator[Message]:
    rejects = [verdict for _, verdict in judged.verdicts() if verdict.state is State.REJECTED]
    if not rejects and bank.kind is Kind.QUIET:
        return
    if not rejects and bank.status_detail == "group":
        yield _status(bank, judged, 1, bank.accept_status, None)
        return
    group = _level(bank, len(rejects), sum(len(part.verdicts) for part in judged.blocks))
    ordinal = 0
    for part in judged.blocks:
        for piece in _block_parts(bank, part):
            ordinal += 1
            yield _status(bank, judged, ordinal, group, piece)


def _block_parts(bank: BankParameters, part: BlockVerdict) -> Iterator[pain002.BlockPart]:
    status = _level(bank, len(part.rejected()), len(part.verdicts))
    everything = bank.status_detail == "itemised" and bank.kind is not Kind.QUIET
    # A block refused as such lists nothing: its reason speaks for all its payments (reference section 2.1).
    listed = [] if part.reason else list(part.verdicts) if everything else part.rejected()
    if not listed and (part.reason or bank.kind is not Kind.QUIET):
        yield pain002.BlockPart(block=part, status=status, listed=(), accept_status=bank.accept_status)
    for _, piece in chunks(listed, bank.answer_size):
        yield pain002.BlockPart(block=part, status=status, listed=piece, accept_status=bank.accept_status)


def _level(bank: BankParameters, rejected: int, total: int) -> str:
    if rejected == 0:
        return bank.accept_status
    return "RJCT" if rejected == total else "PART"


def _status(
    bank: BankParameters, judged: Judgement, ordinal: int, group: str, part: pain002.BlockPart | None
) -> Message:
    delay = bank.status_delay_seconds
    # A file sent again has the same bytes; its refusal must not look like the answer to the first.
    sort = "status" if judged.outcome != "duplicate" else "refused again"
    head = header(bank, judged.digest, sort, ordinal, judged.created, delay)
    content = pain002.write(head, judged, group, part)
    return Message(name=head.msg_id, suffix="xml", content=content, delay_seconds=delay)


def _bookings(bank: BankParameters, judged: Judgement, part: BlockVerdict) -> Iterator[Message]:
    accepted = part.accepted()
    if not accepted or bank.debit_notice == "none":
        return
    about, delay, day = (
        f"{judged.digest} {part.block.pmt_inf_id}",
        bank.booking_delay_seconds,
        part.block.execution_date,
    )
    size = len(accepted) if bank.kind is Kind.BATCH else bank.answer_size
    for ordinal, piece in chunks(accepted, size):
        head = header(bank, about, "debit", ordinal, judged.created, delay)
        notice = Notification(bank.camt_version, judged.msg_id, part.block.debtor_account)
        if bank.kind is Kind.BATCH:
            notice.batch(part, chance.reference(bank.seed, f"sum {bank.slug}", about, 16), day)
        else:
            for verdict in piece:
                notice.debit(part.block.pmt_inf_id, verdict, day)
        yield Message(name=head.msg_id, suffix="xml", content=notice.write(head), delay_seconds=delay)


def _returns(bank: BankParameters, judged: Judgement, part: BlockVerdict) -> Iterator[Message]:
    returned = [verdict for verdict in part.verdicts if verdict.state is State.RETURNED]
    about, delay = f"{judged.digest} {part.block.pmt_inf_id}", bank.return_delay_seconds
    for ordinal, piece in chunks(returned, bank.answer_size):
        head = header(bank, about, "return", ordinal, judged.created, delay)
        notice = Notification(bank.camt_version, judged.msg_id, part.block.debtor_account)
        for verdict in piece:
            entry_ref = return_reference(bank, verdict.entry_ref)
            day = return_day(part.block.execution_date, head.created.date())
            notice.give_back(part.block.pmt_inf_id, verdict, entry_ref, day, bank.return_family)
        yield Message(name=head.msg_id, suffix="xml", content=notice.write(head), delay_seconds=delay)


def return_reference(bank: BankParameters, entry_ref: str) -> str:
    """Make the reference of the credit that returns the debit `entry_ref`."""
    return chance.reference(bank.seed, f"return {bank.slug}", entry_ref, 16)


def return_day(executed: date, told: date) -> date:
    """Return the booking day of a return: the day it is told, never before the debit's own."""
    return max(executed, told)
