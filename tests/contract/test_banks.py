"""The banks that ship, examined by the published suite. `-k alfa` asks one bank, `-k letters` one theme."""

from bank_adapters.contract.suite import test_bank
from tests.orders import ROOT

pytest_plugins = ["bank_adapters.contract.plugin"]
BANK_CONFIG = ROOT / "config"

__all__ = ["test_bank"]
