"""The lanes of seventeen banks under load: how fast payments leave, and what the outage of two banks costs the others.

Payments are cut beforehand; sealing and sending run as in `gateway run`, in one process, on a database of each run's
own. The banks at the far end are stubs that take a moment to answer: what is measured is the gateway's.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import asyncpg

from gateway.bench.orders import order_line
from gateway.bench.place import configure, folder
from gateway.domain.errors import BankUnreachable
from gateway.domain.iban_registry import FORMATS
from gateway.domain.manifest import Manifest, manifest_bytes
from gateway.ports.transport import Answer, Arrival, Delivery, Finding, Place, Sent, Wire
from gateway.runtime.assembly import Gateway, assembled
from gateway.runtime.clock import SystemClock
from gateway.runtime.embedded import embedded_postgres
from gateway.runtime.keys import SandboxKeys
from gateway.runtime.loops import Bell, run_loops
from gateway.sandbox import BankParameters, read_parameters
from gateway.service.banks import Bank
from gateway.service.batches import Batches
from gateway.service.intake import Intake

SOURCE, PROGRAMME = "SSI", "STA"
ANSWER_SECONDS = 0.01
"""What a bank takes to answer."""
HANGS, REFUSES = "charlie", "kilo"
"""The bank that accepts nothing and answers nothing, and the one that refuses every connection."""
FILE_PAYMENTS = 20
PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.05
_PART = re.compile(r"([0-9]+)([nac])")


class Stub:
    """A bank that takes everything after a moment."""

    async def prepare(self, wire: Wire) -> None:
        """Leave nothing."""

    async def discard(self, wire: Wire) -> None:
        """Take nothing away."""

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Answer after a moment."""
        del wire, pieces, deadline
        await asyncio.sleep(ANSWER_SECONDS)
        return Answer(sent=Sent.SENT, evidence={"stub": "taken"})

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        """Say nothing."""
        del wire, intents
        return Finding(arrival=Arrival.CANNOT_TELL)

    async def probe(self) -> None:
        """Be there."""

    async def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        """Yield nothing."""
        del known
        no_deliveries: tuple[Delivery, ...] = ()
        for delivery in no_deliveries:
            yield delivery

    async def acknowledge(self, name: str) -> None:
        """Nothing to archive."""

    async def close(self) -> None:
        """Nothing to close."""


class BlackHole(Stub):
    """A bank whose end of the line accepts nothing and answers nothing."""

    async def prepare(self, wire: Wire) -> None:
        """Wait for ever."""
        await self._nothing(wire)

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Wait for ever."""
        await self._nothing(wire)
        return await super().send(wire, pieces, deadline)

    async def probe(self) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()

    async def _nothing(self, _wire: Wire) -> None:
        await asyncio.Event().wait()


class Refusing(Stub):
    """A bank to which nobody can connect."""

    async def prepare(self, wire: Wire) -> None:
        """Fail as a folder that is not there does. Raises BankUnreachable."""
        del wire
        raise BankUnreachable("connection refused")

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Fail as a port that is closed does."""
        del wire, pieces, deadline
        return Answer(sent=Sent.NOT_SENT, unreachable=True)

    async def probe(self) -> None:
        """Raise BankUnreachable."""
        raise BankUnreachable("connection refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """So many payments of the banks that were watched left in so many seconds."""

    payments: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Payments a second of wall time."""
        return self.payments / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lanes:
    """A gateway, its database and the banks behind it."""

    gateway: Gateway
    url: str
    street: Sequence[BankParameters]


async def through_an_api(config: Path, payments: int) -> Left:
    """Send so many payments to one bank by request, from sealing to its recorded answers."""
    async with _running(config, [REFUSES], {}) as lanes:
        await _load(lanes, payments)
        return await _leave(lanes, [REFUSES])


async def outage(config: Path, payments: int) -> tuple[Left, Left]:
    """Send `payments` to every bank, with all of them well, then with two out; return what left for the others."""
    banks = sorted(bank.slug for bank in read_parameters(config / "sandbox.yaml", seed=7))
    others = [slug for slug in banks if slug not in {HANGS, REFUSES}]
    found = []
    for trouble in ({}, {HANGS: BlackHole(), REFUSES: Refusing()}):
        async with _running(config, banks, trouble) as lanes:
            await _load(lanes, payments)
            found.append(await _leave(lanes, others))
    well, out = found
    return well, out


@asynccontextmanager
async def _running(config: Path, banks: Sequence[str], trouble: Mapping[str, Stub]) -> AsyncIterator["_Lanes"]:
    """Assemble a gateway of these banks on a database of its own."""
    street = [bank for bank in read_parameters(config / "sandbox.yaml", seed=7) if bank.slug in banks]
    with folder() as where, embedded_postgres(where) as url:
        settings = configure(config, where / "config", banks, FILE_PAYMENTS)
        async with assembled(settings, where / "config", SystemClock(), url=url, worker="bench") as gateway:
            connected = cast("dict[str, Bank]", gateway.banks)
            for slug, bank in list(connected.items()):
                await bank.transport.close()
                connected[slug] = replace(bank, transport=trouble.get(slug, Stub()))
            yield _Lanes(gateway=gateway, url=url, street=street)


async def _load(lanes: _Lanes, payments: int) -> None:
    """Push, release and cut `payments` for each bank."""
    gateway = lanes.gateway
    parts: dict[str, Any] = {"store": gateway.store, "clock": gateway.clock}
    intake = Intake(**parts, catalogue=gateway.configuration.catalogue)
    batches = Batches(**parts, approvals=gateway.approvals)
    name: dict[str, Any] = {"source": SOURCE, "batch_id": "L"}
    day = gateway.clock.today()
    await batches.open(**name, programme=PROGRAMME, pay_date=day, by="bench")
    lines = list(_lines(lanes.street, payments))
    for at in range(0, len(lines), 1_000):
        await intake.append(**name, lines=lines[at : at + 1_000])
    closed = await batches.close(**name, by="bench")
    now = datetime.now(UTC)
    manifest = manifest_bytes(
        Manifest(
            source=SOURCE,
            batch="L",
            programme=PROGRAMME,
            pay_date=day,
            count=closed.batch.order_count or 0,
            totals=closed.batch.totals or {},
            approvers=("p-1", "p-2"),
            signed_at=now,
            expires=now + timedelta(days=9),
            chunks=tuple(closed.chunks),
        )
    )
    signature = SandboxKeys(gateway.settings.data_dir / "keys").sign(SOURCE, manifest)
    await batches.release(**name, manifest=manifest, signature=signature, by="bench")
    (cut,) = [loop.step for loop in gateway.sending() if loop.kind == "cut"]
    while await cut.run_once():
        pass


def _lines(street: Sequence[BankParameters], payments: int) -> Iterator[bytes]:
    at = datetime.now(UTC)
    for place, bank in enumerate(street):
        for n in range(payments):
            yield order_line("L", place * payments + n, made_iban(bank, n), at)


def made_iban(bank: BankParameters, number: int) -> str:
    """Make a valid IBAN of a bank: the registry's structure, its bank code, and check digits by ISO 7064 MOD 97-10."""
    form = FORMATS[bank.country]
    shape = "".join(("A" if kind == "a" else "0") * int(count) for count, kind in _PART.findall(form.structure))
    start = form.bank.start - 4  # the structure begins after country and check digits
    own = shape[:start] + bank.bank_code + shape[start + len(bank.bank_code) :]
    own = own[: len(own) - 6] + f"{number:06d}"
    check = 98 - int("".join(str(int(sign, 36)) for sign in f"{own}{bank.country}00")) % 97
    return f"{bank.country}{check:02d}{own}"


async def _leave(lanes: _Lanes, banks: Sequence[str]) -> Left:
    """Run the loops from cut to banks until everything for these banks is delivered."""
    connection = await asyncpg.connect(lanes.url)
    payments = await connection.fetchval("SELECT sum(payment_count) FROM submission WHERE bank = ANY ($1)", banks)
    left = "SELECT NOT EXISTS (SELECT FROM submission WHERE bank = ANY ($1) AND state <> 'delivered')"
    work = asyncio.create_task(run_loops(lanes.gateway.sending(), Bell(), lambda *_: None))
    start = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await connection.fetchval(left, banks):  # noqa: ASYNC110 - what another process would see
                await asyncio.sleep(_LOOK_SECONDS)
        return Left(payments=payments, seconds=time.perf_counter() - start)
    finally:
        work.cancel()
        await asyncio.wait([work])
        await connection.close()
