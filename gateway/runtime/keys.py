"""Keys and secrets a sandbox makes for itself, and the tokens and signatures that try it out.

Never used in production: there, keys come from configuration and private ones stay with their owners.
"""

import json
import os
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import ECKey

from gateway.api.keys import Issuer, PublicKey
from gateway.domain.errors import ConfigError

ISSUER, AUDIENCE = "gateway-sandbox", "payments-gateway"
ALGORITHM = "ES256"
_ALWAYS = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class SandboxKeys:
    """Key pairs under a folder, made at first use: one of the token issuer, one a source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def issuer(self) -> Issuer:
        """Return the sandbox's own token issuer."""
        return Issuer(name=ISSUER, audience=AUDIENCE, keys=[self.public("issuer")])

    def public(self, name: str) -> PublicKey:
        """Return the public half of a key."""
        jwk = self._private(name).as_dict(private=False)
        public = {k: str(v) for k, v in jwk.items() if k in {"kty", "crv", "x", "y"}}
        return PublicKey(kid=name, algorithm=ALGORITHM, jwk=public, not_before=_ALWAYS[0], not_after=_ALWAYS[1])

    def token(self, *, subject: str, scope: str, now: datetime, seconds: int, **claims: Any) -> str:
        """Make an access token; `claims` are `source` (push) or `sources` (read, operate)."""
        at = int(now.timestamp())
        times = {"iat": at, "nbf": at, "exp": at + seconds}
        body = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "scope": scope, **times, **claims}
        return jwt.encode({"alg": ALGORITHM, "kid": "issuer"}, body, self._private("issuer"), algorithms=[ALGORITHM])

    def sign(self, source: str, manifest: bytes) -> str:
        """Sign a manifest as its source: a detached JWS over exactly these bytes."""
        header = {"alg": ALGORITHM, "kid": source}
        compact = jws.serialize_compact(header, manifest, self._private(source), algorithms=[ALGORITHM])
        head, _, signature = compact.split(".")
        return f"{head}..{signature}"

    def _private(self, name: str) -> ECKey:
        path = self._folder / f"{name}.json"
        if not path.is_file():
            made = ECKey.generate_key("P-256").as_dict(private=True)
            _write_private(path, json.dumps(made).encode())
        return ECKey.import_key(json.loads(path.read_text()))


class Secrets:
    """Secrets in files, named by their references. A sandbox makes those that are missing."""

    def __init__(self, folder: Path, *, make: bool) -> None:
        self._folder = folder
        self._make = make

    def read(self, reference: str) -> bytes:
        """Return a secret. Raises ConfigError when it is empty, or missing and may not be made."""
        path = self._folder / reference
        if self._make and not path.is_file():
            _write_private(path, secrets.token_hex(32).encode())
        try:
            secret = path.read_bytes().strip()
        except OSError as error:
            raise ConfigError(f"secret {reference}: cannot read {path} ({error.strerror})") from error
        if not secret:  # anybody could sign with it
            raise ConfigError(f"secret {reference}: {path} is empty")
        return secret


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that only we may read. Of several processes that make it at once the first one's content stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
