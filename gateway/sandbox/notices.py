"""The JSON messages of an API bank: status, booking and return of one payment."""

import json
from datetime import date

from gateway.sandbox.behaviours import Shape
from gateway.sandbox.judge import Judgement, Verdict
from gateway.sandbox.messages import Header, Message, decimal, header, utc
from gateway.sandbox.movements import DEBIT, Movement, movements
from gateway.sandbox.pain002 import NOT_PROVIDED
from gateway.sandbox.parameters import BankParameters

_DAY_SECONDS = 86_400
_ON_ITS_WAY, _COLLECTED = "ACSP", "ACCC"
"""Statuses of a payment over the counter: on its way to the payee, and in the payee's hands."""


def notices(bank: BankParameters, key: str, judged: Judgement) -> list[Message]:
    """Return every message about the payment asked for under the idempotency `key`."""
    ((_, verdict),) = judged.verdicts()
    messages: list[Message] = []
    if bank.verdicts.statuses == "reported":
        messages += _statuses(bank, key, judged, verdict)
    for moved in movements(bank, judged):
        if moved.side == DEBIT and bank.debit_notice == "reported":
            # What is booked on collection is told on that day.
            delay = max(bank.booking_delay_seconds, _until(judged, moved.booked_on))
            messages.append(_told(bank, key, judged, "booking", delay, moved))
        elif moved.side != DEBIT and bank.returns.notice == "reported":
            delay = max(bank.return_delay_seconds, _until(judged, moved.booked_on))
            messages.append(_told(bank, key, judged, "return", delay, moved))
    return messages


def _until(judged: Judgement, day: date) -> int:
    return max(0, (day - judged.created.date()).days) * _DAY_SECONDS


def _statuses(bank: BankParameters, key: str, judged: Judgement, verdict: Verdict) -> list[Message]:
    accepted = bank.accept_status if verdict.settled_on is None else _ON_ITS_WAY
    messages = [_status(bank, key, judged, bank.status_delay_seconds, accepted, verdict.refused)]
    if verdict.late:
        delay = bank.verdicts.late_reject_delay_seconds
        if verdict.settled_on is not None:
            delay = _until(judged, verdict.settled_on)
        messages.append(_status(bank, key, judged, delay, accepted, verdict.reason))
    elif verdict.settled_on is not None and verdict.comes_back is None:
        delay = max(bank.status_delay_seconds, _until(judged, verdict.settled_on)) + 1
        messages.append(_status(bank, key, judged, delay, _COLLECTED, None))
    return messages


def _status(
    bank: BankParameters, key: str, judged: Judgement, delay: int, accepted: str, reason: str | None
) -> Message:
    ((_, verdict),) = judged.verdicts()
    head = header(bank, key, "status", 1 + delay, judged.created, delay)
    said: dict[str, object] = {
        "endToEndId": verdict.payment.end_to_end_id,
        "status": "RJCT" if reason else accepted,
        "reason": reason,
        "at": utc(head.created),
    }
    return _message(head, "payment-status", said, delay)


def _told(bank: BankParameters, key: str, judged: Judgement, sort: str, delay: int, moved: Movement) -> Message:
    head = header(bank, key, sort, 1, judged.created, delay)
    said = _entry(moved)
    if sort == "return":
        said |= {"reason": moved.reason}
    return _message(head, sort, said, delay)


def _entry(moved: Movement) -> dict[str, object]:
    named = moved.side == DEBIT or moved.shape is Shape.NAMED
    told: dict[str, object] = {
        "endToEndId": moved.end_to_end_id if named else NOT_PROVIDED,
        "account": moved.account,
        "amount": decimal(moved.amount_minor),
        "currency": moved.currency,
        "creditDebit": moved.side,
        "entryRef": moved.entry_ref,
        "bookingDate": moved.booked_on.isoformat(),
        "status": "BOOK",
    }
    return told | ({"uetr": moved.uetr} if moved.shape is Shape.UETR else {})


def _message(head: Header, sort: str, said: dict[str, object], delay_seconds: int) -> Message:
    content = json.dumps({"messageId": head.msg_id, "type": sort, **said}, separators=(",", ":")).encode()
    return Message(name=head.msg_id, suffix="json", content=content, delay_seconds=delay_seconds)
