"""Time comes in through this door only; SQL never calls now()."""

from datetime import date, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time for facts and leases, monotonic time for deadlines."""

    def now(self) -> datetime:
        """Return the time of day, timezone-aware UTC. Leases, due times and seal times are told in it."""
        ...

    def today(self) -> date:
        """Return the institution's calendar date."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back; only differences mean anything. Real even on a simulated day."""
        ...
