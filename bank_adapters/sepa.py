"""What SEPA asks of a single payment before it may be written: the reasons to hold one order instead of failing a file.

Reference: iso20022-and-banks 1.2. Reasons never hold a name, an account or a text of the order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bank_adapters.alphabet import LetterError, to_sepa
from bank_adapters.spi import Payment
from gateway.domain.errors import CannotRender
from gateway.domain.identity import reference_violations
from gateway.domain.order import IbanAccount

NAME_MAX = 70
"""SEPA's limit; the schema would allow 140. A longer name is refused, not cut: a cut name may fit somebody else."""
REMITTANCE_MAX = 140
MINOR_MAX = 99_999_999_999
"""EUR 999,999,999.99, the largest SEPA credit transfer."""

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_UETR = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}")
_PURPOSE = re.compile(r"[A-Z0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The texts of a payment, which change on their way into the SEPA alphabet."""

    name: str
    ultimate_name: str | None
    remittance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Texts):
    """A payment to an account."""

    iban: str


def written(payment: Payment) -> Written:
    """Return a payment's parts as SEPA writes them. Raises CannotRender naming the payment and the broken rule."""
    account = payment.creditor_account
    if not isinstance(account, IbanAccount) or _IBAN.fullmatch(account.iban) is None:
        raise CannotRender(f"payment {payment.end_to_end_id}: SEPA pays to an IBAN in electronic form only")
    found = texts(payment)
    return Written(iban=account.iban, name=found.name, ultimate_name=found.ultimate_name, remittance=found.remittance)


def texts(payment: Payment) -> Texts:
    """Return a payment's texts, whatever way it is paid. Raises CannotRender naming the payment and the broken rule."""
    broken = next(_broken_rules(payment), None)
    if broken is not None:
        raise CannotRender(f"payment {payment.end_to_end_id}: {broken}")
    ultimate = payment.ultimate_creditor
    return Texts(
        name=_name(payment, "creditor name", payment.creditor.name),
        ultimate_name=None if ultimate is None else _name(payment, "ultimate creditor name", ultimate.name),
        remittance=_text(payment, "remittance information", payment.remittance_information, REMITTANCE_MAX),
    )


def _broken_rules(payment: Payment) -> Iterator[str]:
    if payment.amount.currency != "EUR":
        yield "SEPA pays in EUR only"
    if not 0 < payment.amount.minor <= MINOR_MAX:
        yield "the amount is outside 0.01 to 999,999,999.99"
    for violation in reference_violations(payment.end_to_end_id):
        yield f"EndToEndId: {violation.text}"
    if _UETR.fullmatch(payment.uetr) is None:
        yield "UETR: not a version 4 UUID in lower case"
    if payment.purpose is not None and _PURPOSE.fullmatch(payment.purpose) is None:
        yield "purpose: not an ISO external code"


def _name(payment: Payment, what: str, text: str) -> str:
    name = _text(payment, what, text, NAME_MAX)
    if not name:
        raise CannotRender(f"payment {payment.end_to_end_id}: the {what} is empty")
    return name


def _text(payment: Payment, what: str, text: str, longest: int) -> str:
    try:
        plain = to_sepa(text)
    except LetterError as error:
        raise CannotRender(f"payment {payment.end_to_end_id}: {what}: {error}") from None
    if len(plain) > longest:
        raise CannotRender(f"payment {payment.end_to_end_id}: the {what} has more than {longest} letters")
    return plain
