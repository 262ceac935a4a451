"""A bank with a JSON API: JSON about each payment, and of its accounts the camt messages that every bank writes.

Without statements nothing of such a bank could be proved: no rejection would be final and no balance would agree.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from bank_adapters.iso20022 import detect
from bank_adapters.profile import Profile
from bank_adapters.rest.json_api import JsonApiAdapter
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
"""What may stand before the first sign of an XML document: a byte order mark and white space."""


class ApiBankAdapter(JsonApiAdapter):
    """See `bank_adapters.spi.RequestAdapter`."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Read a message: XML begins with "<", as no JSON does."""
        parts, head = iter(pieces), b""
        while not head.lstrip(_BEFORE_XML) and (piece := next(parts, b"")):
            head += piece
        whole = chain((head,), parts)
        if head.lstrip(_BEFORE_XML).startswith(b"<"):
            return detect.read(whole, profile)
        return super().read(whole, profile)
