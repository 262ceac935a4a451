"""Signatures over requests: a detached JWS (RFC 7515, appendix F) over the exact bytes of the body."""

import warnings
from collections.abc import Mapping
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from bank_adapters.profile import RequestSigning
from gateway.domain.errors import ConfigError

RSA_BITS_MIN: Final = 2048
"""RFC 7518, section 3.5."""
_KINDS: Final[Mapping[str, type[ECKey] | type[OKPKey] | type[RSAKey]]] = {
    "ES256": ECKey,
    "Ed25519": OKPKey,
    "PS256": RSAKey,
}
_CURVES: Final = {"ES256": "P-256", "Ed25519": "Ed25519"}


class Signer:
    """Signs for one bank as its profile says. Loading refuses a key that does not go with the algorithm."""

    def __init__(self, rules: RequestSigning, private_key: bytes) -> None:
        """Take the private key (PEM). Raises ConfigError without a word of the key."""
        self.header = rules.header
        self._protected = {"alg": rules.algorithm, "kid": rules.key_id}
        self._registry = jws.JWSRegistry(algorithms=[rules.algorithm])
        self._key = _loaded(rules, private_key)

    def sign(self, body: bytes) -> str:
        """Return the header's value: `<protected header>..<signature>`."""
        compact = jws.serialize_compact(self._protected, body, self._key, registry=self._registry)
        head, _, signature = compact.split(".")
        return f"{head}..{signature}"


def _loaded(rules: RequestSigning, private_key: bytes) -> ECKey | OKPKey | RSAKey:
    try:
        with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # a short key is refused below
            key = _KINDS[rules.algorithm].import_key(private_key)
    except (JoseError, ValueError, TypeError) as error:
        raise _unfit(rules, "is no private key of that kind (PEM)") from error
    if not key.is_private:
        raise _unfit(rules, "is not the private half")
    if isinstance(key, RSAKey):
        if key.private_key is None or key.private_key.key_size < RSA_BITS_MIN:
            raise _unfit(rules, f"is shorter than {RSA_BITS_MIN} bits")
    elif key.curve_name != _CURVES[rules.algorithm]:
        raise _unfit(rules, f"is not on the curve {_CURVES[rules.algorithm]}")
    return key


def _unfit(rules: RequestSigning, why: str) -> ConfigError:
    return ConfigError(f"secret {rules.private_key_secret}: the key for {rules.algorithm} {why}")
