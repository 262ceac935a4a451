"""The closed vocabularies a bank profile is written in, and what each message family can do.

A capability is declared once, here; `registry` refuses a family whose adapter lacks a method that is declared.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Family(StrEnum):
    """The message family a bank speaks; one adapter each."""

    ISO20022 = "iso20022"
    REST = "rest"


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
    }
)
"""What each family supports."""
