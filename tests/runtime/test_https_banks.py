"""The sandbox's most demanding bank, as it ships: its own CA, our certificate, tokens, signatures, and its calls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.bus.envelope import INLINE_LIMIT
from gateway.bus.kafka import KafkaProducer
from gateway.domain.errors import ConfigError
from gateway.ports.boundary import unbounded
from gateway.runtime.configuration import read_configuration
from gateway.runtime.connecting import connect_bank
from gateway.runtime.keys import Secrets
from gateway.runtime.loops import Bell
from gateway.runtime.material import make_material
from gateway.runtime.sandbox_apis import sandbox_access, webhook_secrets
from gateway.runtime.serve import rest_door
from gateway.runtime.settings import load_settings
from gateway.sandbox import ApiBank, ApiParameters, Webhooks, read_parameters
from gateway.sandbox.books import Answer
from tests.hearing.ear import Ear, listening
from tests.orders import ROOT
from tests.scenario import MORNING, Scene, configuration, opened, payments

BANK = "oscar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The bank and the gateway that pays through it."""

    bank: ApiBank
    scene: Scene

    async def send(self) -> list[str]:
        await self.scene.run("send", BANK)
        return await self.scene.states()

    def booked(self) -> int:
        return sum(1 for _ in self.bank.books.export())


@asynccontextmanager
async def the_bank(root: Path, scheme: str = "https") -> AsyncIterator[ApiBank]:
    config = configuration(root / "config", (BANK,))
    file = config / "banks" / f"{BANK}.yaml"
    file.write_text(file.read_text("utf-8").replace("base_url: https:", f"base_url: {scheme}:"), "utf-8")
    settings = load_settings(config, data_dir=root)
    profiles = read_configuration(config, settings).profiles.values()
    make_material(profiles, settings.secrets_folder)
    access = sandbox_access(profiles, settings.secrets_folder)[BANK]
    shipped = next(bank for bank in read_parameters(ROOT / "config" / "sandbox.yaml", seed=7) if bank.slug == BANK)
    bank = ApiBank(replace(shipped, api=ApiParameters()), settings.banks_folder, access=access, clock=lambda: MORNING)
    await bank.start()
    try:
        yield bank
    finally:
        await bank.close()


@pytest.fixture
async def pair(database_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    async with (
        the_bank(tmp_path) as bank,
        opened(database_url, tmp_path, banks=(BANK,), bank_urls={BANK: bank.url}) as scene,
    ):
        assert bank.url.startswith("https://")
        yield Pair(bank=bank, scene=scene)


async def test_a_payment_passes_every_control(pair: Pair) -> None:
    await pair.scene.sealed(payments([1], BANK))
    assert (await pair.send(), pair.booked()) == (["delivered"], 1)


async def test_over_plain_http_a_sandbox_signs_as_well(database_url: str, tmp_path: Path) -> None:
    async with (
        the_bank(tmp_path, "http") as bank,
        opened(database_url, tmp_path, banks=(BANK,), bank_urls={BANK: bank.url}) as scene,
    ):
        assert (bank.url.startswith("http://"), bank.porter.signed("", b"{}")) == (True, False)
        pair = Pair(bank=bank, scene=scene)
        await scene.sealed(payments([1], BANK))
        assert (await pair.send(), pair.booked()) == (["delivered"], 1)


async def test_a_token_that_the_bank_forgot_costs_one_try(pair: Pair) -> None:
    await pair.scene.sealed(payments([1], BANK))
    await pair.send()
    pair.bank.porter.forget()
    await pair.scene.sealed(payments([2], BANK), "B-2")
    assert await pair.send() == ["delivered", "not sent"]
    assert pair.booked() == 1
    pair.scene.clock.advance(pair.scene.gateway.banks[BANK].profile.timings.retry_after_seconds)
    assert (await pair.send(), pair.booked()) == (["delivered", "delivered"], 2)


async def test_a_submission_signed_by_another_key_is_not_taken_in(
    pair: Pair, database_url: str, tmp_path: Path
) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "secrets" / "oscar-signing-key").write_bytes(pem)
    urls = {BANK: pair.bank.url}
    async with opened(database_url, tmp_path, banks=(BANK,), bank_urls=urls, worker="w2") as scene:
        await scene.sealed(payments([1], BANK))
        await scene.run("send", BANK)
        assert (await scene.states(), pair.booked()) == (["not sent"], 0)
        [evidence] = await scene.column("SELECT evidence FROM intent")
        assert "SIGNATURE" in str(evidence)


def test_plain_http_is_refused_in_production(tmp_path: Path) -> None:
    config = configuration(tmp_path / "config", (BANK,))
    sandbox = load_settings(config, data_dir=tmp_path)
    profile = read_configuration(config, sandbox).profiles[BANK]
    settings = sandbox.model_copy(update={"mode": "production", "bank_urls": {BANK: "http://127.0.0.1:1"}})
    with pytest.raises(ConfigError, match="must be https in production"):
        connect_bank(profile, settings, Secrets(tmp_path, make=True), cast("object", None), unbounded)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The bank's own way to call, and the gateway's ear behind the door."""

    webhooks: Webhooks
    ear: Ear

    async def say(self, content: bytes, copy: int = 1) -> int:
        now = self.ear.scene.clock.now()
        answer = Answer(id=copy, name="M", suffix="json", digest="", copy=copy, content=content, due=now)
        return len(await self.webhooks.call(BANK, [answer], now))

    async def hear(self) -> list[tuple[object, ...]]:
        """Let what was published be received; return what is stored: bank, channel and size."""
        for record in self.ear.bus.published:
            self.ear.bus.put(record)
        self.ear.bus.published.clear()
        await self.ear.until_idle("share")
        await self.ear.until_idle("receive")
        rows = await self.ear.scene.rows("SELECT bank, channel, size FROM bank_message ORDER BY message_no")
        return [tuple(row) for row in rows]


@pytest.fixture
async def calls(database_url: str, tmp_path: Path) -> AsyncIterator[Calls]:
    async with opened(database_url, tmp_path, banks=(BANK,)) as scene, listening(scene) as ear:
        gateway = scene.gateway
        server = TestServer(rest_door(gateway, Bell(), cast("KafkaProducer", ear.bus)))
        await server.start_server()
        secrets = Secrets(gateway.settings.secrets_folder, make=False)
        webhooks = Webhooks(webhook_secrets(gateway.configuration.profiles.values(), secrets))
        webhooks.call_at(str(server.make_url("")).rstrip("/"))
        yield Calls(webhooks=webhooks, ear=ear)
        await server.close()


async def test_what_a_bank_calls_with_is_stored_once_as_that_banks(calls: Calls) -> None:
    message = b'{"type":"payment-status"}'
    assert await calls.say(message) == 1
    assert await calls.hear() == [(BANK, "webhook", len(message))]
    calls.ear.scene.clock.advance(1)  # signed anew: published again, and known by its digest
    assert (await calls.say(message, copy=2), len(calls.ear.bus.published)) == (1, 1)
    assert await calls.hear() == [(BANK, "webhook", len(message))]


async def test_a_large_message_goes_by_reference(calls: Calls) -> None:
    message = b" " * (INLINE_LIMIT + 1)
    assert await calls.say(message) == 1
    assert calls.ear.bus.published[0].value == b""
    assert await calls.hear() == [(BANK, "webhook", len(message))]


async def test_without_kafka_the_bank_keeps_its_message(calls: Calls) -> None:
    calls.ear.bus.down = True
    assert await calls.say(b"{}") == 0
    calls.ear.bus.down = False
    assert await calls.say(b"{}") == 1
