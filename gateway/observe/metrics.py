"""The metrics of a process, in the exposition of prometheus-client: built from the list and nothing else."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from gateway.observe.metric_defs import COUNTED, DEFINITIONS, Definition, Kind
from gateway.service.readings import Reading

SERIES_MAX = 1_000
"""Label sets of one metric; what comes after is counted under OTHER. Memory of process and Prometheus stay bounded."""
OTHER = "other"
_NAMING = re.compile(r"(?!.*\d{6})[A-Za-z0-9_./{}-]{1,64}(?: [a-z]{1,24}){0,8}")
"""Shape of a label value: words of ours. Names of people, accounts and ids do not fit and become OTHER."""

Values = tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Histogram:
    """Observations by bucket; the last bucket has no bound."""

    counts: list[int]
    total: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Held:
    """The series of one metric."""

    numbers: dict[Values, int] = field(default_factory=lambda: defaultdict(int))
    histograms: dict[Values, _Histogram] = field(default_factory=dict)
    known: dict[Values, Values] = field(default_factory=dict)


class Metrics(Collector):
    """`ports.metrics.Meter`, and what was last read from the database. Belongs to one event loop; no locks.

    A name or label that is not in the list raises KeyError: a mistake in the code, found by a test before it can run.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._held = {d.name: _Held() for d in COUNTED}
        self._readings: dict[str, dict[Values, int]] = {}

    def count(self, name: str, value: int, /, **labels: str) -> None:
        definition, held = DEFINITIONS[name], self._held[name]
        held.numbers[_series(definition, held, labels)] += value

    def observe(self, name: str, value: float, times: int = 1, /, **labels: str) -> None:
        definition, held = DEFINITIONS[name], self._held[name]
        values = _series(definition, held, labels)
        histogram = held.histograms.setdefault(values, _Histogram(counts=[0] * (len(definition.buckets) + 1)))
        histogram.counts[bisect_left(definition.buckets, value)] += times
        histogram.total += value * times

    def show(self, name: str, value: int | None, /, **labels: str) -> None:
        definition, held = DEFINITIONS[name], self._held[name]
        values = _series(definition, held, labels)
        if value is None:
            held.numbers.pop(values, None)
        else:
            held.numbers[values] = value

    def replace_readings(self, readings: Iterable[Reading]) -> None:
        """Show what was read now; a series that is not among it is gone."""
        fresh: dict[str, dict[Values, int]] = defaultdict(dict)
        for reading in readings:
            definition = DEFINITIONS[reading.name]
            fresh[reading.name][_values(definition, reading.labels)] = reading.value
        self._readings = dict(fresh)

    def collect(self) -> Iterator[Metric]:
        for definition in DEFINITIONS.values():
            held = self._held.get(definition.name)
            if definition.kind is Kind.HISTOGRAM and held is not None:
                yield _histograms(definition, held)
            else:
                yield _numbers(definition, self._readings.get(definition.name, {}) if held is None else held.numbers)


def _series(definition: Definition, held: _Held, labels: Mapping[str, str]) -> Values:
    """Return the series of these labels, within the bounds. Checked once a series: counting stays cheap."""
    said = tuple(labels[name] for name in definition.labels)
    if said not in held.known or len(labels) != len(said):
        if len(held.known) >= SERIES_MAX:
            return (OTHER,) * len(said)
        held.known[said] = _values(definition, labels)
    return held.known[said]


def _values(definition: Definition, labels: Mapping[str, str]) -> Values:
    if set(labels) != set(definition.labels):
        raise KeyError(f"{definition.name} has the labels {definition.labels}, not {sorted(labels)}")
    return tuple(v if _NAMING.fullmatch(v) else OTHER for v in (labels[name] for name in definition.labels))


def _numbers(definition: Definition, numbers: Mapping[Values, int]) -> Metric:
    family = CounterMetricFamily if definition.kind is Kind.COUNTER else GaugeMetricFamily
    metric = family(definition.name, definition.meaning, labels=definition.labels)
    for values, number in sorted(numbers.items()):
        metric.add_metric(values, number)
    return metric


def _histograms(definition: Definition, held: _Held) -> Metric:
    metric = HistogramMetricFamily(definition.name, definition.meaning, labels=definition.labels)
    bounds = [*map(str, definition.buckets), "+Inf"]
    for values, histogram in sorted(held.histograms.items(), key=lambda item: item[0]):
        metric.add_metric(values, list(zip(bounds, accumulate(histogram.counts), strict=True)), histogram.total)
    return metric
