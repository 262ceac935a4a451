"""The adapter of each message family, as its banks have it: beside its own messages, statements like everybody's.

Of an account every bank writes camt messages, whatever else it speaks: without statements nothing of it could be
proved, no rejection would be final and no balance would agree. XML begins with "<", as no other family's messages do.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from bank_adapters.capabilities import Family
from bank_adapters.flat.adapter import DelimitedAdapter
from bank_adapters.iso20022 import detect
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile import Profile
from bank_adapters.rest.json_api import JsonApiAdapter
from bank_adapters.spi import Adapter
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

Said = Iterator[Observation | Statement]

_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
"""What may stand before the first sign of an XML document: a byte order mark and white space."""


def xml_or(own: Callable[[Iterable[bytes], Profile], Said], pieces: Iterable[bytes], profile: Profile) -> Said:
    """Read XML as ISO 20022, and anything else by the family's own reader."""
    parts, head = iter(pieces), b""
    while not head.lstrip(_BEFORE_XML) and (piece := next(parts, b"")):
        head += piece
    whole = chain((head,), parts)
    return detect.read(whole, profile) if head.lstrip(_BEFORE_XML).startswith(b"<") else own(whole, profile)


class ApiBankAdapter(JsonApiAdapter):
    """JSON about each payment; see `bank_adapters.spi.RequestAdapter`."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Said:
        """Read a status, booking or return message, or a camt message."""
        return xml_or(super().read, pieces, profile)


class DelimitedBankAdapter(DelimitedAdapter):
    """Delimited files and replies; see `bank_adapters.spi.Adapter`."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Said:
        """Read a reply file, or a camt message."""
        return xml_or(super().read, pieces, profile)


FAMILIES: Mapping[Family, type[Adapter]] = MappingProxyType(
    {Family.ISO20022: Iso20022Adapter, Family.REST: ApiBankAdapter, Family.DELIMITED: DelimitedBankAdapter}
)
"""The adapter of a bank that has no module of its own."""
