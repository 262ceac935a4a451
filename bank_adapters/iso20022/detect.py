"""Picks the reader of a bank's message by the local name of its root child; an unknown one is refused, not guessed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import cast

from lxml import etree

from bank_adapters.iso20022 import camt, pain002
from bank_adapters.iso20022.xml import LOCAL, Element, slices, xml_parser
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

Reader = Callable[[Iterable[bytes], Profile], Iterator[Observation | Statement]]

READERS: Mapping[str, Reader] = MappingProxyType(
    {pain002.MESSAGE: pain002.read, **{message: camt.Reader(message) for message in camt.ACCOUNTS}}
)
"""Root child -> reader."""

_ENVELOPES_MAX = 8
_NAME_MAX = 40


def read(pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
    """Read any known message. Raises Unreadable for an unknown one; see `bank_adapters.spi.Adapter.read`."""
    parts = iter(slices(pieces))
    first = next(parts, b"")
    return READERS[message_name(first)](chain((first,), parts), profile)


def message_name(first: bytes) -> str:
    """Return which known message begins in the first 64 KiB. Raises Unreadable when none does."""
    parser = xml_parser(("start",))
    seen = ""
    try:
        parser.feed(first)
        for count, (_, found) in enumerate(parser.read_events()):
            name = LOCAL[cast("Element", found).tag]
            if name in READERS:
                return name
            seen = seen or (name if name not in {"Document", ""} and count < _ENVELOPES_MAX else "")
    except etree.XMLSyntaxError:
        raise Unreadable("xml.malformed", "/", "not an XML document") from None
    known = ", ".join(READERS)
    raise Unreadable("message.unknown", f"/{seen[:_NAME_MAX]}", f"the message is none of {known}")
