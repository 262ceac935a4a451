"""A report as a value: sections of tables with typed cells. Every format is written from it, and from nothing else.

No cell names a person: reports speak of benefits, banks, sources, batches, submissions, codes and sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from gateway.domain.money import format_minor


class ReportKind(StrEnum):
    """What a report is cut by."""

    DAY = "day"
    BANK = "bank"
    BENEFIT = "benefit"
    SOURCE = "source"


class ReportFormat(StrEnum):
    """What a report can be written in."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money in minor units; of no currency where an amount could not be read, which is no money."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole; of nothing it says nothing."""

    part: int
    whole: int

    def per(self, base: int) -> int | None:
        """Return the share in `base`ths, a half rounded up; None of nothing."""
        return (2 * self.part * base + self.whole) // (2 * self.whole) if self.whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time in whole seconds."""

    seconds: int


Cell = str | int | Amount | Share | Span | date | datetime | None
"""Text, a count, money, a share, a length of time, a day, a moment, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: a stable id for machines, a title for people; `number` says that its cells stand to the right."""

    id: str
    title: str
    number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: a stable id, a caption that says what it shows, and rows as wide as its columns."""

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

    def __post_init__(self) -> None:
        """Refuse a row that does not fit: it would shift figures under the wrong title."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table {self.id}: a row is not as wide as the columns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Tables that belong together, with a note that says where their figures come from."""

    id: str
    title: str
    note: str
    tables: Sequence[Table]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A whole report of one pay date. `closes`: every equation in it holds.

    `sources` are those it covers ("*": all), `about` the one bank or benefit it was narrowed to, or "".
    """

    kind: ReportKind
    pay_date: date
    made_at: datetime
    sources: Sequence[str]
    about: str
    closes: bool
    sections: Sequence[Section]

    @property
    def title(self) -> str:
        """What stands on top of it."""
        return " ".join(
            filter(None, (f"Report by {self.kind}" if self.kind != "day" else "Report of the day", self.about))
        )

    @property
    def verdict(self) -> str:
        """Whether it closes, in words."""
        return "Every equation holds." if self.closes else "NOT EVERY EQUATION HOLDS."

    @property
    def of_whom(self) -> str:
        """Whose orders it covers, in words."""
        return "all sources" if "*" in self.sources else ", ".join(self.sources) or "no source"


def shown(cell: Cell) -> str:
    """Write a cell for people."""
    match cell:
        case Share():
            per = cell.per(1000)
            return "" if per is None else f"{per // 10}.{per % 10} %"
        case Span():
            return _span(cell.seconds)
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case _:
            return plain(cell)


def plain(cell: Cell) -> str:
    """Write a cell for machines: numbers bare, shares as a decimal of one, lengths in seconds, times in UTC."""
    match cell:
        case None:
            return ""
        case Amount():
            return format_minor(cell.minor, cell.currency) if cell.currency else ""
        case Share():
            per = cell.per(10_000)
            return "" if per is None else f"{per // 10_000}.{per % 10_000:04d}"
        case Span():
            return str(cell.seconds)
        case datetime():
            return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _span(seconds: int) -> str:
    """Write the two largest units, such as 2 d 21 h; below a minute the seconds."""
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    days, hours, minutes = rest // 86_400, rest % 86_400 // 3_600, rest % 3_600 // 60
    if days:
        return f"{sign}{days} d {hours} h"
    if hours:
        return f"{sign}{hours} h {minutes} min"
    return f"{sign}{minutes} min {rest % 60} s" if minutes else f"{sign}{rest} s"
