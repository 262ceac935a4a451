"""The one test of the published suite. Run it as it is, or import it into a test module of your own.

    pytest --bank-config config --pyargs bank_adapters.contract.suite
    pytest --bank-config config --pyargs bank_adapters.contract.suite -k alfa

The plugin `bank_adapters.contract.plugin` gives `bank_check` one value for every bank and check.
"""

from bank_adapters.contract.plugin import BankCheck


def test_bank(bank_check: BankCheck) -> None:
    """Fail with what was found, or skip for the reason that the bank's declaration gives."""
    bank_check()
