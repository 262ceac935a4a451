"""How to reach a Kafka cluster and how patient to be with it."""

import ssl
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """One cluster. All waits are in seconds.

    `fetch_wait` is how long the broker may hold an empty fetch: a real one answers as soon as a record comes; the
    embedded one always sleeps it out, so it wants 0.05. `fetch_bytes` bounds what one reader buffers. A reader that
    hears nothing for `stall` asks whether it missed something. `publish_patience` is how long the client itself
    retries what Kafka calls retriable.
    """

    bootstrap: str
    tls: ssl.SSLContext | None = None
    sasl_mechanism: str = ""
    username: str = ""
    password: str = ""
    fetch_wait: float = 0.5
    fetch_bytes: int = 1 << 20
    stall: float = 30.0
    publish_patience: float = 20.0
    stop_patience: float = 5.0

    def client(self) -> dict[str, Any]:
        """Return the arguments that every aiokafka client takes."""
        protocol = ("SASL_" if self.sasl_mechanism else "") + ("SSL" if self.tls else "PLAINTEXT")
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": protocol,
            "ssl_context": self.tls,
        }
        if self.sasl_mechanism:
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        return arguments
