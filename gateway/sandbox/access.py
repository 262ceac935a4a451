"""Who may call an API bank: tokens, fixed or of its own token endpoint, and signatures over what they submit."""

import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import import_key

TOKEN_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The public key (JWK) that submissions must be signed with: one algorithm, one `kid`, one header."""

    jwk: dict[str, str | list[str]]
    kid: str
    algorithm: str
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an API bank demands of its callers; with `client_id` the `secret` is the client's, else a bearer token.

    `tls` is None for plain HTTP; with client certificates demanded there, nobody else gets as far as a request.
    """

    secret: str
    client_id: str = ""
    token_path: str = "/oauth2/token"  # noqa: S105 - a path
    token_seconds: int = TOKEN_SECONDS
    tls: ssl.SSLContext | None = None
    signing: SigningKey | None = None


def server_tls(certificate: Path, private_key: Path, clients: Path | None = None) -> ssl.SSLContext:
    """Make a bank's TLS: 1.2 or newer; with `clients` (CA, PEM) every caller must show a certificate of that CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, private_key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Porter:
    """Lets callers in. Tokens live on the monotonic clock: a day that is played in a minute ends none of them."""

    def __init__(self, access: Access, monotonic: Callable[[], float]) -> None:
        """Stand at the door of one bank."""
        self._access = access
        self._monotonic = monotonic
        self._issued: dict[str, float] = {}

    def admits(self, authorization: str) -> bool:
        """Whether a request with this Authorization header may pass."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer":
            return False
        if self._access.client_id:
            return self._issued.get(token, 0.0) > self._monotonic()
        return hmac.compare_digest(token.encode(), self._access.secret.encode())

    def token(self, authorization: str, form: str) -> tuple[int, dict[str, str | int]]:
        """Answer the token endpoint (RFC 6749, section 4.4) with a status and a JSON object."""
        wanted = base64.b64encode(f"{self._access.client_id}:{self._access.secret}".encode()).decode()
        if not hmac.compare_digest(authorization.encode(), f"Basic {wanted}".encode()):
            return 401, {"error": "invalid_client"}
        if "grant_type=client_credentials" not in form.split("&"):
            return 400, {"error": "unsupported_grant_type"}
        number = f"token {len(self._issued)}".encode()
        token = hmac.new(self._access.secret.encode(), number, hashlib.sha256).hexdigest()
        self._issued[token] = self._monotonic() + self._access.token_seconds
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self._access.token_seconds}

    def forget(self) -> None:
        """Let no token that was issued pass any more."""
        self._issued = dict.fromkeys(self._issued, 0.0)

    def signed(self, header: str, body: bytes) -> bool:
        """Whether `header` is a detached JWS (RFC 7515, appendix F) over exactly these bytes by the expected key."""
        key = self._access.signing
        if key is None:
            return True
        protected, _, signature = header.partition("..")
        payload = base64.urlsafe_b64encode(body).rstrip(b"=").decode()
        try:
            said = json.loads(base64.urlsafe_b64decode(protected + "=" * (-len(protected) % 4)))
            jws.deserialize_compact(f"{protected}.{payload}.{signature}", import_key(key.jwk), [key.algorithm])
        except (JoseError, ValueError, TypeError):
            return False
        return bool(said == {"alg": key.algorithm, "kid": key.kid})

    @property
    def signature_header(self) -> str:
        """Where the signature is looked for."""
        return self._access.signing.header if self._access.signing else ""
