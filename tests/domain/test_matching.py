"""Bookings told again, bookings made twice, amounts and sums: the rules of matching as values."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.matching import (
    Candidate,
    Entry,
    Sum,
    booked_twice,
    choose,
    distinct,
    explained,
    repeats,
)

REFS = st.none() | st.sampled_from(["A", "B"])
TXS = st.none() | st.sampled_from(["T", "U"])
ENTRIES = st.lists(
    st.builds(
        Entry,
        report=st.tuples(st.integers(1, 3), st.integers(1, 2)),
        page_no=st.none() | st.integers(1, 2),
        entry_ref=REFS,
        tx_id=TXS,
    ),
    max_size=5,
)
NOTICE, AGAIN = Entry(report=(1, 1), entry_ref="A"), Entry(report=(2, 1), entry_ref="A")


@pytest.mark.parametrize(
    ("short", "charged", "charges", "tolerance", "expected"),
    [
        (0, False, None, 0, True),
        (0, True, 500, 0, True),  # charges beside the full amount
        (500, True, 500, 0, True),
        (500, True, 499, 0, False),
        (500, True, 499, 1, True),
        (500, False, None, 1_000, False),  # never without charges, however tolerant
        (500, True, None, 0, False),  # charges of which nobody says how much
        (500, True, None, 500, True),
        (-1, True, 1, 1_000, False),  # higher, never
        (-1, False, None, 1_000, False),
    ],
)
def test_a_lower_amount_is_the_payment_s_only_where_charges_explain_it(
    short: int, *, charged: bool, charges: int | None, tolerance: int, expected: bool
) -> None:
    assert explained(short, charged=charged, charges_minor=charges, tolerance_minor=tolerance) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (NOTICE, AGAIN, False),
        (NOTICE, Entry(report=(2, 1), entry_ref="B"), True),
        (NOTICE, Entry(report=(2, 1)), False),  # the reference is optional
        (NOTICE, Entry(report=(1, 1), entry_ref="A"), True),  # identical twins in one report
        (Entry(report=(1, 1)), Entry(report=(2, 1)), False),
        (Entry(report=(1, 1), page_no=1), Entry(report=(2, 1), page_no=2), True),  # two statements
        (Entry(report=(1, 1), page_no=1, entry_ref="A"), Entry(report=(2, 1), page_no=2, entry_ref="A"), True),
        (Entry(report=(1, 1), page_no=1), Entry(report=(2, 1), page_no=1), False),  # one statement, sent twice
        (NOTICE, Entry(report=(2, 1), page_no=1, entry_ref="A"), False),  # early news, then the statement
        # a TxId stands in for the bank's own reference where there is none: not comparable with one
        (NOTICE, Entry(report=(2, 1), entry_ref="T", tx_id="T"), False),
        (Entry(report=(1, 1), entry_ref="A", tx_id="T"), Entry(report=(2, 1), entry_ref="B", tx_id="T"), False),
        (Entry(report=(1, 1), entry_ref="A", tx_id="T"), Entry(report=(2, 1), entry_ref="B", tx_id="U"), True),
    ],
)
def test_two_entries_are_two_bookings_only_where_it_is_proved(one: Entry, other: Entry, *, expected: bool) -> None:
    assert distinct(one, other) is expected
    assert distinct(other, one) is expected


@given(ENTRIES, st.data())
def test_a_second_booking_depends_on_no_order_and_never_goes_away(entries: list[Entry], data: st.DataObject) -> None:
    assert booked_twice(data.draw(st.permutations(entries))) is booked_twice(entries)
    more = data.draw(ENTRIES)
    assert not booked_twice(entries) or booked_twice([*entries, *more])


@given(ENTRIES, ENTRIES)
def test_all_is_told_again_unless_something_is_booked_twice(earlier: list[Entry], later: list[Entry]) -> None:
    told = repeats(earlier, later)
    assert len(told) == len(later)
    firsts = (1 if earlier or later else 0) if not booked_twice([*earlier, *later]) else 2
    known = repeats([], earlier).count(False) + told.count(False)
    assert known == firsts if firsts < 2 else known >= firsts


def test_the_nth_identical_entry_of_a_report_is_the_nth_booking() -> None:
    notices = [Entry(report=(1, 1))] * 2
    report = [Entry(report=(2, 1))] * 3
    assert repeats(notices, report) == [True, True, False]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.data())
def test_a_submission_that_could_become_equal_is_never_overlooked(amounts: list[int], data: st.DataObject) -> None:
    """Whatever is still rejected: if that would make the sums equal, the submission could fit."""
    number = data.draw(st.integers(1, len(amounts)))
    chosen = data.draw(st.sampled_from(list(combinations(range(len(amounts)), number))))
    booked = Sum(count=number, minor=sum(amounts[place] for place in chosen))
    candidate = of(1, amounts, number)
    assert candidate.fits(booked, NOTICE) or candidate.could_fit(booked)


def of(
    number: int, amounts: list[int], booked: int, *, settled: bool = False, entries: tuple[Entry, ...] = ()
) -> Candidate:
    """A submission of these payments, none of them rejected, beside a sum of so many."""
    more, everything = len(amounts) - booked, Sum(count=len(amounts), minor=sum(amounts))
    return Candidate(
        submission_no=number,
        everything=everything,
        accepted=everything,
        least_minor=sum(sorted(amounts)[: max(more, 0)]),
        most_minor=sum(sorted(amounts)[len(amounts) - max(more, 0) :]),
        settled=settled,
        entries=entries,
    )


def test_one_submission_that_fits_is_chosen() -> None:
    assert choose(Sum(count=2, minor=200), NOTICE, [of(1, [100, 100], 2), of(2, [70, 70], 2)]).only == 1


def test_two_that_fit_are_ambiguous() -> None:
    choice = choose(Sum(count=2, minor=200), NOTICE, [of(1, [100, 100], 2), of(2, [120, 80], 2)])
    assert (choice.only, choice.submission_nos) == (None, (1, 2))


def test_one_that_fits_waits_while_rejects_could_make_another_fit() -> None:
    candidates = [of(1, [100, 100], 2), of(2, [100, 100, 100], 2)]
    assert choose(Sum(count=2, minor=200), NOTICE, candidates).only is None
    assert choose(Sum(count=2, minor=200), NOTICE, [candidates[0], of(2, [100] * 3, 2, settled=True)]).only == 1


def test_one_that_is_booked_may_be_told_of_again_but_not_booked_again() -> None:
    booked = of(1, [100, 100], 2, settled=True, entries=(Entry(report=(9, 1), entry_ref="A"),))
    waiting = of(2, [100, 100], 2)
    two = Sum(count=2, minor=200)
    assert choose(two, Entry(report=(1, 1), entry_ref="A"), [booked]).only == 1
    assert choose(two, Entry(report=(1, 1), entry_ref="B"), [booked, waiting]).only == 2
    assert choose(two, Entry(report=(1, 1)), [booked, waiting]).only is None
