"""The body of a request: one payment as a JSON object, every value text.

{"endToEndId", "uetr", "amount", "currency", "debtorIban", "requestedExecutionDate", "remittanceInformation",
 "creditor": {"name", "iban"},
 "ultimateCreditor": {"name"}}              only where the creditor is paid on behalf of somebody else, who is entitled

Over the counter, at a bank whose profile takes COUNTER, the creditor has an identification instead of an IBAN, and the
body says on which days the money may be collected; both days belong to the window:

 "creditor": {"name", "identification": {"scheme", "id"}},
 "collection": {"from": "2026-10-08", "until": "2026-10-14"}
"""

from typing import Any

from bank_adapters.capabilities import AccountType, Instrument
from bank_adapters.profile import Profile
from bank_adapters.sepa import texts, written
from bank_adapters.spi import Payment, SubmissionContent, as_taken
from gateway.domain.errors import CannotRender
from gateway.domain.money import format_minor
from gateway.domain.order import CounterAccount


def body_of(submission: SubmissionContent, payment: Payment, profile: Profile) -> dict[str, Any]:
    """Return the body of a payment's request. Raises CannotRender naming the payment and the broken rule."""
    if submission.instrument is not Instrument.NORMAL:
        raise CannotRender(f"payment {payment.end_to_end_id}: the body has no place for an instrument")
    payment = as_taken(payment, profile.leaves_out)
    ultimate = texts(payment).ultimate_name
    return {
        "endToEndId": payment.end_to_end_id,
        "uetr": payment.uetr,
        "amount": format_minor(payment.amount.minor, payment.amount.currency),
        "currency": payment.amount.currency,
        "debtorIban": submission.debtor.iban,
        "remittanceInformation": texts(payment).remittance,
        "requestedExecutionDate": submission.requested_execution_date.isoformat(),
        **_payee(payment, profile),
        **({} if ultimate is None else {"ultimateCreditor": {"name": ultimate}}),
    }


def _payee(payment: Payment, profile: Profile) -> dict[str, Any]:
    account, window = payment.creditor_account, payment.collection
    if not isinstance(account, CounterAccount):
        text = written(payment)
        return {"creditor": {"name": text.name, "iban": text.iban}}
    if AccountType.COUNTER not in profile.account_types or window is None:
        raise CannotRender(f"payment {payment.end_to_end_id}: this bank does not pay over the counter, or no window")
    identification = {"scheme": account.identification.scheme, "id": account.identification.id}
    return {
        "creditor": {"name": texts(payment).name, "identification": identification},
        "collection": {"from": window.first.isoformat(), "until": window.last.isoformat()},
    }
