"""Read: a stored message becomes observations, chunk by chunk; they take effect only when all of it was read.

The heads of its statements are stored with the last chunk. One that does not add up by itself is *unbalanced* at once,
so that nothing of it is applied; one that was heard before is *repeated*; the others wait to be proved.
A poison message is a message in state *unreadable*, never a stuck lane; a bank whose messages fail too often is braked.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from gateway.domain.errors import LeaseLost, Unreadable, Unstorable
from gateway.domain.observation import Observation
from gateway.domain.reasons import DUPLICATES
from gateway.domain.statement import Statement, broken_alone
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.banks import Banks
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.pauses import pause
from gateway.service.statements import Unbalanced, trouble_with

CHUNK = 10_000
STATEMENTS_MAX = 10_000
"""Most statements of one message: they are kept in memory until its end."""
LEASE = timedelta(minutes=2)
BRAKE = 5
"""Unreadable messages among a bank's latest `BRAKE_WINDOW` that pause it: what we cannot hear we must not feed."""
BRAKE_WINDOW = 20

T = TypeVar("T")

COLUMNS = ("message_no", "ordinal", *Observation.__slots__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMessage:
    """A message to read. What an earlier reader left of it is gone."""

    message_no: int
    bank: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Step: read one message to its end."""

    store: Store
    clock: Clock
    banks: Banks
    worker: str
    duplicates: frozenset[str] = DUPLICATES
    """Reason codes that configuration calls duplicates (`Reasons.duplicates`)."""
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
        reading = _Reading(partial(bank.adapter.read, pieces, bank.profile.knowing(self.duplicates)))
        try:
            await self._read(message, reading)
        except Unreadable as error:
            if await self._unreadable(message, error):
                self.meter.count("gateway_bank_messages_total", 1, bank=message.bank, state="unreadable")
        except Unstorable:
            unreadable = Unreadable("message.unstorable", "", "it holds a value that no column holds")
            if await self._unreadable(message, unreadable):
                self.meter.count("gateway_bank_messages_total", 1, bank=message.bank, state="unreadable")
        except LeaseLost:  # whoever took the message over reads it anew
            self.meter.count("gateway_step_failures_total", 1, step="read", error=LeaseLost.__name__)
        else:
            self.meter.count("gateway_bank_messages_total", 1, bank=message.bank, state="read")
        finally:
            await reading.end()
        return True

    async def _read(self, message: ReceivedMessage, reading: "_Reading") -> None:
        """Store chunk by chunk. Raises LeaseLost when somebody else reads it by now."""
        ordinal = 0
        while True:
            chunk = await reading.next(CHUNK)
            async with self.store.transaction() as session:
                rows = [_row(message.message_no, n, o) for n, o in enumerate(chunk, start=ordinal + 1)]
                ordinal += len(chunk)
                last = len(chunk) < CHUNK
                until = self.clock.now() + self.lease
                # First the lease, then the rows: those of a reader that lost it are there already, by another's hand.
                if not await session.execute("read.advance", message.message_no, self.worker, ordinal, last, until):
                    raise LeaseLost("another worker reads this message now")
                await session.copy("observation", COLUMNS, rows)
                if last and reading.statements:
                    await self._keep(session, message, reading.statements)
            if last:
                return

    async def _keep(self, session: Session, message: ReceivedMessage, statements: list[Statement]) -> None:
        """Store the heads of statements, holding their chains' rows in order: who stores or judges does so alone."""
        chains = sorted({(message.bank, s.account, s.currency) for s in statements})
        await session.many("read.chain", chains)
        await session.many("read.statement", [_head(message, s) for s in statements])
        unbalanced = await session.all(Unbalanced, "read.unbalanced", message.message_no)
        await raise_exceptions(session, self.clock.now(), [trouble_with(u) for u in unbalanced])

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


class _Reading:
    """A message that is being read: observations come in chunks, statements gather beside them.

    One thread of its own begins, goes on with and ends it: a parser that changes threads corrupts libxml2's heap, and
    the names of elements that libxml2 has met are given back only when the thread that met them is gone.
    """

    def __init__(self, begin: Callable[[], Iterator[Observation | Statement]]) -> None:
        self.statements: list[Statement] = []
        self._begin = begin
        self._observations: Iterator[Observation] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")

    async def next(self, count: int) -> list[Observation]:
        """Read on. What an adapter did not foresee makes the message unreadable; it must not end the worker."""
        taken = await self._run(partial(self._take, count))
        if isinstance(taken, Unreadable):
            raise taken
        return taken

    async def end(self) -> None:
        """Let go of the parser, in the thread that made it, and of the thread."""
        await self._run(self._forget)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _forget(self) -> None:
        self._observations = None

    def _take(self, count: int) -> list[Observation] | Unreadable:
        """Return what was read, or why nothing can be; without a traceback, whose frames would keep the parser."""
        try:
            if self._observations is None:
                self._observations = self._sort(self._begin())
            return list(islice(self._observations, count))
        except Unreadable as error:
            error.__cause__ = error.__context__ = None
            return error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is what cannot be read
            return Unreadable("reader.failed", "", f"its reader failed: {type(error).__name__}")

    def _sort(self, told: Iterator[Observation | Statement]) -> Iterator[Observation]:
        for one in told:
            if isinstance(one, Observation):
                yield one
                continue
            if len(self.statements) == STATEMENTS_MAX:
                raise Unreadable("message.statements", "", f"it holds more than {STATEMENTS_MAX} statements")
            self.statements.append(one)


def _row(message_no: int, ordinal: int, observation: Observation) -> tuple[Any, ...]:
    return (message_no, ordinal, *(getattr(observation, name) for name in Observation.__slots__))


def _head(message: ReceivedMessage, statement: Statement) -> tuple[Any, ...]:
    """Return the parameters of read.statement: where it stands, its fields in their order, and the rule it breaks."""
    fields = (getattr(statement, name) for name in Statement.__slots__)
    return (message.bank, message.message_no, *fields, broken_alone(statement))
