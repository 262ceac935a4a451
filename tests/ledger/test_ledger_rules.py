"""The ledger's rules by themselves: where money is, what an entry posts, and that every journal is zero."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.facts import Fact
from gateway.domain.ledger import (
    BookedEntry,
    Journal,
    LedgerAccount,
    Owed,
    Posting,
    Purse,
    Settlement,
    location,
    settle,
)
from gateway.domain.states import SubmissionState

ALFA = Purse(bank="alfa", debtor_account="D1", currency="EUR")
BRAVO = Purse(bank="bravo", debtor_account="D2", currency="EUR")
A, S, F = LedgerAccount, SubmissionState, Fact
OTHERS = [account for account in A if account is not A.CONTROL]

purses = st.sampled_from([ALFA, BRAVO, Purse(bank="alfa", debtor_account="D1", currency="KZT")])
amounts = st.integers(min_value=-(10**12), max_value=10**12)


# Where an attempt's money is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "group", "state", "where"),
    [
        (F.NONE, F.NONE, None, None),
        (F.NONE, F.NONE, S.SEALED, None),
        (F.NONE, F.NONE, S.SENDING, A.IN_FLIGHT),
        (F.NONE, F.NONE, S.DELIVERED, A.IN_FLIGHT),
        (F.NONE, F.NONE, S.UNKNOWN, A.UNKNOWN),
        (F.NONE, F.NONE, S.NOT_SENT, None),
        (F.NONE, F.NONE, S.VOID, None),
        (F.ACCEPTED | F.EXECUTED, F.NONE, S.DELIVERED, A.IN_FLIGHT),
        (F.BOOKED, F.NONE, S.DELIVERED, A.IN_FLIGHT),  # early news: no statement has proved it
        (F.BOOKED | F.RETURNED, F.NONE, S.DELIVERED, A.IN_FLIGHT),
        (F.BOOKED | F.BOOKED_IN_STATEMENT, F.NONE, S.DELIVERED, None),
        (F.REJECTED, F.NONE, S.DELIVERED, None),
        (F.CANCELLED, F.NONE, S.DELIVERED, None),
        (F.NONE, F.REJECTED, S.DELIVERED, None),  # a rejected file: all its members, with no status of their own
        (F.ACCEPTED, F.REJECTED, S.DELIVERED, A.IN_FLIGHT),  # a status of its own speaks louder than the group's
    ],
)
def test_where_money_is(own: Fact, group: Fact, state: SubmissionState | None, where: LedgerAccount | None) -> None:
    assert location(own, group, state) is where


# Journals -------------------------------------------------------------------------------------------------------------


def _balances(postings: list[Posting]) -> Counter[tuple[str, str, str, str]]:
    balances: Counter[tuple[str, str, str, str]] = Counter()
    for p in postings:
        balances[p.bank, p.debtor_account, p.currency, p.account] += p.amount_minor
    return balances


@given(st.lists(st.tuples(purses, st.sampled_from(OTHERS), amounts)))
def test_every_journal_is_zero_for_each_purse(lines: list[tuple[Purse, LedgerAccount, int]]) -> None:
    journal = Journal()
    for purse, account, amount in lines:
        journal.post(purse, account, amount)
    totals: Counter[Purse] = Counter()
    for p in journal.postings():
        totals[Purse(bank=p.bank, debtor_account=p.debtor_account, currency=p.currency)] += p.amount_minor
        assert p.amount_minor != 0
    assert set(totals.values()) <= {0}


@given(st.lists(st.tuples(purses, st.sampled_from(OTHERS), amounts)))
def test_a_journal_sums_each_account(lines: list[tuple[Purse, LedgerAccount, int]]) -> None:
    journal, expected = Journal(), Counter[tuple[str, str, str, str]]()
    for purse, account, amount in lines:
        journal.post(purse, account, amount)
        expected[purse.bank, purse.debtor_account, purse.currency, account] += amount
    stored = _balances([p for p in journal.postings() if p.account is not A.CONTROL])
    assert {k: v for k, v in stored.items() if v} == {k: v for k, v in expected.items() if v}


def test_debits_and_credits_stay_apart_and_control_is_netted() -> None:
    journal = Journal()
    journal.post(ALFA, A.SUSPENSE, 100, 1)
    journal.post(ALFA, A.SUSPENSE, -70, -1)
    assert [(p.account, p.amount_minor, p.payments) for p in journal.postings()] == [
        (A.SUSPENSE, 100, 1),
        (A.SUSPENSE, -70, -1),
        (A.CONTROL, -30, 0),
    ]


def test_money_that_only_changes_its_place_needs_no_control() -> None:
    journal = Journal()
    journal.move(ALFA, A.IN_FLIGHT, A.UNKNOWN, 500, 2)
    assert [(p.account, p.amount_minor, p.payments) for p in journal.postings()] == [
        (A.IN_FLIGHT, -500, -2),
        (A.UNKNOWN, 500, 2),
    ]


def test_nobody_posts_to_control() -> None:
    with pytest.raises(ValueError, match="control"):
        Journal().post(ALFA, A.CONTROL, 1)


# What an entry posts -------------------------------------------------------------------------------------------------


def _entry(amount: int, charges: int = 0, *, credit: bool = False) -> BookedEntry:
    return BookedEntry(amount_minor=amount, credit=credit, charges_minor=charges)


@pytest.mark.parametrize(
    ("entry", "owed", "posts"),
    [
        # the first booking is paid, a second one is not
        (_entry(500), Owed(amount_minor=500), Settlement(paid=500, fact=F.BOOKED_IN_STATEMENT)),
        (_entry(500), Owed(amount_minor=500, booked=True), Settlement(suspense=500, fact=F.BOOKED_TWICE)),
        # charges on top of the payment, as documented; undocumented ones are never made up
        (_entry(505, 5), Owed(amount_minor=500), Settlement(paid=500, charges=5, fact=F.BOOKED_IN_STATEMENT)),
        (_entry(505, 3), Owed(amount_minor=500), Settlement(paid=505, fact=F.BOOKED_IN_STATEMENT)),
        (_entry(500, 5), Owed(amount_minor=500), Settlement(paid=500, fact=F.BOOKED_IN_STATEMENT)),
        # a return in full, one that lacks documented charges, and one of which charges were taken beside it
        (_entry(500, credit=True), Owed(amount_minor=500), Settlement(returned=-500, fact=F.RETURNED_IN_STATEMENT)),
        (
            _entry(495, 5, credit=True),
            Owed(amount_minor=500),
            Settlement(returned=-500, charges=5, fact=F.RETURNED_IN_STATEMENT),
        ),
        (_entry(500, 5, credit=True), Owed(amount_minor=500), Settlement(returned=-500, fact=F.RETURNED_IN_STATEMENT)),
        # more than was paid comes back: nobody's
        (_entry(500, credit=True), Owed(amount_minor=500, returned_minor=500), Settlement(suspense=-500)),
        # nothing of ours explains it, but a booking of charges alone explains itself
        (_entry(500), None, Settlement(suspense=500)),
        (_entry(500, credit=True), None, Settlement(suspense=-500)),
        (_entry(7, 7), None, Settlement(charges=7)),
        (_entry(7, 7, credit=True), None, Settlement(charges=-7)),
    ],
)
def test_what_an_entry_posts(entry: BookedEntry, owed: Owed | None, posts: Settlement) -> None:
    assert settle(entry, owed) == posts


money = st.integers(min_value=1, max_value=10**9)


@given(
    money,
    st.booleans(),
    st.integers(min_value=0, max_value=10**9),
    st.none() | st.builds(Owed, amount_minor=money, returned_minor=st.integers(0, 10**9), booked=st.booleans()),
)
def test_an_entry_posts_exactly_its_amount(amount: int, credit: bool, charges: int, owed: Owed | None) -> None:  # noqa: FBT001
    posted = settle(BookedEntry(amount_minor=amount, credit=credit, charges_minor=charges), owed)
    debit = -amount if credit else amount
    assert posted.paid + posted.returned + posted.charges + posted.suspense == debit


@given(st.lists(st.tuples(money, st.integers(min_value=0, max_value=100)), max_size=6), money)
def test_no_more_comes_back_than_was_paid(returns: list[tuple[int, int]], amount: int) -> None:
    back = 0
    for entry, charges in returns:
        back += settle(_entry(entry, charges, credit=True), Owed(amount_minor=amount, returned_minor=back)).came_back
    assert 0 <= back <= amount
