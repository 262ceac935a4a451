"""`gateway topic`: what became of every record, and starting what stopped, through the REST door in one's own name."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from gateway.runtime.cli_desk import DEFAULT_URL, Desk, Json, Token, Url, desk_of, shown
from gateway.runtime.refusals import refused

topics = typer.Typer(
    invoke_without_command=True,
    help="""What became of the records of Kafka topics, and partitions that wait for an operator.

    GATEWAY_TOKEN holds your token (scope operate; for every source to start a partition).""",
)

_TOPICS = ("topic", "partitions", "stopped", "records", "stored", "sameAgain", "dead", "unaccounted", "unlettered")
_STOPPED = ("incarnation", "topic", "partition", "nextOffset", "why")


@topics.callback()
def every(context: typer.Context, token: Token = "", url: Url = DEFAULT_URL, *, as_json: Json = False) -> None:
    """Show what became of every record, by topic; unaccounted and unlettered are zero, or something was lost."""
    context.obj = Desk(url=url.rstrip("/"), token=token, as_json=as_json)
    if context.invoked_subcommand is None:
        _show(context, "topics", _TOPICS, "GET", "/v1/topics")


@topics.command()
def stopped(context: typer.Context) -> None:
    """List partitions that are read no further, and why."""
    _show(context, "partitions", _STOPPED, "GET", "/v1/partitions/stopped")


@topics.command()
def start(
    context: typer.Context,
    incarnation: Annotated[str, typer.Argument(help="As `stopped` shows it.")],
    topic: Annotated[str, typer.Argument()],
    partition: Annotated[int, typer.Argument()],
    offset: Annotated[int | None, typer.Option(help="Go on here; what is passed over is not read.")] = None,
) -> None:
    """Start a partition where it stood, once its trouble is mended."""
    body: dict[str, Any] = {"incarnation": incarnation, "topic": topic, "partition": partition}
    if offset is not None:
        body["offset"] = offset
    _show(context, "partitions", _STOPPED, "POST", "/v1/partitions/start", body)


def _show(context: typer.Context, part: str, columns: Sequence[str], *asked: Any) -> None:
    with refused():
        answer = desk_of(context).call(*asked)
    shown(context, answer, lambda: Console().print(_table(answer[part], columns)))


def _table(rows: Sequence[Any], columns: Sequence[str]) -> Table:
    table = Table(*columns)
    for row in rows:
        table.add_row(*(str(row[name]) for name in columns))
    return table
