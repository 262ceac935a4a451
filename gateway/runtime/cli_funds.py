"""`gateway funds` and `gateway limits`: money and its brakes, through the REST door and in one's own name."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.runtime.cli_desk import DEFAULT_URL, Desk, Json, Token, Url, desk_of, shown
from gateway.runtime.refusals import refused

funds = typer.Typer(
    invoke_without_command=True,
    help="""What each paying account needs, and whose queue is held. GATEWAY_TOKEN holds your token, for every source
    (scope operate).""",
)
limits = typer.Typer(
    invoke_without_command=True,
    help="""Limits of a day and how much of them is used; raising one takes two people. GATEWAY_TOKEN holds your token,
    for every source (scope operate).""",
)

Day = Annotated[str, typer.Option("--date", help="A day, such as 2026-09-21; without it today.")]

_NEEDS = ("bank", "debtorAccount", "currency", "payDate", "payments", "toLeave", "inFlight", "balance", "shortfall")
_HOLDS = ("holdNo", "bank", "debtorAccount", "currency", "reason", "setAt", "setBy")
_LIMITS = ("source", "bank", "currency", "day", "perDay", "limit", "used")


@funds.callback()
def show_funds(
    context: typer.Context, day: Day = "", token: Token = "", url: Url = DEFAULT_URL, *, as_json: Json = False
) -> None:
    """Show what each paying account needs up to a day, and whose queues are held."""
    context.obj = Desk(url=url.rstrip("/"), token=token, as_json=as_json)
    if context.invoked_subcommand is None:
        answer = _call(context, "GET", _of_day("/v1/funds", day))
        _print(context, answer, {"needs": _NEEDS, "holds": _HOLDS})


@funds.command("release")
def release(context: typer.Context, hold: Annotated[int, typer.Argument(help="Number of the hold.")]) -> None:
    """Let the queue of a paying account go on: its money is there."""
    _print(context, {"hold": [_call(context, "POST", f"/v1/funds/holds/{hold}/release")]}, {"hold": _HOLDS})


@limits.callback()
def show_limits(
    context: typer.Context, day: Day = "", token: Token = "", url: Url = DEFAULT_URL, *, as_json: Json = False
) -> None:
    """Show every limit of a day and how much of it is used."""
    context.obj = Desk(url=url.rstrip("/"), token=token, as_json=as_json)
    if context.invoked_subcommand is None:
        _print(context, _call(context, "GET", _of_day("/v1/limits", day)), {"limits": _LIMITS})


@limits.command("raise")
def raise_limit(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help='As configured; "*" for all together.')],
    bank: Annotated[str, typer.Argument(help='As configured; "*" for all together.')],
    currency: Annotated[str, typer.Argument()],
    day: Annotated[str, typer.Argument(help="On this day alone.")],
    to: Annotated[str, typer.Argument(help='The new limit ("750000.00").')],
) -> None:
    """Ask for a limit to be raised on one day; another person confirms."""
    body = {"source": source, "bank": bank, "currency": currency, "day": day, "perDay": to}
    asked = _call(context, "POST", "/v1/limits/raises", body)
    _print(context, {"asked": [asked]}, {"asked": ("decisionNo", "digest", "subject", "expiresAt")})


@limits.command("confirm")
def confirm(
    context: typer.Context,
    decision: Annotated[int, typer.Argument(help="Number of the decision.")],
    digest: Annotated[str, typer.Argument(help="Its digest: what you were shown.")],
) -> None:
    """Confirm, as a second person, that a limit is raised."""
    raised = _call(context, "POST", f"/v1/limits/raises/{decision}/confirm", {"digest": digest})
    _print(context, {"limits": [raised]}, {"limits": _LIMITS})


def _of_day(path: str, day: str) -> str:
    return f"{path}?date={day}" if day else path


def _call(context: typer.Context, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    with refused():
        return desk_of(context).call(method, path, body)


def _print(context: typer.Context, answer: Mapping[str, Any], columns: Mapping[str, Sequence[str]]) -> None:
    shown(context, answer, lambda: _tables(answer, columns))


def _tables(answer: Mapping[str, Any], columns: Mapping[str, Sequence[str]]) -> None:
    console = Console()
    for part, names in columns.items():
        table = Table(*names, title=part)
        for row in answer[part]:
            table.add_row(*("" if row[name] is None else str(row[name]) for name in names))
        console.print(table)
