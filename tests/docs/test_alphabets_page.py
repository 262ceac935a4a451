"""The page of alphabets says what is so."""

import re
from pathlib import Path

from bank_adapters.alphabet import NAMES, alphabet

PAGE = (Path(__file__).resolve().parents[2] / "gateway" / "docs" / "alphabets.md").read_text(encoding="utf-8")


def test_the_examples_are_what_banks_are_told() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", PAGE.split("## Examples")[1], re.MULTILINE)
    assert len(rows) == 11
    for name, said, told in rows:
        assert alphabet(name).write(said) == told


def test_every_alphabet_is_named() -> None:
    table = PAGE.split("## Names of alphabets")[1].split("## Rules")[0]
    told = set(re.findall(r"`([^`]+)`", table))
    bases = {name for name in told if not name.startswith("-")} - {"utf-8-tr-upper", "utf-8-upper"}
    customs = {name for name in told if name.startswith("-")} - {"-upper"}
    whole = bases | {f"{base}{custom}" for base in ("SEPA", "SWIFT-X") for custom in customs}
    assert whole | {f"{name}-upper" for name in whole} | {"utf-8-tr-upper"} == set(NAMES)
