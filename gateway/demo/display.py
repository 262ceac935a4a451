"""What a person sees: progress while the day runs, and a report at its end. Progress goes to standard error."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from gateway.demo.conductor import Progress
from gateway.demo.formats import spoken
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
    for line in _introduction(document):
        console.print(line, highlight=False)
    for make in (_benefits, _banks, _formats, _by_banks, _institution, _stops, _accounts, _equations, _cases):
        console.print()
        console.print(make(document))
    console.print()
    for line in (*_kept_back(document), *_troubles(document), *_verdict(document)):
        console.print(line, highlight=False)


def _introduction(document: Document) -> Iterator[str]:
    pay_day, corrections = document["orders"] - document["corrections"], document["corrections"]
    days = document["days_closed"] - 1
    yield f"{pay_day} orders, and {corrections} corrections of them on later days: {_amounts(document['amount'])}."
    yield f"One pay day and the {days} banking days after it, on a simulated clock; the banks are sandboxes that"
    yield "reject, return, forget and contradict far more than real ones, so that everything can be seen."


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
    table = _headed(title, first, right=columns)
    for name, figures in rows.items():
        table.add_row(name, *(_figure(figures.get(column)) for column in columns))
    return table


def _headed(title: str, *left: str, right: Sequence[str] = (), last: Sequence[str] = ()) -> Table:
    """Make a table without lines: columns on the left, figures, and columns after them."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right")
    for name in last:
        table.add_column(name)
    return table


def _accounts(document: Document) -> Table:
    sides = ("bank closes", "statement closes", "ledger explains", "suspense")
    title = f"Accounts after {document['days_closed']} closed days"
    table = _headed(title, "bank", "account", right=("statements", *sides), last=("",))
    for one in document["accounts"]:
        closing, counts = one["closing"], one["statements"]
        table.add_row(
            *(one["bank"], f"..{one['account']}", _counts({name: n for name, n in counts.items() if n})),
            *(closing["bank"], closing["statement"] or "none", closing["ledger"], one["ledger"].get("suspense", "0")),
            "agrees" if one["agrees"] else "DOES NOT AGREE",
        )
    return table


def _formats(document: Document) -> Table:
    banks = document["formats"]
    title = f"{len(spoken(banks))} formats spoken: messages, counted from their bytes"
    table = _headed(title, "bank", "sent to it", last=("said by it",))
    for bank, told in banks.items():
        table.add_row(bank, _counts(told["sent"]), _counts(told["heard"]))
    return table


def _by_banks(document: Document) -> Table:
    title = "What banks did out of the ordinary, and where the orders ended"
    return _became(title, document["shown"]["payments"])


def _institution(document: Document) -> Table:
    return _became("What the institution did, and what became of it", document["shown"]["institution"])


def _became(title: str, rows: Mapping[str, Mapping[str, int]]) -> Table:
    table = _headed(title, "what", right=("how many",), last=("what became of it",))
    for words, counts in rows.items():
        table.add_row(words, str(sum(counts.values())), _counts(counts))
    return table


def _stops(document: Document) -> Table:
    figures = ("stops", "kept", "left already", "recalls")
    title = "Stops: what each kept from leaving, and what had left"
    table = _headed(title, "because of", "on", "set by", "now", right=figures)
    alike: dict[tuple[str, ...], int] = {}
    for stop in document["stops"]:
        kept, left = (
            f"{s['count']}: {_amounts(s['amount'])}" if s["count"] else "" for s in (stop["kept"], stop["left"])
        )
        told = (stop["for"], stop["on"], stop["by"], stop["state"], kept, left, str(stop["recalls"] or ""))
        alike[told] = alike.get(told, 0) + 1
    for row, number in alike.items():
        table.add_row(*row[:4], str(number), *row[4:])
    return table


def _cases(document: Document) -> Table:
    title = "Exceptions: what waited for a person, and what still does"
    table = _headed(title, "kind", right=("raised", "open now"), last=("whose work",))
    owners: dict[str, list[str]] = {}
    for case in document["exceptions"]:
        owners.setdefault(case["kind"], []).append(f"{case['owner']}: {case['number']}")
    for one in document["exceptions_raised"]:
        if one["open"]:
            of_kind = ", ".join(owners.get(one["kind"], ()))
            table.add_row(one["kind"], str(one["raised"]), str(one["open"]), of_kind)
    return table


def _equations(document: Document) -> Table:
    """Sum up the equations that hold, a line a kind; show each one that does not."""
    title = "Control sheets: every equation of every pay date"
    table = _headed(title, "equation", "of", right=("left", "right", "difference"), last=("",))
    sheets = [document["control_sheet"], *document["later_sheets"]]
    equations = [(sheet["pay_date"], equation) for sheet in sheets for equation in sheet["equations"]]
    holding = Counter(equation["name"] for _, equation in equations if equation["holds"])
    for name, number in holding.items():
        table.add_row(name, f"{number} compared", "", "", "0", "all hold" if number > 1 else "holds")
    for day, equation in equations:
        if not equation["holds"]:
            sides = (_side(equation[name]) for name in ("left", "right", "difference"))
            table.add_row(equation["name"], f"{equation['about']}, {day}", *sides, "DOES NOT HOLD")
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
    tries = document["tries"]
    ended = {one["kind"]: one["raised"] for one in document["exceptions_raised"] if not one["open"]}
    yield f"Exceptions of which none is open: {_counts(ended) or 'none'}"
    yield f"Statements came: {_counts(document['shown']['statements'])}"
    yield f"Tries to send: {_counts(tries)}. Nothing unknown was sent again before the bank had been asked."
    yield f"Done over REST, by two people where it takes two: {_counts(document['done_by_hand']) or 'nothing'}"
    yield f"What banks said was matched by: {_counts(document['matched_by'])}"
    yield f"Read from Kafka, with nothing passed over: {_counts(_records(document))}"
    yield f"Refused at the door: {', '.join(r['tried'] for r in document['refused_at_the_door'])}"


def _verdict(document: Document) -> Iterator[str]:
    closes = "closes" if document["closes"] else "DOES NOT CLOSE"
    agree = "agree" if document["banks_agree"] else "DO NOT AGREE"
    compared = document["payments_compared"]
    yield f"The control sheet {closes}. The banks' own books {agree} with the gateway on {compared} orders."
    for finding in document["findings"]:
        yield f"  {finding['rule']}: {finding['about']}: {finding['text']}"
    accounts = "agree" if document["accounts_agree"] else "DO NOT AGREE"
    yield f"The closing balances of bank, statement and ledger {accounts} on {len(document['accounts'])} accounts."
    if document["not_shown"]:
        yield f"Too few orders to show: {'; '.join(document['not_shown'])}."
    yield f"Booked twice: {document['duplicates_booked']}. Outcomes told: {document['outcome_events']}."
    seconds = document["seconds"]["push"] + document["seconds"]["pay"]
    speed, peak = document["payments_per_second"], document["peak_rss_mib"]
    after = document["seconds"]["days after"]
    yield f"{seconds:.1f} s for the pay day ({speed} payments/s), {after:.1f} s for the days after; {peak} MiB at most."
    yield f"Broker: {document['broker']}."


def _records(document: Document) -> dict[str, int]:
    return {topic["topic"]: topic["records"] for topic in document["topics"]}


def _figure(figure: Document | None) -> str:
    if figure is None:
        return ""
    money = " ".join(figure["amount"].values())
    return f"{figure['count']}: {money}" if money else str(figure["count"])


def _side(side: Document) -> str:
    """Write a side of an equation, without the part it does not speak of."""
    parts = ([str(side["count"])] if side["count"] else []) + ([side["amount"]] if side["amount"].strip("0.") else [])
    return " / ".join(parts) or "0"


def _amounts(amounts: Mapping[str, str]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items()) or "no money"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())
