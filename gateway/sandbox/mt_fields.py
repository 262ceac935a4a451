"""The fields that MT940 and MT942 share: the frame of a message, statement lines (61) and their narratives (86).

Lines end in CRLF. A narrative is six lines of 65 letters at most, in SWIFT's code words or in the subfields of German
banks. MT knows no UETR and no clearing reference: what a return could name only by these it does not name.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from gateway.sandbox.behaviours import Shape
from gateway.sandbox.messages import decimal
from gateway.sandbox.movements import CREDIT, Movement, Sort
from gateway.sandbox.wording import MtParameters

_REFERENCE, _LINE, _SUBFIELD = 16, 65, 27
_NO_REFERENCE = "NONREF"
_KINDS = {Sort.RETURN: "NRTI", Sort.CHARGE: "NCHG"}
_NAMED = frozenset({Shape.NAMED, Shape.PROPRIETARY, Shape.REVERSAL, Shape.NO_REVERSAL})
_TEXTS = {
    Sort.PAYMENT: ("177", "CREDIT TRANSFER"),
    Sort.SUM: ("191", "COLLECTIVE ORDER"),
    Sort.RETURN: ("159", "RETURN"),
    Sort.LUMP: ("166", "COLLECTIVE CREDIT"),
    Sort.CHARGE: ("808", "ACCOUNT CHARGES"),
    Sort.FUNDING: ("166", "INTERNAL TRANSFER"),
}
"""Business transaction code and text of the German banks."""


def message(kind: str, how: MtParameters, created: datetime, fields: Sequence[str]) -> bytes:
    """Put fields into one message: in SWIFT's blocks where the bank has a terminal, else a line "-" ends it."""
    text = "\r\n".join(fields)
    if how.terminal is None:
        return f"{text}\r\n-\r\n".encode("ascii")
    terminal, moment = how.terminal, f"{created:%H%M%y%m%d}"
    heads = f"{{1:F01{terminal}0000000000}}{{2:O{kind}{moment}{terminal}0000000000{created:%y%m%d%H%M}N}}"
    return f"{heads}{{4:\r\n{text}\r\n-}}\r\n".encode("ascii")


def amount(minor: int) -> str:
    """Write hundredths with a comma."""
    return decimal(minor).replace(".", ",")


def balance(tag: str, minor: int, day: date) -> str:
    """Write a balance of signed hundredths of euro."""
    return f":{tag}:{'D' if minor < 0 else 'C'}{day:%y%m%d}EUR{amount(abs(minor))}"


def lines(how: MtParameters, parts: Sequence[Movement]) -> Iterator[str]:
    """Write one entry: field 61, with charges in its supplementary details, and field 86."""
    first = parts[0]
    minor, charges = sum(part.amount_minor for part in parts), sum(part.charges_minor for part in parts)
    day = f"{first.booked_on:%y%m%d%m%d}"
    kind = _KINDS.get(first.sort, "NTRF")
    yield f":61:{day}{_mark(first)}{amount(minor)}{kind}{_reference(first)}//{_bank_reference(first)}"
    if charges:
        yield f"/CHGS/EUR{amount(charges)}"
    text = _subfields(first) if how.text == "subfields" else _code_words(first)
    yield from (f":86:{line}" if number == 0 else line for number, line in enumerate(_cut(text, _LINE)))


def _mark(one: Movement) -> str:
    """Return C or D; RD (a debit is reversed) where the bank writes a return so."""
    if one.sort is Sort.RETURN and one.shape is Shape.REVERSAL:
        return "RD"
    return "C" if one.side == CREDIT else "D"


def _names(one: Movement) -> bool:
    """Whether an entry names its payment."""
    return one.sort is Sort.PAYMENT or (one.sort is Sort.RETURN and one.shape in _NAMED)


def _reference(one: Movement) -> str:
    """Return the owner's reference: the sixteen letters given for the payment, else its EndToEndId, cut off."""
    if not _names(one):
        return _NO_REFERENCE
    short = one.instr_id if one.instr_id and len(one.instr_id) <= _REFERENCE else one.end_to_end_id[:_REFERENCE]
    return short or _NO_REFERENCE


def _bank_reference(one: Movement) -> str:
    if one.shape is Shape.BANK_REFERENCE and one.debit_ref is not None:
        return one.debit_ref
    return one.entry_ref


def _told(one: Movement) -> Iterator[tuple[str, str]]:
    """Yield what the narrative tells by code: references, and the reason of a return."""
    if one.sort is Sort.SUM and one.msg_id is not None:
        yield "PREF", one.msg_id
    if _names(one):
        yield "EREF", one.end_to_end_id
    if one.side == CREDIT and one.reason is not None and one.shape not in {Shape.TEXT, Shape.NOTHING}:
        yield "RTRN", one.reason


def _words(one: Movement) -> str:
    if one.sort is Sort.RETURN and one.shape is Shape.TEXT:
        return f"RETURNED {one.reason or ''} {one.end_to_end_id}"
    return _TEXTS[one.sort][1]


def _code_words(one: Movement) -> str:
    told = "".join(f"/{code}/{text}" for code, text in _told(one))
    return f"{told}/REMI/{_words(one)}" if told else _words(one)


def _cut(text: str, length: int) -> list[str]:
    return [text[start : start + length] for start in range(0, len(text), length)]


def _subfields(one: Movement) -> str:
    """Write business transaction code, posting text (00), and marks in subfields 20 to 29, each begun anew."""
    code, text = _TEXTS[one.sort]
    marks = {"PREF": "KREF"}
    purposes = [f"{marks.get(mark, mark)}+{what}" for mark, what in _told(one)] + [f"SVWZ+{_words(one)}"]
    cut = [piece for purpose in purposes for piece in _cut(purpose, _SUBFIELD)]
    return f"{code}?00{text}" + "".join(f"?{number}{piece}" for number, piece in enumerate(cut, start=20))
