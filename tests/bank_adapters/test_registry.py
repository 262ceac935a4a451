"""Loading profiles: one broken profile disables one bank; two that claim one code disable the start."""

import pickle
from pathlib import Path

import pytest
import yaml

from bank_adapters.capabilities import SUPPORT, Family
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile.reading import load_yaml
from bank_adapters.registry import (
    adapter_for,
    load_profiles,
    meanings_for,
    request_adapter_for,
    unsupported,
)
from bank_adapters.rest.json_api import JsonApiAdapter
from gateway.domain.errors import ConfigError
from gateway.domain.observation import Observation
from gateway.domain.reasons import reasons_from
from gateway.domain.statement import Statement
from tests.bank_adapters.material import FILE_BANK, api_bank, api_bank_parts, file_bank
from tests.statements import Booking, Stmt, camt053


def test_good_profiles_load_beside_a_broken_one() -> None:
    broken = FILE_BANK.replace("slug: alfa", "slug: bravo").replace("currencies: [EUR]", "currencies: maybe")
    loaded = load_profiles({"alfa": FILE_BANK, "bravo": broken, "kilo": yaml.safe_dump(api_bank_parts())})
    assert set(loaded.profiles) == {"alfa", "kilo"}
    ((stem, error),) = loaded.broken
    assert stem == "bravo"
    assert error.startswith("currencies: ")


def test_the_slug_is_the_name_of_the_file() -> None:
    loaded = load_profiles({"bravo": FILE_BANK})
    said = "slug: is 'alfa' but the file is named 'bravo'; write slug: bravo, or rename the file (line 2)"
    assert loaded.broken == (("bravo", said),)


def test_two_banks_that_claim_one_code_are_both_named_and_both_load() -> None:
    other = FILE_BANK.replace("slug: alfa", "slug: bravo").replace('["10010001"]', '["10010001", "10010002"]')
    loaded = load_profiles({"alfa": FILE_BANK, "bravo": other})
    assert loaded.contested == {("DE", "10010001"): ("alfa", "bravo")}
    assert set(loaded.profiles) == {"alfa", "bravo"}
    assert load_profiles({"alfa": FILE_BANK}).contested == {}


def test_a_code_stays_contested_when_one_of_two_profiles_breaks() -> None:
    other = FILE_BANK.replace("slug: alfa", "slug: bravo")
    loaded = load_profiles({"alfa": FILE_BANK, "bravo": other.replace("currencies: [EUR]", "currencies: maybe")})
    assert set(loaded.profiles) == {"alfa"}
    assert loaded.contested == {("DE", "10010001"): ("alfa", "bravo")}
    loaded = load_profiles({"alfa": FILE_BANK, "bravo": other}).without({"bravo": "its secret is missing"}, {})
    assert loaded.contested == {("DE", "10010001"): ("alfa", "bravo")}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILE_BANK + "tier: draft\n", "'tier' stands twice"),
        (FILE_BANK.replace("bank_codes: {DE:", "bank_codes: {NO:"), "the key False is not text"),
        (FILE_BANK.replace("{DE:", "{[DE]:"), "is not text"),
        (FILE_BANK.replace("tier: sandbox", "tier: [sandbox"), "not YAML"),
        (FILE_BANK.replace("name: Alfa Bank", "name: 2026-09-21"), "a date"),
        (FILE_BANK.replace("tries_max: 5", "tries_max: .nan"), "no finite number"),
        ("just text", "(profile)"),
        ("", "(profile)"),
    ],
)
def test_a_file_that_says_something_else_than_it_looks_is_refused(text: str, told: str) -> None:
    ((_, error),) = load_profiles({"alfa": text}).broken
    assert told in error


def test_yaml_cannot_make_objects() -> None:
    with pytest.raises(ConfigError, match="not YAML"):
        load_yaml("!!python/object/apply:os.getcwd []")


def test_an_override_that_widens_a_code_disables_the_bank() -> None:
    ((_, error),) = load_profiles({"alfa": FILE_BANK.replace("{}", "{RCVD: credited}")}).broken
    assert error.startswith("status_overrides.RCVD")


@pytest.mark.parametrize("family", list(Family))
def test_adapters_have_exactly_the_methods_their_family_declares(family: Family) -> None:
    assert family in SUPPORT
    assert not unsupported(family)


def test_adapters_by_family() -> None:
    assert isinstance(adapter_for(file_bank()), Iso20022Adapter)
    assert isinstance(request_adapter_for(api_bank()), JsonApiAdapter)
    with pytest.raises(ConfigError, match="not spoken to by requests"):
        request_adapter_for(file_bank())


def test_an_api_bank_has_statements_like_any_other() -> None:
    bank = api_bank()
    stmt = Stmt(opening=10_000, closing=8_800, bookings=[Booking(minor=-1_200, ref="K1")])
    for content in (camt053(stmt), b"\xef\xbb\xbf\r\n" + camt053(stmt)):
        entry, statement = adapter_for(bank).read([content[:4], content[4:]], bank)
        assert isinstance(entry, Observation)
        assert (entry.amount_minor, entry.credit, entry.entry_ref) == (1_200, False, "K1")
        assert isinstance(statement, Statement)
        assert (statement.opening_minor, statement.entries_minor, statement.closing_minor) == (10_000, -1_200, 8_800)


def test_adapters_travel_between_processes() -> None:
    for bank in (file_bank(), api_bank()):
        adapter = adapter_for(bank)
        assert type(pickle.loads(pickle.dumps(adapter))) is type(adapter)  # noqa: S301 - our own bytes


def test_configured_duplicates_reach_the_status_table() -> None:
    table = meanings_for(file_bank(), reasons_from({"X99": "duplicate"}))
    assert table.meaning("RJCT", "X99").duplicate


def test_the_profiles_that_are_shipped_load() -> None:
    folder = Path(__file__).resolve().parents[2] / "config" / "banks"
    loaded = load_profiles({path.stem: path.read_text("utf-8") for path in folder.glob("*.yaml")})
    assert not loaded.broken
