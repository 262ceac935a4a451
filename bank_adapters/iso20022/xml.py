"""Hardened streaming XML, shared by the readers: lenient about form, strict about meaning.

Any encoding and byte order mark, any or no namespace, any envelope around the message. Refused: DTDs and entities,
comments and processing instructions inside a value, elements that may stand once but stand twice, nesting deeper than
256 and text longer than 10 MB (both libxml2's own limits). Error texts hold places and rules, never content.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import Literal, cast

from lxml import etree

from gateway.domain.errors import Unreadable
from gateway.domain.money import EXPONENT

SLICE = 64 * 1024
"""Bytes fed at a time: bounds the parsed elements that wait to be handled."""
TEXT_MAX = 512
"""Longest value the readers take; ISO 20022 free text ends at 500."""

_LOOK_EVERY = 8
"""Slices after which it is looked how much of a document is kept."""
_KEPT_MAX, _ELEMENT = 4_000_000, 32
"""Most letters that may be kept of a document, and how many an element counts for beside its texts."""
_AMOUNT = re.compile(r"0*([0-9]{1,15})(?:\.([0-9]{0,17}))?")
_IN_CENTS = re.compile(r"[0-9]{1,15}\.[0-9]{2}(?: [0-9]{1,15}\.[0-9]{2})*+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_AMOUNT_TEXT_MAX = 40
_CENTS, _PLAIN_MIN, _PLAIN_MAX = 2, 4, 18
"""Decimals of most currencies, and the length of one digit and of fifteen with them."""
_SCHEMA_ERRORS = range(1801, 1900)
"""libxml2's XML_SCHEMAV_* error numbers."""
_TAGS_MAX, _TAG_MAX = 10_000, 256
_DATES = frozenset({"Dt", "DtTm"})
_BEHIND_DAY = "TZ+- "
"""What may follow a day: a time, a zone, or nothing."""
_PLACEHOLDERS = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "NONE", "N/A", "NULL"})
PLACEHOLDER_MAX = max(map(len, _PLACEHOLDERS))
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
        if not isinstance(tag, str) or len(tag) <= _TAG_MAX:  # tags are few and short; a hostile message's are not kept
            if len(self) >= _TAGS_MAX:
                self.clear()
            self[tag] = name
        return name


LOCAL = _LocalNames()
"""Tag -> local name."""


def pull(
    pieces: Iterable[bytes],
    tags: Iterable[str],
    *,
    schema: etree.XMLSchema | None = None,
    when: Literal["start", "end"] = "end",
) -> Iterator[Element]:
    """Yield elements with these local names as they end, or as they start, while the document is still being read.

    With a schema the document is validated in the same pass. Raises Unreadable when the document is malformed, fails
    its schema or holds a DTD; what was yielded before must then have no effect.
    """
    parser = xml_parser((when,), tag=tuple(f"{{*}}{name}" for name in tags), schema=schema)
    top: Element | None = None
    try:
        for number, part in enumerate(slices(pieces)):
            if number % _LOOK_EVERY == 0:  # what was yielded of the slices before is handled by now
                _bound(top, number * SLICE)
            parser.feed(part)
            for _, found in parser.read_events():
                element = cast("Element", found)
                top = _top(element) if top is None else top
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


def _top(element: Element) -> Element:
    """Return the root of a document that has no DTD."""
    _refuse_dtd(element)
    return element.getroottree().getroot()


def _bound(top: Element | None, fed: int) -> None:
    """Refuse a document of which too much is kept: of so many letters none was handled, or few were."""
    kept = fed if top is None else 0
    for one in top.iter() if top is not None else ():
        kept += _ELEMENT + len(one.text or "") + len(one.tail or "") + sum(map(len, one.values()))
        kept += sum(len(prefix or "") + len(uri) for prefix, uri in one.nsmap.items())
        if kept > _KEPT_MAX:
            break
    if kept > _KEPT_MAX:
        raise Unreadable("element.size", "/", f"more than {_KEPT_MAX:,} letters would have to be kept")


def _refuse_dtd(element: Element) -> None:
    if element.getroottree().docinfo.internalDTD is not None:
        raise Unreadable("xml.dtd", "/", "a document type definition is refused")


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
    return known_reference(text(element, path) or "")


def known_reference(value: str) -> str | None:
    """Return an identifier, or None for a placeholder or nothing."""
    return value if len(value) > PLACEHOLDER_MAX or value.upper() not in _PLACEHOLDERS else None


def unique_reference(element: Element | None, path: str) -> str | None:
    """Return a UETR in lower case, or None where it has not the form of one: then it names nothing."""
    return uetr_of(text(element, path) or "")


def uetr_of(value: str) -> str | None:
    """Return a UETR in lower case, or None for what has not the form of one."""
    value = value.lower()
    return value if _UUID.fullmatch(value) else None


def minor_units(value: str, currency: str | None, path: str) -> int:
    """Read an amount exactly into minor units; zero is allowed, excess decimals only if they are zeros.

    Leading zeros and missing decimals occur in banks' files. Anything else is refused: signs, exponents, words.
    """
    exponent = EXPONENT.get(currency or "")
    if exponent is None:
        raise Unreadable("money.currency", path, "an amount without a currency that the gateway knows")
    if _PLAIN_MIN <= len(value) <= _PLAIN_MAX and exponent == _CENTS and value[-3:-2] == "." and value.isascii():
        digits = value[:-3] + value[-2:]
        if digits.isdigit():  # as nearly all amounts are written
            return int(digits)
    match = _AMOUNT.fullmatch(value) if len(value) <= _AMOUNT_TEXT_MAX else None
    if match is None:
        raise Unreadable("money.format", path, "an amount is not a plain decimal number")
    fraction = (match[2] or "").ljust(exponent, "0")
    if fraction[exponent:].strip("0"):
        raise Unreadable("money.decimals", path, f"{currency} has {exponent} decimals")
    return int(match[1] + fraction[:exponent])


def in_cents(values: Sequence[str], currency: str) -> list[int] | None:
    """Read amounts with two decimals, as nearly all have, into minor units; None where one is written otherwise."""
    together = " ".join(values)
    if EXPONENT.get(currency) != _CENTS or _IN_CENTS.fullmatch(together) is None:
        return None
    found = list(map(int, together.replace(".", "").split(" ")))
    return found if len(found) == len(values) else None  # else one of them holds a blank


def money(element: Element | None, path: str) -> tuple[int, str] | None:
    """Read an amount element with its Ccy attribute, or None if there is no element."""
    if element is None:
        return None
    currency = element.get("Ccy")
    value = text(element, path)
    return minor_units(value or "", currency, path), currency or ""


def day_in(value: str) -> date:
    """Return the day with which a date or a time begins. Raises ValueError for anything else."""
    if value[_DAY : _DAY + 1] not in _BEHIND_DAY:
        raise ValueError
    return _day(value[:_DAY])


_DAY = len("2026-09-21")
_day = lru_cache(maxsize=1_000)(date.fromisoformat)
"""A message tells the same few days again and again."""


def calendar_date(element: Element | None, path: str) -> date | None:
    """Read the day of a choice of Dt and DtTm; the time and zone a bank adds do not move its booking day."""
    if element is None:
        return None
    found = values(element, _DATES, path)
    value = text(found.get("Dt", found.get("DtTm")), path)
    try:
        return None if value is None else day_in(value)
    except ValueError:
        raise Unreadable("date.format", path, "not a calendar date") from None
