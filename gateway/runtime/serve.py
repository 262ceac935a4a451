"""Long-running processes: the REST door, workers, the sandbox banks, or all of them in one."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiokafka.errors import KafkaError

from bank_adapters.profile import HttpsTransport, Profile, terms
from gateway.api.app import SERVER, build_app
from gateway.api.doors import Doors
from gateway.bus.kafka import KafkaBus
from gateway.domain.errors import BusUnavailable, ConfigError, GatewayError
from gateway.observe.requests import count_requests
from gateway.observe.server import metrics_app
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.runtime.assembly import Configuration, Gateway, assembled, login_of, read_configuration
from gateway.runtime.clock import SystemClock
from gateway.runtime.embedded import embedded_kafka, embedded_postgres
from gateway.runtime.keys import Secrets
from gateway.runtime.loops import Bell, Failed, Loop, run_loops
from gateway.runtime.settings import Listen, Settings
from gateway.runtime.wakeups import wakeups
from gateway.sandbox import Edge, KafkaPublisher, Street, read_parameters
from gateway.sandbox.parameters import BankParameters
from gateway.service.balances import Balances
from gateway.service.batches import Batches
from gateway.service.casework import Casework
from gateway.service.deeds import all_deeds
from gateway.service.funds import Funds
from gateway.service.gauges import MONEY_FRESH_SECONDS, Gauges
from gateway.service.intake import Intake
from gateway.service.limits import Limits
from gateway.service.look import Look
from gateway.service.pauses import Pauses
from gateway.service.reach import Reach, reach_of
from gateway.service.report import Report
from gateway.service.reports import Reports
from gateway.service.stops import Stops

NEVER_IN_PRODUCTION = "sandbox banks never run in production"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """Where the database and Kafka of a process are; `incarnation` names an embedded broker."""

    url: str
    bootstrap: str
    incarnation: str


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """Use the database that is configured, or run the embedded one while the context lasts; yield its URL."""
    if settings.database.url:
        yield settings.database.url
        return
    with embedded_postgres(settings.data_dir) as url:
        yield url


@contextmanager
def backing(settings: Settings) -> Iterator[Backing]:
    """Use the database and Kafka that are configured, or run the embedded ones while the context lasts."""
    with database(settings) as url, ExitStack() as stack:
        if settings.kafka.bootstrap:
            yield Backing(url=url, bootstrap=settings.kafka.bootstrap, incarnation=settings.kafka.incarnation)
            return
        broker = stack.enter_context(embedded_kafka())
        yield Backing(url=url, bootstrap=broker.bootstrap, incarnation=broker.incarnation)


@asynccontextmanager
async def connected(gateway: Gateway, back: Backing) -> AsyncIterator[KafkaBus]:
    """Connect to Kafka while the context lasts."""
    bus = gateway.bus(back.bootstrap, back.incarnation)
    try:
        await bus.start()
        yield bus
    finally:
        await bus.close()


def doors(gateway: Gateway, bell: Bell) -> Doors:
    """Make the services behind the REST door; what they store wakes the loops of this process."""
    store, clock = gateway.store, gateway.clock
    return Doors(
        clock=clock,
        intake=Intake(store=store, clock=clock, catalogue=gateway.configuration.catalogue, meter=gateway.metrics),
        batches=Batches(store=store, clock=clock, approvals=gateway.approvals, meter=gateway.metrics),
        look=Look(store=store),
        stops=Stops(store=store, clock=clock),
        pauses=Pauses(store=store, clock=clock),
        funds=Funds(store=store, clock=clock, banks=gateway.banks, accounts=gateway.configuration.accounts),
        limits=Limits(store=store, clock=clock, limits=gateway.configuration.limits),
        casework=Casework(
            store=store, clock=clock, deeds=all_deeds(gateway.configuration.reasons), meter=gateway.metrics
        ),
        report=Report(store=store),
        books=Balances(store=store),
        reports=Reports(store=store, clock=clock, reach=reach(gateway.configuration)),
        issuers=gateway.issuers,
        new_id=lambda: secrets.token_hex(8),
        observe=lambda _stage, _count: bell.ring(("cut", "relay")),
    )


def reach(parts: Configuration) -> Reach:
    """Say which benefits each bank can be paid through."""
    return reach_of((terms(p) for p in parts.profiles.values()), parts.catalogue, parts.routing, parts.accounts)


def rest_door(gateway: Gateway, bell: Bell) -> web.Application:
    """Build the REST application of a gateway."""
    return build_app(doors(gateway, bell), outermost=[count_requests(gateway.metrics)])


def metrics_page(
    gateway: Gateway, incarnation: str = "", *, money_fresh_seconds: float = MONEY_FRESH_SECONDS
) -> web.Application:
    """Build the page that Prometheus scrapes; partitions are those of the broker's `incarnation`."""
    gauges = Gauges(
        store=gateway.store,
        clock=gateway.clock,
        incarnation=incarnation,
        banks=gateway.banks,
        accounts=gateway.configuration.accounts,
        limits=gateway.configuration.limits,
        money_fresh_seconds=money_fresh_seconds,
    )
    return metrics_app(gateway.metrics, gauges)


@asynccontextmanager
async def listening(app: web.Application, listen: Listen) -> AsyncIterator[str]:
    """Serve an application while the context lasts; yield its URL. Raises ConfigError when the port is not free."""
    runner = web.AppRunner(app, **SERVER)
    await runner.setup()
    site = web.TCPSite(runner, listen.host, listen.port)
    try:
        try:
            await site.start()
        except OSError as error:
            raise ConfigError(f"cannot listen on {listen.host} port {listen.port}: {error.strerror}") from error
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetStep:
    """Step: walk down the street of sandbox banks once. Raises BusUnavailable; nothing was marked as told then."""

    street: Street
    clock: Clock

    async def run_once(self) -> bool:
        try:
            return await self.street.run_once(self.clock.now())
        except KafkaError as error:
            raise BusUnavailable(f"the sandbox banks cannot publish: {type(error).__name__}") from error


@asynccontextmanager
async def sandbox_street(
    settings: Settings, banks: Sequence[BankParameters], clock: Clock, bootstrap: str
) -> AsyncIterator[Street]:
    """Open the sandbox banks while the context lasts. Raises ConfigError when a bank's port is not free."""
    keys = Secrets(settings.secrets_folder, make=True)
    publisher = KafkaPublisher(bootstrap)
    edge = Edge(key=keys.read("bank-edge"), root=settings.banks_folder, publisher=publisher)
    tokens = {bank.slug: keys.read(f"{bank.slug}-token").decode() for bank in banks if bank.api is not None}
    street = Street(banks, root=settings.banks_folder, edge=edge, tokens=tokens, clock=clock.now)
    try:
        try:
            await street.start()
        except OSError as error:
            raise ConfigError(f"a sandbox bank cannot listen: {error.strerror}; does another street run?") from error
        yield street
    finally:
        await street.close()
        await publisher.close()


def bank_urls(street: Street) -> dict[str, str]:
    """Return where the API banks of a street listen."""
    return {slug: bank.url for slug, bank in street.api_banks.items()}


def sandbox_banks(config: Path, profiles: Sequence[Profile], seed: int) -> list[BankParameters]:
    """Read the sandbox banks; an API bank listens where its profile expects it."""
    ports = {p.slug: urlsplit(p.transport.base_url).port for p in profiles if isinstance(p.transport, HttpsTransport)}
    return [
        replace(bank, api=replace(bank.api, port=ports.get(bank.slug) or 0)) if bank.api else bank
        for bank in read_parameters(config / "sandbox.yaml", seed=seed)
    ]


def told_failure(meter: Meter) -> Failed:
    """Make what logs and counts the failures that a loop waits out."""

    def failed(kind: str, error: GatewayError) -> None:
        name = type(error).__name__
        _log.warning("step failed, will be tried again", step=kind, error=name)
        meter.count("gateway_step_failures_total", 1, step=kind, error=name)

    return failed


async def work(loops: Sequence[Loop], bell: Bell, meter: Meter = no_meter) -> None:
    """Run loops until one fails or the process is told to stop; an effect under way then is left as an intent."""
    try:
        await run_loops(loops, bell, told_failure(meter))
    finally:
        _log.info("stopping")


async def run_all(settings: Settings, config: Path, *, banks: bool, seed: int) -> None:
    """Run the gateway in one process: API, worker and, when `banks`, the sandbox banks."""
    clock, bell = SystemClock(), Bell()
    if banks and settings.mode == "production":
        raise ConfigError(NEVER_IN_PRODUCTION)
    with backing(settings) as back:
        profiles = list(read_configuration(config, settings).profiles.values())
        street_banks = sandbox_banks(config, profiles, seed) if banks else []
        async with (
            sandbox_street(settings, street_banks, clock, back.bootstrap) as street,
            assembled(settings, config, clock, url=back.url) as gateway,
            connected(gateway, back) as bus,
            wakeups(back.url, bell, login_of(settings)),
            listening(rest_door(gateway, bell), settings.api) as url,
            listening(metrics_page(gateway, bus.incarnation), settings.metrics),
        ):
            _ready(gateway, url, back)
            street_loop = Loop(kind="street", step=StreetStep(street=street, clock=clock), patience_seconds=0.2)
            await work([*await gateway.loops(bus), street_loop], bell, gateway.metrics)


async def run_api(settings: Settings, config: Path) -> None:
    """Run the REST door alone; workers elsewhere share its database."""
    clock, bell = SystemClock(), Bell()
    with database(settings) as stored_at:
        async with (
            assembled(settings, config, clock, url=stored_at) as gateway,
            wakeups(stored_at, bell, login_of(settings)),
            listening(rest_door(gateway, bell), settings.api) as url,
            listening(metrics_page(gateway), settings.metrics),
        ):
            _ready(gateway, url)
            await asyncio.Event().wait()


async def run_worker(settings: Settings, config: Path, name: str) -> None:
    """Run a worker: everything but the door. Any number share a database."""
    clock, bell = SystemClock(), Bell()
    with backing(settings) as back:
        async with (
            assembled(settings, config, clock, url=back.url, worker=name) as gateway,
            connected(gateway, back) as bus,
            wakeups(back.url, bell, login_of(settings)),
            listening(metrics_page(gateway, bus.incarnation), settings.metrics),
        ):
            _ready(gateway, "", back)
            await work(await gateway.loops(bus), bell, gateway.metrics)


async def run_sandbox(settings: Settings, config: Path, *, seed: int) -> None:
    """Run the sandbox banks alone, against a gateway elsewhere."""
    if settings.mode == "production":
        raise ConfigError(NEVER_IN_PRODUCTION)
    if not settings.kafka.bootstrap:
        raise ConfigError("kafka.bootstrap: say where the gateway's Kafka is (gateway run logs it)")
    clock = SystemClock()
    profiles = list(read_configuration(config, settings).profiles.values())
    banks = sandbox_banks(config, profiles, seed)
    async with sandbox_street(settings, banks, clock, settings.kafka.bootstrap) as street:
        _log.info("ready", count=len(banks), bootstrap=settings.kafka.bootstrap)
        for bank, url in bank_urls(street).items():
            _log.info("bank listens", bank=bank, host=urlsplit(url).hostname, port=urlsplit(url).port)
        step = Loop(kind="street", step=StreetStep(street=street, clock=clock), patience_seconds=0.2)
        await work([step], Bell())


def _ready(gateway: Gateway, url: str, back: Backing | None = None) -> None:
    """Log where this process is to be found, and which banks it does without."""
    door, kafka = urlsplit(url), {}
    if back is not None:
        kafka = {"bootstrap": back.bootstrap, "incarnation": back.incarnation or None}
    _log.info("ready", worker=gateway.worker, count=len(gateway.banks), host=door.hostname, port=door.port, **kafka)
    for bank, error in gateway.configuration.broken:
        _log.error("bank disabled: its profile is broken", bank=bank, why=error)
