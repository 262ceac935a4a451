"""The certificate of a bank: which tier its evidence covered, and of exactly which profile and adapter that is true.

`gateway bank check --certify` writes `config/evidence/<slug>/certificate.yaml` when every check passes. Production
compares its digests with what it is about to run with: an edited profile, a changed adapter or changed evidence makes
the bank a draft again. It notices drift and forgetfulness. It does not stop a person who may write the configuration
and computes the digests: who may do that is for the repository's reviews and file rights to say.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bank_adapters.capabilities import Tier
from bank_adapters.profile import Profile
from bank_adapters.profile.reading import load_yaml
from bank_adapters.registry import adapter_for
from gateway.domain.digest import canonical
from gateway.domain.errors import ConfigError

FILE = "certificate.yaml"
UNWRITTEN = "(to be written)"
"""What a person must still fill into SOURCE.md."""
RANK: Mapping[Tier, int] = MappingProxyType({Tier.DRAFT: 0, Tier.SANDBOX: 1, Tier.CERTIFIED: 2})
WORDING = (
    *("country", "bic", "family", "adapter", "messages", "layout", "scheme", "address", "pain001", "mt", "alphabet"),
    *("benefits", "leaves_out", "file_name"),
    *("currencies", "account_types", "booking", "limits", "answers", "absent", "counter", "statement", "matching"),
    *("status_overrides", "reason_overrides", "envelope", "point_of_no_return"),
)
"""The keys of a profile that decide what is written and what is understood. A change in them makes evidence stale."""
_SHARED = (
    *("bank_adapters.alphabet", "bank_adapters.sepa"),
    *("bank_adapters.iso20022.detect", "bank_adapters.mt.report"),
)
"""What every adapter builds on: names are written by the first two, statements read by the packages of the others."""


class Certificate(BaseModel):
    """What was found, of what, when and by whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tier: Tier
    profile: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the profile's keys that matter")
    adapter: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the adapter's modules")
    evidence: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the folder's other files")
    date: date
    by: str = Field(min_length=2, max_length=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """The tier in force for a bank, and why it is no higher."""

    tier: Tier
    why: str


def profile_digest(profile: Profile) -> str:
    """Return the digest of what of a profile is written and read, the kind of transport included."""
    told: dict[str, Any] = profile.model_dump(mode="json")
    kept = {key: told[key] for key in WORDING if key in told} | {"transport": told["transport"]["kind"]}
    return sha256(canonical(kept)).hexdigest()


def adapter_digest(profile: Profile) -> str:
    """Return the digest of the source of the adapter's modules: its own, and those of the families it builds on."""
    hashed = sha256()
    for path in _sources(type(adapter_for(profile))):
        hashed.update(f"{path.parent.name}/{path.name}\n".encode())
        hashed.update(sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def _sources(adapter: type) -> Iterator[Path]:
    modules = {one.__module__ for one in adapter.__mro__ if one.__module__.startswith("bank_adapters.")}
    found: set[Path] = set()
    for name in sorted(modules | set(_SHARED)):
        file = Path(str(sys.modules[name].__file__))
        family = file.parent.name not in {"banks", "bank_adapters"}
        found |= set(file.parent.glob("*.py")) if family else {file}
    return iter(sorted(found))


def evidence_digest(folder: Path) -> str:
    """Return the digest of a folder of evidence, the certificate itself left out."""
    hashed = sha256()
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    for path in files:
        if path.name != FILE:
            hashed.update(f"{path.relative_to(folder).as_posix()}\n".encode())
            hashed.update(sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def write_certificate(folder: Path, profile: Profile, tier: Tier, *, on: date, by: str) -> Certificate:
    """Write down that a bank's evidence covers a tier. The checks are the caller's to have run."""
    certificate = Certificate(
        tier=tier,
        profile=profile_digest(profile),
        adapter=adapter_digest(profile),
        evidence=evidence_digest(folder),
        date=on,
        by=by,
    )
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(certificate.model_dump(mode="json"), sort_keys=False)
    (folder / FILE).write_text(
        f"# Written by `gateway bank check --certify`; an edit makes it worthless.\n{text}", "utf-8"
    )
    return certificate


def proved(folder: Path, profile: Profile) -> Proved:
    """Return the tier in force: the lower of what the profile claims and what its certificate covers."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
        certificate = Certificate.model_validate(load_yaml(text))
    except OSError:
        return Proved(tier=Tier.DRAFT, why="it has no certificate: run gateway bank check --certify")
    except (ValidationError, ConfigError, UnicodeDecodeError):
        return Proved(tier=Tier.DRAFT, why="its certificate cannot be read: run gateway bank check --certify")
    changed = [
        what
        for what, now, then in (
            ("profile", profile_digest(profile), certificate.profile),
            ("adapter", adapter_digest(profile), certificate.adapter),
            ("evidence", evidence_digest(folder), certificate.evidence),
        )
        if now != then
    ]
    if changed:
        return Proved(
            tier=Tier.DRAFT,
            why=f"{' and '.join(changed)} changed since its certificate: run gateway bank check --certify",
        )
    if RANK[certificate.tier] < RANK[profile.tier]:
        return Proved(tier=certificate.tier, why=f"its certificate says {certificate.tier}")
    return Proved(tier=profile.tier, why=f"its profile says {profile.tier}")
