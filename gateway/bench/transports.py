"""What the wire costs: files into a folder, requests to an API. Both are waited for; nothing is left in a buffer."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count

from bank_adapters.registry import request_adapter_for
from bank_adapters.spi import SubmissionContent
from gateway.bench import api_bank
from gateway.bench.children import running
from gateway.bench.formats import BANK, submission
from gateway.bench.place import folder
from gateway.domain.errors import ConfigError
from gateway.domain.identity import end_to_end_id, uetr
from gateway.domain.order import IbanAccount
from gateway.ports.transport import Sent, Transport, Wire
from gateway.runtime.clock import SystemClock
from gateway.transport.directory import DirectoryTransport
from gateway.transport.http import HttpTransport

FILE_BYTES = 64 * 1024
AT_ONCE = 16
DEADLINE_SECONDS = 30
_TOKEN = "bench-token"  # noqa: S105 - of a bank that lives for a second
_DUTCH_IBAN = "NL19KILO0020260001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sends:
    """So many sends in so many seconds of wall time, `cpu_seconds` of them our own."""

    sends: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Sends a second of wall time."""
        return self.sends / self.seconds

    @property
    def micros(self) -> float:
        """Our own CPU microseconds a send."""
        return self.cpu_seconds / self.sends * 1e6


async def directory(sends: int) -> Sends:
    """Send files of 64 KiB into one folder, one after the other, each made durable as the product does it."""
    with folder() as where:
        (where / "in").mkdir()
        transport = DirectoryTransport(BANK, where, SystemClock())
        content = bytes(FILE_BYTES)
        try:
            return await send(transport, ((f"F{n}.xml", content) for n in range(sends)), at_once=1)
        finally:
            await transport.close()


async def api(sends: int) -> Sends:
    """Send single payments to the sandbox's API bank, sixteen requests at once."""
    profile = api_bank.profile(api_bank.BANK)
    adapter = request_adapter_for(profile)
    bodies = [(c.file_name, b"".join(adapter.render(c, profile))) for c in single_payments(sends, _DUTCH_IBAN)]
    with folder() as where:
        async with running("api_bank", api_bank.BANK, str(where), "", _TOKEN) as bank:
            transport = HttpTransport(
                profile, adapter, SystemClock(), secret=_token, sleep=asyncio.sleep, base_url=bank.ready["url"]
            )
            try:
                return await send(transport, iter(bodies), at_once=AT_ONCE)
            finally:
                await transport.close()


async def _token() -> str:
    return _TOKEN


def single_payments(number: int, iban: str) -> Iterator[SubmissionContent]:
    """Make different submissions of one payment, from and to `iban`."""
    content = submission(1)
    for n in range(number):
        end_to_end, name = end_to_end_id("bench", str(n), 1), f"K{n}"
        account = IbanAccount(iban=iban)
        payment = replace(
            content.payments[0], end_to_end_id=end_to_end, uetr=uetr(end_to_end), creditor_account=account
        )
        debtor = replace(content.debtor, iban=iban)
        day = datetime.now(UTC).date()
        yield replace(
            content, file_name=name, msg_id=name, debtor=debtor, payments=[payment], requested_execution_date=day
        )


async def send(transport: Transport, contents: Iterator[tuple[str, bytes]], *, at_once: int) -> Sends:
    """Send all of them, `at_once` at a time. Raises ConfigError when one does not arrive."""
    clock, intents, sent = SystemClock(), count(1), 0

    async def worker() -> None:
        nonlocal sent
        for name, content in contents:
            wire = Wire(
                bank="bench",
                name=name,
                intent=next(intents),
                size=len(content),
                sha256=sha256(content).hexdigest(),
                first=True,
            )
            await transport.prepare(wire)
            answer = await transport.send(wire, [content], clock.monotonic() + DEADLINE_SECONDS)
            if answer.sent is not Sent.SENT:
                raise ConfigError(f"the measurement's own send came to {answer.sent}: {dict(answer.evidence)}")
            sent += 1

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return Sends(sends=sent, seconds=time.perf_counter() - start, cpu_seconds=time.process_time() - cpu)
