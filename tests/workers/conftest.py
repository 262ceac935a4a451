"""Where worker processes meet: a database of the product's own kind, and Apache Kafka where Java is there."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from gateway.bench.apache_kafka import missing
from gateway.ports.bus import TOPICS
from gateway.runtime.embedded import embedded_kafka, embedded_postgres
from tests.database import apart, run_sql
from tests.kafka_broker import KafkaBroker, kafka_broker
from tests.workers.day import Day, pay_day

__all__ = ["kafka_broker"]  # a fixture by being here

_numbers = count(1)


@pytest.fixture(scope="session")
def safe_postgres() -> Iterator[str]:
    """A server that forgets nothing: a worker refuses the careless one of the other tests.

    Its folder is none of pytest's: the server does not run as root, and pytest shuts others out of its folders.
    """
    folder = Path(tempfile.mkdtemp(prefix="gateway-pg-"))
    try:
        with embedded_postgres(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def safe_database(safe_postgres: str) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    name = f"day_{next(_numbers)}"
    apart(run_sql(safe_postgres, f"CREATE DATABASE {name}"))
    yield safe_postgres.replace("/postgres?", f"/{name}?", 1)
    apart(run_sql(safe_postgres, f"DROP DATABASE {name} WITH (FORCE)"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """`incarnation` names an embedded broker; Apache Kafka has a name of its own."""

    bootstrap: str
    incarnation: str = ""


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Apache Kafka; without Java, and not in CI, a broker in this process."""
    if missing() and os.environ.get("CI") != "true":
        with embedded_kafka() as embedded:
            yield Broker(bootstrap=embedded.bootstrap, incarnation=embedded.incarnation)
        return
    kafka: KafkaBroker = request.getfixturevalue("kafka_broker")
    kafka.create_topics(TOPICS)
    yield Broker(bootstrap=kafka.bootstrap)


@pytest.fixture
async def day(broker: Broker, safe_database: str, tmp_path: Path) -> AsyncIterator[Day]:
    async with pay_day(tmp_path, safe_database, broker.bootstrap, broker.incarnation) as opened:
        yield opened
