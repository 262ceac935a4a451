"""Examines banks: for the command line, for the pytest plugin, and for the certificate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bank_adapters.certificate import RANK, Certificate, write_certificate
from bank_adapters.contract.candidate import Candidate, candidate_of
from bank_adapters.contract.check import Result, run_all
from bank_adapters.contract.checks import CHECKS
from bank_adapters.contract.evidence import read_evidence
from bank_adapters.contract.tiers import Standing, tier_of
from bank_adapters.profile import Profile
from bank_adapters.registry import load_profiles
from gateway.domain.errors import ConfigError
from gateway.domain.reasons import Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of all checks of one bank. `standing` is the tier that the evidence covers, if every check passes."""

    profile: Profile
    results: tuple[Result, ...]
    standing: Standing

    @property
    def failed(self) -> tuple[Result, ...]:
        """The checks that found something."""
        return tuple(result for result in self.results if not result.passed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Banks:
    """The banks of a configuration folder: those that can be examined, and the profiles that cannot even be read."""

    candidates: Mapping[str, Candidate]
    broken: tuple[tuple[str, str], ...]


def evidence_folder(config: Path, slug: str) -> Path:
    """Return where a bank's evidence lies."""
    return config / "evidence" / slug


def banks_of(config: Path, reasons: Reasons | None = None) -> Banks:
    """Find every profile of a configuration folder (`banks/*.yaml`), with its evidence.

    Raises ConfigError for a folder without profiles: an examination of nothing would pass.
    """
    files = sorted((config / "banks").glob("*.yaml"))
    if not files:
        raise ConfigError(f"no profiles in {config / 'banks'}: name the folder that holds banks/<bank>.yaml")
    loaded = load_profiles({one.stem: one.read_text(encoding="utf-8", errors="surrogateescape") for one in files})
    candidates: dict[str, Candidate] = {}
    broken = list(loaded.broken)
    for slug, profile in loaded.profiles.items():
        try:
            candidates[slug] = candidate_of(profile, read_evidence(evidence_folder(config, slug)), reasons)
        except ConfigError as error:
            broken.append((slug, str(error)))
    return Banks(candidates=candidates, broken=tuple(broken))


def examine(candidate: Candidate) -> Report:
    """Ask a bank everything."""
    results = tuple(run_all(CHECKS, candidate))
    return Report(profile=candidate.profile, results=results, standing=tier_of(candidate))


def certify(candidate: Candidate, folder: Path, *, on: date, by: str) -> Certificate:
    """Write a bank's certificate for the tier that it claims. Raises ConfigError when any check finds something."""
    report = examine(candidate)
    if report.failed:
        raise ConfigError(f"bank {candidate.profile.slug}: {_told(report.failed)}; nothing was certified")
    claimed = candidate.profile.tier
    if RANK[claimed] > RANK[report.standing.tier]:
        raise ConfigError(f"bank {candidate.profile.slug}: the evidence covers {report.standing.tier}, not {claimed}")
    return write_certificate(folder, candidate.profile, claimed, on=on, by=by)


def _told(failed: Sequence[Result]) -> str:
    return "; ".join(f"{one.check.name}: {one.findings[0]}" for one in failed)
