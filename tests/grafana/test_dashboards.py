"""Dashboards: every query names what is in the list, and every panel shows something on synthetic data."""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from gateway.domain.exceptions import KINDS
from gateway.domain.ledger import LedgerAccount
from gateway.observe.metric_defs import LABELS
from tests.grafana.boards import DASHBOARDS, chooses_one_bank, evaluable, load, panels, queries
from tests.grafana.promql import series, unknown
from tests.promtool import ROOT, promtool

GRAFANA = ROOT / "grafana"
VALUES = {
    "bank": ("alfa", "none"),
    "stage": ("received", "ordered", "sealed", "sent", "confirmed", "rejected", "returned", "told"),
    "state": ("open", "received"),
    "position": ("paid",),
    "kind": tuple(KINDS),
    "purpose": tuple(LedgerAccount),
    "currency": ("EUR", "PLN"),
    "le": ("1", "60", "+Inf"),
}
"""Values of labels in the synthetic data; every other label has one."""

QUERIES = [
    pytest.param(expr, id=f"{file.stem}/{title}/{number}")
    for file in DASHBOARDS
    for number, (title, expr) in enumerate(queries(file))
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
        ("down", ["down"]),
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


ROWS = {
    "pay-day": ["Throughput", "Banks", "Money by position", "Trouble"],
    "reconciliation": [
        "Do the books close",
        "Statements",
        "Matching",
        "Closing",
        "Ledger and suspense",
        "What people decide",
        "Stops, funds and limits",
        "Doors",
    ],
    "bank": ["Now", "Payments", "What the bank says", "Money", "Closing and trouble", "Lane"],
}


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda f: f.stem)
def test_a_dashboard_has_its_rows_and_every_panel_says_what_it_shows(file: Path) -> None:
    assert [p["title"] for p in load(file)["panels"] if p["type"] == "row"] == ROWS[file.stem]
    assert all(p["title"] and p["description"].endswith(".") and p["targets"] for p in panels(file))
    assert len({p["title"] for p in panels(file)}) == len(panels(file))


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda f: f.stem)
def test_every_panel_has_a_unit_and_asks_the_data_source_that_is_chosen(file: Path) -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels(file):
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults.get("unit") or panel["type"] == "state-timeline", panel["title"]
        assert [panel["datasource"], *(t["datasource"] for t in panel["targets"])] == [chosen] * (
            len(panel["targets"]) + 1
        )
        assert len({t["refId"] for t in panel["targets"]}) == len(panel["targets"])
        assert all(t["instant"] != t["range"] for t in panel["targets"])


def test_a_dashboard_is_found_by_its_file_name_and_the_dashboards_link_each_other() -> None:
    boards = {file.stem: load(file) for file in DASHBOARDS}
    assert {name: board["uid"] for name, board in boards.items()} == {name: name for name in ROWS}
    assert {board["title"] for board in boards.values()} == {"Pay day", "Reconciliation", "Bank"}
    assert all("payments-gateway" in board["tags"] for board in boards.values())


def test_one_dashboard_serves_every_bank() -> None:
    assert [file.stem for file in DASHBOARDS if chooses_one_bank(file)] == ["bank"]
    assert all("$bank" in expr for _, expr in queries(GRAFANA / "dashboards" / "bank.json"))


def _synthetic() -> list[dict[str, str]]:
    """Every series of the list, with values that rise."""
    rows = []
    for name, labels in series().items():
        for values in itertools.product(*(VALUES.get(label, ("word",)) for label in labels)):
            matchers = ", ".join(f'{label}="{value}"' for label, value in zip(labels, values, strict=True))
            rows.append({"series": f"{name}{{{matchers}}}", "values": "1+1x60"})
    return rows


def test_every_panel_shows_something(tmp_path: Path) -> None:
    """Prometheus evaluates each query on every series of the list; none is empty, and none is no number."""
    asked = [
        {
            "expr": f"count(({evaluable(expr)}) > -Inf) > bool 0",
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


def _lost(ours: Any, theirs: Any, where: str = "") -> Iterator[str]:
    """Yield where a value is not what it was after Grafana's types took it in."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from _lost(value, theirs[key], f"{where}/{key}")
            elif value not in (None, [], {}, ""):
                yield f"{where}/{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for mine, other in zip(ours, theirs, strict=True):
            yield from _lost(mine, other, f"{where}/*")
    elif ours != theirs:
        yield where


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda f: f.stem)
def test_grafanas_own_types_know_every_field(file: Path) -> None:
    """Read into Grafana's types and written again, nothing is lost or changed, down to queries and panel options."""
    register_default_plugins()
    written = json.loads(JSONEncoder().encode(Dashboard.from_json(load(file))))
    definition = "/templating/list/*/definition"  # what the settings page shows of a query; only that page writes it
    assert set(_lost(load(file), written)) == {definition}


def test_a_field_that_grafana_does_not_know_is_found() -> None:
    register_default_plugins()
    board = load(DASHBOARDS[0])
    board["panels"][1]["fieldConfig"]["defaults"]["uint"] = "s"
    written = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    assert "/panels/*/fieldConfig/defaults/uint" in set(_lost(board, written))
