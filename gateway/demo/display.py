"""What a person sees: progress while the day runs, and a report at its end. Progress goes to standard error."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from gateway.demo.conductor import Progress
from gateway.demo.run import Watching

Document = Mapping[str, Any]

_STAGES = ("stored", "delivered", "settled", "told")
_POSITIONS = (
    *("paid", "returned", "rejected", "in flight", "unknown", "conflict", "waiting"),
    *("stopped", "held", "refused", "cancelled", "given back"),
)
_BANK_COLUMNS = ("sent", "rejected", "booked", "returned", "net", "not yet booked")


@contextmanager
def shown_progress(console: Console, orders: int) -> Iterator[Watching]:
    """Show live bars on a terminal that can, else a line whenever the simulated clock has moved."""
    if console.is_terminal and not console.is_dumb_terminal:
        with _bars(console) as bars:
            yield _live(bars, orders)
    else:
        yield _plain(console)


def report(console: Console, document: Document) -> None:
    """Print the report of a run: everything in it comes from the result document."""
    console.rule(f"Pay day {document['pay_date']}, seed {document['seed']}")
    console.print(f"{document['orders']} orders over {_amounts(document['amount'])}")
    for table in (_benefits(document), _banks(document), _equations(document)):
        console.print(table)
    for line in (*_kept_back(document), *_troubles(document), *_verdict(document)):
        console.print(line, highlight=False)


def _bars(console: Console) -> Bars:
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Bars(*columns, console=console, transient=True)


def _live(bars: Bars, orders: int) -> Watching:
    tasks = {stage: bars.add_task(stage, total=orders) for stage in _STAGES}

    def show(at: datetime, progress: Progress) -> None:
        for stage, task in tasks.items():
            bars.update(task, completed=getattr(progress, stage), description=f"{at:%H:%M} {stage}")

    return Watching(say=bars.console.print, progress=show)


def _plain(console: Console) -> Watching:
    last: list[datetime] = []

    def show(at: datetime, progress: Progress) -> None:
        if last[-1:] != [at]:
            last[:] = [at]
            counts = ", ".join(f"{getattr(progress, stage)} {stage}" for stage in _STAGES)
            console.print(f"{at:%H:%M} (simulated): {counts}", highlight=False)

    return Watching(say=lambda text: console.print(text, highlight=False), progress=show)


def _benefits(document: Document) -> Table:
    benefits = document["control_sheet"]["benefits"]
    used = [p for p in _POSITIONS if any(p in of_benefit for of_benefit in benefits.values())]
    return _table("By benefit: orders and money", "benefit", used, benefits)


def _banks(document: Document) -> Table:
    banks = document["control_sheet"]["banks"]
    used = [c for c in _BANK_COLUMNS if any(c in of_bank for of_bank in banks.values())]
    return _table("By bank: payments and money", "bank", used, banks)


def _table(title: str, first: str, columns: Sequence[str], rows: Mapping[str, Document]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    for name, figures in rows.items():
        table.add_row(name, *(_figure(figures.get(column)) for column in columns))
    return table


def _equations(document: Document) -> Table:
    table = Table(title="Control sheet: every equation with its difference", title_justify="left")
    for heading in ("equation", "of", "left", "right", "difference", ""):
        table.add_column(heading, justify="right" if heading in {"left", "right", "difference"} else "left")
    for equation in document["control_sheet"]["equations"]:
        sides = (_side(equation[name]) for name in ("left", "right", "difference"))
        table.add_row(equation["name"], equation["about"], *sides, "holds" if equation["holds"] else "DOES NOT HOLD")
    return table


def _kept_back(document: Document) -> Iterator[str]:
    for position in ("stopped", "held", "refused"):
        figure = document["positions"].get(position)
        if figure:
            yield f"Kept back: {figure['count']} {position}, {_amounts(figure['amount'])}"
    if document["recalls"]:
        recalls = document["recalls"]
        yield f"Stopped too late: {recalls['count']} recall(s) proposed, {_amounts(recalls['amount'])}"


def _troubles(document: Document) -> Iterator[str]:
    tries, exceptions = document["tries"], document["exceptions"]
    yield f"Tries to send: {_counts(tries)}. Nothing unknown was sent again before the bank had been asked."
    yield f"Waiting for a person: {_counts(exceptions) if exceptions else 'nothing'}"
    yield f"Refused at the door: {', '.join(r['tried'] for r in document['refused_at_the_door'])}"


def _verdict(document: Document) -> Iterator[str]:
    closes = "closes" if document["control_sheet"]["closes"] else "DOES NOT CLOSE"
    agree = "agree" if document["banks_agree"] else "DO NOT AGREE"
    compared = document["payments_compared"]
    yield f"The control sheet {closes}. The banks' own books {agree} with the gateway on {compared} orders."
    for finding in document["findings"]:
        yield f"  {finding['rule']}: {finding['about']}: {finding['text']}"
    yield f"Booked twice: {document['duplicates_booked']}. Outcomes told: {document['outcome_events']}."
    seconds = document["seconds"]["push"] + document["seconds"]["pay"]
    speed, peak = document["payments_per_second"], document["peak_rss_mib"]
    yield f"{seconds:.1f} s for the day, {speed} payments/s, {peak} MiB at most; broker: {document['broker']}"


def _figure(figure: Document | None) -> str:
    if figure is None:
        return ""
    return "\n".join([str(figure["count"]), *figure["amount"].values()])


def _side(side: Document) -> str:
    """Write a side of an equation, without the part it does not speak of."""
    parts = ([str(side["count"])] if side["count"] else []) + ([side["amount"]] if side["amount"].strip("0.") else [])
    return " / ".join(parts) or "0"


def _amounts(amounts: Mapping[str, str]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items()) or "no money"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())
