"""What the database refuses by itself, whatever a service asks of it."""

from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import Any

import asyncpg
import pytest

from gateway.domain import states
from gateway.domain.facts import Fact

MACHINES: dict[str, tuple[Mapping[Any, str], str]] = {
    "batch": (states.BATCH, "batch"),
    "order": (states.ORDER, "payment_order"),
    "submission": (states.SUBMISSION, "submission"),
    "recall": (states.RECALL, "recall"),
    "stop": (states.STOP, "stop"),
    "statement": (states.STATEMENT, "statement"),
}
STATES: dict[str, type[StrEnum]] = {
    "batch": states.BatchState,
    "payment_order": states.OrderState,
    "submission": states.SubmissionState,
    "recall": states.RecallState,
    "stop": states.StopState,
    "statement": states.StatementState,
}

ORDER = """
INSERT INTO payment_order (batch_no, source, order_id, digest, document, state, benefit, entitlement_id, period,
    sequence, amount_minor, currency, account_type, account, valid_until, approved_at, received_at, claims)
SELECT batch_no, 'north', $1, sha256('x'), 'x', $2, 'SICK_PAY', $3, '2026-09', 1, 100, 'EUR', 'IBAN', 'A', pay_date,
    opened_at, opened_at, $4 FROM batch RETURNING order_no
"""
SUBMISSION = """
INSERT INTO submission (bank, batch_no, product, pay_date, debtor_account, currency, sequence, sum_booked, msg_id, name,
    payment_count, sum_minor, state, sealed_at, sha256, payments_digest, size)
SELECT 'alfa', batch_no, 'SCT', pay_date, 'D', 'EUR', $1::int, $2, 'M' || $1::text, 'N' || $1::text, 1, 100, $3,
    opened_at, sha256($1::text::bytea), sha256('p'), 10 FROM batch RETURNING submission_no
"""
ATTEMPT = """
INSERT INTO attempt (order_no, generation, bank, route_reason, end_to_end_id, uetr, amount_minor, currency, facts)
VALUES ($1::bigint, $2::int, 'alfa', 'bank code', 'E' || $1::text || 'G' || $2::text,
        ('00000000-0000-4000-8000-' || lpad(($1::bigint * 100 + $2::int)::text, 12, '0'))::uuid, 100, 'EUR', $3)
RETURNING attempt_no
"""


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO batch (source, batch_id, programme, pay_date, opened_at, opened_by)"
        " VALUES ('north', 'B', 'P', '2026-09-21', '2026-09-18', 'x'); INSERT INTO lane (bank) VALUES ('alfa')"
    )
    yield connection
    await connection.close()


async def _refused(sql: asyncpg.Connection, query: str, *args: object, by: str = "") -> None:
    with pytest.raises((asyncpg.IntegrityConstraintViolationError, asyncpg.RaiseError)) as error:
        await sql.execute(query, *args)
    assert by in f"{error.value} {getattr(error.value, 'constraint_name', '')}"


# Machines --------------------------------------------------------------------------------------------------------


async def test_the_database_allows_the_moves_of_the_domain_and_no_others(sql: asyncpg.Connection) -> None:
    stored = {tuple(row) for row in await sql.fetch("SELECT machine, from_state, to_state FROM allowed_move")}
    drawn = {(machine, str(a), str(b)) for machine, (moves, _) in MACHINES.items() for a, b in moves}
    assert stored == drawn


@pytest.mark.parametrize("table", STATES)
async def test_the_states_of_a_table_are_those_of_the_domain(sql: asyncpg.Connection, table: str) -> None:
    text = await sql.fetchval(
        "SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint"
        " WHERE conrelid = $1::regclass AND conname = $2",
        table,
        f"{table}_state_check",
    )
    never_stored = {states.OrderState.RECEIVED}  # an order is judged before it is stored
    listed = {state for state in STATES[table] if f"'{state}'" in text}
    assert listed == set(STATES[table]) - never_stored
    assert text.count("'") == 2 * len(listed)


@pytest.mark.parametrize(("machine", "table"), [(machine, table) for machine, (_, table) in MACHINES.items()])
async def test_each_machine_is_guarded(sql: asyncpg.Connection, machine: str, table: str) -> None:
    triggers = await sql.fetch("SELECT tgargs FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal", table)
    assert f"{machine}\0".encode() in {row["tgargs"] for row in triggers}


async def test_a_move_that_is_not_drawn_is_refused(sql: asyncpg.Connection) -> None:
    await _refused(sql, "UPDATE batch SET state = 'withdrawn', closed_at = opened_at", by="never moves from open")
    number = await sql.fetchval(ORDER, "O1", "held", "E1", False)
    await sql.execute("UPDATE payment_order SET state = 'cancelled' WHERE order_no = $1", number)
    await _refused(sql, "UPDATE payment_order SET state = 'payable', claims = true", by="cancelled to payable")
    submission = await sql.fetchval(SUBMISSION, 1, False, "delivered")
    await _refused(sql, "UPDATE submission SET state = 'sealed' WHERE submission_no = $1", submission, by="never moves")


# Orders ----------------------------------------------------------------------------------------------------------


async def test_one_live_order_holds_a_claim(sql: asyncpg.Connection) -> None:
    await sql.execute(ORDER, "O1", "payable", "E1", True)
    await _refused(sql, ORDER, "O2", "payable", "E1", True, by="payment_order_claim")
    await sql.execute(ORDER, "O2", "held", "E1", False)
    await _refused(sql, ORDER, "O2", "held", "E2", False, by="payment_order_source_order_id_key")


async def test_no_order_is_payable_without_its_claim(sql: asyncpg.Connection) -> None:
    await _refused(sql, ORDER, "O1", "payable", "E1", False)
    await _refused(sql, ORDER, "O1", "cancelled", "E1", True)
    await _refused(sql, ORDER, "O1", "refused", "E1", False)  # a refused order says why


# Submissions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "sha256 = sha256('other')",
        "payments_digest = sha256('other')",
        "payment_count = 2",
        "sum_minor = 101",
        "msg_id = 'other'",
        "name = 'other'",
        "sealed_at = NULL",
    ],
)
async def test_a_sealed_submission_never_changes(sql: asyncpg.Connection, change: str) -> None:
    await sql.execute(SUBMISSION, 1, False, "sealed")
    await _refused(sql, f"UPDATE submission SET {change}", by="is sealed")  # noqa: S608 - a constant of this test


async def test_a_submission_is_sealed_whole(sql: asyncpg.Connection) -> None:
    unsealed = SUBMISSION.replace("opened_at, sha256($1::text::bytea)", "NULL, sha256($1::text::bytea)")
    await _refused(sql, unsealed, 1, False, "sealed")


async def test_message_ids_names_and_bytes_are_used_once_a_bank(sql: asyncpg.Connection) -> None:
    bytes_again = _repeating("sha256($1::text::bytea)")
    await sql.execute(SUBMISSION, 1, False, "void")
    for same in ("'M' || $1::text", "'N' || $1::text"):
        await _refused(sql, _repeating(same), 2, False, "sealed", by="already exists")
    await sql.execute(bytes_again, 2, False, "not sent")  # adr/0005
    await _refused(sql, bytes_again.replace("$1::int - 1", "$1::int - 2"), 3, False, "sealed", by="submission_digest")


def _repeating(value: str) -> str:
    """A submission that repeats this value of the one before."""
    return SUBMISSION.replace(value, value.replace("$1", "($1::int - 1)"))


async def test_two_open_sums_that_the_bank_could_mix_up(sql: asyncpg.Connection) -> None:
    await sql.execute(SUBMISSION, 1, True, "delivered")
    await _refused(sql, SUBMISSION, 2, True, "sealed", by="submission_distinguishable")
    await sql.execute("UPDATE submission SET settled = true")
    await sql.execute(SUBMISSION, 2, True, "sealed")
    await sql.execute(SUBMISSION, 3, False, "sealed")


async def test_one_intent_of_a_submission_is_live(sql: asyncpg.Connection) -> None:
    number = await sql.fetchval(SUBMISSION, 1, False, "sealed")
    intent = (
        "INSERT INTO intent (submission_no, number, worker, committed_at, lease_until) VALUES ($1, $2, 'w', $3, $3)"
    )
    at = await sql.fetchval("SELECT opened_at FROM batch")
    await sql.execute(intent, number, 1, at)
    await _refused(sql, intent, number, 2, at, by="intent_live")
    await sql.execute("UPDATE intent SET outcome = 'not sent'")
    await sql.execute(intent, number, 2, at)


# Attempts --------------------------------------------------------------------------------------------------------


async def test_facts_only_grow(sql: asyncpg.Connection) -> None:
    order = await sql.fetchval(ORDER, "O1", "payable", "E1", True)
    await sql.execute(ATTEMPT, order, 1, int(Fact.ACCEPTED | Fact.BOOKED))
    await sql.execute("UPDATE attempt SET facts = facts | $1", int(Fact.RETURNED))
    await _refused(sql, "UPDATE attempt SET facts = $1", int(Fact.RETURNED), by="facts only grow")
    await sql.execute(SUBMISSION, 1, False, "delivered")
    await sql.execute("UPDATE submission SET group_facts = 1")
    await _refused(sql, "UPDATE submission SET group_facts = 0", by="facts only grow")


async def test_one_attempt_of_an_order_is_live(sql: asyncpg.Connection) -> None:
    order = await sql.fetchval(ORDER, "O1", "payable", "E1", True)
    await sql.execute(ATTEMPT, order, 1, 0)
    await _refused(sql, ATTEMPT, order, 2, 0, by="attempt_live")
    await _refused(sql, "UPDATE attempt SET closed = true")  # closed needs its proof
    await sql.execute("""UPDATE attempt SET closed = true, closed_proof = '{"rule": "void"}'""")
    await sql.execute(ATTEMPT, order, 2, 0)
    again = "UPDATE attempt SET closed = false, closed_proof = NULL WHERE generation = 1"
    await _refused(sql, again, by="facts only grow")


# People ----------------------------------------------------------------------------------------------------------


async def test_who_asks_to_lift_a_stop_does_not_decide(sql: asyncpg.Connection) -> None:
    await sql.execute(
        "INSERT INTO stop (kind, source, value, reason, set_at, set_by, lift_asked_at, lift_asked_by)"
        " SELECT 'person', 'north', 'NIDN:1', 'death', opened_at, 'anna', opened_at, 'anna' FROM batch"
    )
    lift = "UPDATE stop SET state = 'lifted', lifted_by = $1, lifted_at = set_at"
    await _refused(sql, lift, "anna")
    await sql.execute(lift, "berta")


async def test_nobody_lifts_alone(sql: asyncpg.Connection) -> None:
    await sql.execute(
        "INSERT INTO stop (kind, source, value, reason, set_at, set_by)"
        " SELECT 'person', 'north', 'NIDN:1', 'death', opened_at, 'anna' FROM batch"
    )
    await _refused(sql, "UPDATE stop SET state = 'lifted', lifted_by = 'berta', lifted_at = set_at")


async def test_outcome_numbers_are_used_once(sql: asyncpg.Connection) -> None:
    order = await sql.fetchval(ORDER, "O1", "payable", "E1", True)
    event = (
        "INSERT INTO outcome_event (order_no, outcome_no, lane, source, key, document, created_at)"
        " SELECT $1, 1, 0, 'north', 'north/O1', '{}', opened_at FROM batch"
    )
    await sql.execute(event, order)
    await _refused(sql, event, order, by="outcome_event_pkey")
