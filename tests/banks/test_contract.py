"""The bank that one YAML file added, examined by the published suite: nothing of the suite knows it either."""

from pathlib import Path

from bank_adapters.contract.suite import test_bank

pytest_plugins = ["bank_adapters.contract.plugin"]
BANK_CONFIG = Path(__file__).parent / "config"

__all__ = ["test_bank"]
