"""A worker is killed, or frozen and thawed, at every effect boundary of a day; no promise breaks.

The day: seven orders for three banks, one of them stopped, one file cut again, rejects and returns among the answers.
"""

from pathlib import Path

import pytest

from tests.crash.runs import Run, at_every, brokers_running, counted, frozen, killed
from tests.crash.world import staged
from tests.database import Server

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("run", [killed, frozen])
async def test_no_promise_breaks_at_any_boundary(postgres: Server, tmp_path: Path, run: Run) -> None:
    async with staged(postgres, tmp_path) as stage, brokers_running() as brokers:
        passed = await counted(stage, brokers[0])
        assert set(passed) == {"commit", "wire", "rename", "publish"}
        assert await at_every(stage, brokers, passed, run) == []
