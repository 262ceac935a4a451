"""A report as CSV (RFC 4180): one file, every record as wide as the widest.

The first field of each record names its table, the first record of a table names its columns. Numbers stay numbers;
text that a spreadsheet could take for a formula is marked as text (OWASP, CSV injection).
"""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO

from gateway.domain.paper import Cell, Paper, plain

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a cell a formula somewhere, when it comes first: the last four are full-width twins of the first four."""


def write(paper: Paper) -> bytes:
    """Write it, in UTF-8 without a byte order mark."""
    records = [*_head(paper), *_tables(paper)]
    width = max(len(record) for record in records)
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([*record, *[""] * (width - len(record))] for record in records)
    return out.getvalue().encode()


def field(cell: Cell) -> str:
    """Write one cell. Text that begins like a formula, behind spaces too, gets an apostrophe in front."""
    text = plain(cell)
    harmless = not isinstance(cell, str) or not (text.startswith(FORMULA) or text.lstrip().startswith(FORMULA))
    return text if harmless else f"'{text}"


def _head(paper: Paper) -> Iterator[Sequence[str]]:
    yield "report", "kind", "about", "pay_date", "made_at", "sources", "closes"
    cells = (paper.kind, paper.about, paper.pay_date, paper.made_at, paper.of_whom, "yes" if paper.closes else "NO")
    yield "report", *(field(cell) for cell in cells)


def _tables(paper: Paper) -> Iterator[Sequence[str]]:
    for section in paper.sections:
        for table in section.tables:
            yield table.id, *(column.id for column in table.columns)
            for row in table.rows:
                yield table.id, *(field(cell) for cell in row)
