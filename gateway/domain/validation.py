"""The rules an order must keep to be payable.

Checks and reading are apart: `order_violations` looks at everything and collects, `order_reading` builds the value and
relies on the checks. Both take the object that `digest.parse_object` made of the line. Violations name the place as a
JSON pointer (RFC 6901) and the rule by a stable code; their texts never repeat what the order says about a person or an
account.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from gateway.domain.benefits import Benefit, Catalogue
from gateway.domain.creditor_rules import check_creditor, check_creditor_agent, check_remittance, check_ultimate_debtor
from gateway.domain.errors import Violation
from gateway.domain.iso8601 import is_date, is_instant
from gateway.domain.money import EXPONENT, AmountError, format_minor, parse_minor
from gateway.domain.order import Order
from gateway.domain.order_reading import identification, order_from
from gateway.domain.order_shape import ORDER, Document, check_account, check_entitlement, check_fields, check_party
from gateway.domain.payee_rules import check_counter, check_mandate


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeTerms:
    """What the orders of one chunk are checked against.

    `source` and `pay_date` are those of the batch; `now` is aware UTC and `today` the institution's date at `now`.
    """

    source: str
    pay_date: date
    now: datetime
    today: date
    catalogue: Catalogue


def read_order(document: Document, canonical: bytes, terms: IntakeTerms) -> Order | list[Violation]:
    """Return the order, or every rule it breaks, sorted by place; `canonical` is kept as the order's document."""
    broken = order_violations(document, terms)
    return broken or order_from(document, canonical, source=terms.source)


def order_violations(document: Document, terms: IntakeTerms) -> list[Violation]:
    """List every rule the order breaks, sorted by place; an empty list means that it may be paid."""
    found: list[Violation] = []
    check_fields(document, ORDER, "", found)
    _check_benefit(document, terms.catalogue, found)
    _check_times(document, terms, found)
    check_creditor(document, found)
    for key in ("ultimateCreditor", "deceased"):
        check_party(document.get(key), f"/{key}", found)
    check_ultimate_debtor(document, found)
    check_account(document.get("creditorAccount"), found)
    check_creditor_agent(document, found)
    check_remittance(document, found)
    check_entitlement(document.get("entitlement"), found)
    check_mandate(document, terms.pay_date, found)
    check_counter(document, terms.pay_date, found)
    if "replaces" in document and document["replaces"] == document.get("orderId"):
        found.append(Violation("/replaces", "replaces.itself", "an order cannot replace itself"))
    if not found and "deceased" in document:
        _check_payee_lives(document, found)
    return sorted(found)


def _check_benefit(document: Document, catalogue: Catalogue, found: list[Violation]) -> None:
    code = document.get("benefit")
    benefit = catalogue.get(code) if type(code) is str else None
    minor = _check_amount(document, found)
    if benefit is None:
        if type(code) is str:
            found.append(Violation("/benefit", "benefit.unknown", "the catalogue holds no such benefit"))
    elif benefit.pension:
        found.append(Violation("/benefit", "benefit.pension", f"pensions are not paid here: {benefit.name}"))
    else:
        _check_limit(benefit, document.get("currency"), minor, found)
        _check_deceased(benefit, document, found)


def _check_amount(document: Document, found: list[Violation]) -> int:
    """Return the amount in minor units, 0 where it cannot be read."""
    amount, currency = document.get("amount"), document.get("currency")
    if type(amount) is not str:
        return 0
    known = type(currency) is str and currency in EXPONENT
    try:
        return parse_minor(amount, str(currency) if known else _MOST_DECIMALS)
    except AmountError as error:
        found.append(Violation("/amount", error.rule, str(error)))
        return 0


_MOST_DECIMALS: Final = max(EXPONENT, key=EXPONENT.__getitem__)
"""Judges the form of an amount whose currency is not known: no more decimals than any currency has."""


def _check_limit(benefit: Benefit, currency: object, minor: int, found: list[Violation]) -> None:
    if type(currency) is not str or currency not in EXPONENT:
        return
    limit = benefit.limits.get(currency)
    if limit is None:
        found.append(Violation("/currency", "currency.benefit", f"{benefit.name} is not paid in {currency}"))
    elif minor > limit:
        highest = format_minor(limit, currency)
        found.append(Violation("/amount", "amount.limit", f"{benefit.name} is at most {highest} {currency}"))


def _check_deceased(benefit: Benefit, document: Document, found: list[Violation]) -> None:
    if benefit.because_of_death and "deceased" not in document:
        found.append(Violation("/deceased", "deceased.missing", f"{benefit.name} names the deceased"))
    elif "deceased" in document and not benefit.because_of_death:
        found.append(Violation("/deceased", "deceased.unexpected", f"{benefit.name} is not due because of a death"))


def _check_payee_lives(document: Document, found: list[Violation]) -> None:
    """Refuse to pay the dead: a benefit due because of a death goes to a survivor."""
    dead = _person_keys(document["deceased"])
    found.extend(
        Violation(f"/{key}", "deceased.payee", "the deceased cannot be paid")
        for key in ("creditor", "ultimateCreditor")
        if key in document and not dead.isdisjoint(_person_keys(document[key]))
    )


def _person_keys(party: Document) -> set[str]:
    return {identification(entry).person_key for entry in party["identifications"]}


def _check_times(document: Document, terms: IntakeTerms, found: list[Violation]) -> None:
    execution, until = (
        _text_if(is_date, document, "requestedExecutionDate"),
        _text_if(is_date, document, "validUntil"),
    )
    if execution and execution != terms.pay_date.isoformat():
        text = f"the batch is paid on {terms.pay_date}"
        found.append(Violation("/requestedExecutionDate", "date.pay-day", text))
    if execution and until and until < execution:
        found.append(Violation("/validUntil", "date.validity", "the validity ends before the execution date"))
    if until and until < terms.today.isoformat():
        found.append(Violation("/validUntil", "date.expired", f"the validity ended before {terms.today}"))
    approved = _text_if(is_instant, document, "approvedAt")
    if approved and datetime.fromisoformat(approved) > terms.now:
        found.append(Violation("/approvedAt", "time.future", "the approval lies in the future"))


def _text_if(fits: Callable[[str], bool], document: Document, key: str) -> str:
    value = document.get(key)
    return value if type(value) is str and fits(value) else ""
