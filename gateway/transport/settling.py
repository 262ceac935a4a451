"""Which files of a pick-up folder are whole: those that stood still between two looks."""

from collections.abc import Mapping

from gateway.ports.clock import Clock
from gateway.ports.transport import Stamp

SETTLED_SECONDS = 1.0
"""Least time between the two looks: SFTP version 3 tells times of change in whole seconds."""


class Settling:
    """Remembers what each look at a folder saw; 0 `seconds`: one look is enough.

    Of a writer that rests for longer nothing can be told from outside.
    """

    def __init__(self, clock: Clock, seconds: float = SETTLED_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._since: dict[str, tuple[Stamp, float]] = {}

    def settled(self, stamps: Mapping[str, Stamp]) -> list[str]:
        """Take note of a look; return the names that an earlier one saw just so, oldest change first."""
        now, seen = self._clock.monotonic(), self._since
        self._since = {
            name: seen[name] if name in seen and seen[name][0] == stamp else (stamp, now)
            for name, stamp in stamps.items()
        }
        whole = [
            name
            for name, one in self._since.items()
            if self._seconds <= 0 or (one is seen.get(name) and now - one[1] >= self._seconds)
        ]
        return sorted(whole, key=lambda name: (stamps[name][0], name))


def unfinished(name: str) -> bool:
    """Whether a name says by itself that it is still being written."""
    return name.startswith(".") or name.endswith((".tmp", ".part", ".filepart"))
