"""Where a month is played: the configuration that ships, with banks that show every habit often and return late."""

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.orders import ROOT
from tests.runtime.processes import change_yaml

LATEST = 20
"""So many banking days after its debit a payment comes back at the latest."""

_RETURNED, _REJECTED = 900, 500
"""Of ten thousand payments: often enough that few orders a day show everything within a month."""

_HABITS: Mapping[str, Mapping[str, Any]] = {
    "alfa": {"returns": {"shapes": ["named", "reversal", "no reversal"], "days_max": LATEST}},
    "bravo": {"returns": {"shapes": ["nothing"], "notice": "none", "days_min": 2, "days_max": LATEST}},
    "charlie": {"returns": {"days_min": 1, "days_max": LATEST}},
    "delta": {
        "returns": {"shapes": ["proprietary"], "days_min": 1, "days_max": LATEST},
        "verdicts": {"contradicted_per_10000": 400},
    },
    "echo": {
        "returns": {"shapes": ["text"], "days_min": 1, "days_max": LATEST},
        "verdicts": {"late_reject_per_10000": 600, "late_reject_delay_seconds": 7_200},
    },
    "foxtrot": {"returns": {"shapes": ["proprietary", "tx id"], "days_min": 1, "days_max": LATEST, "notice": "none"}},
    "golf": {"returns": {"reasons": ["AC04", "ED05", "MD07"], "days_max": LATEST}},
    "juliett": {"returns": {"charged_per_10000": 10_000, "charge_minor": 150, "days_min": 1, "days_max": LATEST}},
    "kilo": {"statement": {}, "returns": {"shapes": ["named", "uetr"], "days_max": LATEST}},
    "lima": {"returns": {"shapes": ["bank reference", "uetr"], "days_min": 1, "days_max": LATEST}},
    "oscar": {"statement": {}, "returns": {"days_max": LATEST}},
    "papa": {"returns": {"shapes": ["named", "text"], "days_min": 3, "days_max": LATEST}},
    "quebec": {"returns": {"short_per_10000": 5_000, "short_minor": 300, "days_max": LATEST}},
}


def configuration(folder: Path, slugs: Collection[str] = ()) -> Path:
    """Copy the configuration into `folder`, with the banks `slugs` (all when empty) and the month's habits."""
    shutil.copytree(ROOT / "config", folder)
    banks = yaml.safe_load((folder / "sandbox.yaml").read_text(encoding="utf-8"))["banks"]
    kept = {slug: _with_habits(slug, section) for slug, section in banks.items() if not slugs or slug in slugs}
    change_yaml(folder / "sandbox.yaml", banks=kept)
    for profile in (folder / "banks").glob("*.yaml"):
        if profile.stem not in kept:
            profile.unlink()
    if slugs:
        (folder / "routing.yaml").unlink()  # it prefers banks that are not there
    change_yaml(folder / "gateway.yaml", tell_presumed=["SSI"])
    return folder


def _with_habits(slug: str, section: Mapping[str, Any]) -> dict[str, Any]:
    often = {
        "rejected_per_10000": max(section["rejected_per_10000"], _REJECTED if slug != "bravo" else 0),
        "returned_per_10000": max(section["returned_per_10000"], _RETURNED),
    }
    return {**section, **often, **_HABITS.get(slug, {})}
