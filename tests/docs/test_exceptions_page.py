"""The table of kinds in the docs is the one in the code.

`python -m tests.docs.test_exceptions_page` writes it anew.
"""

import re
from pathlib import Path

from gateway.domain.exceptions import ALWAYS, KINDS, Kind

DOCUMENT = Path(__file__).parents[2] / "gateway" / "docs" / "exceptions.md"
PLACE = re.compile(r"<!-- kinds -->\n(?:\|.*\n)*")


def table() -> str:
    """Write the table of kinds."""
    heads = ("kind", "owner", "due after", "suggested", "because", "acts beside assign, comment and close")
    rows = [heads, ("---",) * len(heads), *map(_row, KINDS.values())]
    return "<!-- kinds -->\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(kind: Kind) -> tuple[str, ...]:
    hours = f"{int(kind.due_after.total_seconds()) // 3_600} h"
    acts = ", ".join(sorted(kind.allowed - ALWAYS))
    return kind.name, kind.role.value, hours, kind.suggestion.value, kind.why, acts


def test_the_table_is_that_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert len(PLACE.findall(text)) == 1
    assert text == PLACE.sub(lambda _: table(), text)


if __name__ == "__main__":
    DOCUMENT.write_text(PLACE.sub(lambda _: table(), DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
