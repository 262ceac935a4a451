"""`gateway ledger`: what stands in the books, through the REST door and in one's own name. It only reads."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.table import Table

from gateway.runtime.cli_desk import DEFAULT_URL, Desk, Json, Token, Url, desk_of, shown
from gateway.runtime.refusals import refused

ledger = typer.Typer(
    invoke_without_command=True,
    help="""What stands in the books: balances, agreement with the banks, money on the way, suspense.

    GATEWAY_TOKEN holds your token, for every source (scope operate).""",
)

_BALANCES = ("bank", "currency", "account", "amount", "payments")
_STATEMENTS = (
    *("bank", "debtorAccount", "currency", "closingOn", "sequence", "opening", "closing"),
    *("paid", "returned", "charges", "suspense", "difference", "settled"),
)
_ON_THE_WAY = ("bank", "currency", "account", "ledger", "attempts", "agrees")
_ITEMS = ("itemNo", "bank", "currency", "amount", "payments", "why", "exceptionNo", "since")


@ledger.callback()
def balances(context: typer.Context, token: Token = "", url: Url = DEFAULT_URL, *, as_json: Json = False) -> None:
    """Show the balance of every account, by bank and currency; debit is positive."""
    context.obj = Desk(url=url.rstrip("/"), token=token, as_json=as_json)
    if context.invoked_subcommand is None:
        _show(context, "/v1/ledger/balances", "balances", _BALANCES)


@ledger.command()
def statements(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", help="First closing day; without it today.")] = "",
    last: Annotated[str, typer.Option("--until", help="Last closing day; without it the first.")] = "",
) -> None:
    """Compare each proved statement with what it posted; a difference must be zero once it is settled."""
    query = urlencode({name: day for name, day in (("from", first), ("until", last)) if day})
    _show(context, "/v1/ledger/statements" + (f"?{query}" if query else ""), "statements", _STATEMENTS)


@ledger.command("on-the-way")
def on_the_way(context: typer.Context) -> None:
    """Compare money in flight and unknown with the payments whose money it is."""
    _show(context, "/v1/ledger/on-the-way", "onTheWay", _ON_THE_WAY)


@ledger.command()
def suspense(context: typer.Context) -> None:
    """List what banks booked and nothing of ours explains, entry by entry."""
    _show(context, "/v1/ledger/suspense", "items", _ITEMS)


def _show(context: typer.Context, path: str, part: str, columns: Sequence[str]) -> None:
    with refused():
        answer = desk_of(context).call("GET", path)
    shown(context, answer, lambda: Console().print(_table(answer[part], columns)))


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['amount']} ({value['payments']})"
    return "" if value is None else str(value)
