"""Cyrillic letters: the Bulgarian table of EPC217-08, continued for Russian, Kazakh and their neighbours.

EPC217-08 knows Bulgarian alone (щ: sht, ъ: a, ь: y, х: h). Russian names follow BGN/PCGN (`RUSSIAN`: shch, kh, an
apostrophe for ь and ъ between letters), е and ё always e as in passports. Kazakh letters follow the Kazakh Latin
alphabet of 2021 without its accents (қ: q, ә: a), or, on a page with Russian letters alone, what Kazakh offices write
there (`PLAIN`).
"""

# ruff: noqa: RUF001, RUF002 - look-alike letters are what this table is about

import re
from collections.abc import Mapping, Sequence

LETTERS: Mapping[str, str] = {
    "A": "АӘЪ",
    "B": "Б",
    "V": "В",
    "G": "ГҒҐ",
    "D": "Д",
    "E": "ЕЁЭЄЀ",
    "Zh": "Ж",
    "Z": "ЗҘ",
    "I": "ИІЇЍӢ",
    "Y": "ЙЫЬ",
    "K": "К",
    "L": "Л",
    "M": "М",
    "N": "НҢ",
    "O": "ОӨ",
    "P": "П",
    "R": "Р",
    "S": "СҪ",
    "T": "Т",
    "U": "УҰҮЎӮ",
    "F": "Ф",
    "H": "ХҺҲ",
    "Ts": "Ц",
    "Ch": "Ч",
    "Sh": "Ш",
    "Sht": "Щ",
    "Yu": "Ю",
    "Ya": "Я",
    "Q": "ҚҠ",
    "Dzh": "Џ",
    "J": "ЈҖҶ",
    "Lj": "Љ",
    "Nj": "Њ",
    "C": "Ћ",
    "Dj": "Ђ",
    "Gj": "Ѓ",
    "Kj": "Ќ",
    "Dz": "Ѕ",
}
RUSSIAN: Mapping[str, str] = {"Kh": "Х", "Shch": "Щ"}
RUSSIAN_SIGNS: Sequence[tuple[re.Pattern[str], Mapping[str, str]]] = (
    (
        re.compile("(?<=[БВГДЖЗКЛМНПРСТФХЦЧШЩбвгджзклмнпрстфхцчшщ])[ЬЪьъ]"),
        {"Ь": "'", "Ъ": "'", "ь": "'", "ъ": "'"},
    ),
)
"""A soft or hard sign after its consonant."""
PLAIN: Mapping[str, str] = {
    "А": "Ә",
    "Г": "ҒҐ",
    "Е": "Ѐ",
    "И": "ІЍӢ",
    "К": "ҚҠ",
    "Н": "Ң",
    "О": "Ө",
    "У": "ҰҮӮ",
    "Х": "ҺҲ",
    "Ж": "Җ",
    "З": "Ҙ",
    "С": "Ҫ",
    "Ч": "ҶЋ",
    "Й": "Ј",
    "Дж": "ЏЂ",
    "Ль": "Љ",
    "Нь": "Њ",
    "Гь": "Ѓ",
    "Кь": "Ќ",
    "Дз": "Ѕ",
}
"""Russian letters for those of its neighbours."""
