"""The pytest plugin of the contract suite: parametrizes tests that take `bank_check` by bank and check.

It is an entry point, so pytest finds it by itself and loads it into every run of everybody who has the package
installed. Therefore it does nothing but offer an option: no test without a parameter `bank_check` is touched, and
nothing of the suite is imported before one is collected. (Nor does it assert anything: PYTEST_DONT_REWRITE.)

The folder is named by, in this order, `--bank-config DIR`, a variable BANK_CONFIG of the test module, and `bank_config`
in pytest's configuration.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bank_adapters.contract.candidate import Candidate
    from bank_adapters.contract.check import Check

_OPTION, _VARIABLE, _PARAMETER = "bank_config", "BANK_CONFIG", "bank_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCheck:
    """One question to one bank. Calling it asks it."""

    bank: str
    check: "Check"
    candidate: "Candidate"

    @property
    def id(self) -> str:
        """The name by which `-k` finds it."""
        return f"{self.bank}-{self.check.name}"

    def __call__(self) -> None:
        """Ask; fail with the findings, or skip for the declared reason."""
        from bank_adapters.contract.check import run

        result = run(self.check, self.candidate)
        if result.skipped is not None:
            pytest.skip(result.skipped)
        if result.findings:
            found = "\n".join(f"  - {finding}" for finding in result.findings)
            pytest.fail(f"{self.bank}: {self.check.asks}\n{found}", pytrace=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenProfile:
    """A profile that cannot be read at all: its one test fails with what to write."""

    bank: str
    why: str

    @property
    def id(self) -> str:
        """The name by which `-k` finds it."""
        return f"{self.bank}-profile"

    def __call__(self) -> None:
        """Fail."""
        pytest.fail(f"{self.bank}: the profile cannot be used\n{self.why}", pytrace=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the option; without it, and without a test that asks, nothing happens."""
    group = parser.getgroup("bank contract suite")
    group.addoption("--bank-config", dest=_OPTION, metavar="DIR", help="folder with banks/*.yaml and evidence/")
    parser.addini(_OPTION, "folder with banks/*.yaml and evidence/, relative to the root of the project")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `bank_check` a value for every bank and check."""
    if _PARAMETER not in metafunc.fixturenames:
        return
    asked = _asked(metafunc.config, _folder(metafunc))
    metafunc.parametrize(_PARAMETER, asked, ids=[one.id for one in asked])


def _folder(metafunc: pytest.Metafunc) -> Path:
    config = metafunc.config
    named = config.getoption(_OPTION, None) or getattr(metafunc.module, _VARIABLE, None)
    if named is not None:
        return Path(named)
    ini = config.getini(_OPTION)
    if ini:
        return config.rootpath / str(ini)
    raise pytest.UsageError("say which banks to examine: --bank-config DIR")


_KEPT = pytest.StashKey[dict[Path, list[Any]]]()


def _asked(config: pytest.Config, folder: Path) -> "list[BankCheck | BrokenProfile]":
    """Return every question to every bank of a folder; candidates are shared, so that each renders once."""
    from bank_adapters.contract.checks import CHECKS
    from bank_adapters.contract.examine import banks_of

    kept = config.stash.setdefault(_KEPT, {})
    if folder not in kept:
        banks = banks_of(folder)
        asked: list[BankCheck | BrokenProfile] = [BrokenProfile(bank=slug, why=why) for slug, why in banks.broken]
        for slug, candidate in banks.candidates.items():
            asked += [BankCheck(bank=slug, check=check, candidate=candidate) for check in CHECKS]
        kept[folder] = asked
    return kept[folder]
