"""Banking days against the holidays package and against dates printed in the ECB's own calendars."""

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.calendar import TARGET, YEARS, Calendar, easter_sunday, is_banking_day, next_banking_day
from gateway.domain.errors import DayUnknown

ADDITIONAL_CLOSING_DAY = date(2001, 12, 31)
"""TARGET closed once more for the cash changeover; the rule in force since 2002 knows no such day."""


@pytest.mark.parametrize("decade", range(2000, 2100, 10))
def test_every_day_of_a_century_is_what_the_holidays_package_says(decade: int) -> None:
    closed = holidays.financial_holidays("XECB", years=range(decade, decade + 10))
    day = date(decade, 1, 1)
    while day.year < decade + 10:
        open_there = day.weekday() < 5 and (day not in closed or day == ADDITIONAL_CLOSING_DAY)
        assert is_banking_day(day) == open_there, day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("year", "month", "day"),
    # the earliest and latest Easter there can be, and years in which simpler rules fail (US Naval Observatory tables)
    [
        (1818, 3, 22),
        (2285, 3, 22),
        (1943, 4, 25),
        (2038, 4, 25),
        (1954, 4, 18),
        (1981, 4, 19),
        (2049, 4, 18),
        (2026, 4, 5),
    ],
)
def test_easter_is_where_the_tables_have_it(year: int, month: int, day: int) -> None:
    assert easter_sunday(year) == date(year, month, day)


@pytest.mark.parametrize(
    ("day", "settles"),
    [
        (date(2026, 9, 21), date(2026, 9, 21)),
        (date(2026, 9, 19), date(2026, 9, 21)),
        (date(2026, 4, 3), date(2026, 4, 7)),
        (date(2026, 12, 25), date(2026, 12, 28)),
        (date(2027, 1, 1), date(2027, 1, 4)),
        (date(2026, 5, 1), date(2026, 5, 4)),
    ],
)
def test_the_next_banking_day_of_known_dates(day: date, settles: date) -> None:
    assert next_banking_day(day) == settles


@given(st.dates(max_value=date(9999, 12, 1)))
def test_the_next_banking_day_is_near_and_the_first(day: date) -> None:
    settles = next_banking_day(day)
    assert is_banking_day(settles)
    assert timedelta(0) <= settles - day <= timedelta(days=4)
    assert not any(is_banking_day(day + timedelta(days=n)) for n in range((settles - day).days))


FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
DAYS = st.dates(min_value=FIRST, max_value=LAST)
SETS = st.frozensets(DAYS, max_size=40)
CALENDARS = st.builds(
    Calendar,
    name=st.just("ANY"),
    first=st.just(FIRST),
    last=st.just(LAST),
    closed_weekdays=st.frozensets(st.integers(0, 6), max_size=6),
    closed_days=SETS,
    opened_days=SETS,
    half_days=SETS,
)


def test_target_as_a_calendar_is_its_rule_on_every_day() -> None:
    day = TARGET.first
    while day <= TARGET.last:
        assert TARGET.is_banking_day(day) == is_banking_day(day), day
        assert not TARGET.is_half_day(day)
        day += timedelta(days=1)
    assert (TARGET.first.year, TARGET.last.year) == (YEARS.start, YEARS.stop - 1)


@pytest.mark.parametrize("asked", [date(1999, 12, 31), date(2100, 1, 1)])
def test_a_day_outside_the_years_is_never_just_open(asked: date) -> None:
    for question in (TARGET.is_banking_day, TARGET.following, TARGET.preceding):
        with pytest.raises(DayUnknown, match=r"TARGET knows the days from 2000-01-01 to 2099-12-31, not"):
            question(asked)


def test_a_search_that_leaves_the_years_finds_nothing() -> None:
    closed = Calendar(name="X", first=FIRST, last=LAST, closed_weekdays=frozenset(range(7)))
    with pytest.raises(DayUnknown, match="not 2027-01-01"):
        closed.following(LAST)
    with pytest.raises(DayUnknown, match="not 2025-12-31"):
        closed.preceding(FIRST)


@given(CALENDARS, DAYS)
def test_what_is_opened_is_open_and_what_is_closed_is_not_half_open(calendar: Calendar, day: date) -> None:
    open_there = calendar.is_banking_day(day)
    shut = day.weekday() in calendar.closed_weekdays or day in calendar.closed_days
    assert open_there == (day in calendar.opened_days or not shut)
    assert calendar.is_half_day(day) == (open_there and day in calendar.half_days)


@given(CALENDARS, DAYS)
def test_following_and_preceding_are_the_nearest_banking_days(calendar: Calendar, day: date) -> None:
    for find, step in ((calendar.following, 1), (calendar.preceding, -1)):
        try:
            found = find(day)
        except DayUnknown:
            continue
        assert calendar.is_banking_day(found)
        between = abs((found - day).days)
        assert (found - day).days == step * between
        assert not any(calendar.is_banking_day(day + step * timedelta(days=n)) for n in range(between))


@pytest.mark.parametrize(
    ("day", "following", "preceding"),
    # closing days that the ECB publishes for T2: 2026 and 2027
    [
        (date(2026, 4, 3), date(2026, 4, 7), date(2026, 4, 2)),  # Good Friday to Easter Monday
        (date(2026, 12, 25), date(2026, 12, 28), date(2026, 12, 24)),
        (date(2026, 12, 31), date(2026, 12, 31), date(2026, 12, 31)),
        (date(2027, 1, 1), date(2027, 1, 4), date(2026, 12, 31)),
        (date(2027, 3, 26), date(2027, 3, 30), date(2027, 3, 25)),
        (date(2027, 5, 1), date(2027, 5, 3), date(2027, 4, 30)),
    ],
)
def test_both_ways_around_closed_days(day: date, following: date, preceding: date) -> None:
    assert (TARGET.following(day), TARGET.preceding(day)) == (following, preceding)
