"""Sections about money: where the orders stand, what the banks did, whether it adds up, and the books."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from gateway.domain.paper import Amount, Cell, ReportKind, Section, Table
from gateway.service.report import COLUMNS, Equation, Figure, OrderRow, columns_by
from gateway.service.report_books import statement_name
from gateway.service.report_view import View, about_of, amount, minor_amount, money_of, number, text

BANK_FIGURES = ("sent", "rejected", "not yet booked", "booked", "in proved statements", "returned", "net")


def orders(view: View) -> Section:
    about = _ORDER_KEYS[view.kind]
    table = Table(
        id="orders",
        caption="Orders of released batches, by where they stand; each stands in one place",
        columns=(*about_of(view), text("stands"), *money_of("orders")),
        rows=list(_order_rows(columns_by(view.figures.day.orders, about), view)),
    )
    note = "Ordered is what signed manifests say, where orders stand is what their rows and the facts of attempts say."
    signed = [] if view.kind is ReportKind.BENEFIT else [_ordered(view)]
    return Section(id="orders", title="Where the orders stand", note=note, tables=[*signed, table])


def _ordered(view: View) -> Table:
    """Return what was ordered; a manifest knows sources, batches and currencies, but no benefits."""
    day = view.figures.day
    money = [(r.source, r.batch, None, minor_amount(r.total_minor, r.currency), r.currency) for r in day.ordered]
    counts = [(r.source, r.batch, r.orders, None, "") for r in day.counted]
    return Table(
        id="ordered",
        caption="What was ordered: orders of each batch, and their money by currency",
        columns=(text("source"), text("batch"), *money_of("orders")),
        rows=sorted([*counts, *money], key=lambda row: (row[0], row[1], row[4])),
    )


_ORDER_KEYS: Mapping[ReportKind, Callable[[OrderRow], str]] = {
    ReportKind.DAY: lambda _: "all",
    ReportKind.BENEFIT: lambda row: row.benefit,
    ReportKind.SOURCE: lambda row: row.source,
}


def _order_rows(figures: Mapping[tuple[str, str, str], Figure], view: View) -> Iterator[Sequence[Cell]]:
    for about, currency in sorted({(a, c) for a, c, _ in figures if view.shows(a)}):
        of = {column: figures[about, currency, column] for column in COLUMNS if (about, currency, column) in figures}
        every = sum(of.values(), Figure())
        for column, figure in (*of.items(), ("all of them", every)):
            yield about, column, figure.count, amount(figure, currency), currency


def payments(view: View) -> Section:
    figures = dict(view.figures.sheet.banks)
    for row in view.figures.in_statements:
        figures[row.bank, row.currency, "in proved statements"] = Figure(count=row.payments, minor=row.total_minor)
    rows = [
        (bank, name, figures[bank, currency, name].count, amount(figures[bank, currency, name], currency), currency)
        for bank, currency in sorted({(b, c) for b, c, _ in figures if view.shows(b)})
        for name in BANK_FIGURES
        if (bank, currency, name) in figures
    ]
    table = Table(
        id="payments",
        caption="Payments by bank, in attempts",
        columns=(text("bank"), text("figure"), *money_of("payments")),
        rows=rows,
    )
    note = (
        "Sent is re-read from the sealed bytes, booked and returned are the banks' entries, each booking counted once"
        " however often it is told; rejected, not yet booked, in proved statements and net are facts of attempts."
    )
    return Section(id="payments", title="What the banks did", note=note, tables=[table])


def equations(view: View) -> Section:
    tables = [
        _equation_table("equations", "Every equation with its difference", view.equations),
        _equation_table("differences", "Differences by batch and submission", view.differences),
    ]
    note = "Two figures from different sources that must be equal."
    return Section(id="equations", title="Does it add up", note=note, tables=tables)


def _equation_table(name: str, caption: str, equations: Iterable[Equation]) -> Table:
    columns = (
        *(text("equation"), text("of")),
        *(number("left_count", "left: number"), number("left", "left: amount")),
        *(number("right_count", "right: number"), number("right", "right: amount")),
        *(number("difference_count", "difference: number"), number("difference", "difference: amount")),
        *(text("currency"), text("holds")),
    )
    return Table(id=name, caption=caption, columns=columns, rows=[_equation_row(e) for e in equations])


def _equation_row(equation: Equation) -> Sequence[Cell]:
    """Write an equation; one of money alone has no numbers."""
    sides = (equation.left, equation.right, equation.difference)
    counts = not equation.currency or any(side.count for side in sides)
    cells = (cell for side in sides for cell in (side.count if counts else None, amount(side, equation.currency)))
    return (equation.name, equation.about, *cells, equation.currency, "yes" if equation.holds else "NO")


def books(view: View) -> Section:
    tables = [_balances(view), _agreements(view), _suspense(view), _unproved(view)] if view.figures.books else []
    note = (
        "Balances are of now, statements those that close on this date. What a bank booked that no payment of ours"
        " explains stands in suspense, item by item."
        if tables
        else "The ledger and the banks' balances belong to all sources together; they are shown to who sees them all."
    )
    return Section(id="books", title="The ledger and the banks' balances", note=note, tables=tables)


def _balances(view: View) -> Table:
    rows = view.figures.books.balances if view.figures.books else ()
    return Table(
        id="balances",
        caption="Ledger balances; a debit is positive",
        columns=(text("bank"), text("account"), *money_of("payments")),
        rows=[
            (r.bank, r.account, r.payments, Amount(minor=r.amount_minor, currency=r.currency), r.currency)
            for r in rows
            if view.shows(r.bank)
        ],
    )


def _agreements(view: View) -> Table:
    rows = view.figures.books.agreements if view.figures.books else ()
    parts = ("opening", "closing", "paid", "returned", "charges", "suspense", "difference")
    return Table(
        id="agreements",
        caption="Statements of the day: the bank's balances and what was posted of them",
        columns=(
            *(text("bank"), text("statement"), number("entries")),
            *(number(part) for part in parts),
            *(text("currency"), text("agrees")),
        ),
        rows=[
            (
                *(r.bank, statement_name(r), r.entries),
                *(Amount(minor=getattr(r, f"{part}_minor"), currency=r.currency) for part in parts),
                *(r.currency, _agrees(settled=r.settled, difference=r.difference_minor)),
            )
            for r in rows
            if view.shows(r.bank)
        ],
    )


def _agrees(*, settled: bool, difference: int) -> str:
    if not settled:
        return "not settled yet"
    return "NO" if difference else "yes"


def _suspense(view: View) -> Table:
    rows = view.figures.books.items if view.figures.books else ()
    return Table(
        id="suspense",
        caption="What banks booked and nothing of ours explains",
        columns=(
            text("bank"),
            number("item"),
            text("why"),
            number("exception"),
            text("since"),
            *money_of("payments"),
        ),
        rows=[
            (
                r.bank,
                r.item_no,
                r.why,
                r.exception_no,
                r.since,
                r.payments,
                minor_amount(r.amount_minor, r.currency),
                r.currency,
            )
            for r in rows
            if view.shows(r.bank)
        ],
    )


def _unproved(view: View) -> Table:
    rows = view.figures.books.unproved if view.figures.books else ()
    return Table(
        id="unproved",
        caption="Statements of the day that are not proved",
        columns=(
            *(text("bank"), text("currency"), text("statement"), number("number"), number("page")),
            *(text("closes", "closes on"), text("state"), text("why")),
        ),
        rows=[
            (r.bank, r.currency, r.statement_id, r.sequence, r.page, r.closing_on, r.state, r.why)
            for r in rows
            if view.shows(r.bank)
        ],
    )
