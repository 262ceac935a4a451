"""What the behaviour suite needs of a bank of one kind: the way to it, faults at every stage, and what it really holds.

A module `harness_<kind>.py` beside this one gives a `KIND`. The suite never looks at a transport's insides: it sends,
lets the bank misbehave, and compares what the transport says with `Bank.held`.

* A bank runs in a thread of its own (`opened` is a plain context manager), because a frozen worker of the suite is a
  thread whose event loop stands still at a boundary; the bank and the other workers go on.
* `transport` makes a worker of its own each time, not connected yet, for whatever event loop and thread it is then
  used in. After `hurry` a quarter of a second of silence is given up; else limits are long, for a busy machine.
* A fault happens once, the next time that a transfer comes to the stage, whoever makes it; `heal` takes away faults
  that have not happened and those that last (silence, a bank that is down).
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from gateway.ports.boundary import Boundary
from gateway.ports.transport import Transport, Wire
from tests.transport.clocks import StillClock


class Fault(StrEnum):
    """What goes wrong at a stage."""

    REFUSED = "refused"
    """The bank answers this step with an error, and has not done it."""
    LIED = "lied"
    """The bank answers this step with an error, although it has done it."""
    NO_SPACE = "no space"
    """The bank says that its disk is full, and has done nothing (or half of a write)."""
    TRUNCATED = "truncated"
    """The bank keeps fewer bytes than it was given and says that all is well."""
    CUT_BEFORE = "cut before"
    """The connection is reset when the request is there, before the bank has done it."""
    CUT_AFTER = "cut after"
    """The connection is reset when the bank has done it, before its answer."""
    SWALLOWED = "swallowed"
    """The bank does it; its answer never comes, though the connection stands."""
    STALLED = "stalled"
    """A black hole: the request is held, nothing passes either way; `heal` delivers what was held (late, after all)."""


class Bank(Protocol):
    """One bank for one test."""

    @property
    def content(self) -> bytes:
        """The bytes of the submission that is sent: at least 100 kB where the kind takes files."""
        ...

    def wire(self, intent: int = 1) -> Wire:
        """Return the try `intent` of the one submission."""
        ...

    def transport(self, clock: StillClock, boundary: Boundary = ...) -> Transport:
        """Make a worker's own way to the bank, through the proxy where the kind has a network."""
        ...

    def held(self) -> list[bytes]:
        """Return every submission that the bank has taken or may take this moment: bytes, an entry an arrival."""
        ...

    def collect(self) -> None:
        """Let the bank take what lies there, out of our sight. What it took stays in `held`."""
        ...

    def put(self, content: bytes) -> None:
        """Lay `content` down under the name of the submission, as if it had come another way."""
        ...

    def go_wrong(self, stage: str, fault: Fault) -> None:
        """Arm one fault at one stage of `Kind.stages`."""
        ...

    def struck(self) -> None:
        """Wait until every fault that was armed has happened. Raises TimeoutError after ten seconds."""
        ...

    def hurry(self) -> None:
        """Make the next worker impatient: it will meet silence, and a test waits for it."""
        ...

    def down(self) -> None:
        """Refuse new connections and cut those that stand, until `heal`. A folder: it is not there."""
        ...

    def other_identity(self) -> None:
        """Show another host key (certificate) on new connections and cut those that stand. Networks only."""
        ...

    def heal(self) -> None:
        """Be an honest bank again, reachable as before."""
        ...


class ControlledBank(Bank, Protocol):
    """One that waits for a control file."""

    def put_control(self, content: bytes) -> None:
        """Lay `content` down under the name of its control file."""
        ...

    def scribble(self, content: bytes) -> None:
        """Write `content` over the control file that the first try left ready."""
        ...

    def hidden(self) -> list[str]:
        """Return the hidden names that lie there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of transport under test.

    `faults` are the faults of each stage, in the order in which a transfer passes the stages; `inquiry_faults` are
    those of an inquiry. A stage of `certain` lies before the point of no return: whatever happens there, the sender
    knows that nothing has gone, and UNKNOWN is wrong. `proves` says that an inquiry can prove that nothing arrives any
    more (a folder's mark); without it the bank says that it does not know the submission. `network` says that there is
    a proxy in between. `boundaries` is how many boundaries a try crosses, the last `done` of them when it has arrived.
    `identity` says that the bank proves who it is, `controlled` that it waits for a control file: what it has without
    one is not the content in `held`.
    """

    name: str
    opened: Callable[[Path], AbstractContextManager[Bank]]
    faults: Mapping[str, tuple[Fault, ...]]
    certain: frozenset[str]
    proves: bool
    network: bool
    boundaries: int
    done: int = 1
    identity: bool = False
    controlled: bool = False
    inquiry_faults: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


ROUNDS = 2_000
ONLY_ITSELF = 1
"""What a loop watches when nobody is connected: the socket by which it is woken."""


async def alone() -> None:
    """Wait, not for ever, until the running loop has no connection: what was reset or closed goes in later rounds."""
    loop: Any = asyncio.get_running_loop()
    for _ in range(ROUNDS):
        if len(loop._selector.get_map()) <= ONLY_ITSELF:
            return
        await asyncio.sleep(0.001)
