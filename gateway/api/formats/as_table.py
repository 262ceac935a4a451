"""A report as text for a terminal: plain letters, so that it can be piped, mailed and compared."""

from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from gateway.domain.paper import Paper, Table, shown

NOTHING = "(none)"


def write(paper: Paper, *, width: int) -> bytes:
    """Write it in lines of `width` letters."""
    out = StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, highlight=False, markup=False)
    console.print(f"{paper.title}, {paper.pay_date}: {paper.verdict}")
    console.print(f"Of {paper.of_whom}, made at {shown(paper.made_at)}.")
    for section in paper.sections:
        console.print(f"\n{section.title.upper()}\n{section.note}")
        for table in section.tables:
            console.print(f"\n{table.caption}")
            console.print(_grid(table) if table.rows else NOTHING)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines()).encode()


def _grid(table: Table) -> Grid:
    grid = Grid(box=box.ASCII2, show_edge=False, pad_edge=False)
    for column in table.columns:
        grid.add_column(Text(column.title), justify="right" if column.number else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(_one_line(shown(cell))) for cell in row))
    return grid


def _one_line(text: str) -> str:
    """Replace what could move a terminal's cursor or change its colours."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
