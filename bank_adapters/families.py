"""The adapter of each message family, as its banks have it: beside its own messages, statements like everybody's.

Of an account every bank writes camt messages, or MT940 where its profile says so, whatever else it speaks: without
statements nothing of it could be proved, no rejection would be final and no balance would agree. XML begins with "<",
and MT with a field or a block, as no other family's messages do.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType

from bank_adapters.capabilities import Family
from bank_adapters.flat.adapter import FlatAdapter
from bank_adapters.iso20022 import detect
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.mt import report
from bank_adapters.mt.adapter import HEADS, MtAdapter, by_our_references
from bank_adapters.profile import Profile
from bank_adapters.rest.json_api import JsonApiAdapter
from bank_adapters.spi import Adapter
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

Said = Iterator[Observation | Statement]

_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
"""What may stand before the first sign of an XML document: a byte order mark and white space."""


def xml_or(own: Callable[[Iterable[bytes], Profile], Said], pieces: Iterable[bytes], profile: Profile) -> Said:
    """Read XML as ISO 20022, MT where the bank writes it, and anything else by the family's own reader."""
    parts, head = iter(pieces), b""
    while len(head.lstrip(_BEFORE_XML)) < detect.HEAD and (piece := next(parts, b"")):
        head += piece
    whole = chain((head,), parts)
    if detect.is_ours(head):
        return detect.read(whole, profile)
    mt = profile.messages.statements == "MT" and head.lstrip(_BEFORE_XML).startswith(HEADS)
    return report.read(whole, profile) if mt else own(whole, profile)


class Iso20022BankAdapter(Iso20022Adapter):
    """XML, and MT940 and MT942 where the bank writes them; see `bank_adapters.spi.Adapter`."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Said:
        """Read a status report, a statement or a report of an account."""
        own = report.read if profile.messages.statements == "MT" else super().read
        return xml_or(own, pieces, profile)


class ApiBankAdapter(JsonApiAdapter):
    """JSON about each payment; see `bank_adapters.spi.RequestAdapter`."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Said:
        """Read a status, booking or return message, or a camt message."""
        return xml_or(super().read, pieces, profile)


class FlatBankAdapter(FlatAdapter):
    """Flat files and replies; see `bank_adapters.spi.Adapter`."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Said:
        """Read a reply file, or a camt message."""
        return xml_or(super().read, pieces, profile)


class MtBankAdapter(MtAdapter):
    """MT101, answered in MT or XML; see `bank_adapters.spi.Adapter`."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Said:
        """Read a statement or a report of an account, or XML, which may return references in MT's sixteen letters."""
        return by_our_references(xml_or(self._own, pieces, profile), profile)

    def _own(self, pieces: Iterable[bytes], profile: Profile) -> Said:
        if profile.messages.statements != "MT":
            raise Unreadable("message.unknown", "line 1", "the bank's profile names no MT messages of its own")
        return super().read(pieces, profile)


FAMILIES: Mapping[Family, type[Adapter]] = MappingProxyType(
    {
        Family.ISO20022: Iso20022BankAdapter,
        Family.REST: ApiBankAdapter,
        Family.DELIMITED: FlatBankAdapter,
        Family.FIXED_WIDTH: FlatBankAdapter,
        Family.MT: MtBankAdapter,
    }
)
"""The adapter of a bank that has no module of its own."""
