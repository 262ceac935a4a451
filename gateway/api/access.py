"""Who calls: bearer tokens (JWT, RFC 7519) with pinned algorithms, scopes and the sources they may act for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from gateway.api.keys import HEADERS, Issuer, Keys, registry_for
from gateway.domain.errors import Forbidden, GatewayError
from gateway.ports.clock import Clock
from gateway.service.stops import EVERY_SOURCE, may_see

_MAX_TOKEN = 8_192
_MAX_NAME = 200


class Unauthorized(GatewayError):
    """No token, or one that proves nothing here."""


class Scope(StrEnum):
    """What a token allows."""

    PUSH = "push"
    READ = "read"
    OPERATE = "operate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The caller: a person or system (`subject`, the actor of every change), its scopes and its sources.

    `source` is the one a benefits system pushes for; `sources` are all the caller may see, "*" for operators of all.
    """

    subject: str
    scopes: frozenset[Scope]
    source: str
    sources: frozenset[str]

    def pushes_for(self) -> str:
        """Return the source this caller pushes for; raise Forbidden if its token names none."""
        if not self.source:
            raise Forbidden("the token names no source to push for")
        return self.source

    def acts_for(self, source: str) -> None:
        """Raise Forbidden unless the caller may act for the source ("*": for everything)."""
        if not may_see(source, self.sources):
            raise Forbidden("the token does not cover that")


class Tokens:
    """Verifies access tokens of the configured issuers."""

    def __init__(self, issuers: Sequence[Issuer], clock: Clock) -> None:
        """Load the keys; raises ConfigError for those that must not be trusted."""
        self._issuers = [(issuer, Keys(issuer.keys)) for issuer in issuers]
        self._clock = clock

    def verify(self, token: str) -> Principal:
        """Return who presents the token; raise Unauthorized for every defect alike."""
        if len(token) > _MAX_TOKEN or not token.isascii():
            raise Unauthorized("the token is not valid")
        try:
            return self._principal(self._claims(token.encode()))
        except (JoseError, ValueError, TypeError, KeyError):
            raise Unauthorized("the token is not valid") from None

    def _claims(self, token: bytes) -> dict[str, Any]:
        header = jws.extract_compact(token).headers()
        if header.keys() - HEADERS:
            raise ValueError("header")
        for issuer, keys in self._issuers:
            found = keys.find(header.get("kid"))
            if found is not None:
                key, loaded = found
                if header.get("alg") != key.algorithm or not key.valid(self._clock.now()):
                    raise ValueError("key")
                signed = jws.deserialize_compact(token, loaded, [key.algorithm], registry_for(key))
                return self._checked(issuer, json.loads(signed.payload))
        raise ValueError("kid")

    def _checked(self, issuer: Issuer, claims: Any) -> dict[str, Any]:
        if not isinstance(claims, dict):
            raise TypeError("claims")
        rules = JWTClaimsRegistry(
            now=int(self._clock.now().timestamp()),
            iss={"essential": True, "value": issuer.name},
            aud={"essential": True, "value": issuer.audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        rules.validate(claims)
        return claims

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        scopes = frozenset(Scope(word) for word in _text(claims, "scope").split() if word in set(Scope))
        source, sources = claims.get("source", ""), claims.get("sources", [])
        names = [source, *sources] if isinstance(sources, list) else [None]
        if not all(isinstance(name, str) and len(name) <= _MAX_NAME for name in names) or source == EVERY_SOURCE:
            raise ValueError("sources")
        seen = frozenset(filter(None, names))
        if EVERY_SOURCE in seen and Scope.OPERATE not in scopes:
            raise ValueError("sources")
        return Principal(subject=_text(claims, "sub"), scopes=scopes, source=source, sources=seen)


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME:
        raise ValueError(name)
    return value
