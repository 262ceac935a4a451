"""Statements as rows: read, judged, proved; what is missing is told once and closed when it comes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.service import read
from tests.hearing.ear import Ear
from tests.statements import Booking, Stmt, camt053, pagination

ACCOUNT = "DE66100100010020260001"
STATES = "SELECT state FROM statement ORDER BY statement_no"
LINKS = "SELECT statement_id, page, link FROM statement WHERE state = 'proved' ORDER BY link, page"
OPEN = "SELECT kind FROM exception WHERE closed_at IS NULL AND kind <> 'orphan' ORDER BY exception_no"
CLOSED = "SELECT kind, closed_how, closed_by FROM exception WHERE closed_at IS NOT NULL ORDER BY exception_no"


def day(number: int, *moves: int, opening: int, **changes: Any) -> Stmt:
    """A statement of one page."""
    on = date(2026, 9, 1) + timedelta(days=number)
    plain = Stmt(
        account=ACCOUNT,
        name=f"S{number}",
        number=number,
        opening=opening,
        closing=opening + sum(moves),
        opening_on=on - timedelta(days=1),
        closing_on=on,
        bookings=[Booking(minor=minor, ref=f"R{number}-{n}") for n, minor in enumerate(moves)],
    )
    return replace(plain, **changes)


ONE, TWO, THREE = day(1, 500, opening=0), day(2, -200, opening=500), day(3, -300, 50, opening=300)


async def prove(ear: Ear, *statements: Stmt, bank: str = "alfa", together: bool = False) -> None:
    """Hear statements, each in its own message or all in one, and judge."""
    messages = [camt053(*statements)] if together else [camt053(one, message_id=one.name) for one in statements]
    for content in messages:
        await ear.hear(content, bank=bank)
        await ear.until_idle("prove")


async def test_a_statement_is_stored_as_it_was_read(ear: Ear) -> None:
    await prove(ear, ONE)
    assert await ear.scene.rows(
        "SELECT bank, account, currency, statement_id, sequence, page, last_page, opening_minor, closing_minor,"
        " opening_on, closing_on, entries_minor, entry_count FROM statement"
    ) == [("alfa", ACCOUNT, "EUR", "S1", 1, 1, True, 0, 500, date(2026, 9, 1), date(2026, 9, 2), 500, 1)]
    assert await ear.scene.rows("SELECT state, begins, link, proved_at FROM statement") == [
        ("proved", True, 0, ear.scene.clock.now())
    ]


async def test_a_chain_is_proved_in_order_and_a_late_statement_frees_its_successors(ear: Ear) -> None:
    await prove(ear, ONE, THREE)
    assert await ear.scene.column(STATES) == ["proved", "waiting"]
    assert await ear.scene.column("SELECT waits_for FROM statement ORDER BY statement_no") == [None, "statement 2"]
    assert await ear.scene.column(OPEN) == ["statement gap"]
    await prove(ear, TWO)
    assert await ear.scene.rows(LINKS) == [("S1", 1, 0), ("S2", 1, 1), ("S3", 1, 2)]
    assert await ear.scene.column("SELECT waits_for FROM statement") == [None, None, None]
    assert await ear.scene.rows(CLOSED) == [("statement gap", "evidence", "machine")]


async def test_a_gap_is_told_once_however_much_waits_behind_it(ear: Ear) -> None:
    await prove(ear, ONE, THREE, day(4, 7, opening=50), day(5, opening=57))
    assert await ear.scene.column(OPEN) == ["statement gap"]
    (detail,) = await ear.scene.column("SELECT detail FROM exception WHERE kind = 'statement gap'")
    assert ACCOUNT not in str(detail)


async def test_the_chain_that_began_late_grows_back_to_its_beginning(ear: Ear) -> None:
    await prove(ear, THREE, ONE)
    assert await ear.scene.column(OPEN) == ["statement gap"]
    await prove(ear, TWO)
    assert await ear.scene.rows(LINKS) == [("S1", 1, -2), ("S2", 1, -1), ("S3", 1, 0)]
    assert await ear.scene.column("SELECT statement_id FROM statement WHERE begins") == ["S1"]
    assert await ear.scene.column(OPEN) == []


async def test_two_accounts_of_one_file_have_chains_of_their_own(ear: Ear) -> None:
    other = replace(ONE, account="DE89370400440532013000", opening=7, closing=507)
    await prove(ear, ONE, other, replace(TWO, account=other.account, opening=507, closing=307), TWO, together=True)
    assert await ear.scene.rows(LINKS) == [("S1", 1, 0), ("S1", 1, 0), ("S2", 1, 1), ("S2", 1, 1)]


async def test_one_bank_s_statement_says_nothing_of_another_bank_s_chain(ear: Ear) -> None:
    await prove(ear, ONE)
    await prove(ear, TWO, bank="charlie")
    assert await ear.scene.rows("SELECT bank, link, begins FROM statement ORDER BY bank") == [
        ("alfa", 0, True),
        ("charlie", 0, True),
    ]


async def test_a_statement_that_does_not_add_up_is_unbalanced_as_soon_as_it_is_read(ear: Ear) -> None:
    await ear.tell(camt053(replace(ONE, closing=501)))
    await ear.until_idle("read")
    assert await ear.scene.rows("SELECT state, failure FROM statement") == [("unbalanced", "statement.sum")]
    assert await ear.scene.rows("SELECT kind, message_no FROM exception") == [
        ("unbalanced statement", await ear.scene.value("SELECT message_no FROM bank_message"))
    ]
    await ear.until_idle("apply")
    await ear.until_idle("prove")
    assert await ear.scene.column("SELECT kind FROM exception WHERE kind = 'unbalanced statement'") != []


async def test_a_statement_without_a_balance_cannot_be_proved(ear: Ear) -> None:
    await prove(ear, replace(ONE, opening=None))
    assert await ear.scene.rows("SELECT state, failure FROM statement") == [("unbalanced", "statement.balance")]


async def test_a_correction_that_adds_up_answers_one_that_did_not(ear: Ear) -> None:
    await prove(ear, ONE, replace(TWO, closing=999), THREE)
    assert await ear.scene.column(STATES) == ["proved", "unbalanced", "waiting"]
    await prove(ear, TWO)
    assert await ear.scene.column(STATES) == ["proved", "unbalanced", "proved", "proved"]
    kinds = "SELECT kind FROM exception WHERE closed_at IS NULL AND kind LIKE '%statement%'"
    assert await ear.scene.column(kinds) == []


async def test_the_same_statement_again_is_repeated_and_settles_nothing(ear: Ear) -> None:
    await ear.hear(camt053(ONE, message_id="A"), camt053(ONE, message_id="B"))
    await ear.until_idle("prove")
    await ear.hear(camt053(ONE, message_id="C"), camt053(replace(TWO, closing=0), message_id="D"))
    await ear.hear(camt053(replace(TWO, closing=0), message_id="E"))
    assert await ear.scene.column(STATES) == ["proved", "repeated", "repeated", "unbalanced", "repeated"]
    told = await ear.scene.column("SELECT kind FROM exception WHERE kind LIKE '%statement%'")
    assert told == ["unbalanced statement"]


async def test_the_same_statement_twice_in_one_file_is_repeated(ear: Ear) -> None:
    await prove(ear, ONE, ONE, TWO, together=True)
    assert await ear.scene.column(STATES) == ["proved", "repeated", "proved"]


async def test_another_content_under_a_proved_number_is_never_taken_silently(ear: Ear) -> None:
    other = replace(TWO, bookings=[Booking(minor=-200, ref="another payment")])
    await prove(ear, ONE, TWO, other)
    assert await ear.scene.column(STATES) == ["proved", "proved", "waiting"]
    assert await ear.scene.rows("SELECT kind, key FROM exception WHERE kind <> 'orphan'") == [
        ("suspected duplicate", "statement 3")
    ]
    await prove(ear, THREE)
    assert await ear.scene.column(STATES) == ["proved", "proved", "waiting", "proved"]


async def test_numbers_and_ids_of_last_year_come_again(ear: Ear) -> None:
    old = replace(ONE, closing_on=date(2025, 9, 2), opening_on=date(2025, 9, 1), opening=-500, closing=0)
    await prove(ear, old, ONE, TWO)
    assert await ear.scene.column(STATES) == ["proved"] * 3


def pages_of(number: int, opening: int, *pages: Sequence[int]) -> list[Stmt]:
    """A statement whose pages all quote the balances of the whole."""
    whole = day(number, *(minor for page in pages for minor in page), opening=opening)
    return [
        replace(
            whole,
            page=n,
            last=n == len(pages),
            bookings=[Booking(minor=minor, ref=f"R{number}-{n}-{m}") for m, minor in enumerate(page)],
        )
        for n, page in enumerate(pages, start=1)
    ]


async def test_pages_are_proved_together_when_all_are_there(ear: Ear) -> None:
    first, second, third = pages_of(1, 0, [100], [200, -50], [7])
    await prove(ear, third, first)
    assert await ear.scene.rows("SELECT state, waits_for FROM statement") == [("waiting", "page 2")] * 2
    assert await ear.scene.column(OPEN) == ["statement gap"]
    await prove(ear, second)
    assert await ear.scene.rows(LINKS) == [("S1", 1, 0), ("S1", 2, 0), ("S1", 3, 0)]
    assert await ear.scene.column(OPEN) == []


async def test_pages_of_messages_are_pages_of_their_statement(ear: Ear) -> None:
    first, second = pages_of(1, 0, [100], [200])
    for page in (first, second):
        told = pagination("MsgPgntn", page.page or 1, last=page.last)
        await ear.hear(camt053(replace(page, page=None), message_page=told))
    await ear.until_idle("prove")
    assert await ear.scene.column(STATES) == ["proved", "proved"]


async def test_pages_that_do_not_add_up_are_told_as_one_statement(ear: Ear) -> None:
    first, second = pages_of(1, 0, [100], [200])
    await prove(ear, first, replace(second, closing=301))
    assert await ear.scene.column(STATES) == ["unbalanced", "unbalanced"]
    assert await ear.scene.column("SELECT kind FROM exception WHERE kind LIKE '%statement%'") == [
        "unbalanced statement"
    ]


async def test_a_chain_of_paged_statements_ends_proved_in_any_order(ear: Ear) -> None:
    pages = [*pages_of(1, 0, [10], [20]), day(2, 5, opening=30), *pages_of(3, 35, [1], [2], [-3])]
    orders = [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 5, 1, 4, 2), (2, 5, 0, 4, 1, 3)]
    for account, order in enumerate(orders):
        await prove(ear, *(replace(pages[n], account=f"ACCOUNT{account}") for n in order))
    proved = await ear.scene.rows(
        "SELECT account, statement_id, page, link - min(link) OVER (PARTITION BY account) FROM statement"
        " WHERE state = 'proved' ORDER BY account, link, page"
    )
    chain = [("S1", 1, 0), ("S1", 2, 0), ("S2", 1, 1), ("S3", 1, 2), ("S3", 2, 2), ("S3", 3, 2)]
    assert proved == [(f"ACCOUNT{account}", *link) for account in range(len(orders)) for link in chain]
    assert await ear.scene.column(OPEN) == []


async def test_nothing_is_proved_before_it_was_applied(ear: Ear) -> None:
    await ear.tell(camt053(ONE))
    await ear.until_idle("read")
    assert not await ear.run("prove")
    await ear.until_idle("apply")
    assert await ear.run("prove")
    assert not await ear.run("prove")


async def test_a_statement_read_in_chunks_is_stored_once_with_the_last(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "CHUNK", 2)
    await prove(ear, day(1, 1, 2, 3, 4, 5, opening=0), day(2, 6, 7, opening=15), together=True)
    assert await ear.scene.rows(LINKS) == [("S1", 1, 0), ("S2", 1, 1)]


async def test_a_sum_that_no_column_holds_makes_its_message_unreadable(ear: Ear) -> None:
    huge = 99_999_999_999_999_999
    await ear.tell(camt053(day(1, *[huge] * 100, opening=0, closing=0)))
    await ear.until_idle("read")
    assert await ear.scene.column("SELECT state FROM bank_message") == ["unreadable"]
    assert await ear.scene.column(STATES) == []


async def test_a_message_of_too_many_statements_is_unreadable(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "STATEMENTS_MAX", 1)
    await ear.tell(camt053(ONE, TWO))
    await ear.until_idle("read")
    assert await ear.scene.column("SELECT state FROM bank_message") == ["unreadable"]
