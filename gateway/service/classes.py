"""Classes: what thousands of rows have in common is sent to the database once, with the number of its class a row.

Where all rows are of one class no numbers are sent: encoding them, element by element, is what a large statement costs
its client most.
"""

from collections.abc import Hashable, Sequence


class Classes:
    """Numbers combinations of values in the order in which they first came, from 1."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Hashable, ...], int] = {}

    def number(self, values: tuple[Hashable, ...]) -> int:
        """Return the number of the class of these values."""
        return self._numbers.setdefault(values, len(self._numbers) + 1)

    def or_none(self, numbers: Sequence[int]) -> Sequence[int]:
        """Return the numbers of the rows; none where there is one class only, which a statement takes for 1."""
        return numbers if len(self._numbers) > 1 else []

    def columns(self, width: int) -> list[list[Hashable]]:
        """Return the values of the classes, of `width` parts each, as columns in the order of their numbers."""
        return [[values[place] for values in self._numbers] for place in range(width)]
