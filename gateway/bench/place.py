"""Where a measurement runs: a temporary folder with its own configuration, PostgreSQL, Kafka, gateway and banks."""

import asyncio
import os
import platform
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import yaml

from gateway.bench.apache_kafka import ApacheKafka, fetch_jars, missing
from gateway.bench.children import Child, running
from gateway.bench.usage import cpu_seconds
from gateway.bus.admin import create_topics
from gateway.bus.settings import KafkaSettings
from gateway.ports.bus import TOPICS
from gateway.runtime.embedded import embedded_postgres
from gateway.runtime.keys import SandboxKeys, Secrets
from gateway.runtime.serve import Backing
from gateway.runtime.settings import Settings, load_settings

FILE_PAYMENTS = 5_000
RENDERING = 1
"""Processes for rendering: one beside the gateway's own, so that it uses both of two cores."""
JARS = Path(".cache/kafka")


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A running Kafka: what it is, its address, and the process whose CPU time is its own."""

    name: str
    bootstrap: str
    incarnation: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Everything a life needs but the load."""

    folder: Path
    config: Path
    settings: Settings
    back: Backing
    broker: Broker
    postgres_pid: int
    gateway: Child
    bank: Child
    machine: str

    @property
    def url(self) -> str:
        """Where the REST door of the gateway is."""
        return str(self.gateway.ready["url"])

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds used so far, by who used them."""
        pids = {
            "gateway": self.gateway.pid,
            "PostgreSQL": self.postgres_pid,
            "Kafka": self.broker.pid,
            "bank": self.bank.pid,
        }
        return {who: cpu_seconds(pid) for who, pid in pids.items()}


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder that is gone afterwards. The embedded PostgreSQL's own user must reach it."""
    made = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def configure(config: Path, into: Path, banks: Sequence[str], payments: int, **overrides: object) -> Settings:
    """Copy a configuration, keeping only `banks` and giving their files up to `payments` payments; load it."""
    shutil.copytree(config, into)
    (into / "routing.yaml").unlink(missing_ok=True)  # it prefers banks that are not there
    for file in (into / "banks").glob("*.yaml"):
        if file.stem not in banks:
            file.unlink()
            continue
        profile = yaml.safe_load(file.read_text(encoding="utf-8"))
        profile.pop("hours", None)  # a measurement waits for no opening
        if profile["transport"]["kind"] == "directory":
            profile["limits"]["payments_per_submission"] = payments
        file.write_text(yaml.safe_dump(profile), encoding="utf-8")
    settings = yaml.safe_load((into / "gateway.yaml").read_text(encoding="utf-8"))
    settings |= {"data_dir": str(into.parent), "api": {"host": "127.0.0.1", "port": 0}, **overrides}
    (into / "gateway.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load_settings(into)


@asynccontextmanager
async def kafka(where: Path) -> AsyncIterator[Broker]:
    """Run Apache Kafka where Java and Maven are, else the embedded broker in a process of its own."""
    if lacking := missing():
        async with running("embedded_broker") as child:
            name = f"embedded broker of librdkafka (no {lacking} here for Apache Kafka)"
            yield Broker(name=name, pid=child.pid, **child.ready)
        return
    node = ApacheKafka(await asyncio.to_thread(fetch_jars, JARS), where)
    try:
        await asyncio.to_thread(node.start)
        await create_topics(KafkaSettings(bootstrap=node.bootstrap), TOPICS, replicas=1)
        yield Broker(name=f"Apache Kafka {node.version}", bootstrap=node.bootstrap, incarnation="", pid=node.pid)
    finally:
        node.stop()


@asynccontextmanager
async def place(config: Path, banks: Sequence[str], entries: int) -> AsyncIterator[Place]:
    """Build a place and take it down again; `entries` is how many payments a bank's message books."""
    with folder() as where, embedded_postgres(where) as url:
        settings = configure(config, where / "config", banks, FILE_PAYMENTS, processes=RENDERING)
        Secrets(settings.secrets_folder, make=True).read("bank-edge")
        SandboxKeys(where / "keys").issuer()
        async with kafka(where / "kafka") as broker:
            back = Backing(url=url, bootstrap=broker.bootstrap, incarnation=broker.incarnation)
            secret = settings.secrets_folder / "bank-edge"
            arguments = (str(settings.banks_folder), ",".join(banks), broker.bootstrap, str(secret), str(entries))
            async with (
                running("gateway_process", str(where / "config"), url, broker.bootstrap, broker.incarnation) as gateway,
                running("minimal_bank", *arguments) as bank,
            ):
                yield Place(
                    folder=where,
                    config=where / "config",
                    settings=settings,
                    back=back,
                    broker=broker,
                    postgres_pid=int((where / "postgres" / "postmaster.pid").read_text().split()[0]),
                    gateway=gateway,
                    bank=bank,
                    machine=await machine(url),
                )


async def machine(url: str) -> str:
    """Describe what the measurement runs on."""
    connection = await asyncpg.connect(url)
    try:
        version = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    return f"{cores()}, PostgreSQL {version}"


def cores() -> str:
    """Describe processor and Python."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor")
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}"
