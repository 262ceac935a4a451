"""Bytes into the fields of MT messages, with flat memory: what MT940 and MT942 are read by.

Lenient about form: any or no SWIFT blocks around the text, lines that end in CRLF or LF, a byte order mark, blank
lines, RJE and DOS-PCC padding between messages, and texts in any single-byte code or UTF-8 (what matters is ASCII).
Strict about the rest: control characters, endless lines and fields, and text that belongs to no message are refused.
Errors name the line and the rule, never what stands there. Reference: iso20022-and-banks 4.3.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import Unreadable

LINE_MAX: Final = 4 * 1024
"""Bytes of a line. SWIFT's longest has 65 letters; some banks put a whole field 86 on one."""
LINES_MAX: Final = 64
"""Lines of a field; SWIFT's field 86 has six."""

READ: Final = ("940", "942")
"""The types of message that are read; an envelope with another one is refused by name."""
_TAG: Final = re.compile(r":([0-9]{2}[A-Z]?|NS):(.*)", re.DOTALL)
_KNOWN: Final = frozenset(
    {"13", "13D", "20", "21", "25", "25P", "28", "28C", "34F", "60F", "60M", "61", "62F", "62M", "64", "65", "86"}
    | {"90C", "90D", "NS"}
)
"""The fields of MT940 and MT942, and NS, in which German banks put what no field has."""
_TEXTS: Final = frozenset({"86", "NS"})
"""Fields of free text: a line that only looks like the beginning of an unknown field belongs to them."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KIND: Final = re.compile(r"\{2:[IO]([0-9]{3})")
_END: Final = re.compile(r"-(\}.*|XXX)?")
_BETWEEN: Final = re.compile(
    r"(\{[0-9A-Z]:.*\})?[\s$\x01\x03\x1a]*"
    r"|[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3,4})?|0000 01[A-Z]{6}[A-Z0-9]+|:?94[02]( ?00|:)?"
)
"""What may stand between messages: the blocks behind the text, separators, and the heads that Dutch banks write."""


@dataclass(slots=True)
class Field:
    """One field: its tag, its lines (the first without the tag), and the line on which it begins, from 1."""

    tag: str
    lines: list[str]
    number: int

    @property
    def at(self) -> str:
        """Where it stands."""
        return at(self.number)


@dataclass(slots=True)
class Message:
    """The beginning of a message, and its type as the envelope tells it (940), or None without one."""

    number: int
    kind: str | None


@dataclass(slots=True)
class End:
    """The end of a message: marked, or told by the beginning of another one or by the end of all bytes."""

    number: int


Part = Message | Field | End


def at(number: int) -> str:
    """Write where something stands."""
    return f"line {number}"


def parts(pieces: Iterable[bytes]) -> Iterator[Part]:
    """Yield for each message its beginning, its fields and its end. Raises Unreadable."""
    reader = _Reader()
    for number, line, ended in _lines(pieces):
        yield from reader.take(number, line, ended=ended)
    yield from reader.close()


@dataclass(slots=True)
class _Reader:
    """Lines that stream by."""

    inside: bool = False
    enveloped: bool = False
    number: int = 0
    whole: bool = True
    field: Field | None = None
    seen: bool = False

    def take(self, number: int, line: str, *, ended: bool) -> Iterator[Part]:
        """Handle a line."""
        self.number, self.whole = number, ended
        if not self.inside:
            yield from self._outside(number, line)
        elif (end := _END.fullmatch(line)) is not None:
            yield from self._finish(End(number=number))
            yield from self._outside(number, (end[1] or "").removeprefix("}").removeprefix("XXX"))
        elif not self.enveloped and line.startswith(":20:"):
            yield from self._finish(End(number=number))
            yield from self._outside(number, line)
        else:
            yield from self._inside(number, line)

    def close(self) -> Iterator[Part]:
        """Handle the end of the bytes: an envelope must be closed, and without one half a line must not count."""
        if not self.seen:
            raise Unreadable("message.unknown", at(max(1, self.number)), "there is no MT message")
        if not self.inside:
            return
        unfinished = self.field is not None and self.field.tag in {"61", "86"} and not self.whole
        if self.enveloped or unfinished:
            raise Unreadable("message.truncated", at(self.number), "the last message does not end")
        yield from self._finish(End(number=self.number))

    def _outside(self, number: int, line: str) -> Iterator[Part]:
        """Look for the beginning of a message."""
        if line.startswith(":20:"):
            yield from self._begin(number, line, kind=None, enveloped=False)
            return
        blocks, text, inside = line.partition("{4:")
        if text:
            kind = _KIND.search(blocks)
            yield from self._begin(number, inside, kind=kind[1] if kind else None, enveloped=True)
        elif _BETWEEN.fullmatch(line) is None:
            raise Unreadable("message.unknown", at(number), "a line belongs to no MT message")

    def _begin(self, number: int, line: str, *, kind: str | None, enveloped: bool) -> Iterator[Part]:
        if kind not in {None, *READ}:
            told = (
                f"an MT{kind}; of SWIFT's messages about an account {' and '.join(f'MT{one}' for one in READ)} are read"
            )
            raise Unreadable("message.unsupported", at(number), told)
        self.inside, self.enveloped, self.seen = True, enveloped, True
        yield Message(number=number, kind=kind)
        if line.strip():
            yield from self._inside(number, line)

    def _inside(self, number: int, line: str) -> Iterator[Part]:
        """Handle a line of a message: a field begins, or goes on."""
        found = _TAG.fullmatch(line)
        text = self.field is not None and self.field.tag in _TEXTS
        if found is not None and (found[1] in _KNOWN or not text):
            if found[1] not in _KNOWN:
                raise Unreadable("field.unknown", at(number), "a field that neither MT940 nor MT942 has")
            yield from self._flush()
            self.field = Field(tag=found[1], lines=[found[2]], number=number)
        elif line.strip():
            self._continue(number, line)

    def _continue(self, number: int, line: str) -> None:
        if self.field is None:
            raise Unreadable("field.missing", at(number), "a line belongs to no field")
        if len(self.field.lines) >= LINES_MAX:
            raise Unreadable("field.length", at(number), f"a field has more than {LINES_MAX} lines")
        self.field.lines.append(line)

    def _finish(self, end: End) -> Iterator[Part]:
        yield from self._flush()
        self.inside = False
        yield end

    def _flush(self) -> Iterator[Part]:
        held, self.field = self.field, None
        if held is not None:
            yield held


def _lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, str, bool]]:
    """Yield each line with its number, and whether it was ended."""
    number, left = 0, b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        for line in whole:
            number += 1
            yield number, _text(number, line), True
        _refuse_long(number + 1, left)
    if left:
        yield number + 1, _text(number + 1, left), False


def _refuse_long(number: int, line: bytes) -> None:
    if len(line) > LINE_MAX:
        raise Unreadable("line.length", at(number), f"a line has more than {LINE_MAX} bytes")


def _text(number: int, line: bytes) -> str:
    """Return a line as text. All that is understood of it is ASCII, so that its code page need not be known."""
    _refuse_long(number, line)
    line = line.removesuffix(b"\r")
    padded = line.rstrip(b" ")
    line = (padded if padded.endswith(b"\x03") else line).strip(b"\x01\x03\x1a")
    text = (line.removeprefix(BOM_UTF8) if number == 1 else line).decode("latin-1")
    if _CONTROL.search(text):
        raise Unreadable("text.control", at(number), "a line holds a control character")
    return text
