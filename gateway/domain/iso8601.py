"""Dates and times as order and manifest write them: one form each, so that text order is time order."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

DATE_RULE: Final = 'a date is written "2026-09-21" and must exist'
INSTANT_RULE: Final = 'a time is RFC 3339 in UTC, such as "2026-09-18T09:30:00Z", and must exist'

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")


def is_date(text: str) -> bool:
    """Whether this is a calendar date in the extended form of ISO 8601."""
    return _DATE.fullmatch(text) is not None and _exists(date.fromisoformat, text)


def is_instant(text: str) -> bool:
    """Whether this is a time of RFC 3339 in UTC, to the microsecond at most and without leap seconds."""
    return _INSTANT.fullmatch(text) is not None and _exists(datetime.fromisoformat, text)


def instant_text(instant: datetime) -> str:
    """Write an aware UTC time as RFC 3339 with a Z."""
    return instant.isoformat().removesuffix("+00:00") + "Z"


def _exists(reader: Callable[[str], object], text: str) -> bool:
    try:
        reader(text)
    except ValueError:
        return False
    return True
