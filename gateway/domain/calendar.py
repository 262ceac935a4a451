"""Banking days of TARGET (T2), the settlement system of the euro.

Rule: closed on Saturday, Sunday, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December (ECB; reference
iso20022-and-banks 1.2, row *ReqdExctnDt*). The rule stands since 2002 and is applied to any year.
"""

from datetime import date, timedelta
from typing import Final

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
