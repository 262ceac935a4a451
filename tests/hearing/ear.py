"""A scene with an ear: messages go in, facts, positions and outcomes come out."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from gateway.bus.envelope import bank_message
from gateway.bus.kafka import KafkaBus
from gateway.domain.facts import Fact, Position, position
from gateway.domain.states import SubmissionState
from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.runtime.loops import Loop
from gateway.service.receive import Letter, Receive, store_message
from tests.hearing.bus import MemoryBus
from tests.scenario import Scene, opened

FULL = "512.40"


@dataclass(slots=True, kw_only=True)
class Ear:
    """What the gateway hears, step by step."""

    scene: Scene
    bus: MemoryBus = field(default_factory=MemoryBus)
    loops: list[Loop] = field(default_factory=list)
    counter: int = 0

    async def send(self, orders: Sequence[dict[str, Any]], batch: str = "B-1") -> None:
        """Release, cut, seal and deliver."""
        await self.scene.sealed(orders, batch)
        for bank in self.scene.gateway.banks:
            await self.scene.until_idle("send", bank)

    async def tell(self, content: bytes, bank: str = "alfa", channel: str = "test") -> None:
        """Store a message as if a door had let it in."""
        letter = Letter(bank=bank, content=content, channel=channel)
        async with self.scene.gateway.store.transaction() as session:
            await store_message(session, letter, {}, self.scene.clock.now())

    async def hear(self, *contents: bytes, bank: str = "alfa") -> None:
        """Store, read and apply messages, each to its end before the next."""
        for content in contents:
            await self.tell(content, bank)
            await self.until_idle("read")
            await self.until_idle("apply")

    def step(self, kind: str) -> Any:
        if not self.loops:
            bus = cast("KafkaBus", self.bus)
            self.loops = [*self.scene.gateway.hearing(bus, [0]), *self.scene.gateway.telling(bus)]
        return next(loop.step for loop in self.loops if loop.kind == kind)

    async def run(self, kind: str) -> bool:
        return bool(await self.step(kind).run_once())

    async def until_idle(self, kind: str) -> None:
        for _ in range(100):
            if not await self.run(kind):
                return
        raise AssertionError(f"{kind} never comes to an end")

    @property
    def receiver(self) -> Receive:
        return cast("Receive", self.step("receive"))

    def record(self, content: bytes, bank: str = "alfa", **headers: str) -> Record:
        """The record of a message as the bank edge writes it; `headers` replace or add."""
        self.counter += 1
        key, now = self.scene.gateway.edge_keys[bank], self.scene.clock.now()
        written = bank_message(BANK_MESSAGES, bank, content, channel="bank-edge", counter=self.counter, at=now, key=key)
        return Record(key=written.key, value=written.value, headers={**written.headers, **headers})

    async def ids(self) -> list[str]:
        return await self.scene.column(
            "SELECT end_to_end_id FROM attempt JOIN payment_order USING (order_no) ORDER BY order_id"
        )

    async def msg_id(self, state: str = "delivered") -> str:
        return cast("str", await self.scene.value("SELECT msg_id FROM submission WHERE state = $1", state))

    async def account(self, bank: str = "alfa") -> str:
        return cast("str", await self.scene.value("SELECT debtor_account FROM submission WHERE bank = $1", bank))

    async def positions(self) -> list[Position]:
        """Positions of all attempts, in the order of their orders' ids."""
        rows = await self.scene.rows("""
            SELECT a.facts, coalesce(s.group_facts, 0), s.state
            FROM attempt a JOIN payment_order o USING (order_no) LEFT JOIN submission s USING (submission_no)
            ORDER BY o.order_id""")
        return [position(Fact(own), Fact(group), SubmissionState(state)) for own, group, state in rows]

    async def outcomes(self) -> list[list[tuple[int, str]]]:
        """Number and outcome of every event of each order."""
        rows = await self.scene.rows("""
            SELECT o.order_id, e.outcome_no, e.document FROM payment_order o JOIN outcome_event e USING (order_no)
            ORDER BY o.order_id, e.outcome_no""")
        orders: dict[str, list[tuple[int, str]]] = {}
        for order_id, number, document in rows:
            orders.setdefault(order_id, []).append((number, json.loads(document)["outcome"]))
        return list(orders.values())

    async def verdicts(self) -> list[str]:
        return await self.scene.column("SELECT verdict FROM observation ORDER BY message_no, ordinal")


@asynccontextmanager
async def listening(scene: Scene) -> AsyncIterator[Ear]:
    ear = Ear(scene=scene)
    yield ear
    for loop in ear.loops:
        if loop.close is not None:
            await loop.close()


@asynccontextmanager
async def another_worker(ear: Ear, name: str = "w2") -> AsyncIterator[Ear]:
    """A second worker on the same database, bus and clock."""
    async with opened(ear.scene.url, ear.scene.root, worker=name) as scene, listening(scene) as other:
        other.bus = ear.bus
        object.__setattr__(scene.gateway, "clock", ear.scene.clock)
        scene.clock = ear.scene.clock
        yield other
