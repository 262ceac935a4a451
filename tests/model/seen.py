"""What the gateway has stored, as plain rows of one moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.service.report import Report
from tests.model.world import World

Row = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Rows by table; attempts and submissions also by their numbers."""

    attempts: dict[int, Row]
    orders: list[Row]
    submissions: dict[int, Row]
    intents: list[Row]
    moves: list[Row]
    messages: list[Row]
    observations: list[Row]
    exceptions: list[Row]
    decisions: list[Row]
    stops: list[Row]
    events: list[Row]
    ledger: list[Row]
    unequal: list[Row]
    statements: list[Row]
    records: int
    differences: list[str]

    def of_submission(self, number: int) -> list[Row]:
        return [a for a in self.attempts.values() if a["submission_no"] == number]


_SQL = {
    "attempts": """
        SELECT a.attempt_no, o.order_id, a.end_to_end_id, a.generation, a.bank, a.submission_no, a.facts, a.closed,
               a.closed_proof ->> 'rule' AS proof, a.closed_proof IS NOT NULL AS proved, a.amount_minor,
               a.returned_minor, coalesce(s.group_facts, 0) AS group_facts, s.state, s.name
        FROM attempt a JOIN payment_order o USING (order_no) LEFT JOIN submission s USING (submission_no)""",
    "orders": """
        SELECT o.order_no, o.order_id, o.state, o.reason, o.outcome, o.outcome_no, o.claims, o.next_try_on,
               b.state AS batch, b.pay_date FROM payment_order o JOIN batch b USING (batch_no)""",
    "submissions": "SELECT submission_no, bank, state, name, msg_id, encode(sha256, 'hex') AS sha256 FROM submission",
    "intents": "SELECT intent_no, submission_no, outcome, proved FROM intent ORDER BY intent_no",
    "moves": """
        SELECT submission_no, event_no, from_state, to_state, why, evidence::text AS evidence FROM submission_event
        WHERE from_state IN ('unknown', 'not sent') ORDER BY submission_no, event_no""",
    "messages": "SELECT message_no, bank, encode(digest, 'hex') AS digest, state FROM bank_message",
    "observations": """
        SELECT o.message_no, o.ordinal, o.verdict, o.entry_ref, o.attempt_no, m.bank, m.state, s.bank AS of_bank
        FROM observation o JOIN bank_message m USING (message_no) LEFT JOIN submission s USING (submission_no)""",
    "exceptions": """
        SELECT x.exception_no, x.kind, x.state, x.role, x.owner, x.bank, coalesce(o.order_id, p.order_id) AS order_id,
               x.attempt_no, x.submission_no, x.message_no, x.ordinal
        FROM exception x LEFT JOIN payment_order o ON o.order_no = x.order_no
        LEFT JOIN attempt a ON a.attempt_no = x.attempt_no LEFT JOIN payment_order p ON p.order_no = a.order_no""",
    "decisions": "SELECT decision_no, exception_no, act, state, asked_by, confirmed_by, digest FROM decision",
    "stops": "SELECT stop_no, kind, value, state, lift_asked_by, lifted_by FROM stop ORDER BY stop_no",
    "events": "SELECT order_no, outcome_no, published_at IS NOT NULL AS published FROM outcome_event",
    "ledger": """
        SELECT bank, debtor_account, account, sum(amount_minor)::bigint AS minor FROM ledger_posting
        GROUP BY 1, 2, 3""",
    "unequal": """
        SELECT transaction_no FROM ledger_posting GROUP BY transaction_no, bank, currency, debtor_account
        HAVING sum(amount_minor) <> 0""",
    "statements": """
        SELECT bank, account, link, sequence, settled, state, closing_minor FROM statement
        WHERE state = 'proved' ORDER BY bank, link""",
}
_RECORDS = "SELECT coalesce(max(next_offset), 0) FROM partition_lease"


async def look(world: World, sheets: Iterable[date]) -> Seen:
    """Read everything, and the control sheets of these days."""
    store = world.scene.gateway.store
    differences = []
    for day in sheets:
        sheet = await Report(store=store).control_sheet(day)
        differences += [f"{day} {e.name} of {e.about}: {e.difference}" for e in sheet.equations if not e.holds]
    async with store._pool.acquire() as connection:
        rows = {name: await connection.fetch(sql) for name, sql in _SQL.items()}
        records = await connection.fetchval(_RECORDS)
    attempts = {row["attempt_no"]: row for row in rows.pop("attempts")}
    submissions = {row["submission_no"]: row for row in rows.pop("submissions")}
    return Seen(attempts=attempts, submissions=submissions, records=records, differences=differences, **rows)
