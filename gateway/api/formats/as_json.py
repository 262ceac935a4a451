"""A report as JSON: amounts and shares are decimal strings, counts and seconds whole numbers."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field

from gateway.api.models import Model
from gateway.domain.paper import Amount, Cell, Column, Paper, ReportKind, Section, Share, Span, Table, plain

CellType = Literal["nothing", "text", "count", "amount", "share", "seconds", "day", "moment"]


class ReportCell(Model):
    """One cell; `currency` with an amount, `part` and `whole` with a share."""

    type: CellType
    value: str | int | None = None
    currency: str | None = None
    part: int | None = None
    whole: int | None = None

    @classmethod
    def of(cls, cell: Cell) -> "ReportCell":
        match cell:
            case None:
                return cls(type="nothing")
            case Amount():
                return cls(type="amount", value=plain(cell), currency=cell.currency)
            case Share():
                return cls(type="share", value=plain(cell) or None, part=cell.part, whole=cell.whole)
            case Span():
                return cls(type="seconds", value=cell.seconds)
            case int():
                return cls(type="count", value=cell)
            case datetime():
                return cls(type="moment", value=plain(cell))
            case date():
                return cls(type="day", value=plain(cell))
            case _:
                return cls(type="text", value=cell)


class ReportColumn(Model):
    """A column: `id` is stable."""

    id: str
    title: str

    @classmethod
    def of(cls, column: Column) -> Self:
        return cls(id=column.id, title=column.title)


class ReportTable(Model):
    """A table: `id` is stable; every row is as wide as the columns."""

    id: str
    caption: str
    columns: list[ReportColumn]
    rows: list[list[ReportCell]]

    @classmethod
    def of(cls, table: Table) -> Self:
        return cls(
            id=table.id,
            caption=table.caption,
            columns=[ReportColumn.of(column) for column in table.columns],
            rows=[[ReportCell.of(cell) for cell in row] for row in table.rows],
        )


class ReportSection(Model):
    """Tables that belong together."""

    id: str
    title: str
    note: str
    tables: list[ReportTable]

    @classmethod
    def of(cls, section: Section) -> Self:
        tables = [ReportTable.of(table) for table in section.tables]
        return cls(id=section.id, title=section.title, note=section.note, tables=tables)


class ReportDocument(Model):
    """A report of a pay date: `closes` only if every equation holds; `sources` are those it covers ("*": all)."""

    kind: ReportKind
    about: str = Field(description="The one bank or benefit it was narrowed to.")
    pay_date: date
    made_at: datetime
    sources: list[str]
    closes: bool
    sections: list[ReportSection]

    @classmethod
    def of(cls, paper: Paper) -> Self:
        return cls(
            kind=paper.kind,
            about=paper.about,
            pay_date=paper.pay_date,
            made_at=paper.made_at,
            sources=list(paper.sources),
            closes=paper.closes,
            sections=[ReportSection.of(section) for section in paper.sections],
        )


def write(paper: Paper) -> bytes:
    """Write it."""
    return ReportDocument.of(paper).model_dump_json(by_alias=True, exclude_none=True).encode()
