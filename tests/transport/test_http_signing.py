"""The detached JWS over a submission, verified by `cryptography` alone: by hand, from RFC 7515 and RFC 7518."""

import base64
import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bank_adapters.profile import RequestSigning
from gateway.domain.errors import ConfigError
from gateway.ports.transport import Sent
from gateway.transport.http_signing import Signer
from tests.transport.test_http import BODY, LATER, WIRE, answering, open_bank, opened

P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
RSA, SHORT = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
ED25519 = ed25519.Ed25519PrivateKey.generate()
KEYS = {"ES256": P256, "PS256": RSA, "Ed25519": ED25519}


def pem(key: Any) -> bytes:
    private: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private


def rules(algorithm: str, **changes: str) -> RequestSigning:
    return RequestSigning.model_validate(
        {"private_key_secret": "alfa/signing", "key_id": "k-1", "algorithm": algorithm} | changes
    )


def decoded(text: str) -> bytes:
    assert "=" not in text
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify(algorithm: str, signature: bytes, signed: bytes) -> None:
    if algorithm == "ES256":
        assert len(signature) == 64  # RFC 7518, section 3.4: R and S, 32 octets each
        der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        P256.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))
    elif algorithm == "PS256":
        scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)  # section 3.5
        RSA.public_key().verify(signature, signed, scheme, hashes.SHA256())
    else:
        ED25519.public_key().verify(signature, signed)


@pytest.mark.parametrize("algorithm", KEYS)
def test_the_signature_is_over_exactly_the_body(algorithm: str) -> None:
    head, payload, signature = Signer(rules(algorithm), pem(KEYS[algorithm])).sign(BODY).split(".")
    assert payload == ""  # RFC 7515, appendix F
    assert json.loads(decoded(head)) == {"alg": algorithm, "kid": "k-1"}
    signed = f"{head}.".encode() + base64.urlsafe_b64encode(BODY).rstrip(b"=")
    verify(algorithm, decoded(signature), signed)
    with pytest.raises(InvalidSignature):
        verify(algorithm, decoded(signature), signed.replace(b"M", b"N", 1))


async def test_a_submission_carries_it_and_a_question_does_not() -> None:
    signer = Signer(rules("ES256", header="X-Bank-Signature"), pem(P256))
    async with open_bank(answering("201 Created")) as bank, opened(bank.url, signer=signer) as transport:
        assert (await transport.send(WIRE, [BODY], LATER)).sent is Sent.SENT
        await transport.inquire(WIRE, [1])
    submission, question = bank.requests
    head, body = submission.split(b"\r\n\r\n", 1)
    (line,) = [line for line in head.split(b"\r\n") if line.lower().startswith(b"x-bank-signature: ")]
    protected, _, signature = line.split(b": ")[1].decode().split(".")
    signed = f"{protected}.".encode() + base64.urlsafe_b64encode(body).rstrip(b"=")
    verify("ES256", decoded(signature), signed)
    assert b"signature" not in question.lower()


@pytest.mark.parametrize(
    ("algorithm", "secret"),
    [
        ("ES256", b"no PEM"),
        ("ES256", pem(P384)),
        ("ES256", pem(RSA)),
        ("PS256", pem(P256)),
        ("PS256", pem(SHORT)),
        ("Ed25519", pem(P256)),
        ("ES256", P256.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)),
    ],
    ids=["no PEM", "another curve", "RSA", "a curve", "too short", "not Edwards", "public"],
)
def test_a_key_that_does_not_go_with_the_algorithm_is_refused(algorithm: str, secret: bytes) -> None:
    with pytest.raises(ConfigError, match=f"^secret alfa/signing: the key for {algorithm} ") as raised:
        Signer(rules(algorithm), secret)
    assert "BEGIN" not in str(raised.value)
