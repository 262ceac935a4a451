"""The long-running commands start, share what they share, and stop in good order when told to."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from gateway.store.postgres import ROLE
from tests.runtime.processes import PATIENCE_SECONDS, change_yaml, configuration, open_folder, start

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


async def test_a_gateway_of_several_processes_starts_and_stops(folder: Path) -> None:
    config = configuration(folder / "config")
    change_yaml(config / "banks" / "alfa.yaml", currencies=["EUR", 7])
    where = {"GATEWAY_DATA_DIR": str(folder / "var")}
    run = await start(folder, "run", "--config", str(config), "--no-banks", **where)
    ready = await run.ready()
    assert ready["count"] == 16
    kafka = {"GATEWAY_KAFKA__BOOTSTRAP": ready["bootstrap"], "GATEWAY_KAFKA__INCARNATION": ready["incarnation"]}
    others = [
        await start(folder, "api", "--config", str(config), **where),
        await start(folder, "worker", "--config", str(config), "--name", "second", **where, **kafka),
        await start(folder, "sandbox", "--config", str(config), **where, **kafka),
    ]
    door, worker, banks = [await other.ready() for other in others]
    assert worker["worker"] == "second"
    assert banks["count"] == 17
    for each in (ready, door):
        async with aiohttp.ClientSession() as client, client.get(f"http://{each['host']}:{each['port']}/v1/x") as said:
            assert said.status in {401, 404}
    assert await _logins(folder / "var" / "postgres") == {(ROLE, False)}
    assert [await other.told_to_stop() for other in others] == [0, 0, 0]
    assert (folder / "var" / "postgres" / "postmaster.pid").exists()  # the first one still uses it
    assert await run.told_to_stop(signal.SIGINT) == 0
    assert not (folder / "var" / "postgres" / "postmaster.pid").exists()
    for command in (run, *others):
        troubles = [event for event in command.events() if event["level"] != "info"]
        assert [(t["event"], t["bank"]) for t in troubles] == _disabled(command is not others[2])
        assert all("currencies.1" in trouble["why"] for trouble in troubles)


async def _logins(server: Path) -> set[tuple[str, bool]]:
    """Who is connected beside us, and whether as a superuser."""
    connection = await asyncpg.connect(host=str(server), user="postgres", database="postgres")
    try:
        rows = await connection.fetch("""
            SELECT DISTINCT a.usename, r.rolsuper FROM pg_stat_activity a JOIN pg_roles r ON r.rolname = a.usename
            WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()""")
    finally:
        await connection.close()
    return {(row["usename"], row["rolsuper"]) for row in rows}


def _disabled(knows_profiles: bool) -> list[tuple[str, str]]:  # noqa: FBT001 - one use, above
    return [("bank disabled", "alfa")] if knows_profiles else []


def _wait_for(file: Path) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not file.exists():
        assert time.monotonic() < give_up
        time.sleep(0.05)


async def test_a_gateway_that_is_told_to_stop_while_it_starts_leaves_nothing_running(folder: Path) -> None:
    config = configuration(folder / "config")
    run = await start(folder, "run", "--config", str(config), GATEWAY_DATA_DIR=str(folder / "var"))
    running = folder / "var" / "postgres" / "postmaster.pid"
    await asyncio.to_thread(_wait_for, running)
    assert await run.told_to_stop() == 0
    assert not running.exists()
    assert [event for event in run.events() if event["level"] != "info"] == []
