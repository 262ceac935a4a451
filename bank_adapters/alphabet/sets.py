"""The alphabets by name: which letters each holds, and how the tables are put together for it.

A name is that of a set (SEPA, SWIFT-X) or of an encoding, then whose names are written where letters must change (-tr,
-ru, -el; without: German umlauts, and Greek and Bulgarian as EPC217-08), then -upper for capitals only.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain

from bank_adapters.alphabet import cyrillic, greek, latin, signs
from bank_adapters.alphabet.letters import both_cases, capitals, one_by_one
from bank_adapters.alphabet.spelling import Alphabet, Rules, Strange
from gateway.domain.errors import ConfigError

BASIC = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ "
"""SEPA's basic Latin set (EPC217-08), and SWIFT's character set x without its line ends: the same signs."""
_BASIC_SETS = ("SEPA", "SWIFT-X")
_PAGES = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp857", "cp866", "kz1048"),
    *("iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "cp500", "cp1026"),
)
"""Encodings by Python's names; cp500 and cp1026 are EBCDIC."""
_TURKISH = frozenset({"cp1254", "cp857", "iso8859-9", "cp1026", "utf-8-tr"})
"""Where the capital of i is İ."""
_CUSTOMS = ("", "-tr", "-ru", "-el")
_WHOLE = (*(f"{base}{custom}" for base in _BASIC_SETS for custom in _CUSTOMS), *_PAGES, "utf-8")
NAMES = (*_WHOLE, *(f"{name}-upper" for name in _WHOLE), "utf-8-tr-upper")
"""Every alphabet there is."""

_NO_NAME_SIGN = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u20d0-\u20ff\u2190-\u2bff\u3000\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001f000-\U0001faff\U000e0000-\U0010ffff]|(?<!\\S)[\u0300-\u036f]"
)
"""What no name holds in any script: controls, marks of direction, codes that are not seen, symbols, emoji, and a mark
with no letter before it."""

_CAPITALS: Mapping[str, str] = {
    **capitals(latin.MARKED, latin.UMLAUTS, greek.LETTERS, cyrillic.LETTERS),
    **latin.ODD_CAPITALS,
    **greek.ODD_CAPITALS,
}
_UPPER = "".join(sorted(one for one in _CAPITALS.values() if len(one) == 1))


@cache
def alphabet(name: str) -> Alphabet:
    """Return an alphabet by its name. Raises ConfigError for an unknown one."""
    if name not in NAMES:
        raise ConfigError(f"there is no alphabet {name!r}; write one of {', '.join(NAMES)}")
    whole = name.removesuffix("-upper")
    base, custom = _parted(whole)
    strange = _strange_to(base)
    if name != whole:
        return _upper(name, base, custom, strange)
    table = dict(_written(_candidates(custom), strange))
    rules = (*_rules(custom), *_rules_of_capitals(table))
    return Alphabet(name=name, encoding=_encoding(base), strange=strange, rules=rules, table=_by_code(table))


def _parted(whole: str) -> tuple[str, str]:
    custom = next((one for one in _CUSTOMS if one and whole.endswith(one)), "")
    return whole.removesuffix(custom), custom


def _encoding(base: str) -> str:
    return "ascii" if base in _BASIC_SETS else base


def _strange_to(base: str) -> Strange:
    """Return what finds the first letter that a set does not hold."""
    if base == "utf-8":
        return _strange_to_names
    return _outside(BASIC if base in _BASIC_SETS else filter(str.isprintable, _on_page(base)))


def _strange_to_names(text: str) -> str | None:
    found = _NO_NAME_SIGN.search(text)
    if found is not None:
        return found[0]
    return None if text.isprintable() else next(letter for letter in text if not letter.isprintable())


def _on_page(encoding: str) -> str:
    return bytes(range(256)).decode(encoding, "ignore")


def _outside(held: Iterable[str]) -> Strange:
    search = re.compile(f"[^{re.escape(''.join(held))}]").search

    def strange(text: str) -> str | None:
        found = search(text)
        return None if found is None else found[0]

    return strange


def _candidates(custom: str) -> dict[str, tuple[str, ...]]:
    """Return what may stand for each letter, best first: the same script, then basic Latin."""
    umlauts = latin.UMLAUTS_PLAIN if custom in {"-tr", "-ru"} else latin.UMLAUTS
    russian = cyrillic.RUSSIAN if custom == "-ru" else {}
    last = dict(
        chain(
            both_cases(latin.MARKED),
            both_cases(umlauts),
            one_by_one(latin.ALONE),
            both_cases(greek.LETTERS),
            one_by_one(greek.ALONE),
            both_cases(cyrillic.LETTERS),
            both_cases(russian),
        )
    )
    first = {**dict(both_cases(cyrillic.PLAIN)), **latin.COUSINS}
    found = {letter: ((first[letter],) if letter in first else ()) + (basic,) for letter, basic in last.items()}
    return found | {sign: tuple(likes) for row, likes in signs.LIKE for sign in row}


def _written(candidates: Mapping[str, tuple[str, ...]], strange: Strange) -> Iterator[tuple[str, str]]:
    """Yield each letter that a set lacks with what stands for it there: the first of its candidates that is held."""
    for letter, ways in candidates.items():
        held = [way for way in ways if strange(letter) is not None and strange(way) is None]
        yield from ((letter, way) for way in held[:1])


def _upper(name: str, base: str, custom: str, strange: Strange) -> Alphabet:
    """Put an alphabet of capitals together."""
    turkish = name.removesuffix("-upper") in _TURKISH
    candidates = _candidates(custom)

    def small(text: str) -> str | None:
        return strange(text) or next((one for one in text if one.islower() or one != one.upper()), None)

    every = {letter: (letter, *candidates.get(letter, ())) for letter in (*_CAPITALS, *candidates)}
    raised = {letter: tuple(_capital(way, turkish=turkish) for way in ways) for letter, ways in every.items()}
    table = dict(_written(raised, small))
    return Alphabet(name=name, encoding=_encoding(base), strange=small, rules=_rules(custom), table=_by_code(table))


def _rules(custom: str) -> Rules:
    return {"-el": tuple(greek.PASSPORT), "-ru": tuple(cyrillic.RUSSIAN_SIGNS)}.get(custom, ())


def _rules_of_capitals(table: Mapping[str, str]) -> Rules:
    """Return the rule by which a capital among capitals becomes capitals: ЖУК is ZHUK, Жук is Zhuk."""
    long = {letter: _capital(way) for letter, way in table.items() if len(way) > 1 and letter in _UPPER + "ß"}
    among = f"(?:(?<=[{_UPPER}].)|(?=[{_UPPER}]))"
    return ((re.compile(f"[{''.join(long)}]{among}"), long),) if long else ()


def _capital(text: str, *, turkish: bool = False) -> str:
    """Write small letters as capitals, by the table alone."""
    if turkish:
        text = text.replace("i", "İ")
    return "".join(_CAPITALS.get(letter, letter) for letter in text)


def _by_code(table: Mapping[str, str]) -> dict[int, str]:
    return {ord(letter): written for letter, written in table.items()}
