"""Fixtures that every part of the test suite shares."""

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.store.postgres import PostgresStore, open_store
from tests.database import Server, running_server

MARKERS = {
    "kafka": "needs Apache Kafka itself (Java and the broker's jars)",
    "slow": "takes more than a few seconds",
    "xdist_group(name)": "runs in one process with all others of the name",
}
TOGETHER = ("demo", "grafana")
"""Folders whose tests share what is dear to make (a whole run, a Prometheus that watched it)."""
FIRST = ("crash", "demo", "model", "month", "workers", "runtime", "kafka")
"""Folders with the longest files: what starts last decides when all are done."""


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests share a process, and begin with the longest; within a file the order stays."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    items.sort(key=lambda item: FIRST.index(_folder(item)) if _folder(item) in FIRST else len(FIRST))


def _folder(item: pytest.Item) -> str:
    return item.path.parent.name


def _group(item: pytest.Item) -> str:
    if item.get_closest_marker("kafka") is not None:
        return "kafka"
    return _folder(item) if _folder(item) in TOGETHER else str(item.path)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The embedded PostgreSQL of this run."""
    with running_server() as server:
        yield server


@pytest.fixture
def database_url(postgres: Server) -> Iterator[str]:
    """The URL of an empty, migrated database of this test's own."""
    with postgres.fresh() as url:
        yield url


@pytest.fixture
def still(postgres: Server, database_url: str) -> str:
    """The database of this test, once the server does nothing else: for tests that read the feed."""
    postgres.still()
    return database_url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[PostgresStore]:
    """A store on `database_url`."""
    store = await open_store(database_url, connections=8)
    yield store
    await store.close()
