"""For any order, repetition and channel of what banks say, the same becomes of every payment.

The messages are those that the sandbox banks write about the bytes they were sent: pain.002, camt.054 in both
versions, itemised and as sums, and JSON. What must become of the payments is in the banks' own books.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.facts import Position
from gateway.ports.bus import Record
from gateway.ports.transport import Sent
from gateway.sandbox import Books, FileBank
from gateway.sandbox.closing import close_day
from gateway.sandbox.desk import Desk
from tests.hearing.ear import FULL, Ear, listening
from tests.hearing.messages import Entry, camt052, camt054
from tests.scenario import MORNING, opened, parameters, payments
from tests.sending.transport import Scripted
from tests.statements import Booking, Detail, Stmt, camt053

FILE_BANKS, API_BANK = ("alfa", "charlie", "foxtrot"), "kilo"
HAPPENS = {"rejected_per_10000": 2_500, "returned_per_10000": 3_000}
"""So many that every bank has some of each."""
ORDERS = [
    *payments(range(1, 7)),
    *payments(range(11, 17), "charlie"),
    *payments(range(21, 25), "foxtrot"),
    *payments(range(31, 35), "kilo"),
]
CHANGED = (
    *("suspense_item", "ledger_posting", "ledger_transaction", "statement", "statement_chain"),
    *("bank_message_bytes", "observation", "exception", "dead_letter", "partition_lease", "outcome_event"),
    *("attempt", "submission_event", "intent", "submission", "bank_message", "payment_order", "pause"),
)
LATER = datetime(2026, 10, 30, tzinfo=UTC)
BECAME = {Position.PAID: "paid", Position.REJECTED: "rejected", Position.RETURNED: "returned"}


@dataclass(slots=True, kw_only=True)
class Day:
    """Everything was sent; `said` is what the banks have to say about it, `fates` what their books hold."""

    ear: Ear
    said: list[tuple[str, bytes]]
    fates: dict[str, Position]
    lives: int = 0

    async def again(self) -> None:
        """Forget everything that was heard."""
        await self.ear.receiver.release()
        self.lives += 1
        self.ear.bus.incarnation, self.ear.bus.logs = f"memory-{self.lives}", {}
        await self.ear.scene.again(*CHANGED)

    def record(self, number: int, *, claimed: bool) -> Record:
        """A message as the bank edge would put it on the topic: whole, or a reference to a file."""
        bank, content = self.said[number]
        record = self.ear.record(content, bank)
        if not claimed:
            return record
        claims = self.ear.scene.root / "banks" / bank / "claims"
        claims.mkdir(exist_ok=True)
        (claims / f"message-{number}").write_bytes(content)
        return Record(key=record.key, value=b"", headers={**record.headers, "ce_dataref": f"message-{number}"})

    async def become(self) -> dict[str, tuple[Position, str]]:
        """Position and last told outcome of every payment."""
        ids = await self.ear.ids()
        told = await self.ear.scene.column("SELECT outcome FROM payment_order ORDER BY order_id")
        return dict(zip(ids, zip(await self.ear.positions(), told, strict=True), strict=True))


def _fates(books: Books) -> dict[str, Position]:
    fates = {}
    for entry in books.export():
        fate = Position.RETURNED if entry["returned"] else Position.PAID
        fates[str(entry["endToEndId"])] = Position.REJECTED if entry["rejected"] else fate
    return fates


def _opened_books(ear: Ear, transport: Scripted) -> dict[str, Books]:
    """Let every bank take and decide what it was sent."""
    root, found = ear.scene.root / "banks", {}
    for slug in FILE_BANKS:
        bank = FileBank(replace(parameters()[slug], **HAPPENS), root)  # type: ignore[arg-type]
        while bank.collect(MORNING):
            pass
        found[slug] = bank.books
    desk = Desk(replace(parameters()[API_BANK], **HAPPENS), root)  # type: ignore[arg-type]
    for wire, body in zip(transport.wires, transport.sent, strict=True):
        assert desk.take(wire.name, body, MORNING).status == 201
    found[API_BANK] = desk.books
    for slug, books in found.items():
        for days in range((LATER - MORNING).days):
            evening = MORNING + timedelta(days=days, hours=12)
            close_day(replace(parameters()[slug], **HAPPENS), books, evening.date(), evening)  # type: ignore[arg-type]
    return found


@pytest.fixture
async def day(database_url: str, tmp_path: Path) -> AsyncIterator[Day]:
    async with opened(database_url, tmp_path, banks=[*FILE_BANKS, API_BANK]) as scene, listening(scene) as ear:
        transport = Scripted(answers=[Sent.SENT])
        scene.use_transport(API_BANK, transport)
        await ear.send(ORDERS)
        books = _opened_books(ear, transport)
        due = [(slug, answer.content) for slug, of in books.items() for answer in of.due(LATER, 1_000)]
        said = [(slug, content) for slug, content in due if b"BkToCstmrStmt" not in content or b"<Ntry>" in content]
        fates = {e2e: fate for of in books.values() for e2e, fate in _fates(of).items()}
        for of in books.values():
            of.close()
        await scene.keep(*CHANGED)
        yield Day(ear=ear, said=said, fates=fates)


async def test_the_books_hold_every_fate_at_every_bank(day: Day) -> None:
    assert set(day.fates.values()) == set(BECAME)
    assert len(day.fates) == len(ORDERS)
    assert {slug for slug, _ in day.said} == {*FILE_BANKS, API_BANK}


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_order_repetition_and_channel_ends_the_same(day: Day, data: st.DataObject) -> None:
    await day.again()
    numbers = range(len(day.said))
    repeated = data.draw(st.lists(st.sampled_from(numbers), max_size=6), label="repeated")
    order = data.draw(st.permutations([*numbers, *repeated]), label="order")
    claimed = data.draw(st.sets(st.sampled_from(range(len(order)))), label="by reference")
    pauses = data.draw(st.sets(st.sampled_from(range(len(order))), max_size=5), label="applied after")
    for position, number in enumerate(order):
        day.ear.bus.put(day.record(number, claimed=position in claimed))
        if position in pauses or position == len(order) - 1:
            for kind in ("receive", "read", "apply"):
                await day.ear.until_idle(kind)
    assert await day.become() == {e2e: (fate, BECAME[fate]) for e2e, fate in day.fates.items()}
    assert await day.ear.scene.column("SELECT kind FROM exception WHERE state <> 'closed'") == []
    assert (
        await day.ear.scene.column("""
        SELECT order_no FROM payment_order JOIN outcome_event e USING (order_no)
        GROUP BY order_no, payment_order.outcome_no HAVING count(*) <> payment_order.outcome_no""")
        == []
    )


@pytest.fixture
async def twins(sent: Ear) -> tuple[Ear, list[bytes]]:
    """A payment booked once, and one booked twice alike, told by a report, a notification and a statement."""
    account, (once, twice, _) = await sent.account(), await sent.ids()
    entries = [Entry(amount=FULL, end_to_end_id=name, ref=name[-6:]) for name in (once, twice, twice)]
    bookings = [
        Booking(minor=-51_240, ref=e.ref, details=[Detail(minor=-51_240, end_to_end_id=e.end_to_end_id)])
        for e in entries
    ]
    page = Stmt(account=account, opening=1_000_000, closing=1_000_000 - 3 * 51_240, bookings=bookings)
    await sent.scene.keep(*CHANGED)
    return sent, [camt052(account, *entries), camt054(account, *entries), camt053(page)]


@given(order=st.lists(st.sampled_from(range(3)), min_size=1, max_size=6), at_once=st.booleans())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_identical_twins_stay_two_and_the_same_told_again_stays_one(
    twins: tuple[Ear, list[bytes]], order: list[int], *, at_once: bool
) -> None:
    ear, said = twins
    await ear.scene.again(*CHANGED)
    for number in order:
        await ear.tell(said[number], channel=f"door-{number}")
        if not at_once:
            await ear.until_idle("read")
            await ear.until_idle("apply")
    await ear.until_idle("read")
    await ear.until_idle("apply")
    assert await ear.positions() == [Position.PAID, Position.CONFLICT, Position.IN_FLIGHT]
    bookings = await ear.scene.rows("""
        SELECT attempt_no, count(*) FROM observation WHERE NOT repeats GROUP BY attempt_no ORDER BY attempt_no""")
    assert [count for _, count in bookings] == [1, 2]
