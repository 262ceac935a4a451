"""Values as a flat file writes them, many at a time. What cannot be written is Unfit; the reason repeats nothing of it.

Every function takes the values of one field for a run of payments and gives what is written, in the same order.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bank_adapters.alphabet import LetterError, alphabet
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import Created, FileAmount, PaymentAmount
from bank_adapters.profile.layout import HashTotal
from gateway.domain.iban import bank_code
from gateway.domain.iban_registry import FORMATS
from gateway.domain.money import EXPONENT
from gateway.domain.order import Account, CounterAccount, DomesticAccount, IbanAccount

_PLAIN = re.compile(r"[ -~]*")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_NO_DIGIT = {code: None for code in range(128) if not chr(code).isdigit()}
_NO_DIGIT_IN_LINES = {code: None for code in _NO_DIGIT if code != ord("\n")}
_QUOTE = '"'


class Unfit(ValueError):
    """A value that cannot be written; the text says why and repeats nothing of it."""


def references(found: Sequence[str | None], *, longest: int | None, required: bool) -> list[str]:
    """Write what machines read: unchanged, or not at all."""
    texts = [text or "" for text in found]
    if required and not all(texts):
        raise Unfit("is missing")
    if _PLAIN.fullmatch("".join(texts)) is None:
        raise Unfit("holds a letter outside ASCII")
    refuse_long(texts, longest)
    return texts


def words(found: Sequence[str | None], profile: Profile) -> list[str]:
    """Write texts in the bank's alphabet; the same text, of which a file may have thousands, once."""
    write = alphabet(profile.alphabet).write
    try:
        written = {text: write(text) for text in {text or "" for text in found}}
    except LetterError as error:
        raise Unfit(str(error)) from None
    return [written[text or ""] for text in found]


def within(texts: list[str], *, longest: int, required: bool, cut: bool = False) -> list[str]:
    """Hold texts to their length: a longer one is cut where the layout says so, else it is unfit."""
    if required and not all(texts):
        raise Unfit("is empty")
    if cut:
        return [text[:longest].rstrip() for text in texts]
    refuse_long(texts, longest)
    return texts


def refuse_long(texts: Sequence[str], longest: int | None) -> None:
    """Raise Unfit where one of the texts is too long."""
    if longest is not None and texts and max(map(len, texts)) > longest:
        raise Unfit(f"has more than {longest} letters")


def whole(numbers: Sequence[int], digits: int | None) -> list[str]:
    """Write numbers, with zeros in front where the layout says so."""
    texts = [f"{number:0{digits or 1}d}" for number in numbers]
    if digits is not None and max(map(len, texts)) > digits:
        raise Unfit(f"has more than {digits} digits")
    return texts


def amounts(field: FileAmount | PaymentAmount, minors: Sequence[int], currency: str) -> list[str]:
    """Write minor units of a currency."""
    exponent = EXPONENT[currency]
    decimals = exponent if field.decimals is None else field.decimals
    if decimals < exponent:
        raise Unfit(f"has {exponent} decimals in {currency}, more than the layout writes")
    if decimals > exponent:
        minors = [minor * 10 ** (decimals - exponent) for minor in minors]
    sign = field.decimal_sign if field.decimal_sign != "none" and decimals else ""
    zeros = _zeros(field, sign)
    texts = [f"{minor:0{max(zeros, decimals + 1 if sign else 1)}d}" for minor in minors]
    if zeros and max(map(len, texts)) > zeros:
        raise Unfit(f"has more than {zeros} digits")
    if sign:
        texts = [f"{text[:-decimals]}{sign}{text[-decimals:]}" for text in texts]
    if field.plus != "none":
        texts = [f"+{text}" if field.plus == "leading" else f"{text}+" for text in texts]
    return texts


def _zeros(field: FileAmount | PaymentAmount, sign: str) -> int:
    """Return with how many digits an amount is written; 0 for as many as it has. A sign stands outside the zeros."""
    if field.digits is not None or field.width is None or (field.padding, field.aligned) != ("0", "right"):
        return field.digits or 0
    return field.width - len(sign) - (field.plus != "none")


def moment(field: Created, value: datetime) -> str:
    """Write the seal time in the zone that the layout names."""
    return value.astimezone(ZoneInfo(field.zone)).strftime(field.format)


def days(found: Sequence[date | None], form: str) -> list[str]:
    """Write dates; nothing where there is none."""
    return [day.strftime(form) if day is not None else "" for day in found]


def account_parts(account: Account, profile: Profile, *, tells_country: bool, scheme: str | None) -> Mapping[str, str]:
    """Return what the fields about the creditor's account hold; `scheme` is that of ids over the counter."""
    kinds = profile.account_types
    if isinstance(account, IbanAccount) and "IBAN" in kinds:
        if _IBAN.fullmatch(account.iban) is None or account.iban[:2] not in FORMATS:
            raise Unfit("is not an IBAN in electronic form")
        country, code = bank_code(account.iban)
        parts = {"creditor_iban": account.iban, "creditor_bban": account.iban[4:], "creditor_bank_code": code}
        return parts | {"creditor_country": country, "digits": account.iban}
    if isinstance(account, DomesticAccount) and "DOMESTIC" in kinds:
        if not tells_country and account.country != profile.country:
            raise Unfit("is in another country, which the layout has no field for")
        parts = {"creditor_bank_code": account.bank_code, "creditor_country": account.country}
        return parts | {"creditor_number": account.number, "digits": account.number}
    if isinstance(account, CounterAccount) and "COUNTER" in kinds:
        if account.identification.scheme != scheme:
            raise Unfit("is an id number of another scheme than the layout's")
        return {"creditor_id": account.identification.id, "digits": account.identification.id}
    raise Unfit("is of a type that the bank does not pay to")


def plain_ibans(accounts: Sequence[Account], profile: Profile) -> list[str] | None:
    """Return the IBANs, where every account is one as it should be; None where one is not, or is something else."""
    ibans = [account.iban for account in accounts if isinstance(account, IbanAccount)]
    if len(ibans) < len(accounts) or "IBAN" not in profile.account_types:
        return None
    sound = all(map(_IBAN.fullmatch, ibans)) and {iban[:2] for iban in ibans} <= FORMATS.keys()
    return ibans if sound else None


def hashed(rule: HashTotal, digits: Sequence[str], codes: Sequence[str], minors: Sequence[int]) -> list[int]:
    """Return what payments add to the hash total. Raises Unfit where one has no such part."""
    texts = digits if rule.of == "creditor account" else codes
    if not all(texts):
        raise Unfit(f"has no {rule.of} for the hash total")
    start = -rule.last if rule.last else 0
    numbers = [int(text[start:] or "0") for text in _all_digits(texts)]
    return [number + minor for number, minor in zip(numbers, minors, strict=True)] if rule.plus_amount else numbers


def _all_digits(texts: Sequence[str]) -> Sequence[str]:
    """Return the digits of texts; all at once, for each call to translate takes longer than what it does."""
    _refuse_other_scripts("".join(texts))
    together = "\n".join(texts).translate(_NO_DIGIT_IN_LINES).split("\n")
    return together if len(together) == len(texts) else [text.translate(_NO_DIGIT) for text in texts]


def only_digits(text: str) -> str:
    """Return the digits of a text; "0" where it has none."""
    _refuse_other_scripts(text)
    return text.translate(_NO_DIGIT) or "0"


def _refuse_other_scripts(text: str) -> None:
    """An id number may have letters and digits of any script, which no bank counts."""
    if not text.isascii():
        raise Unfit("holds a letter outside ASCII")


def hash_total(rule: HashTotal | None, added: int) -> int | None:
    """Return the total as it is written, of what the payments of a file add."""
    if rule is None:
        return None
    return (added % rule.modulo if rule.modulo else added) % int("1" + "0" * rule.digits)


def sealed(texts: Sequence[str], *, delimiter: str, quoting: str) -> list[str]:
    """Make fields of texts. Raises Unfit where one holds the delimiter and nothing can be done about it."""
    if quoting == "none":
        if any(delimiter in text for text in texts):
            raise Unfit("holds the delimiter")
        return list(texts)
    if quoting == "backslash":
        return [text.replace("\\", "\\\\").replace(delimiter, f"\\{delimiter}") for text in texts]
    return [_quoted(text) if quoting == "always" or delimiter in text or _QUOTE in text else text for text in texts]


def _quoted(text: str) -> str:
    return f"{_QUOTE}{text.replace(_QUOTE, _QUOTE * 2)}{_QUOTE}"


def unmistakable(texts: Sequence[str], aligned: str, pad: str) -> Sequence[str]:
    """Return texts as they are. Raises Unfit where one could not be told from what fills its field up."""
    if aligned == "left" and pad in {text[-1:] for text in texts}:
        raise Unfit("ends with the letter that fills the field up")
    if aligned == "right" and pad in {text[:1] for text in texts}:
        raise Unfit("begins with the letter that fills the field up")
    return texts
