"""The JSON messages of an API bank: status, booking and return of one payment."""

import json
from datetime import date, datetime, timedelta

from gateway.sandbox.answers import return_day, return_reference
from gateway.sandbox.judge import State, Verdict
from gateway.sandbox.messages import Header, Message, decimal, header, utc
from gateway.sandbox.parameters import BankParameters


def notices(
    bank: BankParameters, key: str, debtor_account: str, executed: date, created: datetime, verdict: Verdict
) -> list[Message]:
    """Return every message about the payment asked for under the idempotency `key`."""
    messages = [_status(bank, key, created, verdict)]
    if verdict.state is State.REJECTED:
        return messages
    if bank.debit_notice == "reported":
        head = header(bank, key, "booking", 1, created, bank.booking_delay_seconds)
        entry = _entry(verdict, debtor_account, "DBIT", verdict.entry_ref, executed)
        messages.append(_message(head, "booking", entry, bank.booking_delay_seconds))
    if verdict.state is State.RETURNED:
        head = header(bank, key, "return", 1, created, bank.return_delay_seconds)
        day = return_day(executed, (created + timedelta(seconds=bank.return_delay_seconds)).date())
        entry = _entry(verdict, debtor_account, "CRDT", return_reference(bank, verdict.entry_ref), day)
        messages.append(_message(head, "return", entry | {"reason": verdict.reason}, bank.return_delay_seconds))
    return messages


def _status(bank: BankParameters, key: str, created: datetime, verdict: Verdict) -> Message:
    rejected = verdict.state is State.REJECTED
    head = header(bank, key, "status", 1, created, bank.status_delay_seconds)
    said: dict[str, object] = {
        "endToEndId": verdict.payment.end_to_end_id,
        "status": "RJCT" if rejected else bank.accept_status,
        "reason": verdict.reason if rejected else None,
        "at": utc(head.created),
    }
    return _message(head, "payment-status", said, bank.status_delay_seconds)


def _entry(verdict: Verdict, debtor_account: str, sign: str, entry_ref: str, day: date) -> dict[str, object]:
    return {
        "endToEndId": verdict.payment.end_to_end_id,
        "account": debtor_account,
        "amount": decimal(verdict.payment.amount_minor),
        "currency": verdict.payment.currency,
        "creditDebit": sign,
        "entryRef": entry_ref,
        "bookingDate": day.isoformat(),
        "status": "BOOK",
    }


def _message(head: Header, sort: str, said: dict[str, object], delay_seconds: int) -> Message:
    content = json.dumps({"messageId": head.msg_id, "type": sort, **said}, separators=(",", ":")).encode()
    return Message(name=head.msg_id, suffix="json", content=content, delay_seconds=delay_seconds)
