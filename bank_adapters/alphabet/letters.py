"""What the tables share: letters in both cases, their names, and the error that names a letter without a place."""

import unicodedata
from collections.abc import Iterator, Mapping
from itertools import chain

_CONTROLS = {"\0": "NULL", "\t": "CHARACTER TABULATION", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\x1b": "ESCAPE"}
"""Control characters have no Unicode name of their own; these are their aliases."""
_NAMELESS = {"Cc": "CONTROL CHARACTER", "Cs": "SURROGATE", "Co": "PRIVATE USE CHARACTER"}


def name_of(letter: str) -> str:
    """Return the Unicode name of a letter, or what kind of code it is where it has none."""
    known = unicodedata.name(letter, None) or _CONTROLS.get(letter)
    return known or _NAMELESS.get(unicodedata.category(letter), "UNASSIGNED CODE")


class LetterError(ValueError):
    """A letter without a place in the alphabet; `letter` is its number ("U+4E2D"), never its surroundings."""

    def __init__(self, letter: str, alphabet: str) -> None:
        self.letter = f"U+{ord(letter):04X}"
        self.name = name_of(letter)
        super().__init__(f"the letter {self.letter} has no place in the {alphabet} alphabet ({self.name})")


def both_cases(rows: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each capital of a row with what stands for it, and its small letter with the same in small.

    A capital whose small letter is two codes (İ) is yielded alone.
    """
    for written, capitals in rows.items():
        for capital in capitals:
            yield capital, written
            if len(capital.lower()) == 1:
                yield capital.lower(), written.lower()


def one_by_one(rows: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each letter of a row with what stands for it."""
    return ((letter, written) for written, letters in rows.items() for letter in letters)


def capitals(*tables: Mapping[str, str]) -> dict[str, str]:
    """Return the capital of each small letter in the rows of these tables, and of a to z."""
    every = chain("ABCDEFGHIJKLMNOPQRSTUVWXYZ", *(letters for table in tables for letters in table.values()))
    return {one.lower(): one for one in every if len(one.lower()) == 1 and one.lower() != one}
