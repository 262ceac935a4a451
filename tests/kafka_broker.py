"""Apache Kafka itself for tests that a mock cannot answer. Without Java and Maven they are skipped loudly, in CI not.

The jars stay in `.cache/kafka` (env GATEWAY_KAFKA_CACHE) outside the tree that is committed.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from gateway.bench.apache_kafka import ApacheKafka, fetch_jars, missing
from gateway.bus.admin import create_topics
from gateway.bus.settings import KafkaSettings


class KafkaBroker:
    """One node: `bootstrap`, `create_topics`, `kill` (SIGKILL) and `restart`, which keeps everything."""

    def __init__(self, node: ApacheKafka) -> None:
        self._node = node
        self.bootstrap = node.bootstrap
        self.kill = node.kill
        self.restart = node.restart

    def create_topics(self, topics: Mapping[str, int]) -> None:
        """Create topics, by name and partitions; call it outside an event loop or in a thread."""
        asyncio.run(create_topics(KafkaSettings(bootstrap=self.bootstrap), topics, replicas=1))


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """The Apache Kafka of this run."""
    if lacking := missing():
        reason = f"no {lacking} here: nothing was tried on Apache Kafka itself"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    default = Path(__file__).resolve().parents[1] / ".cache" / "kafka"
    jars = fetch_jars(Path(os.environ.get("GATEWAY_KAFKA_CACHE", default)))
    node = ApacheKafka(jars, tmp_path_factory.mktemp("kafka"))
    try:
        node.start()
        yield KafkaBroker(node)
    finally:
        node.kill()
