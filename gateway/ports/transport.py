"""How bytes reach a bank and whether they did. Answers are truthful: what is not known is `unknown`."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
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
class Beside:
    """A control file: a second, small file that tells the bank that the first is there and whole (adr/0013)."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One submission as the transport sees it: names and digests, never meaning.

    `name` is the final file name, or the idempotency key of an API request; `intent` numbers the tries of this
    submission; `size` bytes with `sha256` (hex). A number belongs to one worker and is never drawn twice, not even
    after a transaction that did not commit: a mark left late under a number that somebody else has sent with would
    prove a falsehood (adr/0002). `first`: no earlier intent of this submission was committed. `control` is the file
    that the bank waits for before it acts, where it wants one: what is there without it has not arrived.
    """

    bank: str
    name: str
    intent: int
    size: int
    sha256: str
    first: bool = False
    control: Beside | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of `send` with what proves it. `unreachable` marks failures that should open the lane's breaker.

    `retry_after` is how many seconds the bank asks us to wait before we come again; 0: it does not say. `alarm`: a
    control file of other bytes stands under our name.
    """

    sent: Sent
    evidence: Mapping[str, str] = field(default_factory=dict)
    unreachable: bool = False
    retry_after: int = 0
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The outcome of `inquire` with what proves it. `alarm` and `retry_after` as in an answer."""

    arrival: Arrival
    evidence: Mapping[str, str] = field(default_factory=dict)
    alarm: bool = False
    retry_after: int = 0


Stamp = tuple[int, ...]
"""What changes when a file is written to: time of change first, then size and whatever else the side can tell."""
Place = tuple[str, Stamp]
"""The name and the stamp of a delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something a bank left for us. `name` identifies it at the bank until `acknowledge`.

    `stamp` is what changes when it is written to, such as time and size. One that is `known` was not read again.
    """

    name: str
    content: bytes
    stamp: Stamp = field(default=(), compare=False)
    known: bool = False


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
        the transport gives up and answers NOT_SENT. `pieces` may be iterated in another thread. A control file goes
        after the file: SENT says that both are there; from the file's point of no return to then it is UNKNOWN.
        """
        ...

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        """Say what became of an unknown submission; may remove the marks of `intents` to prove that none can arrive.

        Where the file is there and its control file is not, it puts the very one that a try left ready.
        """
        ...

    async def probe(self) -> None:
        """Connect or list, moving no money. Raises BankUnreachable."""
        ...

    def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        """Yield what the bank left for us, whole messages only, oldest first; nothing is removed.

        What lies there under a name and with a stamp that is `known` is not read, and yielded without its content.
        """
        ...

    async def acknowledge(self, name: str) -> None:
        """Archive a delivery at the bank after its bytes are safe with us. Idempotent."""
        ...

    async def close(self) -> None:
        """Give back sockets and handles."""
        ...
