"""A profile is refused on any unknown key, wrong type or contradiction, with the path of the key in the message."""

import json
import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bank_adapters.profile import Profile, terms
from gateway.domain.errors import ConfigError
from gateway.domain.matching import LADDER, Rule
from tests.bank_adapters.material import api_bank, api_bank_parts, file_bank, file_bank_parts, profile_of

WRONG: list[tuple[str, object, str]] = [
    ("slug", "Alfa", "slug"),
    ("country", "Germany", "country"),
    ("bic", "ALFA", "bic"),
    ("bank_codes", {"DE": ["1001 0001"]}, "bank_codes.DE.0"),
    ("bank_codes", {"DE": [10010001]}, "bank_codes.DE.0"),
    ("family", "fax", "family"),
    ("onboarding.state", "yes", "onboarding.state"),
    ("currencies", ["XXX"], "currencies.0"),
    ("currencies", [], "currencies"),
    ("account_types", ["CARD"], "account_types.0"),
    ("messages.initiation", "pain.001.001.02", "messages.initiation"),
    ("limits.payments_per_submission", 20_001, "limits.payments_per_submission"),
    ("limits.payments_per_submission", "100", "limits.payments_per_submission"),
    ("limits.payments_per_submission", 1.5, "limits.payments_per_submission"),
    ("limits.sum_per_submission", "1000.001", "sum_per_submission"),
    ("limits.sum_per_submission", 1000, "limits.sum_per_submission"),
    ("limits.min_payments_per_submission", 20_000_000, "limits.min_payments_per_submission"),
    ("answers.duplicate_check", "luck", "answers.duplicate_check"),
    ("timings.lease_seconds", 20, "lease_seconds must be greater than send_deadline_seconds"),
    ("timings.tries_max", 0, "timings.tries_max"),
    ("breaker.failures", True, "breaker.failures"),
    ("point_of_no_return", "first byte", "point_of_no_return"),
    ("transport.folder", "../etc", "transport.folder"),
    ("transport.folder", "/etc", "transport.folder"),
    ("transport.kind", "pigeon", "transport"),
    ("edge_key_secret", "-----BEGIN KEY-----", "edge_key_secret"),
    ("edge_key_secret", "bank/../../id_ed25519", "edge_key_secret"),
    ("status_overrides", {"ACWC": "paid"}, "status_overrides.ACWC"),
    ("matching", {"rules": ["amount"]}, "matching.rules.0"),
    ("matching", {"charges_tolerance": "-1.00"}, "matching.charges_tolerance"),
    ("matching", {"charges_tolerance": 1}, "matching.charges_tolerance"),
    ("unknown", 1, "unknown"),
    ("limits.unknown", 1, "limits.unknown"),
]


def changed(parts: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    *above, last = path.split(".")
    place = parts
    for key in above:
        place = place[key]
    place[last] = value
    return parts


@pytest.mark.parametrize(("path", "value", "told"), WRONG)
def test_a_wrong_key_is_named(path: str, value: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told.replace(".", r"\.")):
        profile_of(changed(file_bank_parts(), path, value))


@pytest.mark.parametrize("key", sorted(set(file_bank_parts()) - {"status_overrides", "slug"}))
def test_no_key_may_be_left_out(key: str) -> None:
    parts = file_bank_parts()
    del parts[key]
    with pytest.raises(ConfigError, match=key):
        profile_of(parts)


def test_a_request_holds_one_payment() -> None:
    with pytest.raises(ConfigError, match="one payment is one request"):
        profile_of(changed(api_bank_parts(), "limits.payments_per_submission", 2))


def test_the_secret_is_never_in_the_profile_and_the_input_never_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        profile_of(changed(api_bank_parts(), "transport.auth.token_secret", "Bearer VERY-SECRET"))
    assert "VERY-SECRET" not in str(caught.value)


def test_an_api_root_neither_ends_in_a_slash_nor_carries_a_query() -> None:
    for url in ("https://a.example/", "https://a.example?x=1", "ftp://a.example"):
        with pytest.raises(ConfigError, match=r"transport\.base_url"):
            profile_of(changed(api_bank_parts(), "transport.base_url", url))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.bank.example:65536/v1",
        "https://api.bank.example:0",
        "https://api.bank.example:https/v1",
        "https://:443/v1",
        "https://[::1/v1",
    ],
)
def test_an_api_root_names_a_host_and_a_port_that_there_are(url: str) -> None:
    """Whoever connects there would fail at the first payment, and not in a way that is tried again."""
    with pytest.raises(ConfigError, match="base_url"):
        profile_of(changed(api_bank_parts(), "transport.base_url", url))
    profile_of(changed(api_bank_parts(), "transport.base_url", "https://api.bank.example:65535/v1"))


def test_sums_are_read_in_minor_units() -> None:
    bank = profile_of(changed(file_bank_parts(), "limits.sum_per_submission", "250000.5"))
    assert bank.sum_limit("EUR") == 25_000_050
    assert file_bank().sum_limit("EUR") is None


def test_terms_say_what_routing_must_know() -> None:
    offered = terms(file_bank())
    assert offered.slug == "alfa"
    assert offered.bank_codes == {"DE": frozenset({"10010001"})}
    assert offered.currencies == {"EUR"}
    assert offered.account_types == {"IBAN"}
    assert offered.live


def test_profiles_travel_between_processes() -> None:
    for bank in (file_bank(), api_bank()):
        assert pickle.loads(pickle.dumps(bank)) == bank  # noqa: S301 - our own bytes


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for definition in [schema, *schema.get("$defs", {}).values()]:
        yield from definition.get("properties", {}).items()


def test_every_key_is_documented_in_the_exported_schema() -> None:
    schema = Profile.model_json_schema()
    json.dumps(schema)
    undocumented = [key for key, shape in properties(schema) if not shape.get("description")]
    assert not undocumented
    assert schema["additionalProperties"] is False


def test_a_counter_is_described_exactly_where_it_is_offered() -> None:
    parts = api_bank_parts()
    with pytest.raises(ConfigError, match="counter is there exactly where account_types lists COUNTER"):
        profile_of(parts | {"counter": {}})
    with pytest.raises(ConfigError, match="counter is there exactly where account_types lists COUNTER"):
        profile_of(parts | {"account_types": ["COUNTER"]})
    counter = profile_of(parts | {"account_types": ["COUNTER"], "counter": {}}).counter
    assert counter is not None
    assert (counter.paid_by, counter.unclaimed_codes, counter.silence_days) == ("credited", (), 3)


def test_a_file_pays_nothing_over_the_counter() -> None:
    with pytest.raises(ConfigError, match=r"pain\.001 has no place for an id and a window"):
        profile_of(file_bank_parts() | {"account_types": ["COUNTER"], "counter": {}})


@pytest.mark.parametrize(
    ("zone", "product", "told"),
    [
        ("Europe/Berlin", {"closes": "24:01"}, "hours.products.*.closes"),
        ("Europe/Berlin", {"closes": "9:00"}, "hours.products.*.closes"),
        ("Europe/Berlin", {"opens": "09:00", "closes": "09:00"}, "opens must be before closes"),
        ("Europe/Berlin", {"opens": "09:00", "closes_half_day": "08:00"}, "opens must be before closes"),
        ("Europe/Nowhere", {}, "hours.zone"),
        ("../etc/passwd", {}, "hours.zone"),
    ],
)
def test_hours_are_times_in_a_zone(zone: str, product: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        profile_of(file_bank_parts() | {"hours": {"zone": zone, "products": {"*": product}}})


def test_the_whole_ladder_is_believed_unless_a_profile_says_less() -> None:
    assert profile_of(file_bank_parts()).matching.rules == LADDER
    narrowed = profile_of(file_bank_parts() | {"matching": {"rules": ["uetr", "batch_sum"]}})
    assert narrowed.matching.rules == (Rule.UETR, Rule.BATCH_SUM)


@pytest.mark.parametrize(("currency", "minor"), [("EUR", 125), ("JPY", 1), ("KWD", 1_259)])
def test_the_tolerance_for_charges_is_never_rounded_up(currency: str, minor: int) -> None:
    tolerant = profile_of(file_bank_parts() | {"matching": {"charges_tolerance": "1.2599"}})
    assert tolerant.matching.tolerance_minor(currency) == minor
    assert profile_of(file_bank_parts()).matching.tolerance_minor(currency) == 0
