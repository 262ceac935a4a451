"""What a sandbox bank says about a file, and when: statuses first, bookings next, late rejects and returns last."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from gateway.sandbox import pain002, voice
from gateway.sandbox.judge import BlockVerdict, Judgement
from gateway.sandbox.messages import Header, Message, chunks, header
from gateway.sandbox.movements import DEBIT, Movement, entries
from gateway.sandbox.parameters import BankParameters, Kind

_DAY_SECONDS = 86_400


def answers(bank: BankParameters, judged: Judgement, moved: Iterable[Movement]) -> list[Message]:
    """Return every message about one file and what it `moved`: a function of the bank's parameters and the file alone.

    (And of the days that were closed before: they decide on which day something is booked.)
    """
    messages: list[Message] = []
    if bank.verdicts.statuses == "reported":
        messages += _all_statuses(bank, judged)
    by_block = {key: list(group) for key, group in groupby(moved, key=lambda one: one.pmt_inf_id)}
    for part in judged.blocks:
        of_block = by_block.get(part.block.pmt_inf_id, [])
        messages += _bookings(bank, judged, part, [one for one in of_block if one.side == DEBIT])
        messages += _returns(bank, judged, part, [one for one in of_block if one.side != DEBIT])
    return messages


def _all_statuses(bank: BankParameters, judged: Judgement) -> Iterator[Message]:
    if judged.reason is not None:
        yield _status(bank, judged, 1, "RJCT", None)
        return
    yield from _statuses(bank, judged)
    yield from _late_rejects(bank, judged)


def _statuses(bank: BankParameters, judged: Judgement) -> Iterator[Message]:
    rejects = [verdict for part in judged.blocks for verdict in part.refused()]
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
    status = _level(bank, len(part.refused()), len(part.verdicts))
    everything = bank.status_detail == "itemised" and bank.kind is not Kind.QUIET
    # A block refused as such lists nothing: its reason speaks for all its payments (reference section 2.1).
    listed = [] if part.reason else list(part.verdicts) if everything else part.refused()
    if not listed and (part.reason or bank.kind is not Kind.QUIET):
        yield pain002.BlockPart(block=part, status=status, listed=(), accept_status=bank.accept_status)
    for _, piece in chunks(listed, bank.answer_size):
        yield pain002.BlockPart(block=part, status=status, listed=piece, accept_status=bank.accept_status)


def _level(bank: BankParameters, rejected: int, total: int) -> str:
    if rejected == 0:
        return bank.accept_status
    return "RJCT" if rejected == total else "PART"


def _late_rejects(bank: BankParameters, judged: Judgement) -> Iterator[Message]:
    """Reject what the first status called accepted; the level above says that the block is mixed."""
    ordinal, delay = 0, bank.verdicts.late_reject_delay_seconds
    for part in judged.blocks:
        for _, piece in chunks(part.refused_late(), bank.answer_size):
            ordinal += 1
            said = pain002.BlockPart(block=part, status="PART", listed=piece, accept_status="RJCT")
            head = header(bank, judged.digest, "late reject", ordinal, judged.created, delay)
            yield _message(head, voice.status(bank, head, judged, "PART", said), delay)


def _status(
    bank: BankParameters, judged: Judgement, ordinal: int, group: str, part: pain002.BlockPart | None
) -> Message:
    delay = bank.status_delay_seconds
    # A file sent again has the same bytes; its refusal must not look like the answer to the first.
    sort = "status" if judged.outcome != "duplicate" else "refused again"
    head = header(bank, judged.digest, sort, ordinal, judged.created, delay)
    return _message(head, voice.status(bank, head, judged, group, part), delay)


def _message(head: Header, written: voice.Written, delay: int) -> Message:
    return Message(name=head.msg_id, suffix=written.suffix, content=written.content, delay_seconds=delay)


def _bookings(
    bank: BankParameters, judged: Judgement, part: BlockVerdict, debits: Sequence[Movement]
) -> Iterator[Message]:
    if not debits or bank.debit_notice == "none":
        return
    about, delay = f"{judged.digest} {part.block.pmt_inf_id}", bank.booking_delay_seconds
    for ordinal, piece in chunks(entries(debits), bank.answer_size):
        head = header(bank, about, "debit", ordinal, judged.created, delay)
        yield _message(head, voice.notice(bank, head, part.block.debtor_account, piece), delay)


def _returns(
    bank: BankParameters, judged: Judgement, part: BlockVerdict, backs: Sequence[Movement]
) -> Iterator[Message]:
    if bank.returns.notice == "none":
        return
    days = sorted({one.booked_on for one in backs})
    for day in days:
        about = f"{judged.digest} {part.block.pmt_inf_id} {day}"
        delay = notice_delay(bank, judged, day)
        for ordinal, piece in chunks(entries(one for one in backs if one.booked_on == day), bank.answer_size):
            head = header(bank, about, "return", ordinal, judged.created, delay)
            yield _message(head, voice.notice(bank, head, part.block.debtor_account, piece), delay)


def notice_delay(bank: BankParameters, judged: Judgement, day: date) -> int:
    """Return after how many seconds a return booked on `day` is told: on that day, at the bank's usual pace."""
    asked = max(part.booked_on for part in judged.blocks)
    return max(bank.return_delay_seconds, (day - max(asked, judged.created.date())).days * _DAY_SECONDS)
