"""The dashboards of the repository, as Grafana would read them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.promtool import ROOT

DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))


def load(file: Path) -> dict[str, Any]:
    dashboard: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return dashboard


def panels(file: Path) -> list[dict[str, Any]]:
    """Every panel that shows something."""
    return [panel for panel in load(file)["panels"] if panel["type"] != "row"]


def queries(file: Path) -> Iterator[tuple[str, str]]:
    """Yield title and query of every target."""
    for panel in panels(file):
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def chooses_one_bank(file: Path) -> bool:
    (bank,) = [v for v in load(file)["templating"]["list"] if v["name"] == "bank"]
    return not bank["multi"]


def evaluable(expr: str, *, bank: str = ".*", rate: str = "5m", over: str = "1h") -> str:
    """Put values in the place of Grafana's variables."""
    for name, value in (("$__rate_interval", rate), ("$__range", over), ("$bank", bank)):
        expr = expr.replace(name, value)
    return expr
