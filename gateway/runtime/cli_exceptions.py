"""`gateway exception`: work exceptions from the command line, through the REST door and with one's own token."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.console import Console
from rich.table import Table

from gateway.domain.exceptions import CaseState
from gateway.domain.reasons import Need
from gateway.runtime.cli_desk import DEFAULT_URL, Desk, Json, Token, Url, desk_of, shown
from gateway.runtime.refusals import refused

exceptions = typer.Typer(
    no_args_is_help=True,
    help="""Work exceptions: what needs a person.

    Everything goes through the REST door in your name: GATEWAY_TOKEN holds your token (scope operate). Where two people
    are needed the first act asks, and `confirm` by somebody else does it.""",
)

Number = Annotated[int, typer.Argument(help="Number of the exception.")]
Comment = Annotated[str, typer.Option(help="Your words; kept in the history, never logged.")]


@exceptions.callback()
def desk(context: typer.Context, token: Token = "", url: Url = DEFAULT_URL, *, as_json: Json = False) -> None:
    """Work exceptions: what needs a person."""
    context.obj = Desk(url=url.rstrip("/"), token=token, as_json=as_json)


@exceptions.command("list")
def list_(
    context: typer.Context,
    state: Annotated[str, typer.Option(help=f"One of: {', '.join(CaseState)}.")] = "",
    kind: Annotated[str, typer.Option(help="Of this kind only.")] = "",
    bank: Annotated[str, typer.Option(help="About this bank only.")] = "",
    owner: Annotated[str, typer.Option(help="Of this person, or of this role.")] = "",
    after: Annotated[int, typer.Option(help="Those with a higher number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    *,
    overdue: Annotated[bool, typer.Option("--overdue", help="Past their due time only.")] = False,
) -> None:
    """List what is not closed, oldest first."""
    asked = {"state": state, "kind": kind, "bank": bank, "owner": owner, "overdue": "true" if overdue else ""}
    query = urlencode({name: value for name, value in asked.items() if value} | {"after": after, "limit": limit})
    with refused():
        answer = desk_of(context).call("GET", f"/v1/exceptions?{query}")
    shown(context, answer, lambda: Console().print(_table(answer["exceptions"])))


@exceptions.command()
def show(context: typer.Context, number: Number) -> None:
    """Show one exception: evidence, decisions, history."""
    with refused():
        answer = desk_of(context).call("GET", f"/v1/exceptions/{number}")
    shown(context, answer, lambda: _show(answer))


@exceptions.command()
def assign(
    context: typer.Context, number: Number, owner: Annotated[str, typer.Argument()], comment: Comment = ""
) -> None:
    """Give it to a person."""
    _act(context, number, "assign", {"owner": owner, "comment": comment})


@exceptions.command("comment")
def comment_(context: typer.Context, number: Number, comment: Annotated[str, typer.Argument()]) -> None:
    """Add words."""
    _act(context, number, "comment", {"comment": comment})


@exceptions.command()
def match(
    context: typer.Context,
    number: Number,
    comment: Comment,
    end_to_end_id: Annotated[
        list[str] | None, typer.Argument(help="The payment that the entry is of; several: a lump.")
    ] = None,
    msg_id: Annotated[
        str, typer.Option(help="A lump is of all payments of this submission that did not come back.")
    ] = "",
) -> None:
    """Match an entry to a payment, or a lump to its payments; two people where the amounts differ."""
    of = {"msgId": msg_id} if msg_id else {"endToEndId": ",".join(end_to_end_id or [])}
    _act(context, number, "match", {**of, "comment": comment})


@exceptions.command()
def declare(
    context: typer.Context,
    number: Number,
    declared: Annotated[str, typer.Argument(help='"arrived" or "not arrived".')],
    comment: Comment,
) -> None:
    """Declare what became of an unknown submission; asks a second person."""
    _act(context, number, "declare", {"declared": declared, "comment": comment})


@exceptions.command()
def release(context: typer.Context, number: Number, comment: Comment) -> None:
    """Release the hold of an order; two people after a conflict."""
    _act(context, number, "release", {"comment": comment})


@exceptions.command()
def give_back(
    context: typer.Context,
    number: Number,
    reason: Annotated[str, typer.Argument(help="A code that the benefits system is told.")],
    comment: Comment = "",
    needs: Annotated[Need, typer.Option(help="What it has to bring.")] = Need.DECISION,
) -> None:
    """Give an order back to the benefits system."""
    _act(context, number, "give-back", {"reason": reason, "needs": needs.value, "comment": comment})


@exceptions.command()
def write_off(context: typer.Context, number: Number, comment: Comment) -> None:
    """Write money off to suspense; asks a second person."""
    _act(context, number, "write-off", {"comment": comment})


@exceptions.command()
def close_attempt(context: typer.Context, number: Number, comment: Comment) -> None:
    """Say that an attempt's money cannot move any more; asks a second person."""
    _act(context, number, "close-attempt", {"comment": comment})


@exceptions.command()
def close(context: typer.Context, number: Number, comment: Comment) -> None:
    """Close an exception whose trouble is over."""
    _act(context, number, "close", {"comment": comment})


@exceptions.command()
def confirm(
    context: typer.Context,
    number: Number,
    decision: Annotated[int, typer.Argument(help="Number of the decision, as `show` tells it.")],
    digest: Annotated[str, typer.Argument(help="Digest of the decision, as `show` tells it.")],
    comment: Comment = "",
) -> None:
    """Confirm exactly what another person asked, and do it."""
    _act(context, number, "confirm", {"decision": decision, "digest": digest, "comment": comment})


@exceptions.command()
def refuse(
    context: typer.Context,
    number: Number,
    decision: Annotated[int, typer.Argument(help="Number of the decision, as `show` tells it.")],
    comment: Comment = "",
) -> None:
    """Refuse what was asked, or withdraw it."""
    _act(context, number, "refuse", {"decision": decision, "comment": comment})


def _act(context: typer.Context, number: int, act: str, body: Mapping[str, Any]) -> None:
    with refused():
        answer = desk_of(context).call("POST", f"/v1/exceptions/{number}/{quote(act)}", body)
    shown(context, answer, lambda: _show(answer))


def _table(rows: Iterable[Mapping[str, Any]]) -> Table:
    table = Table("no", "kind", "bank", "about", "amount", "state", "owner", "age", "due", "suggested")
    for row in rows:
        about = row["orderId"] or row["msgId"] or (f"message {row['messageNo']}" if row["messageNo"] else row["key"])
        due = f"{row['dueAt'] or ''}{' OVERDUE' if row['overdue'] else ''}"
        who, amount = row["owner"] or f"({row['role']})", f"{row['amount'] or ''} {row['currency'] or ''}".strip()
        age = str(timedelta(seconds=row["ageSeconds"]))
        cells = (row["kind"], row["bank"] or "", about, amount, row["state"], who, age, due, row["suggestion"])
        table.add_row(str(row["exceptionNo"]), *cells)
    return table


def _show(row: Mapping[str, Any]) -> None:
    console = Console()
    console.print(_table([row]))
    console.print(f"suggested: {row['suggestion']}: {row['suggestionWhy']}", markup=False)
    for found in row["evidence"]:
        console.print("evidence: " + ", ".join(f"{name} {value}" for name, value in found.items()), markup=False)
    for asked in row["decisions"]:
        wanted = json.dumps(asked["subject"], ensure_ascii=False)
        console.print(f"decision {asked['decisionNo']}: {asked['act']} {wanted}", markup=False)
        console.print(f"  {asked['state']}, asked by {asked['askedBy']}, digest {asked['digest']}", markup=False)
    for event in row["history"]:
        console.print(f"{event['at']} {event['by']}: {event['act']} {event['comment']}", markup=False)
