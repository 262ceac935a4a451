"""From a bank's call at the REST door to the topic of bank messages, under the envelope of that bank."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bank_adapters.profile import HttpsTransport, Profile
from gateway.api.callers import Caller, Hooks, Publish
from gateway.bus.bank_messages import SignedMessages
from gateway.bus.claims import ClaimFolder
from gateway.domain.errors import BusUnavailable
from gateway.ports.bus import Producer
from gateway.runtime.keys import Secrets

if TYPE_CHECKING:
    from gateway.runtime.assembly import Gateway

CHANNEL = "webhook"
MESSAGE_BYTES_MAX = 1 << 30


def callers(profiles: Mapping[str, Profile], secrets: Secrets) -> dict[str, Caller]:
    """Return the banks that call, with what their calls are believed by."""
    apis = {slug: p.transport for slug, p in profiles.items() if isinstance(p.transport, HttpsTransport)}
    return {
        slug: Caller(secret=secrets.read(api.webhook.secret), tolerance_seconds=api.webhook.tolerance_seconds)
        for slug, api in apis.items()
        if api.webhook is not None
    }


def shared(callers: Mapping[str, Caller], before: Mapping[str, Caller]) -> dict[str, str]:
    """Say of each bank that calls, by slug, that another one calls with the same secret: each could speak as the other.

    The one that had it `before` keeps it.
    """
    by_secret: defaultdict[bytes, list[str]] = defaultdict(list)
    for slug, caller in sorted(callers.items()):
        by_secret[caller.secret].append(slug)
    return {
        slug: f"transport.webhook: {' and '.join(slugs)} have the same secret; give each bank one of its own"
        for secret, slugs in by_secret.items()
        for slug in slugs
        if len(slugs) > 1 and (slug not in before or before[slug].secret != secret)
    }


def hooks(gateway: "Gateway", producer: Producer | None) -> Hooks:
    """Make the door that banks call at; without a producer every call is put off."""
    return Hooks(gateway.callers, _publish(gateway, producer), gateway.clock, gateway.metrics, gateway.disabled)


def _publish(gateway: "Gateway", producer: Producer | None) -> Publish:
    claims = ClaimFolder(gateway.settings.banks_folder, limit=MESSAGE_BYTES_MAX)

    async def publish(bank: str, message: bytes) -> None:
        if producer is None:
            raise BusUnavailable("this process was not told where Kafka is (kafka.bootstrap)")
        messages = SignedMessages(producer, gateway.edge_keys, claims, gateway.clock)
        await messages.publish(bank, message, CHANNEL)

    return publish


@asynccontextmanager
async def publishing(gateway: "Gateway") -> AsyncIterator[Producer | None]:
    """Give a process that is only the door a producer, where Kafka is known: it connects when a bank calls."""
    bootstrap = gateway.settings.kafka.bootstrap
    if not bootstrap:
        yield None
        return
    bus = gateway.bus(bootstrap, gateway.settings.kafka.incarnation)
    try:
        yield bus.producer
    finally:
        await bus.close()
