"""A few lives through the measurement's own place: every stage runs, every outcome event arrives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.bench import life, place
from gateway.bench.children import running
from gateway.bench.command import PRODUCT, STAGES
from gateway.bench.place import Broker

ORDERS = 40


@asynccontextmanager
async def _embedded(_where: Path) -> AsyncIterator[Broker]:
    async with running("embedded_broker") as child:
        yield Broker(name="embedded", pid=child.pid, **child.ready)


async def test_lives_are_measured_stage_by_stage_and_all_in(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.chdir(root)
    monkeypatch.setattr(place, "kafka", _embedded)
    async with place.place(root / "config", life.BANKS, 10) as there:
        load = await life.load_for(there)
        try:
            staged = await life.stage_by_stage(load, ORDERS, "S")
            assert {stage.name for stage in staged.stages} == set(STAGES)
            assert staged.micros(*PRODUCT) > 0
            assert staged.bytes_logged > 0
            assert await load.outcomes() == ORDERS
            await there.gateway.ask(do="run")
            lives = await life.all_in(load, ORDERS, "A")
            assert await load.outcomes() == 2 * ORDERS
            assert lives.peak_mib >= lives.resident_mib > 0
            paid = await load.connection.fetchval("SELECT count(*) FROM payment_order WHERE outcome = 'paid'")
            assert paid == 2 * ORDERS
        finally:
            await life.unload(load)
