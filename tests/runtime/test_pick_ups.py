"""Which banks are looked at, how often, and how long a file must stand still."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.bus.claims import ClaimFolder
from gateway.runtime.configuration import read_profiles
from gateway.runtime.pick_ups import pick_ups
from gateway.runtime.settings import load_settings
from gateway.service.pick_up import PickUp
from gateway.transport.settling import SETTLED_SECONDS
from tests.hearing.bus import MemoryBus
from tests.orders import ROOT


def test_each_bank_that_leaves_files_has_a_loop_of_its_own(tmp_path: Path) -> None:
    profiles = read_profiles(ROOT / "config").profiles
    banks = {slug: SimpleNamespace(slug=slug, profile=profile) for slug, profile in profiles.items()}
    names = ("store", "clock", "workshop", "worker", "metrics", "edge_keys")
    gateway = cast("Any", SimpleNamespace(banks=banks, lease=timedelta(seconds=100), **dict.fromkeys(names)))
    loops = pick_ups(gateway, MemoryBus(), ClaimFolder(tmp_path, limit=1))
    assert {loop.kind for loop in loops} == {"pick up"}
    assert {loop.lane: loop.patience_seconds for loop in loops} == {"golf": 60, "hotel": 30, "india": 30, "juliett": 30}
    leases = {loop.lane: cast("PickUp", loop.step).lease.total_seconds() for loop in loops}
    assert leases == {"golf": 180, "hotel": 100, "india": 100, "juliett": 100}
    assert all(loop.close is not None for loop in loops)


@pytest.mark.parametrize(("mode", "seconds"), [("production", SETTLED_SECONDS), ("sandbox", 0)])
def test_a_file_must_stand_still_but_in_a_sandbox(mode: str, seconds: float) -> None:
    settings = load_settings(ROOT / "config").model_copy(update={"mode": mode})
    assert settings.settled_seconds == seconds
