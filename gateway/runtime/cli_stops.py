"""`gateway stop`: set, list, look at and lift stops, through the REST door and with one's own token."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer
from rich.console import Console
from rich.table import Table

from gateway.domain.stop import Kind, Reason
from gateway.runtime.cli_desk import DEFAULT_URL, Desk, Json, Token, Url, desk_of, shown
from gateway.runtime.refusals import refused

stops = typer.Typer(
    no_args_is_help=True,
    help="""Stop what must not be paid, and see what each stop caught.

    Everything goes through the REST door in your name: GATEWAY_TOKEN holds your token. Lifting needs two people: the
    first `lift` asks, one by somebody else lifts.""",
)

Number = Annotated[int, typer.Argument(help="Number of the stop.")]


@stops.callback()
def desk(context: typer.Context, token: Token = "", url: Url = DEFAULT_URL, *, as_json: Json = False) -> None:
    """Stop what must not be paid, and see what each stop caught."""
    context.obj = Desk(url=url.rstrip("/"), token=token, as_json=as_json)


@stops.command("list")
def list_(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="active or lifted; without it all.")] = "",
    source: Annotated[str, typer.Option(help="Of this source only.")] = "",
    before: Annotated[int, typer.Option(help="Those with a lower number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
) -> None:
    """List stops, newest first, with the money each kept from leaving."""
    asked = {"state": state, "source": source, "before": before or ""}
    query = urlencode({name: value for name, value in asked.items() if value} | {"limit": limit})
    with refused():
        answer = desk_of(context).call("GET", f"/v1/stops?{query}")
    shown(context, answer, lambda: Console().print(_table(answer["stops"])))


@stops.command()
def show(context: typer.Context, number: Number) -> None:
    """Show one stop, what it caught and the orders."""
    with refused():
        answer = desk_of(context).call("GET", f"/v1/stops/{number}")
        caught = desk_of(context).call("GET", f"/v1/stops/{number}/orders")
    shown(context, answer | {"orders": caught["orders"]}, lambda: _show(answer, caught["orders"]))


@stops.command("set")
def set_(  # one option a part of a stop
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What it is on.")],
    value: Annotated[str, typer.Argument(help='Such as "NIDN:800101/1234", an account, an order id, a benefit.')],
    reason: Annotated[str, typer.Option(help="Your words.")],
    reason_class: Annotated[Reason, typer.Option("--class", help="What reports count it by.")] = Reason.OTHER,
    effective: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Told; it stops at once.")] = None,
    source: Annotated[str, typer.Option(help="For which source; * for all.")] = "",
) -> None:
    """Stop at once: what has not left does not leave."""
    body = {"kind": str(kind), "value": value, "reason": reason, "reasonClass": str(reason_class), "source": source}
    if effective is not None:
        body["effectiveOn"] = effective.date().isoformat()
    with refused():
        answer = desk_of(context).call("POST", "/v1/stops", body)
    shown(context, answer, lambda: _show(answer, []))


@stops.command()
def lift(context: typer.Context, number: Number) -> None:
    """Ask to lift a stop, or lift one that somebody else asked to."""
    with refused():
        answer = desk_of(context).call("POST", f"/v1/stops/{number}/lift")
    shown(context, answer, lambda: _show(answer, []))


def _table(rows: Iterable[Mapping[str, Any]]) -> Table:
    table = Table("no", "kind", "on", "source", "why", "state", "kept", "left", "voided", "recalls")
    for row in rows:
        caught = (_sums(row, "kept"), _sums(row, "left"), str(row["voided"]), str(row["recalls"]))
        table.add_row(
            str(row["stopNo"]), row["kind"], row["value"], row["source"], row["reasonClass"], row["state"], *caught
        )
    return table


def _sums(row: Mapping[str, Any], how: str) -> str:
    money = ", ".join(f"{amount} {currency}" for currency, amount in row[how].items())
    return f"{row[f'{how}Orders']} ({money})" if money else "0"


def _show(row: Mapping[str, Any], orders: Iterable[Mapping[str, Any]]) -> None:
    console = Console()
    console.print(_table([row]))
    console.print(f"set {row['setAt']} by {row['setBy']}: {row['reason']}", markup=False)
    if row["liftAskedBy"]:
        console.print(
            f"lifting asked by {row['liftAskedBy']}, lifted by {row['liftedBy'] or 'nobody yet'}", markup=False
        )
    for order in orders:
        console.print(f"{order['how']}: {order['orderId']} {order['amount']} {order['currency']}", markup=False)
