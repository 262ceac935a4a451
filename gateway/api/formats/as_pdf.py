"""A report as PDF: landscape A4, headings repeated on every page, pages counted.

Written with the fonts every reader has, which know Western European letters only; any other letter becomes "?".
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.domain.paper import Paper, Section, Table, shown

if TYPE_CHECKING:
    from fpdf import FPDF

FONT = "Helvetica"
MOST = 48
"""Letters that a column is made wide for; more are broken into lines."""


def write(paper: Paper) -> bytes:
    """Write it. The same report gives the same bytes."""
    pdf = _document(paper)
    pdf.add_page()
    _heading(pdf, f"{paper.title}, {paper.pay_date}", 16)
    _line(pdf, paper.verdict, style="" if paper.closes else "B")
    _line(pdf, f"Of {paper.of_whom}, made at {shown(paper.made_at)}.")
    for section in paper.sections:
        _section(pdf, section)
    return bytes(pdf.output())


def _document(paper: Paper) -> "FPDF":
    """Open a document whose pages are numbered. Loaded on first use: only reports need it."""
    from fpdf import FPDF

    class Numbered(FPDF):
        """Pages that say which they are."""

        def footer(self) -> None:
            self.set_y(-12)
            self.set_font(FONT, size=8)
            self.cell(0, 6, f"{_letters(paper.title)}, {paper.pay_date}: page {self.page_no()} of {{nb}}", align="R")

    pdf = Numbered(orientation="landscape", unit="mm", format="A4")
    pdf.set_title(_letters(f"{paper.title}, {paper.pay_date}"))
    pdf.set_lang("en")
    pdf.set_creator("gateway")
    pdf.set_creation_date(paper.made_at)
    pdf.set_auto_page_break(auto=True, margin=15)
    return pdf


def _heading(pdf: "FPDF", text: str, size: int) -> None:
    pdf.start_section(_letters(text))
    pdf.set_font(FONT, style="B", size=size)
    pdf.multi_cell(0, size / 2, _letters(text), new_x="LMARGIN", new_y="NEXT")


def _line(pdf: "FPDF", text: str, style: str = "") -> None:
    pdf.set_font(FONT, style=style, size=9)
    pdf.multi_cell(0, 5, _letters(text), new_x="LMARGIN", new_y="NEXT")


def _section(pdf: "FPDF", section: Section) -> None:
    pdf.ln(4)
    _heading(pdf, section.title, 13)
    _line(pdf, section.note)
    for table in section.tables:
        pdf.ln(2)
        _line(pdf, table.caption if table.rows else f"{table.caption}: none.", style="B")
        if table.rows:
            _table(pdf, table)


def _table(pdf: "FPDF", table: Table) -> None:
    from fpdf.fonts import FontFace

    heads = [_letters(column.title) for column in table.columns]
    rows = [[_letters(shown(cell)) for cell in row] for row in table.rows]
    pdf.set_font(FONT, size=7)
    with pdf.table(
        col_widths=_widths(heads, rows),
        text_align=["RIGHT" if column.number else "LEFT" for column in table.columns],
        headings_style=FontFace(emphasis="BOLD", fill_color=(238, 238, 238)),
        line_height=4,
        padding=0.5,
    ) as grid:
        for row in [heads, *rows]:
            grid.row(row)


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Share the page by the longest text of each column."""
    return [min(MOST, max(map(len, (head, *(row[n] for row in rows))))) + 2 for n, head in enumerate(heads)]


def _letters(text: str) -> str:
    """Keep what the font has."""
    kept = "".join(letter if letter.isprintable() else "?" for letter in text)
    return kept.encode("latin-1", errors="replace").decode("latin-1")
