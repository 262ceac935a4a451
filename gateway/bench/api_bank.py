"""A sandbox bank with an API in a process of its own, with no faults.

`python -m gateway.bench.api_bank <bank> <root> <secrets> [<token>]`: it demands what its profile says, by the
material in the folder `secrets`; with a token it takes plain HTTP and demands that token alone.
"""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from gateway.bench.children import say
from gateway.bench.formats import CONFIG
from gateway.runtime.sandbox_apis import sandbox_access
from gateway.sandbox import Access, ApiBank, ApiParameters, BankParameters, read_parameters

BANK = "kilo"


def profile(slug: str) -> Profile:
    """The bank's profile as it is shipped."""
    return load_profile(slug, (CONFIG / "banks" / f"{slug}.yaml").read_text(encoding="utf-8"))


def faultless(slug: str) -> BankParameters:
    """The bank as it is shipped, but for its faults."""
    banks = read_parameters(CONFIG / "sandbox.yaml", seed=7)
    return replace(next(bank for bank in banks if bank.slug == slug), api=ApiParameters())


async def main(slug: str, root: Path, secrets: Path, token: str = "") -> None:
    """Serve until our input closes."""
    access = Access(secret=token) if token else sandbox_access([profile(slug)], secrets)[slug]
    bank = ApiBank(faultless(slug), root, access=access, clock=lambda: datetime.now(UTC))
    await bank.start()
    say(url=bank.url)
    await asyncio.to_thread(sys.stdin.read)
    await bank.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:]))
