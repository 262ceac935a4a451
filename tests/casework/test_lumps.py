"""One credit that gave several payments back: a person says which, once, whatever reports tell of it."""

from dataclasses import replace

import pytest

from gateway.domain.errors import Conflict
from gateway.domain.exceptions import Act
from gateway.domain.facts import Fact, Position
from tests.casework.desk import Desk
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, camt054
from tests.scenario import payments
from tests.statements import Booking, Detail, Stmt, camt053

PAID, RETURNED = Position.PAID, Position.RETURNED
MINOR, OPENING = 51_240, 10_000_000
TWO = "1024.80"
BACK = Entry(amount=TWO, sign="CRDT", ref="L1")


@pytest.fixture
async def paid(ear: Ear) -> Ear:
    """Three payments of 512.40, booked one by one."""
    await ear.send(payments([1, 2, 3]))
    said = [Entry(amount=FULL, end_to_end_id=name, ref=f"R{n}") for n, name in enumerate(await ear.ids())]
    await ear.hear(camt054(await ear.account(), *said))
    return ear


async def _statement(ear: Ear, *, ref: str = "L1", booked: bool = True, number: int = 1) -> bytes:
    names = await ear.ids() if booked else []
    debits = [Booking(minor=-MINOR, ref=f"R{n}", details=[_named(name)]) for n, name in enumerate(names)]
    credit = Booking(minor=2 * MINOR, ref=ref)
    opening = OPENING if booked else OPENING - MINOR
    closing = opening - MINOR * len(names) + 2 * MINOR
    page = Stmt(account=await ear.account(), name=f"S{number}", number=number, opening=opening, closing=closing)
    return camt053(replace(page, bookings=[*debits, credit]))


def _named(name: str) -> Detail:
    return Detail(minor=-MINOR, end_to_end_id=name)


async def _settled(ear: Ear, statement: bytes) -> None:
    await ear.hear(statement)
    await ear.until_idle("prove")
    await ear.until_idle("settle")


async def _split(desk: Desk, ear: Ear, kind: str = "lump return") -> str:
    first, second, _ = await ear.ids()
    return (await desk.act(kind, Act.MATCH, endToEndId=f"{first},{second}")).case.state


async def _suspense(desk: Desk) -> tuple[int, int]:
    ledger = await desk.ledger()
    return ledger.get("suspense", 0), ledger.get("returned", 0)


async def _open(ear: Ear) -> list[str]:
    return await ear.scene.column("SELECT kind FROM exception WHERE state <> 'closed'")


async def test_a_lump_is_split_over_its_payments(desk: Desk, paid: Ear) -> None:
    await paid.hear(camt054(await paid.account(), BACK, number=2))
    assert await _split(desk, paid) == "closed"
    assert await paid.positions() == [RETURNED, RETURNED, PAID]
    assert [told[-1][1] for told in await paid.outcomes()] == ["returned", "returned", "paid"]
    told = await paid.scene.rows("SELECT verdict, rule, amount_minor FROM observation WHERE credit ORDER BY ordinal")
    assert told == [("split by hand", None, 2 * MINOR), ("matched", "by hand", MINOR), ("matched", "by hand", MINOR)]


@pytest.mark.parametrize("statement_first", [True, False])
async def test_the_ledger_says_what_came_back_however_it_was_told(
    desk: Desk, paid: Ear, *, statement_first: bool
) -> None:
    """Split before its statement was settled, or taken out of suspense afterwards: the end is the same."""
    early = camt054(await paid.account(), BACK, number=2)
    if statement_first:
        await _settled(paid, await _statement(paid))
        assert await _suspense(desk) == (-2 * MINOR, 0)
        await paid.hear(early)
        await _split(desk, paid)
    else:
        await paid.hear(early)
        await _split(desk, paid)
        await _settled(paid, await _statement(paid))
    assert await _suspense(desk) == (0, -2 * MINOR)
    both = int(Fact.RETURNED | Fact.RETURNED_IN_STATEMENT)
    facts = await paid.scene.column("SELECT facts & 384 FROM attempt ORDER BY attempt_no")
    assert facts == [both, both, 0]
    assert await paid.scene.column("SELECT returned_minor FROM attempt ORDER BY attempt_no") == [MINOR, MINOR, 0]
    assert await _open(paid) == []
    counted = await paid.scene.value(
        "SELECT count(*) FROM observation WHERE credit AND verdict = 'matched' AND NOT repeats"
    )
    assert counted == 2


async def test_a_lump_of_one_payment_is_matched_wherever_it_was_told(desk: Desk, ear: Ear) -> None:
    """The notice came first and has the exception; matched after the statement, nothing stays in suspense."""
    await ear.send(payments([1]))
    name, account = (await ear.ids())[0], await ear.account()
    await ear.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name, ref="R1")))
    await ear.scene.tamper("UPDATE submission SET settled = true, sum_booked = true")
    await ear.scene.tamper("UPDATE observation SET verdict = 'matched batch sum', attempt_no = NULL, submission_no = 1")
    await ear.hear(camt054(account, Entry(amount=FULL, sign="CRDT", ref="L1"), number=2))
    assert await _open(ear) == ["lump return"]
    page = Stmt(account=account, opening=OPENING, closing=OPENING + MINOR, bookings=[Booking(minor=MINOR, ref="L1")])
    await _settled(ear, camt053(page))
    assert (await _suspense(desk), await _open(ear)) == ((-MINOR, 0), ["lump return"])
    await desk.act("lump return", Act.MATCH, endToEndId=name)
    assert await _suspense(desk) == (0, -MINOR)
    assert await ear.scene.value("SELECT returned_minor FROM attempt") == MINOR
    assert await _open(ear) == []


@pytest.mark.parametrize("ref", ["L1", ""])
async def test_the_same_lump_told_again_is_split_by_itself(desk: Desk, paid: Ear, ref: str) -> None:
    account = await paid.account()
    await paid.hear(camt054(account, BACK, number=2))
    await _split(desk, paid)
    await paid.hear(camt054(account, replace(BACK, ref=ref), number=3))
    assert await paid.positions() == [RETURNED, RETURNED, PAID]
    assert await _open(paid) == []
    assert (
        await paid.scene.column("SELECT verdict FROM observation WHERE credit AND amount_minor = 102480")
        == ["split by hand"] * 2
    )


async def test_another_lump_of_the_same_amount_is_another_exception(desk: Desk, paid: Ear) -> None:
    account = await paid.account()
    await paid.hear(camt054(account, BACK, number=2))
    await _split(desk, paid)
    await paid.hear(camt054(account, replace(BACK, ref="L2"), number=3))
    assert await _open(paid) == ["lump return"]
    with pytest.raises(Conflict) as error:
        await _split(desk, paid)
    assert error.value.violations[0].rule == "match.came-back"


async def test_a_whole_submission_came_back_and_who_was_held_for_it_is_held_no_more(desk: Desk, ear: Ear) -> None:
    await ear.send(payments([1, 2, 3], "charlie"))
    account, msg_id = await ear.account("charlie"), await ear.msg_id()
    booked = Entry(amount="1537.20", batch=(msg_id, 3), ref="S1")
    await ear.hear(camt054(account, booked), camt054(account, replace(booked, sign="CRDT", ref="L1")), bank="charlie")
    assert await ear.scene.column("SELECT DISTINCT reason FROM payment_order") == ["lump return"]
    await desk.act("lump return", Act.MATCH, msgId=msg_id)
    assert await ear.positions() == [RETURNED] * 3
    assert await ear.scene.rows("SELECT DISTINCT state, reason, outcome, next_try_on FROM payment_order") == [
        ("payable", None, "returned", None)
    ]


@pytest.mark.parametrize("written_off", [True, False])
async def test_whoever_did_not_come_back_is_paid_as_before(desk: Desk, ear: Ear, *, written_off: bool) -> None:
    await ear.send(payments([1, 2, 3], "charlie"))
    account, msg_id = await ear.account("charlie"), await ear.msg_id()
    booked = Entry(amount="1537.20", batch=(msg_id, 3), ref="S1")
    lump = Entry(amount=TWO, batch=(msg_id, 2), sign="CRDT", ref="L1")
    await ear.hear(camt054(account, booked), camt054(account, lump), bank="charlie")
    if written_off:
        await desk.both("lump return", Act.WRITE_OFF)
    else:
        await _split(desk, ear)
    assert await ear.positions() == ([PAID] * 3 if written_off else [RETURNED, RETURNED, PAID])
    told = [(3, "paid")] * 3 if written_off else [(3, "returned"), (3, "returned"), (3, "paid")]
    assert [one[-1] for one in await ear.outcomes()] == told
    assert await ear.scene.column("SELECT DISTINCT state FROM payment_order") == ["payable"]


async def test_an_order_of_which_all_is_told_meanwhile_waits_for_a_person(desk: Desk, ear: Ear) -> None:
    """Nothing is cut again by itself after a lump."""
    await ear.send(payments([1, 2, 3], "charlie"))
    account, msg_id = await ear.account("charlie"), await ear.msg_id()
    booked = Entry(amount="1537.20", batch=(msg_id, 3), ref="S1")
    lump = Entry(amount=TWO, batch=(msg_id, 2), sign="CRDT", ref="L1")
    await ear.hear(camt054(account, booked), camt054(account, lump), bank="charlie")
    await ear.scene.tamper("UPDATE attempt SET closed = true, closed_proof = '{}' WHERE attempt_no = 3")
    await _split(desk, ear)
    assert await ear.scene.column("SELECT state FROM payment_order ORDER BY order_id") == ["payable", "payable", "held"]
    assert await _open(ear) == ["held order"]


@pytest.mark.parametrize(
    ("named", "rule"),
    [
        ((0, 1, 2), "match.sum"),
        ((0, 0), "match.twice"),
        ((), "match.none"),
    ],
)
async def test_what_does_not_add_up_is_refused(desk: Desk, paid: Ear, named: tuple[int, ...], rule: str) -> None:
    await paid.hear(camt054(await paid.account(), BACK, number=2))
    ids = await paid.ids()
    wanted = {"endToEndId": ",".join(ids[n] for n in named)} if named else {"msgId": "UNHEARD"}
    with pytest.raises(Conflict) as error:
        await desk.act("lump return", Act.MATCH, **wanted)
    assert error.value.violations[0].rule == rule
    assert await paid.positions() == [PAID] * 3


async def test_a_debit_is_not_split(desk: Desk, sent: Ear) -> None:
    await sent.hear(camt054(await sent.account(), Entry(amount=TWO)))
    with pytest.raises(Conflict) as error:
        await _split(desk, sent, "orphan")
    assert error.value.violations[0].rule == "match.debit"
