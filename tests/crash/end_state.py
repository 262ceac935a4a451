"""Where a chapter ends: everything that must be the same whatever happened on the way, and the promises.

Numbers of rows, times and names of workers are left out: those may differ, and so may doubts that evidence has ended.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator

from gateway.domain.facts import Fact
from gateway.service.ageing import Ageing
from gateway.service.balances import Balances
from gateway.service.report import Report
from tests.crash.promises import HELD_ALWAYS
from tests.orders import PAY_DATE
from tests.scenario import Scene

END_TO_END_ID = re.compile(r"(?:<EndToEndId>|;)(E[A-Z2-7]{26}G[0-9]+)(?:</EndToEndId>|;)")

STATE = {
    "orders": """
        SELECT order_id, state, reason, outcome, outcome_no, claims, next_try_on::text, collect_from::text
        FROM payment_order""",
    "attempts": """
        SELECT end_to_end_id, bank, facts, closed, closed_proof ->> 'rule', reason, returned_minor, presumed
        FROM attempt""",
    "submissions": """
        SELECT bank, msg_id, state, payment_count, sum_minor, group_facts, presumed_at IS NULL FROM submission""",
    "told": """
        SELECT order_id, e.outcome_no, e.document::jsonb - 'at', published_at IS NULL
        FROM outcome_event e JOIN payment_order USING (order_no)""",
    "exceptions": """
        SELECT x.kind, x.bank, order_id, end_to_end_id, x.state, closed_how, suggestion, x.amount_minor
        FROM exception x LEFT JOIN payment_order o ON o.order_no = x.order_no
        LEFT JOIN attempt a ON a.attempt_no = x.attempt_no
        WHERE (x.kind, coalesce(x.closed_how, '')) <> ('unknown', 'evidence')""",
    "acts": """
        SELECT DISTINCT x.kind, order_id, act, by
        FROM exception_event JOIN exception x USING (exception_no) LEFT JOIN payment_order o USING (order_no)
        WHERE (x.kind, by) <> ('unknown', 'machine')""",
    "decisions": "SELECT act, state, asked_by, confirmed_by, refused_by, lapsed_why FROM decision",
    "ledger": """
        SELECT bank, debtor_account, currency, account, sum(amount_minor), sum(payments)
        FROM ledger_posting GROUP BY 1, 2, 3, 4 HAVING sum(amount_minor) <> 0""",
    "suspense": "SELECT bank, amount_minor, payments, why, cleared_by IS NULL FROM suspense_item",
    "statements": "SELECT bank, statement_id, page, state, link, settled, waits_for FROM statement",
    "messages": "SELECT bank, digest, state FROM bank_message",
    "observations": """
        SELECT m.digest, o.ordinal, o.verdict, o.rule, a.end_to_end_id
        FROM observation o JOIN bank_message m USING (message_no) LEFT JOIN attempt a ON a.attempt_no = o.attempt_no""",
    "stops": "SELECT kind, source, value, reason, reason_class, state, lift_asked_by, lifted_by, voided FROM stop",
    "caught": "SELECT s.kind, s.value, how, currency, orders, minor FROM stop_total JOIN stop s USING (stop_no)",
    "notices": "SELECT source, event_id, digest, cardinality(stop_nos) FROM stop_notice",
    "recalls": "SELECT end_to_end_id, state, r.reason FROM recall r JOIN attempt USING (attempt_no)",
    "pauses": "SELECT scope, value, reason, resumed_at IS NULL FROM pause",
    "holds": "SELECT bank, reason, released_by FROM account_hold",
    "limits": "SELECT source, bank, currency, day::text, sent_minor FROM limit_use",
    "raised": "SELECT source, bank, day::text, limit_minor, asked_by, confirmed_by FROM limit_override",
    "lanes": "SELECT bank, breaker FROM lane",
    "letters": 'SELECT topic, "offset", rule FROM dead_letter',
    "offsets": "SELECT topic, partition, next_offset, stopped IS NULL FROM partition_lease",
    "records": """
        SELECT topic, sum(stored), sum(same_again), sum(dead) FROM record_range GROUP BY 1""",
    "batches": "SELECT batch_id, state, order_count, totals FROM batch",
    "links": "SELECT source, count(*) FROM person_link GROUP BY 1",
}
"""What there is, by name; every row counts, their order does not."""


async def end_state(scene: Scene) -> dict[str, Counter[str]]:
    """Return what must be the same; so must what a bank that contradicts itself leaves unequal in the sheet."""
    found = {name: Counter(repr(row) for row in await scene.rows(sql)) for name, sql in STATE.items()}
    sheet = await Report(store=scene.gateway.store).control_sheet(PAY_DATE)
    found["sheet"] = Counter(repr((e.name, e.about, e.difference)) for e in sheet.equations)
    return found


def differences(before: dict[str, Counter[str]], after: dict[str, Counter[str]]) -> list[str]:
    """Name what is missing and what is more."""
    return [
        f"{name}: {sign} {row}"
        for name in before
        for sign, more in (("missing", before[name] - after[name]), ("new", after[name] - before[name]))
        for row in more.elements()
    ]


async def broken(scene: Scene) -> list[str]:
    """Name every promise that does not hold."""
    return [fault async for fault in _broken(scene)]


async def _broken(scene: Scene) -> AsyncIterator[str]:
    for name, sql in (HELD_ALWAYS | BOOKS).items():
        for row in await scene.rows(sql):
            yield f"{name} {row}"
    for fault in _sent_twice(scene):
        yield fault
    async for fault in _without_control(scene):
        yield fault
    async for fault in _books(scene):
        yield fault
    for aged in await Ageing(store=scene.gateway.store).open(scene.clock.now()):
        if not aged.owner:
            yield f"nobody owns what is {aged.what}"


def _sent_twice(scene: Scene) -> list[str]:
    """P1: what lies in the banks' folders names each payment once."""
    times = Counter[str]()
    for slug, bank in scene.gateway.banks.items():
        if bank.profile.transport.kind == "directory":
            times.update(END_TO_END_ID.findall(scene.content(slug)))
    return [f"P1 {name} was sent {n} times" for name, n in times.items() if n > 1]


async def _without_control(scene: Scene) -> AsyncIterator[str]:
    """What is sealed with a control file lies there with it, as it was sealed, or not at all; nobody collects here."""
    for slug in scene.gateway.banks:
        named = await scene.rows(CONTROLLED, slug)
        lies = set(scene.files(slug)) if named else set()
        for name, control, content, state in named:
            if {name, control} & lies != ({name, control} if state == "delivered" else set()):
                yield f"P1 {name} is {state}, and of it there is {sorted({name, control} & lies)}"
            elif state == "delivered" and (scene.root / "banks" / slug / "in" / control).read_bytes() != content:
                yield f"P4 {control} is not what was sealed"


async def _books(scene: Scene) -> AsyncIterator[str]:
    """P13: what is on the way agrees with the attempts, and each settled statement with its bank."""
    balances = Balances(store=scene.gateway.store)
    for line in await balances.on_the_way():
        if line.ledger != line.attempts:
            yield f"P13 on the way {line}"
    today = scene.clock.today()
    for agreement in await balances.agreements(PAY_DATE.replace(year=2025), today):
        if agreement.settled and agreement.posted_minor != agreement.entries_minor:
            yield f"P13 {agreement}"


CONTROLLED = """
    SELECT s.name, c.name, c.content, s.state FROM submission s JOIN submission_control c USING (submission_no)
    WHERE s.bank = $1"""
BOOKS: dict[str, str] = {
    "P13 not zero:": "SELECT transaction_no FROM ledger_posting GROUP BY 1, currency HAVING sum(amount_minor) <> 0",
    "P14 maker is checker:": "SELECT decision_no FROM decision WHERE confirmed_by = asked_by",
    "P10 a record is in no account:": """
        SELECT l.topic, l.partition
        FROM partition_lease l LEFT JOIN record_range r USING (incarnation, topic, partition)
        GROUP BY 1, 2, l.next_offset
        HAVING coalesce(sum(r.through_offset - r.from_offset + 1), 0) <> l.next_offset""",
    "two orders claim an entitlement:": """
        SELECT entitlement_id FROM payment_order WHERE claims GROUP BY source, entitlement_id, period, sequence
        HAVING count(*) > 1""",
    "suspense is not itemised:": f"""
        SELECT p.posted, i.listed
        FROM (SELECT coalesce(sum(amount_minor), 0) AS posted FROM ledger_posting p JOIN ledger_transaction t
              USING (transaction_no) WHERE account = 'suspense') p
        CROSS JOIN (SELECT coalesce(sum(amount_minor), 0) AS listed FROM suspense_item WHERE cleared_by IS NULL) i
        WHERE p.posted <> i.listed AND NOT EXISTS (SELECT FROM attempt WHERE facts & {int(Fact.WRITTEN_OFF)} <> 0)""",  # noqa: S608
}
