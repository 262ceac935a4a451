"""OpenPGP envelopes (RFC 9580) through Sequoia: signed with our key, then encrypted to the bank's certificate and ours.

Sequoia verifies what it decrypts; three things it leaves to us. It encrypts to a certificate that has ended, so ends
are checked here, against the gateway's clock. It takes a message that is signed but not encrypted, so the message must
begin with an encrypted session key: the grammar of RFC 9580 (section 10.3) then leaves only an encrypted message. And
it unpacks compressed data of any size before it refuses it, so that a small file could fill the memory: what it writes
is bounded by the kernel.
"""

import binascii
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pysequoia

from gateway.domain.errors import ConfigError, WrappingFailed
from gateway.ports.wrapping import PLAIN_BYTES_MAX
from gateway.transport.envelope_guard import OVERHEAD, guarded

_ARMOR = b"-----BEGIN PGP MESSAGE-----"
_ARMORED_PER_BINARY = 2
"""More than base64 and line ends take."""
_ENCRYPTED_SESSION_KEY = 1
"""The packet with which a message that is encrypted to a key begins (PKESK, RFC 9580, section 5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PgpWrapping:
    """The envelope of one bank. `bank_key` is its certificate, `own_key` our private key without a passphrase."""

    bank_key: bytes = field(repr=False)
    own_key: bytes = field(repr=False)
    recipient: str
    limit: int = PLAIN_BYTES_MAX

    @classmethod
    def of(cls, *, bank_key: bytes, own_key: bytes) -> "PgpWrapping":
        """Take the keys, binary or armored. Raises ConfigError for what is no key, or not the half it should be."""
        try:
            bank, own = pysequoia.Cert.from_bytes(bank_key), pysequoia.Tsk.from_bytes(own_key)
            own.decryptor()
            own.signer()
        except Exception as error:  # the library raises RuntimeError, with a stack trace in its text
            raise ConfigError("envelope: a key is no OpenPGP key that can sign and decrypt, or has ended") from error
        if "PRIVATE KEY" in str(pysequoia.Tsk.from_bytes(bank_key)).partition("\n")[0]:
            raise ConfigError("envelope: bank_key_secret holds a private key; only the bank may have it")
        if bank.fingerprint == own.extract_certificate().fingerprint:
            raise ConfigError("envelope: the bank's key and our own are the same")
        return cls(bank_key=bank_key, own_key=own_key, recipient=f"pgp {bank.fingerprint}")

    def wrap(self, content: bytes, at: datetime) -> bytes:
        """See the port."""
        if len(content) > self.limit:
            raise WrappingFailed("envelope.size", f"the content is larger than {self.limit} bytes")
        bank, own = self._keys(at)
        try:
            recipients = [bank, own.extract_certificate()]
            return pysequoia.encrypt(content, recipients=recipients, signer=own.signer(), armor=False)
        except RuntimeError as error:
            raise WrappingFailed("envelope.key", "a key cannot sign, or cannot be encrypted to") from error

    def unwrap(self, content: bytes, at: datetime) -> bytes:
        """See the port."""
        armored = content.lstrip().startswith(_ARMOR)
        if len(content) > (self.limit + OVERHEAD) * (_ARMORED_PER_BINARY if armored else 1):
            raise WrappingFailed("envelope.size", "the file is too large")
        bank, own = self._keys(at)
        if _first_packet(content, armored=armored) != _ENCRYPTED_SESSION_KEY:
            raise WrappingFailed("envelope.encrypted", "the file is not encrypted to a key")
        plain, signers = self._decrypted(content, bank, own)
        if bank.fingerprint not in signers:
            raise WrappingFailed("envelope.signature", "the bank did not sign it")
        return plain

    def _keys(self, at: datetime) -> tuple[pysequoia.Cert, pysequoia.Tsk]:
        bank, own = pysequoia.Cert.from_bytes(self.bank_key), pysequoia.Tsk.from_bytes(self.own_key)
        for whose, certificate in (("the bank's", bank), ("our", own.extract_certificate())):
            ends = certificate.expiration
            if certificate.is_revoked or (ends is not None and ends <= at):
                raise WrappingFailed("envelope.key", f"{whose} key has ended or was revoked")
        return bank, own

    def _decrypted(self, content: bytes, bank: pysequoia.Cert, own: pysequoia.Tsk) -> tuple[bytes, list[str]]:
        """Return what it holds and the fingerprints of who signed it. Raises WrappingFailed."""
        with _memory("envelope") as source, _memory("content") as target:
            _fill(source, content)
            try:
                with guarded(), _writing_at_most(self.limit):
                    found = pysequoia.decrypt_file(
                        _path(source), _path(target), decryptor=own.decryptor(), store=lambda _ids: [bank]
                    )
            except OSError as error:
                raise WrappingFailed("envelope.size", f"it holds more than {self.limit} bytes") from error
            except RuntimeError as error:
                raise _refusal(error) from error
            return _everything(target), [signature.certificate for signature in found.valid_sigs]


def _refusal(error: RuntimeError) -> WrappingFailed:
    """Say why in our words; the library's text goes on with a stack trace."""
    why = str(error).partition("\n")[0]
    if "No key to decrypt" in why:
        return WrappingFailed("envelope.encrypted", "the file is not encrypted to our key")
    if "Signature verification failed" in why:
        return WrappingFailed("envelope.signature", "no signature of the bank holds")
    if "Unexpected message structure" in why:
        return WrappingFailed("envelope.form", "the content is compressed or not signed as a whole")
    return WrappingFailed("envelope.form", "the file is broken off, changed or no OpenPGP message")


def _first_packet(content: bytes, *, armored: bool) -> int:
    """Return the type of the first packet (RFC 9580, section 4.2); 0 when there is none."""
    octet = _first_armored_octet(content) if armored else content[:1]
    if not octet or not octet[0] & 0x80:
        return 0
    return octet[0] & 0x3F if octet[0] & 0x40 else (octet[0] & 0x3F) >> 2


def _first_armored_octet(content: bytes) -> bytes:
    """Decode the beginning of the data, which follows the first empty line."""
    head = content.lstrip()[: 1 << 12].replace(b"\r\n", b"\n")
    try:
        return binascii.a2b_base64(head.partition(b"\n\n")[2][:4])[:1]
    except binascii.Error:
        return b""


@contextmanager
def _memory(name: str) -> Iterator[int]:
    """Make a file that is nowhere but in memory."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _fill(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb", closefd=False) as file:
        file.write(content)


def _everything(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read()


@contextmanager
def _writing_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size`. Nothing else of Python runs meanwhile: Sequoia keeps the lock."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    known = [limit for limit in (size, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(known), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
