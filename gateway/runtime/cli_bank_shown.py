"""How `gateway bank` prints tables: nothing is cut off, whoever reads."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDTH: Final = 132
"""Columns where the output is no terminal."""


def show(columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: Collection[str] = ()) -> None:
    """Print a table, unless it is empty; what is too long goes on in the next line, except in the `whole` columns."""
    table = Table(box=SIMPLE)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole)
    for row in rows:
        table.add_row(*map(escape, row))
    console = Console()
    if table.row_count:
        (console if console.is_terminal else Console(width=WIDTH)).print(table)
