"""Errors nobody foresaw, and a database that is away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from gateway.api.app import build_app
from gateway.domain.errors import StoreBusy, StoreDown
from gateway.store.postgres import PostgresSession, PostgresStore
from tests.api.conftest import Api, doors
from tests.clock import StillClock
from tests.orders import lines

SECRET = "Maria Muster DE89370400440532013000"


class BrokenStore(PostgresStore):
    """A store whose transactions end as they are told to."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresSession]:
        if self.error:
            raise self.error
        yield PostgresSession(None)


@asynccontextmanager
async def _api(error: Exception) -> AsyncIterator[Api]:
    clock, store = StillClock(), BrokenStore(error)
    async with TestClient(TestServer(build_app(doors(store, clock)))) as client:
        yield Api(client=client, store=store, clock=clock)


async def test_an_unexpected_error_is_an_id_and_nothing_else() -> None:
    async with _api(RuntimeError(SECRET)) as api:
        with capture_logs() as logs:
            answer = await api.call("GET", "/v1/batches/B-1")
    assert answer.status == 500
    assert answer.body == {
        "type": "about:blank",
        "title": "unexpected; the id finds it in the log",
        "status": 500,
        "id": "error-1",
    }
    [entry] = logs
    assert (entry["id"], entry["error"], entry["event"]) == ("error-1", "RuntimeError", "unexpected")
    assert entry["at"][-1].startswith("test_problems.py:")
    assert "Muster" not in repr(entry)


@pytest.mark.parametrize("error", [StoreDown("away"), StoreBusy("busy")])
async def test_without_the_database_nothing_is_accepted(error: Exception) -> None:
    async with _api(error) as api:
        for answer in (await api.open(), await api.push(lines([1])), await api.call("GET", "/readyz", token="")):
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert (await api.call("GET", "/healthz", token="")).status == 200


async def test_a_database_that_goes_away_is_told_from_an_error(store: PostgresStore) -> None:
    clock = StillClock()
    async with TestClient(TestServer(build_app(doors(store, clock)))) as client:
        api = Api(client=client, store=store, clock=clock)
        async with store._pool.acquire() as connection:
            others = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = $1"
            )
            database = await connection.fetchval("SELECT current_database()")
            await connection.execute(others.replace("$1", f"'{database}'"))
        assert (await api.open()).status in {201, 503}
        assert (await api.open()).status == 201
