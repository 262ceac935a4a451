"""Stop, pause and seal against send: in no interleaving leaves what was stopped before its intent was committed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from gateway.ports.store import Store
from gateway.ports.transport import Answer, Sent, Wire
from gateway.service.pauses import Pauses
from gateway.service.seal import Seal
from gateway.service.send import Send
from gateway.service.stops import Stops
from gateway.store.postgres import open_store
from tests.crash.interleave import Actor, PacedStore, Schedule, Stage, every_schedule
from tests.scenario import Scene, opened, payments
from tests.sending.transport import Scripted

SEND = frozenset({"send.claimed", "stops.intent_gate", "send.conclude"})
STOP = frozenset({"stops.gate", "stops.caught_before_sending", "stops.propose_recalls"})
PAUSE = frozenset({"stops.gate", "pauses.pause"})
SEAL = frozenset({"seal.pick", "seal.members", "seal.seal"})
"""Where an actor waits for its turn, beside every commit of a transaction with such a statement, and the wire."""
CHANGED = (
    "stop",
    "pause",
    "recall",
    "intent",
    "submission_event",
    "submission_bytes",
    "exception",
    "former_member",
    "attempt",
    "submission",
)
"""Tables that a run changes, those that refer to others first."""


@dataclass(slots=True, kw_only=True)
class Duel:
    """One prepared database on which two actors meet again and again."""

    scene: Scene
    stage: Stage
    log: list[str]
    transport: Scripted

    def actor(self, name: str, points: frozenset[str], store: int) -> Actor:
        return Actor(name, self.log, points, backend=self.stage.backends[store])

    def store(self, actor: Actor, number: int) -> Store:
        return cast("Store", PacedStore(self.stage.stores[number], actor))

    async def again(self) -> None:
        """Put the database back to where it was."""
        self.log.clear()
        self.transport.wires.clear()
        await self.scene.again(*CHANGED)

    async def keep(self) -> None:
        """Remember where the database is."""
        await self.scene.keep(*CHANGED)

    def intent_before(self, commit: str) -> bool:
        """Whether send's intent was committed before the other's first commit; both transactions come first."""
        intent = self.log.index("send: commit") if "send: send.promise" in self.log else len(self.log)
        return intent < self.log.index(commit)


class Turned(Scripted):
    """A channel that waits for its actor's turn before the wire, and tells another what it sent."""

    def __init__(self, actor: Actor, told: Scripted) -> None:
        super().__init__(answers=told.answers)
        self._actor, self._told = actor, told

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        await self._actor.point("wire")
        return await self._told.send(wire, pieces, deadline)


@asynccontextmanager
async def duel(url: str, root: Path) -> AsyncIterator[Duel]:
    eyes = await asyncpg.connect(url)
    stores = [await open_store(url, connections=1) for _ in range(2)]
    try:
        async with opened(url, root, banks=["alfa"]) as scene:
            transport = Scripted()
            scene.use_transport("alfa", transport)
            backends = [await _backend(s) for s in stores]
            stage = Stage(stores=stores, backends=backends, eyes=eyes)
            yield Duel(scene=scene, stage=stage, log=[], transport=transport)
    finally:
        for store in stores:
            await store.close()
        await eyes.close()


async def _backend(store: Any) -> int:
    async with store._pool.acquire() as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


@pytest.fixture
async def sealed(database_url: str, tmp_path: Path) -> AsyncIterator[Duel]:
    """Two payments in one sealed submission."""
    async with duel(database_url, tmp_path) as two:
        await two.scene.sealed(payments([1, 2]))
        await two.keep()
        yield two


def sending(two: Duel, number: int = 0) -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("send", SEND, number)
    step = cast("Send", two.scene.step("send", "alfa"))
    bank = replace(step.bank, transport=Turned(actor, two.transport))
    return actor, replace(step, store=two.store(actor, number), bank=bank).run_once()


def stopping(two: Duel, number: int = 1) -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("stop", STOP, number)
    stops = Stops(store=two.store(actor, number), clock=two.scene.clock)
    return actor, stops.stop(kind="order", source="SSI", value="SICK-000001", reason="DEATH", by="officer-1")


def pausing(two: Duel, number: int = 1) -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("pause", PAUSE, number)
    pauses = Pauses(store=two.store(actor, number), clock=two.scene.clock)
    return actor, pauses.pause(scope="bank", value="alfa", reason="maintenance", by="officer-1")


def sealing(two: Duel, number: int = 0) -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("seal", SEAL, number)
    step = cast("Seal", two.scene.step("seal"))
    return actor, replace(step, store=two.store(actor, number)).run_once()


async def afterwards(two: Duel) -> bytes:
    """Let everything that can still leave leave; return its bytes."""
    two.transport.sent, two.transport.answers = [], [Sent.SENT]
    for _ in range(2):
        two.scene.clock.advance(61)
        await two.scene.seal_again()
        await two.scene.until_idle("send", "alfa")
    return b"".join(two.transport.sent)


async def paid(two: Duel, content: bytes) -> list[bool]:
    """Whether each payment is in the bytes."""
    ids = await two.scene.column("SELECT end_to_end_id FROM attempt ORDER BY attempt_no")
    return [i.encode() in content for i in ids]


def runs(
    two: Duel, acts: Callable[[], list[tuple[Actor, Awaitable[object]]]], check: Callable[[], Awaitable[None]]
) -> Callable[[Schedule], Awaitable[list[tuple[int, int]]]]:
    async def run(schedule: Schedule) -> list[tuple[int, int]]:
        await two.again()
        choices = await two.stage.play(schedule, acts())
        try:
            await check()
        except AssertionError as error:
            raise AssertionError(" | ".join(two.log)) from error
        return choices

    return run


async def left_and_recalled(two: Duel) -> tuple[str, int, int]:
    """State of the first submission, how often it was on the wire, and how many recalls are proposed."""
    state = (await two.scene.states())[0]
    return state, len(two.transport.wires), await two.scene.value("SELECT count(*) FROM recall")


async def test_what_is_stopped_in_time_never_leaves_and_what_left_is_recalled(sealed: Duel) -> None:
    seen: set[tuple[str, int, int]] = set()

    async def check() -> None:
        found = await left_and_recalled(sealed)
        seen.add(found)
        assert found == (("delivered", 1, 1) if sealed.intent_before("stop: commit") else ("void", 0, 0))

    await every_schedule(runs(sealed, lambda: [sending(sealed), stopping(sealed)], check))
    assert seen == {("void", 0, 0), ("delivered", 1, 1)}


async def test_what_was_not_sent_when_it_is_stopped_never_leaves_later(sealed: Duel) -> None:
    def acts() -> list[tuple[Actor, Awaitable[object]]]:
        sealed.transport.answers = [Sent.NOT_SENT]
        return [sending(sealed), stopping(sealed)]

    async def check() -> None:
        assert await paid(sealed, await afterwards(sealed)) == [False, True]

    await every_schedule(runs(sealed, acts, check))


async def test_nothing_leaves_whose_pause_was_committed_first(sealed: Duel) -> None:
    async def check() -> None:
        assert bool(sealed.transport.wires) == sealed.intent_before("pause: commit")

    await every_schedule(runs(sealed, lambda: [sending(sealed), pausing(sealed)], check))


async def test_two_senders_send_once(sealed: Duel) -> None:
    async def check() -> None:
        assert len(sealed.transport.wires) == 1

    await every_schedule(runs(sealed, lambda: [sending(sealed, 0), sending(sealed, 1)], check))


async def test_what_is_stopped_while_it_is_sealed_never_leaves(database_url: str, tmp_path: Path) -> None:
    async with duel(database_url, tmp_path) as two:
        await two.scene.release(payments([1, 2]))
        await two.scene.until_idle("cut")
        await two.keep()

        async def check() -> None:
            assert await paid(two, await afterwards(two)) == [False, True]

        await every_schedule(runs(two, lambda: [sealing(two), stopping(two)], check))
