"""A real PostgreSQL for the tests: started once a run, each test in its own copy of a migrated template.

Only this server runs with fsync off: nothing it holds outlives the run. Everything else about it is the product's.
"""

import asyncio
import shutil
import tempfile
from collections import deque
from collections.abc import Coroutine, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar

import asyncpg

from gateway.runtime.embedded import embedded_postgres
from gateway.store.migrate import migrate

T = TypeVar("T")

TEMPLATE = "gateway_template"
AHEAD = 2
_CARELESS = (
    "fsync = off",
    "full_page_writes = off",
    "synchronous_commit = off",
    "autovacuum = off",
    "max_wal_size = '4GB'",
)


def apart(work: Coroutine[None, None, T]) -> T:
    """Run a coroutine to its end in a thread of its own, leaving this thread's event loop alone."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def run_sql(url: str, *statements: str) -> None:
    """Run statements one by one, outside a transaction."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _migrated(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await migrate(connection)
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server. `url_of` names a database of it; `fresh` gives an empty, migrated one.

    The next database is made while a test runs, and a used one goes while the next test does.
    """

    admin_url: str
    thread: Executor
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    ready: deque[Future[str]] = field(default_factory=deque)

    def url_of(self, database: str) -> str:
        return self.admin_url.replace("/postgres?", f"/{database}?", 1)

    def make_template(self) -> None:
        apart(run_sql(self.admin_url, *(f"ALTER SYSTEM SET {s}" for s in _CARELESS), "SELECT pg_reload_conf()"))
        apart(run_sql(self.admin_url, f"CREATE DATABASE {TEMPLATE}"))
        apart(_migrated(self.url_of(TEMPLATE)))

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """Yield the URL of a database that nobody else uses; it is gone afterwards."""
        while len(self.ready) < AHEAD:
            self.ready.append(self.thread.submit(self._make, f"test_{next(self.numbers)}"))
        name = self.ready.popleft().result()
        try:
            yield self.url_of(name)
        finally:
            self.thread.submit(self._drop, name)

    def still(self) -> None:
        """Wait until no database is being made: the feed shows nothing younger than the oldest open transaction."""
        self.thread.submit(lambda: None).result()

    def _make(self, name: str) -> str:
        asyncio.run(run_sql(self.admin_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
        return name

    def _drop(self, name: str) -> None:
        asyncio.run(run_sql(self.admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def running_server() -> Iterator[Server]:
    """Start the server in a temporary folder, make the template and stop it all at the end."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-"))
    try:
        with embedded_postgres(folder) as url, ThreadPoolExecutor(1) as thread:
            server = Server(admin_url=url, thread=thread)
            server.make_template()
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
