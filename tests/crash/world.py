"""Everything around a worker that dies: its database, banks, broker, and the second worker that finishes the day."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

from gateway.bus.embedded import EmbeddedBroker
from gateway.bus.kafka import KafkaBus
from gateway.bus.settings import KafkaSettings
from gateway.ports.bus import BANK_MESSAGES, OUTCOMES
from gateway.runtime.keys import Secrets
from gateway.sandbox import Access, BankParameters, Edge, Envelope, KafkaPublisher, Street
from tests.crash.effects import Boundary
from tests.crash.worker import BANKS, Part, connected, once, until_idle
from tests.database import Server, run_sql
from tests.scenario import MORNING, Scene, opened, parameters, payments

PARTITIONS = 2
ORDERS = [*payments([1, 2, 3, 4]), *payments([5, 6], "charlie"), *payments([7], "kilo")]
"""Bank alfa rejects and returns of its payments; one of them is stopped."""
STOPPED = "SICK-000003"
LEASES_OVER = timedelta(minutes=10)
A_WHILE = 400
"""Seconds to wait when nothing is to be done: longer than every delay of these banks."""
_numbers = count(1)


def banks() -> list[BankParameters]:
    """Banks that answer without delay of chance; alfa rejects and returns so many that both happen."""
    alfa, charlie, kilo = (parameters()[slug] for slug in BANKS)
    door = replace(
        kilo.api,  # type: ignore[type-var]
        timeout_per_10000=0,
        server_error_per_10000=0,
        slow_per_10000=0,
        too_early_per_10000=0,
    )
    return [replace(alfa, rejected_per_10000=3_000, returned_per_10000=1_000), charlie, replace(kilo, api=door)]


@dataclass(slots=True)
class Heard:
    """Publishes for the banks and remembers which messages it published."""

    inner: KafkaPublisher
    digests: set[str] = field(default_factory=set)

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        await self.inner.publish(topic, envelopes)
        self.digests |= {dict(e.headers)["ce_digest"].decode() for e in envelopes}


@dataclass(slots=True, kw_only=True)
class World:
    """One pay day that may go wrong."""

    part: Part
    street: Street
    published: Heard

    async def banks_answer(self) -> None:
        """Let the banks take what lies there and say everything they have to say."""
        for hours in (1, 2):  # take it first, answer when every delay is over
            while await self.street.run_once(MORNING + timedelta(hours=hours)):
                pass

    @asynccontextmanager
    async def finished(self) -> AsyncIterator[Scene]:
        """Let another worker go on until there is nothing left to do; its clock is ahead."""
        at = MORNING + LEASES_OVER
        urls = self.part.bank_urls
        async with opened(self.part.url, self.part.root, banks=BANKS, at=at, worker="second", bank_urls=urls) as scene:
            async with connected(scene, self.part) as bus:
                await self._until_done(scene, bus)
            yield scene

    async def _until_done(self, scene: Scene, bus: KafkaBus) -> None:
        sending = [loop.step for loop in scene.gateway.sending()]
        hearing = scene.gateway.hearing(bus, self.part.partitions)
        receiving = [loop.step for loop in hearing if loop.kind in {"share", "receive"}]
        rest = [loop.step for loop in hearing if loop.kind in {"read", "apply"}]
        relays = [loop.step for loop in scene.gateway.telling(bus)]
        for _ in range(20):
            for step in sending:
                await until_idle(step)
            await self.banks_answer()
            for _ in range(10):
                if await self._all_received(scene):
                    break
                for step in receiving:
                    await once(step)
            for step in [*rest, *relays]:
                await until_idle(step)
            if await _settled(scene):
                break
            scene.clock.advance(A_WHILE)
        for loop in hearing:
            if loop.close is not None:
                await loop.close()

    async def _all_received(self, scene: Scene) -> bool:
        stored = await scene.column("SELECT encode(digest, 'hex') FROM bank_message")
        return self.published.digests <= set(stored)


async def _settled(scene: Scene) -> bool:
    """Whether nothing waits for a worker or a bank any more."""
    waiting = await scene.value(
        """
        SELECT (SELECT count(*) FROM submission WHERE state IN ('open', 'sealed', 'sending', 'not sent', 'unknown'))
             + (SELECT count(*) FROM bank_message WHERE state IN ('received', 'read'))
             + (SELECT count(*) FROM outcome_event WHERE published_at IS NULL)
             + (SELECT count(*) FROM intent WHERE outcome IS NULL AND NOT proved)
             + (SELECT count(*) FROM payment_order WHERE state = 'payable' AND outcome IS NULL AND order_id <> $1)""",
        STOPPED,
    )
    return bool(waiting == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A database in which the batch was released and one order stopped, to be cloned for every run."""

    server: Server
    database: str
    root: Path

    @asynccontextmanager
    async def world(
        self, broker: EmbeddedBroker, *, at: Boundary | None = None, signal: int = 0
    ) -> AsyncIterator[World]:
        """Set up a run of its own on `broker`, which nobody else uses meanwhile."""
        number = next(_numbers)
        name, root = f"{self.database}_{number}", self.root.parent / f"run-{number}"
        await run_sql(self.server.admin_url, f"CREATE DATABASE {name} TEMPLATE {self.database}")
        await asyncio.to_thread(shutil.copytree, self.root, root)
        secrets = Secrets(root / "secrets", make=True)
        published = Heard(KafkaPublisher(broker.bootstrap))
        street = Street(
            banks(),
            root=root / "banks",
            edge=Edge(key=secrets.read("bank-edge"), root=root / "banks", publisher=published),
            access={"kilo": Access(secret=secrets.read("kilo-token").decode())},
            clock=lambda: MORNING,
        )
        await street.start()
        part = Part(
            url=self.server.url_of(name),
            root=root,
            bootstrap=broker.bootstrap,
            incarnation=f"run-{number}",
            bank_urls={slug: bank.url for slug, bank in street.api_banks.items()},
            partitions=tuple(range(PARTITIONS)),
            at=at,
            signal=signal,
        )
        try:
            await _begin_here(part)
            yield World(part=part, street=street, published=published)
        finally:
            await published.inner.close()
            await street.close()
            await run_sql(self.server.admin_url, f"DROP DATABASE {name} WITH (FORCE)")
            await asyncio.to_thread(shutil.rmtree, root)


async def _begin_here(part: Part) -> None:
    """Begin every partition where the runs before on this broker ended: a life of its logs of our own."""
    bus = KafkaBus(KafkaSettings(bootstrap=part.bootstrap, fetch_wait=0.05), incarnation=part.incarnation)
    for partition in part.partitions:
        reader = bus.reader(BANK_MESSAGES, partition)
        offset = await reader.high_watermark()
        await reader.close()
        await run_sql(
            part.url,
            "INSERT INTO partition_lease (incarnation, topic, partition, next_offset) "  # noqa: S608 - names of our own
            f"VALUES ('{part.incarnation}', '{BANK_MESSAGES}', {partition}, {offset})",
        )
    await bus.close()


@asynccontextmanager
async def staged(server: Server, folder: Path) -> AsyncIterator[Stage]:
    """Release the batch and stop one order, once."""
    database, root = f"stage_{next(_numbers)}", folder / "stage"
    await run_sql(server.admin_url, f"CREATE DATABASE {database} TEMPLATE gateway_template")
    async with opened(server.url_of(database), root, banks=BANKS) as scene:
        await scene.release(ORDERS)
        await scene.stop("order", STOPPED)
    try:
        yield Stage(server=server, database=database, root=root)
    finally:
        await run_sql(server.admin_url, f"DROP DATABASE {database} WITH (FORCE)")


def started_broker(number: int) -> EmbeddedBroker:
    broker = EmbeddedBroker(incarnation=f"crash-{number}")
    broker.start({BANK_MESSAGES: PARTITIONS, OUTCOMES: PARTITIONS})
    return broker
