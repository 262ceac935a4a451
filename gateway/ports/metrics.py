"""Metrics as the services see them: named, with labels, told after the commit that made them true.

The names, types, labels and buckets stand in `gateway/observe/metric_defs.py` and nowhere else. A label never carries
what a person could be known by, nor a value without a bound.
"""

from collections.abc import Callable
from typing import Protocol

AGES_SECONDS = (1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 12 * 3_600, 86_400, 3 * 86_400, 7 * 86_400)
"""Upper bounds of the buckets in which the age of an approval is counted; the last bucket has no bound."""


class Meter(Protocol):
    """Takes counts, observations and present values. Cheap, never waits, never fails a payment."""

    def count(self, name: str, value: int, /, **labels: str) -> None:
        """Add `value` to a counter."""
        ...

    def observe(self, name: str, value: float, times: int = 1, /, **labels: str) -> None:
        """Add `times` equal observations to a histogram."""
        ...

    def show(self, name: str, value: int | None, /, **labels: str) -> None:
        """State the present value of a gauge; None takes it away, because somebody else knows it now."""
        ...


class _NoMeter:
    """Counts nothing."""

    def count(self, name: str, value: int, /, **labels: str) -> None: ...

    def observe(self, name: str, value: float, times: int = 1, /, **labels: str) -> None: ...

    def show(self, name: str, value: int | None, /, **labels: str) -> None: ...


no_meter: Meter = _NoMeter()


class Tally:
    """A meter for the inside of a transaction: it keeps what it is told until the commit was seen.

    What rolled back is dropped with the tally, so a metric never tells of what did not happen.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: list[Callable[[Meter], None]] = []

    def count(self, name: str, value: int, /, **labels: str) -> None:
        self._kept.append(lambda meter: meter.count(name, value, **labels))

    def observe(self, name: str, value: float, times: int = 1, /, **labels: str) -> None:
        self._kept.append(lambda meter: meter.observe(name, value, times, **labels))

    def show(self, name: str, value: int | None, /, **labels: str) -> None:
        self._kept.append(lambda meter: meter.show(name, value, **labels))

    def report(self, meter: Meter) -> None:
        """Pass everything on; call it once, after the commit."""
        for tell in self._kept:
            tell(meter)
