"""What an API bank does with a request, apart from HTTP: decides, books once, remembers its reply."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.sandbox.bank import book_entry, schedule
from gateway.sandbox.books import BookedPayment, Books, Queued, Request, books_path
from gateway.sandbox.judge import Outcome, State, Verdict, judge_payment
from gateway.sandbox.notices import notices
from gateway.sandbox.pain001 import Payment
from gateway.sandbox.parameters import BankParameters

_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OPENING = time(6, tzinfo=UTC)
"""The time of day given to a request: messages are dated from the execution date, never from a clock."""

Text = Annotated[str, Field(min_length=1, max_length=140)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Creditor(_Strict):
    name: Text
    iban: Text


class _Order(_Strict):
    """The body of POST /v1/payments."""

    endToEndId: Annotated[str, Field(pattern=r"^[A-Za-z0-9/?:().,'+ -]{1,35}$")]  # noqa: N815 - the wire's name
    uetr: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    amount: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,14})\.[0-9]{2}$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    debtorIban: Text  # noqa: N815
    creditor: _Creditor
    remittanceInformation: Annotated[str, Field(max_length=140)] = ""  # noqa: N815
    requestedExecutionDate: date  # noqa: N815

    def payment(self) -> Payment:
        return Payment(
            instr_id=None,
            end_to_end_id=self.endToEndId,
            uetr=self.uetr,
            amount_minor=int(self.amount.replace(".", "")),
            currency=self.currency,
            account=self.creditor.iban,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back over HTTP; `first` is True only for the request that was booked or refused just now."""

    status: int
    body: bytes
    first: bool = False


def refusal(status: int, code: str) -> Reply:
    """Make an error answer."""
    return Reply(status=status, body=json.dumps({"code": code}).encode())


class Desk:
    """The books and rules behind the HTTP door of one API bank."""

    def __init__(self, bank: BankParameters, root: Path) -> None:
        """Open the bank's books; request bodies are kept in `<root>/<slug>/collected`."""
        self.parameters = bank
        self.books = Books(books_path(root, bank.slug))
        self._collected = root / bank.slug / "collected"
        self._collected.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """Close the books."""
        self.books.close()

    def take(self, key: str, body: bytes, now: datetime) -> Reply:
        """Decide and book one request, or answer again what was answered under its key.

        The same key with other bytes changes nothing and is answered 409; a body that cannot be read, 400.
        """
        if _KEY.fullmatch(key) is None:
            return refusal(400, "IDEMPOTENCY_KEY")
        digest = hashlib.sha256(body).hexdigest()
        stored = self.books.request(key)
        if stored is not None:
            same = stored.digest == digest
            return Reply(status=stored.reply_status, body=stored.reply) if same else refusal(409, "DUPLICATE_KEY")
        try:
            order = _Order.model_validate_json(body)
        except ValidationError:
            return refusal(400, "FORMAT_ERROR")
        (self._collected / f"{key}.json").write_bytes(body)
        return self._decide(key, digest, order, now)

    def read_back(self, key: str, hidden_reads: int) -> Reply:
        """Return what was answered under a key; 404 when it is not known, or for its first `hidden_reads` reads."""
        stored = self.books.request(key)
        if stored is None:
            return refusal(404, "NOT_FOUND")
        self.books.count_read_back(key)
        if stored.read_backs < hidden_reads:
            return refusal(404, "NOT_FOUND")
        return Reply(status=200, body=stored.reply)

    def _decide(self, key: str, digest: str, order: _Order, now: datetime) -> Reply:
        bank, payment = self.parameters, order.payment()
        if order.debtorIban not in bank.debtor_accounts:
            verdict = Verdict(payment=payment, state=State.REJECTED, reason="AC02", entry_ref="")
        else:
            verdict = judge_payment(bank, payment, key)
        created = datetime.combine(order.requestedExecutionDate, _OPENING)
        about = (order.debtorIban, order.requestedExecutionDate, created, verdict)
        reply = Reply(status=201, body=_receipt(key, digest, payment), first=True)
        self._record(key, digest, reply, book_entry(bank, *about), schedule(bank, notices(bank, key, *about), now), now)
        return reply

    def _record(
        self, key: str, digest: str, reply: Reply, entry: BookedPayment, queued: list[Queued], now: datetime
    ) -> None:
        rejected = entry.state is State.REJECTED
        request = Request(
            source=key,
            digest=digest,
            msg_id=None,
            received_at=now,
            outcome=Outcome.REJECTED if rejected else Outcome.ACCEPTED,
            reason=entry.reason if rejected else None,
            reply_status=reply.status,
            reply=reply.body,
        )
        self.books.record(request, [entry], queued)


def _receipt(key: str, digest: str, payment: Payment) -> bytes:
    # Receipt is all that is promised here; what becomes of the payment is told by messages.
    said = {
        "idempotencyKey": key,
        "endToEndId": payment.end_to_end_id,
        "uetr": payment.uetr,
        "status": "RCVD",
        "requestDigest": digest,
    }
    return json.dumps(said, separators=(",", ":")).encode()
