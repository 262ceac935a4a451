"""Greek letters, letter by letter as EPC217-08 does, or as passports do (ELOT 743, ISO 843 type 2: `PASSPORT`)."""

# ruff: noqa: RUF001 - look-alike letters are what this table is about

import re
from collections.abc import Mapping, Sequence

LETTERS: Mapping[str, str] = {
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
ALONE: Mapping[str, str] = {"s": "ς", "i": "ΐ", "y": "ΰ", "m": "\N{MICRO SIGN}"}
"""Small letters without a capital of their own, and the sign that keyboards put for mu."""
ODD_CAPITALS: Mapping[str, str] = {"ς": "Σ", "ΐ": "Ϊ", "ΰ": "Ϋ"}

_UPSILON = "[ΥυΎύ]"
_VOICELESS = "[ΘΚΞΠΣΤΦΧΨθκξπσςτφχψ]"


def _as_upsilon(letter: str) -> dict[str, str]:
    return dict(zip("ΥΎυύ", (letter.upper(),) * 2 + (letter,) * 2, strict=True))


PASSPORT: Sequence[tuple[re.Pattern[str], Mapping[str, str]]] = (
    (re.compile(f"(?<=[ΑαΕεΗη]){_UPSILON}(?={_VOICELESS}|\\W|$)"), _as_upsilon("f")),
    (re.compile(f"(?<=[ΑαΕεΗη]){_UPSILON}"), _as_upsilon("v")),
    (re.compile(f"(?<=[Οο]){_UPSILON}"), _as_upsilon("u")),
    (re.compile("[Γγ](?=[ΓγΞξΧχ])"), {"Γ": "N", "γ": "n"}),
    (re.compile(r"(?<!\w)[Μμ][Ππ]"), {"ΜΠ": "B", "Μπ": "B", "μπ": "b", "μΠ": "b"}),
)
"""Letter pairs: av or af, ev, iv, ou, ng, nx, nch, and b for the mp that begins a word. A dialytika, or an accent on
the first letter, parts a pair. Each rule is a pattern and what stands for what it finds."""
