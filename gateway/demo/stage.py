"""The stage of a demo day: embedded database and broker, the banks, the gateway with its door, a benefits system."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web

from gateway.bus.kafka import KafkaBus
from gateway.demo.benefits_system import BenefitsSystem
from gateway.demo.clock import DayClock
from gateway.demo.events import SourceEvents
from gateway.demo.inbox import Inbox
from gateway.demo.operators import Operators
from gateway.runtime.assembly import Gateway, assembled
from gateway.runtime.configuration import read_configuration
from gateway.runtime.embedded import PARTITIONS
from gateway.runtime.keys import SandboxKeys, Secrets
from gateway.runtime.loops import Bell
from gateway.runtime.material import make_material
from gateway.runtime.material_ssh import sandbox_ssh
from gateway.runtime.sandbox_apis import sandbox_access, webhook_secrets
from gateway.runtime.sandbox_files import sandbox_mailboxes, sandbox_pouches
from gateway.runtime.serve import Backing, backing, bank_urls, connected, listening, metrics_page, rest_door
from gateway.runtime.settings import Settings, load_settings
from gateway.sandbox import BankParameters, Edge, Envelope, KafkaPublisher, Street, Webhooks, read_parameters

SOURCE = "SSI"
WORKER = "demo"
_OPENING = time(8, tzinfo=UTC)
_INBOX_SECONDS = 30.0
PAY_DATE = date(2026, 9, 21)
"""A Monday, no holiday of TARGET."""
_MONEY_SECONDS = 2.0
"""How old the money on the metrics page may be: a banking day takes about as long."""
_LIMIT = "10000000000.00"
"""Of all together a day: the brake is on its way with every payment, and no day of a demo gets there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What a run may be asked for. The same `orders` and `seed` give the same orders and files; `out` keeps them.

    Prometheus may scrape the gateway on `metrics_port` while the run lasts, and the day begins when it first has (or
    does not come); 0: nobody is expected, on a free port.
    """

    orders: int = 2_000
    seed: int = 7
    out: Path | None = None
    metrics_port: int = 0
    config: Path = Path("config")


class CountingPublisher:
    """Publishes for the banks and counts what was acknowledged."""

    def __init__(self, bootstrap: str) -> None:
        self._publisher = KafkaPublisher(bootstrap)
        self.published = 0

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        """See `gateway.sandbox.Publisher`."""
        await self._publisher.publish(topic, envelopes)
        self.published += len(envelopes)

    async def close(self) -> None:
        await self._publisher.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that plays, running."""

    clock: DayClock
    gateway: Gateway
    bus: KafkaBus
    bell: Bell
    street: Street
    banks: Sequence[BankParameters]
    banks_folder: Path
    publisher: CountingPublisher
    benefits: BenefitsSystem
    operators: Operators
    inbox: Inbox
    metrics_url: str
    scraped: asyncio.Event
    database_url: str
    events: SourceEvents

    @property
    def said(self) -> int:
        """How many messages of banks Kafka has taken, published by themselves or by the gateway they called."""
        return self.publisher.published + self.street.calls

    async def benefits_heard(self) -> bool:
        """Wait until Kafka brought every outcome that REST tells; say whether the two tell the same."""
        feed = {(event["orderId"], event["outcomeNo"]): event for event in await self.benefits.feed()}
        await self.inbox.until(len(feed), seconds=_INBOX_SECONDS)
        return feed == self.inbox.events

    async def metrics(self) -> str:
        """Return what Prometheus would read now."""
        async with self.benefits.session.get(self.metrics_url) as page:
            return await page.text()


@asynccontextmanager
async def staged(options: DemoOptions, clock: DayClock, work: Path) -> AsyncIterator[Stage]:
    """Start everything under the folder `work` while the context lasts. Raises ConfigError and ValueError."""
    settings, bell, scraped = _settings(options, work), Bell(), asyncio.Event()
    banks = read_parameters(options.config / "sandbox.yaml", seed=options.seed)
    with backing(settings) as back:
        async with (
            _street(settings, options, banks, clock, back) as (street, publisher),
            assembled(_knowing(settings, street), options.config, clock, url=back.url, worker=WORKER) as gateway,
            connected(gateway, back) as bus,
            listening(rest_door(gateway, bell, bus.producer), settings.api) as url,
            listening(_noticing(scraped, gateway, bus), settings.metrics) as metrics_url,
            ClientSession() as session,
            Inbox(back.bootstrap, PARTITIONS) as inbox,
        ):
            keys = SandboxKeys(settings.data_dir / "keys")
            street.call_at(url)
            yield Stage(
                clock=clock,
                gateway=gateway,
                bus=bus,
                bell=bell,
                street=street,
                banks=banks,
                banks_folder=settings.banks_folder,
                publisher=publisher,
                benefits=BenefitsSystem(session=session, url=url, keys=keys, source=SOURCE, clock=clock),
                operators=Operators(session=session, url=url, keys=keys, clock=clock),
                inbox=inbox,
                metrics_url=f"{metrics_url}/metrics",
                scraped=scraped,
                database_url=back.url,
                events=SourceEvents(gateway=gateway, bus=bus, source=SOURCE),
            )


def _noticing(scraped: asyncio.Event, gateway: Gateway, bus: KafkaBus) -> web.Application:
    """Make the metrics page; `scraped` is set when somebody has read it."""
    page = metrics_page(gateway, bus.incarnation, money_fresh_seconds=_MONEY_SECONDS)

    async def read(_request: web.Request, _response: web.StreamResponse) -> None:
        scraped.set()

    page.on_response_prepare.append(read)
    return page


def opening() -> datetime:
    """Return when the day begins."""
    return datetime.combine(PAY_DATE, _OPENING)


def _settings(options: DemoOptions, work: Path) -> Settings:
    """Load the settings, but for everything that could reach a real system: a demo plays with its own parts only."""
    own: dict[str, Any] = {"mode": "sandbox", "data_dir": work, "database": {"url": None}, "kafka": {"bootstrap": None}}
    own |= {"issuers": [], "sources": {SOURCE: []}, "bank_urls": {}, "limits": [{"currency": "EUR", "per_day": _LIMIT}]}
    own |= {"source_secrets": {}, "tell_presumed": [SOURCE]}
    own["api"] = {"host": "127.0.0.1", "port": 0}
    own["metrics"] = {"host": "127.0.0.1", "port": options.metrics_port}
    return load_settings(options.config, **own)


def _knowing(settings: Settings, street: Street) -> Settings:
    return settings.model_copy(update={"bank_urls": bank_urls(street)})


@asynccontextmanager
async def _street(
    settings: Settings, options: DemoOptions, banks: Sequence[BankParameters], clock: DayClock, back: Backing
) -> AsyncIterator[tuple[Street, CountingPublisher]]:
    """Open the banks while the context lasts; a copy of all they say is kept under `options.out`."""
    inbound = options.out / "inbound" if options.out else None
    secrets = Secrets(settings.secrets_folder, make=True)
    publisher = CountingPublisher(back.bootstrap)
    profiles = read_configuration(options.config, settings).profiles.values()
    make_material(profiles, settings.secrets_folder)
    webhooks = Webhooks(webhook_secrets(profiles, secrets))
    parts: dict[str, Any] = {"root": settings.banks_folder, "outbox": inbound, "webhooks": webhooks}
    pouches = sandbox_pouches(profiles, settings.secrets_folder)
    parts["mailboxes"] = sandbox_mailboxes(profiles, settings.banks_folder, pouches)
    edge = Edge(key=secrets.read("bank-edge"), publisher=publisher, **parts)
    access = sandbox_access(profiles, settings.secrets_folder)
    ssh = sandbox_ssh(profiles, settings.secrets_folder)
    doors: dict[str, Any] = {"access": access, "ssh": ssh, "pouches": pouches}
    street = Street(banks, root=settings.banks_folder, edge=edge, clock=clock.now, **doors)
    try:
        await street.start()
        yield street, publisher
    finally:
        await street.close()
        await publisher.close()
