"""`gateway funds` and `gateway limits`: what they ask of the REST door, and what they print."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from gateway.runtime.cli import app
from gateway.runtime.cli_desk import Desk

NEED = {
    "bank": "alfa",
    "debtorAccount": "DE66100100010020260001",
    "currency": "EUR",
    "payDate": "2026-09-21",
    "payments": 2,
    "toLeave": "1024.80",
    "inFlight": "0.00",
    "neededBy": None,
    "balance": None,
    "balanceOn": None,
    "shortfall": None,
    "held": True,
}
LIMIT = {
    "source": "SSI",
    "bank": "*",
    "currency": "EUR",
    "day": "2026-09-21",
    "perDay": "1.00",
    "limit": "2.00",
    "used": "0.00",
}
ASKED = {"decisionNo": 7, "digest": "d" * 64, "subject": {"perDay": "2.00"}, "expiresAt": "2026-09-24T08:00:00Z"}
HOLD = {
    "holdNo": 3,
    "bank": "alfa",
    "debtorAccount": "DE66100100010020260001",
    "currency": "EUR",
    "reason": "AM04",
    "setAt": "2026-09-21T08:00:00Z",
    "setBy": "w1",
}
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "/v1/funds?date=2026-09-21": {"needs": [NEED], "holds": [HOLD]},
    "/v1/funds/holds/3/release": HOLD,
    "/v1/limits": {"limits": [LIMIT]},
    "/v1/limits/raises": ASKED,
    "/v1/limits/raises/7/confirm": LIMIT,
}
Asked = list[tuple[str, str, Any]]


@pytest.fixture
def asked() -> Iterator[Asked]:
    """What the door was asked."""
    asked: Asked = []

    def call(_desk: Desk, method: str, path: str, body: Any = None) -> Mapping[str, Any]:
        asked.append((method, path, body))
        return ANSWERS[path]

    with patch.object(Desk, "call", call):
        yield asked


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env={"GATEWAY_TOKEN": "t", "COLUMNS": "250"})
    assert result.exit_code == 0, result.output
    return result.output


def test_what_accounts_need(asked: Asked) -> None:
    shown = run("funds", "--date", "2026-09-21")
    assert asked == [("GET", "/v1/funds?date=2026-09-21", None)]
    assert "1024.80" in shown
    assert "AM04" in shown


def test_as_json_it_is_what_the_door_answers(asked: Asked) -> None:
    assert json.loads(run("funds", "--date", "2026-09-21", "--json"))["needs"] == [NEED]


def test_a_release(asked: Asked) -> None:
    run("funds", "release", "3")
    assert asked == [("POST", "/v1/funds/holds/3/release", None)]


def test_limits_are_shown(asked: Asked) -> None:
    assert "2.00" in run("limits")
    assert asked == [("GET", "/v1/limits", None)]


def test_a_raise_is_asked_and_confirmed(asked: Asked) -> None:
    run("limits", "raise", "SSI", "*", "EUR", "2026-09-21", "2.00")
    run("limits", "confirm", "7", "d" * 64)
    wanted = {"source": "SSI", "bank": "*", "currency": "EUR", "day": "2026-09-21", "perDay": "2.00"}
    assert asked == [
        ("POST", "/v1/limits/raises", wanted),
        ("POST", "/v1/limits/raises/7/confirm", {"digest": "d" * 64}),
    ]


def test_without_a_token_nothing_is_asked() -> None:
    result = CliRunner().invoke(app, ["funds"], env={"GATEWAY_TOKEN": ""})
    assert result.exit_code == 2
    assert "GATEWAY_TOKEN" in result.output
