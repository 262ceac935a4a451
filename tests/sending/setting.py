"""Configurations that tests change before a gateway reads them."""

from pathlib import Path
from typing import Any

import yaml

from tests.scenario import configuration


def written(root: Path, banks: dict[str, dict[str, Any]], **routing: list[str]) -> list[str]:
    """Write a configuration of banks, with keys of their profiles replaced, and preferences; return the banks."""
    folder = configuration(root / "config", banks)
    for slug, changes in banks.items():
        file = folder / "banks" / f"{slug}.yaml"
        profile = yaml.safe_load(file.read_text(encoding="utf-8"))
        for key, value in changes.items():
            profile[key] = profile[key] | value if isinstance(profile.get(key), dict) else value
        file.write_text(yaml.safe_dump(profile), encoding="utf-8")
    if routing:
        (folder / "routing.yaml").write_text(yaml.safe_dump(routing), encoding="utf-8")
    return list(banks)


LIVE: dict[str, Any] = {"onboarding": {"state": "live"}}
SUSPENDED: dict[str, Any] = {"onboarding": {"state": "suspended"}}
