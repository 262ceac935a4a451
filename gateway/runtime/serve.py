"""Long-running processes: the REST door, workers, the sandbox banks, or all of them in one."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiokafka.errors import KafkaError

from bank_adapters.profile import HttpsTransport, Profile, SftpTransport
from gateway.api.app import SERVER, build_app
from gateway.api.doors import Doors
from gateway.bus.kafka import KafkaBus
from gateway.domain.errors import BusUnavailable, ConfigError, GatewayError
from gateway.observe.requests import count_requests
from gateway.observe.server import metrics_app
from gateway.ports.bus import Producer
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.runtime.assembly import Gateway, assembled, login_of
from gateway.runtime.clock import SystemClock
from gateway.runtime.configuration import Configuration, read_configuration
from gateway.runtime.embedded import embedded_kafka, embedded_postgres
from gateway.runtime.keys import Secrets
from gateway.runtime.loops import Bell, Failed, Loop, run_loops
from gateway.runtime.material import make_material
from gateway.runtime.material_ssh import sandbox_ssh
from gateway.runtime.reload import Reload, tell_broken
from gateway.runtime.sandbox_apis import sandbox_access, webhook_secrets
from gateway.runtime.sandbox_files import sandbox_mailboxes, sandbox_pouches
from gateway.runtime.settings import Listen, Settings
from gateway.runtime.wakeups import wakeups
from gateway.runtime.webhooks import hooks, publishing
from gateway.sandbox import Edge, KafkaPublisher, Street, Webhooks, read_parameters
from gateway.sandbox.parameters import BankParameters
from gateway.service.balances import Balances
from gateway.service.bank_board import BankBoard
from gateway.service.batches import Batches
from gateway.service.casework import Casework
from gateway.service.deeds import all_deeds
from gateway.service.departures import Departures
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


def doors(gateway: Gateway, bell: Bell, producer: Producer | None = None) -> Doors:
    """Make the services behind the REST door; what they store wakes the loops of this process."""
    store, clock, catalogue = gateway.store, gateway.clock, gateway.configuration.catalogue
    return Doors(
        clock=clock,
        intake=Intake(store=store, clock=clock, catalogue=catalogue, meter=gateway.metrics),
        batches=Batches(store=store, clock=clock, approvals=gateway.approvals, meter=gateway.metrics),
        look=Look(store=store, departures=Departures(clock=clock, banks=gateway.banks, catalogue=catalogue)),
        board=BankBoard(store=store, clock=clock, banks=gateway.banks),
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
        hooks=hooks(gateway, producer),
        new_id=lambda: secrets.token_hex(8),
        observe=lambda _stage, _count: bell.ring(("cut", "relay")),
    )


def reach(parts: Configuration) -> Reach:
    """Say which benefits each bank can be paid through."""
    return reach_of(parts.routing.banks.values(), parts.catalogue, parts.routing, parts.accounts)


def rest_door(
    gateway: Gateway, bell: Bell, producer: Producer | None = None, again: Reload | None = None
) -> web.Application:
    """Build the REST application of a gateway; what banks call with goes to `producer`."""
    served = doors(gateway, bell, producer)
    if again is not None:
        again.told.append(lambda after: served.become(doors(after, bell, producer)))
    return build_app(served, outermost=[count_requests(gateway.metrics)])


def metrics_page(
    gateway: Gateway,
    incarnation: str = "",
    *,
    money_fresh_seconds: float = MONEY_FRESH_SECONDS,
    again: Reload | None = None,
) -> web.Application:
    """Build the page that Prometheus scrapes; partitions are those of the broker's `incarnation`."""
    gauges = Gauges(
        store=gateway.store,
        clock=gateway.clock,
        incarnation=incarnation,
        limits=gateway.configuration.limits,
        money_fresh_seconds=money_fresh_seconds,
    )

    def serve(served: Gateway) -> None:
        parts = served.configuration
        broken, contested = tuple(dict(parts.broken)), tuple(parts.contested.values())
        gauges.serve(served.banks, parts.accounts, broken, contested, parts.unproved)

    serve(gateway)
    gateway.metrics.show("gateway_configuration_refused", 0)
    if again is not None:
        again.told.append(serve)
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
    settings: Settings, profiles: Collection[Profile], banks: Sequence[BankParameters], clock: Clock, bootstrap: str
) -> AsyncIterator[Street]:
    """Open the sandbox banks while the context lasts. Raises ConfigError when a bank's port is not free."""
    keys = Secrets(settings.secrets_folder, make=True)
    make_material(profiles, settings.secrets_folder)
    publisher, webhooks = KafkaPublisher(bootstrap), Webhooks(webhook_secrets(profiles, keys))
    root, pouches = settings.banks_folder, sandbox_pouches(profiles, settings.secrets_folder)
    mailboxes = sandbox_mailboxes(profiles, root, pouches)
    edge = Edge(key=keys.read("bank-edge"), root=root, publisher=publisher, webhooks=webhooks, mailboxes=mailboxes)
    access, ssh = sandbox_access(profiles, settings.secrets_folder), sandbox_ssh(profiles, settings.secrets_folder)
    street = Street(banks, root=root, edge=edge, access=access, ssh=ssh, pouches=pouches, clock=clock.now)
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
    """Return where the banks of a street listen: API banks, and file banks with an SSH server."""
    apis = {slug: bank.url for slug, bank in street.api_banks.items()}
    return apis | {slug: door.url for slug, door in street.ssh_doors.items()}


def sandbox_banks(config: Path, profiles: Sequence[Profile], seed: int) -> list[BankParameters]:
    """Read the sandbox banks; each listens where its profile expects it, and nowhere if its profile is broken."""
    ports = {p.slug: _port(p) for p in profiles}
    banks = read_parameters(config / "sandbox.yaml", seed=seed)
    deaf = [replace(bank, ssh=None) for bank in banks if bank.slug not in ports and bank.api is None]
    return [*deaf, *(_at(bank, ports[bank.slug]) for bank in banks if bank.slug in ports)]


def _port(profile: Profile) -> int:
    if isinstance(profile.transport, HttpsTransport):
        return urlsplit(profile.transport.base_url).port or 0
    return profile.transport.port if isinstance(profile.transport, SftpTransport) else 0


def _at(bank: BankParameters, port: int) -> BankParameters:
    if bank.api is not None:
        return replace(bank, api=replace(bank.api, port=port))
    return replace(bank, ssh=replace(bank.ssh, port=port)) if bank.ssh is not None else bank


def told_failure(meter: Meter) -> Failed:
    """Make what logs and counts the failures that a loop waits out."""

    def failed(kind: str, error: GatewayError) -> None:
        name = type(error).__name__
        _log.warning("step failed, will be tried again", step=kind, error=name)
        meter.count("gateway_step_failures_total", 1, step=kind, error=name)

    return failed


async def work(loops: Sequence[Loop], bell: Bell, meter: Meter = no_meter, until: asyncio.Event | None = None) -> None:
    """Run loops until one fails or the process is told to stop; an effect under way then is left as an intent.

    Once `until` is set they come to rest at the end of their steps, with nothing under way.
    """
    try:
        await run_loops(loops, bell, told_failure(meter), until)
    finally:
        _log.info("stopping" if until is None or not until.is_set() else "at rest")


async def keep_working(
    gateway: Gateway, bus: KafkaBus, bell: Bell, again: Reload, *, beside: Sequence[Loop] = ()
) -> None:
    """Run the loops of a worker, and those `beside`; make them anew whenever the configuration is to be read again."""
    while True:
        await work([*await gateway.loops(bus), *beside], bell, gateway.metrics, again.asked)
        gateway = await again.done(gateway)


async def run_all(settings: Settings, config: Path, *, banks: bool, seed: int) -> None:
    """Run the gateway in one process: API, worker and, when `banks`, the sandbox banks."""
    clock, bell, again = SystemClock(), Bell(), Reload()
    if banks and settings.mode == "production":
        raise ConfigError(NEVER_IN_PRODUCTION)
    with again.on_hangup(), backing(settings) as back:
        profiles = list(read_configuration(config, settings).profiles.values())
        street_banks = sandbox_banks(config, profiles, seed) if banks else []
        async with (
            sandbox_street(settings, profiles, street_banks, clock, back.bootstrap) as street,
            assembled(settings, config, clock, url=back.url) as gateway,
            connected(gateway, back) as bus,
            wakeups(back.url, bell, login_of(settings)),
            listening(rest_door(gateway, bell, bus.producer, again), settings.api) as url,
            listening(metrics_page(gateway, bus.incarnation, again=again), settings.metrics),
        ):
            _ready(gateway, url, back)
            street.call_at(url)
            street_loop = Loop(kind="street", step=StreetStep(street=street, clock=clock), patience_seconds=0.2)
            await keep_working(gateway, bus, bell, again, beside=[street_loop])


async def run_api(settings: Settings, config: Path) -> None:
    """Run the REST door alone; workers elsewhere share its database."""
    clock, bell, again = SystemClock(), Bell(), Reload()
    with again.on_hangup(), database(settings) as stored_at:
        async with (
            assembled(settings, config, clock, url=stored_at) as gateway,
            wakeups(stored_at, bell, login_of(settings)),
            publishing(gateway) as producer,
            listening(rest_door(gateway, bell, producer, again), settings.api) as url,
            listening(metrics_page(gateway, again=again), settings.metrics),
        ):
            _ready(gateway, url)
            served = gateway
            while await again.asked.wait():
                served = await again.done(served)


async def run_worker(settings: Settings, config: Path, name: str) -> None:
    """Run a worker: everything but the door. Any number share a database."""
    clock, bell, again = SystemClock(), Bell(), Reload()
    with again.on_hangup(), backing(settings) as back:
        async with (
            assembled(settings, config, clock, url=back.url, worker=name) as gateway,
            connected(gateway, back) as bus,
            wakeups(back.url, bell, login_of(settings)),
            listening(metrics_page(gateway, bus.incarnation, again=again), settings.metrics),
        ):
            _ready(gateway, "", back)
            await keep_working(gateway, bus, bell, again)


async def run_sandbox(settings: Settings, config: Path, *, seed: int) -> None:
    """Run the sandbox banks alone, against a gateway elsewhere."""
    if settings.mode == "production":
        raise ConfigError(NEVER_IN_PRODUCTION)
    if not settings.kafka.bootstrap:
        raise ConfigError("kafka.bootstrap: say where the gateway's Kafka is (gateway run logs it)")
    clock = SystemClock()
    profiles = list(read_configuration(config, settings).profiles.values())
    banks = sandbox_banks(config, profiles, seed)
    async with sandbox_street(settings, profiles, banks, clock, settings.kafka.bootstrap) as street:
        if settings.api.port:  # 0: any port, and nobody knows which
            street.call_at(f"http://{settings.api.host}:{settings.api.port}")
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
    tell_broken(gateway)
