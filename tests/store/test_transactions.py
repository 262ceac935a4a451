"""A transaction that is cut off, by a stop or by the server, leaves a connection that the next one can use."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest

from gateway.domain.errors import StoreDown
from gateway.ports.store import Session
from gateway.store import postgres
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


async def test_one_told_to_end_does_so_though_the_server_has_gone_silent(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ENDING_SECONDS", 0.1)
    async with _silenced(database_url, tmp_path_factory.mktemp("s")) as (url, silence):
        store = await postgres.open_store(url, connections=2)
        task = asyncio.create_task(_hanging(store, silence))
        await silence.wait()
        await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=60)
        assert done
        store._pool.terminate()


async def _hanging(store: PostgresStore, silence: asyncio.Event) -> None:
    async with store.transaction() as session:
        await session.value(*_QUERY)
        silence.set()
        await session.value(*_QUERY)


def _socket(host: str) -> Path:
    return next(path for path in Path(host).glob(".s.PGSQL.*") if path.suffix != ".lock")


@asynccontextmanager
async def _silenced(url: str, folder: Path) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A way to the server over which nothing goes any more once the event is set, and nothing is refused either."""
    silence, host = asyncio.Event(), parse_qs(urlparse(url).query)["host"][0]
    socket, ends = _socket(host), list[asyncio.StreamWriter]()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            if not silence.is_set():
                writer.write(piece)

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(socket)
        ends.extend((writer, back))
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_unix_server(joined, folder / socket.name)
    try:
        yield url.replace(host, str(folder)), silence
    finally:
        server.close()
        for end in ends:
            end.close()
        await asyncio.gather(*(end.wait_closed() for end in ends), return_exceptions=True)


async def _cut_off(store: PostgresStore, url: str, then: Callable[[Session], Awaitable[object]]) -> None:
    async with store.transaction() as session:
        await run_sql(url, _END_ALL)
        await then(session)


async def _failing(_session: Session) -> None:
    raise ValueError
