"""The closed vocabularies a bank profile is written in, and what each message family can do.

A capability is declared once, here; `registry` refuses a family whose adapter lacks a method that is declared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gateway.domain.instrument import Instrument

__all__ = [
    "FLAT",
    "SIZES",
    "SUPPORT",
    "AccountType",
    "Booking",
    "Bytes",
    "Capability",
    "DuplicateCheck",
    "Family",
    "Instrument",
    "Level",
    "PointOfNoReturn",
    "Service",
    "Tier",
]


class Family(StrEnum):
    """The message family a bank speaks; one adapter each."""

    ISO20022 = "iso20022"
    REST = "rest"
    DELIMITED = "delimited"
    """Text with a separator, by the layout in the profile."""
    FIXED_WIDTH = "fixed-width"
    """Text in columns, by the layout in the profile."""
    MT = "mt"
    """SWIFT MT: MT101 out, MT940 and MT942 (or XML) in."""


FLAT = frozenset({Family.DELIMITED, Family.FIXED_WIDTH})
"""The families whose records a layout describes."""


class Tier(StrEnum):
    """How far a bank's profile is proved. Only *certified* banks may be paid through outside a sandbox."""

    DRAFT = "draft"
    SANDBOX = "sandbox"
    CERTIFIED = "certified"


class AccountType(StrEnum):
    """Ways to be paid that a bank offers (the tags of `gateway.domain.order.Account`)."""

    IBAN = "IBAN"
    DOMESTIC = "DOMESTIC"
    COUNTER = "COUNTER"


class Booking(StrEnum):
    """Whether the bank books each payment by itself or the sum of a submission."""

    SINGLE = "single"
    BATCH = "batch"


class DuplicateCheck(StrEnum):
    """By what the bank recognises something it already has."""

    MESSAGE_ID = "msgid"
    IDEMPOTENCY_KEY = "idempotency-key"
    NONE = "none"


class PointOfNoReturn(StrEnum):
    """The last moment before which a transport can still prove that nothing went out (DESIGN 5.3)."""

    RENAME = "rename"
    FIRST_BYTE = "first byte"


class Capability(StrEnum):
    """Something an adapter does; the value is the name of its method."""

    REFUSALS = "refusals"
    RENDER = "render"
    REREAD = "reread"
    READ = "read"
    SUBMIT_REQUEST = "submit_request"
    READ_SUBMIT = "read_submit"
    INQUIRY_REQUEST = "inquiry_request"
    READ_INQUIRY = "read_inquiry"


class Service(StrEnum):
    """What a bank offers beside taking payments. A profile names each that is absent, with the reason."""

    POSITIVE_STATUS = "positive status"
    """It says that it accepts, not only that it rejects."""
    PAYMENT_STATUS = "payment status"
    """It names single payments that it rejects."""
    NOTIFICATION = "notification"
    """It tells bookings during the day (camt.054 or its API's own)."""
    STATEMENT = "statement"
    """It sends camt.053; without, nothing of it can be proved."""
    DUPLICATE_CHECK = "duplicate check"
    """It recognises what it already has."""


class Level(StrEnum):
    """How far a capability is supported."""

    FULL = "full"
    IMPOSSIBLE = "impossible"
    """The family has no such message: a file is asked about through its folder, not through its language."""


_DOCUMENTS = dict.fromkeys((Capability.REFUSALS, Capability.RENDER, Capability.REREAD, Capability.READ), Level.FULL)
_REQUESTS = (
    Capability.SUBMIT_REQUEST,
    Capability.READ_SUBMIT,
    Capability.INQUIRY_REQUEST,
    Capability.READ_INQUIRY,
)

SUPPORT: Mapping[Family, Mapping[Capability, Level]] = MappingProxyType(
    {
        Family.ISO20022: MappingProxyType(_DOCUMENTS | dict.fromkeys(_REQUESTS, Level.IMPOSSIBLE)),
        Family.REST: MappingProxyType(_DOCUMENTS | dict.fromkeys(_REQUESTS, Level.FULL)),
        Family.DELIMITED: MappingProxyType(_DOCUMENTS | dict.fromkeys(_REQUESTS, Level.IMPOSSIBLE)),
        Family.FIXED_WIDTH: MappingProxyType(_DOCUMENTS | dict.fromkeys(_REQUESTS, Level.IMPOSSIBLE)),
        Family.MT: MappingProxyType(_DOCUMENTS | dict.fromkeys(_REQUESTS, Level.IMPOSSIBLE)),
    }
)
"""What each family supports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """At most how many bytes a submission takes: `frame` once, and `payment` for each payment."""

    frame: int
    payment: int

    def payments_in(self, limit: int) -> int:
        """Return how many payments fit for certain; one at least, whose true size is known only when it is written."""
        return max(1, (limit - self.frame) // self.payment)


SIZES: Mapping[Family, Bytes] = MappingProxyType(
    {
        Family.ISO20022: Bytes(frame=2_048, payment=768),  # every text at its longest: 1,655 with one payment, then 667
        Family.REST: Bytes(frame=0, payment=4_096),
        Family.DELIMITED: Bytes(frame=2_048, payment=2_048),  # lines of any layout; most are a tenth of it
        Family.FIXED_WIDTH: Bytes(frame=2_048, payment=2_048),
        Family.MT: Bytes(frame=512, payment=1_024),  # all lines full: 451, and 343 around each message
    }
)
"""What each family takes at most. What is sealed is measured; a layout or an envelope may make it larger."""
