"""What a PromQL query names, held against the list of metrics."""

import re
from collections.abc import Iterator

from gateway.observe.metric_defs import DEFINITIONS, Kind

SELECTOR = re.compile(r"\b(gateway_\w+|up)\b(?:\{([^}]*)\})?")
"""A metric with its matchers."""
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")


def series() -> dict[str, tuple[str, ...]]:
    """Return the names under which samples appear, with their labels."""
    names: dict[str, tuple[str, ...]] = {"up": ("job", "instance")}  # Prometheus' own, of every target
    for name, definition in DEFINITIONS.items():
        if definition.kind is Kind.HISTOGRAM:
            names |= {name + "_bucket": (*definition.labels, "le"), name + "_sum": definition.labels}
            names[name + "_count"] = definition.labels
        else:
            names[name] = definition.labels
    return names


def unknown(expr: str) -> list[str]:
    """Return what the query names that is not in the list; a query without a metric of ours is unknown as a whole."""
    known = series()
    selectors = list(SELECTOR.finditer(expr))
    found = [s[1] for s in selectors if s[1] not in known]
    found += [
        f"{s[1]}{{{label}}}"
        for s in selectors
        for label in _MATCHER.findall(s[2] or "")
        if label not in known.get(s[1], ())
    ]
    labels = {label for s in selectors for label in known.get(s[1], ())}
    found += [f"by ({label})" for label in _grouped(expr) if label not in labels]
    return found if selectors else [expr]


def _grouped(expr: str) -> Iterator[str]:
    for group in _GROUPING.findall(expr):
        yield from (label.strip() for label in group.split(",") if label.strip())
