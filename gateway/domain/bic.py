"""Business identifier codes (ISO 9362): their form, and whether one may be that of a bank of an account's country."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_BIC: Final = re.compile(r"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?")
"""As pain.001.001.03 checks it; later versions of the schema would take more."""
_COUNTRY: Final = slice(4, 6)
_ELSEWHERE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "FI": frozenset({"AX"}),
        "FR": frozenset({"BL", "GF", "GP", "MF", "MQ", "NC", "PF", "PM", "RE", "TF", "WF", "YT"}),
        "GB": frozenset({"GG", "IM", "JE"}),
    }
)
"""Countries whose accounts have IBANs of another one (ISO 13616 registry, "country code includes other countries")."""


def is_bic(text: str) -> bool:
    """Whether a text has the form of a BIC: eight or eleven letters and digits."""
    return _BIC.fullmatch(text) is not None


def may_keep(bic: str, country: str) -> bool:
    """Whether the bank of a BIC may keep an account of a country (ISO 3166, as an IBAN begins)."""
    own = bic[_COUNTRY]
    return own == country or own in _ELSEWHERE.get(country, ())
