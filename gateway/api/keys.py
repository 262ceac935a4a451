"""Public keys the gateway trusts: who may sign tokens, who may sign manifests, with which algorithm and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry

from gateway.domain.errors import ConfigError

ALGORITHMS: Final[Mapping[str, tuple[str, str]]] = {"ES256": ("EC", "P-256"), "Ed25519": ("OKP", "Ed25519")}
"""The only algorithms there are here, with the kind and curve of the key each takes (RFC 7518, RFC 9864)."""
HEADERS: Final = frozenset({"alg", "kid", "typ"})
"""All that a header may say. No jwk, jku, x5c (a key is never taken from what it should prove), no crit, no b64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """One trusted key: `jwk` is its public JSON Web Key, pinned to `algorithm`, valid in [not_before, not_after)."""

    kid: str
    algorithm: str
    jwk: Mapping[str, str]
    not_before: datetime
    not_after: datetime

    def valid(self, at: datetime) -> bool:
        """Whether the key may be relied on at that time."""
        return self.not_before <= at < self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues access tokens for this gateway (the audience), signed with one of `keys`."""

    name: str
    audience: str
    keys: Sequence[PublicKey]


class Keys:
    """Loaded keys by their id; loading refuses whatever must not be trusted."""

    def __init__(self, keys: Sequence[PublicKey]) -> None:
        """Raise ConfigError for an unknown algorithm, a key of another kind, a private key or an id used twice."""
        self._keys = {key.kid: (key, _load(key)) for key in keys}
        if len(self._keys) != len(keys):
            raise ConfigError("two keys have the same kid; give each key its own")

    def find(self, kid: object) -> tuple[PublicKey, Any] | None:
        """Return the key and its loaded form, or None for a kid that is not ours."""
        return self._keys.get(kid) if isinstance(kid, str) else None


def registry_for(key: PublicKey) -> JWSRegistry:
    """Make the registry that verifies with this key's algorithm and no other."""
    return JWSRegistry(algorithms=[key.algorithm])


def _load(key: PublicKey) -> Any:
    if key.algorithm not in ALGORITHMS:
        raise ConfigError(f"key {key.kid}: algorithm must be one of {', '.join(sorted(ALGORITHMS))}")
    if "d" in key.jwk:
        raise ConfigError(f"key {key.kid}: this is a private key; configure the public one")
    if (key.jwk.get("kty"), key.jwk.get("crv")) != ALGORITHMS[key.algorithm]:
        raise ConfigError(f"key {key.kid}: {key.algorithm} needs another kind of key")
    try:
        return import_key(dict(key.jwk))
    except (JoseError, ValueError, KeyError) as error:
        raise ConfigError(f"key {key.kid}: not a JSON Web Key") from error
