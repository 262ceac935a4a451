"""CMS envelopes (RFC 5652) in DER: SignedData within EnvelopedData, RSA keys, AES-256 in CBC mode, SHA-256.

cryptography signs, encrypts and decrypts; it does not verify SignedData. That is done here, of one shape only: one
signer, whose certificate is the one the profile pins (no chain is built and no certificate of the file is believed),
with signed attributes, RSA with PKCS #1 v1.5 padding and SHA-2. The bytes are parsed by cryptography's strict DER
reader into the declarations below; whatever they do not foresee is refused.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

from gateway.domain.errors import ConfigError, WrappingFailed
from gateway.ports.wrapping import PLAIN_BYTES_MAX
from gateway.transport.envelope_guard import OVERHEAD, guarded

T = TypeVar("T")

_RSA_BITS_MIN = 2048
_SIGNING = (pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities)
_ENVELOPED, _SIGNED, _DATA = "1.2.840.113549.1.7.3", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_RSA = "1.2.840.113549.1.1.1"
_DIGESTS: Final = {
    "2.16.840.1.101.3.4.2.1": (hashes.SHA256(), "1.2.840.113549.1.1.11"),
    "2.16.840.1.101.3.4.2.2": (hashes.SHA384(), "1.2.840.113549.1.1.12"),
    "2.16.840.1.101.3.4.2.3": (hashes.SHA512(), "1.2.840.113549.1.1.13"),
}
"""Digest algorithm -> itself, and the name of RSA with it (RFC 5754)."""


@asn1.sequence
class _Algorithm:
    name: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Attribute:
    kind: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _SignerInfo:
    version: int
    signer: asn1.TLV
    digest_algorithm: _Algorithm
    attributes: Annotated[asn1.SetOf[_Attribute], asn1.Implicit(0)]
    signature_algorithm: _Algorithm
    signature: bytes
    unsigned: Annotated[asn1.SetOf[_Attribute] | None, asn1.Implicit(1)]


@asn1.sequence
class _Content:
    kind: x509.ObjectIdentifier
    octets: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class _SignedData:
    version: int
    digest_algorithms: asn1.SetOf[_Algorithm]
    content: _Content
    certificates: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(0)]
    revocations: Annotated[asn1.SetOf[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[_SignerInfo]


@asn1.sequence
class _Signed:
    kind: x509.ObjectIdentifier
    content: Annotated[_SignedData, asn1.Explicit(0)]


@asn1.sequence
class _Any:
    kind: x509.ObjectIdentifier
    content: asn1.TLV


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of both sides, read."""

    bank: x509.Certificate
    bank_key: RSAPublicKey
    own: x509.Certificate
    own_key: RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsWrapping:
    """The envelope of one bank: its certificate, and ours with our private key, all PEM."""

    bank_certificate: bytes = field(repr=False)
    own_certificate: bytes = field(repr=False)
    own_key: bytes = field(repr=False)
    recipient: str
    limit: int = PLAIN_BYTES_MAX

    @classmethod
    def of(cls, *, bank_certificate: bytes, own_certificate: bytes, own_key: bytes) -> "CmsWrapping":
        """Take the keys. Raises ConfigError for what is none, not RSA of 2048 bits or more, or does not match."""
        bank = _read(bank_certificate, own_certificate, own_key).bank
        return cls(
            bank_certificate=bank_certificate,
            own_certificate=own_certificate,
            own_key=own_key,
            recipient=f"cms {bank.fingerprint(hashes.SHA256()).hex()}",
        )

    def wrap(self, content: bytes, at: datetime) -> bytes:
        """See the port."""
        if len(content) > self.limit:
            raise WrappingFailed("envelope.size", f"the content is larger than {self.limit} bytes")
        keys = self._keys(at)
        signing = pkcs7.PKCS7SignatureBuilder().set_data(content)
        signed = signing.add_signer(keys.own, keys.own_key, hashes.SHA256()).sign(Encoding.DER, _SIGNING)
        sealing = pkcs7.PKCS7EnvelopeBuilder().set_data(signed).set_content_encryption_algorithm(AES256)
        sealing = sealing.add_recipient(keys.bank).add_recipient(keys.own)
        return sealing.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])

    def unwrap(self, content: bytes, at: datetime) -> bytes:
        """See the port."""
        if len(content) > self.limit + OVERHEAD:
            raise WrappingFailed("envelope.size", "the file is too large")
        keys = self._keys(at)
        with guarded():
            return _verified(_decrypted(content, keys), keys.bank_key)

    def _keys(self, at: datetime) -> _Keys:
        keys = _read(self.bank_certificate, self.own_certificate, self.own_key, known=True)
        for whose, certificate in (("the bank's", keys.bank), ("our", keys.own)):
            if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
                raise WrappingFailed("envelope.key", f"{whose} certificate is not valid at this time")
        return keys


def _read(bank_certificate: bytes, own_certificate: bytes, own_key: bytes, *, known: bool = False) -> _Keys:
    """Read the keys. Raises ConfigError. A key that is `known` is not proved to be one again: that takes 60 ms."""
    try:
        bank = x509.load_pem_x509_certificate(bank_certificate)
        own = x509.load_pem_x509_certificate(own_certificate)
        key = load_pem_private_key(own_key, password=None, unsafe_skip_rsa_key_validation=known)
    except (ValueError, TypeError) as error:
        raise ConfigError("envelope: a certificate or private key is no PEM without a passphrase") from error
    bank_key, public = bank.public_key(), own.public_key()
    if not (isinstance(bank_key, RSAPublicKey) and isinstance(public, RSAPublicKey) and isinstance(key, RSAPrivateKey)):
        raise ConfigError("envelope: CMS needs RSA keys on both sides")
    if min(bank_key.key_size, public.key_size) < _RSA_BITS_MIN:
        raise ConfigError(f"envelope: an RSA key has less than {_RSA_BITS_MIN} bits")
    if key.public_key() != public:
        raise ConfigError("envelope: own_key_secret is not the key of own_certificate_secret")
    if bank_key == public:
        raise ConfigError("envelope: the bank's key and our own are the same")
    return _Keys(bank, bank_key, own, key)


def _decrypted(content: bytes, keys: _Keys) -> bytes:
    """Return what was encrypted to us. Raises WrappingFailed."""
    if _kind(content) != _ENVELOPED:
        raise WrappingFailed("envelope.encrypted", "the file is no EnvelopedData in DER")
    try:
        return pkcs7.pkcs7_decrypt_der(content, keys.own, keys.own_key, [])
    except Exception as error:  # whatever it was: what can be told apart can be asked for (padding oracles)
        raise WrappingFailed("envelope.encrypted", "the file cannot be decrypted with our key") from error


def _verified(signed: bytes, bank: RSAPublicKey) -> bytes:
    """Return the content that the bank signed. Raises WrappingFailed."""
    if _kind(signed) != _SIGNED:
        raise WrappingFailed("envelope.signature", "what is encrypted is not signed")
    try:
        data = asn1.decode_der(_Signed, signed).content
    except ValueError as error:
        raise WrappingFailed("envelope.form", "what is encrypted is no SignedData of the one shape") from error
    signers = data.signers.as_list()
    if len(signers) != 1 or data.content.kind.dotted_string != _DATA:
        raise WrappingFailed("envelope.form", "not data that one signer signed")
    _check(signers[0], data.content.octets, bank)
    return data.content.octets


def _check(signer: _SignerInfo, content: bytes, bank: RSAPublicKey) -> None:
    """Check one signer (RFC 5652, sections 5.4 to 5.6). Raises WrappingFailed."""
    digest, with_rsa = _DIGESTS.get(signer.digest_algorithm.name.dotted_string, (None, ""))
    if digest is None or signer.signature_algorithm.name.dotted_string not in {_RSA, with_rsa}:
        raise WrappingFailed("envelope.signature", "signed with another algorithm than RSA with SHA-2")
    if _attribute(signer, _CONTENT_TYPE, x509.ObjectIdentifier) != x509.ObjectIdentifier(_DATA):
        raise WrappingFailed("envelope.signature", "the signed attributes name another kind of content")
    hashed = hashes.Hash(digest)
    hashed.update(content)
    if not hmac.compare_digest(_attribute(signer, _MESSAGE_DIGEST, bytes), hashed.finalize()):
        raise WrappingFailed("envelope.signature", "the content is not what was signed")
    try:
        bank.verify(signer.signature, asn1.encode_der(signer.attributes), PKCS1v15(), digest)
    except InvalidSignature as error:
        raise WrappingFailed("envelope.signature", "the signature is not the bank's") from error


def _attribute(signer: _SignerInfo, kind: str, of: type[T]) -> T:
    """Return the one value of a signed attribute (section 11). Raises WrappingFailed."""
    values = [a.values.as_list() for a in signer.attributes.as_list() if a.kind.dotted_string == kind]
    if len(values) != 1 or len(values[0]) != 1:
        raise WrappingFailed("envelope.signature", "a signed attribute is missing, or there twice")
    try:
        value: T = values[0][0].parse(of)
    except ValueError as error:
        raise WrappingFailed("envelope.form", "a signed attribute cannot be read") from error
    return value


def _kind(content: bytes) -> str:
    """Return the content type of a ContentInfo; empty for anything else."""
    try:
        return asn1.decode_der(_Any, content).kind.dotted_string
    except ValueError:
        return ""
