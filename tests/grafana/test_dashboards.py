"""Dashboards: every query names what is in the list, and every panel shows something on synthetic data."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.observe.metric_defs import LABELS
from tests.grafana.promql import series, unknown
from tests.promtool import ROOT, promtool

GRAFANA = ROOT / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
VALUES = {
    "bank": ("alfa", "none"),
    "stage": ("received", "ordered", "sealed", "sent", "confirmed", "rejected", "returned", "told"),
    "state": ("open", "received"),
    "position": ("paid",),
    "currency": ("EUR", "PLN"),
    "le": ("1", "60", "+Inf"),
}
"""Values of labels in the synthetic data; every other label has one."""
GRAFANA_VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$bank": ".*"}


def load(file: Path) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return dashboard


def panels(file: Path) -> list[dict[str, Any]]:
    return [panel for panel in load(file)["panels"] if panel["type"] != "row"]


QUERIES = [
    pytest.param(target["expr"], id=f"{file.stem}/{panel['title']}/{target['refId']}")
    for file in DASHBOARDS
    for panel in panels(file)
    for target in panel["targets"]
]


@pytest.mark.parametrize("expr", QUERIES)
def test_every_metric_and_label_is_in_the_list(expr: str) -> None:
    assert unknown(expr) == []


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ("sum(gateway_nothing_total)", ["gateway_nothing_total"]),
        ('gateway_breaker_open{person="x"}', ["gateway_breaker_open{person}"]),
        ("max by (person) (gateway_breaker_open)", ["by (person)"]),
        ("gateway_approval_to_bank_seconds", ["gateway_approval_to_bank_seconds"]),
        ("up", ["up"]),
    ],
)
def test_what_is_not_in_the_list_is_found(expr: str, names: list[str]) -> None:
    assert unknown(expr) == names


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda f: f.stem)
def test_variables_are_declared_and_their_query_is_in_the_list(file: Path) -> None:
    dashboard = load(file)
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", file.read_text(encoding="utf-8")))
    assert used == set(variables) == {"bank", "datasource"}
    label_values = re.fullmatch(r"label_values\((\w+), (\w+)\)", variables["bank"]["query"]["query"])
    assert label_values is not None
    assert label_values[2] in series()[label_values[1]]


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda f: f.stem)
def test_panels_have_ids_of_their_own_and_do_not_overlap(file: Path) -> None:
    every = load(file)["panels"]
    assert len({p["id"] for p in every}) == len(every)
    cells = [
        (x, y)
        for at in (p["gridPos"] for p in every)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_pay_day_has_its_rows_and_every_panel_says_what_it_shows() -> None:
    file = GRAFANA / "dashboards" / "pay-day.json"
    rows = [p["title"] for p in load(file)["panels"] if p["type"] == "row"]
    assert rows == ["Throughput", "Banks", "Money by position", "Trouble"]
    assert all(p["title"] and p["description"].endswith(".") and p["targets"] for p in panels(file))


def _synthetic() -> list[dict[str, str]]:
    """Every series of the list, with values that rise."""
    rows = []
    for name, labels in series().items():
        for values in itertools.product(*(VALUES.get(label, ("word",)) for label in labels)):
            matchers = ", ".join(f'{label}="{value}"' for label, value in zip(labels, values, strict=True))
            rows.append({"series": f"{name}{{{matchers}}}", "values": "1+1x60"})
    return rows


def _evaluable(expr: str) -> str:
    for name, value in GRAFANA_VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


def test_every_panel_shows_something(tmp_path: Path) -> None:
    """Prometheus evaluates each query on every series of the list; none is empty, and none is no number."""
    asked = [
        {
            "expr": f"count(({_evaluable(expr)}) >= 0) > bool 0",
            "eval_time": "60m",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for expr in (query.values[0] for query in QUERIES)
        if isinstance(expr, str)
    ]
    assert len(asked) == len(QUERIES)
    tests = [{"interval": "1m", "input_series": _synthetic(), "promql_expr_test": asked}]
    file = tmp_path / "panels_test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [], "tests": tests}), encoding="utf-8")
    done = promtool("test", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_label_of_the_list_can_be_told_apart_in_synthetic_data() -> None:
    assert set(VALUES) - {"le"} <= set(LABELS)


def test_provisioning_names_the_data_source_and_the_folder() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yaml").read_text())
    providers = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "gateway.yaml").read_text())
    assert [(s["type"], s["isDefault"]) for s in sources["datasources"]] == [("prometheus", True)]
    assert [(p["type"], p["folder"]) for p in providers["providers"]] == [("file", "Payments gateway")]
