"""Workers of the suite: how one tries, and one that freezes at a boundary while everybody else goes on."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gateway.domain.errors import BankUnreachable
from gateway.ports.transport import Answer, Sent, Transport
from tests.transport.behaviour.harness import Bank
from tests.transport.clocks import StillClock

LATER = 200.0
"""A deadline after the still clock's moment."""


@asynccontextmanager
async def working(bank: Bank) -> AsyncIterator[Transport]:
    """Open a worker's own way to the bank."""
    transport = bank.transport(StillClock())
    try:
        yield transport
    finally:
        await transport.close()


async def tried(bank: Bank, transport: Transport, intent: int = 1, deadline: float = LATER) -> Answer:
    """Try once, as the service does: without its mark an intent is not committed, and nothing is sent."""
    wire = bank.wire(intent)
    try:
        await transport.prepare(wire)
    except BankUnreachable as error:
        return Answer(sent=Sent.NOT_SENT, evidence={"cause": str(error)}, unreachable=True)
    return await transport.send(wire, [bank.content[:10], bank.content[10:]], deadline)


class Sleeper:
    """A worker in a thread that stands still at its `number`-th boundary, as a suspended machine does."""

    def __init__(self, bank: Bank, number: int) -> None:
        self._bank, self._left = bank, number
        self._clock = StillClock()
        self._frozen, self._thawed = threading.Event(), threading.Event()
        self.answers: list[Answer] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()), daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def frozen(self) -> None:
        """Wait until it stands still."""
        assert await asyncio.to_thread(self._frozen.wait, 10)

    async def thawed(self, *, late: bool) -> Answer:
        """Let it go on; `late`: its deadline has passed meanwhile. Return what it answers."""
        self._clock.moment = LATER if late else self._clock.moment
        self._thawed.set()
        await asyncio.to_thread(self._thread.join, 10)
        assert len(self.answers) == 1
        return self.answers[0]

    def end(self) -> None:
        self._clock.moment = LATER
        self._thawed.set()
        self._thread.join(10)

    def _boundary(self, _name: str) -> None:
        self._left -= 1
        if self._left == 0:
            self._frozen.set()
            self._thawed.wait(20)

    async def _work(self) -> None:
        transport = self._bank.transport(self._clock, self._boundary)
        try:
            self.answers.append(await tried(self._bank, transport))
        finally:
            await transport.close()
            await asyncio.sleep(0.05)  # for TLS to say goodbye


@contextmanager
def sleeping(bank: Bank, number: int) -> Iterator[Sleeper]:
    """Start a worker that freezes at a boundary."""
    sleeper = Sleeper(bank, number)
    sleeper.start()
    try:
        yield sleeper
    finally:
        sleeper.end()
