"""What a bank adapter is: pure, synchronous translation between the gateway's values and one bank's language.

An adapter acts on nothing: no socket, disk, database, clock, log or metric. It keeps no state, so an instance can be
pickled into a process pool and any call may run anywhere.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from bank_adapters.profile import Profile
from gateway.domain.collection import Window
from gateway.domain.money import Money
from gateway.domain.observation import Observation
from gateway.domain.order import Account, Party
from gateway.domain.statement import Statement
from gateway.ports.transport import Answer, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One attempt as a bank is to see it. `purpose` is an ISO external purpose code for the payee, or None.

    `collection` says when money over the counter can be had, `ultimate_creditor` on whose behalf the creditor is paid.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """Our paying account, from configuration. `bic` is None where the bank wants NOTPROVIDED."""

    name: str
    iban: str
    bic: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionContent:
    """What goes over the wire once. `created_at` is the stored seal time (aware, UTC), never the time of rendering.

    `file_name` is the final file name, or the idempotency key of a request. `payments` stand in their stored order.
    """

    msg_id: str
    payment_information_id: str
    file_name: str
    created_at: datetime
    requested_execution_date: date
    debtor: Debtor
    category_purpose: str | None
    payments: Sequence[Payment]


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
