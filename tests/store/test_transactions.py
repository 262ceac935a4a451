"""A transaction that is cut off, by a stop or by the server, leaves a connection that the next one can use."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from gateway.domain.errors import StoreDown
from gateway.ports.store import Session
from gateway.store.postgres import PostgresStore
from tests.database import run_sql

_QUERY = ("gauges.pay_day", date(2026, 1, 5))
_TURNS = 40
_END_ALL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()"""


async def _read(store: PostgresStore) -> None:
    async with store.transaction() as session:
        await session.value(*_QUERY)


async def test_one_cancelled_at_any_turn_of_the_loop_leaves_no_trouble(store: PostgresStore) -> None:
    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: troubles.append(context))
    for turns in range(_TURNS):
        task = asyncio.create_task(_read(store))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _read(store)
    assert troubles == []


async def test_one_whose_connection_the_server_closed_says_that_the_database_went_away(
    store: PostgresStore, database_url: str
) -> None:
    with pytest.raises(StoreDown):
        await _cut_off(store, database_url, lambda session: session.value(*_QUERY))
    await _read(store)


async def test_one_that_fails_otherwise_on_a_closed_connection_says_so_too(
    store: PostgresStore, database_url: str
) -> None:
    with pytest.raises(StoreDown):
        await _cut_off(store, database_url, _failing)
    await _read(store)


async def _cut_off(store: PostgresStore, url: str, then: Callable[[Session], Awaitable[object]]) -> None:
    async with store.transaction() as session:
        await run_sql(url, _END_ALL)
        await then(session)


async def _failing(_session: Session) -> None:
    raise ValueError
