"""A worker is killed, or frozen and thawed, at the effect boundaries of a day; no promise breaks.

The day: seven orders for three banks, one of them stopped, one file cut again, rejects and returns among the answers;
real processes, a real broker, banks with books of their own. Each boundary is struck once in each way, with
GATEWAY_EXHAUSTIVE=1 every time it is passed.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.crash.effects import Boundary, Choice, Passed, cover, sides
from tests.crash.runs import Run, at_every, brokers_running, counted, frozen, killed
from tests.crash.world import staged
from tests.database import Server

pytestmark = pytest.mark.slow

EXHAUSTIVE: Final = os.environ.get("GATEWAY_EXHAUSTIVE") == "1"
BY_PROCESSES: Final = frozenset(
    {
        "apply: Apply.run_once",
        "cut: Cut.run_once",
        "cut: Cut._cut_again",
        "directory: rename",
        "directory: wire",
        "http: wire",
        "kafka: publish",
        "partitions: ReadPartition._commit",
        "partitions: ReadPartition._lease",
        "partitions: Share.leave",
        "partitions: Share.run_once",
        "read: Read._read",
        "read: Read.run_once",
        "relay: publish_once #1",
        "relay: publish_once #2",
        "seal: Seal.run_once",
        "send: Send._claim",
        "send: Send._decide",
        "send: Send._record",
    }
)
"""Where processes are struck."""


def boundaries(passed: Sequence[Passed]) -> list[Boundary]:
    """Both sides of every effect, or of one of each site."""
    chosen = [Choice(site, time, fresh=True) for site, time in sides(passed)] if EXHAUSTIVE else cover(passed, set())
    return [side for choice in chosen if choice.fresh for side in (choice.before, choice.after)]


@pytest.mark.parametrize("run", [killed, frozen])
async def test_no_promise_breaks_at_any_boundary(postgres: Server, tmp_path: Path, run: Run) -> None:
    async with staged(postgres, tmp_path) as stage, brokers_running() as brokers:
        passed = await counted(stage, brokers[0])
        assert {site for site, _ in sides(passed)} == BY_PROCESSES
        assert await at_every(stage, brokers, boundaries(passed), run) == []
