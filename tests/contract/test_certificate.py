"""Certificates: production pays through a bank only as it was when it was proved."""

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from bank_adapters import certificate
from bank_adapters.capabilities import Booking, Tier
from bank_adapters.certificate import FILE, adapter_digest, profile_digest, proved, write_certificate
from bank_adapters.contract.examine import banks_of, certify, examine
from bank_adapters.profile import Profile
from bank_adapters.profile.mt import MtTerms
from bank_adapters.registry import load_profile
from gateway.domain.errors import ConfigError
from gateway.runtime.configuration import read_configuration
from gateway.runtime.settings import load_settings
from gateway.runtime.tiers import below_demand
from tests.contract.record import EVIDENCE
from tests.orders import ROOT

ON = date(2026, 11, 21)


def profile(slug: str = "alfa", **changes: object) -> Profile:
    text = (ROOT / "config" / "banks" / f"{slug}.yaml").read_text(encoding="utf-8")
    return load_profile(slug, text).model_copy(update=changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bank's evidence with its certificate."""
    made = shutil.copytree(EVIDENCE / "alfa", tmp_path / "alfa")
    write_certificate(made, profile(), Tier.SANDBOX, on=ON, by="p-1")
    return made


def test_the_tier_is_in_force_as_long_as_nothing_changed(folder: Path) -> None:
    assert proved(folder, profile()).tier is Tier.SANDBOX


def test_what_does_not_change_a_message_changes_nothing(folder: Path) -> None:
    timings = profile().timings.model_copy(update={"tries_max": 3})
    assert proved(folder, profile(timings=timings, name="Alfa")).tier is Tier.SANDBOX


@pytest.mark.parametrize(
    "edit",
    [
        {"limits": profile("kilo").limits},
        {"answers": profile("kilo").answers},
        {"account_types": profile("kilo").account_types},
        {"status_overrides": {"ACSP": "none"}},
        {"booking": Booking.BATCH},
        {"country": "CH"},
        {"mt": MtTerms(charges="OUR")},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_an_edited_profile_is_a_draft_again(folder: Path, edit: Mapping[str, object]) -> None:
    found = proved(folder, profile().model_copy(update=edit))
    assert found.tier is Tier.DRAFT
    assert found.why.startswith("profile changed since its certificate")


def test_another_transport_is_another_profile() -> None:
    assert profile_digest(profile()) != profile_digest(profile(transport=profile("kilo").transport))


def test_a_changed_adapter_is_a_draft_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "adapter_digest", lambda _: "0" * 64)
    assert proved(folder, profile()).why.startswith("adapter changed since")


def test_the_adapter_is_the_source_of_all_that_it_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {path.name for path in certificate._sources(type(banks_of(ROOT / "config").candidates["kilo"].adapter))}
    assert names >= {"json_api.py", "messages.py", "camt.py", "rules.py", "latin.py", "narrative.py"}
    before = adapter_digest(profile())
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == "pain001.py"))
    assert adapter_digest(profile()) != before


def test_changed_evidence_makes_a_draft(folder: Path) -> None:
    (folder / "inbound" / "statement.xml").write_bytes(b"<Document/>")
    assert proved(folder, profile()).why.startswith("evidence changed since")


def test_no_certificate_and_a_broken_one_make_a_draft(folder: Path) -> None:
    (folder / FILE).write_text("tier: certified\n", encoding="utf-8")
    assert proved(folder, profile()).why.startswith("its certificate cannot be read")
    (folder / FILE).unlink()
    assert proved(folder, profile()).why.startswith("it has no certificate")


def test_the_lower_of_claim_and_certificate_counts(folder: Path) -> None:
    assert proved(folder, profile(tier=Tier.CERTIFIED)).tier is Tier.SANDBOX
    assert proved(folder, profile(tier=Tier.DRAFT)).tier is Tier.DRAFT


# The certificate is written ----------------------------------------------------------------------------------------


def config_of(tmp_path: Path, *slugs: str, was: str = "simulated", now: str = "live") -> Path:
    """A configuration of a few banks, live, with their evidence."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config, ignore=shutil.ignore_patterns("banks", "evidence", "routing.yaml"))
    for slug in slugs:
        shutil.copytree(EVIDENCE / slug, config / "evidence" / slug)
        text = (ROOT / "config" / "banks" / f"{slug}.yaml").read_text(encoding="utf-8")
        (config / "banks").mkdir(exist_ok=True)
        (config / "banks" / f"{slug}.yaml").write_text(text.replace(was, now), encoding="utf-8")
    return config


def test_a_bank_that_passes_is_certified_for_what_it_claims(tmp_path: Path) -> None:
    config = config_of(tmp_path, "kilo")
    kilo = banks_of(config).candidates["kilo"]
    written = certify(kilo, config / "evidence" / "kilo", on=ON, by="p-1")
    assert (written.tier, written.by, written.date) == (Tier.SANDBOX, "p-1", ON)
    assert proved(config / "evidence" / "kilo", kilo.profile).tier is Tier.SANDBOX


def test_a_bank_that_fails_is_not_certified(tmp_path: Path) -> None:
    config = config_of(tmp_path, "kilo", was="tier: sandbox", now="tier: certified")
    kilo = banks_of(config).candidates["kilo"]
    assert [result.check.name for result in examine(kilo).failed] == ["honesty.tier"]
    with pytest.raises(ConfigError, match="nothing was certified"):
        certify(kilo, config / "evidence" / "kilo", on=ON, by="p-1")
    assert not (config / "evidence" / "kilo" / FILE).exists()


# Production ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("demanded", "pays"), [("draft", True), ("sandbox", True), ("certified", False)])
def test_production_pays_through_a_bank_that_is_proved_as_far_as_demanded(
    tmp_path: Path,
    demanded: str,
    pays: bool,  # noqa: FBT001 - one of the columns above
) -> None:
    config = config_of(tmp_path, "alfa", "kilo")
    settings = load_settings(config).model_copy(update={"mode": "production", "demanded_tier": demanded})
    alfa = banks_of(config).candidates["alfa"].profile
    write_certificate(config / "evidence" / "alfa", alfa, Tier.SANDBOX, on=ON, by="p-1")
    parts = read_configuration(config, settings)
    assert parts.routing.pays("alfa") is pays
    assert parts.routing.pays("kilo") is (demanded == "draft")
    assert set(parts.profiles) == {"alfa", "kilo"}
    assert ("kilo" in parts.unproved) is (demanded != "draft")


def test_production_says_why(tmp_path: Path) -> None:
    config = config_of(tmp_path, "alfa", "kilo")
    settings = load_settings(config).model_copy(update={"mode": "production"})
    alfa = banks_of(config).candidates["alfa"].profile
    write_certificate(config / "evidence" / "alfa", alfa, Tier.SANDBOX, on=ON, by="p-1")
    why = below_demand(config, settings, {one: c.profile for one, c in banks_of(config).candidates.items()})
    assert why == {
        "alfa": "tier sandbox is below the demanded certified: its profile says sandbox",
        "kilo": "tier draft is below the demanded certified: it has no certificate: run gateway bank check --certify",
    }


def test_an_edit_after_the_certificate_stops_the_bank_and_no_other(tmp_path: Path) -> None:
    config = config_of(tmp_path, "alfa", "kilo")
    settings = load_settings(config).model_copy(update={"mode": "production", "demanded_tier": "sandbox"})
    for slug, candidate in banks_of(config).candidates.items():
        write_certificate(config / "evidence" / slug, candidate.profile, Tier.SANDBOX, on=ON, by="p-1")
    file = config / "banks" / "alfa.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("booking: single", "booking: batch"), encoding="utf-8")
    parts = read_configuration(config, settings)
    assert (parts.routing.pays("alfa"), parts.routing.pays("kilo")) == (False, True)
    assert parts.unproved["alfa"].startswith("tier draft is below the demanded sandbox: profile changed")


def test_a_bank_that_is_not_live_is_not_alarmed_about(tmp_path: Path) -> None:
    config = config_of(tmp_path, "alfa", now="simulated")
    settings = load_settings(config).model_copy(update={"mode": "production"})
    assert read_configuration(config, settings).unproved == {}


def test_a_sandbox_demands_nothing(tmp_path: Path) -> None:
    parts = read_configuration(config := config_of(tmp_path, "alfa"), load_settings(config))
    assert (parts.unproved, parts.routing.pays("alfa")) == ({}, True)
