"""A fresh in-process broker for each test, and a bus on it that is patient for milliseconds, not seconds."""

from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.bus.embedded import EmbeddedBroker
from gateway.bus.kafka import KafkaBus
from gateway.bus.settings import KafkaSettings

TOPIC = "gateway.test.v1"


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    embedded = EmbeddedBroker(incarnation="test-1")
    embedded.start({TOPIC: 4})
    yield embedded
    embedded.stop()


@pytest.fixture
def settings(broker: EmbeddedBroker) -> KafkaSettings:
    return KafkaSettings(bootstrap=broker.bootstrap, fetch_wait=0.05, publish_patience=1.0, stop_patience=1.0)


@pytest.fixture
async def bus(broker: EmbeddedBroker, settings: KafkaSettings) -> AsyncIterator[KafkaBus]:
    connected = KafkaBus(settings, incarnation=broker.incarnation)
    await connected.start()
    yield connected
    await connected.close()
