"""Turns the bytes of an XML message into text: by its byte order mark, else by what it declares, else as UTF-8.

Strict: bytes that are not what the message says it is written in are refused, never replaced; so is a declaration that
contradicts the mark or the bytes. Reference: XML 1.0 appendix F; iso20022-and-banks 6.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from gateway.domain.errors import Unreadable

ENCODINGS = frozenset(
    {"utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "mac-cyrillic", "mac-turkish"}
    | {f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)}
    | {f"cp{page}" for page in (437, 737, 775, 850, 852, 855, 857, 858, 866, *range(1250, 1259))}
)
"""Python's names of the encodings that are read: Unicode, and code pages in which ASCII is ASCII."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_STARTS = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How a document in UTF-16 begins that has no mark."""
_AGREES = {
    "utf-8": frozenset({"utf-8", "ascii"}),
    "utf-16-le": frozenset({"utf-16", "utf-16-le"}),
    "utf-16-be": frozenset({"utf-16", "utf-16-be"}),
}
_DECLARATION = re.compile(r"\s*<\?xml(?=\s)[^>]*?\?>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']""")
_BEGUN = re.compile(r"\s*<\?xml\s")
_HEAD = 1_024
"""Bytes in which a declaration stands: far more than one has."""


def begins_like_xml(head: bytes) -> bool:
    """Whether bytes begin as an XML document in any of the encodings does, white space before it or not."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, *(start for start, _ in _STARTS))):
        return True
    return head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")


def decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of a document without its mark and its declaration. Raises Unreadable."""
    parts = iter(pieces)
    head = _head(parts)
    encoding, mark = _shown(head)
    decoder = codecs.getincrementaldecoder(encoding)()
    done, begun = mark, False
    try:
        for part in chain((head[mark:],), parts):
            if text := decoder.decode(part):
                yield text if begun else undeclared(text)
                begun = True
            done += len(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Unreadable("encoding.invalid", f"byte {done + error.start}", f"not {encoding}") from None


def undeclared(text: str) -> str:
    """Return the beginning of a document without its XML declaration: in text it has nothing left to say."""
    text = text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    found = _DECLARATION.match(text)
    return text[found.end() :] if found else text


def _head(parts: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < _HEAD and (part := next(parts, None)) is not None:
        head += part
    return head


def _shown(head: bytes) -> tuple[str, int]:
    """Return the encoding of a document and the length of its mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            _agree(encoding, _declared(head[len(mark) : _HEAD].decode(encoding, "replace")))
            return encoding, len(mark)
    for start, encoding in _STARTS:
        if head.startswith(start):
            _agree(encoding, _declared(head[:_HEAD].decode(encoding, "replace")))
            return encoding, 0
    declared = _declared(head[:_HEAD].decode("latin-1"))
    if declared is not None and declared.startswith("utf-16"):
        raise Unreadable("encoding.contradiction", "byte 0", "declared as UTF-16, which its bytes are not")
    return declared or "utf-8", 0


def _declared(head: str) -> str | None:
    """Return Python's name of the declared encoding, or None where none is declared."""
    declaration = _DECLARATION.match(head)
    if declaration is None and _BEGUN.match(head):
        raise Unreadable("encoding.unknown", "byte 0", f"a declaration that does not end within {_HEAD:,} bytes")
    if declaration is None or "encoding" not in declaration[0]:
        return None
    named = _ENCODING.search(declaration[0])
    try:
        encoding = codecs.lookup(named[1]).name if named else ""
    except LookupError:
        encoding = ""
    if encoding not in ENCODINGS:
        raise Unreadable("encoding.unknown", "byte 0", "an encoding that is none of Unicode's and of the code pages")
    return encoding


def _agree(encoding: str, declared: str | None) -> None:
    if declared is not None and declared not in _AGREES[encoding]:
        raise Unreadable("encoding.contradiction", "byte 0", f"declared as {declared}, and begins as {encoding}")
