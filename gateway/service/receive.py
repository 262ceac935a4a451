"""Receive: every record of the bank-message topic becomes a stored message, or a dead letter, exactly once.

An archive of messages is kept as it came, and each message in it becomes one of its own in the same transaction: it is
read, refused or known again by itself. An archive that is not sound is one message, which its reader refuses.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.ports.store import Session
from gateway.service.partitions import Came, ReadPartition
from gateway.service.press import PIECE


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosed:
    """A message in an archive: its place from 1, SHA-256 and size; `pieces` may be gone through again and again."""

    number: int
    digest: bytes
    size: int
    pieces: Iterable[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A record as the door understood it: an authenticated message of a bank, or the rule that it breaks.

    `enclosed` are the messages of a sound archive, in its order.
    """

    bank: str = ""
    content: bytes = b""
    channel: str = ""
    broken_rule: str | None = None
    enclosed: Sequence[Enclosed] = ()


Door = Callable[[Record], Awaitable[Letter]]
"""Opens a record: checks signature and digest, fetches what is referenced. Raises only for what may pass by itself."""


@dataclass(slots=True, kw_only=True)
class Receive(ReadPartition[Sequence[Letter]]):
    """Step: receive from one partition of the banks' messages."""

    name = "receive"
    topic = BANK_MESSAGES

    door: Door

    async def _open(self, records: Sequence[Record]) -> Sequence[Letter]:
        return await asyncio.gather(*(self.door(record) for record in records))

    async def _keep(self, session: Session, now: datetime, records: Sequence[Record], opened: Sequence[Letter]) -> Came:
        new = 0
        dead = []
        for record, letter in zip(records, opened, strict=True):
            if letter.broken_rule is None:
                origin = {"topic": BANK_MESSAGES, "partition": record.partition, "offset": record.offset}
                new += await store_message(session, letter, origin, now)
            else:
                dead.append((record, letter.broken_rule))
        await self._bury(session, now, dead)
        return Came(stored=new, same=len(records) - new - len(dead), dead=len(dead))

    def _tell(self, opened: Sequence[Letter], came: Came) -> None:  # noqa: ARG002 - counted by bank
        for (bank, state), messages in heard(opened).items():
            self.meter.count("gateway_bank_messages_total", messages, bank=bank, state=state)

    def _tell_lag(self, records: int | None) -> None:
        self.meter.show("gateway_consumer_lag_records", records, partition=str(self.partition))


def heard(letters: Iterable[Letter]) -> Counter[tuple[str, str]]:
    """Count messages by bank and state; a broken letter proves no bank, an archive is as many as are in it."""
    counts: Counter[tuple[str, str]] = Counter()
    for letter in letters:
        if letter.broken_rule is not None:
            counts["none", "dead letter"] += 1
        elif letter.enclosed:
            counts[letter.bank, "unpacked"] += 1
            counts[letter.bank, "received"] += len(letter.enclosed)
        else:
            counts[letter.bank, "received"] += 1
    return counts


async def store_message(session: Session, letter: Letter, origin: dict[str, object], now: datetime) -> bool:
    """Store a message of a bank with its raw bytes; return False when the same bytes of this bank are there already.

    Those in an archive are stored beside it, unless the bank has said one before. Their names are the bank's, and may
    hold an account: `origin` tells an archive's digest and a number. What could not be read before counts as new.
    """
    whole = sha256(letter.content).digest()

    async def store(digest: bytes, size: int, where: dict[str, object], state: str, pieces: Iterable[bytes]) -> bool:
        number = await session.value("receive.message", letter.bank, digest, size, letter.channel, where, now, state)
        if number is None:
            return await session.value("receive.again", letter.bank, digest, state) is not None
        await _keep_bytes(session, number, pieces)
        return True

    new = await store(whole, len(letter.content), origin, _state(letter), (letter.content,))
    for one in letter.enclosed:
        place = {**origin, "archive": whole.hex(), "member": one.number}
        new = await store(one.digest, one.size, place, "received", one.pieces) or new
    return new


def _state(letter: Letter) -> str:
    return "unpacked" if letter.enclosed else "received"


async def _keep_bytes(session: Session, number: int, pieces: Iterable[bytes]) -> None:
    rows = ((number, n, piece) for n, piece in enumerate(_cut(pieces)))
    await session.copy("bank_message_bytes", ("message_no", "piece_no", "piece"), rows)


def _cut(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of `PIECE`, of which there is at least one; no more of them is kept at a time."""
    waiting, begun = b"", False
    for piece in pieces:
        waiting += piece
        whole = len(waiting) - len(waiting) % PIECE
        for at in range(0, whole, PIECE):
            yield waiting[at : at + PIECE]
            begun = True
        waiting = waiting[whole:]
    if waiting or not begun:
        yield waiting
