"""The clock of a simulated day: it stands still until somebody moves it, and never goes back."""

import time
from datetime import UTC, date, datetime


class DayClock:
    """Wall-clock time is simulated, so that a day takes seconds; monotonic time, which bounds real waits, is real."""

    def __init__(self, start: datetime) -> None:
        """Stand at `start`. Raises ValueError for a time that names no zone."""
        if start.tzinfo is None:
            raise ValueError("a moment names its zone")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def today(self) -> date:
        return self._now.date()

    def monotonic(self) -> float:
        return time.monotonic()

    def advance_to(self, moment: datetime) -> None:
        """Move on to `moment`, or stand still when that has passed."""
        self._now = max(self._now, moment.astimezone(UTC))
