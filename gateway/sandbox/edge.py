"""The bank edge: the door at which a bank's messages enter Kafka, signed, and large ones by reference.

Its envelope is written here a second time on purpose: what the gateway accepts must be what the contract says, not
what the gateway's own code happens to write.
"""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from gateway.sandbox.books import Answer, Books
from gateway.sandbox.mailbox import Mailbox
from gateway.sandbox.messages import utc
from gateway.sandbox.webhook import Webhooks

TOPIC = "gateway.bank-messages.v1"
CHANNEL = "bank-edge"
INLINE_BYTES_MAX = 64 * 1024
_CLOSE_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One Kafka record: key is the bank's slug, value the message or empty when `ce_dataref` names a file."""

    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Publisher(Protocol):
    """Puts records on a topic."""

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        """Return when all are acknowledged; raise when any is not (some may be there: sending again is harmless)."""
        ...


class KafkaPublisher:
    """Publishes through aiokafka. After any error the producer is thrown away and made anew (aiokafka #1017)."""

    def __init__(self, bootstrap_servers: str) -> None:
        """Connect at the first use."""
        self._servers = bootstrap_servers
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        """Send all and wait for every acknowledgement. Raises aiokafka's error after closing the producer."""
        try:
            producer = await self._connected()
            waits = [
                await producer.send(topic, value=item.value, key=item.key, headers=list(item.headers))
                for item in envelopes
            ]
            for wait in waits:
                await wait
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the connection within a bounded time; what was not acknowledged is published again later."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(producer.stop(), _CLOSE_SECONDS_MAX)

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            # Kept before it has started, so that a failing start is closed like any other failure.
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._servers, acks="all", enable_idempotence=True, linger_ms=5
            )
            await self._producer.start()
        return self._producer


def signature(key: bytes, topic: str, source: str, message_id: str, digest: str) -> str:
    """Sign where a message comes from and what it is: HMAC-SHA256, in hex, over the four joined by line feeds."""
    return hmac.new(key, f"{topic}\n{source}\n{message_id}\n{digest}".encode(), hashlib.sha256).hexdigest()


class Edge:
    """Publishes what banks have to say. `key` signs; `outbox`, when given, keeps a copy of every message a bank.

    Banks that `webhooks` knows call the gateway themselves as soon as they are told where it listens; banks with a
    mailbox leave files in it.
    """

    def __init__(
        self,
        *,
        key: bytes,
        root: Path,
        publisher: Publisher,
        outbox: Path | None = None,
        webhooks: Webhooks | None = None,
        mailboxes: Mapping[str, Mailbox] | None = None,
    ) -> None:
        """Make the door for all banks under the sandbox `root`."""
        self._key = key
        self._root = root
        self._publisher = publisher
        self._outbox = outbox
        self._webhooks = webhooks or Webhooks({})
        self._mailboxes = dict(mailboxes or {})

    def call_at(self, url: str) -> None:
        """Say where the gateway takes webhooks."""
        self._webhooks.call_at(url)

    @property
    def calls(self) -> int:
        """How many webhook calls were taken by the gateway."""
        return self._webhooks.taken

    def waiting(self) -> bool:
        """Whether something lies in a mailbox that the gateway has not put away."""
        return any(mailbox.waiting() for mailbox in self._mailboxes.values())

    async def deliver(self, slug: str, books: Books, now: datetime, *, limit: int = 200) -> bool:
        """Publish up to `limit` due messages of one bank, then mark them; say whether there were any.

        At least once: a kill between the acknowledgement and the mark publishes the same envelopes again.
        """
        answers = books.due(now, limit)
        if not answers:
            return False
        if self._webhooks.serves(slug):
            answers = await self._webhooks.call(slug, answers, now)
        elif slug in self._mailboxes:
            self._mailboxes[slug].leave(answers)
        else:
            await self._publisher.publish(TOPIC, [self.envelope(slug, answer) for answer in answers])
        for answer in answers:
            self._archive(slug, answer)
        books.acknowledge(answers, now)
        return bool(answers)

    def envelope(self, slug: str, answer: Answer) -> Envelope:
        """Wrap one message; a large one is left in the bank's claims folder first."""
        source, message_id = f"/banks/{slug}", f"{answer.digest}-{answer.copy}"
        headers = {
            "ce_specversion": "1.0",
            "ce_type": "gateway.bank-message.v1",
            "ce_source": source,
            "ce_id": message_id,
            "ce_time": utc(answer.due),
            "ce_digest": answer.digest,
            "ce_channel": CHANNEL,
            "ce_signature": signature(self._key, TOPIC, source, message_id, answer.digest),
        }
        value = answer.content
        if len(value) > INLINE_BYTES_MAX:
            _write_once(self._root / slug / "claims" / answer.digest, value)
            headers["ce_dataref"], value = answer.digest, b""
        packed = tuple((name, text.encode()) for name, text in headers.items())
        return Envelope(key=slug.encode(), value=value, headers=packed)

    def _archive(self, slug: str, answer: Answer) -> None:
        if self._outbox is not None:
            copy = "" if answer.copy == 1 else f".{answer.copy}"
            _write_once(self._outbox / slug / f"{answer.name}{copy}.{answer.suffix}", answer.content)


def _write_once(path: Path, content: bytes) -> None:
    # A reader that finds the name finds the whole content.
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    draft.write_bytes(content)
    draft.replace(path)
