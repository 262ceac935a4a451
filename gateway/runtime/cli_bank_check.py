"""`gateway bank check`: the contract suite asked of one bank or of all, and the tier that the evidence covers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bank_adapters.certificate import profile_digest
from bank_adapters.profile import Profile
from bank_adapters.registry import LoadedProfiles
from gateway.domain.errors import ConfigError
from gateway.runtime.cli_bank_new import CONFIG, Config
from gateway.runtime.cli_bank_shown import show
from gateway.runtime.clock import SystemClock
from gateway.runtime.configuration import read_profiles, read_reasons
from gateway.runtime.refusals import refused

if TYPE_CHECKING:
    from bank_adapters.contract.check import Result
    from bank_adapters.contract.examine import Report

Certify = Annotated[
    bool,
    typer.Option(
        "--certify", help="Write the certificate of the tier that the profile claims: production asks for it."
    ),
]


def check(
    slug: Annotated[str, typer.Argument(help="Which bank; without it every one.", show_default=False)] = "",
    config: Config = CONFIG,
    *,
    every: Annotated[bool, typer.Option("--all", help="List what passes, and why some is not asked.")] = False,
    certificate: Certify = False,
    by: Annotated[str, typer.Option(help="Who certifies: a name that a person answers to.")] = "",
) -> None:
    """Ask the contract suite of a bank: what must hold before money goes through it. Ends with 1 where it does not.

    Without SLUG a line a bank; with it the tier that its evidence covers, and what is missing for the next.
    """
    with refused():
        loaded = read_profiles(config)
        if not loaded.profiles and not loaded.broken:
            raise ConfigError(f"no profile in {config / 'banks'}")
        if slug and slug not in {*loaded.profiles, *dict(loaded.broken)}:
            raise ConfigError(f"no profile {config / 'banks' / f'{slug}.yaml'}; write one: gateway bank new {slug}")
        if certificate and not (slug and by):
            raise ConfigError("--certify: write which bank, and --by who certifies it")
        asked = [slug] if slug else sorted({*loaded.profiles, *dict(loaded.broken)})
        sound = [_ask(one, loaded, config, in_full=bool(slug), every=every) for one in asked]
        if certificate and all(sound):
            _certify(loaded.profiles[slug], config, by)
    for (country, code), banks in loaded.contested.items():
        typer.echo(f"bank code {code} of {country} is claimed by {' and '.join(banks)}: leave it out of one of them")
    sys.exit(0 if all(sound) and not loaded.contested else 1)


def _ask(slug: str, loaded: LoadedProfiles, config: Path, *, in_full: bool, every: bool) -> bool:
    """Examine one bank and say what came of it; return whether everything holds."""
    profile = loaded.profiles.get(slug)
    if profile is None:
        typer.echo(f"{slug}: the profile cannot be used")
        typer.echo("\n".join(f"  {line}" for line in dict(loaded.broken)[slug].splitlines()))
        return False
    # Only this command needs the suite: nothing that runs imports it.
    from bank_adapters.contract.candidate import candidate_of
    from bank_adapters.contract.evidence import read_evidence
    from bank_adapters.contract.examine import evidence_folder, examine

    report = examine(candidate_of(profile, read_evidence(evidence_folder(config, slug)), read_reasons(config)))
    if in_full:
        shown = [one for one in report.results if every or not one.passed]
        show(("check", "must hold", "result"), [(one.check.name, one.check.asks, _word(one)) for one in shown])
    _tell(report, in_full=in_full)
    return not report.failed


def _word(result: "Result") -> str:
    if not result.passed:
        return f"{len(result.findings)} findings"
    return f"not asked: {result.skipped}" if result.skipped else "passes"


def _tell(report: "Report", *, in_full: bool) -> None:
    profile, standing = report.profile, report.standing
    skipped = sum(one.skipped is not None for one in report.results)
    passed = len(report.results) - len(report.failed) - skipped
    counts = f"{passed} checks pass, {skipped} are not asked, {len(report.failed)} fail"
    typer.echo(f"{profile.slug}: {counts}; tier {profile.tier} claimed, {standing.tier} covered by evidence")
    for one in report.failed:
        typer.echo("\n".join(f"  {one.check.name}: {finding}" for finding in one.findings))
    if in_full:
        typer.echo("".join(f"  for the next tier: {missing}\n" for missing in standing.missing), nl=False)
        typer.echo(f"  digest of what is written and read, for roundtrip/outcome.yaml: {profile_digest(profile)}")


def _certify(profile: Profile, config: Path, by: str) -> None:
    from bank_adapters.contract.candidate import candidate_of
    from bank_adapters.contract.evidence import read_evidence
    from bank_adapters.contract.examine import certify, evidence_folder

    folder = evidence_folder(config, profile.slug)
    candidate = candidate_of(profile, read_evidence(folder), read_reasons(config))
    written = certify(candidate, folder, on=SystemClock().today(), by=by)
    typer.echo(f"certificate of tier {written.tier} written for {profile.slug}")
