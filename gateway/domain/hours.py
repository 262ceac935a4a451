"""When a bank takes payments in, and which day a payment can still be executed on: pure questions about an instant.

A *window* is what a bank's day leaves open for one product. Its end is the cut-off: what comes at that instant or later
is too late for the day. In the night in which clocks are changed a time of day can be missing or come twice; a window
then begins at the latest and ends at the earliest instant that is meant: it is shorter for it, never longer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Final

from gateway.domain.calendar import TARGET, Calendar

EVERY_OTHER: Final = "*"
"""The product whose hours are those of every product without its own."""
MINUTES_OF_A_DAY: Final = 24 * 60
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHours:
    """The hours of one product, in minutes since the bank's midnight; `closes` may be the end of the day, 1440."""

    opens: int = 0
    closes: int = MINUTES_OF_A_DAY
    closes_half_day: int = MINUTES_OF_A_DAY


ROUND_THE_CLOCK: Final = DayHours()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `opens` up to, and without, `closes`; both are instants in UTC."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A bank's hours on its calendar. Instants are aware; a product without hours is shut, on every day.

    `waits` says that nothing may be sent outside the windows; else the bank keeps what comes early, and only the
    cut-off counts. `forward` moves a pay date on a closed day to the banking day after it, else to the one before it.
    A day outside the calendar raises DayUnknown.
    """

    calendar: Calendar = TARGET
    zone: tzinfo = UTC
    products: Mapping[str, DayHours] = field(default_factory=lambda: MappingProxyType({EVERY_OTHER: ROUND_THE_CLOCK}))
    waits: bool = False
    forward: bool = True
    _windows: dict[tuple[str, date], Window | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Those that were asked for: each is asked for again with every submission of its day."""

    def takes(self, product: str) -> bool:
        """Whether the bank takes the product at all."""
        return self._hours(product) is not None

    def window(self, product: str, day: date) -> Window | None:
        """Return the window of a day of the bank; None on a closed day, and for a product that is shut."""
        if (product, day) not in self._windows:
            self._windows[product, day] = self._window(product, day)
        return self._windows[product, day]

    def _window(self, product: str, day: date) -> Window | None:
        hours = self._hours(product)
        if hours is None or not self.calendar.is_banking_day(day):
            return None
        closes = hours.closes_half_day if self.calendar.is_half_day(day) else hours.closes
        window = Window(opens=max(self._instants(day, hours.opens)), closes=min(self._instants(day, closes)))
        return window if window.opens < window.closes else None

    def open_window(self, product: str, instant: datetime) -> Window | None:
        """Return the window in which the instant lies."""
        window = self.window(product, self.day_of(instant))
        return window if window is not None and window.opens <= instant < window.closes else None

    def next_window(self, product: str, instant: datetime) -> Window | None:
        """Return the window in which the instant lies, else the first one after it; None for a product that is shut."""
        day = self.day_of(instant)
        while self.takes(product):
            window = self.window(product, day)
            if window is not None and instant < window.closes:
                return window
            day += _ONE_DAY
        return None

    def may_leave_at(self, product: str, instant: datetime) -> datetime | None:
        """Return the first instant, not before the given one, at which something may be sent; None: never."""
        if not self.takes(product):
            return None
        window = self.next_window(product, instant) if self.waits else None
        return max(instant, window.opens) if window is not None else instant

    def meets(self, product: str, day: date, instant: datetime) -> bool:
        """Whether what comes at this instant is in time to be executed on that day."""
        window = self.window(product, day)
        return window is not None and instant < window.closes

    def execution_date(self, product: str, pay_date: date, instant: datetime, today: date) -> date | None:
        """Return the day to ask the bank for; None for a product that is shut.

        The pay date, on a closed day moved by the rule; but never before today, neither ours nor the bank's, nor a day
        whose cut-off has passed: then the first banking day that can still be met.
        """
        if not self.takes(product):
            return None
        wanted = self.calendar.following(pay_date) if self.forward else self.calendar.preceding(pay_date)
        day = max(wanted, today, self.day_of(instant))
        while not self.meets(product, day, instant):
            day += _ONE_DAY
        return day

    def day_of(self, instant: datetime) -> date:
        """Return the date that the bank writes at an instant."""
        return instant.astimezone(self.zone).date()

    def _hours(self, product: str) -> DayHours | None:
        return self.products.get(product) or self.products.get(EVERY_OTHER)

    def _instants(self, day: date, minutes: int) -> tuple[datetime, datetime]:
        """Return the instants that a time of day can mean: twice the same, but where clocks are changed."""
        days, minutes = divmod(minutes, MINUTES_OF_A_DAY)
        at = datetime.combine(day + days * _ONE_DAY, time(*divmod(minutes, 60)), self.zone)
        return at.replace(fold=0).astimezone(UTC), at.replace(fold=1).astimezone(UTC)
