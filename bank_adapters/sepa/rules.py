"""The rules of SEPA that the schemas do not check, each with its id (reference iso20022-and-banks 1.2).

Every rule takes one value and yields what it breaks; texts never hold a name, an account or a text of the order. Paths
are those of a pain.001, from CdtTrfTxInf on.
"""

import re
from collections.abc import Callable, Iterator

from bank_adapters.alphabet import LetterError
from bank_adapters.spi import CreditorReference, PostalAddress
from gateway.domain.bic import is_bic
from gateway.domain.errors import Violation
from gateway.domain.iban import iban_violations
from gateway.domain.identity import MAX_LENGTH
from gateway.domain.money import EXPONENT, Money, format_minor
from gateway.domain.order import Account, IbanAccount
from gateway.domain.remittance import is_iso_reference

NAME_MAX = 70
"""SEPA's limit; the schema would allow 140. A longer name is refused, not cut: a cut name may fit somebody else."""
REMITTANCE_MAX = 140
MINOR_MAX = 99_999_999_999
"""EUR 999,999,999.99, the largest SEPA credit transfer."""
DOMESTIC_MINOR_MAX = 10**15 - 1
"""Outside SEPA: what every reader of amounts takes, well within the 18 digits of the schema."""
ADDRESS_LINES_MAX = 2
"""Free lines of a hybrid address (EPC, since November 2025)."""

Letters = Callable[[str], str]
"""Writes text in a bank's alphabet; raises LetterError."""

_UETR = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}")
_CODE = re.compile(r"[A-Z0-9]{1,4}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ADDRESS_PARTS = {
    "street_name": ("StrtNm", 70),
    "building_number": ("BldgNb", 16),
    "post_code": ("PstCd", 16),
    "town_name": ("TwnNm", 35),
    "country_sub_division": ("CtrySubDvsn", 35),
}
_LINE_MAX = 70
_LOCATION = ("TwnNm", "Ctry")


def amount_violations(amount: Money, most: int, path: str = "Amt/InstdAmt") -> Iterator[Violation]:
    """Check an amount against the scheme's range; `most` is in minor units of its currency."""
    if amount.currency not in EXPONENT:
        yield Violation(path, "currency.unknown", "the currency is none that the gateway pays in")
    elif not 0 < amount.minor <= most:
        text = f"the amount is outside {format_minor(1, amount.currency)} to {format_minor(most, amount.currency)}"
        yield Violation(path, "sepa.amount", text)


def account_violations(account: Account, path: str = "CdtrAcct/Id/IBAN") -> Iterator[Violation]:
    """Check that an account is an IBAN, of its country's length and structure, with right check digits."""
    if not isinstance(account, IbanAccount):
        yield Violation(path, "account.iban", "it is paid to an IBAN only")
        return
    yield from iban_violations(account.iban, path)


def uetr_violations(uetr: str, path: str = "PmtId/UETR") -> Iterator[Violation]:
    """Check the form of a UETR."""
    if _UETR.fullmatch(uetr) is None:
        yield Violation(path, "uetr.form", "UETR: not a version 4 UUID in lower case")


def code_violations(code: str | None, what: str, path: str) -> Iterator[Violation]:
    """Check the form of an ISO external code; the lists themselves belong to the profiles."""
    if code is not None and _CODE.fullmatch(code) is None:
        yield Violation(path, "code.form", f"{what}: not an ISO external code")


def bic_violations(bic: str | None, path: str) -> Iterator[Violation]:
    """Check the form of a BIC (ISO 9362)."""
    if bic is not None and not is_bic(bic):
        yield Violation(path, "bic.form", "BIC: eight or eleven letters and digits by ISO 9362")


def put(text: str, what: str, path: str, longest: int, letters: Letters) -> tuple[str, Violation | None]:
    """Write a text in the bank's alphabet, and say what is wrong with it; then the text must not be used."""
    try:
        plain = letters(text)
    except LetterError as error:
        return "", Violation(path, "sepa.charset", f"{what}: {error}")
    if len(plain) > longest:
        return "", Violation(path, "sepa.length", f"the {what} has more than {longest} letters")
    return plain, None


def put_name(name: str, what: str, path: str, longest: int, letters: Letters) -> tuple[str, Violation | None]:
    """Write a name: the same, and it is never empty."""
    plain, broken = put(name, what, path, longest, letters)
    if not plain and broken is None:
        broken = Violation(path, "name.empty", f"the {what} is empty")
    return plain, broken


def address_parts(address: PostalAddress, letters: Letters, path: str) -> tuple[list[tuple[str, str]], list[Violation]]:
    """Write an address as (element, text) in the order of the schema, and say what is wrong with it.

    An address is structured or hybrid: town and country, at most two free lines that repeat neither. Free lines alone
    are refused (rule sepa.address.unstructured; EPC, from 15 November 2026).
    """
    written: list[tuple[str, str]] = []
    broken: list[Violation] = []
    for name, (element, longest) in _ADDRESS_PARTS.items():
        text, wrong = put(getattr(address, name), "address", f"{path}/{element}", longest, letters)
        broken += [wrong] if wrong else []
        written += [(element, text)] if text else []
    if address.country:
        written.append(("Ctry", address.country))
    lines = [put_name(line, "address line", f"{path}/AdrLine", _LINE_MAX, letters) for line in address.address_lines]
    broken += [wrong for _, wrong in lines if wrong]
    broken += _address_form(dict(written), [line for line, _ in lines], path)
    return [*written, *(("AdrLine", line) for line, _ in lines)], broken


def _address_form(parts: dict[str, str], lines: list[str], path: str) -> Iterator[Violation]:
    if lines and not parts:
        yield Violation(path, "sepa.address.unstructured", "an address of free lines alone is refused")
        return
    for element in _LOCATION:
        if element not in parts:
            yield Violation(f"{path}/{element}", "sepa.address.location", "an address has its town and country")
    if "Ctry" in parts and _COUNTRY.fullmatch(parts["Ctry"]) is None:
        yield Violation(f"{path}/Ctry", "country.form", "a country is two capital letters of ISO 3166")
    if len(lines) > ADDRESS_LINES_MAX:
        yield Violation(f"{path}/AdrLine", "sepa.address.lines", f"a hybrid address has {ADDRESS_LINES_MAX} lines")
    said = {text.casefold() for text in parts.values()}
    if said.intersection(line.casefold() for line in lines):
        yield Violation(f"{path}/AdrLine", "sepa.address.repeated", "a free line repeats a structured part")


def reference_of(reference: CreditorReference, path: str = "RmtInf/Strd/CdtrRefInf") -> Iterator[Violation]:
    """Check a creditor reference: one of ISO 11649 has its check digits, a national one has its issuer."""
    text = reference.reference
    if reference.issuer is not None and not 1 <= len(reference.issuer) <= MAX_LENGTH:
        yield Violation(f"{path}/Tp/Issr", "sepa.length", f"an issuer has 1 to {MAX_LENGTH} letters")
    if not (1 <= len(text) <= MAX_LENGTH and text.isascii() and text.isalnum()):
        yield Violation(f"{path}/Ref", "remittance.reference", f"a reference is 1 to {MAX_LENGTH} letters and digits")
    elif reference.issuer is None and not is_iso_reference(text):
        yield Violation(f"{path}/Ref", "remittance.iso11649", "the check digits of an RF reference do not fit")
