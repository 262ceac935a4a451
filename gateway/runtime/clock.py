"""The clock of a real process."""

import time
from datetime import UTC, date, datetime


class SystemClock:
    """The machine's clock in UTC; NTP is the operator's duty."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().date()

    def monotonic(self) -> float:
        return time.monotonic()
