"""A released batch on a database of its own and a gateway whose steps are called one by one."""

import re
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import asyncpg
from schwifty import IBAN

from gateway.domain.errors import GatewayError
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.transport import Transport
from gateway.runtime.assembly import Gateway, assembled
from gateway.runtime.keys import SandboxKeys
from gateway.runtime.loops import Loop
from gateway.runtime.settings import load_settings
from gateway.sandbox import BankParameters, read_parameters
from gateway.service.banks import Bank
from gateway.service.batches import Batches
from gateway.service.intake import Intake
from gateway.service.pauses import Pauses
from gateway.service.step import Step
from gateway.service.stops import Stops
from tests.clock import StillClock
from tests.orders import PAY_DATE, ROOT, line, manifest_of, order

SOURCE = "SSI"
"""The source that `config/gateway.yaml` knows; a sandbox makes its key."""
MORNING = datetime(2026, 9, 21, 8, tzinfo=UTC)
"""The pay date, a Monday."""
CONFIG_FILES = ("gateway.yaml", "benefits.yaml", "reason_codes.yaml")


@cache
def parameters() -> dict[str, BankParameters]:
    """The sandbox banks, but none of them rejects, returns or repeats anything."""
    banks = read_parameters(ROOT / "config" / "sandbox.yaml", seed=7)
    quiet = {"rejected_per_10000": 0, "returned_per_10000": 0}
    return {bank.slug: replace(bank, **quiet) for bank in banks}  # type: ignore[arg-type]


def payee(bank: str, number: int) -> str:
    """An account at a bank, made by schwifty."""
    of = parameters()[bank]
    return str(IBAN.generate(of.country, bank_code=of.bank_code, account_code=str(1_000 + number)))


def payment(number: int, bank: str = "alfa", **changes: Any) -> dict[str, Any]:
    """An order that this bank pays."""
    return order(number, creditorAccount={"type": "IBAN", "iban": payee(bank, number)}, **changes)


def payments(numbers: Iterable[int], bank: str = "alfa", **changes: Any) -> list[dict[str, Any]]:
    """Orders that this bank pays, by number."""
    return [payment(number, bank, **changes) for number in numbers]


@dataclass(slots=True, kw_only=True)
class Scene:
    """One gateway on one database, with eyes for what is stored."""

    gateway: Gateway
    clock: StillClock
    url: str
    root: Path
    loops: list[Loop] = field(default_factory=list)

    @property
    def stops(self) -> Stops:
        return Stops(store=self.gateway.store, clock=self.clock)

    @property
    def pauses(self) -> Pauses:
        return Pauses(store=self.gateway.store, clock=self.clock)

    @property
    def batches(self) -> Batches:
        return Batches(store=self.gateway.store, clock=self.clock, approvals=self.gateway.approvals)

    async def release(self, orders: Sequence[dict[str, Any]], batch: str = "B-1", **manifest: Any) -> None:
        """Push the orders as one batch and release it under a manifest; `manifest` replaces fields of it."""
        catalogue = self.gateway.configuration.catalogue
        intake = Intake(store=self.gateway.store, clock=self.clock, catalogue=catalogue)
        await self.batches.open(source=SOURCE, batch_id=batch, programme="STA", pay_date=PAY_DATE, by="benefits")
        await intake.append(source=SOURCE, batch_id=batch, lines=[line(o) for o in orders])
        closed = await self.batches.close(source=SOURCE, batch_id=batch, by="benefits")
        content = manifest_of(closed, **manifest)
        signature = SandboxKeys(self.gateway.settings.data_dir / "keys").sign(SOURCE, content)
        await self.batches.release(source=SOURCE, batch_id=batch, manifest=content, signature=signature, by="benefits")

    def steps(self, kind: str, bank: str = "") -> list[Step]:
        """The steps of a kind of loop of the assembled gateway, each once; of one bank where it has its own."""
        if not self.loops:
            self.loops = self.gateway.sending()
        steps = [loop.step for loop in self.loops if loop.kind == kind and bank in {"", _bank_of(loop.step)}]
        return list({id(step): step for step in steps}.values())

    def step(self, kind: str, bank: str = "") -> Step:
        return self.steps(kind, bank)[0]

    async def run(self, kind: str, bank: str = "") -> bool:
        """Run the steps of a kind once each; return whether any did something."""
        return any([await step.run_once() for step in self.steps(kind, bank)])

    async def until_idle(self, kind: str, bank: str = "") -> None:
        """Run a step until it has nothing to do, a hundred times at most."""
        for _ in range(100):
            if not await self.run(kind, bank):
                return
        raise AssertionError(f"{kind} never comes to an end")

    async def sealed(self, orders: Sequence[dict[str, Any]], batch: str = "B-1") -> None:
        """Release, cut and seal."""
        await self.release(orders, batch)
        await self.until_idle("cut")
        await self.until_idle("seal")

    async def seal_again(self) -> None:
        """Cut what waits to be cut again, and seal."""
        await self.until_idle("cut")
        await self.until_idle("seal")

    async def stop(self, kind: str, value: str, *, source: str = SOURCE, reason: str = "DEATH") -> Any:
        return await self.stops.stop(kind=kind, source=source, value=value, reason=reason, by="officer-1")

    def use_transport(self, bank: str, transport: Transport) -> None:
        """Put another transport in the place of a bank's own."""
        banks = cast("dict[str, Bank]", self.gateway.banks)
        banks[bank] = replace(banks[bank], transport=transport)
        self.loops.clear()

    async def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        async with self.gateway.store._pool.acquire() as connection:
            return [tuple(row) for row in await connection.fetch(sql, *args)]

    async def column(self, sql: str, *args: object) -> list[Any]:
        return [row[0] for row in await self.rows(sql, *args)]

    async def value(self, sql: str, *args: object) -> Any:
        return (await self.column(sql, *args))[0]

    async def keep(self, *tables: str) -> None:
        """Remember what these tables hold, those that refer to others first."""
        for table in tables:
            await self.tamper(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")  # noqa: S608 - a table that a test names

    async def again(self, *tables: str) -> None:
        """Put back what they held; triggers and references look away meanwhile."""
        statements = ["SET session_replication_role = replica"]
        for table in tables:
            statements.append(f"DELETE FROM {table}")  # noqa: S608 - a table that a test names
            statements.append(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM kept_{table}")  # noqa: S608
        await self.tamper(";".join(statements))

    async def tamper(self, sql: str, *args: object) -> None:
        """Change a row as somebody with the database's password would."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql, *args)
        finally:
            await connection.close()

    async def states(self) -> list[str]:
        """States of all submissions, in the order in which they were cut."""
        return await self.column("SELECT state FROM submission ORDER BY submission_no")

    async def exceptions(self) -> list[str]:
        return await self.column("SELECT kind FROM exception ORDER BY exception_no")

    def files(self, bank: str) -> list[str]:
        """What lies in a bank's folder for it to take; it ignores hidden names."""
        return sorted(f.name for f in (self.root / "banks" / bank / "in").iterdir() if not f.name.startswith("."))

    def marks(self, bank: str) -> list[str]:
        """The hidden names in a bank's folder: marks of intents and proofs that they were withdrawn."""
        return sorted(f.name for f in (self.root / "banks" / bank / "in").iterdir() if f.name.startswith("."))

    def content(self, bank: str) -> str:
        """Everything that lies there for the bank."""
        folder = self.root / "banks" / bank / "in"
        return "".join((folder / name).read_bytes().decode(errors="replace") for name in self.files(bank))


def _bank_of(step: Step) -> str:
    bank = getattr(step, "bank", None)
    return bank.slug if bank is not None else ""


_SFTP = re.compile(r"^transport:\n  kind: sftp\n(?:  .*\n)+", re.MULTILINE)


def configuration(folder: Path, banks: Iterable[str]) -> Path:
    """Make a configuration of only these banks, as they ship, but for SSH servers: a folder stands in for each."""
    if not folder.exists():
        (folder / "banks").mkdir(parents=True)
        for name in CONFIG_FILES:
            shutil.copy(ROOT / "config" / name, folder / name)
        for bank in banks:
            shipped = (ROOT / "config" / "banks" / f"{bank}.yaml").read_text(encoding="utf-8")
            by_folder = _SFTP.sub(f"transport: {{kind: directory, folder: {bank}}}\n", shipped)
            (folder / "banks" / f"{bank}.yaml").write_text(by_folder, encoding="utf-8")
    return folder


@asynccontextmanager
async def opened(
    url: str,
    root: Path,
    *,
    banks: Sequence[str] = ("alfa", "charlie"),
    at: datetime = MORNING,
    worker: str = "w1",
    boundary: Boundary = unbounded,
    bank_urls: dict[str, str] | None = None,
) -> AsyncIterator[Scene]:
    """Assemble a gateway as the product does, on a server whose fsync is off for speed."""
    config = configuration(root / "config", banks)
    settings = load_settings(config, data_dir=root, bank_urls=bank_urls or {})
    clock = StillClock(at=at)
    with patch("gateway.runtime.assembly.refuse_unsafe", _accept):
        async with assembled(settings, config, clock, url=url, worker=worker, boundary=boundary) as gateway:
            yield Scene(gateway=gateway, clock=clock, url=url, root=root)


async def _accept(_connection: asyncpg.Connection) -> None:
    """The tests' server forgets on purpose."""


async def patiently(step: Step, tries: int = 5) -> bool:
    """Run a step as a loop does: what may be tried again is tried again."""
    for _ in range(tries):
        try:
            return await step.run_once()
        except GatewayError as error:
            if not error.retryable:
                raise
    raise AssertionError("it failed again and again")


def later(seconds: float, since: datetime = MORNING) -> datetime:
    return since + timedelta(seconds=seconds)
