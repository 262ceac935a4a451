"""Banking days: of any calendar, and of TARGET (T2), the settlement system of the euro.

Rule of TARGET: closed on Saturday, Sunday, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December (ECB;
reference iso20022-and-banks 1.2, row *ReqdExctnDt*). The rule stands since 2002 and is applied to any year.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.errors import DayUnknown

_FIXED_HOLIDAYS: Final = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
_FROM_EASTER_SUNDAY: Final = frozenset({timedelta(days=-2), timedelta(days=1)})
"""Good Friday and Easter Monday."""
_SATURDAY: Final = 5
_ONE_DAY: Final = timedelta(days=1)


def is_banking_day(day: date) -> bool:
    """Whether payments settle on this day."""
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _FIXED_HOLIDAYS:
        return False
    return day - easter_sunday(day.year) not in _FROM_EASTER_SUNDAY


def next_banking_day(day: date) -> date:
    """Return the day itself if it is a banking day, else the first one after it."""
    while not is_banking_day(day):
        day += _ONE_DAY
    return day


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus/Jones/Butcher algorithm, names as in the literature)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    correction = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * correction) // 433
    n = h + correction - 7 * m
    month = (n + 90) // 25
    return date(year, month, (n + 33 * month + 19) % 32)


_WEEKEND: Final = frozenset({5, 6})
_NO_DAYS: Final[frozenset[date]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The banking days of one place, from `first` to `last`; every question about another day raises DayUnknown.

    `closed_weekdays` counts from Monday = 0. `opened_days` are open whatever else is said of them; on a half-day banks
    work and have another cut-off.
    """

    name: str
    first: date
    last: date
    closed_weekdays: frozenset[int] = _WEEKEND
    closed_days: frozenset[date] = _NO_DAYS
    opened_days: frozenset[date] = _NO_DAYS
    half_days: frozenset[date] = _NO_DAYS

    def is_banking_day(self, day: date) -> bool:
        """Whether banks work on this day, be it for half of it."""
        if not self.first <= day <= self.last:
            raise DayUnknown(f"calendar {self.name} knows the days from {self.first} to {self.last}, not {day}")
        if day in self.opened_days:
            return True
        return day.weekday() not in self.closed_weekdays and day not in self.closed_days

    def is_half_day(self, day: date) -> bool:
        """Whether banks work for half of the day only."""
        return day in self.half_days and self.is_banking_day(day)

    def following(self, day: date) -> date:
        """Return the day itself if it is a banking day, else the first one after it."""
        while not self.is_banking_day(day):
            day += _ONE_DAY
        return day

    def preceding(self, day: date) -> date:
        """Return the day itself if it is a banking day, else the last one before it."""
        while not self.is_banking_day(day):
            day -= _ONE_DAY
        return day


def target_calendar(years: Iterable[int]) -> Calendar:
    """Return TARGET's calendar for the years of an unbroken range; it has no half-days."""
    known = sorted(years)
    fixed = {date(year, month, day) for year in known for month, day in _FIXED_HOLIDAYS}
    moving = {easter_sunday(year) + offset for year in known for offset in _FROM_EASTER_SUNDAY}
    return Calendar(
        name="TARGET", first=date(known[0], 1, 1), last=date(known[-1], 12, 31), closed_days=frozenset(fixed | moving)
    )


YEARS: Final = range(2000, 2100)
"""The years for which calendars are computed."""
TARGET: Final = target_calendar(YEARS)
