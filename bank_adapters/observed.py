"""Makes observations in a fraction of what their constructor takes, which sets each field of a frozen value by a call.

They are made as values of the same slots that can still be set, and then become observations: nobody sees them before.
"""

from collections.abc import Iterable
from dataclasses import MISSING, fields, make_dataclass
from itertools import repeat
from typing import Any, cast

from gateway.domain.observation import Observation

_FIELDS = fields(Observation)


def _close(one: Any) -> None:
    one.__class__ = Observation


_Open: Any = make_dataclass(
    "_Open",
    [(one.name, Any) if one.default is MISSING else (one.name, Any, one.default) for one in _FIELDS],
    namespace={"__post_init__": _close},
    slots=True,
    eq=False,
)

observed = cast("type[Observation]", _Open)
"""Makes an observation, as its own constructor does."""


def observed_many(**columns: Iterable[object]) -> list[Observation]:
    """Make observations of columns, one at least of them finite; fields without a column have their defaults."""
    return list(map(_Open, *(columns.get(one.name, repeat(one.default)) for one in _FIELDS)))
