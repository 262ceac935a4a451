"""A report as one HTML page: nothing is loaded from elsewhere, nothing runs, every cell is escaped.

Tables have captions and headers with a scope, for those who hear the page; it prints on landscape A4 with its headers
repeated.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from gateway.domain.paper import Cell, Column, Paper, Section, Table, shown

_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #111; background: #fff; }
nav ul { padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: 1rem; }
table { border-collapse: collapse; margin: 1rem 0 2rem; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th, td { border: 1px solid #767676; padding: .2rem .5rem; text-align: left; vertical-align: top; }
thead th { background: #eee; }
tbody th { font-weight: normal; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.bad { font-weight: 700; color: #a00; }
@page { size: A4 landscape; margin: 12mm; }
@media print { body { margin: 0; font-size: 10px; } nav { display: none; } thead { display: table-header-group; }
  tr { break-inside: avoid; } h2 { break-after: avoid; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
REFUSAL = "NO"
"""The cell that says that two figures do not agree."""


def write(paper: Paper) -> bytes:
    """Write it."""
    return "\n".join(_page(paper)).encode("utf-8", errors="replace")


def _page(paper: Paper) -> Iterator[str]:
    title = f"{paper.title}, {paper.pay_date}"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>"
    yield f"<header>\n<h1>{_escaped(title)}</h1>"
    yield f"<p>{_escaped(paper.verdict)}</p>" if paper.closes else f'<p class="bad">{_escaped(paper.verdict)}</p>'
    yield f"<p>Of {_escaped(paper.of_whom)}, made at {shown(paper.made_at)}.</p>\n</header>"
    yield '<nav aria-label="Sections">\n<ul>'
    yield from (f'<li><a href="#{s.id}">{_escaped(s.title)}</a></li>' for s in paper.sections)
    yield "</ul>\n</nav>\n<main>"
    for section in paper.sections:
        yield from _section(section)
    yield "</main>\n</body>\n</html>\n"


def _section(section: Section) -> Iterator[str]:
    yield f'<section aria-labelledby="{section.id}">\n<h2 id="{section.id}">{_escaped(section.title)}</h2>'
    yield f"<p>{_escaped(section.note)}</p>"
    for table in section.tables:
        yield from _table(table) if table.rows else [f"<p>{_escaped(table.caption)}: none.</p>"]
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    heads = "".join(f'<th scope="col"{_class(column)}>{_escaped(column.title)}</th>' for column in table.columns)
    yield f"<table>\n<caption>{_escaped(table.caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>"
    yield from (f"<tr>{''.join(_cells(table.columns, row))}</tr>" for row in table.rows)
    yield "</tbody>\n</table>"


def _cells(columns: Iterable[Column], row: Sequence[Cell]) -> Iterator[str]:
    """Write a row; its first cell is its header."""
    for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
        tag, scope = ("td", "") if place else ("th", ' scope="row"')
        yield f"<{tag}{scope}{_class(column, bad=cell == REFUSAL)}>{_escaped(shown(cell))}</{tag}>"


def _class(column: Column, *, bad: bool = False) -> str:
    names = " ".join(name for name, has in (("n", column.number), ("bad", bad)) if has)
    return f' class="{names}"' if names else ""


def _escaped(text: str) -> str:
    """Escape; a control character, which no page may hold, becomes a question mark."""
    return escape("".join(letter if letter.isprintable() else "?" for letter in text))
