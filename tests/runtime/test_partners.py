"""What is wrong with one bank is that bank's alone, from the start on; loops are made anew as often as it is asked."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from bank_adapters.registry import load_profiles
from gateway.domain.order import IbanAccount
from gateway.domain.routing import Unroutable, route
from gateway.observe.metrics import Metrics
from gateway.runtime.assembly import Gateway
from gateway.runtime.configuration import Configuration, configuration_of, read_configuration
from gateway.runtime.loops import Bell, Loop
from gateway.runtime.reload import Reload
from gateway.runtime.serve import keep_working
from gateway.runtime.settings import load_settings
from tests.orders import ROOT
from tests.scenario import configuration, opened
from tests.sending.setting import written

CONFIG = ROOT / "config"
AT_ALFA = IbanAccount(iban="DE66100100010020260001")


def test_a_code_that_two_banks_claim_is_nobodys_and_the_gateway_starts() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (CONFIG / "banks").glob("*.yaml")}
    texts["bravo"] = texts["bravo"].replace('"10010002"', '"10010001"')
    joined = configuration_of(CONFIG, load_settings(CONFIG), load_profiles(texts))
    assert joined.contested == {("DE", "10010001"): ("alfa", "bravo")}
    assert len(joined.profiles) == 17
    decision = route(AT_ALFA, "EUR", joined.routing)
    assert isinstance(decision, Unroutable)
    assert decision.reason.code == "route.contested"


def test_a_profile_that_cannot_be_read_is_one_bank_s_trouble(tmp_path: Path) -> None:
    config = configuration(tmp_path / "config", ["alfa", "charlie"])
    (config / "banks" / "romeo.yaml").mkdir()
    file = config / "banks" / "alfa.yaml"
    file.write_text(file.read_text("utf-8") + "\nnext_review: 2026-02-30\n", "utf-8")
    joined = read_configuration(config, load_settings(config))
    assert set(joined.profiles) == {"charlie"}
    assert {slug for slug, _ in joined.broken} == {"alfa", "romeo"}


async def test_a_bank_whose_secret_is_missing_is_disabled_and_the_others_start(
    database_url: str, tmp_path: Path
) -> None:
    file = configuration(tmp_path / "config", ["alfa", "charlie"]) / "banks" / "alfa.yaml"
    file.write_text(file.read_text("utf-8").replace("edge_key_secret: bank-edge", "edge_key_secret: empty"), "utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "empty").write_text("")
    async with opened(database_url, tmp_path) as scene:
        assert set(scene.gateway.banks) == {"charlie"}
        assert set(scene.gateway.configuration.profiles) == {"charlie"}
        assert scene.gateway.disabled == {"alfa"}
        assert "empty" in dict(scene.gateway.configuration.broken)["alfa"]


def with_other_ways(root: Path, good: str, bad: str) -> list[str]:
    """Write a configuration in which bravo pays to other banks, with a mistake in alfa's profile; return the banks."""
    banks = written(root, {"alfa": {}, "bravo": {"interbank": {"countries": ["DE"]}}}, interbank=["bravo"])
    text = (CONFIG / "banks" / "alfa.yaml").read_text("utf-8")
    assert good in text
    (root / "config" / "banks" / "alfa.yaml").write_text(text.replace(good, bad, 1), "utf-8")
    return banks


def waits(configuration: Configuration) -> bool:
    decision = route(AT_ALFA, "EUR", configuration.routing)
    return isinstance(decision, Unroutable) and decision.reason.code == "route.broken"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("slug: alfa", "slug: alpha"),
        ('{DE: ["10010001"]}', "{DE: [10010001]}"),
        ('{DE: ["10010001"]}', '\n  DE:\n  - "10010001"\nbank_code: {}'),
        ("family:", "calendar: XX\nfamily:"),
        ("family:", "family"),  # no YAML any more
        ('{DE: ["10010001"]}', '{DE: ["10010001"'),  # nor is the block
        ('bank_codes: {DE: ["10010001"]}', "\t"),
        ('{DE: ["10010001"]}', '["10010001"]'),
        ('{DE: ["10010001"]}', '{DE: [{code: "10010001"}]}'),
    ],
)
def test_payees_of_a_bank_whose_profile_is_broken_are_not_paid_another_way(tmp_path: Path, good: str, bad: str) -> None:
    with_other_ways(tmp_path, good, bad)
    configuration = read_configuration(tmp_path / "config", load_settings(tmp_path / "config"))
    assert [slug for slug, _ in configuration.broken] == ["alfa"]
    assert waits(configuration)


def test_nor_those_of_a_bank_whose_file_cannot_be_opened(tmp_path: Path) -> None:
    with_other_ways(tmp_path, "slug: alfa", "slug: alfa")
    file = tmp_path / "config" / "banks" / "alfa.yaml"
    file.unlink()
    file.mkdir()
    assert waits(read_configuration(tmp_path / "config", load_settings(tmp_path / "config")))


def test_a_broken_profile_that_says_that_it_claims_nothing_keeps_nobody_waiting(tmp_path: Path) -> None:
    with_other_ways(tmp_path, 'bank_codes: {DE: ["10010001"]}', "bank_codes:\nfamly: iso20022")
    configuration = read_configuration(tmp_path / "config", load_settings(tmp_path / "config"))
    assert [slug for slug, _ in configuration.broken] == ["alfa"]
    assert not waits(configuration)


async def test_nor_those_of_a_bank_that_cannot_be_connected(database_url: str, tmp_path: Path) -> None:
    banks = with_other_ways(tmp_path, "edge_key_secret: bank-edge", "edge_key_secret: empty")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "empty").write_text("")
    async with opened(database_url, tmp_path, banks=banks) as scene:
        assert scene.gateway.disabled == {"alfa"}
        assert waits(scene.gateway.configuration)


@pytest.mark.parametrize("slugs", [["alfa"], ["alfa", "charlie"]])
def test_a_code_that_two_claim_stays_contested_when_one_of_them_breaks(tmp_path: Path, slugs: list[str]) -> None:
    config = configuration(tmp_path / "config", ["alfa", "charlie"])
    charlie = config / "banks" / "charlie.yaml"
    text = charlie.read_text("utf-8").replace('"10010003"', '"10010001"')
    charlie.write_text(text if len(slugs) > 1 else text.replace("tries_max: 10", "tries_max: many"), "utf-8")
    joined = read_configuration(config, load_settings(config))
    assert list(joined.profiles) == slugs
    assert joined.contested == joined.routing.contested == {("DE", "10010001"): ("alfa", "charlie")}
    assert route(AT_ALFA, "EUR", joined.routing).reason.code == "route.contested"


async def test_nor_is_it_anybody_s_while_one_of_them_cannot_be_connected(database_url: str, tmp_path: Path) -> None:
    charlie = configuration(tmp_path / "config", ["alfa", "charlie"]) / "banks" / "charlie.yaml"
    text = charlie.read_text("utf-8").replace("edge_key_secret: bank-edge", "edge_key_secret: empty")
    charlie.write_text(text.replace('"10010003"', '"10010001"'), "utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "empty").write_text("")
    async with opened(database_url, tmp_path) as scene:
        assert set(scene.gateway.banks) == {"alfa"}
        assert route(AT_ALFA, "EUR", scene.gateway.configuration.routing).reason.code == "route.contested"


@dataclass(slots=True)
class Counting:
    """A gateway, as far as loops need one; its only step counts."""

    steps: int = 0
    made: int = 0
    metrics: Metrics = field(default_factory=Metrics)
    ran: asyncio.Event = field(default_factory=asyncio.Event)

    async def loops(self, _bus: object) -> list[Loop]:
        self.made += 1
        return [Loop(kind="count", step=self, patience_seconds=3_600)]

    async def run_once(self) -> bool:
        self.steps += 1
        self.ran.set()
        return False


class Again(Reload):
    """Goes on with another gateway each time."""

    async def done(self, gateway: Gateway) -> Gateway:
        self.asked.clear()
        return cast("Gateway", Counting(made=cast("Any", gateway).made))


async def test_loops_are_made_anew_as_often_as_it_is_asked() -> None:
    first, again, bell = Counting(), Again(), Bell()
    beside = Counting()
    street = Loop(kind="street", step=beside, patience_seconds=3_600)
    working = asyncio.create_task(keep_working(cast("Gateway", first), cast("Any", None), bell, again, beside=[street]))
    for _ in range(3):
        await beside.ran.wait()
        beside.ran.clear()
        again.asked.set()
    await beside.ran.wait()
    working.cancel()
    assert (first.steps, first.made, beside.steps) == (1, 1, 4)
