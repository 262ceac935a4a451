"""The days of a sandbox bank: it works from Monday to Friday and keeps no holidays."""

from datetime import date, timedelta

_FRIDAY = 4


def banking_day(day: date, later: int = 0) -> date:
    """Return the banking day that is `later` banking days after `day`; with 0 `day` is left as it is."""
    for _ in range(later):
        day += timedelta(days=1)
        while day.weekday() > _FRIDAY:
            day += timedelta(days=1)
    return day
