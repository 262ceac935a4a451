"""What field 86 says of an entry, in the dialects that banks write it in. It is free text, so only references count.

German: "166?00SEPA-UEBERWEISUNG?20EREF+...?21...?30BIC?31IBAN?32NAME?34902": three digits of business transaction code,
then subfields behind any separator, of which 20 to 29 and 60 to 63 are one text with marks such as EREF+ in it.
Dutch, and others by SWIFT's own code words: "/EREF/.../PREF/.../RTRN/AC04/REMI/...", lines joined without a blank.
Any other bank's, Turkish ones among them, is words; of them only an id in a form of our own is believed.

Names and texts of people stand in it as well, so nothing of it is kept that has not the form of a reference or a code.
Reference: iso20022-and-banks 3.1 and 4.3.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bank_adapters.mt.reference import Named, named_in
from bank_adapters.mt.values import amount, told
from gateway.domain.errors import Unreadable
from gateway.domain.identity import end_to_end_id_in, is_end_to_end_id

_GERMAN: Final = re.compile(r"([0-9]{3})([^0-9A-Za-z\s/])(?=[0-9]{2})")
_SUBFIELD: Final = 27
"""Letters of a full German subfield: what a mark says goes on behind no shorter one."""
_PURPOSES: Final = frozenset({*map(str, range(20, 30)), *map(str, range(60, 64))})
_MARK: Final = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|COAM|OAMT|PREF|RTRN|IBAN|BIC)\+ ?|(MTLG):")
_CODE_WORD: Final = re.compile(
    r"/(EREF|KREF|PREF|MARF|CSID|TRTP|TRCD|IBAN|BIC|NAME|ADDR|REMI|USTD|STRD|CNTP|ORDP|BENM|ID|PURP|ULTD|ULTB|ULTC|ISDT"
    r"|RTRN|SVCL|OCMT|CHGS|EXCH|RELID|ROC|URI|RFB|INST)/"
)
_CHARGES: Final = re.compile(r"/CHGS/([A-Z]{3})([0-9,]{1,15})(?=/|$|[^0-9,])")
_REASON: Final = re.compile(r"[A-Z0-9]{2,4}")
_RETURNS: Final = frozenset({"109", "159"})
"""Business transaction codes of a direct debit and a credit transfer that came back."""
_IDS: Final = ("EREF", "ROC")
_OF_A_FILE: Final = ("KREF", "PREF")


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """Charges in minor units where they are told in the account's currency."""

    some: bool = False
    minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrative:
    """What field 86 says of an entry.

    `name` is the EndToEndId that it tells, `of_file` the reference of a file or order, `code` the German business
    transaction code, `text_id` and `ours` are ids in a form of our own that stand in its text,
    which is looked at only where no such id stands in its place.
    """

    name: str | None = None
    of_file: str | None = None
    reason: str | None = None
    code: str | None = None
    returned: bool = False
    charges: Charges = Charges()
    text_id: str | None = None
    ours: Named | None = None


def read(lines: Sequence[str], details: Sequence[str], *, slug: str, currency: str, place: str) -> Narrative:
    """Read the lines of field 86, and the supplementary `details` of field 61, which hold code words as well."""
    whole = "".join(lines)
    german = _GERMAN.match(whole)
    texts: tuple[str, ...]
    if german is not None:
        subfields = _subfields(whole[german.end() :], german[2])
        words = _marked(subfields)
        texts = _texts([text for _, text in subfields])
        code = german[1]
    else:
        words, texts, code = _worded(whole), _texts(lines), None
    name = next((one for key in _IDS if (one := told(words.get(key))) is not None), None)
    if is_end_to_end_id(name):
        texts = ()
    returned = code in _RETURNS or bool(words.get("RTRN"))
    numbered = next((text for key, text in subfields if key == "34"), None) if german is not None else None
    return Narrative(
        name=name,
        of_file=next((one for key in _OF_A_FILE if (one := told(words.get(key))) is not None), None),
        reason=_reason(words.get("RTRN") or (numbered if returned else None)),
        code=code,
        returned=returned,
        charges=_charges(f"{whole}\n{''.join(details)}", currency, place),
        text_id=end_to_end_id_in(texts),
        ours=named_in(texts, slug),
    )


def _subfields(text: str, separator: str) -> list[tuple[str, str]]:
    """Cut German subfields apart: number and content."""
    _, *cut = re.split(rf"{re.escape(separator)}([0-9]{{2}})", separator + text)
    return list(zip(cut[::2], cut[1::2], strict=True))


def _marked(subfields: Sequence[tuple[str, str]]) -> dict[str, str | None]:
    """Return what stands behind each mark. It begins a subfield; what it says goes on behind those that are full."""
    found: list[tuple[str, str]] = []
    full = False
    for number, text in subfields:
        mark = _MARK.match(text)
        if number in _PURPOSES and mark is not None:
            found.append((mark[1] or mark[2], text[mark.end() :]))
        elif number in _PURPOSES and full and found:
            found[-1] = (found[-1][0], found[-1][1] + text)
        full = number in _PURPOSES and len(text) >= _SUBFIELD
    return _unambiguous(found)


def _worded(text: str) -> dict[str, str | None]:
    """Return what stands behind each code word, where the text begins with one."""
    if _CODE_WORD.match(text) is None:
        return {}
    _, *cut = _CODE_WORD.split(text)
    return _unambiguous(zip(cut[::2], (one.strip("/ ") for one in cut[1::2]), strict=True))


def _unambiguous(found: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> dict[str, str | None]:
    """Keep what is said once, or twice alike: a payer's text may hold another code word of the same name."""
    words: dict[str, str | None] = {}
    for key, text in found:
        value = text.strip()
        words[key] = value if words.get(key, value) == value else None
    return words


def _texts(parts: Sequence[str]) -> tuple[str, str]:
    """Return a text as its lines tell it and with them joined: an id may be cut by a line's end, or end with it."""
    return " ".join(parts), "".join(parts)


def _reason(text: str | None) -> str | None:
    code = (text or "").strip().upper()
    return code if _REASON.fullmatch(code) else None


def _charges(text: str, currency: str, place: str) -> Charges:
    """Read charges by SWIFT's code word; how much they are only in the account's currency."""
    found = _CHARGES.search(text)
    if found is None:
        return Charges()
    if found[1] != currency:
        return Charges(some=True)
    try:
        minor = amount(found[2], currency, place)
    except Unreadable:  # a text beside the money, not money itself: that there are charges is all it then says
        return Charges(some=True)
    return Charges(some=minor > 0, minor=minor or None)
