"""Decisions of two people, in the service and where the database refuses by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import asyncpg
import pytest

from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.ports.store import Store
from gateway.service import decisions
from gateway.service.decisions import Decision

NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)
SUBJECT = {"wanted": {"limit": "200.00"}, "seen": {"used": 10}}
ROW = """
INSERT INTO decision (act, subject, digest, asked_by, asked_at, expires_at)
VALUES ('limit', '{}', sha256('x'), 'anna', $1::timestamptz, $1::timestamptz + interval '1 day') RETURNING decision_no
"""
CONFIRM = "UPDATE decision SET state = 'confirmed', confirmed_by = $1, confirmed_at = $2"


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def _ask(store: Store, by: str = "anna", **changes: object) -> Decision:
    async with store.transaction() as session:
        return await decisions.ask(session, NOW, act="limit", subject={**SUBJECT, **changes}, by=by)


async def _confirm(store: Store, number: int, by: str, *, at: datetime = NOW, **changes: object) -> None:
    async with store.transaction() as session:
        decision = await decisions.find(session, number)
        await decisions.confirm(session, at, decision, by=by, subject={**SUBJECT, **changes})


def _rule(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.violations[0].rule


def test_the_digest_is_over_canonical_json() -> None:
    """RFC 8785 by hand: keys sorted, no spaces."""
    written = b'{"act":"limit","subject":{"seen":{"used":10},"wanted":{"limit":"200.00"}}}'
    assert decisions.digest_of("limit", SUBJECT) == sha256(written).hexdigest()


async def test_another_person_confirms(store: Store) -> None:
    asked = await _ask(store)
    await _confirm(store, asked.decision_no, "berta")
    async with store.transaction() as session:
        decided = await decisions.find(session, asked.decision_no)
    assert (decided.state, decided.asked_by, decided.confirmed_by) == ("confirmed", "anna", "berta")


async def test_the_same_person_does_not(store: Store) -> None:
    asked = await _ask(store)
    with pytest.raises(Conflict) as error:
        await _confirm(store, asked.decision_no, "anna")
    assert _rule(error) == "decision.two-people"


async def test_nobody_confirms_anything_else(store: Store) -> None:
    asked = await _ask(store)
    with pytest.raises(Conflict) as error:
        await _confirm(store, asked.decision_no, "berta", wanted={"limit": "900.00"})
    assert _rule(error) == "decision.digest"


async def test_a_decision_ends_with_its_time(store: Store) -> None:
    asked = await _ask(store)
    with pytest.raises(Conflict) as error:
        await _confirm(store, asked.decision_no, "berta", at=NOW + decisions.VALID)
    assert _rule(error) == "decision.expired"
    await _confirm(store, asked.decision_no, "berta", at=NOW + decisions.VALID - timedelta(seconds=1))


async def test_the_same_is_asked_once_and_again_when_it_expired(store: Store) -> None:
    await _ask(store)
    with pytest.raises(Conflict) as error:
        await _ask(store, "berta")
    assert _rule(error) == "decision.asked"
    async with store.transaction() as session:
        again = await decisions.ask(session, NOW + decisions.VALID, act="limit", subject=SUBJECT, by="berta")
    assert again.state == "asked"


async def test_one_of_two_confirmations_at_once_is_the_decision(store: Store) -> None:
    asked = await _ask(store)
    done = await asyncio.gather(
        *(_confirm(store, asked.decision_no, who) for who in ("berta", "clara", "doris")), return_exceptions=True
    )
    refused = [error for error in done if error is not None]
    assert len(refused) == 2
    assert all(isinstance(e, Conflict) and e.violations[0].rule == "decision.decided" for e in refused)


async def test_what_was_refused_is_refused(store: Store) -> None:
    asked = await _ask(store)
    async with store.transaction() as session:
        await decisions.refuse(session, NOW, await decisions.find(session, asked.decision_no), by="anna")
    with pytest.raises(Conflict) as error:
        await _confirm(store, asked.decision_no, "berta")
    assert _rule(error) == "decision.decided"
    async with store.transaction() as session:
        decision = await decisions.find(session, asked.decision_no)
        with pytest.raises(Conflict):
            await decisions.refuse(session, NOW, decision, by="berta")


async def test_a_decision_of_an_exception_is_not_found_without_it(store: Store) -> None:
    asked = await _ask(store)
    async with store.transaction() as session:
        with pytest.raises(NotFound):
            await decisions.find(session, asked.decision_no, exception_no=7)
        with pytest.raises(NotFound):
            await decisions.look(session, asked.decision_no + 1)


# The database by itself ------------------------------------------------------------------------------------------


async def _refused(sql: asyncpg.Connection, query: str, *args: object, by: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as error:
        await sql.execute(query, *args)
    assert by in f"{error.value} {getattr(error.value, 'constraint_name', '')}"


async def test_maker_is_not_checker_by_constraint(sql: asyncpg.Connection) -> None:
    await sql.fetchval(ROW, NOW)
    await _refused(sql, CONFIRM, "anna", NOW, by="maker_is_not_checker")
    await sql.execute(CONFIRM, "berta", NOW)


async def test_too_late_is_too_late_by_constraint(sql: asyncpg.Connection) -> None:
    await sql.fetchval(ROW, NOW)
    await _refused(sql, CONFIRM, "berta", NOW + timedelta(days=1), by="decision_in_time")


async def test_what_is_decided_or_was_asked_never_changes(sql: asyncpg.Connection) -> None:
    await sql.fetchval(ROW, NOW)
    await _refused(sql, "UPDATE decision SET asked_by = 'berta'", by="is asked")
    await _refused(sql, """UPDATE decision SET subject = '{"a": 1}'""", by="is asked")
    await _refused(sql, "UPDATE decision SET state = 'confirmed'", by="decision_confirmed")
    await _refused(sql, "DELETE FROM decision", by="only added")
    await sql.execute(CONFIRM, "berta", NOW)
    await _refused(sql, CONFIRM, "clara", NOW, by="is confirmed")


async def test_history_is_only_added_to(sql: asyncpg.Connection) -> None:
    await sql.execute("INSERT INTO exception (kind, key, opened_at) VALUES ('orphan', '1', $1)", NOW)
    await sql.execute(
        "INSERT INTO exception_event (exception_no, event_no, act, by, at)"
        " SELECT exception_no, 1, 'comment', 'anna', $1 FROM exception",
        NOW,
    )
    await _refused(sql, "UPDATE exception_event SET comment = 'x'", by="only added")
    await _refused(sql, "DELETE FROM exception_event", by="only added")


async def test_a_closed_exception_says_when_by_whom_and_how_and_stays_closed(sql: asyncpg.Connection) -> None:
    await sql.execute("INSERT INTO exception (kind, key, opened_at) VALUES ('orphan', '1', $1)", NOW)
    await _refused(sql, "UPDATE exception SET state = 'closed'", by="exception_closed")
    await _refused(sql, "UPDATE exception SET state = 'assigned'", by="exception_assigned")
    await sql.execute("UPDATE exception SET state = 'closed', closed_at = $1, closed_by = 'a', closed_how = 'b'", NOW)
    again = "UPDATE exception SET state = 'open', closed_at = NULL, closed_by = NULL, closed_how = NULL"
    await _refused(sql, again, by="only added")
