"""A sandbox bank's SSH server in a process of its own: `python -m gateway.bench.ssh_bank <root> <secrets>`."""

import asyncio
import sys
from pathlib import Path

from gateway.bench.api_bank import profile
from gateway.bench.children import say
from gateway.runtime.material_ssh import sandbox_ssh
from gateway.sandbox import SshDoor

BANK = "charlie"


async def main(root: Path, secrets: Path) -> None:
    """Serve until our input closes."""
    door = SshDoor(root / BANK, sandbox_ssh([profile(BANK)], secrets)[BANK])
    await door.start()
    say(url=door.url)
    await asyncio.to_thread(sys.stdin.read)
    await door.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
