"""The parts of the measurements work on small numbers. What they measure is nobody's assertion."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bank_adapters.iso20022.adapter import Iso20022Adapter
from gateway.bench import entries, formats, https, lanes, matching, sftp, transports
from gateway.bench.children import running
from gateway.bench.command import Bench, measure
from gateway.bench.life import Lives, Stage
from gateway.bench.minimal_bank import notices
from gateway.bench.one_by_one import one_by_one
from gateway.bench.orders import german_iban, order_lines
from gateway.bench.rows import Row, show
from gateway.bench.usage import cpu_seconds, peak_mib, resident_mib
from gateway.domain.errors import ConfigError
from gateway.domain.iban import bank_code, iban_violations
from gateway.domain.observation import Observation, ObservationKind
from gateway.sandbox import read_parameters


def test_the_time_of_a_whole_process_tree_is_counted() -> None:
    before = cpu_seconds(os.getpid())
    spin = "import time\nwhile time.process_time() < 0.3: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '''{spin}'''])"
    subprocess.run([sys.executable, "-c", nested], check=True)
    # Less would mean that children, or theirs, are left out; the kernel counts in hundredths of a second.
    assert cpu_seconds(os.getpid()) - before >= 0.25


def test_memory_is_that_of_the_tree() -> None:
    alone = resident_mib(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert 0 < resident_mib(child.pid) <= peak_mib(child.pid)
        assert resident_mib(os.getpid()) > alone / 2
        child.communicate(b"\n")
    assert cpu_seconds(child.pid) == 0


def test_accounts_are_valid_and_lines_differ() -> None:
    assert german_iban("37040044", 532013000) == "DE89370400440532013000"  # the example of the IBAN registry
    lines = list(order_lines("B", 20, ("alfa", "bravo"), datetime(2026, 9, 21, tzinfo=UTC)))
    assert len(set(lines)) == 20
    assert not [v for line in lines for v in iban_violations(json.loads(line)["creditorAccount"]["iban"])]


def test_accounts_at_every_bank_of_the_street_are_valid_and_its_own() -> None:
    for bank in read_parameters(Path(__file__).parents[2] / "config" / "sandbox.yaml", seed=7):
        made = [lanes.made_iban(bank, number) for number in (0, 399)]
        assert not [v for one in made for v in iban_violations(one)]
        assert {bank_code(one) for one in made} == {(bank.country, bank.bank_code)}
        assert len(set(made)) == len(made)


def test_the_minimal_bank_books_every_payment_once() -> None:
    adapter, profile, content = Iso20022Adapter(), formats.profile(), formats.submission(25)
    messages = list(notices(b"".join(adapter.render(content, profile)), 10))
    read = [o for m in messages for o in adapter.read([m], profile) if isinstance(o, Observation)]
    assert len(messages) == 3
    assert {o.kind for o in read} == {ObservationKind.ENTRY}
    assert [(o.end_to_end_id, o.uetr, o.amount_minor) for o in read] == [
        (p.end_to_end_id, p.uetr, p.amount.minor) for p in content.payments
    ]


def test_the_minimal_bank_takes_no_other_file() -> None:
    with pytest.raises(ValueError, match=r"not a pain\.001"):
        list(notices(b"<Document/>", 10))


@pytest.mark.parametrize("name", formats.MEASUREMENTS)
async def test_each_format_is_measured_in_a_process_of_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == entries.PEER and not entries.peer_is_here():
        reason = f"{entries.PEER} is not installed: reading is not measured beside it"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    monkeypatch.chdir(Path(__file__).parents[2])
    async with running("formats", name, "20") as child:
        assert child.ready["done"] >= 20
        assert child.ready["seconds"] > 0
        assert child.ready["peak_mib"] > 0


async def test_transports_deliver_what_they_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert (await transports.directory(3)).sends == 3
    assert (await transports.api(20)).sends == 20


async def test_a_request_with_everything_and_one_with_nothing_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setattr(https, "WARM", 2)
    took = await https.cost(Path("config"), 3)
    assert (took.full.sends, took.plain.sends) == (3, 3)


async def test_sftp_and_a_bare_upload_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    ours, put = await sftp.rates(2, 1_000)
    assert min(ours.per_second, put.per_second, ours.mebibytes) > 0


def test_cpu_is_told_by_process_and_stage() -> None:
    stages = [
        Stage(name="cut", seconds=1, cpu={"gateway": 0.2, "Kafka": 0.1}),
        Stage(name="seal", seconds=3, cpu={"gateway": 0.4, "Kafka": 0.0}),
    ]
    lives = Lives(orders=1_000, stages=stages)
    assert lives.micros("gateway", "Kafka") == pytest.approx(700)
    assert lives.micros("gateway", stage="seal") == pytest.approx(400)
    assert lives.per_second() == pytest.approx(250)


def test_the_table_holds_every_part_of_a_row() -> None:
    row = Row(
        what="reading", measured=3_000, unit="/s", reach="5,000/s", baseline=1_500, baseline_of="lxml", how="once"
    )
    console = Console(width=120, record=True, file=StringIO())
    show("a machine", [row], console)
    text = console.export_text()
    assert all(part in text for part in ("a machine", "reading", "3,000 /s", "5,000/s", "1,500 lxml", "2.0x", "once"))
    assert row.as_object()["ratio"] == 2
    assert Row(what="w", measured=1, unit="B", how="h").ratio is None


async def test_what_cannot_be_measured_is_said_before_anything_is() -> None:
    with pytest.raises(ConfigError, match="nothing to measure is called speed; there are life, formats"):
        await measure(Bench(config=Path("config"), orders=1, quick=True), ["formats", "speed"], print)


async def test_matching_is_measured_beside_the_same_entry_by_entry(database_url: str) -> None:
    """Every entry of the message finds its attempt, and each is told once."""
    await matching.seed(database_url, 25)
    took = await matching.apply(database_url, Path(__file__).parents[2] / "config")
    assert took["matches"] == 25
    assert min(took["seconds"], took["peak_mib"]) > 0
    assert await one_by_one(database_url, 5, matching.AT) > 0
