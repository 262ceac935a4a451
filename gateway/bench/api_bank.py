"""The sandbox's API bank in a process of its own, with no faults. `python -m gateway.bench.api_bank <root> <token>`."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gateway.bench.children import say
from gateway.bench.formats import CONFIG
from gateway.sandbox import ApiBank, ApiParameters, BankParameters, read_parameters

BANK = "kilo"


def faultless() -> BankParameters:
    """The API bank as it is shipped, but for its faults."""
    banks = read_parameters(CONFIG / "sandbox.yaml", seed=7)
    return replace(next(bank for bank in banks if bank.slug == BANK), api=ApiParameters())


async def main(root: Path, token: str) -> None:
    """Serve until our input closes."""
    bank = ApiBank(faultless(), root, token=token, clock=lambda: datetime.now(UTC))
    await bank.start()
    say(url=bank.url)
    await asyncio.to_thread(sys.stdin.read)
    await bank.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
