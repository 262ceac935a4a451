"""What an API bank does with a request, apart from HTTP: decides, books once, remembers its reply."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.sandbox.bank import open_books, record, schedule, standing
from gateway.sandbox.books import Request
from gateway.sandbox.closing import close_day, fund
from gateway.sandbox.judge import Judgement, Outcome, State, judge_request
from gateway.sandbox.notices import notices
from gateway.sandbox.parameters import BankParameters
from gateway.sandbox.payment_file import Block, Party, Payment

_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OPENING = time(6, tzinfo=UTC)
"""The time of day given to a request: messages are dated from the execution date, never from a clock."""

Text = Annotated[str, Field(min_length=1, max_length=140)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Identification(_Strict):
    scheme: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,35}$")]
    id: Annotated[str, Field(min_length=1, max_length=35)]


class _Creditor(_Strict):
    """To whom: to an account, or over the counter to a person with an id number."""

    name: Text
    iban: Text | None = None
    identification: _Identification | None = None

    @property
    def account(self) -> str:
        if self.identification is not None:
            return f"{self.identification.scheme}:{self.identification.id}"
        return self.iban or ""


class _Entitled(_Strict):
    name: Text


class _Collection(_Strict):
    first: Annotated[date, Field(alias="from")]
    until: date


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
    ultimateCreditor: _Entitled | None = None  # noqa: N815
    collection: _Collection | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        counter = self.collection is not None
        if (self.creditor.identification is not None) != counter or (self.creditor.iban is None) != counter:
            raise ValueError("either an IBAN, or an identification and the days of collection")
        if self.collection is not None and self.collection.first > self.collection.until:
            raise ValueError("the days of collection are none")
        return self

    def payment(self) -> Payment:
        return Payment(
            instr_id=None,
            end_to_end_id=self.endToEndId,
            uetr=self.uetr,
            amount_minor=int(self.amount.replace(".", "")),
            currency=self.currency,
            account=self.creditor.account,
            window=None if self.collection is None else (self.collection.first, self.collection.until),
            creditor=Party(name=self.creditor.name),
            ultimate_creditor=None if self.ultimateCreditor is None else Party(name=self.ultimateCreditor.name),
            remittance=self.remittanceInformation,
        )

    def block(self) -> Block:
        """Return the request as a block of one payment."""
        payment = self.payment()
        return Block(
            pmt_inf_id="",
            count=1,
            control_sum=payment.amount,
            debtor_account=self.debtorIban,
            execution_date=self.requestedExecutionDate,
            payments=(payment,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back over HTTP; `first` is True only for the request that was booked or refused just now."""

    status: int
    body: bytes
    first: bool = False


def refusal(status: int, code: str, **about: str) -> Reply:
    """Make an error answer."""
    return Reply(status=status, body=json.dumps({"code": code, **about}).encode())


class Desk:
    """The books and rules behind the HTTP door of one API bank."""

    def __init__(self, bank: BankParameters, root: Path) -> None:
        """Open the bank's books; request bodies are kept in `<root>/<slug>/collected`."""
        self.parameters = bank
        self.books = open_books(bank, root)
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
            used = refusal(409, "DUPLICATE_KEY", idempotencyKey=key)
            return Reply(status=stored.reply_status, body=stored.reply) if same else used
        try:
            order = _Order.model_validate_json(body)
        except ValidationError:
            return refusal(400, "FORMAT_ERROR")
        (self._collected / f"{key}.json").write_bytes(body)
        return self._decide(key, digest, order, now)

    def read_back(self, key: str, hidden_reads: int) -> Reply:
        """Return what was answered under a key; 404 when it is not known, or for its first `hidden_reads` reads."""
        stored = self.books.request(key)
        unknown = refusal(404, "NOT_FOUND", idempotencyKey=key)
        if stored is None:
            return unknown
        self.books.count_read_back(key)
        if stored.read_backs < hidden_reads:
            return unknown
        return Reply(status=200, body=stored.reply)

    def close_day(self, day: date, now: datetime) -> None:
        """End the bank's business day; see `gateway.sandbox.closing`."""
        close_day(self.parameters, self.books, day, now)

    def fund(self, account: str, amount_minor: int, day: date) -> None:
        """Let money come in on an account; see `gateway.sandbox.closing`."""
        fund(self.parameters, self.books, account, amount_minor, day)

    def _decide(self, key: str, digest: str, order: _Order, now: datetime) -> Reply:
        bank, payment = self.parameters, order.payment()
        created = datetime.combine(order.requestedExecutionDate, _OPENING)
        judged = judge_request(bank, digest, key, order.block(), created, standing(bank, self.books))
        reply = Reply(status=201, body=_receipt(key, digest, payment), first=True)
        said = schedule(bank, notices(bank, key, judged), now)
        record(bank, self.books, _request(key, judged, reply, now), judged, said)
        return reply


def _request(key: str, judged: Judgement, reply: Reply, now: datetime) -> Request:
    ((_, verdict),) = judged.verdicts()
    rejected = verdict.state is State.REJECTED
    return Request(
        source=key,
        digest=judged.digest,
        msg_id=None,
        received_at=now,
        outcome=Outcome.REJECTED if rejected else Outcome.ACCEPTED,
        reason=verdict.reason if rejected else None,
        reply_status=reply.status,
        reply=reply.body,
    )


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
