"""Where the parts meet: from settings to services, steps and loops."""

import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from gateway.api.callers import Caller
from gateway.api.keys import Issuer, PublicKey
from gateway.api.signatures import JwsApprovals
from gateway.bus.kafka import KafkaBus
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import ConfigError
from gateway.observe.metrics import Metrics
from gateway.observe.zeros import count_from_zero, from_zero
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.bus import BANK_MESSAGES
from gateway.ports.clock import Clock
from gateway.runtime.aftercare import aftercare
from gateway.runtime.configuration import Configuration, configuration_of, read_profiles
from gateway.runtime.hearing import hearing
from gateway.runtime.keys import SandboxKeys, Secrets
from gateway.runtime.loops import Loop
from gateway.runtime.partners import Connector, Partners
from gateway.runtime.sending import sending
from gateway.runtime.settings import Key as KeySetting
from gateway.runtime.settings import Settings, TokenIssuer
from gateway.runtime.sources import source_loops, source_partitions, source_secrets
from gateway.runtime.workshop import PoolWorkshop
from gateway.service.banks import Bank
from gateway.service.relay import LANES, Courier, Relay
from gateway.store.migrate import migrate
from gateway.store.postgres import ROLE, PostgresStore, open_store, refuse_unsafe


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An assembled gateway: what services and doors are made of."""

    settings: Settings
    connector: Connector
    configuration: Configuration
    clock: Clock
    store: PostgresStore
    banks: Mapping[str, Bank]
    callers: Mapping[str, Caller]
    edge_keys: Mapping[str, bytes]
    approvals: JwsApprovals
    issuers: Sequence[Issuer]
    source_secrets: Mapping[str, bytes]
    workshop: PoolWorkshop
    boundary: Boundary
    worker: str
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def partners(self) -> Partners:
        """Everything that another reading of the profiles may change."""
        return Partners(
            configuration=self.configuration, banks=self.banks, edge_keys=self.edge_keys, callers=self.callers
        )

    @property
    def disabled(self) -> frozenset[str]:
        """The banks that have a profile and cannot be spoken to."""
        return self.partners.disabled

    def speaking_to(self, partners: Partners) -> "Gateway":
        """Return this gateway with other partners; what its services were made of before stays with those."""
        count_from_zero(self.metrics, partners.banks)
        return replace(
            self,
            configuration=partners.configuration,
            banks=partners.banks,
            edge_keys=partners.edge_keys,
            callers=partners.callers,
        )

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.settings.lease_seconds)

    def bus(self, bootstrap: str, incarnation: str = "") -> KafkaBus:
        """Connect to Kafka; an embedded broker is named by its incarnation."""
        embedded = bool(incarnation)
        kafka = KafkaSettings(bootstrap=bootstrap, fetch_wait=0.05 if embedded else 0.5)
        return KafkaBus(kafka, incarnation=incarnation, boundary=self.boundary)

    def sending(self) -> list[Loop]:
        """Return the loops from released orders to banks."""
        return sending(self)

    def hearing(self, bus: KafkaBus, partitions: Sequence[int]) -> list[Loop]:
        """Return the loops from the bank-message topic to facts."""
        return hearing(self, bus, partitions)

    def hearing_sources(self, bus: KafkaBus, partitions: Mapping[str, Sequence[int]]) -> list[Loop]:
        """Return the loops from the topics that benefits systems write: orders and notices."""
        parts: dict[str, Any] = {"store": self.store, "clock": self.clock, "worker": self.worker}
        parts |= {"lease": self.lease, "meter": self.metrics}
        return source_loops(bus, partitions, self.source_secrets, self.configuration.catalogue, **parts)

    def telling(self, bus: KafkaBus) -> list[Loop]:
        """Return the loops from outcomes to the benefits system."""
        parts: dict[str, Any] = {"store": self.store, "clock": self.clock, "bus": bus, "worker": self.worker}
        parts["meter"] = self.metrics
        relays = {lane: Relay(**parts, lane=lane, lease=self.lease) for lane in range(LANES)}
        return [Loop(kind="relay", step=Courier(store=self.store, relays=relays))]

    async def loops(self, bus: KafkaBus) -> list[Loop]:
        """Return every loop of a worker."""
        partitions = await bus.partitions(BANK_MESSAGES)
        written = await source_partitions(bus, self.source_secrets)
        heard = [*self.hearing(bus, partitions), *self.hearing_sources(bus, written)]
        return [*self.sending(), *heard, *aftercare(self), *self.telling(bus)]


@asynccontextmanager
async def assembled(
    settings: Settings,
    config: Path,
    clock: Clock,
    *,
    url: str,
    worker: str = "",
    boundary: Boundary = unbounded,
) -> AsyncIterator[Gateway]:
    """Open everything of a gateway but Kafka; close it again. Raises ConfigError for what must not run."""
    loaded = read_profiles(config)
    configuration = configuration_of(config, settings, loaded)
    secrets = Secrets(settings.secrets_folder, make=settings.mode == "sandbox")
    await prepare_database(settings.database.owner_url or url)
    async with AsyncExitStack() as closing:
        login, connections = login_of(settings), settings.database.connections
        store = await open_store(url, connections=connections, boundary=boundary, login=login)
        closing.push_async_callback(store.close)
        workshop = PoolWorkshop(settings.processes)
        closing.callback(workshop.close)
        connector = Connector(config=config, settings=settings, secrets=secrets, clock=clock, boundary=boundary)
        closing.push_async_callback(connector.close)
        partners = await connector.connect(loaded, store, configuration=configuration)
        yield Gateway(
            settings=settings,
            connector=connector,
            configuration=partners.configuration,
            banks=partners.banks,
            callers=partners.callers,
            edge_keys=partners.edge_keys,
            clock=clock,
            store=store,
            approvals=JwsApprovals(_source_keys(settings)),
            issuers=_issuers(settings),
            source_secrets=source_secrets(settings, secrets),
            workshop=workshop,
            boundary=boundary,
            worker=worker or f"{socket.gethostname()}-{os.getpid()}",
            metrics=from_zero(partners.banks),
        )


def login_of(settings: Settings) -> str | None:
    """Return who logs in instead of the URL's user: the role, where the embedded server asks nobody for a password."""
    return None if settings.database.url else ROLE


async def prepare_database(url: str) -> None:
    """Refuse a server that could forget, then bring its schema up to date. Raises ConfigError."""
    try:
        connection = await asyncpg.connect(url)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # Never the URL, nor a text that may quote it: a password may stand in it.
        raise ConfigError(f"database.url: PostgreSQL cannot be reached there ({type(error).__name__})") from error
    try:
        await refuse_unsafe(connection)
        await migrate(connection)
    finally:
        await connection.close()


def _public_key(key: KeySetting) -> PublicKey:
    times = {"not_before": key.not_before, "not_after": key.not_after}
    return PublicKey(kid=key.kid, algorithm=key.algorithm, jwk=key.jwk, **times)


def _issuer(issuer: TokenIssuer) -> Issuer:
    return Issuer(name=issuer.name, audience=issuer.audience, keys=[_public_key(k) for k in issuer.keys])


def _issuers(settings: Settings) -> list[Issuer]:
    """Return the configured issuers; a sandbox without one issues its own tokens."""
    return [_issuer(i) for i in settings.issuers] or [SandboxKeys(settings.data_dir / "keys").issuer()]


def _source_keys(settings: Settings) -> dict[str, list[PublicKey]]:
    """Return the keys of each source; in a sandbox a source without keys gets one made for it."""
    own = SandboxKeys(settings.data_dir / "keys")
    return {source: [_public_key(k) for k in keys] or [own.public(source)] for source, keys in settings.sources.items()}
