"""`gateway report`: a report of a pay day, asked of the REST door in one's own name, printed or written to a file."""

import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.domain.errors import ConfigError, Refused
from gateway.domain.paper import ReportFormat, ReportKind
from gateway.runtime.cli_desk import DEFAULT_URL, Desk, Token, Url, require_token
from gateway.runtime.refusals import refused

Kind = Annotated[ReportKind, typer.Argument(help="What it is cut by.")]
Date = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The pay date.")]
Form = Annotated[ReportFormat, typer.Option("--format", help="What it is written in.")]
Out = Annotated[Path | None, typer.Option(help="File to write; without it standard output.")]

NARROWEST, WIDEST = 40, 400
"""Letters in a line that the door takes."""


def report(
    kind: Kind,
    date: Date,
    form: Form = ReportFormat.TABLE,
    out: Out = None,
    source: Annotated[str, typer.Option(help="Only this source.")] = "",
    bank: Annotated[str, typer.Option(help="With kind bank: only this one.")] = "",
    benefit: Annotated[str, typer.Option(help="With kind benefit: only this one.")] = "",
    token: Token = "",
    url: Url = DEFAULT_URL,
) -> None:
    """Show how a pay day closed: figures, equations, balances, rates, returns, stops, what is open, reach.

    GATEWAY_TOKEN holds your token (scope read or operate); the ledger is shown to who sees every source.
    """
    asked = {"date": f"{date:%Y-%m-%d}", "format": form.value, "source": source, "bank": bank, "benefit": benefit}
    if form is ReportFormat.TABLE and out is None and _on_a_terminal():
        asked["width"] = str(min(WIDEST, max(NARROWEST, Console().width)))
    path = f"/v1/reports/{kind.value}?{urlencode({name: value for name, value in asked.items() if value})}"
    desk = Desk(url=url.rstrip("/"), token=token, as_json=False)
    with refused():
        require_token(desk)
        if form is ReportFormat.PDF and out is None and _on_a_terminal():
            raise Refused.one("", "out.missing", "a pdf is no text: give --out FILE, or pipe it")
        written = _fetched(desk, path)
        if out is None:
            sys.stdout.buffer.write(written)
            sys.stdout.buffer.flush()
        else:
            _write(out, written)


def _on_a_terminal() -> bool:
    return sys.stdout.isatty()


def _fetched(desk: Desk, path: str) -> bytes:
    """Ask, with a bar on standard error while the gateway counts and sends; without a terminal nothing is shown."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return desk.fetch(path)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("the gateway counts", total=None)

        def tick(received: int, total: int | None) -> None:
            bars.update(task, description="receiving", completed=received, total=total)

        return desk.fetch(path, tick)


def _write(out: Path, written: bytes) -> None:
    """Write the file whole or not at all: a report that broke off must not look like one."""
    half = out.with_name(f".{out.name}.part")
    try:
        half.write_bytes(written)
        half.replace(out)
    except OSError as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise ConfigError(f"{out}: cannot be written ({error.strerror})") from error
