"""The pace a bank wants: how many submissions a second, how far apart, and whether in order.

The lane's row in the database holds the moment of the next one, by the given clock; workers share it. It is taken in
the intent transaction, so what is rolled back has taken nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from bank_adapters.profile import Pace
from gateway.ports.store import Session

_SECOND = timedelta(seconds=1)
_GROUPS_A_SECOND = 10


@dataclass(slots=True)
class Waiting:
    """When a lane that waits for nothing but its pace may send next; shared by the loops of a lane in one process.

    `asked_until` is when the bank asked this process to come again: what is promised already waits for that as well.
    `heard_at` is when it last asked.
    """

    until: datetime | None = None
    asked_until: datetime | None = None
    heard_at: datetime | None = None

    def rest(self, now: datetime) -> timedelta | None:
        """Return how long that is from now; None where nothing waits for its pace."""
        return None if self.until is None else max(self.until - now, timedelta())

    def heard(self, now: datetime, seconds: int) -> None:
        """Take note that the bank asked us to wait for so many seconds."""
        if seconds:
            self.asked_until = max(now + timedelta(seconds=seconds), self.asked_until or now)
            self.heard_at = now

    def lifted(self, at: datetime | None) -> None:
        """Take note that somebody lifted what was asked until then; the lane's row knows of any wait but ours."""
        if at is not None and self.heard_at is not None and at >= self.heard_at:
            self.asked_until = None

    def asked(self, now: datetime) -> int:
        """Return how many seconds the bank still wants us to wait."""
        return 0 if self.asked_until is None else max(0, ceil((self.asked_until - now).total_seconds()))


def keeps(pace: Pace) -> bool:
    """Whether the lane's next moment matters at all."""
    return pace.per_second is not None or pace.minimum_gap_seconds > 0


def most(pace: Pace, wanted: int) -> int:
    """Return how many submissions may be taken together, of those wanted."""
    if pace.ordered or pace.minimum_gap_seconds:
        return 1
    return wanted if pace.per_second is None else min(wanted, _group(pace.per_second))


def apart(pace: Pace, taken: int) -> timedelta:
    """Return how long the lane rests once so many were taken together.

    Groups of at most `c` that rest for their size over `n - c + 1` a second never make more than `n` in any second: all
    but the last group in it are fewer than `n - c + 1` together.
    """
    gap = timedelta(seconds=pace.minimum_gap_seconds)
    if pace.per_second is None:
        return gap
    return max(gap, _SECOND * taken / (pace.per_second - _group(pace.per_second) + 1))


def _group(per_second: int) -> int:
    return max(1, per_second // _GROUPS_A_SECOND)


async def take(session: Session, bank: str, pace: Pace, now: datetime, taken: int) -> bool:
    """Take the lane's moment for so many submissions; False where it has not come, or another worker has it."""
    return not keeps(pace) or bool(await session.execute("pace.take", bank, now, now + apart(pace, taken)))


async def due(session: Session, bank: str, pace: Pace, now: datetime) -> datetime | None:
    """Return when the lane may send next, if something waits for that alone."""
    found: datetime | None = await session.value("pace.due", bank, now) if keeps(pace) else None
    return found
