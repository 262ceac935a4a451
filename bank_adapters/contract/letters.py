"""What becomes of a payee's name: every letter is written, written otherwise by rule, or refused. None is dropped.

A name that loses a letter silently may be another person's. Letters are asked for one by one, between marks that show
what stands for them in the bytes, in whatever charset and format these are.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bank_adapters.alphabet import alphabet as alphabet_named
from bank_adapters.contract import scenarios
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.contract.rendering import rendered_or_none, unlike
from bank_adapters.contract.seen import WitnessError, small
from bank_adapters.profile import Profile
from bank_adapters.spi import Payment
from gateway.domain.order import Party

ASCII = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANGES: Mapping[str, Sequence[tuple[int, int]]] = MappingProxyType(
    {
        "Latin": ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF)),
        "Greek": ((0x370, 0x3FF),),
        "Cyrillic": ((0x400, 0x52F),),
        "CJK": ((0x4E00, 0x4E0F), (0x3041, 0x3050), (0xAC00, 0xAC0F)),
    }
)
_TURKISH = "ÇçĞğIıİiÖöŞşÜüÂâÎîÛû"  # noqa: RUF001 - look-alike letters are what is asked for
_AZERI = "ƏəÇçĞğXxİıÖöQqŞşÜü"  # noqa: RUF001
_KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІіÄäǴǵŃńÓóŪūÝý"
_OPEN, _CLOSE = "Kv", "vk"
_LOST = frozenset("?\ufffd\x1a@*_#")
"""What libraries put where they have no letter."""


def alphabet() -> tuple[str, ...]:
    """Return every letter that is asked for: all of Latin, Greek and Cyrillic, and some that no table has."""
    blocks = (chr(code) for ranges in _RANGES.values() for first, last in ranges for code in range(first, last + 1))
    letters = [one for one in blocks if unicodedata.category(one) in {"Lu", "Ll", "Lt", "Lo"}]
    return tuple(dict.fromkeys([*letters, *_TURKISH, *_AZERI, *_KAZAKH]))


LETTERS = alphabet()
_VOWELLESS = "bcdfghjlmnpqrstw"


def _mark(place: int) -> str:
    """Return four letters that stand nowhere else in a scenario, different for every place."""
    signs = []
    for _ in range(4):
        place, sign = divmod(place, len(_VOWELLESS))
        signs.append(_VOWELLESS[sign])
    return "".join(signs)


def _payments(profile: Profile) -> list[tuple[str, Payment]]:
    made = []
    for place, letter in enumerate(LETTERS):
        mark = _mark(place)
        name = f"{_OPEN}{mark}{letter}{mark}{_CLOSE}"
        made.append((letter, scenarios.payment(profile, 10_000 + place, creditor=Party(name=name))))
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fate:
    """What became of a letter: None where its payment was refused."""

    letter: str
    written: str | None


def _fates(candidate: Candidate) -> Iterator[_Fate]:
    """Render all letters that are not refused, in as few submissions as the bank's limits allow."""
    profile = candidate.profile
    made = _payments(profile)
    whole = scenarios.content(profile, [payment for _, payment in made])
    refused = candidate.adapter.refusals(whole, profile)
    yield from (_Fate(letter=letter, written=None) for letter, one in made if one.end_to_end_id in refused)
    left = [(letter, one) for letter, one in made if one.end_to_end_id not in refused]
    size = scenarios.most_payments(profile)
    for start in range(0, len(left), size):
        part = left[start : start + size]
        cheap = scenarios.under_sum(profile, [one for _, one in part])
        document = candidate.rendered(scenarios.filled_up(profile, cheap))
        names = {one.end_to_end_id: one.name for one in candidate.seen(document).payments}
        for letter, payment in part:
            yield _Fate(letter=letter, written=_between(names.get(payment.end_to_end_id, ""), payment))


def _between(name: str, payment: Payment) -> str:
    mark = payment.creditor.name[len(_OPEN) : len(_OPEN) + 4]
    found = re.fullmatch(f"{_OPEN}{mark}(.*){mark}{_CLOSE}", name, re.IGNORECASE | re.DOTALL)
    return "" if found is None else found[1]


def _every_letter(candidate: Candidate) -> Iterator[str]:
    for fate in _fates(candidate):
        wrong = _wrong(fate, candidate.profile)
        if wrong:
            yield f"the letter U+{ord(fate.letter):04X} {wrong}: transliterate it by a table, or name it in refusals"


def _wrong(fate: _Fate, profile: Profile) -> str | None:
    """Say what is wrong with what stands for a letter; None where it is right or refused."""
    letter, written = fate.letter, fate.written
    if written is None:
        return "is refused although it needs no rule" if letter in ASCII else None
    if not written:
        return "is dropped silently"
    if set(written) & _LOST or not any(sign.isalpha() for sign in written):
        return "becomes a sign that is no letter"
    if letter in ASCII:
        return None if small(written, profile) == small(letter, profile) else "is written as another letter"
    base = unicodedata.normalize("NFD", letter)[0]
    if base in ASCII and not unicodedata.normalize("NFD", written).casefold().startswith(base.casefold()):
        return "is written as a letter of another sound"
    return None


def _decomposed(candidate: Candidate) -> Iterator[str]:
    """A letter with its accent apart is the same letter."""
    composed = scenarios.payment(candidate.profile, 20_001, creditor=Party(name="Jos\u00e9 Mu\u00f1oz"))
    apart = replace(composed, creditor=Party(name="Jose\u0301 Mun\u0303oz"))
    names = []
    for payment in (composed, apart):
        document = rendered_or_none(candidate, scenarios.filled_up(candidate.profile, [payment]))
        names.append(None if document is None else _name_of(candidate, document, payment))
    if names[0] != names[1]:
        yield "composed and decomposed spellings of a name come out differently: normalise (NFC) first"


def _name_of(candidate: Candidate, document: bytes, payment: Payment) -> str | None:
    seen = candidate.seen(document).payments
    return next((one.name for one in seen if one.end_to_end_id == payment.end_to_end_id), None)


def _long_names(candidate: Candidate) -> Iterator[str]:
    """A name is written whole or refused: cut, it may fit somebody else."""
    for length in (1, 34, 35, 36, 69, 70, 71, 105, 140, 141, 400):
        name = ("Abcdefg Hijklmn Opqrstu " * 20)[: length - 1].rstrip().ljust(length - 1, "x") + "z"
        payment = scenarios.payment(candidate.profile, 21_000 + length, creditor=Party(name=name))
        document = rendered_or_none(candidate, scenarios.filled_up(candidate.profile, [payment]))
        if document is None:
            if length <= min(34, scenarios.longest_name(candidate.profile)):  # shorter names are the rule among people
                yield f"a name of {length} letters is refused"
        elif small(_name_of(candidate, document, payment) or "", candidate.profile) != small(name, candidate.profile):
            yield f"a name of {length} letters is cut or changed: write it whole or name it in refusals"


_BREAKING = ("|", ";", ",", "\t", '"', "'", "\n", "\r\n", "<x>", "&amp;", "]]>", "\\", "\x00", "\u2028", "{}", "=1+1")


def _cannot_break_out(candidate: Candidate) -> Iterator[str]:
    """No name can become another field, another record or another element."""
    for place, sign in enumerate(_BREAKING):
        name = f"Eva{sign}Muster"
        payment = scenarios.payment(candidate.profile, 22_000 + place, creditor=Party(name=name))
        content = scenarios.filled_up(candidate.profile, [payment])
        if candidate.adapter.refusals(content, candidate.profile):
            continue
        try:
            document = rendered_or_none(candidate, content)
            seen = () if document is None else candidate.seen(document).payments
        except WitnessError:
            yield f"a name with {_told(sign)} breaks the format: escape it, or name the payment in refusals"
            continue
        if document is None:
            yield f"a name with {_told(sign)} stops the whole submission: name the payment in refusals"
        elif list(unlike(content.payments, seen)):
            yield f"a name with {_told(sign)} changes what the bytes say: escape it, or refuse it"


def _told(sign: str) -> str:
    return "+".join(f"U+{ord(one):04X}" for one in sign)


def _charset(candidate: Candidate) -> Iterator[str]:
    """Every text in the bytes is of the letters that the bank takes."""
    try:
        texts = candidate.seen(candidate.bytes_of_some()).texts
    except WitnessError:
        yield "the bytes are not in the charset that they declare or that is agreed: encode them so"
        return
    encoding = alphabet_named(candidate.profile.alphabet).encoding
    if not all(_encodes(one, encoding) for one in texts):
        yield "a text holds letters outside the bank's alphabet: transliterate before writing"
    if not texts:
        yield "the bytes hold no text in the bank's charset"


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


CHECKS = (
    Check(
        name="letters.every-letter",
        asks="every letter of Latin, Greek, Cyrillic, Turkish, Azeri, Kazakh and CJK is written by rule or refused",
        ask=_every_letter,
    ),
    Check(name="letters.decomposed", asks="two spellings of one letter are one letter", ask=_decomposed),
    Check(name="letters.long-names", asks="a name is written whole or refused", ask=_long_names),
    Check(name="letters.cannot-break-out", asks="no name becomes a field or a record", ask=_cannot_break_out),
    Check(name="letters.charset", asks="the bytes are in the bank's charset and alphabet", ask=_charset),
)
