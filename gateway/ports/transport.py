"""How bytes reach a bank and whether they did. Answers are truthful: what is not known is `unknown`."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Sent(StrEnum):
    """What a try to send came to."""

    SENT = "sent"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


class Arrival(StrEnum):
    """What an inquiry about an unknown submission says."""

    ARRIVED = "arrived"
    CANNOT_ARRIVE = "cannot arrive"
    SAYS_UNKNOWN = "says unknown"
    """The bank says it does not know the submission; whether that is proof, the profile and time decide."""
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One submission as the transport sees it: names and digests, never meaning.

    `name` is the final file name, or the idempotency key of an API request; `intent` numbers the tries of this
    submission; `size` bytes with `sha256` (hex). A number belongs to one worker and is never drawn twice, not even
    after a transaction that did not commit: a mark left late under a number that somebody else has sent with would
    prove a falsehood (adr/0002).
    """

    bank: str
    name: str
    intent: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of `send` with what proves it. `unreachable` marks failures that should open the lane's breaker."""

    sent: Sent
    evidence: Mapping[str, str] = field(default_factory=dict)
    unreachable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of `inquire` with what proves it."""

    arrival: Arrival
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something a bank left for us. `name` identifies it at the bank until `acknowledge`."""

    name: str
    content: bytes


class Transport(Protocol):
    """One bank's channel."""

    async def prepare(self, wire: Wire) -> None:
        """Leave whatever mark lets a later inquiry prove that this intent never went out. Moves no payment byte.

        Called before the intent is committed (see adr/0002). Raises BankUnreachable if it cannot be left.
        """
        ...

    async def discard(self, wire: Wire) -> None:
        """Take the mark of `prepare` away again: the intent was not committed. Idempotent."""
        ...

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Send once; never raises for what the bank or network does.

        `deadline` is on the clock's monotonic scale and is checked directly before the point of no return; past it
        the transport gives up and answers NOT_SENT. `pieces` may be iterated in another thread.
        """
        ...

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        """Say what became of an unknown submission; may remove the marks of `intents` to prove that none can arrive."""
        ...

    async def probe(self) -> None:
        """Connect or list, moving no money. Raises BankUnreachable."""
        ...

    def collect(self) -> AsyncIterator[Delivery]:
        """Yield what the bank left for us, whole messages only, oldest first; nothing is removed."""
        ...

    async def acknowledge(self, name: str) -> None:
        """Archive a delivery at the bank after its bytes are safe with us. Idempotent."""
        ...

    async def close(self) -> None:
        """Give back sockets and handles."""
        ...
