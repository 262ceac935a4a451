"""Alert rules: checked and tested by promtool, tied to the list of metrics and to the runbook."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.grafana.promql import unknown
from tests.promtool import ROOT, promtool

ALERTS = ROOT / "grafana" / "alerts"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((ALERTS / "rules.yaml").read_text())["groups"] for rule in group["rules"]
]
NAMES = [rule["alert"] for rule in RULES]
UNIT_TESTS = ("rules_test.yaml", "rules_of_days_test.yaml")


def test_alerts_are_named_once() -> None:
    assert len(set(NAMES)) == len(NAMES) > 0


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_metric_and_label_of_a_rule_is_in_the_list(rule: dict[str, Any]) -> None:
    assert unknown(rule["expr"]) == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_kind_of_exception_in_a_rule_is_one_that_the_services_raise(rule: dict[str, Any]) -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "gateway" / "service").glob("*.py"))
    for kinds in re.findall(r'kind=~?"([^"]*)"', rule["expr"]):
        assert [kind for kind in kinds.split("|") if f'"{kind}"' not in sources] == []


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_alert_pages_or_makes_a_ticket_and_says_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"grafana/runbook.md#{rule['alert'].lower()}"


def test_the_runbook_has_one_heading_an_alert_in_the_order_of_the_rules() -> None:
    text = (ROOT / "grafana" / "runbook.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == NAMES
    for section in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
        for part in ("Means", "Look", "Do"):
            assert f"**{part}.**" in section


def test_every_alert_has_a_unit_test_that_fires_and_one_that_does_not() -> None:
    cases = [case for file in UNIT_TESTS for case in yaml.safe_load((ALERTS / file).read_text())["tests"]]
    asked = [test for case in cases for test in case["alert_rule_test"]]
    assert {t["alertname"] for t in asked if t.get("exp_alerts")} == set(NAMES)
    assert {t["alertname"] for t in asked if not t.get("exp_alerts")} == set(NAMES)


@pytest.mark.parametrize(("does", "file"), [("check", "rules.yaml"), *(("test", file) for file in UNIT_TESTS)])
def test_promtool_passes_the_rules(does: str, file: str) -> None:
    done = promtool(does, "rules", str(ALERTS / file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_rule_that_changed_would_fail_its_unit_test(tmp_path: Path) -> None:
    """The unit tests bite: with the first threshold doubled, one of them fails."""
    rules = (ALERTS / "rules.yaml").read_text(encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(re.sub(r"> 900\b", "> 1800", rules), encoding="utf-8")
    (tmp_path / "rules_test.yaml").write_bytes((ALERTS / "rules_test.yaml").read_bytes())
    assert promtool("test", "rules", str(tmp_path / "rules_test.yaml")).returncode != 0
