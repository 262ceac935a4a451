"""Single values as a delimited file writes them. What cannot be written is Unfit, with a reason without its content."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bank_adapters.alphabet import LetterError, to_code_page, to_sepa
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import Created, ExecutionDate, FileAmount, HashTotal, PaymentAmount
from bank_adapters.spi import Payment
from gateway.domain.iban import bank_code
from gateway.domain.iban_registry import FORMATS
from gateway.domain.money import EXPONENT
from gateway.domain.order import Account, DomesticAccount, IbanAccount

_NO_DIGIT = re.compile(r"[^0-9]")
_PLAIN = re.compile(r"[ -~]*")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_QUOTE = '"'


class Unfit(ValueError):
    """A value that cannot be written; the text says why and repeats nothing of it."""


def reference(value: str | None, *, max_length: int | None, required: bool) -> str:
    """Write something machines read: unchanged, or not at all."""
    text = value or ""
    if required and not text:
        raise Unfit("is missing")
    if _PLAIN.fullmatch(text) is None:
        raise Unfit("holds a letter outside ASCII")
    return _short(text, max_length)


def words(value: str | None, profile: Profile, *, max_length: int, required: bool, cut: bool = False) -> str:
    """Write a text in the bank's alphabet."""
    try:
        text = to_sepa(value or "") if profile.alphabet == "SEPA" else to_code_page(value or "", profile.alphabet)
    except LetterError as error:
        raise Unfit(str(error)) from None
    if required and not text:
        raise Unfit("is empty")
    return text[:max_length].rstrip() if cut else _short(text, max_length)


def _short(text: str, max_length: int | None) -> str:
    if max_length is not None and len(text) > max_length:
        raise Unfit(f"has more than {max_length} letters")
    return text


def whole(value: int, digits: int | None) -> str:
    """Write a number, with zeros in front where the layout says so."""
    text = str(value)
    if digits is not None and len(text) > digits:
        raise Unfit(f"has more than {digits} digits")
    return text.zfill(digits or 0)


def amount(field: FileAmount | PaymentAmount, minor: int, currency: str) -> str:
    """Write minor units of a currency."""
    exponent = EXPONENT[currency]
    decimals = exponent if field.decimals is None else field.decimals
    if decimals < exponent:
        raise Unfit(f"has {exponent} decimals in {currency}, more than the layout writes")
    signed = field.decimal_sign != "none" and decimals > 0
    text = whole(minor * 10 ** (decimals - exponent), None).zfill(decimals + 1 if signed else 0)
    if field.digits is not None and len(text) > field.digits:
        raise Unfit(f"has more than {field.digits} digits")
    text = text.zfill(field.digits or 0)
    return f"{text[:-decimals]}{field.decimal_sign}{text[-decimals:]}" if signed else text


def moment(field: Created, value: datetime) -> str:
    """Write the seal time in the zone that the layout names."""
    return value.astimezone(ZoneInfo(field.zone)).strftime(field.format)


def day(field: ExecutionDate, value: date) -> str:
    """Write a date."""
    return value.strftime(field.format)


def account_parts(account: Account, profile: Profile, *, tells_country: bool) -> dict[str, str]:
    """Return what the fields about the creditor's account hold."""
    if isinstance(account, IbanAccount) and "IBAN" in profile.account_types:
        if _IBAN.fullmatch(account.iban) is None or account.iban[:2] not in FORMATS:
            raise Unfit("is not an IBAN in electronic form")
        country, code = bank_code(account.iban)
        return {"creditor_iban": account.iban, "creditor_country": country, "creditor_bank_code": code}
    if isinstance(account, DomesticAccount) and "DOMESTIC" in profile.account_types:
        if not tells_country and account.country != profile.country:
            raise Unfit("is in another country, which the layout has no field for")
        return {
            "creditor_bank_code": account.bank_code,
            "creditor_number": account.number,
            "creditor_country": account.country,
        }
    raise Unfit("is of a type that the bank does not pay to")


def hashed(rule: HashTotal, parts: Mapping[str, str], minor: int) -> int:
    """Return what one payment adds to the hash total. Raises Unfit where it has no such part."""
    by_account = parts.get("creditor_iban") or parts.get("creditor_number")
    text = by_account if rule.of == "creditor account" else parts.get("creditor_bank_code")
    if not text:
        raise Unfit(f"has no {rule.of} for the hash total")
    digits = _NO_DIGIT.sub("", text)
    return int(digits[-rule.last if rule.last else 0 :] or "0") + (minor if rule.plus_amount else 0)


def hash_total(rule: HashTotal | None, added: Sequence[int]) -> int | None:
    """Add up what the payments of a file add."""
    return None if rule is None else sum(added) % 10**rule.digits


def sealed(text: str, *, delimiter: str, quoting: str) -> str:
    """Make one field of a text. Raises Unfit where it holds the delimiter and nothing can be done about it."""
    if quoting == "none":
        if delimiter in text:
            raise Unfit("holds the delimiter")
        return text
    if quoting == "backslash":
        return text.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}")
    if quoting == "always" or delimiter in text or _QUOTE in text:
        return f"{_QUOTE}{text.replace(_QUOTE, _QUOTE * 2)}{_QUOTE}"
    return text


def outlawed(payment: Payment, profile: Profile) -> str | None:
    """Return which rule of the bank's, not of a single field, a payment breaks."""
    if payment.amount.currency not in profile.currencies:
        return "the bank does not pay in its currency"
    if payment.amount.minor <= 0:
        return "the amount is not greater than zero"
    return None
