"""The promises of the design, checked against the database, the bytes and the banks' own books."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator

from gateway.sandbox import Street
from gateway.service.report import Report
from tests.crash.worker import BANKS
from tests.crash.world import ORDERS, STOPPED
from tests.orders import PAY_DATE
from tests.scenario import Scene

ENDED = {"delivered", "void", "dissolved"}
SIGNED = {o["orderId"]: (o["creditorAccount"]["iban"], o["amount"], o["currency"]) for o in ORDERS}


async def broken(scene: Scene, street: Street) -> list[str]:
    """Name every promise that does not hold."""
    found = [f"banks: {fault}" for fault in books_against_orders(street, await _ids(scene))]
    found += [f"wire: {fault}" for fault in await bytes_without_intent(scene, street)]
    return found + [fault async for fault in _stored(scene)]


async def _ids(scene: Scene) -> dict[str, str]:
    """Order id by EndToEndId."""
    return dict(
        await scene.rows("SELECT a.end_to_end_id, o.order_id FROM attempt a JOIN payment_order o USING (order_no)")
    )


def books_against_orders(street: Street, order_of: dict[str, str]) -> Iterator[str]:
    """P1, P4, P5: each order that is not stopped is at its bank once, and as it was signed."""
    asked = Counter[str]()
    for slug, books in street.books().items():
        for duplicate in books.duplicates_booked():
            yield f"P1 {slug} booked {duplicate.kind} {duplicate.reference} {duplicate.times} times"
        for entry in books.export():
            order_id = order_of.get(str(entry["endToEndId"]), "nobody's")
            asked[order_id] += 1
            if (entry["account"], entry["amount"], entry["currency"]) != SIGNED.get(order_id):
                yield f"P4 {slug} was asked for {order_id} in other words than were signed"
    if asked[STOPPED]:
        yield f"P5 {STOPPED} left although it was stopped"
    if asked != Counter(set(SIGNED) - {STOPPED}):
        yield f"P1 the banks were asked for {dict(asked)}"


async def bytes_without_intent(scene: Scene, street: Street) -> list[str]:
    """P3: whatever a bank received is one submission with a committed intent; each once."""
    promised = Counter(
        await scene.rows(
            "SELECT DISTINCT s.bank, encode(coalesce(w.sha256, s.sha256), 'hex') FROM submission s"
            " JOIN intent USING (submission_no) LEFT JOIN submission_wire w USING (submission_no)"
        )
    )
    received = Counter(
        (slug, hashlib.sha256(file.read_bytes()).hexdigest())
        for slug in BANKS
        for file in (scene.root / "banks" / slug / "collected").iterdir()
    )
    return [f"P3 {slug} received {digest} {n} times" for (slug, digest), n in (received - promised).items()]


async def _stored(scene: Scene) -> AsyncIterator[str]:
    for name, sql in (HELD_ALWAYS | RULES).items():
        for row in await scene.rows(sql):
            yield f"{name} {row}"
    states = set(await scene.states())
    if not states <= ENDED:
        yield f"P8 submissions are left {states - ENDED}"
    sheet = await Report(store=scene.gateway.store).control_sheet(PAY_DATE)
    for equation in sheet.equations:
        if not equation.holds:
            yield f"P10 {equation.name} of {equation.about} differs by {equation.difference}"
    columns = {name for _, _, name in sheet.orders}
    if not columns <= {"paid", "rejected", "returned", "stopped"}:
        yield f"P10 orders stand in {sorted(columns)}"


HELD_ALWAYS = {
    "P2 two live attempts:": "SELECT order_no FROM attempt WHERE NOT closed GROUP BY order_no HAVING count(*) > 1",
    "P3 sent without an intent:": """
        SELECT submission_no FROM submission WHERE state = 'delivered'
        AND NOT EXISTS (SELECT FROM intent i WHERE i.submission_no = submission.submission_no)""",
    "P6 closed without proof:": "SELECT attempt_no FROM attempt WHERE closed AND closed_proof IS NULL",
    "P8 unknown ended without evidence:": """
        SELECT submission_no, to_state FROM submission_event WHERE from_state = 'unknown' AND evidence = '{}'""",
    "P9 a message touched another bank's submission:": """
        SELECT m.message_no FROM observation o JOIN bank_message m USING (message_no)
        JOIN submission s USING (submission_no) WHERE s.bank <> m.bank""",
    "P11 a gap:": """
        SELECT o.order_no, o.outcome_no FROM payment_order o LEFT JOIN outcome_event e USING (order_no)
        GROUP BY o.order_no HAVING count(e) <> o.outcome_no OR coalesce(max(e.outcome_no), 0) <> o.outcome_no""",
}
"""What holds at any moment, on any day."""
RULES = {
    "P10 a message is not applied:": "SELECT message_no, state FROM bank_message WHERE state <> 'applied'",
    "P10 an observation without verdict:": "SELECT message_no, ordinal FROM observation WHERE verdict IS NULL",
    "P10 an observation of nothing:": """
        SELECT message_no, ordinal, verdict FROM observation
        WHERE verdict NOT IN ('matched', 'matched batch sum', 'says nothing of payments')""",
    "an event was never published:": "SELECT order_no FROM outcome_event WHERE published_at IS NULL",
    "an order without outcome:": """
        SELECT order_id FROM payment_order WHERE outcome IS NULL AND order_id <> 'SICK-000003'""",
    "something needs a person:": "SELECT kind, key, detail::text FROM exception WHERE closed_at IS NULL",
    "a lane is paused:": "SELECT scope, value, reason FROM pause",
    "a dead letter:": "SELECT rule FROM dead_letter",
    "a recall:": "SELECT attempt_no FROM recall",
}
"""What holds at the end of this day."""
