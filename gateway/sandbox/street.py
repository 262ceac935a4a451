"""All sandbox banks in one process: a street to walk down, one step a call."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import structlog
from aiokafka.errors import KafkaError

from gateway.sandbox.access import Access
from gateway.sandbox.api import ApiBank
from gateway.sandbox.bank import FileBank
from gateway.sandbox.books import Books
from gateway.sandbox.edge import Edge
from gateway.sandbox.envelopes import Pouch
from gateway.sandbox.parameters import BankParameters, Kind
from gateway.sandbox.ssh import SshAccess, SshDoor

_PAUSE_SECONDS = 0.2
_log = structlog.get_logger(__name__)


class Street:
    """Runs banks step by step: the caller owns the clock, the edge owns Kafka.

    `access` says by slug whom each API bank lets in, `ssh` whom each bank with an SSH server (None: they have none).
    `pouches` holds the envelope of each bank that wants one. `clock` tells API banks when a request came; file banks
    take the moment given to `run_once`.
    """

    def __init__(
        self,
        banks: Sequence[BankParameters],
        *,
        root: Path,
        edge: Edge,
        access: Mapping[str, Access],
        clock: Callable[[], datetime],
        ssh: Mapping[str, SshAccess] | None = None,
        pouches: Mapping[str, Pouch] | None = None,
    ) -> None:
        """Open every bank's books. Raises KeyError for an API or SSH bank of which it is not said whom it lets in."""
        self._edge = edge
        self._clock = clock
        closed, files = pouches or {}, [bank for bank in banks if bank.kind is not Kind.API]
        self.file_banks = {bank.slug: FileBank(bank, root, closed.get(bank.slug)) for bank in files}
        self.api_banks = {
            bank.slug: ApiBank(bank, root, access=access[bank.slug], clock=clock)
            for bank in banks
            if bank.kind is Kind.API
        }
        doors = [] if ssh is None else [(bank.slug, bank.ssh) for bank in banks if bank.ssh is not None]
        self.ssh_doors = {slug: SshDoor(root / slug, (ssh or {})[slug], port=door.port) for slug, door in doors}

    def banks(self) -> dict[str, FileBank | ApiBank]:
        """Return every bank by slug."""
        banks: dict[str, FileBank | ApiBank] = {**self.file_banks, **self.api_banks}
        return {slug: banks[slug] for slug in sorted(banks)}

    def books(self) -> dict[str, Books]:
        """Return the open books of every bank by slug."""
        return {slug: bank.books for slug, bank in self.banks().items()}

    async def start(self) -> None:
        """Open the HTTP doors of the API banks and the SSH doors of file banks."""
        for bank in self.api_banks.values():
            await bank.start()
        for door in self.ssh_doors.values():
            await door.start()

    async def close(self) -> None:
        """Close doors and books."""
        for door in self.ssh_doors.values():
            await door.close()
        for bank in self.api_banks.values():
            await bank.close()
        for file_bank in self.file_banks.values():
            file_bank.close()

    async def run_once(self, now: datetime) -> bool:
        """Let each bank book at most one file and send what is due; say whether any bank did anything."""
        busy = False
        for bank in self.file_banks.values():
            # In a thread, because a file of many payments would keep the API banks of this loop from answering.
            busy |= bank.has_files() and await asyncio.to_thread(bank.collect, now)
        for slug, books in self.books().items():
            busy |= await self._edge.deliver(slug, books, now)
        return busy

    def call_at(self, url: str) -> None:
        """Say where the gateway takes webhooks; until then banks that call use the edge like the others."""
        self._edge.call_at(url)

    @property
    def calls(self) -> int:
        """How many webhook calls were taken by the gateway."""
        return self._edge.calls

    def waiting(self) -> bool:
        """Whether a file lies at a bank that the gateway has not picked up and put away."""
        return self._edge.waiting()

    def close_day(self, day: date, now: datetime) -> None:
        """Let every bank end its business day and line up its statements, to be sent after `now`."""
        for bank in self.banks().values():
            bank.close_day(day, now)

    def fund(self, slug: str, account: str, amount_minor: int, day: date) -> None:
        """Let money come in on an account of the bank `slug`. Raises KeyError for a bank that is not there."""
        self.banks()[slug].fund(account, amount_minor, day)

    def next_due(self) -> datetime | None:
        """Return when the next message of any bank is to be sent; None when all was said."""
        moments = [moment for books in self.books().values() if (moment := books.next_due()) is not None]
        return min(moments, default=None)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; rest a moment whenever no bank has anything to do or Kafka is not there."""
        while not stop.is_set():
            try:
                busy = await self.run_once(self._clock())
            except KafkaError as error:
                _log.warning("the bank edge could not publish", error=type(error).__name__)
                busy = False
            if not busy:
                await _rest(stop)


async def _rest(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), _PAUSE_SECONDS)
    except TimeoutError:
        return
