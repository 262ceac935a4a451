"""CloudEvents 1.0 in Kafka's binary mode: attributes are headers `ce_*`, the value is the message itself.

A bank's message is believed to be that bank's only if the edge that took it in signed it: HMAC-SHA256 over topic,
source, id and digest, so that neither another bank's message, nor another topic's, nor other content can stand in its
place. All functions are pure; reading a referenced file is `gateway.bus.claims`.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.ports.bus import Record
from gateway.ports.envelope import BankEnvelope, EnvelopeRefused

SPEC_VERSION = "1.0"
BANK_MESSAGE = "gateway.bank-message.v1"
INLINE_LIMIT = 64 * 1024
"""Bytes of the largest message that travels in a record."""

_REQUIRED = ("ce_source", "ce_id", "ce_digest", "ce_channel")
_SOURCE = re.compile(r"/banks/([a-z0-9][a-z0-9-]{0,62})", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def open_bank_message(topic: str, record: Record, keys: Mapping[str, bytes]) -> BankEnvelope | EnvelopeRefused:
    """Check a record of the bank messages' topic; `keys` holds the edge's key of every known bank, by slug.

    Refusals, in the order in which they are looked for: envelope.type, envelope.attribute, envelope.unknown-bank,
    envelope.unsigned, envelope.signature, envelope.digest (also: of the id), envelope.reference.
    """
    headers = record.headers
    if (headers.get("ce_specversion"), headers.get("ce_type")) != (SPEC_VERSION, BANK_MESSAGE):
        return _refused("type", f"not an event of type {BANK_MESSAGE} in CloudEvents {SPEC_VERSION}")
    if missing := [name for name in _REQUIRED if not headers.get(name)]:
        return _refused("attribute", f"without {', '.join(missing)}")
    source = _SOURCE.fullmatch(headers["ce_source"])
    if source is None or source[1] not in keys:
        return _refused("unknown-bank", "its source is no bank of this gateway")
    return _wrong_signature(topic, headers, keys[source[1]]) or _wrong_content(record) or _opened(source[1], record)


def bank_message(
    topic: str, bank: str, message: bytes, *, channel: str, counter: int, at: datetime, key: bytes, reference: str = ""
) -> Record:
    """Write the record of a bank's message under the bank's edge key; with `reference` the bytes stay where it says."""
    digest = hashlib.sha256(message).hexdigest()
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_type": BANK_MESSAGE,
        "ce_source": source_of(bank),
        "ce_id": f"{digest}-{counter}",
        "ce_time": rfc3339(at),
        "ce_digest": digest,
        "ce_channel": channel,
    }
    if reference:
        headers["ce_dataref"] = reference
    headers["ce_signature"] = _signature(topic, headers, key)
    return Record(key=bank.encode(), value=b"" if reference else message, headers=headers)


def source_of(bank: str) -> str:
    """Return what a bank's messages name as their source."""
    return f"/banks/{bank}"


def _wrong_signature(topic: str, headers: Mapping[str, str], key: bytes) -> EnvelopeRefused | None:
    given = headers.get("ce_signature", "")
    if not given:
        return _refused("unsigned", "carries no signature")
    if not hmac.compare_digest(given.encode(), _signature(topic, headers, key).encode()):
        return _refused("signature", "the signature is not the bank edge's for this topic, source, id and digest")
    return None


def _wrong_content(record: Record) -> EnvelopeRefused | None:
    digest = record.headers["ce_digest"]
    if not _DIGEST.fullmatch(digest) or not record.headers["ce_id"].startswith(f"{digest}-"):
        return _refused("digest", "the digest is no lower-case SHA-256, or the id does not begin with it")
    if record.headers.get("ce_dataref"):
        return _refused("reference", "refers to a file and carries content as well") if record.value else None
    if hashlib.sha256(record.value).hexdigest() != digest:
        return _refused("digest", "the content is not what was signed")
    return None


def _opened(bank: str, record: Record) -> BankEnvelope:
    headers = record.headers
    return BankEnvelope(
        id=headers["ce_id"],
        bank=bank,
        channel=headers["ce_channel"],
        digest=headers["ce_digest"],
        message=record.value,
        reference=headers.get("ce_dataref", ""),
    )


def _signature(topic: str, headers: Mapping[str, str], key: bytes) -> str:
    signed = "\n".join([topic, headers["ce_source"], headers["ce_id"], headers["ce_digest"]])
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()


def rfc3339(moment: datetime) -> str:
    """Write a moment as CloudEvents do, in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _refused(rule: str, text: str) -> EnvelopeRefused:
    return EnvelopeRefused(code=f"envelope.{rule}", text=text)
