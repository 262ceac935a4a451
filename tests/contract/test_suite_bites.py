"""The suite itself: every broken bank is caught by the check that is there for it, and sound ones pass everything."""

from functools import cache

import pytest

from bank_adapters.contract.candidate import Candidate, candidate_of
from bank_adapters.contract.check import run, without
from bank_adapters.contract.checks import CHECKS
from bank_adapters.contract.evidence import read_evidence
from bank_adapters.contract.examine import evidence_folder
from bank_adapters.registry import load_profile
from tests.contract.broken_readers import OnlyOnce
from tests.contract.broken_writers import Remembers
from tests.contract.mutants import MUTANTS, Mutant
from tests.orders import ROOT

BY_NAME = {check.name: check for check in CHECKS}
CONFIGS = dict.fromkeys(("anadolu", "toros"), ROOT / "tests" / "banks" / "config")


@cache
def sound(slug: str) -> Candidate:
    config = CONFIGS.get(slug, ROOT / "config")
    profile = load_profile(slug, (config / "banks" / f"{slug}.yaml").read_text(encoding="utf-8"))
    return candidate_of(profile, read_evidence(evidence_folder(config, slug)))


@pytest.mark.parametrize("mutant", [pytest.param(one, id=one.name) for one in MUTANTS])
def test_a_broken_bank_is_caught_by_the_check_for_it(mutant: Mutant) -> None:
    Remembers.last, OnlyOnce.seen = None, frozenset()
    check, bank = BY_NAME[mutant.check], sound(mutant.bank)
    assert run(check, bank).findings == ()
    result = run(check, mutant.made_of(bank))
    assert result.skipped is None
    assert result.findings


def test_there_are_enough_of_them_and_no_two_of_a_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25


@pytest.mark.parametrize("slug", ["anadolu"])
def test_a_sound_bank_passes_everything(slug: str) -> None:
    """The banks that ship do so in `test_banks`."""
    found = {check.name: run(check, sound(slug)).findings for check in CHECKS}
    assert {name: findings for name, findings in found.items() if findings} == {}


def test_every_check_has_a_mutant() -> None:
    assert set(BY_NAME) == {mutant.check for mutant in MUTANTS}


@pytest.mark.parametrize("slug", ["alfa", "kilo", "bravo"])
def test_a_check_is_skipped_only_where_the_bank_declares_its_lack(slug: str) -> None:
    profile = sound(slug).profile
    requests = {"submit_request", "read_submit", "inquiry_request", "read_inquiry"} if slug != "kilo" else set()
    for check in CHECKS:
        reason = without(check, sound(slug))
        assert (reason is not None) == any(need in profile.absent or str(need) in requests for need in check.needs)
