"""Prometheus itself, watching a whole demo run: every panel has data, every alert can be evaluated."""

import re
from pathlib import Path

import pytest

from tests.grafana.boards import DASHBOARDS, chooses_one_bank, evaluable, queries
from tests.grafana.promql import SELECTOR
from tests.grafana.test_rules import NAMES, RULES
from tests.orders import ROOT
from tests.prometheus import Prometheus

BANKS = sorted(file.stem for file in (ROOT / "config" / "banks").glob("*.yaml"))
ONLY_IN_TROUBLE = {'gateway_http_requests_total{status=~"5.."}'}
"""What a healthy run does not show: there is a zero for everything else that an alert asks for."""

pytestmark = pytest.mark.slow


def _empty(server: Prometheus, file: Path, bank: str) -> set[str]:
    """The titles of panels that show nothing, anywhere in the run."""
    start, end = server.scraped()
    with_data, titles = set(), set()
    for title, expr in queries(file):
        titles.add(title)
        if server.shown(evaluable(expr, bank=bank, rate="1m", over=f"{round(end - start)}s"), start, end):
            with_data.add(title)
    return titles - with_data


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda f: f.stem)
def test_every_panel_has_data(watched: Prometheus, file: Path) -> None:
    for bank in BANKS if chooses_one_bank(file) else [".*"]:
        assert _empty(watched, file, bank) == set(), bank


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda f: f.stem)
def test_every_query_has_data_for_some_bank(watched: Prometheus, file: Path) -> None:
    start, end = watched.scraped()
    over = f"{round(end - start)}s"
    asked = {expr: evaluable(expr, rate="1m", over=over) for _, expr in queries(file)}
    assert [expr for expr, asked_for in asked.items() if not watched.shown(asked_for, start, end)] == []


def test_a_panel_about_nothing_would_be_found(watched: Prometheus) -> None:
    start, end = watched.scraped()
    assert watched.shown('gateway_breaker_open{bank="nobody"}', start, end) == []
    assert watched.shown('gateway_breaker_open{bank="nobody"} / 0 or 0 * vector(0) / 0', start, end) == []


def test_the_variable_offers_every_bank(watched: Prometheus) -> None:
    start, end = watched.scraped()
    query: dict[str, str | float] = {"match[]": "gateway_breaker_open", "start": start, "end": end}
    assert watched.ask("label/bank/values", **query) == BANKS


def test_prometheus_evaluates_every_rule(watched: Prometheus) -> None:
    rules = watched.evaluated()
    assert [rule["name"] for rule in rules] == NAMES
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_alert_looks_at_something_that_is_there(watched: Prometheus, rule: dict[str, str]) -> None:
    """An alert on a series that nobody shows would never fire."""
    start, end = watched.scraped()
    selectors = {match[0] for match in re.finditer(SELECTOR, rule["expr"])} - ONLY_IN_TROUBLE
    assert [s for s in selectors if not watched.shown(f"count({s})", start, end)] == []
