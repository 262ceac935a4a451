"""The drawings in the docs are those of the transition tables.

`python -m tests.docs.test_drawings` writes them anew.
"""

import re
from pathlib import Path

from gateway.domain.states import BATCH, ORDER, SUBMISSION, drawing

DOCUMENT = Path(__file__).parents[2] / "gateway" / "docs" / "architecture.md"
DRAWINGS = {
    "submission": drawing("submission", SUBMISSION),
    "order": drawing("order", ORDER),
    "batch": drawing("batch", BATCH),
}
PLACE = re.compile(r"<!-- drawing: (\w+) -->\n(?:```mermaid\n.*?\n```\n)?", re.DOTALL)


def block(place: re.Match[str]) -> str:
    """Return a drawing's place with the drawing in it."""
    return f"<!-- drawing: {place[1]} -->\n```mermaid\n{DRAWINGS[place[1]]}\n```\n"


def test_the_drawings_are_those_of_the_tables() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert sorted(PLACE.findall(text)) == sorted(DRAWINGS)
    assert text == PLACE.sub(block, text)


if __name__ == "__main__":
    DOCUMENT.write_text(PLACE.sub(block, DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
