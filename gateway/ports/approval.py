"""Who approved a batch: the detached signature over its manifest, as the services see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A manifest whose signature holds, with the key (`kid`) of the source that signed it."""

    manifest: Manifest
    kid: str


class Approvals(Protocol):
    """Verifies manifests. Asked at release and again at sealing and sending: keys may be withdrawn."""

    def verify(self, *, source: str, manifest: bytes, signature: str, at: datetime) -> Approval:
        """Check the detached JWS (RFC 7515, appendix F) over the exact bytes and read the manifest.

        `signature` is "header..signature". The key must be one of `source`'s, its algorithm is the one configured for
        that key whatever the header says, and it must be valid both when the manifest says it was signed and at `at`.

        Raises Refused with one of the rules `signature.form`, `signature.algorithm`, `signature.key` (not a key of
        this source), `signature.key-validity`, `signature.wrong`, `manifest.source`, `approval.expired`, or with what
        reading the manifest found wrong.
        """
        ...
