"""The metrics of a process: what is told is what is scraped, within bounds."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Histogram, generate_latest
from prometheus_client.registry import CollectorRegistry

from gateway.api.callers import CALLS_TOTAL
from gateway.domain.closing import Rule
from gateway.observe.metric_defs import COUNTED, DEFINITIONS, LABELS, READ, Kind
from gateway.observe.metrics import OTHER, SERIES_MAX, Metrics
from gateway.observe.zeros import STEPS, from_zero
from gateway.ports.metrics import AGES_SECONDS, Meter, Tally, no_meter
from gateway.service.close import CLOSED
from gateway.service.match import MATCHES
from gateway.service.order_events import HearOrders
from gateway.service.readings import Reading
from gateway.service.reroute import REROUTED
from gateway.service.stop_notices import HearStops
from tests.promtool import promtool

GATEWAY = Path(__file__).resolve().parents[2] / "gateway"
AGES = "gateway_approval_to_bank_seconds"


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_names_are_used_once_and_every_label_is_explained() -> None:
    assert len(DEFINITIONS) == len(COUNTED) + len(READ)
    assert {label for d in DEFINITIONS.values() for label in d.labels} == set(LABELS)


def test_names_follow_the_conventions_of_prometheus() -> None:
    for definition in DEFINITIONS.values():
        assert re.fullmatch(r"gateway_[a-z_]+", definition.name)
        assert definition.name.endswith("_total") == (definition.kind is Kind.COUNTER)
        assert bool(definition.buckets) == (definition.kind is Kind.HISTOGRAM)
        assert definition.meaning.endswith(".")


def test_no_label_can_say_who_is_paid() -> None:
    telling = ("name", "account", "iban", "creditor", "person", "order", "batch", "id", "key", "path", "message")
    assert [label for label in LABELS if any(word in label for word in telling)] == []


def _tellings() -> Iterator[tuple[str, int, ast.Call]]:
    """Every call in the product that tells a meter something."""
    for file in GATEWAY.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                told = node.func.attr in {"count", "observe", "show"} and (
                    isinstance(node.args[0], ast.Name)
                    or (isinstance(node.args[0], ast.Constant) and str(node.args[0].value).startswith("gateway_"))
                )
                if told and (node.keywords or isinstance(node.args[0], ast.Constant)):
                    yield file.name, node.lineno, node


def test_what_services_tell_is_in_the_list_with_its_labels() -> None:
    names = {"PAYMENTS": "gateway_payments_total", "MATCHES": MATCHES, "CLOSED": CLOSED, "REROUTED": REROUTED}
    names["CALLS_TOTAL"] = CALLS_TOTAL
    seen = set()
    for file, line, call in _tellings():
        first = call.args[0]
        name = names.get(first.id, "") if isinstance(first, ast.Name) else str(getattr(first, "value", ""))
        if name not in DEFINITIONS and file in {"metrics.py", "zeros.py"}:
            continue  # the meter itself, passing on what it was told, and where it starts
        assert name in DEFINITIONS, f"{file}:{line}"
        assert {k.arg for k in call.keywords} == set(DEFINITIONS[name].labels), f"{file}:{line}"
        seen.add(name)
    assert seen == {d.name for d in COUNTED}


def test_counts_add_up_by_label() -> None:
    metrics = Metrics()
    for payments in (1_000, 24):
        metrics.count("gateway_payments_total", payments, stage="sent", bank="alfa")
    metrics.count("gateway_payments_total", 3, stage="sent", bank="bravo")
    assert sample(metrics, "gateway_payments_total", stage="sent", bank="alfa") == 1_024
    assert sample(metrics, "gateway_payments_total", stage="sent", bank="bravo") == 3


def test_a_gauge_shows_its_last_value_until_somebody_else_knows_it() -> None:
    metrics = Metrics()
    metrics.show("gateway_consumer_lag_records", 500, partition="3")
    metrics.show("gateway_consumer_lag_records", 20, partition="3")
    assert sample(metrics, "gateway_consumer_lag_records", partition="3") == 20
    metrics.show("gateway_consumer_lag_records", None, partition="3")
    metrics.show("gateway_consumer_lag_records", None, partition="4")
    assert sample(metrics, "gateway_consumer_lag_records", partition="3") is None


def test_readings_replace_those_before() -> None:
    metrics = Metrics()
    metrics.replace_readings([Reading(name="gateway_open_exceptions", value=2, labels={"kind": "orphan"})])
    metrics.replace_readings([Reading(name="gateway_open_exceptions", value=1, labels={"kind": "unknown"})])
    assert sample(metrics, "gateway_open_exceptions", kind="orphan") is None
    assert sample(metrics, "gateway_open_exceptions", kind="unknown") == 1


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 50)), max_size=20))
def test_a_histogram_counts_as_the_library_does(observed: list[tuple[int, int]]) -> None:
    metrics, registry = Metrics(), CollectorRegistry()
    library = Histogram(AGES, "as the library counts", ["bank"], buckets=AGES_SECONDS, registry=registry)
    for seconds, times in observed:
        metrics.observe(AGES, seconds, times, bank="alfa")
        for _ in range(times):
            library.labels("alfa").observe(seconds)
    for suffix in ("_count", "_sum"):
        name = AGES + suffix
        assert sample(metrics, name, bank="alfa") == registry.get_sample_value(name, {"bank": "alfa"})
    ours = re.findall(rf"{AGES}_bucket.*", generate_latest(metrics.registry).decode().replace(".0", ""))
    theirs = re.findall(rf"{AGES}_bucket.*", generate_latest(registry).decode().replace(".0", ""))
    assert ours == theirs


@pytest.mark.parametrize("value", ["Maria Muster", "DE89370400440532013000", "131052-308T", "é", "", "x" * 65, "a\nb"])
def test_a_label_value_that_is_no_word_of_ours_becomes_other(value: str) -> None:
    metrics = Metrics()
    metrics.count("gateway_http_requests_total", 1, route=value, method="GET", status="404")
    assert sample(metrics, "gateway_http_requests_total", route=OTHER, method="GET", status="404") == 1
    assert value == "" or value not in generate_latest(metrics.registry).decode()


@pytest.mark.parametrize("value", ["/v1/orders/{order}", "names what was never sent", "StoreDown", "not sent", "15"])
def test_words_of_ours_stay(value: str) -> None:
    metrics = Metrics()
    metrics.count("gateway_http_requests_total", 1, route=value, method="GET", status="200")
    assert sample(metrics, "gateway_http_requests_total", route=value, method="GET", status="200") == 1


def test_series_are_bounded() -> None:
    metrics = Metrics()
    for number in range(SERIES_MAX + 10):
        metrics.count("gateway_step_failures_total", 1, step=f"s{number}", error="StoreBusy")
    assert sample(metrics, "gateway_step_failures_total", step=OTHER, error=OTHER) == 10
    metrics.count("gateway_step_failures_total", 1, step="s0", error="StoreBusy")
    assert sample(metrics, "gateway_step_failures_total", step="s0", error="StoreBusy") == 2


@pytest.mark.parametrize("labels", [{}, {"bank": "alfa"}, {"bank": "alfa", "answer": "sent", "name": "Maria"}])
def test_wrong_labels_are_a_mistake_in_the_code(labels: dict[str, str]) -> None:
    metrics = Metrics()
    metrics.count("gateway_tries_total", 1, bank="alfa", answer="sent")
    with pytest.raises(KeyError):
        metrics.count("gateway_tries_total", 1, **labels)
    with pytest.raises(KeyError):
        metrics.count("gateway_unheard_of_total", 1, **labels)


def test_a_tally_tells_nothing_before_it_is_reported() -> None:
    metrics, tally = Metrics(), Tally()

    def tell(meter: Meter) -> None:
        meter.count("gateway_tries_total", 2, bank="alfa", answer="sent")
        meter.observe(AGES, 60, 2, bank="alfa")
        meter.show("gateway_consumer_lag_records", 7, partition="0")

    tell(no_meter)
    tell(tally)
    assert sample(metrics, "gateway_tries_total", bank="alfa", answer="sent") is None
    tally.report(metrics)
    assert sample(metrics, "gateway_tries_total", bank="alfa", answer="sent") == 2
    assert sample(metrics, AGES + "_count", bank="alfa") == 2
    assert sample(metrics, "gateway_consumer_lag_records", partition="0") == 7


def test_promtool_finds_no_fault_in_the_exposition() -> None:
    metrics = Metrics()
    for definition in COUNTED:
        labels = dict.fromkeys(definition.labels, "word")
        if definition.kind is Kind.COUNTER:
            metrics.count(definition.name, 1, **labels)
        elif definition.kind is Kind.HISTOGRAM:
            metrics.observe(definition.name, 61, 2, **labels)
        else:
            metrics.show(definition.name, 1, **labels)
    metrics.replace_readings(Reading(name=d.name, value=1, labels=dict.fromkeys(d.labels, "word")) for d in READ)
    exposition = generate_latest(metrics.registry).decode()
    assert all(name in exposition for name in DEFINITIONS)
    checked = promtool("check", "metrics", stdin=exposition)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_counters_of_every_bank_and_step_start_at_zero() -> None:
    metrics = from_zero(["alfa", "bravo"])
    for bank in ("alfa", "bravo"):
        assert sample(metrics, "gateway_tries_total", bank=bank, answer="not sent") == 0
        assert sample(metrics, "gateway_matches_total", bank=bank, rule="by hand") == 0
        assert sample(metrics, "gateway_attempts_closed_total", bank=bank, proof="never left") == 0
    assert sample(metrics, "gateway_step_failures_total", step="close", error="StoreDown") == 0
    assert '"other"' not in generate_latest(metrics.registry).decode()


def test_the_steps_that_start_at_zero_are_those_that_run() -> None:
    runtime = "".join(file.read_text(encoding="utf-8") for file in (GATEWAY / "runtime").glob("*.py"))
    kinds = set(re.findall(r'\bkind="([a-z ]+)"', runtime)) - {"street"}
    assert kinds | {HearOrders.name, HearStops.name} == set(STEPS)


def test_a_proof_is_counted_by_a_word() -> None:
    assert [rule.word for rule in Rule] == ["never left", "file rejected", "rejected", "returned", "decided"]
