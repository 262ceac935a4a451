"""Which benefits each bank can be paid through, and what is missing where it is none."""

from typing import Any

import pytest

from bank_adapters.spi import Debtor
from gateway.domain.benefits import catalogue_from
from gateway.domain.routing import BankTerms, routing_table
from gateway.service.banks import DebtorAccounts
from gateway.service.reach import Reach, reach_of

CATALOGUE = catalogue_from(
    {
        "benefits": {
            "SICK_PAY": {"name": "n", "category_purpose": "SSBE", "purpose": "BENE", "limits": {"EUR": "1.00"}},
            "TRAVEL": {"name": "n", "category_purpose": "SSBE", "purpose": "BENE", "limits": {"TRY": "1.00"}},
            "OLD_AGE": {"name": "n", "pension": True},
        }
    }
)


def bank(slug: str, *kinds: str, **changes: Any) -> BankTerms:
    values: dict[str, Any] = {"bank_codes": {"DE": frozenset({slug})}, "currencies": frozenset({"EUR"}), "live": True}
    return BankTerms(slug=slug, account_types=frozenset(kinds or {"IBAN"}), **values | changes)


def reach(*banks: BankTerms, paying: tuple[tuple[str, str], ...] = (("EUR", "alfa"),)) -> Reach:
    debtor = Debtor(name="Institution", iban="DE89370400440532013000", bic="COBADEFFXXX")
    accounts = DebtorAccounts(accounts={("SSI", "*", currency, of): debtor for currency, of in paying})
    return reach_of(banks, CATALOGUE, routing_table(banks), accounts)


def test_a_benefit_is_payable_in_a_currency_of_the_bank_that_has_a_paying_account() -> None:
    both = frozenset({"EUR", "TRY"})
    found = reach(bank("alfa", currencies=both))
    assert [(w.bank, w.account_type, w.currencies, w.benefits) for w in found.banks] == [
        ("alfa", "IBAN", ["EUR"], ["SICK_PAY"])
    ]
    assert found.benefits == {"SICK_PAY": ["EUR"], "TRAVEL": ["TRY"]}
    assert (found.banks_of("SICK_PAY"), found.banks_of("TRAVEL")) == (["alfa"], [])


@pytest.mark.parametrize(
    ("changes", "paying", "why"),
    [
        ({"live": False}, (("EUR", "alfa"),), "not live"),
        ({"bank_codes": {}}, (("EUR", "alfa"),), "claims no bank code"),
        ({}, (("EUR", "bravo"),), "no paying account"),
        ({"currencies": frozenset({"CHF"})}, (("CHF", "alfa"),), "no benefit in its currencies"),
    ],
)
def test_what_is_missing(changes: dict[str, Any], paying: tuple[tuple[str, str], ...], why: str) -> None:
    [way] = reach(bank("alfa", **changes), paying=paying).banks
    assert (way.benefits, way.why_not) == ([], why)


def test_the_counter_belongs_to_the_first_live_bank_of_the_currency() -> None:
    paying = (("EUR", "alfa"), ("EUR", "bravo"))
    asleep, first, second = (
        bank("oscar", "COUNTER", live=False),
        bank("bravo", "COUNTER"),
        bank("alfa", "COUNTER", "IBAN"),
    )
    found = {(w.bank, w.account_type): w.why_not for w in reach(asleep, first, second, paying=paying).banks}
    assert found == {
        ("alfa", "COUNTER"): "another bank is preferred for the counter",
        ("alfa", "IBAN"): "",
        ("bravo", "COUNTER"): "",
        ("oscar", "COUNTER"): "not live",
    }
