"""Only what a bank's own edge signed, for this topic and this content, speaks for that bank."""

import dataclasses
import hashlib
import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bus.envelope import bank_message, open_bank_message
from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.ports.envelope import BankEnvelope, EnvelopeRefused

KEYS = {"alfa": b"key of alfa's edge", "beta": b"key of beta's edge"}
AT = datetime(2026, 9, 21, 8, 30, tzinfo=UTC)
DIGEST_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


def sealed(message: bytes = b"abc", *, reference: str = "", topic: str = BANK_MESSAGES) -> Record:
    return bank_message(
        topic, "alfa", message, channel="bank-edge", counter=1, at=AT, key=KEYS["alfa"], reference=reference
    )


def changed(record: Record, **headers: str | None) -> Record:
    merged = {**record.headers, **headers}
    return dataclasses.replace(record, headers={name: text for name, text in merged.items() if text is not None})


def code_of(record: Record, *, topic: str = BANK_MESSAGES) -> str:
    answer = open_bank_message(topic, record, KEYS)
    assert isinstance(answer, EnvelopeRefused)
    return answer.code


def test_an_honest_envelope_opens() -> None:
    assert open_bank_message(BANK_MESSAGES, sealed(), KEYS) == BankEnvelope(
        id=f"{DIGEST_OF_ABC}-1",
        bank="alfa",
        channel="bank-edge",
        digest=DIGEST_OF_ABC,
        message=b"abc",
        reference="",
    )


def test_the_headers_are_those_of_the_interface() -> None:
    record = sealed()
    assert record.key == b"alfa"
    assert record.value == b"abc"
    signature = record.headers["ce_signature"]
    assert dict(record.headers) == {
        "ce_specversion": "1.0",
        "ce_type": "gateway.bank-message.v1",
        "ce_source": "/banks/alfa",
        "ce_id": f"{DIGEST_OF_ABC}-1",
        "ce_time": "2026-09-21T08:30:00.000Z",
        "ce_digest": DIGEST_OF_ABC,
        "ce_channel": "bank-edge",
        "ce_signature": signature,
    }


def test_the_signature_is_what_openssl_computes() -> None:
    signed = f"gateway.bank-messages.v1\n/banks/alfa\n{DIGEST_OF_ABC}-1\n{DIGEST_OF_ABC}"
    told = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", "key of alfa's edge"],
        input=signed.encode(),
        capture_output=True,
        check=True,
    )
    assert told.stdout.decode().split()[-1] == sealed().headers["ce_signature"]


def test_a_referenced_message_travels_without_content() -> None:
    opened = open_bank_message(BANK_MESSAGES, sealed(reference="large.xml"), KEYS)
    assert isinstance(opened, BankEnvelope)
    assert (opened.message, opened.reference, opened.digest) == (b"", "large.xml", DIGEST_OF_ABC)


@pytest.mark.parametrize("attribute", ["ce_source", "ce_id", "ce_digest", "ce_channel"])
def test_every_attribute_is_required(attribute: str) -> None:
    assert code_of(changed(sealed(), **{attribute: None})) == "envelope.attribute"
    assert code_of(changed(sealed(), **{attribute: ""})) == "envelope.attribute"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"ce_specversion": "0.3"}, "envelope.type"),
        ({"ce_type": "gateway.outcome.v1"}, "envelope.type"),
        ({"ce_type": None}, "envelope.type"),
        ({"ce_source": "/banks/gamma"}, "envelope.unknown-bank"),
        ({"ce_source": "/banks/alfa/"}, "envelope.unknown-bank"),
        ({"ce_source": "/banks/../alfa"}, "envelope.unknown-bank"),
        ({"ce_signature": None}, "envelope.unsigned"),
        ({"ce_signature": "00" * 32}, "envelope.signature"),
        ({"ce_signature": "\N{LATIN SMALL LETTER E WITH ACUTE}"}, "envelope.signature"),
        ({"ce_source": "/banks/beta"}, "envelope.signature"),
        ({"ce_id": f"{DIGEST_OF_ABC}-2"}, "envelope.signature"),
        ({"ce_digest": hashlib.sha256(b"other").hexdigest()}, "envelope.signature"),
    ],
)
def test_a_changed_attribute_is_refused(headers: dict[str, str | None], code: str) -> None:
    assert code_of(changed(sealed(), **headers)) == code


def test_a_message_for_another_topic_is_refused() -> None:
    assert code_of(sealed(topic="gateway.bank-messages.v2")) == "envelope.signature"


@given(st.binary(max_size=40).filter(lambda other: other != b"abc"))
def test_other_content_under_a_good_signature_is_refused(other: bytes) -> None:
    assert code_of(dataclasses.replace(sealed(), value=other)) == "envelope.digest"


def test_content_beside_a_reference_is_refused() -> None:
    assert code_of(dataclasses.replace(sealed(reference="large.xml"), value=b"abc")) == "envelope.reference"


def test_a_reference_cannot_be_dropped_or_added() -> None:
    assert code_of(changed(sealed(reference="large.xml"), ce_dataref=None)) == "envelope.digest"
    assert code_of(changed(sealed(), ce_dataref="large.xml")) == "envelope.reference"


def test_a_signed_digest_must_be_one_and_begin_the_id() -> None:
    upper = bank_message_with_id(DIGEST_OF_ABC.upper(), f"{DIGEST_OF_ABC.upper()}-1")
    assert code_of(upper) == "envelope.digest"
    assert code_of(bank_message_with_id(DIGEST_OF_ABC, "7")) == "envelope.digest"


def bank_message_with_id(digest: str, event: str) -> Record:
    """Sign other values of id and digest with the independent tool."""
    told = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", "key of alfa's edge"],
        input=f"gateway.bank-messages.v1\n/banks/alfa\n{event}\n{digest}".encode(),
        capture_output=True,
        check=True,
    )
    return changed(sealed(), ce_digest=digest, ce_id=event, ce_signature=told.stdout.decode().split()[-1])


@given(st.dictionaries(st.sampled_from([*sealed().headers, "ce_dataref"]), st.text(max_size=20)), st.binary(max_size=9))
def test_no_header_makes_it_raise(headers: dict[str, str], value: bytes) -> None:
    answer = open_bank_message(BANK_MESSAGES, dataclasses.replace(changed(sealed(), **headers), value=value), KEYS)
    assert isinstance(answer, BankEnvelope | EnvelopeRefused)
