"""Names and texts in the alphabet that a bank takes: every letter is written by rule, or refused by name. None is lost.

Libraries that transliterate anything lose letters silently: the Azeri and Kazakh schwa comes out of one as "@". Here a
letter that the alphabet holds is kept; any other is written by our own tables (`latin`, `greek`, `cyrillic`, `signs`);
one that no table has is refused with its number and Unicode name, so that the order is held. The tables follow the
conversion table of EPC217-08 where it maps a letter to a letter, and say where they do not. gateway/docs/alphabets.md
lists the alphabets (`NAMES`).
"""

from bank_adapters.alphabet.letters import LetterError
from bank_adapters.alphabet.sets import NAMES, alphabet
from bank_adapters.alphabet.spelling import Alphabet

__all__ = ["NAMES", "Alphabet", "LetterError", "alphabet", "to_sepa"]

_SEPA = alphabet("SEPA")


def to_sepa(text: str) -> str:
    """Write text in the SEPA alphabet. Raises LetterError for the first letter that has no place in it.

    Composed and decomposed spellings come out the same; blanks around the text are no part of it.
    """
    return _SEPA.write(text)
