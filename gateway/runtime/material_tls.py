"""A sandbox's certificates: for each bank with an API a CA of its own, its server, and what we show and sign with.

Whatever a profile names is made together with the bank's own half, which lies beside it in the folder of secrets under
`<bank>-side`. The CA's key is thrown away once it has signed: nobody can make another certificate of that bank.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import import_key

from bank_adapters.profile import HttpsTransport, Profile

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Sandbox certificates do not run out: what a sandbox bank does must not depend on the day."""
SERVER, SERVER_KEY, CLIENTS, SIGNING = "server.pem", "server-key.pem", "clients.pem", "signing.json"
"""Names in the bank's half."""
_SIGNING_KEYS: Mapping[str, Callable[[], ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey]]
_SIGNING_KEYS = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
}
_KINDS: Mapping[str, Literal["EC", "OKP", "RSA"]] = {"ES256": "EC", "Ed25519": "OKP", "PS256": "RSA"}
_PUBLIC = frozenset({"kty", "crv", "x", "y", "n", "e"})

Named = tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]


def bank_side(folder: Path, slug: str) -> Path:
    """Return where the bank's half of the material lies."""
    return folder / f"{slug}-side"


def make_tls(profile: Profile, folder: Path) -> None:
    """Make the certificates and the signing key that a profile of kind https names, unless both halves are there.

    Over plain HTTP nobody shows a certificate; what is signed is signed there, too.
    """
    access = profile.transport
    if not isinstance(access, HttpsTransport):
        return
    encrypted = access.base_url.startswith("https://")
    with alone(folder):
        certificates = _names(access, folder, profile.slug) if encrypted else []
        if not all(path.is_file() for path in certificates):
            store(zip(certificates, _certified(profile.slug, access), strict=False))
        if access.signing is not None:
            ours = folder / access.signing.private_key_secret
            theirs = bank_side(folder, profile.slug) / SIGNING
            if not (ours.is_file() and theirs.is_file()):
                store(zip((theirs, ours), _signing_pair(access.signing.algorithm), strict=True))


def _names(access: HttpsTransport, folder: Path, slug: str) -> list[Path]:
    """Name the files in the order of `_certified`; what the profile does not name is left out at the end."""
    side, mutual = bank_side(folder, slug), access.mutual_tls
    paths = [side / SERVER, side / SERVER_KEY, side / CLIENTS]
    paths.append(folder / access.ca_secret if access.ca_secret else side / "ca.pem")
    return paths + ([folder / mutual.certificate_secret, folder / mutual.private_key_secret] if mutual else [])


def _certified(slug: str, access: HttpsTransport) -> list[bytes]:
    """Make server certificate and key, CA twice (for the bank and for us), client certificate and key."""
    ca = certificate(f"{slug} sandbox CA", None)
    host = urlsplit(access.base_url).hostname or "localhost"
    server = certificate(f"{slug} API", ca, hosts=tuple(dict.fromkeys((host, "127.0.0.1", "localhost"))))
    client = certificate("payments gateway", ca)
    authority = ca[0].public_bytes(Encoding.PEM)
    return [*pem_pair(server), authority, authority, *pem_pair(client)]


def certificate(
    name: str, issuer: Named | None, *, hosts: tuple[str, ...] = (), first: datetime = FIRST, last: datetime = LAST
) -> Named:
    """Make a certificate: a CA without `issuer`, a server with `hosts`, else a client."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing_key = issuer[1] if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(h) for h in hosts]), critical=False)
    return builder.sign(signing_key, hashes.SHA256()), key


def pem_pair(named: Named) -> tuple[bytes, bytes]:
    """Write a certificate and its key."""
    made, key = named
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), private


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _signing_pair(algorithm: str) -> tuple[bytes, bytes]:
    """Make the bank's half (a public JWK) and ours (PEM)."""
    private = _SIGNING_KEYS[algorithm]().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    whole = import_key(private, _KINDS[algorithm]).as_dict(private=False)
    return json.dumps({k: v for k, v in whole.items() if k in _PUBLIC}).encode(), private


def store(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write them one after the other, each whole or not at all; our half, which is looked for last, comes last."""
    for path, content in files:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(path)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes away: two that make material at once would leave halves that do not fit each other."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / ".material.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
