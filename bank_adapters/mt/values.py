"""Single values of MT940 and MT942: amounts, days, balances, accounts, the statement line. All strict: they are money.

Errors name the line and the rule, never what stands there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from gateway.domain.errors import Unreadable
from gateway.domain.iban import iban_violations
from gateway.domain.money import EXPONENT

_AMOUNT: Final = re.compile(r"([0-9]{1,14})(?:,([0-9]{0,13}))?")
_AMOUNT_MAX: Final = 15
_BALANCE: Final = re.compile(r"([CD])([0-9]{6})([A-Z]{3})(.+)")
_LINE: Final = re.compile(
    r"(?P<value>[0-9]{6})(?P<entry>[0-9]{4}| {1,4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9][0-9,]*)(?P<kind>[A-Z][A-Z0-9 ]{3})(?P<rest>.*)"
)
_NUMBER: Final = re.compile(r"([0-9]{1,18})(?:/([0-9]{1,9}))?")
_FEBRUARY: Final = 2
_GERMAN: Final = re.compile(r"([0-9]{8})/([0-9]{1,10})(?:[A-Z]{3})?")
_ELSEWHERE: Final = frozenset({"EREF", "KREF", "PREF", "MARF", "MREF"})
"""What says that a reference stands in field 86."""
PLACEHOLDERS: Final = _ELSEWHERE | {"", "NONREF", "NOREF", "NOTPROVIDED", "NOT PROVIDED", "NONE", "N/A", "NULL"}
"""What stands where a reference should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A balance in signed minor units of its currency."""

    minor: int
    currency: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A statement line (field 61), its amount in minor units of the account's currency.

    `credit`: whether the account grows. A reversal moves the other way than what it reverses: RC takes a credit back.
    `expected`: the bank only expects it (EC, ED of an MT942). `kind` is the transaction type ("NTRF"); `reference` the
    account owner's, `entry_ref` the bank's own; None for a placeholder.
    """

    credit: bool
    minor: int
    kind: str
    expected: bool
    booked_on: date
    reference: str | None
    entry_ref: str | None

    @property
    def signed(self) -> int:
        return self.minor if self.credit else -self.minor


def amount(text: str, currency: str, place: str) -> int:
    """Read an amount (15d) into minor units: digits and one comma, which only a currency without decimals may lack.

    Zero is allowed, excess decimals only if they are zeros. A point is refused: it could part thousands or cents.
    """
    exponent = EXPONENT.get(currency)
    if exponent is None:
        raise Unreadable("money.currency", place, "an amount in a currency that the gateway does not know")
    found = _AMOUNT.fullmatch(text) if len(text) <= _AMOUNT_MAX else None
    if found is None or (found[2] is None and exponent):
        raise Unreadable("money.format", place, "an amount is not digits with one comma")
    fraction = (found[2] or "").ljust(exponent, "0")
    if fraction[exponent:].strip("0"):
        raise Unreadable("money.decimals", place, f"{currency} has {exponent} decimals")
    return int(found[1] + fraction[:exponent])


def balance(text: str, place: str) -> Balance:
    """Read a balance: sign, day, currency, amount."""
    found = _BALANCE.fullmatch(text.strip())
    if found is None:
        raise Unreadable("balance.form", place, "a balance is not sign, day, currency and amount")
    minor = amount(found[4], found[3], place)
    return Balance(minor=minor if found[1] == "C" else -minor, currency=found[3], on=day(found[2], place))


def day(text: str, place: str) -> date:
    """Read a day (YYMMDD). Banks that count months of thirty days write a 29th or 30th of February: its last day."""
    found = _day(text)
    if found is None:
        raise Unreadable("date.format", place, "not a calendar date")
    return found


@lru_cache(maxsize=1_000)
def _day(text: str) -> date | None:
    year, month, number = 2000 + int(text[:2]), int(text[2:4]), int(text[4:6])
    try:
        if month == _FEBRUARY and number in {29, 30}:
            return date(year, 3, 1) - timedelta(days=1)
        return date(year, month, number)
    except ValueError:
        return None


@lru_cache(maxsize=1_000)
def _entry_day(text: str, value: date) -> date | None:
    """Read an entry date (MMDD): its year is the one that brings it nearest to the value date."""
    near = [_day(f"{(value.year + more) % 100:02d}{text}") for more in (-1, 0, 1)]
    return min((one for one in near if one is not None), key=lambda one: abs(one - value), default=None)


def line(lines: list[str], currency: str, place: str) -> Line:
    """Read field 61 without the supplementary details on its second line."""
    found = _LINE.fullmatch(lines[0].rstrip())
    if found is None:
        raise Unreadable("line.form", place, "a statement line has not the form of field 61")
    value, entry, mark = day(found["value"], place), (found["entry"] or "").strip(), found["mark"]
    booked_on = _entry_day(entry, value) if entry else value
    if booked_on is None:
        raise Unreadable("date.format", place, "not a calendar date")
    reference, _, entry_ref = found["rest"].partition("//")
    return Line(
        credit=mark in {"C", "RD", "EC"},
        minor=amount(found["amount"], currency, place),
        kind=found["kind"].strip(),
        expected=mark in {"EC", "ED"},
        booked_on=booked_on,
        reference=told(reference),
        entry_ref=told(entry_ref),
    )


def told(text: str | None) -> str | None:
    """Return a reference, or None where the bank put a placeholder, zeros, or something longer than any reference."""
    value = (text or "").strip()
    empty = value.upper().rstrip("+") in PLACEHOLDERS or not value.strip("0")
    return None if empty or len(value) > 35 else value  # noqa: PLR2004 - Max35Text


def number(text: str, place: str) -> tuple[int | None, int | None]:
    """Read statement number and page (field 28C); a number zero says that the bank does not number."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        raise Unreadable("number.format", place, "field 28C is not a number, or a number and a page")
    return int(found[1]) or None, None if found[2] is None else int(found[2])


def account(text: str, accounts: Mapping[str, str], country: str) -> str:
    """Return the account of field 25: as the profile translates it, else the IBAN in it, else as it stands.

    Seen: an IBAN, with the currency behind it, with a slash or the bank's BIC before it; a German bank code and number
    (at a bank of that `country`).
    """
    plain = text.strip().replace(" ", "").upper()
    if plain in accounts:
        return accounts[plain]
    last = plain.rpartition("/")[2]
    for candidate in (last, last[:-3]):
        if candidate and not iban_violations(candidate):
            return candidate
    german = _GERMAN.fullmatch(plain) if country == "DE" else None
    if german is not None:
        return _german_iban(german[1], german[2])
    return plain


def _german_iban(code: str, number_: str) -> str:
    body = f"{code}{number_.zfill(10)}"
    return f"DE{98 - int(f'{body}131400') % 97:02d}{body}"
