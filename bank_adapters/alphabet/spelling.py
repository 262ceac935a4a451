"""An alphabet that a bank takes, and how a text is written in it. The order keeps the original spelling."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bank_adapters.alphabet.letters import LetterError

_ACCENTS = re.compile(
    r"(?<=[^\W\d_])[\u0300-\u0304\u0306-\u030c\u030f\u0311\u031b\u0323-\u0328\u032d\u032e\u0330\u0331]+"
)
"""Marks behind a letter that has no code together with them (m̃): left away like the mark of a letter that has one."""
_DOTTED = re.compile("(?<=[ij])\u0307")
"""The dot above a small i or j, which has one anyway: what lower-casing İ without regard to language leaves."""

Strange = Callable[[str], str | None]
"""Returns the first letter of a text that an alphabet does not hold, or None."""
Rules = Sequence[tuple[re.Pattern[str], Mapping[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alphabet:
    """Letters that a bank takes, and how others are written in them.

    `strange` returns the first letter of a text that is none of them; `rules` are applied before `table`, which maps
    code points. `encoding` is Python's name of a code that has all the letters.
    """

    name: str
    encoding: str
    strange: Strange
    rules: Rules
    table: Mapping[int, str]

    def write(self, text: str) -> str:
        """Write a text in these letters. Raises LetterError naming the first letter that has no place.

        Composed and decomposed spellings come out the same; blanks around the text are no part of it. What was written
        is written once more as it is. A text may become longer (ß: ss, щ: shch) or, by a pair rule, shorter.
        """
        if not text.isascii():
            text = _composed(text)
        if self.strange(text) is not None:
            text = self._spelled(text)
        return text.strip()

    def holds(self, text: str) -> bool:
        """Whether a text is of these letters alone."""
        return self.strange(text) is None

    def _spelled(self, text: str) -> str:
        for pattern, written in self.rules:
            text = pattern.sub(partial(_found_in, written), text)
        text = text.translate(self.table)
        letter = self.strange(text)
        if letter is not None and unicodedata.combining(letter):
            text = _ACCENTS.sub("", text)
            letter = self.strange(text)
        if letter is not None:
            raise LetterError(letter, self.name)
        return text


def _found_in(written: Mapping[str, str], found: re.Match[str]) -> str:
    return written[found[0]]


def _composed(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    return _DOTTED.sub("", text) if "\u0307" in text else text
