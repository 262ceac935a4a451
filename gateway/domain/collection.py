"""Money over the counter: the days on which it may be collected, and what follows when nobody came.

A window is said in days of a month ("the 8th to the 14th"). Paid again, the money waits on the same days of a later
month; so the window of every attempt follows from the one that was signed, and can be checked against it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

LONGEST_DAYS: Final = 31
"""Most days that money waits at the counter."""
AHEAD_DAYS: Final = 62
"""Most days from the pay date to the first day of the window."""
_MONTHS_AHEAD: Final = 120
"""So many months after the signed window nothing is paid any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days on which money may be collected; `first` and `last` belong to it, and `first <= last`."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


class Unclaimed(StrEnum):
    """What a benefit does with money that nobody collected."""

    GIVE_BACK = "give back"
    REISSUE = "reissue"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedRule:
    """A benefit's rule: `reissues` is how often it is paid again before it is given back."""

    reissues: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What to do with an unclaimed payment. `window` is that of the next attempt, None where it is given back."""

    what: Unclaimed
    why: str
    window: Window | None = None


def later_window(signed: Window, months: int) -> Window:
    """Return the same days of a month so many months later; in a short month it begins on the last day at most."""
    month = signed.first.month - 1 + months
    month_begins = date(signed.first.year + month // 12, month % 12 + 1, 1)
    month_ends = (month_begins + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    first = month_begins.replace(day=min(signed.first.day, month_ends.day))
    return Window(first=first, last=first + timedelta(days=signed.days - 1))


def next_window(signed: Window, after: Window, pay_date: date) -> Window | None:
    """Return the first window of the signed one's row that begins after `after` ended and not before `pay_date`."""
    for months in range(1, _MONTHS_AHEAD + 1):
        window = later_window(signed, months)
        if window.first > after.last and window.first >= pay_date:
            return window
    return None


def follows(signed: Window, window: Window) -> bool:
    """Whether `window` is the signed one or one of its row: no other was ever approved."""
    months = (window.first.year - signed.first.year) * 12 + window.first.month - signed.first.month
    return 0 <= months <= _MONTHS_AHEAD and window == later_window(signed, months)


def after_unclaimed(
    rule: UnclaimedRule, *, signed: Window, window: Window, times: int, pay_date: date, valid_until: date
) -> Aftermath:
    """Say what follows when nobody collected the money within `window`, for the first, second, ... of `times`.

    `signed` is the window of the order's document, `pay_date` the earliest day on which another attempt could be paid.
    An order is not paid after `valid_until`; what cannot be paid again is given back.
    """
    if times > rule.reissues:
        return Aftermath(what=Unclaimed.GIVE_BACK, why="unclaimed.given-back")
    following = next_window(signed, window, pay_date)
    if following is None or pay_date > valid_until:
        return Aftermath(what=Unclaimed.GIVE_BACK, why="unclaimed.validity-passed")
    return Aftermath(what=Unclaimed.REISSUE, why="unclaimed.reissued", window=following)
