"""Where the ledger holds money that two people wrote off, and what ends that."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.exceptions import Act
from gateway.domain.facts import Fact
from gateway.domain.ledger import LedgerAccount, location
from gateway.domain.states import SubmissionState
from gateway.service.exceptions import Trouble, raise_exceptions
from tests.casework.desk import Desk
from tests.ledger.books import Books, Line, kept
from tests.scenario import payments

FULL = 51_240
SUSPENSE = LedgerAccount.SUSPENSE


@pytest.mark.parametrize(
    ("own", "state", "where"),
    [
        (Fact.WRITTEN_OFF, SubmissionState.DELIVERED, SUSPENSE),
        (Fact.WRITTEN_OFF, SubmissionState.UNKNOWN, SUSPENSE),
        (Fact.WRITTEN_OFF | Fact.BOOKED, SubmissionState.DELIVERED, SUSPENSE),  # early news is no accounting truth
        (Fact.WRITTEN_OFF | Fact.BOOKED_IN_STATEMENT, SubmissionState.DELIVERED, None),
        (Fact.WRITTEN_OFF | Fact.REJECTED, SubmissionState.DELIVERED, None),
        (Fact.WRITTEN_OFF, SubmissionState.NOT_SENT, None),  # proved after all: it never left
        (Fact.WRITTEN_OFF, SubmissionState.VOID, None),
    ],
)
def test_where_written_off_money_is(own: Fact, state: SubmissionState, where: LedgerAccount | None) -> None:
    assert location(own, Fact.NONE, state) is where


@pytest.fixture
async def books(database_url: str, tmp_path: Path) -> AsyncIterator[Books]:
    """Two payments delivered to bank alfa; the first was written off by two people."""
    async with kept(database_url, tmp_path) as books:
        await books.scene.sealed(payments([1, 2]))
        await books.scene.until_idle("send", "alfa")
        books.account = await books.scene.value("SELECT debtor_account FROM submission")
        trouble = Trouble(kind="conflict", key="1", order_no=1, attempt_no=1)
        async with books.scene.gateway.store.transaction() as session:
            await raise_exceptions(session, books.scene.clock.now(), [trouble])
        await Desk(scene=books.scene).both("conflict", Act.WRITE_OFF)
        yield books


async def test_what_is_on_its_way_still_agrees(books: Books) -> None:
    assert await books.balances() == {"in flight": FULL, "suspense": FULL, "control": -2 * FULL}
    await books.agree()


async def test_booked_after_all_it_leaves_suspense_and_the_statement_agrees(books: Books) -> None:
    await books.statement(Line(amount=FULL, attempt_no=1, submission_no=1))
    await books.until_settled()
    assert await books.balances() == {"in flight": FULL, "paid": FULL, "control": -2 * FULL}
    [agreement] = await books.agree()
    assert agreement.posted_minor == agreement.entries_minor == -FULL
    kinds = await books.scene.column("SELECT kind FROM exception WHERE state <> 'closed'")
    assert sorted(kinds) == ["conflict", "held order"], "the order is held, and has been since it was written off"
