"""What the database refuses of the ledger, to anybody and to the gateway's own role."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.domain.errors import ConfigError, Refused
from gateway.domain.ledger import LedgerAccount, Posting
from gateway.service import ledger
from gateway.store.migrate import migrate
from gateway.store.postgres import ROLE, PostgresStore, open_store
from tests.clock import StillClock
from tests.database import Server, run_sql
from tests.scenario import MORNING, opened

HEAD = "INSERT INTO ledger_transaction (at, what) VALUES ('2026-09-21', 'test') RETURNING transaction_no"
LINE = "INSERT INTO ledger_posting VALUES ($1, $2, $3, 'EUR', $4, $5, $6, 0)"
REWRITES = [
    "UPDATE ledger_posting SET amount_minor = 2",
    "UPDATE ledger_transaction SET what = 'other'",
    "DELETE FROM ledger_posting",
    "DELETE FROM ledger_transaction",
    "TRUNCATE ledger_posting",
    "TRUNCATE ledger_transaction CASCADE",
]


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody with the database's password."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def _posted(sql: asyncpg.Connection, *lines: tuple[str, str, str, int]) -> int:
    number: int = await sql.fetchval(HEAD)
    for at, line in enumerate(lines, start=1):
        await sql.execute(LINE, number, at, *line)
    return number


BALANCED = (("alfa", "D1", "paid", 100), ("alfa", "D1", "control", -100))


# Whoever asks ---------------------------------------------------------------------------------------------------------


async def test_the_ledger_only_grows_whoever_asks(owner: asyncpg.Connection) -> None:
    async with owner.transaction():
        await _posted(owner, *BALANCED)
    for rewrite in REWRITES:
        with pytest.raises(asyncpg.CheckViolationError, match="only grows"):
            await owner.execute(rewrite)


NOT_ZERO = [
    (("alfa", "D1", "paid", 100), ("alfa", "D1", "control", -99)),
    (("alfa", "D1", "paid", 100),),
    (("alfa", "D1", "paid", 100), ("bravo", "D1", "control", -100)),
    (("alfa", "D1", "paid", 100), ("alfa", "D2", "control", -100)),
]


async def test_what_is_not_zero_is_refused_at_commit(owner: asyncpg.Connection) -> None:
    for lines in NOT_ZERO:
        transaction = owner.transaction()
        await transaction.start()
        await _posted(owner, *lines)  # nothing is judged before COMMIT
        assert await owner.fetchval("SELECT count(*) FROM ledger_posting") == len(lines)
        with pytest.raises(asyncpg.CheckViolationError, match="not zero"):
            await transaction.commit()
        assert await owner.fetchval("SELECT count(*) FROM ledger_transaction") == 0


async def test_what_is_zero_for_one_currency_is_not_for_another(owner: asyncpg.Connection) -> None:
    transaction = owner.transaction()
    await transaction.start()
    number = await _posted(owner, ("alfa", "D1", "paid", 100))
    await owner.execute("INSERT INTO ledger_posting VALUES ($1, 2, 'alfa', 'KZT', 'D1', 'control', -100, 0)", number)
    with pytest.raises(asyncpg.CheckViolationError, match="not zero"):
        await transaction.commit()


async def test_a_committed_transaction_gets_no_further_lines(owner: asyncpg.Connection) -> None:
    async with owner.transaction():
        number = await _posted(owner, *BALANCED)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(LINE, number, 3, "alfa", "D1", "charges", 5)
    await owner.execute(LINE, number, 4, "alfa", "D1", "control", -5)
    with pytest.raises(asyncpg.CheckViolationError, match="committed before"):
        await transaction.commit()


async def test_an_account_that_is_none_is_refused(owner: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await _posted(owner, ("alfa", "D1", "petty cash", 100))


async def test_the_accounts_of_the_database_are_those_of_the_domain(owner: asyncpg.Connection) -> None:
    rule = await owner.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ledger_posting_account_check'"
    )
    assert {a.value for a in LedgerAccount} == set(rule.split("'")[1::2])


# The gateway itself ---------------------------------------------------------------------------------------------------


async def _own(store: PostgresStore, sql: str) -> Any:
    """Run a statement on a connection of the gateway's own pool."""
    async with store._pool.acquire() as connection:
        return await connection.fetchval(sql)


DISABLING = [
    "ALTER TABLE ledger_posting DISABLE TRIGGER ALL",
    "ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_only_grows",
    "DROP TRIGGER ledger_posting_only_grows ON ledger_posting",
    "ALTER TABLE ledger_posting OWNER TO gateway_app",
    "SET session_replication_role = replica",
    "CREATE OR REPLACE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DROP TABLE ledger_posting",
    "INSERT INTO allowed_move VALUES ('submission', 'void', 'sending')",
    "UPDATE migration SET sha256 = ''",
    # said by itself, this would allow lines to be added to a transaction that is committed
    "INSERT INTO ledger_transaction (xid, at, what) VALUES ('1', '2026-09-21', 'test')",
    "UPDATE suspense_item SET amount_minor = 1",
    "DELETE FROM suspense_item",
]


async def test_the_gateway_may_neither_rewrite_the_ledger_nor_disarm_it(store: PostgresStore) -> None:
    for statement in (*REWRITES, *DISABLING):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _own(store, statement)


async def test_the_assembled_gateway_cannot_put_its_role_down(database_url: str, tmp_path: Path) -> None:
    async with opened(database_url, tmp_path) as scene:
        store = scene.gateway.store
        assert await _own(store, "SELECT current_user || ' ' || session_user") == f"{ROLE} {ROLE}"
        for statement in (*REWRITES, *DISABLING):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await _own(store, statement)
        for escape in ("SET ROLE postgres", "SET SESSION AUTHORIZATION postgres"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
                await _own(store, escape)
        await _own(store, "RESET ROLE")
        assert await _own(store, "SELECT current_user") == ROLE


async def test_a_login_that_may_not_take_the_role_is_refused_with_what_to_do(
    postgres: Server, database_url: str
) -> None:
    await run_sql(postgres.admin_url, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    with pytest.raises(ConfigError, match=f"GRANT {ROLE} TO"):
        await open_store(database_url, connections=1, login="stranger")


async def test_a_login_that_may_not_migrate_is_told_so(postgres: Server, database_url: str) -> None:
    await run_sql(postgres.admin_url, "DROP ROLE IF EXISTS newcomer", "CREATE ROLE newcomer LOGIN")
    connection = await asyncpg.connect(database_url, user="newcomer")
    try:
        with pytest.raises(ConfigError, match="owner_url"):
            await migrate(connection)
    finally:
        await connection.close()


# Posting --------------------------------------------------------------------------------------------------------------


def _posting(account: LedgerAccount, amount: int) -> Posting:
    return Posting(bank="alfa", debtor_account="D1", currency="EUR", account=account, amount_minor=amount, payments=1)


async def test_a_posting_brings_its_other_side(store: PostgresStore) -> None:
    async with store.transaction() as session:
        number = await ledger.post(session, MORNING, what="test", postings=[_posting(LedgerAccount.CHARGES, 30)])
    async with store._pool.acquire() as connection:
        rows = await connection.fetch("SELECT transaction_no, account, amount_minor FROM ledger_posting ORDER BY line")
    assert [tuple(r) for r in rows] == [(number, "charges", 30), (number, "control", -30)]


async def test_nothing_posted_is_no_transaction(store: PostgresStore) -> None:
    async with store.transaction() as session:
        assert await ledger.post(session, MORNING, what="test", postings=[]) is None
    assert await _own(store, "SELECT count(*) FROM ledger_transaction") == 0


async def test_what_does_not_stand_in_suspense_cannot_leave_it(store: PostgresStore) -> None:
    with pytest.raises(Refused, match="does not stand in suspense"):
        async with store.transaction() as session:
            await ledger.clear(session, StillClock(at=MORNING).now(), [1], LedgerAccount.CHARGES, what="test")
