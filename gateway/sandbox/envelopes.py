"""Envelopes as the banks know them: what comes must be encrypted to the bank and signed by the gateway, and back.

Written here on its own from the standards (RFC 9580, RFC 5652), so that two readers must agree on what was written:
CMS is taken apart by hand where the gateway declares it.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pysequoia
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7

_SEQUENCE, _SET, _OCTETS, _FIRST = 0x30, 0x31, 0x04, 0xA0
_DIGEST_ATTRIBUTE = bytes.fromhex("06092a864886f70d010904")
"""messageDigest, as DER names it."""


class Pouch(Protocol):
    """One bank's side of an envelope."""

    def opened(self, content: bytes) -> bytes:
        """Return what the gateway signed and encrypted to the bank. Raises ValueError for anything else."""
        ...

    def closed(self, content: bytes) -> bytes:
        """Sign as the bank and encrypt to the gateway; never the same bytes twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PgpPouch:
    """OpenPGP: the bank's private key and the gateway's public one."""

    key: bytes = field(repr=False)
    peer: bytes = field(repr=False)

    def opened(self, content: bytes) -> bytes:
        peer, own = pysequoia.Cert.from_bytes(self.peer), pysequoia.Tsk.from_bytes(self.key)
        if content[:1] not in {b"\xc1", b"\x84", b"\x85", b"\x86"}:  # how an encrypted session key begins
            raise ValueError("not encrypted")
        try:
            found = pysequoia.decrypt(content, decryptor=own.decryptor(), store=lambda _ids: [peer])
        except RuntimeError as error:
            raise ValueError("does not open") from error
        if found.bytes is None or [signature.certificate for signature in found.valid_sigs] != [peer.fingerprint]:
            raise ValueError("not signed by the gateway alone")
        return found.bytes

    def closed(self, content: bytes) -> bytes:
        peer, own = pysequoia.Cert.from_bytes(self.peer), pysequoia.Tsk.from_bytes(self.key)
        return pysequoia.encrypt(content, recipients=[peer], signer=own.signer(), armor=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CmsPouch:
    """CMS in DER: the bank's private key with its certificate, and the gateway's certificate, PEM."""

    key: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    peer: bytes = field(repr=False)

    def opened(self, content: bytes) -> bytes:
        own = x509.load_pem_x509_certificate(self.certificate)
        public = x509.load_pem_x509_certificate(self.peer).public_key()
        if not isinstance(public, RSAPublicKey):
            raise TypeError("the gateway's certificate holds no RSA key")
        signed = pkcs7.pkcs7_decrypt_der(content, own, self._private(), [])
        plain, attributes, signature = _taken_apart(signed)
        digest = hashlib.sha256(plain).digest()
        if _DIGEST_ATTRIBUTE + bytes([_SET, 34, _OCTETS, 32]) + digest not in attributes:
            raise ValueError("another content was signed")
        try:
            public.verify(signature, bytes([_SET]) + attributes[1:], PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise ValueError("not signed by the gateway") from error
        return plain

    def closed(self, content: bytes) -> bytes:
        own = x509.load_pem_x509_certificate(self.certificate)
        peer = x509.load_pem_x509_certificate(self.peer)
        signing = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(own, self._private(), hashes.SHA512())
        signed = signing.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
        sealing = pkcs7.PKCS7EnvelopeBuilder().set_data(signed).add_recipient(peer)
        return sealing.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])

    def _private(self) -> RSAPrivateKey:
        private = load_pem_private_key(self.key, password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(private, RSAPrivateKey):
            raise TypeError("the bank's key is no RSA key")
        return private


def _taken_apart(signed: bytes) -> tuple[bytes, bytes, bytes]:
    """Return content, signed attributes with their head, and signature of a SignedData with one signer."""
    (whole,) = _parts(signed)
    _, explicit = _parts(whole[1])
    (data,) = _parts(explicit[1])
    encapsulated, signers = _parts(data[1])[2], _parts(data[1])[-1]
    (content,) = _parts(_parts(encapsulated[1])[1][1])
    (signer,) = _parts(signers[1])
    fields = _parts(signer[1])
    if content[0] != _OCTETS or fields[3][0] != _FIRST or fields[5][0] != _OCTETS:
        raise ValueError("no SignedData with signed attributes")
    return content[1], fields[3][2], fields[5][1]


def _parts(content: bytes) -> list[tuple[int, bytes, bytes]]:
    """Return the values that stand in a row: tag, content, and the whole with its head. Raises ValueError."""
    return list(_walk(content))


def _walk(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    at = 0
    while at < len(content):
        head, size = 2, content[at + 1] if at + 1 < len(content) else 0
        if size & 0x80:
            head += size & 0x7F
            size = int.from_bytes(content[at + 2 : at + head])
        if at + head + size > len(content):
            raise ValueError("broken off")
        yield content[at], content[at + head : at + head + size], content[at : at + head + size]
        at += head + size
