"""Proved statements become facts and postings, once, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

import pytest

from gateway.domain.facts import Fact
from gateway.domain.ledger import LedgerAccount
from gateway.service import ledger, settle
from gateway.service.judge import Verdict
from gateway.service.settling import Settling
from tests.ledger.books import Books, Line, kept
from tests.scenario import patiently, payments

F, V = Fact, Verdict
FULL = 51240
SENT = {"in flight": 3 * FULL, "control": -3 * FULL}


@pytest.fixture
async def books(database_url: str, tmp_path: Path) -> AsyncIterator[Books]:
    """Three payments of 512.40 delivered to bank alfa in one file: attempts 1 to 3 of submission 1."""
    async with kept(database_url, tmp_path) as books:
        await books.scene.sealed(payments([1, 2, 3]))
        await books.scene.until_idle("send", "alfa")
        books.account = await books.scene.value("SELECT debtor_account FROM submission")
        yield books


def _of(attempt_no: int, amount: int = FULL, **changes: object) -> Line:
    return Line(amount=amount, attempt_no=attempt_no, submission_no=1, **changes)  # type: ignore[arg-type]


async def test_what_was_sent_is_in_flight(books: Books) -> None:
    assert await books.balances() == SENT
    assert await books.postings() == [
        ("submission sending", "in flight", 3 * FULL, 3),
        ("submission sending", "control", -3 * FULL, 0),
    ]


async def test_a_proved_statement_pays_once_and_suspends_what_nothing_explains(books: Books) -> None:
    await books.scene.tamper("UPDATE attempt SET facts = 8")  # booked, as early news said
    await books.statement(
        _of(1),
        _of(2),
        _of(2),  # a second booking of the same payment
        Line(amount=700, verdict=V.ORPHAN),
        Line(amount=900, credit=True, verdict=V.LUMP_RETURN, count=3),
        Line(amount=250_000, credit=True, verdict=V.ORPHAN),  # our own funding of the account
        Line(amount=35, charges=35, verdict=V.ORPHAN),
    )
    await books.until_settled()
    suspense = FULL + 700 - 900 - 250_000
    assert await books.balances() == {
        "in flight": FULL,
        "paid": 2 * FULL,
        "charges": 35,
        "suspense": suspense,
        "control": -(3 * FULL + 35 + suspense),
    }
    assert await books.facts() == [
        F.BOOKED | F.BOOKED_IN_STATEMENT,
        F.BOOKED | F.BOOKED_IN_STATEMENT | F.BOOKED_TWICE,
        F.BOOKED,
    ]
    assert await books.suspense() == [
        ("booked twice", FULL, 1),
        ("orphan", 700, 1),
        ("lump return", -900, -3),
        ("orphan", -250_000, -1),
    ]
    assert await books.scene.exceptions() == ["conflict"]
    [agreement] = await books.agree()
    assert (agreement.settled, agreement.difference_minor) == (True, 0)
    assert agreement.closing_minor - agreement.opening_minor == 900 + 250_000 - 3 * FULL - 700 - 35


async def test_what_comes_back_is_counted_up_to_what_was_paid(books: Books) -> None:
    await books.statement(_of(1), _of(2))
    await books.statement(
        _of(1, credit=True),
        _of(2, FULL - 500, credit=True, charges=500),  # the bank kept its charges
        _of(1, credit=True),  # and once more: nobody's
    )
    await books.until_settled()
    balances = await books.balances()
    assert balances["returned"] == -2 * FULL
    assert (balances["charges"], balances["suspense"]) == (500, -FULL)
    assert await books.scene.rows("SELECT facts, returned_minor FROM attempt ORDER BY attempt_no") == [
        (int(F.BOOKED_IN_STATEMENT | F.RETURNED_IN_STATEMENT), FULL),
        (int(F.BOOKED_IN_STATEMENT | F.RETURNED_IN_STATEMENT), FULL),
        (0, 0),
    ]
    assert await books.suspense() == [("returned more than paid", -FULL, -1)]
    assert [a.difference_minor for a in await books.agree()] == [0, 0]


async def test_what_came_back_in_part_has_an_owner_until_the_rest_came(books: Books) -> None:
    await books.statement(_of(1), _of(1, FULL - 300, credit=True))
    await books.until_settled()
    told = "SELECT kind, attempt_no, detail ->> 'missing', state FROM exception ORDER BY exception_no"
    assert await books.scene.rows(told) == [("returned in part", 1, "300 minor units", "open")]
    await books.statement(_of(1, 300, credit=True))
    await books.until_settled()
    assert [state for *_, state in await books.scene.rows(told)] == ["closed"]
    assert await books.scene.value("SELECT returned_minor FROM attempt WHERE attempt_no = 1") == FULL


async def test_a_booked_sum_is_of_all_members_that_it_covers(books: Books) -> None:
    await books.scene.tamper("UPDATE attempt SET facts = CASE attempt_no WHEN 3 THEN 64 ELSE 8 END")
    whole = Line(amount=2 * FULL, submission_no=1, verdict=V.BATCH_SUM, count=2)
    await books.statement(whole, whole)  # the second one is of members that are booked
    await books.until_settled()
    assert await books.facts() == [F.BOOKED | F.BOOKED_IN_STATEMENT] * 2 + [F.REJECTED]
    assert ("statement", "paid", 2 * FULL, 2) in await books.postings()
    assert await books.suspense() == [("booked twice", 2 * FULL, 2)]


async def test_a_sum_that_waited_leaves_suspense_when_it_is_matched(books: Books) -> None:
    await books.scene.tamper("UPDATE attempt SET facts = 8")
    whole = Line(amount=3 * FULL, submission_no=1, verdict=V.SUM_WAITS, count=3)
    number = await books.statement(whole)
    await books.until_settled()
    assert await books.balances() == {"in flight": 3 * FULL, "suspense": 3 * FULL, "control": -6 * FULL}
    assert await books.facts() == [F.BOOKED] * 3
    await books.match(number, Line(amount=3 * FULL, submission_no=1, verdict=V.BATCH_SUM))
    assert await books.balances() == {"paid": 3 * FULL, "control": -3 * FULL}
    assert await books.facts() == [F.BOOKED | F.BOOKED_IN_STATEMENT] * 3
    assert ("matched later", "paid", 3 * FULL, 3) in await books.postings()
    assert await books.suspense() == []
    assert [a.difference_minor for a in await books.agree()] == [0]


async def test_what_is_matched_before_its_statement_settles_never_was_in_suspense(books: Books) -> None:
    number = await books.statement(Line(amount=FULL, verdict=V.ORPHAN))
    await books.match(number, _of(1))
    assert await books.balances() == SENT
    await books.until_settled()
    assert await books.balances() == {"in flight": 2 * FULL, "paid": FULL, "control": -3 * FULL}


async def test_a_late_match_to_what_is_booked_stays_in_suspense(books: Books) -> None:
    await books.statement(_of(1))
    number = await books.statement(Line(amount=FULL, verdict=V.ORPHAN))
    await books.until_settled()
    await books.match(number, _of(1))
    assert (await books.balances())["suspense"] == FULL
    assert (await books.facts())[0] == F.BOOKED_IN_STATEMENT | F.BOOKED_TWICE
    assert len(await books.suspense()) == 1


async def test_a_decision_clears_suspense_once(books: Books) -> None:
    await books.statement(Line(amount=700, verdict=V.ORPHAN))
    await books.until_settled()
    store, at = books.scene.gateway.store, books.scene.clock.now()
    async with store.transaction() as session:
        await ledger.clear(session, at, [1], LedgerAccount.CHARGES, what="decided to be charges")
    assert await books.balances() == SENT | {"charges": 700, "control": -3 * FULL - 700}
    assert await books.suspense() == []
    assert [a.difference_minor for a in await books.agree()] == [0]


async def test_what_details_do_not_explain_goes_to_suspense_unless_it_is_charges(books: Books) -> None:
    await books.statement(
        _of(1, entry_minor=-FULL - 40, charges=40),  # the entry holds charges that its details tell of
        _of(2, entry_minor=-FULL - 60),
        Line(
            amount=FULL, attempt_no=3, submission_no=1, currency="KZT", entry_minor=-99
        ),  # details in another currency
    )
    await books.until_settled()
    balances = await books.balances()
    assert (balances["paid"], balances["charges"], balances["suspense"]) == (2 * FULL, 40, 60 + 99)
    assert await books.suspense() == [("details and entry differ", 60, 0), ("details and entry differ", 99, 0)]
    assert await books.scene.exceptions() == ["amount differs"] * 2
    assert await books.facts() == [F.BOOKED_IN_STATEMENT] * 3
    assert [a.difference_minor for a in await books.agree()] == [0]


async def test_a_difference_from_the_banks_balance_is_itemised(books: Books) -> None:
    number = await books.statement(_of(1), Line(amount=700, verdict=V.ORPHAN))
    await books.scene.tamper(
        "UPDATE statement SET entries_minor = entries_minor - 5, closing_minor = closing_minor - 5"
    )
    await books.until_settled()
    rows = await books.scene.rows("SELECT kind, key, amount_minor, detail FROM exception")
    detail = {
        "stated": str(-FULL - 705),
        "posted": str(-FULL - 700),
        "difference": "-5",
        "paid": f"1 payments, {FULL} minor units",
        "suspense": "1 payments, 700 minor units",
    }
    assert rows == [("unbalanced statement", f"books of statement {number}", 5, detail)]
    assert [a.difference_minor for a in await books.agree()] == [-5]


async def test_only_what_is_proved_and_applied_is_settled_and_once(books: Books) -> None:
    await books.statement(_of(1), state="waiting")
    await books.statement(_of(1), state="repeated")
    late = await books.statement(_of(1))
    await books.scene.tamper("UPDATE bank_message SET state = 'read' WHERE message_no = 3")
    assert not await books.settle.run_once()
    assert await books.balances() == SENT
    await books.scene.tamper("UPDATE bank_message SET state = 'applied'")
    await books.until_settled()
    await books.scene.tamper("UPDATE statement SET settled_through = settled_through WHERE statement_no = $1", late)
    assert not await books.settle.run_once()
    assert await books.balances() == {"in flight": 2 * FULL, "paid": FULL, "control": -3 * FULL}


class Killed(BaseException):
    """The process dies here."""


async def test_who_dies_between_chunks_or_in_one_leaves_nothing_to_post_twice(books: Books) -> None:
    await books.statement(_of(1), Line(amount=700, verdict=V.ORPHAN), _of(2), _of(3))
    with patch.object(settle, "CHUNK", 2):
        await books.settle.run_once()
        between = await books.balances()
        assert (between["paid"], between["suspense"]) == (FULL, 700)
        with patch.object(Settling, "establish", side_effect=Killed), pytest.raises(Killed):
            await books.settle.run_once()
        assert await books.balances() == between
        await books.until_settled()
    assert await books.balances() == {"paid": 3 * FULL, "suspense": 700, "control": -3 * FULL - 700}
    assert [a.difference_minor for a in await books.agree()] == [0]


async def test_two_workers_settle_side_by_side(books: Books) -> None:
    await books.statement(_of(1), _of(2, credit=True))
    await books.statement(_of(2), _of(1), _of(3))

    async def work() -> None:
        worker = books.settle
        while await patiently(worker):
            pass

    with patch.object(settle, "CHUNK", 1):
        await asyncio.gather(work(), work())
    balances = await books.balances()
    assert (balances["paid"], balances["returned"], balances["suspense"]) == (3 * FULL, -FULL, FULL)
    assert [a.difference_minor for a in await books.agree()] == [0, 0]
