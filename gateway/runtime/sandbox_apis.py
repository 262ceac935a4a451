"""The sandbox's API banks as their profiles say: what they demand of their callers, and how they sign their calls."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bank_adapters.profile import BearerToken, HttpsTransport, Profile
from gateway.runtime import material_tls
from gateway.runtime.connecting_https import auth_secret
from gateway.runtime.keys import Secrets
from gateway.sandbox import Access, SigningKey, server_tls


def sandbox_access(profiles: Iterable[Profile], folder: Path) -> dict[str, Access]:
    """Say what the sandbox's API banks demand, each as its profile says; the material must have been made."""
    secrets = Secrets(folder, make=True)
    apis = [(p.slug, p.transport) for p in profiles if isinstance(p.transport, HttpsTransport)]
    return {slug: _demanded(slug, access, secrets, folder) for slug, access in apis}


def _demanded(slug: str, access: HttpsTransport, secrets: Secrets, folder: Path) -> Access:
    secret, side = secrets.read(auth_secret(access)).decode(), material_tls.bank_side(folder, slug)
    demands: dict[str, Any] = {"secret": secret}
    if not isinstance(access.auth, BearerToken):
        demands |= {"client_id": access.auth.client_id, "token_path": access.auth.token_path}
    tls = None
    if access.base_url.startswith("https://"):
        clients = side / material_tls.CLIENTS if access.mutual_tls else None
        tls = server_tls(side / material_tls.SERVER, side / material_tls.SERVER_KEY, clients)
    return Access(**demands, tls=tls, signing=_signing(access, side))


def _signing(access: HttpsTransport, side: Path) -> SigningKey | None:
    rules = access.signing
    if rules is None:
        return None
    jwk = json.loads((side / material_tls.SIGNING).read_text(encoding="ascii"))
    return SigningKey(jwk=jwk, kid=rules.key_id, algorithm=rules.algorithm, header=rules.header)


def webhook_secrets(profiles: Iterable[Profile], secrets: Secrets) -> dict[str, bytes]:
    """Return the secret of every bank that calls us, by slug."""
    apis = {p.slug: p.transport for p in profiles if isinstance(p.transport, HttpsTransport)}
    return {slug: secrets.read(access.webhook.secret) for slug, access in apis.items() if access.webhook is not None}
