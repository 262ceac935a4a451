"""Detached signatures over manifests (RFC 7515, appendix F): the implementation of `ports.approval`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from gateway.api.keys import HEADERS, Keys, PublicKey, registry_for
from gateway.domain.errors import Refused
from gateway.domain.manifest import Manifest, parse_manifest
from gateway.ports.approval import Approval

_MAX_SIGNATURE = 2_048


class JwsApprovals:
    """Verifies manifests with the keys configured for each source."""

    def __init__(self, sources: Mapping[str, Sequence[PublicKey]]) -> None:
        """Load the keys of every source. Raises ConfigError for a key that must not be trusted."""
        self._sources = {source: Keys(keys) for source, keys in sources.items()}

    def verify(self, *, source: str, manifest: bytes, signature: str, at: datetime) -> Approval:
        """See `ports.approval.Approvals`. The bytes are interpreted only after their signature was found good."""
        header = _header(signature)
        found = self._sources.get(source, Keys([])).find(header.get("kid"))
        if found is None:
            raise _refuse("signature.key", "the signature names no key of this source")
        key, loaded = found
        if header.get("alg") != key.algorithm:
            raise _refuse("signature.algorithm", f"this key signs with {key.algorithm}")
        _check_signature(manifest, signature, key, loaded)
        approved = parse_manifest(manifest)
        _check_in_force(approved, key, source, at)
        return Approval(manifest=approved, kid=key.kid)


def _refuse(rule: str, text: str) -> Refused:
    return Refused.one("/X-JWS-Signature", rule, text)


def _header(signature: str) -> Mapping[str, Any]:
    """Read the protected header of "header..signature", and nothing else of it."""
    parts = signature.split(".") if len(signature) <= _MAX_SIGNATURE and signature.isascii() else []
    failure = _refuse("signature.form", 'a detached JWS is "header..signature" with alg and kid')
    if len(parts) != 3 or not parts[0] or parts[1] or not parts[2]:  # noqa: PLR2004 - a compact JWS has three parts
        raise failure
    try:
        header: Mapping[str, Any] = jws.extract_compact(signature.encode(), b"-").headers()
    except (JoseError, ValueError):
        raise failure from None
    if header.keys() - HEADERS:
        raise failure
    return header


def _check_signature(manifest: bytes, signature: str, key: PublicKey, loaded: Any) -> None:
    try:
        jws.deserialize_compact(signature, loaded, [key.algorithm], registry_for(key), manifest)
    except (JoseError, ValueError):
        raise _refuse("signature.wrong", "the signature is not over these bytes by this key") from None


def _check_in_force(approved: Manifest, key: PublicKey, source: str, at: datetime) -> None:
    if approved.source != source:
        raise Refused.one("/source", "manifest.source", "the manifest is of another source")
    if not key.valid(approved.signed_at) or not key.valid(at):
        raise _refuse("signature.key-validity", "the key was not valid at signing, or is not valid now")
    if at >= approved.expires:
        raise Refused.one("/expires", "approval.expired", "the approval has expired")
