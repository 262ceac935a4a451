"""Print the rows of gateway/domain/iban_registry.py from the registries that schwifty and python-stdnum carry."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import schwifty
from stdnum import numdb


def schwifty_formats() -> dict[str, Any]:
    """Return schwifty's raw registry, later files over earlier ones, as the library itself merges them."""
    folder = Path(schwifty.__file__).parent / "iban_registry"
    merged: dict[str, Any] = {}
    for file in sorted(folder.glob("*.json")):
        for country, entry in json.loads(file.read_text(encoding="utf-8")).items():
            known = merged.setdefault(country, {"positions": {}})
            positions = known["positions"] | entry.get("positions", {})
            merged[country] = known | entry | {"positions": positions}
    return {country: entry for country, entry in merged.items() if not entry.get("aspirational")}


def stdnum_structure(country: str) -> str | None:
    """Return the structure python-stdnum's copy of the SWIFT registry holds for a country, if it has one."""
    return dict(numdb.get("iban").info(f"{country}00")[0][1]).get("bban")


def rows() -> Iterator[tuple[str, int, slice, str]]:
    """Yield country, length, bank code slice and structure of each country both registries know."""
    for country, entry in sorted(schwifty_formats().items()):
        if stdnum_structure(country):
            start, end = entry["positions"].get("bank_code", (0, 0))
            structure = entry["bban_spec"].replace("!", "")
            yield country, entry["iban_length"], slice(start + 4, end + 4), structure


if __name__ == "__main__":
    for country, length, bank, structure in rows():
        print(f'        "{country}": Format({length}, slice({bank.start}, {bank.stop}), "{structure}"),')  # noqa: T201
