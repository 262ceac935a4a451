"""Who may speak for a source over Kafka, about what, and that nothing else can stand in its place."""

import dataclasses
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from gateway.bus.source_events import open_source_event, source_event
from gateway.ports.bus import ORDERS, STOPS, Record
from gateway.ports.envelope import EnvelopeRefused, SourceEnvelope

SECRETS = {"SSI": b"one", "SOUTH": b"two"}
AT = datetime(2026, 9, 21, 8, tzinfo=UTC)


def written(topic: str = ORDERS, source: str = "SSI", subject: str = "B-1", content: bytes = b"{}") -> Record:
    secret = SECRETS[source]
    return source_event(topic, source, content, event_id="e-1", at=AT, secret=secret, subject=subject)


def code(record: Record, topic: str = ORDERS) -> str:
    opened = open_source_event(topic, record, SECRETS)
    assert isinstance(opened, EnvelopeRefused)
    return opened.code


def changed(record: Record, **headers: str | None) -> Record:
    merged = {**record.headers, **headers}
    return dataclasses.replace(record, headers={k: v for k, v in merged.items() if v is not None})


def test_an_event_opens_to_what_was_signed() -> None:
    assert open_source_event(ORDERS, written(), SECRETS) == SourceEnvelope(
        id="e-1", source="SSI", subject="B-1", digest=sha256(b"{}").digest(), content=b"{}"
    )


@pytest.mark.parametrize(
    ("headers", "rule"),
    [
        ({"ce_source": "/sources/SOUTH"}, "signature"),
        ({"ce_subject": "B-2"}, "signature"),
        ({"ce_subject": None}, "signature"),
        ({"ce_id": "e-2"}, "signature"),
        ({"ce_digest": "0" * 64}, "signature"),
        ({"ce_signature": "é"}, "signature"),
        ({"ce_signature": None}, "unsigned"),
        ({"ce_source": "/sources/NOBODY"}, "unknown-source"),
        ({"ce_source": "SSI"}, "unknown-source"),
        ({"ce_id": "a\nb"}, "attribute"),
        ({"ce_subject": "B\n1"}, "attribute"),
        ({"ce_digest": None}, "attribute"),
        ({"ce_type": "gateway.stop.v1"}, "type"),
        ({"ce_specversion": "0.3"}, "type"),
    ],
)
def test_nothing_of_a_signed_event_can_be_changed(headers: dict[str, str | None], rule: str) -> None:
    assert code(changed(written(), **headers)) == f"envelope.{rule}"


def test_other_content_is_not_what_was_signed() -> None:
    assert code(dataclasses.replace(written(), value=b"[]")) == "envelope.digest"


def test_an_event_of_one_topic_says_nothing_on_another() -> None:
    order = written()
    assert code(changed(order, ce_type="gateway.stop.v1"), STOPS) == "envelope.signature"
