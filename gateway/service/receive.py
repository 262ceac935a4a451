"""Receive: every record of the bank-message topic becomes a stored message, or a dead letter, exactly once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.ports.store import Session
from gateway.service.partitions import Came, ReadPartition
from gateway.service.press import PIECE


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A record as the door understood it: an authenticated message of a bank, or the rule that it breaks."""

    bank: str = ""
    content: bytes = b""
    channel: str = ""
    broken_rule: str | None = None


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
        for (bank, state), messages in Counter(map(_heard, opened)).items():
            self.meter.count("gateway_bank_messages_total", messages, bank=bank, state=state)

    def _tell_lag(self, records: int | None) -> None:
        self.meter.show("gateway_consumer_lag_records", records, partition=str(self.partition))


def _heard(letter: Letter) -> tuple[str, str]:
    """Name the bank and the state that a letter is counted under; a broken one proves no bank."""
    return (letter.bank, "received") if letter.broken_rule is None else ("none", "dead letter")


async def store_message(session: Session, letter: Letter, origin: dict[str, object], now: datetime) -> bool:
    """Store a message of a bank with its raw bytes; return False when the same bytes of this bank are there already."""
    digest, size = sha256(letter.content).digest(), len(letter.content)
    number = await session.value("receive.message", letter.bank, digest, size, letter.channel, origin, now)
    if number is None:
        return False
    pieces = [(number, n, letter.content[at : at + PIECE]) for n, at in enumerate(range(0, max(size, 1), PIECE))]
    await session.copy("bank_message_bytes", ("message_no", "piece_no", "piece"), pieces)
    return True
