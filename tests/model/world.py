"""The real gateway between a benefits system and banks in plain Python: one worker that works, dies and is replaced,
and beside it one that may be frozen.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from gateway.domain.errors import GatewayError, StoreDown
from gateway.ports.bus import Record
from gateway.ports.transport import Answer, Arrival, Delivery, Finding, Place, Sent, Wire
from gateway.runtime.aftercare import aftercare
from gateway.service.step import Step
from tests.clock import StillClock
from tests.crash.runs import END_IDLE_TRANSACTIONS
from tests.database import run_sql
from tests.hearing.bus import MemoryBus
from tests.hearing.ear import Ear
from tests.model.books import Bank
from tests.model.orders import Model
from tests.scenario import MORNING, Scene, opened

BANKS = ("alfa", "charlie", "kilo")
"""Bookings one by one by file, sums by file, and one request a payment."""
PARTS = {
    "sealing": ("cut", "seal"),
    "sending": ("cut", "seal", "send"),
    "hearing": ("receive", "read", "apply", "prove", "settle"),
    "aftercare": ("sweep", "inquire", "probe", "close", "silence", "stops", "limits", "collect"),
    "telling": ("relay",),
}
"""What a worker is asked to do, as the kinds of its loops in the order of the work."""
TIMES = 1_000
LOOK_EVERY = 0.002


class Killed(BaseException):
    """The process is gone: nothing of ours may catch this."""


@dataclass(slots=True, kw_only=True)
class Fate:
    """The boundaries of one worker: at the `after`-th of a name from now it is killed, or frozen until it is thawed."""

    name: str = ""
    after: int = 0
    freezes: bool = False
    dead: bool = False
    passed: list[str] = field(default_factory=list)
    frozen: threading.Event = field(default_factory=threading.Event)
    thawed: threading.Event = field(default_factory=threading.Event)

    def __call__(self, name: str, /) -> None:
        if self.dead:
            raise Killed
        self.passed.append(name)
        if not self.after or name != self.name:
            return
        self.after -= 1
        if self.after:
            return
        if not self.freezes:
            self.dead = True
            raise Killed
        self.frozen.set()
        self.thawed.wait()


@dataclass(slots=True, kw_only=True)
class Broker(MemoryBus):
    """The broker as one worker sees it: its publishing is an effect."""

    fate: Fate

    @property
    def producer(self) -> "Broker":
        return self

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        self.fate("publish")
        await MemoryBus.publish(self, topic, records)
        self.fate("publish")


@dataclass(slots=True, kw_only=True)
class Api:
    """The channel of a bank with an API, as one worker sees it."""

    bank: Bank
    scene: Scene
    fate: Fate

    async def prepare(self, wire: Wire) -> None:
        """Nothing to leave."""

    async def discard(self, wire: Wire) -> None:
        """Nothing to take away."""

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        self.fate("wire")
        if self.scene.clock.monotonic() >= deadline:
            return Answer(sent=Sent.NOT_SENT, evidence={"cause": "too late"})
        answers = self.bank.answers
        if answers == "down":
            return Answer(sent=Sent.UNKNOWN, evidence={"cause": "no answer"}, unreachable=True)
        self.bank.take_request(wire.name, b"".join(pieces))
        self.fate("wire")
        return Answer(sent=Sent.SENT if answers == "sent" else Sent.UNKNOWN, evidence={"answer": answers})

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        if self.bank.answers == "down":
            return Finding(arrival=Arrival.CANNOT_TELL, evidence={"cause": "no answer"})
        known = wire.name in self.bank.bytes_of
        return Finding(arrival=Arrival.ARRIVED if known else Arrival.SAYS_UNKNOWN, evidence={"known": str(known)})

    async def probe(self) -> None:
        """It answers."""

    async def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        nothing: tuple[Delivery, ...] = ()
        for delivery in nothing:
            yield delivery

    async def acknowledge(self, name: str) -> None:
        """Nothing to archive."""

    async def close(self) -> None:
        """Nothing to give back."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """One assembled gateway whose steps are called by name."""

    scene: Scene
    ear: Ear
    fate: Fate

    async def once(self, kind: str) -> bool:
        """Run every step of a kind once; what may be tried again is tried again later."""
        return any([await _patiently(step) for step in self._steps(kind)])

    async def do(self, kinds: Iterable[str]) -> bool:
        """Run the steps of these kinds, each until it has nothing to do."""
        busy = False
        for kind in kinds:
            for step in self._steps(kind):
                for times in range(TIMES + 1):
                    assert times < TIMES, f"{kind} never comes to an end"
                    if not await _patiently(step):
                        break
                    busy = True
        return busy

    def _steps(self, kind: str) -> list[Step]:
        if kind in {"receive", "read", "apply", "prove", "settle", "relay"}:
            return [cast("Step", self.ear.step(kind))]
        if kind in {"close", "silence"}:
            return [loop.step for loop in aftercare(self.scene.gateway) if loop.kind == kind]
        return self.scene.steps(kind)


async def _patiently(step: Step) -> bool:
    try:
        return await step.run_once()
    except GatewayError as error:
        if not error.retryable:
            raise
        return False


@dataclass(slots=True, kw_only=True)
class Frozen:
    """A worker in a thread of its own that stands still at a boundary."""

    thread: threading.Thread
    fate: Fate
    errors: list[BaseException] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class World:
    """The database, the broker's log, the banks and who works now."""

    url: str
    root: Path
    model: Model = field(default_factory=Model)
    banks: dict[str, Bank] = field(default_factory=dict)
    now: datetime = MORNING
    passed: float = 0.0
    clocks: list[StillClock] = field(default_factory=list)
    logs: dict[int, list[Record]] = field(default_factory=dict)
    published: list[Record] = field(default_factory=list)
    records: int = 0
    workers: int = 0
    current: Worker | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    frozen: Frozen | None = None

    @property
    def worker(self) -> Worker:
        assert self.current is not None
        return self.current

    @property
    def scene(self) -> Scene:
        return self.worker.scene

    async def begin(self) -> None:
        self.banks = {slug: Bank(slug=slug, begins=self.now.date()) for slug in BANKS}
        self.current = await self._employ(self.stack, Fate())

    async def _employ(self, stack: AsyncExitStack, fate: Fate) -> Worker:
        """Start a worker of a new name at the present time."""
        self.workers += 1
        more = {"banks": BANKS, "at": self.now, "worker": f"w{self.workers}", "boundary": fate}
        scene = await stack.enter_async_context(opened(self.url, self.root, **more))  # type: ignore[arg-type]
        scene.clock.passed = self.passed
        self.clocks.append(scene.clock)
        scene.use_transport("kilo", Api(bank=self.banks["kilo"], scene=scene, fate=fate))
        bus = Broker(logs=self.logs, published=self.published, fate=fate)
        return Worker(scene=scene, ear=Ear(scene=scene, bus=bus), fate=fate)

    async def end(self) -> None:
        await self.thaw()
        await self.stack.aclose()

    # Time, and the banks' folders ---------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Let time pass, for those too that stand still."""
        for clock in self.clocks:
            clock.advance(seconds)
        self.now, self.passed = self.scene.clock.at, self.scene.clock.passed

    def banks_take(self) -> None:
        """Let the banks collect what lies in their folders; hidden names they do not see."""
        for slug in ("alfa", "charlie"):
            folder = self.root / "banks" / slug / "in"
            for file in sorted(folder.iterdir()):
                if not file.name.startswith("."):
                    self.banks[slug].take_file(file.name, file.read_bytes())
                    file.unlink()

    def lies_there(self, slug: str, name: str) -> bool:
        """Whether a file waits for its bank."""
        return (self.root / "banks" / slug / "in" / name).exists()

    def deliver(self, slug: str, content: bytes) -> None:
        """Put a message on the topic, signed as the bank's edge does."""
        self.records += 1
        self.worker.ear.counter = self.records
        self.worker.ear.bus.put(self.worker.ear.record(content, slug))
        self.banks[slug].said.append(content)

    # Workers that die and freeze -----------------------------------------------------------------------------------

    async def killed(self, kinds: Iterable[str], name: str, after: int) -> bool:
        """Kill the worker at a boundary of this work, and put another one in its place."""
        self.worker.fate.name, self.worker.fate.after = name, after
        try:
            await self.worker.do(kinds)
        except Killed:
            await self.replace()
            return True
        self.worker.fate.after = 0
        return False

    async def replace(self) -> None:
        """The process is gone and another one starts."""
        self.worker.fate.dead = True
        self.scene.gateway.store._pool.terminate()
        await self.stack.aclose()
        self.stack = AsyncExitStack()
        self.current = await self._employ(self.stack, Fate())

    async def freeze(self, kinds: Sequence[str], name: str, after: int) -> bool:
        """Let a second worker do this work until it stands still at a boundary; its open sessions then time out."""
        fate = Fate(name=name, after=after, freezes=True)
        errors: list[BaseException] = []
        ended = threading.Event()
        thread = threading.Thread(target=self._second, args=(fate, kinds, errors, ended), daemon=True)
        thread.start()
        while not (fate.frozen.is_set() or ended.is_set()):  # noqa: ASYNC110 - they are set by another thread
            await asyncio.sleep(LOOK_EVERY)
        self.frozen = Frozen(thread=thread, fate=fate, errors=errors)
        if ended.is_set():
            await self.thaw()
            return False
        await run_sql(self.url, END_IDLE_TRANSACTIONS)
        return True

    def _second(self, fate: Fate, kinds: Sequence[str], errors: list[BaseException], ended: threading.Event) -> None:
        async def work() -> None:
            with suppress(StoreDown):  # its sessions were taken away while it stood still
                async with AsyncExitStack() as stack:
                    worker = await self._employ(stack, fate)
                    await worker.do(kinds)

        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - told to whoever thaws it
            errors.append(error)
        ended.set()

    async def thaw(self) -> None:
        """Let the frozen worker go on where it stood, to the end of its work."""
        if self.frozen is None:
            return
        frozen, self.frozen = self.frozen, None
        frozen.fate.thawed.set()
        await asyncio.to_thread(frozen.thread.join)
        if frozen.errors:
            raise frozen.errors[0]
