"""Hardened streaming XML, shared by the readers: lenient about form, strict about meaning.

Any encoding and byte order mark, any or no namespace, any envelope around the message. Refused: DTDs and entities,
comments and processing instructions inside a value, elements that may stand once but stand twice, nesting deeper than
256 and text longer than 10 MB (both libxml2's own limits). Error texts hold places and rules, never content.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial
from typing import cast

from lxml import etree

from gateway.domain.errors import Unreadable
from gateway.domain.money import EXPONENT

SLICE = 64 * 1024
"""Bytes fed at a time: bounds the parsed elements that wait to be handled."""
TEXT_MAX = 512
"""Longest value the readers take; ISO 20022 free text ends at 500."""

_AMOUNT = re.compile(r"0*([0-9]{1,15})(?:\.([0-9]{0,17}))?")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AMOUNT_TEXT_MAX = 40
_SCHEMA_ERRORS = range(1801, 1900)
"""libxml2's XML_SCHEMAV_* error numbers."""
_DATES = frozenset({"Dt", "DtTm"})
_PLACEHOLDERS = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "NONE", "N/A", "NULL"})
xml_parser = partial(
    etree.XMLPullParser,
    # resolve_entities stays at its default, "internal": with False and a schema lxml 6.1 takes a truncated document for
    # a whole one. What the default would expand needs a DTD, and a DTD is refused.
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=False,
    remove_pis=False,
)

Element = etree._Element  # noqa: SLF001 - the only name lxml gives its element type


class _LocalNames(dict[object, str]):
    """Remembers the local name of each tag; comments and the like have none."""

    def __missing__(self, tag: object) -> str:
        name = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        if len(self) < 10_000:  # noqa: PLR2004 - tags are few; a hostile message must not fill the memory
            self[tag] = name
        return name


LOCAL = _LocalNames()
"""Tag -> local name."""


def pull(pieces: Iterable[bytes], tags: Iterable[str], *, schema: etree.XMLSchema | None = None) -> Iterator[Element]:
    """Yield elements with these local names as they end, while the document is still being read.

    With a schema the document is validated in the same pass. Raises Unreadable when the document is malformed, fails
    its schema or holds a DTD; what was yielded before must then have no effect.
    """
    parser = xml_parser(("end",), tag=tuple(f"{{*}}{name}" for name in tags), schema=schema)
    checked = False
    try:
        for part in slices(pieces):
            parser.feed(part)
            for _, found in parser.read_events():
                element = cast("Element", found)
                checked = checked or _refuse_dtd(element)
                yield element
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise _unreadable(error) from None
    _refuse_dtd(root)


def slices(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut and join pieces to about the size a parser is fed with; its first part always shows the encoding."""
    waiting = b""
    for piece in pieces:
        data = waiting + piece
        whole = len(data) - len(data) % SLICE
        for start in range(0, whole, SLICE):
            yield data[start : start + SLICE]
        waiting = data[whole:]
    if waiting:
        yield waiting


def _refuse_dtd(element: Element) -> bool:
    if element.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("xml.dtd", "/", "a document type definition is refused")
    return True


def _unreadable(error: etree.XMLSyntaxError) -> Unreadable:
    """Translate without the library's text, which quotes the document; `from None` above for the same reason."""
    line, column = error.position
    code: int = getattr(error, "code", 0)
    rule = "xml.schema" if code in _SCHEMA_ERRORS else "xml.malformed"
    return Unreadable(rule, f"line {line}, column {column}", f"not a well-formed, valid document: libxml2 {code}")


def prune(element: Element) -> None:
    """Forget an element that was handled, and its handled siblings before it: memory stays flat."""
    element.clear()
    parent = element.getparent()
    previous = element.getprevious()
    while parent is not None and previous is not None and LOCAL[previous.tag] in {LOCAL[element.tag], ""}:
        parent.remove(previous)
        previous = element.getprevious()


def values(
    element: Element, wanted: frozenset[str], path: str, several: frozenset[str] = frozenset()
) -> dict[str, Element]:
    """Return the children with the wanted local names, each of which may stand at most once unless in `several`."""
    found: dict[str, Element] = {}
    for child in element:
        name = LOCAL[child.tag]
        if name in wanted:
            if name in found and name not in several:
                raise Unreadable("element.repeated", f"{path}/{name}", "an element that may stand once stands twice")
            found[name] = child
    return found


def child(element: Element | None, name: str, path: str) -> Element | None:
    """Return the only child with a local name, or None. Raises Unreadable when there are several."""
    found: Element | None = None
    for one in element if element is not None else ():
        if LOCAL[one.tag] == name:
            if found is not None:
                raise Unreadable("element.repeated", f"{path}/{name}", "an element that may stand once stands twice")
            found = one
    return found


def descend(element: Element | None, names: str, path: str) -> Element | None:
    """Follow a path of local names ("Rsn/Cd"), each of which may stand at most once."""
    for name in names.split("/"):
        path = f"{path}/{name}"
        element = child(element, name, path)
    return element


def children(element: Element, name: str) -> list[Element]:
    """Return all children with a local name."""
    return [one for one in element if LOCAL[one.tag] == name]


def text(element: Element | None, path: str) -> str | None:
    """Return the stripped text of a value, or None if there is none. Raises Unreadable when anything splits it."""
    if element is None:
        return None
    if len(element):
        raise Unreadable("value.split", path, "a comment, instruction or element stands inside a value")
    value = (element.text or "").strip()
    if len(value) > TEXT_MAX:
        raise Unreadable("value.length", path, f"a value is longer than {TEXT_MAX} letters")
    return value or None


def reference(element: Element | None, path: str) -> str | None:
    """Return an identifier, or None where the bank put a placeholder such as NOTPROVIDED."""
    value = text(element, path)
    return None if value is None or value.upper() in _PLACEHOLDERS else value


def unique_reference(element: Element | None, path: str) -> str | None:
    """Return a UETR in lower case, or None where it has not the form of one: then it names nothing."""
    value = (text(element, path) or "").lower()
    return value if _UUID.fullmatch(value) else None


def minor_units(value: str, currency: str | None, path: str) -> int:
    """Read an amount exactly into minor units; zero is allowed, excess decimals only if they are zeros.

    Leading zeros and missing decimals occur in banks' files. Anything else is refused: signs, exponents, words.
    """
    exponent = EXPONENT.get(currency or "")
    if exponent is None:
        raise Unreadable("money.currency", path, "an amount without a currency that the gateway knows")
    match = _AMOUNT.fullmatch(value) if len(value) <= _AMOUNT_TEXT_MAX else None
    if match is None:
        raise Unreadable("money.format", path, "an amount is not a plain decimal number")
    fraction = (match[2] or "").ljust(exponent, "0")
    if fraction[exponent:].strip("0"):
        raise Unreadable("money.decimals", path, f"{currency} has {exponent} decimals")
    return int(match[1] + fraction[:exponent])


def money(element: Element | None, path: str) -> tuple[int, str] | None:
    """Read an amount element with its Ccy attribute, or None if there is no element."""
    if element is None:
        return None
    currency = element.get("Ccy")
    value = text(element, path)
    return minor_units(value or "", currency, path), currency or ""


def calendar_date(element: Element | None, path: str) -> date | None:
    """Read the day of a choice of Dt and DtTm; the time and zone a bank adds do not move its booking day."""
    if element is None:
        return None
    found = values(element, _DATES, path)
    value = text(found.get("Dt", found.get("DtTm")), path)
    try:
        return None if value is None else date.fromisoformat(value[:10])
    except ValueError:
        raise Unreadable("date.format", path, "not a calendar date") from None
