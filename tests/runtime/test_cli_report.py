"""`gateway report` on a terminal: a bar while the gateway counts, a table as wide as the window, no pdf on it."""

from collections.abc import Callable, Iterator
from io import StringIO
from unittest.mock import patch

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from gateway.runtime.cli import app
from gateway.runtime.cli_desk import Desk

Tick = Callable[[int, int | None], None]


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What the door was asked, on a terminal."""
    asked: list[str] = []

    def fetch(_desk: Desk, path: str, tick: Tick) -> bytes:
        asked.append(path)
        tick(512, 1_024)
        tick(1_024, 1_024)
        return b"the report\n"

    with patch.object(Desk, "fetch", fetch), patch("gateway.runtime.cli_report._on_a_terminal", lambda: True):
        yield asked


def run(*arguments: str, shown: StringIO) -> Result:
    def console(**_options: object) -> Console:
        return Console(file=shown, force_terminal=True, width=90)

    with patch("gateway.runtime.cli_report.Console", console):
        return CliRunner().invoke(app, ["report", *arguments], env={"GATEWAY_TOKEN": "t"})


def test_a_bar_is_shown_beside_the_report_and_taken_away(asked: list[str]) -> None:
    shown = StringIO()
    result = run("day", "--date", "2026-09-21", shown=shown)
    assert (result.exit_code, result.stdout) == (0, "the report\n")
    assert "1.0/1.0 kB" in shown.getvalue()
    assert shown.getvalue().endswith("\x1b[2K")
    assert asked == ["/v1/reports/day?date=2026-09-21&format=table&width=90"]


def test_filters_are_passed_on(asked: list[str]) -> None:
    run("benefit", "--date", "2026-09-21", "--format", "csv", "--source", "S", "--benefit", "A&B", shown=StringIO())
    assert asked == ["/v1/reports/benefit?date=2026-09-21&format=csv&source=S&benefit=A%26B"]


def test_a_pdf_is_not_written_to_a_terminal(asked: list[str]) -> None:
    result = run("day", "--date", "2026-09-21", "--format", "pdf", shown=StringIO())
    assert (result.exit_code, asked) == (2, [])
    assert "--out FILE" in result.stderr
