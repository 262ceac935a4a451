"""Where the parts meet: from settings to services, steps and loops."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from bank_adapters.profile import DirectoryTransport as DirectoryAccess
from bank_adapters.profile import Profile, terms
from bank_adapters.registry import adapter_for, load_profiles, load_yaml, request_adapter_for
from bank_adapters.spi import Debtor
from gateway.api.keys import Issuer, PublicKey
from gateway.api.signatures import JwsApprovals
from gateway.bus.kafka import KafkaBus
from gateway.bus.settings import KafkaSettings
from gateway.domain.benefits import Catalogue, catalogue_from
from gateway.domain.errors import ConfigError
from gateway.domain.reasons import Reasons, reasons_from
from gateway.domain.routing import RoutingTable, routing_table
from gateway.observe.metrics import Metrics
from gateway.observe.zeros import from_zero
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.bus import BANK_MESSAGES
from gateway.ports.clock import Clock
from gateway.ports.transport import Transport
from gateway.runtime.aftercare import aftercare
from gateway.runtime.brakes import brakes, limits_of
from gateway.runtime.hearing import hearing
from gateway.runtime.keys import SandboxKeys, Secrets
from gateway.runtime.loops import Loop
from gateway.runtime.settings import Key as KeySetting
from gateway.runtime.settings import Settings, TokenIssuer
from gateway.runtime.sources import source_loops, source_partitions, source_secrets
from gateway.runtime.workshop import PoolWorkshop
from gateway.service import lanes
from gateway.service.approved import ApprovedDigests
from gateway.service.banks import Bank, DebtorAccounts
from gateway.service.cut import Cut
from gateway.service.inquire import Inquire, Sweep
from gateway.service.limits import Limit
from gateway.service.relay import LANES, Courier, Relay
from gateway.service.seal import Seal
from gateway.service.send import Send
from gateway.service.stops import Stops, SweepStops
from gateway.store.migrate import migrate
from gateway.store.postgres import ROLE, PostgresStore, open_store, refuse_unsafe
from gateway.transport.directory import DirectoryTransport
from gateway.transport.http import HttpTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the files of a configuration folder say, checked and joined."""

    profiles: Mapping[str, Profile]
    broken: Sequence[tuple[str, str]]
    catalogue: Catalogue
    reasons: Reasons
    routing: RoutingTable
    accounts: DebtorAccounts
    limits: Sequence[Limit] = ()


def read_configuration(config: Path, settings: Settings) -> Configuration:
    """Read banks, benefits and reason codes.

    A broken profile disables its bank; anything else that is broken raises ConfigError.
    """
    # What is not UTF-8 becomes characters that YAML refuses: one bank's broken profile, not ours.
    folder = sorted((config / "banks").glob("*.yaml"))
    texts = {p.stem: p.read_text(encoding="utf-8", errors="surrogateescape") for p in folder}
    loaded = load_profiles(texts)
    return Configuration(
        profiles=loaded.profiles,
        broken=loaded.broken,
        catalogue=catalogue_from(load_yaml((config / "benefits.yaml").read_text(encoding="utf-8"))),
        reasons=reasons_from(_reason_codes(config / "reason_codes.yaml")),
        routing=routing_table(terms(p) for p in loaded.profiles.values()),
        accounts=_debtor_accounts(settings, loaded.profiles),
        limits=limits_of(settings),
    )


def _reason_codes(file: Path) -> Mapping[str, str]:
    document = load_yaml(file.read_text(encoding="utf-8"))
    codes = document.get("codes", document) if isinstance(document, dict) else None
    if not isinstance(codes, dict):
        raise ConfigError(f"{file}: write a mapping of reason codes to actions")
    return codes


def _debtor_accounts(settings: Settings, profiles: Mapping[str, Profile]) -> DebtorAccounts:
    accounts = {}
    for entry in settings.debtor_accounts:
        for bank, iban in entry.accounts.items():
            if bank not in profiles:
                continue  # its profile is broken or removed: that bank pays nothing
            debtor = Debtor(name=entry.name, iban=iban, bic=profiles[bank].bic)
            accounts[entry.source, entry.programme, entry.currency, bank] = debtor
    return DebtorAccounts(accounts=accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An assembled gateway: what services and doors are made of."""

    settings: Settings
    configuration: Configuration
    clock: Clock
    store: PostgresStore
    banks: Mapping[str, Bank]
    approvals: JwsApprovals
    issuers: Sequence[Issuer]
    edge_keys: Mapping[str, bytes]
    source_secrets: Mapping[str, bytes]
    workshop: PoolWorkshop
    boundary: Boundary
    worker: str
    metrics: Metrics = field(default_factory=Metrics)

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
        parts = self.configuration
        cut = Cut(
            store=self.store,
            clock=self.clock,
            banks=self.banks,
            routing=parts.routing,
            accounts=parts.accounts,
            catalogue=parts.catalogue,
        )
        sweep = Sweep(store=self.store, clock=self.clock, worker=self.worker)
        stops = SweepStops(stops=Stops(store=self.store, clock=self.clock))
        loops = [Loop(kind="cut", step=cut), *self._sealing()]
        loops += [
            Loop(kind="sweep", step=sweep, patience_seconds=5),
            Loop(kind="stops", step=stops, patience_seconds=5),
        ]
        loops += brakes(self)
        for bank in self.banks.values():
            loops += self._lane(bank)
        return loops

    def _sealing(self) -> list[Loop]:
        """Return one loop for all banks that take files, and one for each that takes a request a payment."""
        apart = [slug for slug, bank in self.banks.items() if bank.profile.transport.kind != "directory"]
        together = {slug: bank for slug, bank in self.banks.items() if slug not in apart}
        approved = ApprovedDigests()
        return [
            Loop(kind="seal", step=self._seal(together, approved)),
            *(Loop(kind="seal", step=self._seal({slug: self.banks[slug]}, approved), lane=slug) for slug in apart),
        ]

    def _seal(self, banks: Mapping[str, Bank], approved: ApprovedDigests) -> Seal:
        return Seal(
            store=self.store,
            clock=self.clock,
            banks=banks,
            accounts=self.configuration.accounts,
            catalogue=self.configuration.catalogue,
            approvals=self.approvals,
            workshop=self.workshop,
            worker=self.worker,
            approved=approved,
            limits=self.configuration.limits,
            meter=self.metrics,
        )

    def _lane(self, bank: Bank) -> list[Loop]:
        parts: dict[str, Any] = {"store": self.store, "clock": self.clock, "bank": bank, "meter": self.metrics}
        send = Send(**parts, approvals=self.approvals, worker=self.worker, limits=self.configuration.limits)
        inquire = Inquire(**parts, worker=self.worker)
        probe = lanes.Probe(store=self.store, clock=self.clock, bank=bank)
        at_once = 1 if bank.profile.transport.kind == "directory" else min(4, bank.profile.limits.submissions_in_flight)
        return [
            *(Loop(kind="send", step=send, lane=bank.slug) for _ in range(at_once)),
            Loop(kind="inquire", step=inquire, lane=bank.slug, patience_seconds=5),
            Loop(kind="probe", step=probe, lane=bank.slug, patience_seconds=5),
        ]

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
    configuration = read_configuration(config, settings)
    secrets = Secrets(settings.secrets_folder, make=settings.mode == "sandbox")
    await prepare_database(settings.database.owner_url or url)
    async with AsyncExitStack() as closing:
        login, connections = login_of(settings), settings.database.connections
        store = await open_store(url, connections=connections, boundary=boundary, login=login)
        closing.push_async_callback(store.close)
        workshop = PoolWorkshop(settings.processes)
        closing.callback(workshop.close)
        banks = {}
        for slug, profile in configuration.profiles.items():
            banks[slug] = _bank(profile, settings, secrets, clock, boundary)
            closing.push_async_callback(banks[slug].transport.close)
        await lanes.declare(store, banks)
        yield Gateway(
            settings=settings,
            configuration=configuration,
            clock=clock,
            store=store,
            banks=banks,
            approvals=JwsApprovals(_source_keys(settings)),
            issuers=_issuers(settings),
            source_secrets=source_secrets(settings, secrets),
            edge_keys={s: secrets.read(p.edge_key_secret) for s, p in configuration.profiles.items()},
            workshop=workshop,
            boundary=boundary,
            worker=worker or f"{socket.gethostname()}-{os.getpid()}",
            metrics=from_zero(banks),
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


def _bank(profile: Profile, settings: Settings, secrets: Secrets, clock: Clock, boundary: Boundary) -> Bank:
    transport: Transport
    if isinstance(profile.transport, DirectoryAccess):
        folder = settings.banks_folder / profile.transport.folder
        for part in ("in", "out"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        transport = DirectoryTransport(profile.slug, folder, clock, boundary=boundary)
        return Bank(profile=profile, adapter=adapter_for(profile), transport=transport)
    base_url = settings.bank_urls.get(profile.slug, profile.transport.base_url)
    if settings.mode == "production" and not base_url.startswith("https://"):
        raise ConfigError(f"bank {profile.slug}: base_url must be https in production")
    reference = profile.transport.token_secret

    async def token() -> str:
        return secrets.read(reference).decode()

    adapter = request_adapter_for(profile)
    transport = HttpTransport(
        profile, adapter, clock, token=token, sleep=asyncio.sleep, boundary=boundary, base_url=base_url
    )
    return Bank(profile=profile, adapter=adapter, transport=transport)


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
