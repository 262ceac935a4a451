"""A worker process that plays one pay day in a fixed order, and is killed or frozen at one of its effect boundaries.

Run in a process of its own: nothing of ours runs after the signal, no `except`, no `finally`, no `__aexit__`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from unittest.mock import patch

from gateway.bus.kafka import KafkaBus
from gateway.domain.errors import GatewayError, StoreDown
from gateway.service.step import Step
from tests.crash.effects import Blow, Boundary, session_of
from tests.scenario import Scene, opened

BANKS = ("alfa", "charlie", "kilo")
"""Bookings one by one by file, sums by file, and one request a payment."""
ASK_THE_BANKS, BANKS_ANSWERED = "ask the banks", "banks answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a worker is told: where everything is, and at which boundary (None: at none) to raise which signal."""

    url: str
    root: Path
    bootstrap: str
    incarnation: str
    bank_urls: dict[str, str]
    partitions: tuple[int, ...]
    at: Boundary | None = None
    signal: int = 0


def main(part: Part, pipe: Connection) -> None:
    """The process. One whose database goes away while it starts ends; whoever supervises it starts it again."""
    with suppress(StoreDown), patch("gateway.store.postgres.PostgresSession", session_of):
        asyncio.run(_day(part, pipe))


async def _day(part: Part, pipe: Connection) -> None:
    blow = Blow(part.at, lambda: os.kill(os.getpid(), part.signal))
    async with opened(
        part.url, part.root, banks=BANKS, worker="first", boundary=blow, bank_urls=part.bank_urls
    ) as scene:
        await _send(scene)
        pipe.send(ASK_THE_BANKS)
        pipe.recv()
        async with connected(scene, part) as bus:
            await _hear(scene, bus, part)
    pipe.send(blow.passed)


@asynccontextmanager
async def connected(scene: Scene, part: Part) -> AsyncIterator[KafkaBus]:
    bus = scene.gateway.bus(part.bootstrap, part.incarnation)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.close()


async def _send(scene: Scene) -> None:
    for kind in ("cut", "seal", "cut", "seal"):
        for step in scene.steps(kind):
            await until_idle(step)
    for step in scene.steps("send"):
        await once(step)


async def _hear(scene: Scene, bus: KafkaBus, part: Part) -> None:
    loops = scene.gateway.hearing(bus, part.partitions)
    for loop in loops:
        if loop.kind in {"share", "receive"}:
            await once(loop.step)
    for loop in loops:
        if loop.kind in {"read", "apply"}:
            await until_idle(loop.step)
    for loop in scene.gateway.telling(bus):
        await once(loop.step)
    for loop in loops:
        if loop.close is not None:
            await loop.close()


async def once(step: Step) -> bool:
    """Run a step as a loop does: what may be tried again is waited out."""
    try:
        return await step.run_once()
    except GatewayError as error:
        if not error.retryable:
            raise
        return False


async def until_idle(step: Step) -> None:
    while await once(step):
        pass
