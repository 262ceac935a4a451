"""Lives, end to end: an NDJSON line over REST, a pain.001 payment, a camt.054 entry over Kafka, an outcome event.

Two ways. *Stage by stage*, so that the CPU time of each can be told from the others'; and *all in*, as the product
runs: every loop of the gateway, load generator, banks, PostgreSQL and Kafka together on the machine's cores.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from gateway.bench.orders import PROGRAMME, SOURCE, order_lines
from gateway.bench.place import Place
from gateway.bench.usage import peak_mib, resident_mib
from gateway.domain.errors import ConfigError
from gateway.domain.manifest import Manifest, manifest_bytes
from gateway.domain.money import parse_minor
from gateway.ports.bus import OUTCOMES
from gateway.runtime.embedded import PARTITIONS
from gateway.runtime.keys import SandboxKeys

BANKS = ("alfa", "bravo")
BATCH = 5_000
PATIENCE_SECONDS = 600
_LOOK_SECONDS = 0.05
_PIECE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one stage took: wall seconds, and CPU seconds by process."""

    name: str
    seconds: float
    cpu: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """What a number of lives took. `bytes_stored` and `bytes_logged` are PostgreSQL's: tables with indexes, and WAL."""

    orders: int
    stages: Sequence[Stage]
    bytes_stored: int = 0
    bytes_logged: int = 0
    peak_mib: float = 0.0
    resident_mib: float = 0.0

    def micros(self, *who: str, stage: str = "") -> float:
        """Return the CPU microseconds a payment of these processes, in one stage or all."""
        stages = [s for s in self.stages if not stage or s.name == stage]
        return sum(s.cpu[w] for s in stages for w in who) * 1e6 / self.orders

    def per_second(self) -> float:
        """Return the lives a second of wall time."""
        return self.orders / sum(s.seconds for s in self.stages)


@dataclass(slots=True, kw_only=True)
class Load:
    """The benefits system: pushes batches over REST, and counts outcome events in Kafka."""

    place: Place
    session: aiohttp.ClientSession
    consumer: Any
    connection: Any
    answered: int = 0
    lines: dict[str, list[bytes]] = field(default_factory=dict)

    def prepare(self, batch: str, orders: int) -> None:
        """Make a batch's lines ahead, so that making them is not measured."""
        lines = list(order_lines(batch, orders, BANKS, datetime.now(UTC)))
        self.lines[batch] = [b"".join(lines[at : at + _PIECE]) for at in range(0, orders, _PIECE)]

    async def push(self, batch: str) -> None:
        """Open a batch and stream its orders."""
        day = datetime.now(UTC).date().isoformat()
        await self._post("", json={"batch": batch, "programme": PROGRAMME, "payDate": day})
        kind = {"Content-Type": "application/x-ndjson"}
        told = await self._post(f"/{batch}/orders", data=_stream(self.lines.pop(batch)), headers=kind)
        if told["lines"] != told["accepted"]:
            raise ConfigError(f"the measurement's own orders were not all accepted: {told}")

    async def release(self, batch: str) -> None:
        """Close a batch and release it under its signed manifest."""
        closed = await self._post(f"/{batch}/close")
        now = datetime.now(UTC)
        manifest = manifest_bytes(
            Manifest(
                source=SOURCE,
                batch=batch,
                programme=PROGRAMME,
                pay_date=now.date(),
                count=closed["count"],
                totals={c: parse_minor(total, c) for c, total in closed["totals"].items()},
                approvers=("p-1", "p-2"),
                signed_at=now,
                expires=now + timedelta(days=9),
                chunks=tuple(closed["chunks"]),
            )
        )
        signature = SandboxKeys(self.place.folder / "keys").sign(SOURCE, manifest)
        headers = {"X-JWS-Signature": signature, "Content-Type": "application/json"}
        await self._post(f"/{batch}/release", data=manifest, headers=headers)

    async def _post(self, path: str, **request: Any) -> dict[str, Any]:
        async with self.session.post(f"{self.place.url}/v1/batches{path}", **request) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            if not response.ok:
                raise ConfigError(f"the gateway answered {response.status}: {answer}")
            return answer

    async def bank_answers(self, payments: int) -> int:
        """Wait until the bank has answered so many payments; return in how many messages."""
        messages = 0
        while payments > 0:
            told = await self.place.bank.answer()
            payments -= told["payments"]
            messages += told["messages"]
        return messages

    async def outcomes(self) -> int:
        """Return how many outcome events Kafka has acknowledged."""
        partitions = [TopicPartition(OUTCOMES, n) for n in range(PARTITIONS)]
        return sum((await self.consumer.end_offsets(partitions)).values())

    async def size(self) -> tuple[int, int]:
        """Return the bytes of the database and the position of its log."""
        row = await self.connection.fetchrow(
            "SELECT pg_database_size(current_database()) AS stored, pg_current_wal_lsn() - '0/0'::pg_lsn AS logged"
        )
        return int(row["stored"]), int(row["logged"])


async def _stream(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def load_for(place: Place) -> Load:
    """Connect a benefits system to a place."""
    keys = SandboxKeys(place.folder / "keys")
    token = keys.token(subject="bench", scope="push", now=datetime.now(UTC), seconds=7_200, source=SOURCE)
    consumer = AIOKafkaConsumer(bootstrap_servers=place.broker.bootstrap)
    await consumer.start()
    return Load(
        place=place,
        session=aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}),
        consumer=consumer,
        connection=await asyncpg.connect(place.back.url),
    )


async def unload(load: Load) -> None:
    """Disconnect it."""
    await load.session.close()
    await load.consumer.stop()
    await load.connection.close()


async def stage_by_stage(load: Load, orders: int, mark: str) -> Lives:
    """Live `orders` lives, one stage after the other."""
    place, batches = load.place, _batches(load, orders, mark)
    stored, logged = await load.size()
    messages = 0

    async def intake() -> None:
        for batch in batches:
            await load.push(batch)
            await load.release(batch)

    async def send() -> None:
        # The banks have files in hand only so long as there is room in flight, so sealing and sending take turns.
        nonlocal messages
        await place.gateway.ask(do="drain", kind="send")
        messages += await load.bank_answers(await _sent(load) - load.answered)
        load.answered = await _sent(load)

    async def drain(kind: str) -> None:
        await place.gateway.ask(do="drain", kind=kind)

    async def receive() -> None:
        until = await load.connection.fetchval("SELECT count(*) FROM bank_message") + messages
        while await load.connection.fetchval("SELECT count(*) FROM bank_message") < until:
            await drain("receive")

    stages = [await _timed(place, "intake", intake), await _timed(place, "cut", lambda: drain("cut"))]
    while await load.connection.fetchval("SELECT EXISTS (SELECT FROM submission WHERE state IN ('open', 'sealed'))"):
        stages.append(await _timed(place, "seal", lambda: drain("seal")))
        stages.append(await _timed(place, "send", send))
    stages.append(await _timed(place, "receive", receive))
    stages += [await _timed(place, kind, partial(drain, kind)) for kind in ("read", "apply", "relay")]
    now_stored, now_logged = await load.size()
    return Lives(orders=orders, stages=stages, bytes_stored=now_stored - stored, bytes_logged=now_logged - logged)


async def _sent(load: Load) -> int:
    return int(
        await load.connection.fetchval(
            "SELECT coalesce(sum(payment_count), 0) FROM submission WHERE state = 'delivered'"
        )
    )


async def all_in(load: Load, orders: int, mark: str) -> Lives:
    """Live `orders` lives with everything running at once, until Kafka has acknowledged every outcome event."""
    place, batches = load.place, _batches(load, orders, mark)
    until = await load.outcomes() + orders

    async def live() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for batch in batches:
                await load.push(batch)
                await load.release(batch)
            while await load.outcomes() < until:  # noqa: ASYNC110 - Kafka rings no bell
                await asyncio.sleep(_LOOK_SECONDS)

    stage = await _timed(place, "all in", live)
    pid = place.gateway.pid
    return Lives(orders=orders, stages=[stage], peak_mib=peak_mib(pid), resident_mib=resident_mib(pid))


def _batches(load: Load, orders: int, mark: str) -> list[str]:
    sizes = [min(BATCH, orders - at) for at in range(0, orders, BATCH)]
    for number, size in enumerate(sizes):
        load.prepare(f"{mark}{number}", size)
    return [f"{mark}{number}" for number in range(len(sizes))]


async def _timed(place: Place, name: str, work: Callable[[], Awaitable[None]]) -> Stage:
    before, start = place.cpu(), time.perf_counter()
    await work()
    seconds, after = time.perf_counter() - start, place.cpu()
    return Stage(name=name, seconds=seconds, cpu={who: after[who] - before[who] for who in after})
