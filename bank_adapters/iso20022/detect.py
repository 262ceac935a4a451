"""Picks the reader of a bank's message by the local name of its root child; an unknown one is refused, not guessed.

The message may be in any encoding, in any or no namespace, behind an application header, inside any envelope, or inside
an element of one as text (CDATA or escaped). A zip holds messages, each of which is read so;
a gzip holds one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from types import MappingProxyType

from bank_adapters.iso20022 import archive, camt, camt029, pacs002, pacs004, pain002, wrapped
from bank_adapters.iso20022.encoding import begins_like_xml, decoded
from bank_adapters.iso20022.markup import Opening, letters, opening
from bank_adapters.iso20022.messages import alone
from bank_adapters.iso20022.phrases import understood
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

Said = Iterator[Observation | Statement]
Reader = Callable[[Iterable[str], Profile], Said]


def _of_bytes(message: str, read: Callable[[Iterable[bytes], Profile], Said]) -> Reader:
    def of_text(parts: Iterable[str], profile: Profile) -> Said:
        return read((part.encode() for part in alone(parts, message)), profile)

    return of_text


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        pain002.MESSAGE: _of_bytes(pain002.MESSAGE, pain002.read),
        pain002.EARLY: _of_bytes(pain002.EARLY, pain002.read),
        pacs002.MESSAGE: _of_bytes(pacs002.MESSAGE, pacs002.read),
        pacs004.MESSAGE: _of_bytes(pacs004.MESSAGE, pacs004.read),
        camt029.MESSAGE: _of_bytes(camt029.MESSAGE, camt029.read),
        **{message: camt.Reader(message) for message in camt.ACCOUNTS},
    }
)
"""Root child -> reader of text without its XML declaration."""

HEAD = 4
"""Bytes that show what a message is."""
_NAME_MAX = 40


def is_ours(head: bytes) -> bool:
    """Whether what a bank sent begins as XML or an archive of it does, and not as another family's messages do."""
    return begins_like_xml(head) or archive.begins_like_archive(head)


def read(pieces: Iterable[bytes], profile: Profile) -> Said:
    """Read any known message. Raises Unreadable for an unknown one; see `bank_adapters.spi.Adapter.read`."""
    whole, head = iter(pieces), b""
    while len(head) < HEAD and (piece := next(whole, None)) is not None:
        head += piece
    if archive.begins_like_archive(head):
        return understood(archive.read([head, *whole], partial(read_document, profile=profile)), profile)
    return understood(read_document(chain((head,), whole), profile), profile)


def read_document(pieces: Iterable[bytes], profile: Profile) -> Said:
    """Read one XML document."""
    parts = letters(decoded(pieces))
    first = next(parts, "")
    found = opening(first, READERS)
    if found.message is None and found.wraps:
        parts = letters(wrapped.inside(chain((first,), parts)))
        first = next(parts, "")
        found = opening(first, READERS)
    return READERS[_known(found)](chain((first,), parts), profile)


def _known(found: Opening) -> str:
    if found.message is None:
        known = ", ".join(READERS)
        raise Unreadable("message.unknown", f"/{found.first[:_NAME_MAX]}", f"the message is none of {known}")
    return found.message
