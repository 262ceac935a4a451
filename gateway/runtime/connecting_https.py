"""From a profile of kind https to a bank whose API can be spoken to."""

import asyncio
import hashlib

from cryptography import x509

from bank_adapters.profile import BearerToken, HttpsTransport, Profile
from bank_adapters.registry import request_adapter_for
from gateway.domain.errors import ConfigError
from gateway.ports.boundary import Boundary
from gateway.ports.clock import Clock
from gateway.runtime.keys import Secrets
from gateway.runtime.settings import Settings
from gateway.service.banks import Bank
from gateway.transport.http import HttpTransport
from gateway.transport.http_signing import Signer
from gateway.transport.http_tls import client_context


def connect_api(
    profile: Profile, access: HttpsTransport, settings: Settings, secrets: Secrets, clock: Clock, boundary: Boundary
) -> Bank:
    """Make a bank with an API. Raises ConfigError for plain HTTP in production and for secrets that do not fit."""
    base_url = settings.bank_urls.get(profile.slug, access.base_url)
    encrypted = base_url.startswith("https://")
    if settings.mode == "production" and not encrypted:
        raise ConfigError(f"bank {profile.slug}: base_url must be https in production")
    reference = auth_secret(access)
    # Whose payments the bank shows is decided by a bearer token: tries are kept under the one that stands here.
    token = secrets.read(reference) if isinstance(access.auth, BearerToken) else None

    async def secret() -> str:
        return (token or secrets.read(reference)).decode()

    mutual, signing = access.mutual_tls, access.signing
    adapter = request_adapter_for(profile)
    tls, certificate = None, secrets.read(mutual.certificate_secret) if mutual and encrypted else None
    if encrypted:
        tls = client_context(
            profile.slug,
            ca=secrets.read(access.ca_secret) if access.ca_secret else None,
            certificate=certificate,
            private_key=secrets.read(mutual.private_key_secret) if mutual else None,
        )
    transport = HttpTransport(
        profile,
        adapter,
        clock,
        secret=secret,
        sleep=asyncio.sleep,
        boundary=boundary,
        tls=tls,
        signer=Signer(signing, secrets.read(signing.private_key_secret)) if signing else None,
        base_url=base_url,
    )
    who = credential(profile.slug, token, certificate)
    return Bank(profile=profile, adapter=adapter, transport=transport, credential=who)


def credential(bank: str, token: bytes | None, certificate: bytes | None) -> str:
    """Say in digests whom a bank takes us for: by our bearer token, by subject and issuer of our certificate (PEM).

    A certificate that is renewed says the same to the bank; two tokens may be of two customers. Empty: by neither.
    Takes a moment (adr/0009): once for each connection that is made, never for a try.
    """
    told = [] if token is None else [f"token {_kept_secret(token, bank)}"]
    if certificate is not None:
        try:
            shown = x509.load_pem_x509_certificate(certificate)
        except ValueError as error:
            what = "transport.mutual_tls: certificate_secret is no certificate (PEM)"
            raise ConfigError(f"bank {bank}: {what}") from error
        names = shown.issuer.public_bytes() + shown.subject.public_bytes()
        told.append(f"certificate {hashlib.sha256(names).hexdigest()[:16]}")
    return ", ".join(told)


def _kept_secret(token: bytes, bank: str) -> str:
    """Digest a token so that neither guesses nor other banks' digests can be compared with it (RFC 7914)."""
    salt = b"intent.credential " + bank.encode()
    return hashlib.scrypt(token, salt=salt, n=1 << 14, r=8, p=1, dklen=16).hex()


def auth_secret(access: HttpsTransport) -> str:
    """Name the secret that both sides share: the bearer token, or the client's secret."""
    auth = access.auth
    return auth.token_secret if isinstance(auth, BearerToken) else auth.client_secret
