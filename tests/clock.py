"""A clock that stands still until a test moves it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(slots=True, kw_only=True)
class StillClock:
    """Starts on a Friday morning, `monotonic` at zero."""

    at: datetime = datetime(2026, 9, 18, 10, 0, tzinfo=UTC)
    passed: float = 0.0

    def now(self) -> datetime:
        return self.at

    def today(self) -> date:
        return self.at.date()

    def monotonic(self) -> float:
        return self.passed

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.passed += seconds
