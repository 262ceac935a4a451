"""Ids that go to a bank, derived from stored facts: the same facts give the same ids next year.

All are at most 35 characters of [A-Z0-9], a subset of what SEPA allows in references (reference iso20022-and-banks
1.2), so that no bank's alphabet can change them on their way out and back.
"""

import re
from base64 import b32encode
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Final

from gateway.domain.errors import CannotRender, ConfigError, Violation

MAX_LENGTH: Final = 35
"""Max35Text of ISO 20022: MsgId, PmtInfId, InstrId, EndToEndId."""
MAX_GENERATION: Final = 99
MAX_EPOCH: Final = 99
MAX_SEQUENCE: Final = 999_999_999
"""Of a bank's lane, for ever: a bank that takes one payment a request needs half a million a month."""

_OWN: Final = r"E[A-Z2-7]{26}G[1-9][0-9]?"
_OWN_ID: Final = re.compile(_OWN)
_OWN_ID_IN_TEXT: Final = re.compile(rf"(?<![A-Z0-9]){_OWN}(?![A-Z0-9])")
_OWN_MSG_ID_IN_TEXT: Final = re.compile(r"(?<![A-Z0-9])G[1-9][0-9]?[A-Z0-9]{1,8}[0-9]{6}S[0-9]{5,9}(?![0-9])")
_CANCELLATION: Final = r"C[1-9][0-9]?[A-Z0-9]{1,8}[0-9]{6}S[0-9]{5,9}"
_CANCELLATION_ID: Final = re.compile(_CANCELLATION)
_CANCELLATION_ID_IN_TEXT: Final = re.compile(rf"(?<![A-Z0-9]){_CANCELLATION}(?![0-9])")
_SLUG_LENGTH: Final = 8
_NOT_ALPHANUMERIC: Final = re.compile(r"[^A-Z0-9]")
_SEPA_REFERENCE: Final = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]*")


def end_to_end_id(source: str, order_id: str, generation: int) -> str:
    """Derive the EndToEndId of one attempt: "E", 128 bits of SHA-256(source NUL order_id) in base 32, "G", generation.

    NUL is in neither part, so no two orders share the digested text. Raises CannotRender when an order has had more
    attempts than two digits can number.
    """
    if not 1 <= generation <= MAX_GENERATION:
        raise CannotRender(f"generation {generation} of an order is outside 1..{MAX_GENERATION}")
    digest = sha256(f"{source}\0{order_id}".encode()).digest()
    return f"E{b32encode(digest[:16]).decode().rstrip('=')}G{generation}"


def is_end_to_end_id(text: str | None) -> bool:
    """Whether a text has the form of an EndToEndId of ours."""
    return text is not None and _OWN_ID.fullmatch(text) is not None


def end_to_end_id_in(texts: Iterable[str]) -> str | None:
    """Return the one EndToEndId of our form that stands in free texts, in letters of any case; None for several."""
    found = {match for text in texts for match in _OWN_ID_IN_TEXT.findall(text.upper())}
    return found.pop() if len(found) == 1 else None


def uetr(end_to_end: str) -> str:
    """Derive the unique end-to-end transaction reference: SHA-256 of the EndToEndId in the form of a version 4 UUID.

    Form and fixed bits after RFC 9562, sections 4.1 and 5.4, in lower case as ISO 20022 UUIDv4Identifier asks.
    """
    digits = sha256(end_to_end.encode()).hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def msg_id(slug: str, pay_date: date, sequence: int, *, epoch: int) -> str:
    """Build the MsgId of a submission, such as "G1ALFA260921S00001".

    `epoch` counts restores of the database, so that a number drawn after a restore never repeats one drawn before;
    `sequence` counts within the bank's lane. Raises CannotRender when either has run out of digits and ConfigError for
    a slug without letters or digits.
    """
    if not 1 <= epoch <= MAX_EPOCH:
        raise CannotRender(f"restore epoch {epoch} is outside 1..{MAX_EPOCH}")
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise CannotRender(f"lane sequence {sequence} of {slug} is outside 1..{MAX_SEQUENCE}")
    bank = _NOT_ALPHANUMERIC.sub("", slug.upper())[:_SLUG_LENGTH]
    if not bank:
        raise ConfigError("a bank's slug needs at least one letter or digit")
    return f"G{epoch}{bank}{pay_date:%y%m%d}S{sequence:05d}"


def cancellation_id(slug: str, day: date, sequence: int, *, epoch: int) -> str:
    """Build the id of a message that asks a bank to cancel payments, such as "C1ALFA260921S00001"; see `msg_id`.

    Its form is another than a MsgId's, so that whatever a bank answers about it can never be taken for an answer about
    a file of payments: a refused wish rejects none of them.
    """
    return f"C{msg_id(slug, day, sequence, epoch=epoch)[1:]}"


def is_cancellation_id(text: str | None) -> bool:
    """Whether a text has the form of the id of a request of ours to cancel payments, in letters of any case."""
    return text is not None and _CANCELLATION_ID.fullmatch(text.upper()) is not None


def tells_cancellation(texts: Iterable[str]) -> bool:
    """Whether such an id stands in free texts or file names."""
    return any(_CANCELLATION_ID_IN_TEXT.search(text.upper()) for text in texts)


def msg_id_in(texts: Iterable[str]) -> str | None:
    """Return the one MsgId of our form that stands in free texts or file names; None for several.

    A PmtInfId of ours begins with the MsgId of its file, so it names it too.
    """
    found = {match for text in texts for match in _OWN_MSG_ID_IN_TEXT.findall(text.upper())}
    return found.pop() if len(found) == 1 else None


def payment_information_id(msg_id: str) -> str:
    """Name the one payment information block of a message.

    A bank's word of this block is taken for one of the whole file, and a word of any other block for nothing
    (`store/sql/match.sql`): before a file may have several, the block of each payment must be stored.
    """
    return f"{msg_id}P1"


def reference_violations(reference: str, path: str = "") -> list[Violation]:
    """List what SEPA forbids in a reference: length 1..35, alphabet, "/" at either end, "//" inside.

    Source: reference iso20022-and-banks 1.2, rows *charset* and *references/ids*.
    """
    broken = []
    if not 1 <= len(reference) <= MAX_LENGTH:
        broken.append(Violation(path, "reference.length", f"a reference has 1 to {MAX_LENGTH} characters"))
    if _SEPA_REFERENCE.fullmatch(reference) is None:
        broken.append(Violation(path, "reference.alphabet", "a reference holds only characters of the SEPA alphabet"))
    return broken + slash_violations(reference, path)


def slash_violations(reference: str, path: str = "") -> list[Violation]:
    """List what SEPA forbids of slashes in a reference or identification (EPC, use of slashes)."""
    if reference.startswith("/") or reference.endswith("/") or "//" in reference:
        return [Violation(path, "reference.slash", "a reference neither begins nor ends with / nor holds //")]
    return []
