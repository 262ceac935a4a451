"""Read: a stored message becomes observations, in resumable chunks that take effect only when all of it was read.

A poison message is a message in state *unreadable*, never a stuck lane; a bank whose messages fail too often is braked.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from gateway.domain.errors import LeaseLost, Unreadable, Unstorable
from gateway.domain.observation import Observation
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.banks import Banks
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.pauses import pause

CHUNK = 10_000
LEASE = timedelta(minutes=2)
BRAKE = 5
"""Unreadable messages among a bank's latest `BRAKE_WINDOW` that pause it: what we cannot hear we must not feed."""
BRAKE_WINDOW = 20

COLUMNS = ("message_no", "ordinal", *Observation.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """A message to read, with how far an earlier reader came."""

    message_no: int
    bank: str
    read_through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Step: read one message to its end."""

    store: Store
    clock: Clock
    banks: Banks
    worker: str
    lease: timedelta = LEASE
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        now = self.clock.now()
        async with self.store.transaction() as session:
            message = await session.one(
                ReceivedMessage, "read.take", self.worker, now, now + self.lease, list(self.banks)
            )
            if message is None:
                return False
            pieces = await session.column("read.pieces", message.message_no)
        bank = self.banks[message.bank]
        try:
            await self._read(message, bank.adapter.read(pieces, bank.profile))
        except Unreadable as error:
            if await self._unreadable(message, error):
                self.meter.count("gateway_bank_messages_total", 1, bank=message.bank, state="unreadable")
        except Unstorable:
            unreadable = Unreadable("message.unstorable", "", "it holds a value that no column holds")
            if await self._unreadable(message, unreadable):
                self.meter.count("gateway_bank_messages_total", 1, bank=message.bank, state="unreadable")
        except LeaseLost:  # whoever took the message over goes on where we came to
            self.meter.count("gateway_step_failures_total", 1, step="read", error=LeaseLost.__name__)
        else:
            self.meter.count("gateway_bank_messages_total", 1, bank=message.bank, state="read")
        return True

    async def _read(self, message: ReceivedMessage, observations: Iterator[Observation]) -> None:
        """Store chunk by chunk what an earlier reader has not; reading is deterministic, so ordinals are stable."""
        await asyncio.to_thread(_take, observations, message.read_through)
        ordinal = message.read_through
        while True:
            chunk = await asyncio.to_thread(_take, observations, CHUNK)
            async with self.store.transaction() as session:
                rows = [_row(message.message_no, n, o) for n, o in enumerate(chunk, start=ordinal + 1)]
                ordinal += len(chunk)
                last = len(chunk) < CHUNK
                until = self.clock.now() + self.lease
                # First the lease, then the rows: those of a reader that lost it are there already, by another's hand.
                if not await session.execute("read.advance", message.message_no, self.worker, ordinal, last, until):
                    raise LeaseLost("another worker reads this message now")
                await session.copy("observation", COLUMNS, rows)
            if last:
                return

    async def _unreadable(self, message: ReceivedMessage, error: Unreadable) -> bool:
        """Keep the message and the reason, drop what was half read, tell a person, and brake a lane that goes on so.

        Return whether this was ours to say.
        """
        now = self.clock.now()
        async with self.store.transaction() as session:
            if not await session.execute("read.unreadable", message.message_no, self.worker, str(error)):
                return False
            await session.execute("read.drop_observations", message.message_no)
            trouble = Trouble(
                kind="unreadable message",
                key=str(message.message_no),
                bank=message.bank,
                message_no=message.message_no,
                detail={"rule": error.rule, "path": error.path},
            )
            await raise_exceptions(session, now, [trouble])
            await self._brake(session, message.bank)
        return True

    async def _brake(self, session: Session, bank: str) -> None:
        if await session.value("read.unreadable_lately", bank, BRAKE_WINDOW) >= BRAKE:
            reason = "too many of its messages are unreadable"
            await pause(session, scope="bank", value=bank, reason=reason, at=self.clock.now(), by=self.worker)


def _take(observations: Iterator[Observation], count: int) -> list[Observation]:
    """Read on. What an adapter did not foresee makes the message unreadable; it must not end the worker, every time."""
    try:
        return list(islice(observations, count))
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable("reader.failed", "", f"its reader failed: {type(error).__name__}") from error


def _row(message_no: int, ordinal: int, observation: Observation) -> tuple[Any, ...]:
    return (message_no, ordinal, *(getattr(observation, name) for name in Observation.__slots__))
