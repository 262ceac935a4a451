"""What a request to a bank costs with everything on it, against the least that aiohttp can do, in the same run.

Both go to the sandbox's most demanding bank in a process of its own, one after the other over one kept connection: with
TLS and both certificates, a token and a signature over every body; and by plain `session.post`, without any of it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bank_adapters.profile import HttpsTransport
from bank_adapters.registry import request_adapter_for
from bank_adapters.rest.json_api import PATH
from gateway.bench import api_bank
from gateway.bench.children import running
from gateway.bench.place import folder
from gateway.bench.transports import Sends, send, single_payments
from gateway.domain.errors import ConfigError
from gateway.ports.boundary import unbounded
from gateway.runtime.clock import SystemClock
from gateway.runtime.connecting_https import connect_api
from gateway.runtime.keys import Secrets
from gateway.runtime.material_tls import make_tls
from gateway.runtime.settings import load_settings

BANK = "oscar"
IBAN = "LT797910000020260001"
WARM = 20
"""Requests before the measurement: connecting, and the first token, are not what is asked about."""
_TOKEN = "bench-token"  # noqa: S105 - of a bank that lives for a second
_CREATED = 201

Bodies = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The same number of requests, with everything and with nothing."""

    full: Sends
    plain: Sends


async def cost(config: Path, sends: int) -> Cost:
    """Measure both, one after the other."""
    bodies = _bodies(sends + WARM)
    with folder() as where:
        full = await _full(config, where / "full", bodies)
        plain = await _plain(where / "plain", bodies)
    return Cost(full=full, plain=plain)


def _bodies(number: int) -> Bodies:
    profile = api_bank.profile(BANK)
    adapter = request_adapter_for(profile)
    return [(c.file_name, b"".join(adapter.render(c, profile))) for c in single_payments(number, IBAN)]


async def _full(config: Path, where: Path, bodies: Bodies) -> Sends:
    """Send through the product's transport, made as the product makes it."""
    profile = api_bank.profile(BANK)
    if not isinstance(profile.transport, HttpsTransport):
        raise ConfigError(f"bank {BANK} has no API to measure")
    settings = load_settings(config, data_dir=where)
    make_tls(profile, settings.secrets_folder)
    async with running("api_bank", BANK, str(where), str(settings.secrets_folder)) as bank:
        settings = settings.model_copy(update={"bank_urls": {BANK: bank.ready["url"]}})
        secrets = Secrets(settings.secrets_folder, make=True)
        transport = connect_api(profile, profile.transport, settings, secrets, SystemClock(), unbounded).transport
        try:
            await send(transport, iter(bodies[:WARM]), at_once=1)
            return await send(transport, iter(bodies[WARM:]), at_once=1)
        finally:
            await transport.close()


async def _plain(where: Path, bodies: Bodies) -> Sends:
    """Post the same bodies with aiohttp and nothing else."""
    async with running("api_bank", BANK, str(where), "", _TOKEN) as bank, aiohttp.ClientSession() as session:
        await _post(session, bank.ready["url"], bodies[:WARM])
        start, cpu = time.perf_counter(), time.process_time()
        await _post(session, bank.ready["url"], bodies[WARM:])
        return Sends(
            sends=len(bodies) - WARM,
            seconds=time.perf_counter() - start,
            cpu_seconds=time.process_time() - cpu,
        )


async def _post(session: aiohttp.ClientSession, url: str, bodies: Bodies) -> None:
    for name, body in bodies:
        headers = {"Authorization": f"Bearer {_TOKEN}", "Idempotency-Key": name, "Content-Type": "application/json"}
        async with session.post(url + PATH, data=body, headers=headers) as answer:
            await answer.read()
            if answer.status != _CREATED:
                raise ConfigError(f"the baseline's own request was answered {answer.status}")
