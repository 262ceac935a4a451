"""Money as integer minor units with their currency. There is no float anywhere near an amount."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

EXPONENT: Mapping[str, int] = MappingProxyType(
    {"EUR": 2, "TRY": 2, "KZT": 2, "AZN": 2, "CHF": 2, "SEK": 2, "DKK": 2, "PLN": 2, "CZK": 2, "HUF": 2, "RON": 2}
    | {"BGN": 2, "NOK": 2, "ISK": 0, "GBP": 2, "USD": 2, "JPY": 0, "KWD": 3, "BHD": 3, "TND": 3}
)
"""Decimals of each currency the gateway knows (ISO 4217)."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]+))?")


class AmountError(ValueError):
    """Text that is not an amount. `rule` is a stable code; the message never repeats the input."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents) of `currency`."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{format_minor(self.minor, self.currency)} {self.currency}"


def parse_minor(text: object, currency: str) -> int:
    """Read a positive decimal string ("512.40") exactly into minor units.

    Raises AmountError for anything else: no number types, sign, exponent, NaN, spaces, leading zeros, excess decimals
    or zero; `currency` must be known.
    """
    exponent = EXPONENT.get(currency)
    if exponent is None:
        raise AmountError("currency.unknown", "the currency is not one the gateway pays in")
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) and text.isascii() else None
    if match is None:
        raise AmountError("amount.format", 'an amount is a string of plain digits such as "512.40"')
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > exponent:
        raise AmountError("amount.decimals", f"{currency} has {exponent} decimals")
    minor = int(whole + fraction.ljust(exponent, "0"))
    if minor == 0:
        raise AmountError("amount.zero", "an amount is greater than zero")
    return minor


def format_minor(minor: int, currency: str) -> str:
    """Write minor units as the currency's decimal string, always with all its decimals ("512.40")."""
    exponent = EXPONENT[currency]
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else sign + digits


def totals(amounts: Iterable[Money]) -> dict[str, int]:
    """Sum minor units a currency."""
    sums: defaultdict[str, int] = defaultdict(int)
    for money in amounts:
        sums[money.currency] += money.minor
    return dict(sorted(sums.items()))
