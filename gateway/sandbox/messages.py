"""The shape shared by everything a sandbox bank says, and the few pieces of XML that all its messages need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from typing import TypeVar

from gateway.sandbox import chance
from gateway.sandbox.parameters import BankParameters

_T = TypeVar("_T")
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message ready to be sent `delay_seconds` after the bank took what it answers. `name` is its message id."""

    name: str
    suffix: str
    content: bytes
    delay_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Message id and creation time, both made of what the message is about and never of the time of day.

    `sender` is the bank's name, where it writes one.
    """

    msg_id: str
    created: datetime
    sender: str | None = None


def header(bank: BankParameters, about: str, sort: str, ordinal: int, created: datetime, delay_seconds: int) -> Header:
    """Make the header of the message no. `ordinal` of its `sort` about a file digest or idempotency key."""
    mark = chance.reference(bank.seed, f"message {bank.slug} {sort}", f"{about} {ordinal}", 20)
    msg_id = f"{bank.slug.replace('-', '').upper()[:8]}{sort[0].upper()}{mark}"
    return Header(msg_id=msg_id, created=created + timedelta(seconds=delay_seconds), sender=bank.dress.name)


def chunks(items: Sequence[_T], size: int) -> Iterator[tuple[int, Sequence[_T]]]:
    """Cut into pieces of at most `size`, numbered from 1."""
    for ordinal, start in enumerate(range(0, len(items), size), start=1):
        yield ordinal, items[start : start + size]


def tag(name: str, text: str | None) -> str:
    """Write an element with text, or nothing for no text."""
    return f"<{name}>{escape(text, quote=False)}</{name}>" if text else ""


def decimal(minor: int) -> str:
    """Write hundredths as a decimal string with both decimals."""
    return f"{minor // 100}.{minor % 100:02d}"


def utc(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
