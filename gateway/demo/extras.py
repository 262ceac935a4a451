"""What some orders of the demo tell beside payee, account and amount, at the one bank whose profile takes all of it."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.demo.people import Person

BANK: Final = "foxtrot"
"""A bank that takes addresses, and one benefit at once (config/banks/foxtrot.yaml)."""
_BIC: Final = "FOXTFRPPXXX"
_SHOPS: Final = frozenset({"MEDICAL_MATERIAL_REFUND", "COELIAC_ALLOWANCE"})
"""Benefits that a shop may be paid for, with its own reference."""
_FUND: Final = {"name": "Caisse des accidents", "identifications": [{"scheme": "CUST", "id": "4711"}]}
_EVERY: Final = 3
"""Kinds of orders that take turns: nothing more, an address and a bank, and whom the institution pays for as well."""
_MODULUS: Final = 97


def told_beside(number: int, benefit: str, payee: Person) -> Mapping[str, Any]:
    """Return the parts of an order at that bank, by its number and benefit; those of a reference replace its text."""
    turn = number % _EVERY
    if not turn:
        return {}
    address = {"townName": "Besançon", "country": "FR", "postCode": f"{25_000 + number % 999}"}
    home = {"streetName": "Rue de l'Été", "buildingNumber": f"{number % 99 + 1}", "addressLines": ["Bâtiment B"]}
    creditor: dict[str, Any] = {**payee.document(), "address": address | (home if turn > 1 else {})}
    parts: dict[str, Any] = {"creditor": creditor, "creditorAgent": {"bic": _BIC}}
    if turn > 1:
        parts["ultimateDebtor"] = _FUND
    if benefit in _SHOPS:
        creditor["kind"] = "ORGANISATION"
        parts["creditorReference"] = {"reference": reference(number)}
    return parts


def reference(number: int) -> str:
    """Make a creditor reference of ISO 11649: check digits by ISO 7064 MOD 97-10, RF being 2715."""
    return f"RF{98 - (number * 10**6 + 271_500) % _MODULUS:02d}{number}"
