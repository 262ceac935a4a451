"""The table of checks in the docs is the one in the code.

`python -m tests.docs.test_contract_page` writes it anew.
"""

import re
from pathlib import Path

from bank_adapters.contract.checks import CHECKS

DOCUMENT = Path(__file__).parents[2] / "gateway" / "docs" / "contract.md"
PLACE = re.compile(r"<!-- checks -->\n(?:\|.*\n)*")


def table() -> str:
    """Write the table of checks."""
    rows = [("check", "what must hold", "asked of banks that offer"), ("---",) * 3]
    rows += [(f"`{one.name}`", one.asks, ", ".join(map(str, one.needs)) or "anything") for one in CHECKS]
    return "<!-- checks -->\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def test_the_table_is_that_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert len(PLACE.findall(text)) == 1
    assert text == PLACE.sub(lambda _: table(), text)


def test_names_are_stable_and_say_their_theme() -> None:
    names = [one.name for one in CHECKS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+\.[a-z-]+", name) for name in names)


if __name__ == "__main__":
    DOCUMENT.write_text(PLACE.sub(lambda _: table(), DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
