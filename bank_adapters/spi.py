"""What a bank adapter is: pure, synchronous translation between the gateway's values and one bank's language.

An adapter acts on nothing: no socket, disk, database, clock, log or metric. It keeps no state, so an instance can be
pickled into a process pool and any call may run anywhere.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol, runtime_checkable

from bank_adapters.capabilities import Instrument
from bank_adapters.profile import Profile
from bank_adapters.profile.benefits import Part
from gateway.domain.collection import Window
from gateway.domain.money import Money
from gateway.domain.observation import Observation
from gateway.domain.order import Account, Identification, Party, PartyKind, PostalAddress
from gateway.domain.remittance import CreditorReference
from gateway.domain.statement import Statement
from gateway.ports.transport import Answer, Finding

__all__ = [
    "Adapter",
    "Block",
    "CancellationRequest",
    "CancelledPayment",
    "CancellingAdapter",
    "Companion",
    "CompanionAdapter",
    "CreditorReference",
    "Debtor",
    "HttpRequest",
    "PartyKind",
    "Payment",
    "PostalAddress",
    "RequestAdapter",
    "Reread",
    "SubmissionContent",
    "as_taken",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One attempt as a bank is to see it. `purpose` is an ISO external purpose code for the payee, or None.

    `collection` says when money over the counter can be had, `ultimate_creditor` on whose behalf the creditor is paid,
    `ultimate_debtor` on whose behalf it pays. `creditor_agent` is the BIC of the creditor's bank. There is
    `remittance_information` or a `creditor_reference`, never both.
    """

    end_to_end_id: str
    uetr: str
    amount: Money
    creditor: Party
    creditor_account: Account
    ultimate_creditor: Party | None
    remittance_information: str
    purpose: str | None
    collection: Window | None = None
    instruction_id: str | None = None
    creditor_kind: PartyKind = PartyKind.PERSON
    creditor_address: PostalAddress | None = None
    creditor_agent: str | None = None
    ultimate_debtor: Party | None = None
    creditor_reference: CreditorReference | None = None


def as_taken(payment: Payment, leaves_out: Collection[Part]) -> Payment:
    """Return a payment without the parts that its bank's profile leaves out."""
    if not leaves_out:
        return payment
    empty: dict[str, Any] = {part: "" if part == "remittance_information" else None for part in leaves_out}
    return replace(payment, **empty)  # never a name: only layouts, which do not ask this, may leave one out


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """Our paying account, from configuration. `bic` is None where the bank wants NOTPROVIDED.

    `identification` is the institution's own in a scheme for organisations, where the bank wants one.
    """

    name: str
    iban: str
    bic: str | None
    address: PostalAddress | None = None
    identification: Identification | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Payments of one account, day, instrument and category purpose; its id is unique for ever.

    `batch_booking` None: as the bank's profile says. `ultimate_debtor` pays all of them; no payment then has its own.
    """

    payment_information_id: str
    requested_execution_date: date
    debtor: Debtor
    payments: Sequence[Payment]
    category_purpose: str | None = None
    instrument: Instrument = Instrument.NORMAL
    batch_booking: bool | None = None
    ultimate_debtor: Party | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionContent:
    """What goes over the wire once. `created_at` is the stored seal time (aware, UTC), never the time of rendering.

    `file_name` is the final file name, or the idempotency key of a request. `payments` stand in their stored order.
    A submission of several blocks has them in `blocks` and no `payments` of its own: an adapter that knows no blocks
    then finds nothing to write, and refuses; `every_block` is right for both kinds.
    """

    msg_id: str
    payment_information_id: str
    file_name: str
    created_at: datetime
    requested_execution_date: date
    debtor: Debtor
    category_purpose: str | None
    payments: Sequence[Payment]
    instrument: Instrument = Instrument.NORMAL
    blocks: Sequence[Block] = ()

    @property
    def every_block(self) -> Sequence[Block]:
        """The blocks, in document order: `blocks`, or the one that the submission itself describes."""
        if self.blocks:
            return self.blocks
        own = Block(
            payment_information_id=self.payment_information_id,
            requested_execution_date=self.requested_execution_date,
            debtor=self.debtor,
            payments=self.payments,
            category_purpose=self.category_purpose,
            instrument=self.instrument,
        )
        return (own,)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledPayment:
    """A payment that was sent and is to be cancelled, as it stood in its message.

    `cancellation_id` names this one wish, unique for ever: a payment is recalled once.
    """

    cancellation_id: str
    payment_information_id: str
    end_to_end_id: str
    uetr: str
    amount: Money
    requested_execution_date: date
    instruction_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationRequest:
    """Asks a bank not to execute payments, or to recall them: the named ones, or the `whole` message.

    `created_at` is stored (aware, UTC), never the time of rendering. `reason` is an ISO external cancellation reason.
    `whole`, count and sum, is there exactly where `payments` are not. `original_message` is the version that was sent.
    """

    assignment_id: str
    created_at: datetime
    debtor: Debtor
    original_msg_id: str
    original_message: str
    original_created_at: datetime
    reason: str
    payments: Sequence[CancelledPayment]
    whole: tuple[int, Money] | None = None
    additional_information: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What rendered bytes say, read back from them alone: the four digests of a seal (digests in hex) and the size."""

    count: int
    sum_minor: int
    currency: str
    payments_digest: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request to the bank's API as data; `path` stands under the profile's base URL, the transport adds the token."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Adapter(Protocol):
    """Translates for every bank of one message family; the profile says which bank."""

    def refusals(self, submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
        """Return, by EndToEndId, why a payment cannot be put into the bank's language; empty when all can.

        Reasons name rules and single letters (U+XXXX), never a person or an account.
        """
        ...

    def render(self, submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
        """Write the submission; the same input gives the same bytes, in any process, in any year.

        Raises CannotRender when `refusals` is not empty, when the submission is empty or over the profile's limits
        (Oversized: in bytes), or when the outcome does not fit the message's schema.
        """
        ...

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        """Read rendered bytes back, by code that shares nothing with `render`, checking their schema in the same pass.

        Raises SealMismatch when the bytes contradict themselves or their schema.
        """
        ...

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Read a bank's message, in document order, with flat memory; a statement stands behind its last entry.

        Raises Unreadable, possibly after some observations: none of them may take effect before the iterator has ended.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A second file that a bank wants beside a submission's, such as one that says that the first is whole.

    It is sealed with the submission and stands at the bank after it: who sees the companion finds the submission.
    """

    name: str
    content: bytes


@runtime_checkable
class CompanionAdapter(Adapter, Protocol):
    """An adapter whose banks may want files beside a submission's."""

    def companions(self, submission: SubmissionContent, reread: Reread, profile: Profile) -> Sequence[Companion]:
        """Write the file that goes with a submission whose bytes said `reread`; none where the profile asks for none.

        One at most, of at most 64 KiB: the gateway sends no second one (adr/0013). Deterministic, as `render` is.
        Raises CannotRender where a name or number does not fit.
        """
        ...


@runtime_checkable
class CancellingAdapter(Adapter, Protocol):
    """An adapter whose bank can be asked by message to cancel payments."""

    def cancel(self, request: CancellationRequest, profile: Profile) -> Iterator[bytes]:
        """Write the request; the same input gives the same bytes.

        Raises CannotRender where the profile names no such message, and where the request breaks a rule.
        """
        ...


@runtime_checkable
class RequestAdapter(Adapter, Protocol):
    """An adapter whose bank is spoken to by request and answer, and can be asked what it has."""

    def submit_request(self, body: bytes, profile: Profile, name: str) -> HttpRequest:
        """Describe the request that submits sealed bytes under the idempotency key `name`."""
        ...

    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        """Read the answer to the submission `name`. Whatever is not plain proof, or not about it, is UNKNOWN.

        `busy_means_not_sent` is true only when the profile says the bank guarantees that a 429 or 503 with a
        Retry-After header has taken nothing in, and this answer carries that header. The API's own machine code is
        evidence named `code`: without one the answer may be a proxy's, and its Retry-After is believed for minutes.
        """
        ...

    def inquiry_request(self, name: str) -> HttpRequest:
        """Describe the request that asks whether the bank has the submission `name`; it moves no money."""
        ...

    def read_inquiry(self, status: int, body: bytes, name: str) -> Finding:
        """Read the answer to an inquiry about `name`. One that does not speak of it does not say that it arrived."""
        ...
