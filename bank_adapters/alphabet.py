"""Names and texts in the alphabet a bank takes, by an explicit table: every letter is mapped on purpose or refused.

SEPA's alphabet is a-z A-Z 0-9 / - ? : ( ) . , ' + and space (EPC217-08, reference iso20022-and-banks 1.2); a code
page's is every printable letter that it holds. Libraries that transliterate anything lose letters silently: the Azeri
and Kazakh schwa comes out of one as "@". German umlauts are written as German banks do (ae, oe, ue, ss); Bulgarian and
Greek follow the tables of EPC217-08; further Cyrillic letters follow the Kazakh Latin alphabet of 2021 without its
accents.
"""

# ruff: noqa: RUF001 - look-alike letters are what this table is about

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

_PLAIN = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]*")

_LATIN = {
    "A": "ÀÁÂÃÅĀĂĄǍ",
    "Ae": "ÄÆ",
    "C": "ÇĆĈĊČ",
    "D": "ÐĎĐ",
    "E": "ÈÉÊËĒĔĖĘĚƏẼ",
    "G": "ĜĞĠĢǦ",
    "H": "ĤĦ",
    "I": "ÌÍÎÏĨĪĬĮİǏ",
    "IJ": "Ĳ",
    "J": "Ĵ",
    "K": "ĶǨ",
    "L": "ĹĻĽĿŁ",
    "N": "ÑŃŅŇŊ",
    "O": "ÒÓÔÕØŌŎŐǑƟ",
    "Oe": "ÖŒ",
    "R": "ŔŖŘ",
    "S": "ŚŜŞŠȘ",
    "SS": "ẞ",
    "T": "ŢŤŦȚ",
    "Th": "Þ",
    "U": "ÙÚÛŨŪŬŮŰŲǓ",
    "Ue": "Ü",
    "W": "ŴẀẂẄ",
    "Y": "ÝŶŸỲ",
    "Z": "ŹŻŽ",
}
_LOWER_ONLY = {"i": "ı", "ss": "ß", "n": "ŉ", "k": "ĸ"}
_GREEK = {
    "A": "ΑΆ",
    "V": "Β",
    "G": "Γ",
    "D": "Δ",
    "E": "ΕΈ",
    "Z": "Ζ",
    "I": "ΗΉΙΊΪ",
    "Th": "Θ",
    "K": "Κ",
    "L": "Λ",
    "M": "Μ",
    "N": "Ν",
    "X": "Ξ",
    "O": "ΟΌΩΏ",
    "P": "Π",
    "R": "Ρ",
    "S": "Σ",
    "T": "Τ",
    "Y": "ΥΎΫ",
    "F": "Φ",
    "Ch": "Χ",
    "Ps": "Ψ",
}
_GREEK_LOWER_ONLY = {"s": "ς", "i": "ΐ", "y": "ΰ"}
_CYRILLIC = {
    "A": "АӘЪ",
    "B": "Б",
    "V": "В",
    "G": "ГҒҐ",
    "D": "Д",
    "E": "ЕЁЭЄ",
    "Zh": "Ж",
    "Z": "З",
    "I": "ИІЇ",
    "Y": "ЙЫЬ",
    "K": "К",
    "L": "Л",
    "M": "М",
    "N": "НҢ",
    "O": "ОӨ",
    "P": "П",
    "R": "Р",
    "S": "С",
    "T": "Т",
    "U": "УҰҮЎ",
    "F": "Ф",
    "H": "ХҺ",
    "Ts": "Ц",
    "Ch": "Ч",
    "Sh": "Ш",
    "Sht": "Щ",
    "Yu": "Ю",
    "Ya": "Я",
    "Q": "Қ",
    "Dzh": "Џ",
    "J": "Ј",
    "Lj": "Љ",
    "Nj": "Њ",
    "C": "Ћ",
    "Dj": "Ђ",
    "Gj": "Ѓ",
    "Kj": "Ќ",
    "Dz": "Ѕ",
}
_SIGNS = {"'": "’‘ʼʻ`´", "-": "‐‑‒–—_", " ": "\u00a0\u202f", "+": "&", ".": "·…", ",": ";", "o": "º", "a": "ª"}


def _both_cases(table: Mapping[str, str]) -> dict[str, str]:
    """Map each capital to its letters and its small letter to theirs in small, where one exists by itself."""
    upper = {letter: latin for latin, letters in table.items() for letter in letters}
    lower = {letter.lower(): latin.lower() for letter, latin in upper.items() if len(letter.lower()) == 1}
    return lower | upper


def _one_by_one(table: Mapping[str, str]) -> dict[str, str]:
    return {letter: latin for latin, letters in table.items() for letter in letters}


TABLE: Mapping[str, str] = MappingProxyType(
    _both_cases(_LATIN)
    | _both_cases(_GREEK)
    | _both_cases(_CYRILLIC)
    | _one_by_one(_LOWER_ONLY)
    | _one_by_one(_GREEK_LOWER_ONLY)
    | _one_by_one(_SIGNS)
)
"""Letter -> what stands for it; a letter that is neither here nor in the alphabet cannot be written."""

_TRANSLATION = str.maketrans(dict(TABLE))


class LetterError(ValueError):
    """A letter without a place in the alphabet; `letter` is its number ("U+4E2D"), never its surroundings."""

    def __init__(self, letter: str, alphabet: str = "SEPA") -> None:
        self.letter = f"U+{ord(letter):04X}"
        super().__init__(f"the letter {self.letter} has no place in the {alphabet} alphabet")


def to_sepa(text: str) -> str:
    """Write text in the SEPA alphabet. Raises LetterError for the first letter that has no place in it.

    Composed and decomposed spellings come out the same (NFC first); blanks around the text are no part of it.
    """
    if _PLAIN.fullmatch(text):
        return text.strip()
    written = unicodedata.normalize("NFC", text).translate(_TRANSLATION)
    if _PLAIN.fullmatch(written):
        return written.strip()
    raise LetterError(next(letter for letter in written if not _PLAIN.fullmatch(letter)))


def to_code_page(text: str, code_page: str) -> str:
    """Write text in the letters of a code page, those that it lacks by the table. Raises LetterError for any other.

    `code_page` is Python's name of an encoding ("cp1254"). Composed and decomposed spellings come out the same; blanks
    around the text are no part of it.
    """
    composed = unicodedata.normalize("NFC", text)
    if not _on_page(composed, code_page):
        composed = "".join(_placed(letter, code_page) for letter in composed)
    return composed.strip()


def _on_page(text: str, code_page: str) -> bool:
    """Whether a code page holds all of a text, and nothing in it is a control character or the like."""
    try:
        text.encode(code_page)
    except UnicodeEncodeError:
        return False
    return text.isprintable()


def _placed(letter: str, code_page: str) -> str:
    if _on_page(letter, code_page):
        return letter
    if letter not in TABLE:
        raise LetterError(letter, code_page)
    return TABLE[letter]
