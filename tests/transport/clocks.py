"""A clock that stands still unless a test moves it."""

from datetime import UTC, date, datetime


class StillClock:
    """`moment` is what `monotonic` says."""

    def __init__(self, moment: float = 100.0) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return datetime(2026, 9, 21, 9, tzinfo=UTC)

    def today(self) -> date:
        return self.now().date()

    def monotonic(self) -> float:
        return self.moment
