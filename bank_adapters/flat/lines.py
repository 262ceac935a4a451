"""Bytes into lines, lines into fields: what rendered files and a bank's replies are read back by.

Errors name the line and the rule, never what stands there.
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.domain.errors import Unreadable

LINE_MAX = 16 * 1024
"""Bytes of a line; a longer one is a file of another kind."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


def at(number: int, place: int | None = None) -> str:
    """Write where something stands: the line, and the field on it, both counted from 1."""
    return f"line {number}" if place is None else f"line {number}, field {place}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How lines end.

    With `end` every line must end so; without, in any way, and no line is blank. `last`: whether the last line must be
    ended too; None: it may be. `length`: lines have so many bytes and no end at all.
    """

    encoding: str
    end: str | None = None
    last: bool | None = None
    length: int | None = None


def numbered(pieces: Iterable[bytes], ends: Ends) -> Iterator[tuple[int, str]]:
    """Yield each line with its number; see `blocks`."""
    blank_too = ends.end is not None or ends.length is not None
    for first, lines in blocks(pieces, ends):
        for number, text in enumerate(lines, start=first):
            if blank_too or (text and not text.isspace()):
                yield number, text


def blocks(pieces: Iterable[bytes], ends: Ends) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield runs of lines, each with the number of its first line, with flat memory.

    Raises Unreadable for a line that is too long, in another encoding, ends otherwise or holds a control character.
    """
    raw = _of_length(pieces, ends.length) if ends.length else _cut(pieces, _feed(ends), ends)
    for first, lines in raw:
        if first == 1 and ends.end is None and lines:
            lines[0] = lines[0].removeprefix(BOM_UTF8)
        yield first, _decoded(first, lines, ends)


def _feed(ends: Ends) -> bytes:
    """Return the byte at which lines are cut; it is another one in EBCDIC."""
    return "\n".encode(ends.encoding)


def _of_length(pieces: Iterable[bytes], length: int) -> Iterator[tuple[int, list[bytes]]]:
    number, left = 1, b""
    for piece in pieces:
        left += piece
        whole = len(left) // length * length
        if whole:
            yield number, [left[start : start + length] for start in range(0, whole, length)]
            number, left = number + whole // length, left[whole:]
    if left:
        raise Unreadable("message.truncated", at(number), f"the record has not {length} bytes")


def _cut(pieces: Iterable[bytes], feed: bytes, ends: Ends) -> Iterator[tuple[int, list[bytes]]]:
    number, left = 1, b""
    for piece in pieces:
        *whole, left = (left + piece).split(feed)
        if whole:
            if len(max(whole, key=len)) > LINE_MAX:
                _refuse_long(number, whole)
            yield number, _strict(number, whole, ends)
            number += len(whole)
        _refuse_long(number, [left])
    if left and ends.last is True:
        rule = "line.end" if ends.end is not None else "message.truncated"
        raise Unreadable(rule, at(number), "the last line is not ended")
    if left:
        yield number, [left.removesuffix("\r".encode(ends.encoding)) if ends.end is None else left]
    elif ends.last is False:
        raise Unreadable("line.end", at(number), "the last line is ended")


def _refuse_long(first: int, lines: Sequence[bytes]) -> None:
    for number, line in enumerate(lines, start=first):
        if len(line) > LINE_MAX:
            raise Unreadable("line.length", at(number), f"the line has more than {LINE_MAX} bytes")


def _strict(first: int, lines: list[bytes], ends: Ends) -> list[bytes]:
    """Take off what stands before the line feeds."""
    carriage = "\r".encode(ends.encoding)
    if ends.end is None:
        return [line.removesuffix(carriage) for line in lines]
    if ends.end == "\n":
        return lines
    for number, line in enumerate(lines, start=first):
        if not line.endswith(carriage):
            raise Unreadable("line.end", at(number), "the line does not end as the layout says")
    return [line[:-1] for line in lines]


def _decoded(first: int, lines: Sequence[bytes], ends: Ends) -> list[str]:
    """Decode a run of lines at once; only where that fails, one by one, to say where."""
    feed = _feed(ends)
    try:
        text = feed.join(lines).decode(ends.encoding)
    except UnicodeDecodeError:
        return [_one(number, line, ends.encoding) for number, line in enumerate(lines, start=first)]
    found = text.split("\n") if lines else []
    together = text.replace("\n", "")
    if len(found) != len(lines) or not (together.isprintable() or _CONTROL.search(together) is None):
        return [_one(number, line, ends.encoding) for number, line in enumerate(lines, start=first)]
    return found


def _one(number: int, line: bytes, encoding: str) -> str:
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("text.encoding", at(number), f"the line is not written in {encoding}") from None
    if _CONTROL.search(text):
        raise Unreadable("text.control", at(number), "the line holds a control character")
    return text


def cells(number: int, text: str, *, delimiter: str, quoting: str) -> list[str]:
    """Take a line apart. Raises Unreadable where quotes or backslashes do not fit."""
    if quoting == "none":
        return text.split(delimiter)
    escapes = {"quoting": csv.QUOTE_NONE, "escapechar": "\\"} if quoting == "backslash" else {}
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True, **escapes), [])  # type: ignore[arg-type]
    except csv.Error:
        raise Unreadable("line.quotes", at(number), "the line's quotes or backslashes do not fit") from None
