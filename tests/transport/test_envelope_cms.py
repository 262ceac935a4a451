"""CMS against OpenSSL, and every shape of SignedData but the one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs7,
)
from cryptography.x509.oid import NameOID

from gateway.domain.errors import ConfigError, WrappingFailed
from gateway.transport.envelope_cms import CmsWrapping
from tests.transport.keys import NOW, cms, program, rsa, run

CONTENT = b"<Document>512.40</Document>\r\n\0\xff"
BINARY = pkcs7.PKCS7Options.Binary


@pytest.fixture
def openssl(tmp_path: Path) -> Callable[..., bytes]:
    """OpenSSL as the bank has it: its own key, our certificate; files by name in the folder."""
    binary = program("openssl")
    for name in ("bank", "gateway"):
        for suffix, content in zip(("key", "pem"), rsa(name), strict=True):
            (tmp_path / f"{name}.{suffix}").write_bytes(content)

    def cms_command(*arguments: str, content: bytes) -> bytes:
        (tmp_path / "in").write_bytes(content)
        named = [a.format(d=tmp_path) for a in arguments]
        run(binary, "cms", *named, "-binary", "-in", f"{tmp_path}/in", "-out", f"{tmp_path}/out")
        return (tmp_path / "out").read_bytes()

    return cms_command


def key_of(name: str) -> RSAPrivateKey:
    key = load_pem_private_key(rsa(name)[0], password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


def certificate(name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(rsa(name)[1])


def enveloped(content: bytes, to: str = "gateway") -> bytes:
    return pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(certificate(to)).encrypt(Encoding.DER, [BINARY])


def signed(*signers: str, options: list[Any] | None = None, digest: Any = None, pss: bool = False) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(CONTENT)
    how = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32) if pss else None
    for name in signers:
        builder = builder.add_signer(certificate(name), key_of(name), digest or hashes.SHA256(), rsa_padding=how)
    return builder.sign(Encoding.DER, [BINARY, *(options or [])])


def refused(content: bytes, at: datetime = NOW, wrapping: CmsWrapping | None = None) -> str:
    with pytest.raises(WrappingFailed) as error:
        (wrapping or cms("gateway", "bank")).unwrap(content, at)
    return error.value.rule


def test_openssl_opens_what_we_wrap_and_knows_our_signature(openssl: Callable[..., bytes]) -> None:
    wire = cms("gateway", "bank").wrap(CONTENT, NOW)
    inner = openssl("-decrypt", "-inform", "DER", "-recip", "{d}/bank.pem", "-inkey", "{d}/bank.key", content=wire)
    trusted = ("-CAfile", "{d}/gateway.pem", "-certfile", "{d}/gateway.pem", "-nointern", "-purpose", "any")
    assert openssl("-verify", "-inform", "DER", *trusted, content=inner) == CONTENT


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("certificates", [(), ("-nocerts",)])
def test_we_open_what_openssl_wraps(openssl: Callable[..., bytes], digest: str, certificates: tuple[str, ...]) -> None:
    signing = ("-sign", "-nodetach", "-outform", "DER", "-signer", "{d}/bank.pem", "-inkey", "{d}/bank.key")
    inner = openssl(*signing, "-md", digest, *certificates, content=CONTENT)
    wire = openssl("-encrypt", "-outform", "DER", "-aes256", "-recip", "{d}/gateway.pem", content=inner)
    assert cms("gateway", "bank").unwrap(wire, NOW) == CONTENT


@pytest.mark.parametrize(
    ("inner", "rule"),
    [
        (CONTENT, "envelope.signature"),
        (b"", "envelope.signature"),
        (signed("stranger"), "envelope.signature"),
        (signed("bank", digest=hashes.SHA224()), "envelope.signature"),
        (signed("bank", "stranger"), "envelope.form"),
        (signed("stranger", "bank"), "envelope.form"),
        (signed("bank", options=[pkcs7.PKCS7Options.NoAttributes]), "envelope.form"),
        (signed("bank", options=[pkcs7.PKCS7Options.DetachedSignature]), "envelope.form"),
        (signed("bank", pss=True), "envelope.form"),
        (signed("bank").replace(b"512.40", b"912.40"), "envelope.signature"),
        (signed("bank")[:-1] + bytes([signed("bank")[-1] ^ 1]), "envelope.signature"),
        (enveloped(signed("bank")), "envelope.signature"),
    ],
    ids=[
        *("not signed", "empty", "a stranger's", "SHA-224", "two signers", "two, ours first", "no signed attributes"),
        *("detached", "PSS", "other content", "broken signature", "encrypted twice"),
    ],
)
def test_every_other_shape_is_refused(inner: bytes, rule: str) -> None:
    assert refused(enveloped(inner)) == rule


def test_signed_attributes_passed_off_as_content_are_refused() -> None:
    """What a signature without attributes covers is the content; attributes that the bank signed are no content."""
    whole = signed("bank")
    assert cms("gateway", "bank").unwrap(enveloped(whole), NOW) == CONTENT
    digest_of_other = whole.replace(CONTENT, CONTENT[::-1])
    assert refused(enveloped(digest_of_other)) == "envelope.signature"


def test_what_is_signed_but_not_encrypted_is_refused() -> None:
    assert refused(signed("bank")) == "envelope.encrypted"


def test_what_is_not_der_is_refused() -> None:
    wire = enveloped(signed("bank"))
    pem = pkcs7.PKCS7EnvelopeBuilder().set_data(CONTENT).add_recipient(certificate("gateway"))
    assert refused(pem.encrypt(Encoding.PEM, [BINARY])) == "envelope.encrypted"
    assert refused(b"\x30\x80" + wire[4:] + b"\0\0") == "envelope.encrypted"


def test_certificates_are_used_in_their_time_only() -> None:
    wire = cms("bank", "gateway").wrap(CONTENT, NOW)
    first, last = certificate("bank").not_valid_before_utc, certificate("bank").not_valid_after_utc
    for at in (first - timedelta(seconds=1), last + timedelta(seconds=1)):
        assert refused(wire, at) == "envelope.key"
        with pytest.raises(WrappingFailed, match=r"envelope\.key"):
            cms("gateway", "bank").wrap(CONTENT, at)
    assert cms("gateway", "bank").unwrap(wire, last) == CONTENT


def _made(key: Any) -> tuple[bytes, bytes]:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    made = builder.not_valid_after(datetime(2100, 1, 1, tzinfo=UTC)).sign(key, hashes.SHA256())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), made.public_bytes(Encoding.PEM)


ELLIPTIC = _made(ec.generate_private_key(ec.SECP256R1()))


@pytest.mark.parametrize(
    ("bank", "own", "key"),
    [
        (b"junk", rsa("gateway")[1], rsa("gateway")[0]),
        (rsa("bank")[1], b"junk", rsa("gateway")[0]),
        (rsa("bank")[1], rsa("gateway")[1], b"junk"),
        (rsa("bank")[1], rsa("gateway")[1], rsa("stranger")[0]),
        (rsa("gateway")[1], rsa("gateway")[1], rsa("gateway")[0]),
        (ELLIPTIC[1], rsa("gateway")[1], rsa("gateway")[0]),
        (rsa("bank")[1], ELLIPTIC[1], ELLIPTIC[0]),
    ],
    ids=["no bank", "no own", "no key", "not its key", "one key for both", "the bank's is no RSA", "ours is no RSA"],
)
def test_keys_that_do_not_do_are_refused_at_the_start(bank: bytes, own: bytes, key: bytes) -> None:
    with pytest.raises(ConfigError) as error:
        CmsWrapping.of(bank_certificate=bank, own_certificate=own, own_key=key)
    assert "BEGIN" not in str(error.value)
