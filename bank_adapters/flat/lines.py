"""Bytes into lines, lines into fields: what rendered files and a bank's replies are read back by.

Errors name the line and the rule, never what stands there.
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator

from gateway.domain.errors import Unreadable

LINE_MAX = 16 * 1024
"""Bytes of a line; a longer one is a file of another kind."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def at(number: int, place: int | None = None) -> str:
    """Write where something stands: the line, and the field on it, both counted from 1."""
    return f"line {number}" if place is None else f"line {number}, field {place}"


def numbered(
    pieces: Iterable[bytes], encoding: str, *, end: bytes | None = None, all_ended: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield each line with its number. With `end` every line must end so; without, in any way, and no line is blank.

    With `all_ended` the last line must be ended too: where no trailer follows, nothing else shows that it is whole.
    Raises Unreadable for a line that is too long, in another encoding, ends otherwise or holds a control character.
    """
    for number, raw, ended in _cut(pieces):
        if all_ended and not ended:
            raise Unreadable("message.truncated", at(number), "the last line is not ended")
        line = _strict(number, raw, end, ended=ended) if end is not None else raw.removesuffix(b"\r")
        if number == 1 and end is None:
            line = line.removeprefix(BOM_UTF8)
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            raise Unreadable("text.encoding", at(number), f"the line is not written in {encoding}") from None
        if _CONTROL.search(text.replace("\t", "")):
            raise Unreadable("text.control", at(number), "the line holds a control character")
        if end is not None or text.strip():
            yield number, text


def _cut(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Cut at line feeds, with flat memory; say of each line whether it was ended."""
    number, left = 0, b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        for number, line in enumerate(whole, start=number + 1):  # noqa: B020 - it goes on counting
            _refuse_long(number, line)
            yield number, line, True
        _refuse_long(number + 1, left)
    if left:
        yield number + 1, left, False


def _refuse_long(number: int, line: bytes) -> None:
    if len(line) > LINE_MAX:
        raise Unreadable("line.length", at(number), f"the line has more than {LINE_MAX} bytes")


def _strict(number: int, raw: bytes, end: bytes, *, ended: bool) -> bytes:
    before = end.removesuffix(b"\n")
    if not ended or not raw.endswith(before):
        raise Unreadable("line.end", at(number), "the line does not end as the layout says")
    return raw[: len(raw) - len(before)]


def cells(number: int, text: str, *, delimiter: str, quoting: str) -> list[str]:
    """Take a line apart. Raises Unreadable where quotes or backslashes do not fit."""
    if quoting == "none":
        return text.split(delimiter)
    escapes = {"quoting": csv.QUOTE_NONE, "escapechar": "\\"} if quoting == "backslash" else {}
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True, **escapes), [])  # type: ignore[arg-type]
    except csv.Error:
        raise Unreadable("line.quotes", at(number), "the line's quotes or backslashes do not fit") from None
