"""A pay day on the machine's own clock: real worker processes, one database, one broker, a street of sandbox banks."""

import asyncio
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import yaml

from gateway.bus.kafka import KafkaBus
from gateway.bus.settings import KafkaSettings
from gateway.ports.bus import BANK_MESSAGES
from gateway.runtime.assembly import Gateway, assembled
from gateway.runtime.clock import SystemClock
from gateway.runtime.configuration import read_configuration
from gateway.runtime.keys import SandboxKeys
from gateway.runtime.serve import bank_urls, sandbox_street
from gateway.runtime.settings import load_settings
from gateway.sandbox import BankParameters, Street, load_parameters
from gateway.service.batches import Batches
from gateway.service.intake import Intake
from tests.orders import ROOT, line, manifest_of
from tests.scenario import SOURCE, payment

LEASE_SECONDS = 4
PATIENCE_SECONDS = 150
"""Only so that a test that hangs ends."""

_SHORT_TIMINGS = {
    "send_deadline_seconds": 2,
    "lease_seconds": LEASE_SECONDS,
    "authoritative_after_seconds": 1,
    "inquire_after_seconds": 1,
    "retry_after_seconds": 1,
}
_ON_OTHER_DAYS = ("statement", "returns", "verdicts", "account", "debit_notice")
"""What banks do after their day has ended or hours later: not in a test that runs on the machine's own clock."""
_SOON = {
    "status_delay_seconds": 0,
    "booking_delay_seconds": 1,
    "return_delay_seconds": 2,
    "repeat_delay_seconds": 1,
}


def short_configuration(folder: Path) -> Path:
    """Copy the configuration that ships, with leases and waits of seconds, and banks that are open on a Sunday."""
    shutil.copytree(ROOT / "config", folder)
    for file in (folder / "banks").iterdir():
        profile = yaml.safe_load(file.read_text(encoding="utf-8"))
        profile["timings"] |= _SHORT_TIMINGS
        profile["breaker"]["open_seconds"] = 1
        profile.pop("hours", None)
        if profile["messages"].get("statements") == "MT":  # an MT942 is all that tells bookings before the day's end
            profile["statement"] = {**profile.get("statement", {}), "interim_is_booked": True}
        if "pick_up" in profile:
            profile["pick_up"]["seconds"] = 1
        file.write_text(yaml.safe_dump(profile), encoding="utf-8")
    return folder


def quick_banks() -> tuple[BankParameters, ...]:
    """The seventeen banks as they ship, with answers that come at once or in a few seconds, on any free port."""
    sections = yaml.safe_load((ROOT / "config" / "sandbox.yaml").read_text(encoding="utf-8"))["banks"]
    for section in sections.values():
        section.update(_SOON)
        for later in _ON_OTHER_DAYS:
            section.pop(later, None)
        if section["kind"] == "flaky":
            section["jitter_seconds"] = 2
        if section["kind"] == "api":
            section["api"] |= {"port": 0, "timeout_per_10000": 0}
    return load_parameters(sections, seed=7)


@dataclass(slots=True, kw_only=True)
class Worker:
    """One `gateway worker`: a process of its own that knows nothing but its settings."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def killed(self) -> None:
        self.signal(signal.SIGKILL)
        assert await self.process.wait() == -signal.SIGKILL

    def events(self) -> list[dict[str, Any]]:
        """What it logged; every line must be one of its own making."""
        return [json.loads(text) for text in self.log.read_text(encoding="utf-8").splitlines()]


@dataclass(slots=True, kw_only=True)
class Day:
    """The day as the test sees it: the benefits system's door, the banks' books and what is stored."""

    gateway: Gateway
    street: Street
    bus: KafkaBus
    url: str
    environment: Mapping[str, str]
    config: Path
    folder: Path
    pay_date: date
    workers: dict[str, Worker] = field(default_factory=dict)
    pushed: int = 0

    async def start(self, *names: str) -> None:
        """Start workers and wait until they share the partitions evenly."""
        for name in names:
            log = self.folder / f"{name}.log"
            command = [sys.executable, "-m", "gateway", "worker", "--config", str(self.config), "--name", name]
            with log.open("wb") as stderr:
                process = await asyncio.create_subprocess_exec(
                    *command, env=self.environment, cwd=ROOT, stderr=stderr, stdin=asyncio.subprocess.DEVNULL
                )
            self.workers[name] = Worker(name=name, process=process, log=log)
        share = 16 // len(names)
        await self.until(self.owners, lambda owners: owners == dict.fromkeys(names, share))

    async def stop(self) -> None:
        """Tell the workers that live to stop; each must do so in good order."""
        for worker in self.workers.values():
            if worker.process.returncode is None:
                worker.signal(signal.SIGTERM)
                assert await asyncio.wait_for(worker.process.wait(), 30) == 0, worker.log.read_text(encoding="utf-8")

    def end(self) -> None:
        for worker in self.workers.values():
            if worker.process.returncode is None:
                worker.process.kill()

    async def release(self, count: int) -> None:
        """Push and release one batch of orders, spread over all banks; those with an API take few, one by one."""
        files, apis = sorted(self.street.file_banks), sorted(self.street.api_banks)
        numbers = range(self.pushed, self.pushed + count)
        self.pushed += count
        dates = {
            "requestedExecutionDate": self.pay_date.isoformat(),
            "validUntil": (self.pay_date + timedelta(days=30)).isoformat(),
        }
        banks = [apis[n % 2] if n % 30 in {0, 15} else files[n % len(files)] for n in numbers]
        # amounts differ, as real ones do: or the cutter would wait for the like of it to be booked
        orders = [payment(n, bank, amount=f"{100 + n}.40", **dates) for n, bank in zip(numbers, banks, strict=True)]
        clock, gateway = self.gateway.clock, self.gateway
        intake = Intake(store=gateway.store, clock=clock, catalogue=gateway.configuration.catalogue)
        batches = Batches(store=gateway.store, clock=clock, approvals=gateway.approvals)
        name: dict[str, Any] = {"source": SOURCE, "batch_id": f"B-{numbers.start}"}
        await batches.open(**name, programme="STA", pay_date=self.pay_date, by="benefits")
        await intake.append(**name, lines=[line(order) for order in orders])
        times: dict[str, Any] = {"signed_at": clock.now(), "expires": clock.now() + timedelta(days=9)}
        content = manifest_of(await batches.close(**name, by="benefits"), **times)
        signature = SandboxKeys(gateway.settings.data_dir / "keys").sign(SOURCE, content)
        await batches.release(**name, manifest=content, signature=signature, by="benefits")

    async def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql, *args)]
        finally:
            await connection.close()

    async def counts(self, sql: str, *args: object) -> dict[str, int]:
        return dict(await self.rows(sql, *args))

    async def owners(self) -> dict[str, int]:
        """How many partitions of the banks' messages each worker holds."""
        held = "SELECT owner, count(*) FROM partition_lease WHERE owner IS NOT NULL AND topic = $1 GROUP BY owner"
        return await self.counts(held, BANK_MESSAGES)

    async def intents(self) -> dict[str, int]:
        return await self.counts("SELECT worker, count(*) FROM intent GROUP BY worker")

    async def until(self, look: Callable[[], Awaitable[Any]], enough: Callable[[Any], bool]) -> Any:
        """Look again and again until it is enough; a worker that ended by itself ends the wait."""
        patience = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while not enough(seen := await look()):
            for worker in self.workers.values():
                ended = worker.process.returncode
                assert ended is None or ended == -signal.SIGKILL, worker.log.read_text(encoding="utf-8")
            assert asyncio.get_running_loop().time() < patience, seen
            await asyncio.sleep(0.2)
        return seen

    async def waiting(self) -> dict[str, int]:
        """What is still on its way, by where it stands; empty when the day is over."""
        if self.street.next_due() is not None:
            return {"a bank has more to say": 1}
        found = Counter(await self.counts(_UNFINISHED))
        offsets = "SELECT partition, next_offset FROM partition_lease WHERE topic = $1"
        for partition, offset in await self.rows(offsets, BANK_MESSAGES):
            found["records not received"] += await self._end(partition) - offset
        return {what: count for what, count in found.items() if count}

    async def _end(self, partition: int) -> int:
        reader = self.bus.reader(BANK_MESSAGES, partition)
        try:
            return await reader.high_watermark()
        finally:
            await reader.close()

    async def over(self) -> None:
        """Wait until nothing is on its way any more."""
        await self.until(self.waiting, lambda waiting: not waiting)


_UNFINISHED = """
SELECT 'submission ' || state, count(*) FROM submission
WHERE state NOT IN ('delivered', 'void', 'dissolved') GROUP BY state
UNION ALL SELECT 'message ' || state, count(*) FROM bank_message WHERE state IN ('received', 'read') GROUP BY state
UNION ALL SELECT 'order without an outcome', count(*) FROM payment_order WHERE outcome IS NULL
UNION ALL SELECT 'event not told', count(*) FROM outcome_event WHERE published_at IS NULL"""


@asynccontextmanager
async def pay_day(folder: Path, url: str, bootstrap: str, incarnation: str) -> AsyncIterator[Day]:
    """Open the day: the banks wait for files, no worker runs yet."""
    config, clock = short_configuration(folder / "config"), SystemClock()
    settings = load_settings(config, data_dir=folder / "var")
    async with AsyncExitStack() as stack:
        profiles = read_configuration(config, settings).profiles.values()
        street = await stack.enter_async_context(sandbox_street(settings, profiles, quick_banks(), clock, bootstrap))
        gateway = await stack.enter_async_context(assembled(settings, config, clock, url=url, worker="the test"))
        bus = KafkaBus(KafkaSettings(bootstrap=bootstrap), incarnation=incarnation)
        stack.push_async_callback(bus.close)
        await bus.start()
        environment = {
            **os.environ,
            "GATEWAY_DATA_DIR": str(folder / "var"),
            "GATEWAY_DATABASE__URL": url,
            "GATEWAY_DATABASE__CONNECTIONS": "12",
            "GATEWAY_KAFKA__BOOTSTRAP": bootstrap,
            "GATEWAY_KAFKA__INCARNATION": incarnation,
            "GATEWAY_BANK_URLS": json.dumps(bank_urls(street)),
            "GATEWAY_LEASE_SECONDS": str(LEASE_SECONDS),
            "GATEWAY_METRICS__PORT": "0",
        }
        day = Day(
            gateway=gateway,
            street=street,
            bus=bus,
            url=url,
            environment=environment,
            config=config,
            folder=folder,
            pay_date=clock.today() + timedelta(days=2),  # midnight may pass while the test runs
        )
        await _begin_at_the_end(day)
        stop = asyncio.Event()
        walking = asyncio.create_task(street.run(stop))
        try:
            yield day
        finally:
            day.end()
            stop.set()
            await walking


async def _begin_at_the_end(day: Day) -> None:
    """Skip what other tests left on the topic."""
    for partition in await day.bus.partitions(BANK_MESSAGES):
        await day.rows(
            "INSERT INTO partition_lease (incarnation, topic, partition, next_offset) VALUES ($1, $2, $3, $4)",
            *(day.bus.incarnation, BANK_MESSAGES, partition, await day._end(partition)),
        )
