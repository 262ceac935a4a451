"""What SEPA asks of a single payment before it may be written: the reasons to hold one order instead of failing a file.

Reference: iso20022-and-banks 1.2. Reasons never hold a name, an account or a text of the order; each ends with the id
of its rule and the place. `rules` holds the rules one by one; here they are put together for families without habits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bank_adapters.alphabet import to_sepa
from bank_adapters.sepa.rules import (
    MINOR_MAX,
    NAME_MAX,
    REMITTANCE_MAX,
    account_violations,
    amount_violations,
    code_violations,
    put,
    put_name,
    uetr_violations,
)
from bank_adapters.spi import Payment
from gateway.domain.errors import CannotRender, Violation
from gateway.domain.identity import reference_violations
from gateway.domain.order import IbanAccount

__all__ = ["MINOR_MAX", "NAME_MAX", "REMITTANCE_MAX", "Texts", "Written", "reason", "texts", "written"]


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


def reason(payment: Payment, broken: Iterable[Violation]) -> str:
    """Say what a payment breaks, naming it by its EndToEndId."""
    told = "; ".join(f"{one.text} (rule {one.rule}, at {one.path})" for one in broken)
    return f"payment {payment.end_to_end_id}: {told}"


def written(payment: Payment) -> Written:
    """Return a payment's parts as SEPA writes them. Raises CannotRender naming the payment and the broken rules."""
    account = payment.creditor_account
    broken = list(account_violations(account))
    if broken or not isinstance(account, IbanAccount):
        raise CannotRender(reason(payment, broken))
    found = texts(payment)
    return Written(iban=account.iban, name=found.name, ultimate_name=found.ultimate_name, remittance=found.remittance)


def texts(payment: Payment) -> Texts:
    """Return a payment's texts, whatever way it is paid. Raises CannotRender naming payment and broken rules."""
    ultimate = payment.ultimate_creditor
    name, wrong_name = put_name(payment.creditor.name, "creditor name", "Cdtr/Nm", NAME_MAX, to_sepa)
    ultimate_name, wrong_ultimate = (
        (None, None)
        if ultimate is None
        else put_name(ultimate.name, "ultimate creditor name", "UltmtCdtr/Nm", NAME_MAX, to_sepa)
    )
    remittance, wrong_text = put(
        payment.remittance_information, "remittance information", "RmtInf/Ustrd", REMITTANCE_MAX, to_sepa
    )
    broken = [*_broken_rules(payment), *(one for one in (wrong_name, wrong_ultimate, wrong_text) if one)]
    if broken:
        raise CannotRender(reason(payment, broken))
    return Texts(name=name, ultimate_name=ultimate_name, remittance=remittance)


def _broken_rules(payment: Payment) -> Iterator[Violation]:
    if payment.amount.currency != "EUR":
        yield Violation("Amt/InstdAmt", "sepa.currency", "SEPA pays in EUR only")
    else:
        yield from amount_violations(payment.amount, MINOR_MAX)
    for violation in reference_violations(payment.end_to_end_id, "PmtId/EndToEndId"):
        yield Violation(violation.path, violation.rule, f"EndToEndId: {violation.text}")
    yield from uetr_violations(payment.uetr)
    yield from code_violations(payment.purpose, "purpose", "Purp/Cd")
    for name, place in _NO_PLACE.items():
        if getattr(payment, name) is not None:
            yield Violation(place, "part.no-place", "it has a part for which this bank's messages have no place")


_NO_PLACE = {
    "ultimate_debtor": "UltmtDbtr",
    "creditor_agent": "CdtrAgt/FinInstnId",
    "creditor_address": "Cdtr/PstlAdr",
    "creditor_reference": "RmtInf/Strd",
}
"""Parts of a payment that have no place in messages of this kind, by where pain.001 has them."""
