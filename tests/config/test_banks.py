"""The seventeen bank profiles that ship: they load, agree with the banks they describe, and are no copies."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import pytest
import yaml

from bank_adapters.registry import load_profiles
from gateway.runtime.configuration import read_configuration
from gateway.runtime.settings import load_settings
from gateway.sandbox import Kind, read_parameters
from tests.orders import ROOT

CONFIG = ROOT / "config"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted((CONFIG / "banks").glob("*.yaml"))}
PROFILES = load_profiles(TEXTS).profiles
BANKS = {bank.slug: bank for bank in read_parameters(CONFIG / "sandbox.yaml", seed=7)}
IDENTITY = {"slug", "name", "country", "bic", "bank_codes", "transport"}


def test_there_are_seventeen_and_all_can_be_used() -> None:
    configuration = read_configuration(CONFIG, load_settings(CONFIG))
    assert len(configuration.profiles) == 17
    assert list(configuration.broken) == []


@pytest.mark.parametrize("slug", sorted(BANKS))
def test_a_profile_says_what_its_bank_is(slug: str) -> None:
    profile, bank = PROFILES[slug], BANKS[slug]
    assert profile.bank_codes == {bank.country: (bank.bank_code,)}
    assert (profile.transport.kind == "https") == (bank.kind is Kind.API)
    assert (profile.booking == "batch") == (bank.kind is Kind.BATCH)
    assert profile.answers.positive_status == (bank.kind is not Kind.QUIET)


@pytest.mark.parametrize("slug", sorted(BANKS))
def test_the_account_that_pays_is_one_the_bank_knows(slug: str) -> None:
    accounts = read_configuration(CONFIG, load_settings(CONFIG)).accounts
    debtor = accounts.find(source="SSI", programme="ANY", currency="EUR", bank=slug)
    assert debtor is not None
    assert debtor.iban in BANKS[slug].debtor_accounts


def _differences(one: str, other: str) -> set[str]:
    """In which parameters, identity aside, two profiles or their sandbox banks differ."""
    pair = [_flat(PROFILES[slug].model_dump()) | _flat(yaml.safe_load(_section(slug))) for slug in (one, other)]
    return {key for key in pair[0].keys() | pair[1].keys() if pair[0].get(key) != pair[1].get(key)}


def _section(slug: str) -> str:
    sections = yaml.safe_load((CONFIG / "sandbox.yaml").read_text(encoding="utf-8"))["banks"]
    own = {k: v for k, v in sections[slug].items() if k not in {"country", "bank_code", "debtor_accounts"}}
    return str(yaml.safe_dump({"sandbox": own}))


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if prefix or key not in IDENTITY:
            flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def test_no_two_banks_are_alike() -> None:
    alike = {pair: d for pair in combinations(sorted(BANKS), 2) if len(d := _differences(*pair)) < 3}
    assert alike == {}
