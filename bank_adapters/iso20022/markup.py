"""Cuts an XML document into tags and the texts behind them, fast enough for a hundred thousand entries.

expat judges every character of the document; a second reading only finds where tags begin and end, which is exact in a
well-formed document: "<" stands nowhere but there, and what may hide one (comments, instructions, CDATA) is looked for.
Ends of lines become line feeds as XML 1.0 2.11 asks.
Nothing read may take effect before the document has ended well. Refused: DTDs, and with them entities; a tag, comment
or value longer than a million letters. Error texts hold places and rules, never content.
"""

import re
import sys
from collections.abc import Container, Iterable, Iterator
from io import IncrementalNewlineDecoder
from typing import NamedTuple, NoReturn
from xml.parsers import expat

from gateway.domain.errors import Unreadable

SLICE = 64 * 1024
"""Letters looked at together: bounds what waits to be handled."""
TOKEN_MAX = 1_000_000
"""Longest tag, comment or value; what is not read may be longer than what is, but not without end."""
DEPTH_MAX = 256
"""Deepest nesting of elements; ISO 20022 has fifteen levels."""
COMMENT = "!"
"""The tag that stands for a comment or an instruction: it says nothing, but it splits a value."""

_HIDING = re.compile(r"<(?:!--|\?|!\[CDATA\[)")
_CDATA = "<![CDATA["
_ENDS = {"<!--": "-->", "<?": "?>", _CDATA: "]]>"}
_NO_CDATA = "</"
"""Ends the text before it for sure."""
_TAG_OR_BRACKET = re.compile(r"""<(?:[^<>"']|"[^"]*"|'[^']*')*+>|>""")
_REFERENCE = re.compile(r"&(?:#0*([0-9]{1,7})|#x0*([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}

Batch = tuple[list[str], list[str]]
"""Tags as they stand between their brackets ("Amt Ccy=...", "/Amt", "Amt/", "!"), and the text behind each."""


def checking() -> expat.XMLParserType:
    """Return an expat parser that refuses a DTD; its text encoding is ours."""
    parser = expat.ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse_dtd
    if hasattr(parser, "SetReparseDeferralEnabled"):
        parser.SetReparseDeferralEnabled(False)
    return parser


def _refuse_dtd(*_: object) -> NoReturn:
    raise Unreadable("xml.dtd", "/", "a document type definition is refused")


def feed(parser: expat.XMLParserType, text: str, *, last: bool = False) -> None:
    """Let expat judge a part of the document. Raises Unreadable."""
    if "\0" in text:  # XML has no such letter; at the beginning expat would take the text for UTF-16
        raise Unreadable("xml.malformed", f"line {parser.CurrentLineNumber}", "a letter that XML does not have")
    try:
        parser.Parse(text, last)
    except expat.ExpatError as error:
        path = f"line {error.lineno}, column {error.offset}"
        raise Unreadable("xml.malformed", path, f"not a well-formed document: expat {error.code}") from None


def batches(parts: Iterable[str]) -> Iterator[Batch]:
    """Yield the document's tags and texts, in order. Raises Unreadable, at the latest at its end."""
    parser, lines, waiting = checking(), IncrementalNewlineDecoder(None, translate=True), ""
    for part in letters(parts):
        feed(parser, part)
        waiting += lines.decode(part)
        whole, waiting = settled(waiting)
        if len(waiting) > TOKEN_MAX:
            raise Unreadable("xml.token", f"line {parser.CurrentLineNumber}", f"longer than {TOKEN_MAX:,} letters")
        if whole:
            yield _split(whole)
    feed(parser, "", last=True)
    waiting += lines.decode("", final=True)
    yield _split(settled(f"{waiting}{_NO_CDATA}")[0])


def letters(parts: Iterable[str]) -> Iterator[str]:
    """Cut and join parts to the size that is looked at together."""
    waiting: list[str] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= SLICE:
            text = "".join(waiting)
            whole = size - size % SLICE
            yield from (text[at : at + SLICE] for at in range(0, whole, SLICE))
            waiting, size = [text[whole:]], size - whole
    if size:
        yield "".join(waiting)


def unescaped(text: str) -> str:
    """Replace the references that need no DTD by what they stand for."""
    return _REFERENCE.sub(_referred, text) if "&" in text else text


def _referred(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _NAMED[name]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    if number > sys.maxunicode:
        raise Unreadable("xml.malformed", "/", "a letter that Unicode does not have")
    return chr(number)


def settled(text: str) -> tuple[str, str]:
    """Return what of a text can be told for sure, as tags and texts alone; and the rest, which begins with "<".

    Where the rest may be CDATA, the text before it goes on there: it belongs to the rest, with the tag before it.
    """
    at = text.rfind("<")
    if at <= 0:
        return "", text
    whole, rest = text[:at], text[at:]
    if "!" in whole or "?" in whole:
        whole, unended = _uncovered(whole)
        rest = unended + rest
    if rest.startswith(_CDATA) or _CDATA.startswith(rest):
        at = max(whole.rfind("<"), 0)
        whole, rest = whole[:at], whole[at:] + rest
    return whole, rest


def _uncovered(text: str) -> tuple[str, str]:
    """Replace comments and instructions by a tag, CDATA by plain text; return apart what does not end in the text."""
    plain: list[str] = []
    at = 0
    while found := _HIDING.search(text, at):
        plain.append(text[at : found.start()])
        end = text.find(_ENDS[found[0]], found.end())
        if end < 0:
            return "".join(plain), text[found.start() :]
        hidden = text[found.end() : end]
        plain.append(_escaped(hidden) if found[0] == _CDATA else f"<{COMMENT}>")
        at = end + len(_ENDS[found[0]])
    plain.append(text[at:])
    return "".join(plain), ""


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bracketed(found: re.Match[str]) -> str:
    """Write the ">" that closes nothing as a reference."""
    whole = found[0]
    return f"{whole[:-1].replace('>', '&gt;')}>" if len(whole) > 1 else "&gt;"


def _split(whole: str) -> Batch:
    pieces = whole.replace(">", "<").split("<")
    if len(pieces) != 1 + 2 * whole.count("<"):  # a ">" that closes no tag, which XML allows
        pieces = _TAG_OR_BRACKET.sub(_bracketed, whole).replace(">", "<").split("<")
    return pieces[1::2], pieces[2::2]


class Opening(NamedTuple):
    """What the beginning of a document shows: the message in it, its first element, or that it holds one as text."""

    message: str | None = None
    first: str = ""
    wraps: bool = False


def opening(head: str, messages: Container[str]) -> Opening:
    """Look for the first element that is one of these messages. Raises Unreadable where there is no XML."""
    parser, names, texts = checking(), list[str](), list[str]()

    def element(name: str, _: object) -> None:
        names.append(name.rpartition(":")[2])

    parser.StartElementHandler, parser.CharacterDataHandler = element, texts.append
    feed(parser, head)
    return Opening(
        message=next((name for name in names if name in messages), None),
        first=next((name for name in names if name != "Document"), ""),
        wraps=any(text.lstrip().startswith("<") for text in texts),
    )
