"""Cutting the payments of one bank, debtor account, currency and date into submissions.

A bank that books a whole batch as one sum names no payment; such an entry can only be matched by (count, sum). Benefits
of a fixed amount make equal sums the norm, so the cutter keeps the pair different in every submission open at once.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from gateway.domain.errors import ConfigError

_NOTHING: Final[frozenset[tuple[int, int]]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CutLimits:
    """What one submission may hold: at most `max_count` payments and `max_sum` minor units.

    `min_count` is 2 for banks where a file with one payment is treated differently (payee verification can be waived
    only for packages; reference iso20022-and-banks 0.7). `distinguish` asks for different (count, sum) pairs.
    """

    max_count: int
    max_sum: int
    min_count: int = 1
    distinguish: bool = True

    def __post_init__(self) -> None:
        if not (1 <= self.min_count <= self.max_count and self.max_sum >= 1):
            raise ConfigError("limits of a submission: 1 <= min_count <= max_count and max_sum >= 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How a sequence of payments is divided; every payment is in exactly one of the three, by its place.

    `pieces` are the submissions, in order. `waiting` payments cannot go now, because every submission they could start
    would look like an open one (and a runt behind them waits with them); they are cut again when one of those has
    closed. `too_large` payments exceed `max_sum` alone and can never go this way.
    """

    pieces: tuple[range, ...]
    waiting: tuple[int, ...]
    too_large: tuple[int, ...]


def cut(amounts_minor: Sequence[int], limits: CutLimits, taken: frozenset[tuple[int, int]] = _NOTHING) -> Cut:
    """Cut payments into submissions, greedily and in order; the same input always gives the same pieces.

    `amounts_minor` are positive; `taken` holds the (count, sum) of submissions still open. A piece is as long as the
    limits allow, and shorter by as many payments as it takes to differ from all others and to leave no runt for the
    next one. A piece below `min_count` appears only where the limits or the number of payments left allow nothing else.
    """
    planner = _Planner(amounts_minor, limits, taken)
    pieces: list[range] = []
    waiting: list[int] = []
    too_large: list[int] = []
    start = 0
    while start < len(amounts_minor):
        if amounts_minor[start] > limits.max_sum:
            too_large.append(start)
            start += 1
        elif length := planner.length_from(start, company=bool(waiting)):
            pieces.append(range(start, start + length))
            start += length
        else:
            waiting.append(start)
            start += 1
    return Cut(pieces=tuple(pieces), waiting=tuple(waiting), too_large=tuple(too_large))


class _Planner:
    """Running sums, and the pairs used so far."""

    def __init__(self, amounts: Sequence[int], limits: CutLimits, taken: frozenset[tuple[int, int]]) -> None:
        self._sums = list(accumulate(amounts, initial=0))
        self._limits = limits
        self._used = set(taken)

    def length_from(self, start: int, *, company: bool) -> int:
        """Return the length of the piece that begins at `start` and note its pair; 0 when none may begin there.

        A runt at the very end waits too when it has `company`: together they will make a better piece.
        """
        left = len(self._sums) - 1 - start
        if company and left < self._limits.min_count:
            return 0
        reach = bisect_right(self._sums, self._sums[start] + self._limits.max_sum) - 1 - start
        longest = min(self._limits.max_count, reach)
        length = self._best(start, left, longest)
        if length:
            self._used.add(self._pair(start, length))
        return length

    def _best(self, start: int, left: int, longest: int) -> int:
        """Choose the longest pair that is free and leaves no runt; failing that, the longest that is free."""
        shortest = min(self._limits.min_count, longest)
        fallback = 0
        for length in range(longest, shortest - 1, -1):
            if self._limits.distinguish and self._pair(start, length) in self._used:
                continue
            if not 0 < left - length < self._limits.min_count:
                return length
            fallback = fallback or length
        return fallback

    def _pair(self, start: int, length: int) -> tuple[int, int]:
        return length, self._sums[start + length] - self._sums[start]
