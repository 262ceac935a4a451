"""Statements for the tests of the books: rows as reading, matching and proving leave them, and eyes for the ledger."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

from gateway.domain.facts import Fact
from gateway.ports.metrics import no_meter
from gateway.ports.store import Session
from gateway.service.balances import Agreement, Balances
from gateway.service.establish import Establish
from gateway.service.judge import Verdict
from gateway.service.settle import Settle, settle_late
from tests.scenario import MORNING, Scene, opened

_number = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One booked observation of a statement; `entry_minor` (signed) is the whole Ntry where details say less."""

    amount: int
    credit: bool = False
    attempt_no: int | None = None
    submission_no: int | None = None
    verdict: Verdict = Verdict.MATCHED
    charges: int | None = None
    entry_minor: int | None = None
    count: int | None = None
    currency: str = "EUR"

    @property
    def signed(self) -> int:
        return self.amount if self.credit else -self.amount


@dataclass(slots=True, kw_only=True)
class Books:
    """A scene with the eyes of an accountant."""

    scene: Scene
    account: str = "D1"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - the protocol that hypothesis asks for
        """Be short: a failing example shows everything it was given."""
        printer.text("books")

    @property
    def settle(self) -> Settle:
        gateway = self.scene.gateway
        return Settle(
            store=gateway.store, clock=self.scene.clock, reasons=gateway.configuration.reasons, worker=gateway.worker
        )

    async def statement(self, *lines: Line, bank: str = "alfa", state: str = "proved") -> int:
        """Store a message with one statement whose lines are applied, and return the statement's number."""
        connection = await asyncpg.connect(self.scene.url)
        try:
            async with connection.transaction():
                return await _store(connection, self.account, lines, bank, state)
        finally:
            await connection.close()

    async def until_settled(self) -> None:
        while await self.settle.run_once():
            pass

    async def match(self, statement_no: int, line: Line) -> None:
        """Match the first entry of a statement, as a late match by rule or hand does, with its early fact."""
        where = "SELECT message_no FROM statement WHERE statement_no = $1"
        message_no = await self.scene.value(where, statement_no)
        async with self.scene.gateway.store.transaction() as session:
            args = (line.attempt_no, line.submission_no, line.verdict.value)
            await session.execute("casework.matched", message_no, 1, *args, "test", False)
            await settle_late(self.establish(session, "alfa", message_no), [(message_no, 1)])

    def establish(self, session: Session, bank: str, message_no: int = 1) -> Establish:
        """What adds facts, on the word of a message."""
        return Establish(
            session=session,
            at=MORNING,
            bank=bank,
            message_no=message_no,
            actor="officer",
            reasons=self.scene.gateway.configuration.reasons,
            tally=no_meter,
        )

    async def agree(self) -> list[Agreement]:
        """The agreement of every statement; all tests close theirs on one day."""
        balances = Balances(store=self.scene.gateway.store)
        for line in await balances.on_the_way():
            assert line.ledger == line.attempts, line
        return await balances.agreements(MORNING.date(), MORNING.date())

    async def balances(self) -> dict[str, int]:
        """Balance of each account that is not zero."""
        rows = await self.scene.rows(
            "SELECT account, sum(amount_minor)::bigint FROM ledger_posting GROUP BY 1 HAVING sum(amount_minor) <> 0"
        )
        return dict(rows)

    async def by_bank(self) -> dict[tuple[str, str, str], int]:
        """The same for each bank, currency and account."""
        rows = await self.scene.rows(
            "SELECT bank, currency, account, sum(amount_minor)::bigint FROM ledger_posting"
            " GROUP BY 1, 2, 3 HAVING sum(amount_minor) <> 0"
        )
        return {(bank, currency, account): amount for bank, currency, account, amount in rows}

    async def facts(self) -> list[Fact]:
        return [Fact(f) for f in await self.scene.column("SELECT facts FROM attempt ORDER BY attempt_no")]

    async def postings(self) -> list[tuple[Any, ...]]:
        return await self.scene.rows(
            "SELECT t.what, p.account, p.amount_minor, p.payments FROM ledger_transaction t"
            " JOIN ledger_posting p USING (transaction_no) ORDER BY transaction_no, line"
        )

    async def suspense(self) -> list[tuple[Any, ...]]:
        """What stands there: why, amount and payments."""
        return await self.scene.rows(
            "SELECT why, amount_minor, payments FROM suspense_item WHERE cleared_by IS NULL"
            " ORDER BY message_no, ordinal, rest"
        )


async def _store(sql: asyncpg.Connection, account: str, lines: Sequence[Line], bank: str, state: str) -> int:
    number = next(_number)
    total = sum(line.signed if line.entry_minor is None else line.entry_minor for line in lines)
    message_no = await sql.fetchval(
        "INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state, read_through,"
        " applied_through) VALUES ($1, $2, 1, 'test', '{}', '2026-09-22', 'applied', $3, $3) RETURNING message_no",
        *(bank, sha256(f"books {number}".encode()).digest(), len(lines)),
    )
    await sql.executemany(
        "INSERT INTO observation (message_no, ordinal, kind, path, account, amount_minor, currency, credit, booked,"
        " batch_count, told_by, statement, entry, charges_minor, entry_minor, attempt_no, submission_no, verdict)"
        " VALUES ($1, $2, $3, '/', $4, $5, $6, $7, true, $8, 'statement', 1, $2, $9, $10, $11, $12, $13)",
        [
            (
                *(message_no, ordinal, "return entry" if line.credit else "entry", account, line.amount, line.currency),
                *(line.credit, line.count, line.charges),
                line.signed if line.entry_minor is None else line.entry_minor,
                *(line.attempt_no, line.submission_no, line.verdict.value),
            )
            for ordinal, line in enumerate(lines, start=1)
        ],
    )
    await sql.execute(
        "INSERT INTO statement_chain (bank, account, currency) VALUES ($1, $2, 'EUR') ON CONFLICT DO NOTHING",
        *(bank, account),
    )
    proved = state == "proved"
    statement_no: int = await sql.fetchval(
        "INSERT INTO statement (bank, message_no, place, account, currency, page, last_page, opening_minor,"
        " closing_minor, entries_minor, entry_count, digest, state, link, proved_at, closing_on)"
        " VALUES ($1, $2, 1, $3, 'EUR', 1, true, 1000, 1000 + $4::bigint, $4, $5, $6, $7, $8, $9, $10)"
        " RETURNING statement_no",
        *(bank, message_no, account, total, len(lines), sha256(b"entries").digest(), state),
        *((number, MORNING) if proved else (None, None)),
        MORNING.date(),
    )
    return statement_no


@asynccontextmanager
async def kept(url: str, root: Path) -> AsyncIterator[Books]:
    async with opened(url, root) as scene:
        yield Books(scene=scene)
