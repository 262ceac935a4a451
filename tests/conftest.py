"""Fixtures that every part of the test suite shares."""

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.store.postgres import PostgresStore, open_store
from tests.database import Server, running_server

MARKERS = {
    "kafka": "needs Apache Kafka itself (Java and the broker's jars)",
    "slow": "takes more than a few seconds",
}


def pytest_configure(config: pytest.Config) -> None:
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


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
