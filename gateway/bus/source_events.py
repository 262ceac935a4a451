"""Events of benefits systems: CloudEvents 1.0 in Kafka's binary mode, signed with the source's own secret.

HMAC-SHA256 over topic, source, id, subject and digest: neither another source's event, nor another topic's, batch's or
content can stand in its place. All functions are pure.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime

from gateway.bus.envelope import SPEC_VERSION, rfc3339
from gateway.ports.bus import ORDERS, STOPS, Record
from gateway.ports.envelope import EnvelopeRefused, SourceEnvelope

ORDER, STOP = "gateway.order.v1", "gateway.stop.v1"
TYPES: Mapping[str, str] = {ORDERS: ORDER, STOPS: STOP}
"""What each topic carries."""

_REQUIRED = ("ce_source", "ce_id", "ce_digest")
_PREFIX = "/sources/"
_ID = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_SUBJECT = re.compile(r"[A-Za-z0-9._-]{0,64}", re.ASCII)


def open_source_event(topic: str, record: Record, secrets: Mapping[str, bytes]) -> SourceEnvelope | EnvelopeRefused:
    """Check a record of a topic of the sources; `secrets` holds the secret of every source that may write there.

    Refusals, in the order in which they are looked for: envelope.type, envelope.attribute, envelope.unknown-source,
    envelope.unsigned, envelope.signature, envelope.digest.
    """
    headers = record.headers
    if (headers.get("ce_specversion"), headers.get("ce_type")) != (SPEC_VERSION, TYPES[topic]):
        return _refused("type", f"not an event of type {TYPES[topic]} in CloudEvents {SPEC_VERSION}")
    subject = headers.get("ce_subject", "")
    if not all(map(headers.get, _REQUIRED)) or not _ID.fullmatch(headers["ce_id"]) or not _SUBJECT.fullmatch(subject):
        return _refused("attribute", f"{', '.join(_REQUIRED)} or ce_subject is missing or malformed")
    source = headers["ce_source"].removeprefix(_PREFIX)
    if not headers["ce_source"].startswith(_PREFIX) or source not in secrets:
        return _refused("unknown-source", "its source may not write here")
    return _wrong_signature(topic, headers, secrets[source]) or _opened(source, subject, record)


def source_event(
    topic: str,
    source: str,
    content: bytes,
    *,
    event_id: str,
    at: datetime,
    secret: bytes,
    subject: str = "",
    key: str = "",
) -> Record:
    """Write the record of an event under the source's secret; `subject` is the batch of an order."""
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_type": TYPES[topic],
        "ce_source": f"{_PREFIX}{source}",
        "ce_id": event_id,
        "ce_time": rfc3339(at),
        "ce_digest": hashlib.sha256(content).hexdigest(),
    }
    if subject:
        headers["ce_subject"] = subject
    headers["ce_signature"] = _signature(topic, headers, secret)
    return Record(key=(key or source).encode(), value=content, headers=headers)


def _wrong_signature(topic: str, headers: Mapping[str, str], secret: bytes) -> EnvelopeRefused | None:
    given = headers.get("ce_signature", "")
    if not given:
        return _refused("unsigned", "carries no signature")
    if not hmac.compare_digest(given.encode(), _signature(topic, headers, secret).encode()):
        return _refused("signature", "the signature is not the source's for this topic, id, subject and digest")
    return None


def _opened(source: str, subject: str, record: Record) -> SourceEnvelope | EnvelopeRefused:
    digest = hashlib.sha256(record.value)
    if digest.hexdigest() != record.headers["ce_digest"]:
        return _refused("digest", "the content is not what was signed")
    return SourceEnvelope(
        id=record.headers["ce_id"], source=source, subject=subject, digest=digest.digest(), content=record.value
    )


def _signature(topic: str, headers: Mapping[str, str], secret: bytes) -> str:
    signed = (topic, headers["ce_source"], headers["ce_id"], headers.get("ce_subject", ""), headers["ce_digest"])
    return hmac.new(secret, "\n".join(signed).encode(), hashlib.sha256).hexdigest()


def _refused(rule: str, text: str) -> EnvelopeRefused:
    return EnvelopeRefused(code=f"envelope.{rule}", text=text)
