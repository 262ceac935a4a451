"""A whole pay day, as the command plays it, in a process of its own: what it prints, leaves behind and never tells."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.orders import ROOT

ORDERS, SEED = 300, 7
PROGRAM = """
import sys
from pathlib import Path
from gateway.demo.command import demo
from gateway.demo.stage import DemoOptions
root, out, orders, seed, form = sys.argv[1:]
options = DemoOptions(orders=int(orders), seed=int(seed), out=Path(out), config=Path(root) / "config")
sys.exit(demo(options, as_json=form == "json"))
"""
PLAYED_IN_SECONDS = 300

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A run: its exit code, what it printed and where its evidence is."""

    code: int
    stdout: str
    stderr: str
    out: Path

    @property
    def result(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / name).read_text(encoding="utf-8").splitlines()]

    def files(self, folder: str) -> dict[str, str]:
        """Relative path -> digest of every file under a folder of the evidence."""
        root = self.out / folder
        paths = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def played(out: Path, form: str) -> Played:
    arguments = [str(ROOT), str(out), str(ORDERS), str(SEED), form]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=PLAYED_IN_SECONDS,
        check=False,
        cwd=ROOT,
    )
    return Played(code=done.returncode, stdout=done.stdout, stderr=done.stderr, out=out)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run whose result is one JSON object."""
    return played(tmp_path_factory.mktemp("first"), "json")


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The same again, for a person to read."""
    return played(tmp_path_factory.mktemp("second"), "report")


def test_the_day_closes_and_the_banks_agree(first: Played) -> None:
    assert first.code == 0, first.stderr
    result = first.result
    assert result["control_sheet"]["closes"]
    assert result["banks_agree"]
    assert result["findings"] == []
    assert result["duplicates_booked"] == 0
    assert result["payments_compared"] == result["orders"] == ORDERS
    assert (result["seed"], result["pay_date"]) == (SEED, "2026-09-21")


def test_the_result_adds_up_from_the_evidence_alone(first: Played) -> None:
    result, orders = first.result, first.lines("orders.ndjson")
    assert len(orders) == ORDERS
    assert sum(Decimal(order["amount"]) for order in orders) == Decimal(result["amount"]["EUR"])
    assert sum(figure["count"] for figure in result["positions"].values()) == ORDERS
    latest = {event["orderId"]: event["outcome"] for event in first.lines("outcomes.ndjson")}
    for position in ("paid", "returned", "rejected", "refused", "held"):
        assert result["positions"][position]["count"] == list(latest.values()).count(position)
    assert result["positions"]["stopped"]["count"] == ORDERS - len(latest) > 0
    booked = [entry for entry in first.lines("banks.ndjson") if entry["booked"] and not entry["returned"]]
    assert sum(Decimal(entry["amount"]) for entry in booked) == Decimal(result["positions"]["paid"]["amount"]["EUR"])
    assert result["outcome_events"] == len(first.lines("outcomes.ndjson"))


def test_every_equation_is_there_with_its_difference(first: Played) -> None:
    equations = first.result["control_sheet"]["equations"]
    assert {equation["about"].partition(" ")[0] for equation in equations} >= {"all", "EUR", *first.result["banks"]}
    assert all(
        equation["difference"] == {"count": 0, "amount": equation["difference"]["amount"]} for equation in equations
    )
    assert not any(equation["difference"]["amount"].strip("0.") for equation in equations)


def test_seventeen_banks_were_paid_through(first: Played) -> None:
    assert len(first.result["banks"]) == 17
    for bank, figures in first.result["banks"].items():
        assert figures["sent"]["count"] > 0, bank
        assert list((first.out / "outbound" / bank).iterdir()), bank
        assert list((first.out / "inbound" / bank).iterdir()), bank


def test_trouble_was_played_and_survived(first: Played) -> None:
    result = first.result
    assert result["tries"]["not sent"] > 0  # a bank was down
    assert result["tries"]["unknown"] > 0  # and others booked without answering
    assert "under way" not in result["tries"]
    assert result["recalls"]["count"] == 1  # one stop came too late
    assert set(result["submission_states"]) == {"delivered", "dissolved"}
    assert len(result["refused_at_the_door"]) == 4


def test_numbers_of_outcomes_have_no_gap(first: Played) -> None:
    numbers: dict[str, list[int]] = {}
    for event in first.lines("outcomes.ndjson"):
        numbers.setdefault(event["orderId"], []).append(event["outcomeNo"])
    assert all(of_order == list(range(1, len(of_order) + 1)) for of_order in numbers.values())


def test_the_same_seed_gives_the_same_evidence(first: Played, second: Played) -> None:
    assert second.code == 0, second.stderr
    assert (first.out / "orders.ndjson").read_bytes() == (second.out / "orders.ndjson").read_bytes()
    assert first.files("outbound") == second.files("outbound")
    assert first.files("inbound") == second.files("inbound")
    for name in ("banks.ndjson", "outcomes.ndjson"):
        lines = [sorted((run.out / name).read_text(encoding="utf-8").splitlines()) for run in (first, second)]
        assert lines[0] == lines[1]


def test_the_report_can_be_read_by_a_person(second: Played) -> None:
    for words in (
        "Control sheet: every equation with its difference",
        "The control sheet closes.",
        f"The banks' own books agree with the gateway on {ORDERS} orders.",
        "Stopped too late: 1 recall(s) proposed",
        "SICK_PAY",
        "quebec",
    ):
        assert words in second.stdout
    assert "DOES NOT" not in second.stdout
    assert "(simulated)" in second.stderr


def test_json_mode_prints_one_object_and_keeps_a_copy(first: Played) -> None:
    assert len(first.stdout.splitlines()) == 1
    assert json.loads((first.out / "result.json").read_text(encoding="utf-8")) == first.result
    assert first.result["payments_per_second"] > 0
    assert first.result["peak_rss_mib"] > 0
    assert first.result["broker"]


def personal(run: Played) -> Iterator[str]:
    """Every name, account and national id of the run's orders."""
    for order in run.lines("orders.ndjson"):
        account = order["creditorAccount"]
        yield from filter(None, (account.get("iban"), account.get("number"), account.get("id")))
        for role in ("creditor", "ultimateCreditor", "deceased"):
            party = order.get(role)
            if party:
                yield party["name"]
                yield from (identification["id"] for identification in party["identifications"])


def test_nothing_personal_gets_where_it_does_not_belong(first: Played, second: Played) -> None:
    canaries = set(personal(first))
    assert len(canaries) > ORDERS
    assert any(canary in (first.out / "orders.ndjson").read_text(encoding="utf-8") for canary in canaries)
    kept = ("gateway.log", "metrics.txt", "refusals.ndjson", "outcomes.ndjson", "result.json")
    texts = {
        f"{run.out.name}/{name}": (run.out / name).read_text(encoding="utf-8")
        for run in (first, second)
        for name in kept
    }
    texts |= {"stdout": first.stdout, "stderr": first.stderr, "report": second.stdout, "progress": second.stderr}
    assert "gateway_payments_total" in texts[f"{first.out.name}/metrics.txt"]
    assert len(first.lines("refusals.ndjson")) == 4
    told = [
        (where, hashlib.sha256(c.encode()).hexdigest()[:8])
        for where, text in texts.items()
        for c in canaries
        if c in text
    ]
    assert told == []
