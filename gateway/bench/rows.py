"""The table that a measurement ends in."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: `what` was `measured` in `unit`, and `how`.

    `reach` is what the design asks for; `baseline`, in the same unit, is the same work done by another library in the
    same run.
    """

    what: str
    measured: float
    unit: str
    how: str
    reach: str = ""
    baseline: float | None = None
    baseline_of: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the baseline was measured."""
        return self.measured / self.baseline if self.baseline else None

    def as_object(self) -> dict[str, Any]:
        """Return the row as JSON writes it."""
        return {**asdict(self), "ratio": self.ratio}


def show(title: str, rows: Sequence[Row], console: Console) -> None:
    """Print the rows as a table."""
    table = Table(title=Text(title), title_justify="left", show_lines=False)
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("to reach", justify="right")
    table.add_column("baseline", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("how")
    for row in rows:
        baseline = "" if row.baseline is None else f"{_number(row.baseline)} {row.baseline_of}".strip()
        ratio = "" if row.ratio is None else f"{row.ratio:.1f}x"
        cells = (row.what, f"{_number(row.measured)} {row.unit}", row.reach, baseline, ratio, row.how)
        table.add_row(*map(Text, cells))  # what stands in brackets is text, not markup
    console.print(table)


_WHOLE_FROM = 100


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:,.1f}"
