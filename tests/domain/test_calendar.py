"""Banking days against the holidays package and against dates printed in the ECB's own calendars."""

from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.calendar import easter_sunday, is_banking_day, next_banking_day

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
