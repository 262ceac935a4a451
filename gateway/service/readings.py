"""What a reading of the database is: values of gauges, each by its name and labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value of a gauge of `gateway/observe/metric_defs.py`."""

    name: str
    value: int
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """How many there are of something."""

    what: str
    count: int


def reading(name: str, value: int, **labels: str) -> Reading:
    """Make a reading."""
    return Reading(name=name, value=value, labels=labels)


def seconds_since(since: datetime | None, now: datetime) -> int:
    """Return how long something has lasted; 0 where nothing does."""
    return 0 if since is None else max(int((now - since).total_seconds()), 0)
