"""The days on which money waits at the counter, and what follows when nobody came."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.collection import (
    LONGEST_DAYS,
    Aftermath,
    Unclaimed,
    UnclaimedRule,
    Window,
    after_unclaimed,
    follows,
    later_window,
    next_window,
)

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
LENGTHS = st.integers(1, LONGEST_DAYS)
OCTOBER = Window(first=date(2026, 10, 8), last=date(2026, 10, 14))
NOVEMBER = Window(first=date(2026, 11, 8), last=date(2026, 11, 14))


def window(first: date, days: int) -> Window:
    return Window(first=first, last=first + timedelta(days=days - 1))


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (0, OCTOBER),
        (1, NOVEMBER),
        (3, Window(first=date(2027, 1, 8), last=date(2027, 1, 14))),
        (14, Window(first=date(2027, 12, 8), last=date(2027, 12, 14))),
    ],
)
def test_the_8th_to_the_14th_stays_the_8th_to_the_14th(months: int, expected: Window) -> None:
    assert later_window(OCTOBER, months) == expected


@pytest.mark.parametrize(
    ("signed", "months", "first", "last"),
    [
        (window(date(2026, 1, 31), 5), 1, date(2026, 2, 28), date(2026, 3, 4)),
        (window(date(2026, 1, 31), 5), 2, date(2026, 3, 31), date(2026, 4, 4)),
        (window(date(2027, 12, 30), 2), 2, date(2028, 2, 29), date(2028, 3, 1)),
        (window(date(2026, 12, 28), 7), 1, date(2027, 1, 28), date(2027, 2, 3)),
    ],
)
def test_a_short_month_begins_the_window_on_its_last_day(signed: Window, months: int, first: date, last: date) -> None:
    assert later_window(signed, months) == Window(first=first, last=last)


@given(DAYS, LENGTHS, st.integers(0, 120))
def test_a_later_window_is_as_long_as_the_signed_one_and_follows_from_it(first: date, days: int, months: int) -> None:
    signed = window(first, days)
    later = later_window(signed, months)
    assert later.days == days
    assert later.first.day <= first.day
    assert (later.first > first) == (months > 0)
    assert follows(signed, later)


@given(DAYS, LENGTHS, DAYS, LENGTHS)
def test_no_other_window_follows(first: date, days: int, other: date, other_days: int) -> None:
    signed, guess = window(first, days), window(other, other_days)
    if follows(signed, guess):
        assert guess.days == days
        assert guess.first >= first
        assert guess.first.day == first.day or (guess.first + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    "wrong", [window(date(2026, 11, 7), 7), window(date(2026, 9, 8), 7), window(NOVEMBER.first, 8)]
)
def test_an_earlier_longer_or_shifted_window_was_never_approved(wrong: Window) -> None:
    assert not follows(OCTOBER, wrong)


@given(DAYS, LENGTHS, st.integers(0, 24), st.integers(-400, 400))
def test_the_next_window_is_the_first_that_is_new_and_can_be_reached(
    first: date, days: int, gone: int, ahead: int
) -> None:
    signed = window(first, days)
    before = later_window(signed, gone)
    pay_date = before.last + timedelta(days=ahead)
    found = next_window(signed, before, pay_date)
    assert found is not None
    assert found.first > before.last
    assert found.first >= pay_date
    earlier = [
        later_window(signed, months) for months in range(121) if later_window(signed, months).first < found.first
    ]
    assert not [w for w in earlier if w.first > before.last and w.first >= pay_date]


def test_by_default_unclaimed_money_is_given_back() -> None:
    assert unclaimed(UnclaimedRule(), times=1) == Aftermath(what=Unclaimed.GIVE_BACK, why="unclaimed.given-back")


def test_a_benefit_that_is_reissued_is_paid_again_in_the_next_window() -> None:
    expected = Aftermath(what=Unclaimed.REISSUE, why="unclaimed.reissued", window=NOVEMBER)
    assert unclaimed(UnclaimedRule(reissues=1), times=1) == expected


def test_it_is_reissued_so_often_and_then_given_back() -> None:
    rule = UnclaimedRule(reissues=2)
    again = [unclaimed(rule, times=t).what for t in (1, 2, 3)]
    assert again == [Unclaimed.REISSUE, Unclaimed.REISSUE, Unclaimed.GIVE_BACK]


def test_nothing_is_paid_after_the_validity_of_the_order() -> None:
    last_day, after = date(2026, 10, 20), date(2026, 10, 19)
    assert unclaimed(UnclaimedRule(reissues=1), valid_until=last_day).what is Unclaimed.REISSUE
    given_back = Aftermath(what=Unclaimed.GIVE_BACK, why="unclaimed.validity-passed")
    assert unclaimed(UnclaimedRule(reissues=1), valid_until=after) == given_back


def unclaimed(rule: UnclaimedRule, *, times: int = 1, valid_until: date = date(2026, 12, 31)) -> Aftermath:
    return after_unclaimed(
        rule,
        signed=OCTOBER,
        window=OCTOBER,
        times=times,
        pay_date=date(2026, 10, 20),
        valid_until=valid_until,
    )
