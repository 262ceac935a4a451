"""`ports.store` on PostgreSQL through asyncpg."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg

from gateway.domain.errors import ConfigError, StoreBusy, StoreDown, Unstorable
from gateway.ports.boundary import Boundary, unbounded
from gateway.store.queries import queries

T = TypeVar("T")

RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
"""A transaction that failed so stored nothing and may be run again as a whole."""

GONE = (asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError, asyncpg.TooManyConnectionsError)
"""The server is starting, going down, full, or the connection to it broke."""

ENDING_SECONDS = 5.0
"""How long a transaction's end waits for a server that has gone silent before its connection is closed."""

UNSAFE = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class PostgresSession:
    """One transaction on one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def all(self, shape: type[T], query: str, *args: Any) -> list[T]:
        rows = await self._connection.fetch(queries()[query], *args)
        return [shape(**row) for row in rows]

    async def one(self, shape: type[T], query: str, *args: Any) -> T | None:
        row = await self._connection.fetchrow(queries()[query], *args)
        return None if row is None else shape(**row)

    async def column(self, query: str, *args: Any) -> list[Any]:
        return [row[0] for row in await self._connection.fetch(queries()[query], *args)]

    async def value(self, query: str, *args: Any) -> Any:
        return await self._connection.fetchval(queries()[query], *args)

    async def execute(self, query: str, *args: Any) -> int:
        status: str = await self._connection.execute(queries()[query], *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def many(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        await self._connection.executemany(queries()[query], rows)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        try:
            await self._connection.copy_records_to_table(table, columns=columns, records=rows)
        except (asyncpg.DataError, OverflowError, ValueError) as error:
            raise Unstorable(f"a value for {table} that no column holds: {type(error).__name__}") from error


class PostgresStore:
    """A pool of connections; each transaction is a boundary before and after its COMMIT."""

    def __init__(self, pool: asyncpg.Pool, boundary: Boundary = unbounded) -> None:
        self._pool = pool
        self._boundary = boundary

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresSession]:
        connection = await self._acquire()
        try:
            async with self._bounded(connection):
                yield PostgresSession(connection)
        except asyncpg.DataError as error:
            raise Unstorable(f"a value that no column holds: {type(error).__name__}") from error
        except RETRYABLE as error:
            raise StoreBusy("a transaction lost a race and stored nothing") from error
        except StoreDown:
            raise
        except Exception as error:
            if isinstance(error, GONE) or _is_lost(connection):
                raise StoreDown("the database went away") from error
            raise
        finally:
            with suppress(TimeoutError):  # it is closed then
                await self._pool.release(connection, timeout=ENDING_SECONDS)

    async def _acquire(self) -> Any:
        try:
            return await self._pool.acquire()
        except (*GONE, OSError) as error:
            raise StoreDown("the database cannot be reached") from error

    @asynccontextmanager
    async def _bounded(self, connection: Any) -> AsyncIterator[None]:
        transaction = connection.transaction()
        try:
            await transaction.start()
            yield
        except BaseException as error:
            if await _rolled_back(connection, transaction) or not isinstance(error, Exception):
                raise
            raise StoreDown("the database went away") from error
        self._boundary("commit")
        await transaction.commit()
        self._boundary("commit")

    async def close(self) -> None:
        await self._pool.close()


def _is_lost(connection: Any) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:  # the pool has seen it break and taken it back
        return True


async def _rolled_back(connection: Any, transaction: Any) -> bool:
    """Tell whether it could be. If not, it broke or its BEGIN was cut off: closed, the server rolls back."""
    try:
        async with asyncio.timeout(ENDING_SECONDS):
            await transaction.rollback()
    except BaseException as error:
        with suppress(asyncpg.InterfaceError):  # as above
            connection.terminate()
        if isinstance(error, Exception):
            return False
        raise
    return True


ROLE = "gateway_app"
"""The role the gateway works under: it reads and writes rows and owns nothing (migration 0004)."""

_SESSION = {
    "role": ROLE,
    "timezone": "UTC",
    "application_name": "gateway",
    "jit": "off",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "120s",  # a process that was frozen must not hold its locks for ever
}


async def connect(url: str, login: str | None = None) -> asyncpg.Connection:
    """Open one connection beside the pool, under the same role; `login` replaces the URL's."""
    return await asyncpg.connect(url, user=login, server_settings=_SESSION)


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)


async def _nothing_to_reset(_connection: asyncpg.Connection) -> None:
    """Spare a round trip a transaction: a session is one transaction, whose end leaves no lock, setting or cursor."""


async def open_store(
    url: str, *, connections: int, boundary: Boundary = unbounded, login: str | None = None
) -> PostgresStore:
    """Connect under the role that cannot change the ledger. `connections` bounds the pool, `login` replaces the URL's.

    Raises ConfigError when the login may not take the role (docs/ledger.md).
    """
    try:
        pool = await asyncpg.create_pool(
            url,
            user=login,
            min_size=1,
            max_size=connections,
            init=_prepare,
            reset=_nothing_to_reset,
            server_settings=_SESSION,
        )
    except (asyncpg.InvalidParameterValueError, asyncpg.InsufficientPrivilegeError) as error:
        raise ConfigError(
            f"the login of database.url may not act as {ROLE}: as an administrator, GRANT {ROLE} TO that login"
        ) from error
    return PostgresStore(pool, boundary)


async def refuse_unsafe(connection: asyncpg.Connection) -> None:
    """Raise ConfigError when the server could lose or tear what it acknowledged (reference: faults 2.5)."""
    for setting, unsafe in UNSAFE.items():
        if await connection.fetchval("SELECT current_setting($1)", setting) == unsafe:
            raise ConfigError(
                f"PostgreSQL runs with {setting}={unsafe}: an acknowledged payment could be forgotten; turn it on"
            )
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        raise ConfigError(
            "PostgreSQL is a replica: decisions are never read from a replica; point the URL at the primary"
        )
