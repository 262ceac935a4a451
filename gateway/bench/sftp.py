"""What sending over SFTP costs, against the least that asyncssh can do, in the same run and to the same server.

Ours leaves a mark, writes, makes the bytes last, looks at their size, reads them back and renames; the baseline is
`SFTPClient.put` straight under the final name, which a bank may collect half-written.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncssh

from bank_adapters.profile import SftpTransport as SftpAccess
from gateway.bench.api_bank import profile
from gateway.bench.children import running
from gateway.bench.place import folder
from gateway.bench.ssh_bank import BANK
from gateway.bench.transports import send
from gateway.domain.errors import ConfigError
from gateway.runtime.clock import SystemClock
from gateway.runtime.keys import Secrets
from gateway.runtime.material_ssh import make_ssh
from gateway.transport.sftp import SftpTransport

_WARM = "warm"
Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many files of so many bytes in so many seconds."""

    files: int
    size: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Files a second."""
        return self.files / self.seconds

    @property
    def mebibytes(self) -> float:
        """MiB of payload a second."""
        return self.files * self.size / self.seconds / (1 << 20)


async def rates(files: int, size: int) -> tuple[Rate, Rate]:
    """Measure the transport, then the baseline. Raises ConfigError when a file does not arrive."""
    made = profile(BANK)
    if not isinstance(made.transport, SftpAccess):
        raise ConfigError(f"bank {BANK} has no SSH server to measure")
    with folder() as where:
        secrets = where / "secrets"
        make_ssh(made, secrets)
        async with running("ssh_bank", str(where), str(secrets)) as bank:
            address = urlsplit(bank.ready["url"])
            there = (address.hostname or "", address.port or 0)
            ours = await _ours(made.transport, Secrets(secrets, make=False), there, files, size)
            put = await _put(made.transport, Secrets(secrets, make=False), there, where / "file", files, size)
    return Rate(files=files, size=size, seconds=ours), Rate(files=files, size=size, seconds=put)


async def _ours(access: SftpAccess, secrets: Secrets, address: Address, files: int, size: int) -> float:
    transport = SftpTransport(BANK, access, SystemClock(), secret=secrets.read, sleep=asyncio.sleep, address=address)
    content = bytes(size)
    try:
        await send(transport, iter([(f"{_WARM}.xml", b"warm")]), at_once=1)
        took = await send(transport, ((f"F{n}.xml", content) for n in range(files)), at_once=1)
    finally:
        await transport.close()
    return took.seconds


async def _put(access: SftpAccess, secrets: Secrets, address: Address, file: Path, files: int, size: int) -> float:
    await asyncio.to_thread(file.write_bytes, bytes(size))
    pinned = asyncssh.import_public_key(secrets.read(access.host_keys_secret))
    async with (
        asyncssh.connect(
            *address,
            config=None,
            username=access.username,
            client_keys=[asyncssh.import_private_key(secrets.read(access.private_key_secret))],
            known_hosts=([pinned], [], [], [], [], [], []),
            agent_path=None,
        ) as connection,
        connection.start_sftp_client() as client,
    ):
        await client.put(file, f"{access.folder_in}/{_WARM}.put")
        start = time.perf_counter()
        for number in range(files):
            await client.put(file, f"{access.folder_in}/P{number}.xml")
        return time.perf_counter() - start
