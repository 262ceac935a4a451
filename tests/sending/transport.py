"""A bank's channel that does what a test tells it to."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from gateway.domain.errors import BankUnreachable
from gateway.ports.transport import Answer, Arrival, Delivery, Finding, Place, Sent, Wire


async def _at_once() -> None:
    """Wait for nothing."""


@dataclass(slots=True, kw_only=True)
class Scripted:
    """Answers tries and inquiries in the order given, the last for ever; `before_*` is awaited before it answers."""

    answers: list[Sent] = field(default_factory=lambda: [Sent.SENT])
    findings: list[Arrival] = field(default_factory=lambda: [Arrival.CANNOT_TELL])
    reachable: bool = True
    unreachable_answers: bool = False
    before_answer: Callable[[], Awaitable[None]] = _at_once
    after_asking: Callable[[], Awaitable[None]] = _at_once
    wires: list[Wire] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    asked: list[list[int]] = field(default_factory=list)
    discarded: list[Wire] = field(default_factory=list)
    probes: int = 0
    probe_error: Exception | None = None

    async def prepare(self, wire: Wire) -> None:
        if not self.reachable:
            raise BankUnreachable("the bank cannot be reached")

    async def discard(self, wire: Wire) -> None:
        self.discarded.append(wire)

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        self.wires.append(wire)
        self.sent.append(b"".join(pieces))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await self.before_answer()
        return Answer(sent=answer, evidence={"script": answer.value}, unreachable=self.unreachable_answers)

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        self.asked.append(list(intents))
        finding = self.findings.pop(0) if len(self.findings) > 1 else self.findings[0]
        await self.after_asking()
        return Finding(arrival=finding, evidence={"script": finding.value})

    async def probe(self) -> None:
        self.probes += 1
        if self.probe_error is not None:
            raise self.probe_error
        if not self.reachable:
            raise BankUnreachable("the bank cannot be reached")

    async def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        no_deliveries: tuple[Delivery, ...] = ()
        for delivery in no_deliveries:
            yield delivery

    async def acknowledge(self, name: str) -> None:
        """Nothing to archive."""

    async def close(self) -> None:
        """Nothing to give back."""
