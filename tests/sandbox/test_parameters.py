import itertools
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from schwifty import IBAN

from gateway.sandbox import BankParameters, Kind, load_parameters, read_parameters

CONFIG = Path(__file__).resolve().parents[2] / "config" / "sandbox.yaml"
BANKS = read_parameters(CONFIG, seed=7)
WHO = {"slug", "seed", "country", "bank_code", "debtor_accounts"}
"""Who a bank is; the rest is how it behaves."""


def behaviour(bank: BankParameters) -> dict[str, object]:
    return _flat({key: value for key, value in asdict(bank).items() if key not in WHO})


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def differences(one: BankParameters, other: BankParameters) -> list[str]:
    left, right = behaviour(one), behaviour(other)
    return sorted(key for key in left.keys() | right.keys() if left.get(key) != right.get(key))


def test_there_are_seventeen_banks_of_five_kinds() -> None:
    assert len({bank.slug for bank in BANKS}) == 17
    assert Counter(bank.kind for bank in BANKS) == {
        Kind.FILE: 6,
        Kind.QUIET: 4,
        Kind.BATCH: 3,
        Kind.API: 2,
        Kind.FLAKY: 2,
    }


def test_banks_behave_differently_in_at_least_two_parameters() -> None:
    listed = {(one.slug, other.slug): differences(one, other) for one, other in itertools.combinations(BANKS, 2)}
    for pair, names in listed.items():
        print(f"{' and '.join(pair)} differ in: {', '.join(names)}")  # noqa: T201 - shown by pytest -rP
    assert len(listed) == 17 * 16 / 2
    assert {pair: names for pair, names in listed.items() if len(names) < 2} == {}


def test_banks_share_no_bank_code_and_no_account() -> None:
    assert len({(bank.country, bank.bank_code) for bank in BANKS}) == 17
    assert len({account for bank in BANKS for account in bank.debtor_accounts}) == 18


@pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.slug)
def test_accounts_are_accounts_of_the_bank_and_the_bank_is_nobodys(bank: BankParameters) -> None:
    for account in bank.debtor_accounts:
        read = IBAN(account, validate_bban=True)
        assert (read.country_code, read.bank_code) == (bank.country, bank.bank_code)
        assert read.bank is None, "a bank code of a bank that exists"


def test_the_seed_is_the_one_given() -> None:
    assert {bank.seed for bank in BANKS} == {7}
    assert {bank.seed for bank in read_parameters(CONFIG, seed=8)} == {8}


def section(**changes: Any) -> dict[str, Any]:
    plain = {"kind": "file", "country": "DE", "bank_code": "10010001", "debtor_accounts": ["DE66100100010020260001"]}
    return plain | changes


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"rejekted_per_10000": 1}, "rejekted_per_10000"),
        ({"rejected_per_10000": "1"}, "rejected_per_10000"),
        ({"rejected_per_10000": 10_001}, "rejected_per_10000"),
        ({"kind": "slow"}, "kind"),
        ({"kind": "api"}, "`api`"),
        ({"api": {}}, "`api`"),
        ({"kind": "flaky"}, "jitter_seconds"),
        ({"rejected_per_10000": 6000, "returned_per_10000": 6000}, "rejected and returned"),
        ({"bank_code": "10010002"}, "debtor account"),
        ({"debtor_accounts": ["DE67100100010020260001"]}, "debtor account"),
        ({"debtor_accounts": []}, "debtor_accounts"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_by_name(changes: dict[str, Any], names: str) -> None:
    with pytest.raises(ValueError, match="sandbox bank alfa: ") as caught:
        load_parameters({"alfa": section(**changes)}, seed=1)
    assert names in str(caught.value)


def test_a_file_without_banks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(yaml.safe_dump({"banks": {}, "more": 1}))
    with pytest.raises(ValueError, match="exactly one key"):
        read_parameters(path, seed=1)
