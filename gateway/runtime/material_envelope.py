"""A sandbox's envelope keys: for each bank that wants an envelope a pair of its own and one of ours."""

from pathlib import Path

import pysequoia
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bank_adapters.profile import Cms, Pgp, Profile
from gateway.runtime.material_tls import FIRST, LAST, alone, bank_side, store

KEY, CERTIFICATE, PEER = "envelope-key", "envelope-certificate", "envelope-peer"
"""Names in the bank's half: its private key, its certificate (CMS only), and what it knows us by."""


def make_envelope(profile: Profile, folder: Path) -> None:
    """Make the keys that a profile's envelope names, unless both halves are there."""
    envelope, side = profile.envelope, bank_side(folder, profile.slug)
    if envelope is None:
        return
    with alone(folder):
        if isinstance(envelope, Pgp):
            names = [side / KEY, side / PEER, folder / envelope.bank_key_secret, folder / envelope.own_key_secret]
        else:
            names = [side / KEY, side / CERTIFICATE, side / PEER, *_cms_names(envelope, folder)]
        if not all(path.is_file() for path in names):
            made = _pgp(profile.slug) if isinstance(envelope, Pgp) else _cms(profile.slug)
            store(zip(names, made, strict=True))


def _cms_names(envelope: Cms, folder: Path) -> list[Path]:
    secrets = (envelope.bank_certificate_secret, envelope.own_certificate_secret, envelope.own_key_secret)
    return [folder / secret for secret in secrets]


def _pgp(slug: str) -> list[bytes]:
    """Make the bank's private key, our public one, the bank's public one, our private one; they do not end."""
    bank, ours = pysequoia.Tsk.generate(f"{slug} (sandbox)"), pysequoia.Tsk.generate("payments gateway (sandbox)")
    public = (str(ours.extract_certificate()), str(bank.extract_certificate()))
    return [text.encode() for text in (str(bank), *public, str(ours))]


def _cms(slug: str) -> list[bytes]:
    """Make the bank's key and certificate, our certificate for it, its certificate for us, our certificate and key."""
    (key, theirs), (own_key, ours) = rsa_pair(slug), rsa_pair("payments gateway")
    return [key, theirs, ours, theirs, ours, own_key]


def rsa_pair(name: str) -> tuple[bytes, bytes]:
    """Make a private key and its self-signed certificate, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(FIRST).not_valid_after(LAST)
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.PEM)
