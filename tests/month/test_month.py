"""Thirty pay days and what comes after them: nothing is open without an owner at the end, and every cent is explained.

Some orders a day with some of the banks; `GATEWAY_MONTH_ORDERS` plays so many a day with all of them (`make soak`).
"""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
import uvloop

from gateway.service.report import ControlSheet
from tests.month.judge import Finding, judge
from tests.month.place import LATEST, configuration
from tests.month.replay import PAY_DAYS, Month, Options, play
from tests.month.shown import latest_return, shown
from tests.runtime.processes import open_folder

ASKED = int(os.environ.get("GATEWAY_MONTH_ORDERS", "0"))
ORDERS = ASKED or 10
BANKS = () if ASKED else ("bravo", "echo", "golf", "kilo", "mike", "november", "papa", "quebec")
"""Silent; late rejects; refused files; an API; sums and lumps; no overdraft; statements late; short and charged."""

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A month at its end: what was found, and what is found once something is tampered with, by the rule."""

    findings: Sequence[Finding]
    tampered: Mapping[str, Sequence[Finding]]
    shown: Mapping[str, int]
    latest: int
    evenings: Mapping[str, ControlSheet]
    sheets: Mapping[str, ControlSheet]
    told: Sequence[Mapping[str, Any]]
    heard: Sequence[Mapping[str, Any]]
    refused: Sequence[str]
    unlisted: frozenset[str]


_POST = """
WITH made AS (INSERT INTO ledger_transaction (at, what) VALUES ('2027-01-01', 'tampered') RETURNING transaction_no)
INSERT INTO ledger_posting (transaction_no, line, bank, currency, debtor_account, account, amount_minor, payments)
SELECT made.transaction_no, v.line, p.bank, p.currency, p.debtor_account, v.account, v.minor, 0
FROM made, (VALUES (1, 'paid', 1), (2, 'control', -1)) AS v (line, account, minor),
     (SELECT bank, currency, debtor_account FROM ledger_posting WHERE account = 'paid' LIMIT 1) p"""
TAMPERED = {
    "exception.nobodys": "INSERT INTO exception (kind, key, opened_at) VALUES ('officer', 'tampered', '2027-01-01')",
    "order.nobodys": "UPDATE payment_order SET state = 'held' WHERE outcome = 'paid'",
    "order.differs": "UPDATE attempt SET end_to_end_id = 'E' || attempt_no",
    "outcome.other": "UPDATE payment_order SET outcome = 'held' WHERE outcome = 'paid'",
    "outcome.gap": "DELETE FROM outcome_event WHERE outcome_no = 1 AND order_no IN (SELECT order_no FROM attempt)",
    "payment.amount": "UPDATE attempt SET amount_minor = amount_minor + 1",
    "payment.account": "UPDATE payment_order SET account = 'NL00'",
    "payment.unknown": "UPDATE attempt SET end_to_end_id = 'E' || attempt_no",
    "payment.lost": "UPDATE attempt SET end_to_end_id = 'E' || attempt_no",
    "fact.booked": "UPDATE attempt SET facts = facts & ~16",
    "balance.differs": _POST,
    "ledger.paid": _POST,
    "statement.missing": "UPDATE statement SET settled = false WHERE statement_no = 1",
    "suspense.nobodys": "UPDATE observation SET verdict = 'orphan' WHERE verdict = 'written off'",
    "message.waits": "UPDATE bank_message SET state = 'read'",
}
"""What the judge must find, by what is done to the rows; none of it is committed."""


async def ended(month: Month) -> Ended:
    """Look at everything while it is still there."""
    books, stage = month.stage.street.books(), month.stage
    pool: Any = stage.gateway.store._pool
    sql = await asyncpg.connect(pool._connect_args[0])  # as the owner, whom no trigger binds
    try:
        findings, counted = await judge(sql, books, month.closed[-1]), await shown(sql)
        tampered = {rule: await _tampered(sql, query, month) for rule, query in TAMPERED.items()}
    finally:
        await sql.close()
    return Ended(
        findings=findings,
        tampered=tampered,
        shown=counted,
        latest=max(map(latest_return, books.values())),
        evenings={str(day): sheet for day, sheet in month.evenings.items()},
        sheets={str(day): await month.sheet(day) for day in month.pay_days},
        told=await stage.benefits.feed(),
        heard=stage.inbox.all(),
        refused=month.office.refused,
        unlisted=frozenset(month.office.unlisted),
    )


async def _tampered(sql: asyncpg.Connection, query: str, month: Month) -> list[Finding]:
    """Return what is found once something was changed; the change is taken back."""
    change = sql.transaction()
    await change.start()
    try:
        await sql.execute("SET LOCAL session_replication_role = replica")
        await sql.execute(query)
        return await judge(sql, month.stage.street.books(), month.closed[-1])
    finally:
        await change.rollback()


@pytest.fixture(scope="module")
def month() -> Iterator[Ended]:
    with open_folder() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        options = Options(config=configuration(folder / "config", BANKS), work=folder / "work", orders=ORDERS)
        yield runner.run(play(options, ended))


def test_nothing_is_open_without_an_owner_and_every_cent_is_explained(month: Ended) -> None:
    assert month.findings == []


def test_the_judge_finds_what_is_tampered_with(month: Ended) -> None:
    found = {rule: {finding.rule for finding in findings} for rule, findings in month.tampered.items()}
    assert {rule: rule in rules for rule, rules in found.items()} == dict.fromkeys(TAMPERED, True)


def test_every_days_control_sheet_holds_that_evening_and_at_the_end(month: Ended) -> None:
    assert len(month.sheets) == len(month.evenings) == PAY_DAYS
    for sheets in (month.evenings, month.sheets):
        wrong = [(day, e.name, e.about, e.difference) for day, s in sheets.items() for e in s.equations if not e.holds]
        assert wrong == []


def test_kafka_and_rest_told_the_same_outcomes(month: Ended) -> None:
    assert {(e["orderId"], e["outcomeNo"]): e for e in month.told} == {
        (e["orderId"], e["outcomeNo"]): e for e in month.heard
    }


def test_the_operators_could_do_everything_at_the_public_door(month: Ended) -> None:
    assert list(month.refused) == []
    assert month.unlisted == frozenset()
    assert month.shown["exceptions open"] == 0


NEEDED = (
    *("paid", "paid by a later attempt", "replaced by a correction", "paid as a correction", "refused"),
    *("rejected by a bank", "returned in a statement", "kept by a stop", "stopped too late", "lifted by two people"),
    *("told as presumed", "paid over the counter", "unknown for a while", "queue of an account held", "lump return"),
    *("amount differs", "statement gap", "matched by hand", "written off to suspense", "decided by two people"),
)
OF_ALL_BANKS = ("conflict", "unbalanced statement", "unclaimed at the counter")


@pytest.mark.parametrize("what", [*NEEDED, *(OF_ALL_BANKS if ASKED else ())])
def test_it_was_a_month_with_everything_in_it(month: Ended, what: str) -> None:
    assert month.shown[what] > 0


def test_money_came_back_up_to_twenty_days_later(month: Ended) -> None:
    assert LATEST - 1 <= month.latest <= LATEST + 5, "a return counts from the day on which its debit was told"
