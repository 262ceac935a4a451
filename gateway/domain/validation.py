"""The rules an order must keep to be payable, and the reading of an order that keeps them.

Checks and reading are apart: `order_violations` looks at everything and collects, `order_from` builds the value and
relies on the checks. Both take the object that `digest.parse_object` made of the line. Violations name the place as a
JSON pointer (RFC 6901) and the rule by a stable code; their texts never repeat what the order says about a person or an
account.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from gateway.domain.benefits import Benefit, Catalogue
from gateway.domain.errors import Refused, Violation
from gateway.domain.iban import iban_violations
from gateway.domain.iso8601 import DATE_RULE, INSTANT_RULE, is_date, is_instant
from gateway.domain.money import EXPONENT, AmountError, Money, format_minor, parse_minor
from gateway.domain.order import (
    Account,
    CounterAccount,
    DomesticAccount,
    Entitlement,
    IbanAccount,
    Identification,
    Order,
    Party,
)

Document = Mapping[str, Any]

MAX_SEQUENCE: Final = 999


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


# Reading ---------------------------------------------------------------------------------------------------------


def read_order(document: Document, canonical: bytes, terms: IntakeTerms) -> Order | list[Violation]:
    """Return the order, or every rule it breaks, sorted by place; `canonical` is kept as the order's document."""
    broken = order_violations(document, terms)
    return broken or order_from(document, canonical, source=terms.source)


def order_id_of(document: Document) -> str:
    """Return the order id; raise Refused (`order-id.missing`, `order-id.format`) when the line cannot be filed."""
    value = document.get("orderId")
    if value is None:
        raise Refused.one("/orderId", "order-id.missing", "the order has no orderId")
    if type(value) is not str or _REFERENCE.fullmatch(value) is None:
        raise Refused.one("/orderId", "order-id.format", f"an orderId is {_REFERENCE_TEXT}")
    return value


def readable_amount(document: Document) -> Money | None:
    """Return the amount that counts in the totals of a manifest: readable money, whatever else the order breaks.

    Readable is positive, a decimal string with no more than the currency's decimals, in a known currency.
    """
    currency = document.get("currency")
    if type(currency) is not str:
        return None
    try:
        return Money(parse_minor(document.get("amount"), currency), currency)
    except AmountError:
        return None


def order_from(document: Document, canonical: bytes, *, source: str) -> Order:
    """Build the order from a document that breaks no rule, such as one stored after `read_order` accepted it."""
    entitlement, deceased, ultimate = (
        document["entitlement"],
        document.get("deceased"),
        document.get("ultimateCreditor"),
    )
    currency = document["currency"]
    return Order(
        source=source,
        order_id=document["orderId"],
        benefit=document["benefit"],
        entitlement=Entitlement(id=entitlement["id"], period=entitlement["period"], sequence=entitlement["sequence"]),
        amount=Money(parse_minor(document["amount"], currency), currency),
        requested_execution_date=date.fromisoformat(document["requestedExecutionDate"]),
        valid_until=date.fromisoformat(document["validUntil"]),
        approved_at=datetime.fromisoformat(document["approvedAt"]),
        creditor=_party(document["creditor"]),
        creditor_account=_account(document["creditorAccount"]),
        ultimate_creditor=_party(ultimate) if ultimate else None,
        deceased=_party(deceased) if deceased else None,
        remittance_information=document["remittanceInformation"],
        document=canonical,
    )


def _party(values: Document) -> Party:
    return Party(name=values["name"], identifications=tuple(map(_identification, values["identifications"])))


def _identification(values: Document) -> Identification:
    return Identification(scheme=values["scheme"], id=values["id"])


def _account(values: Document) -> Account:
    if values["type"] == "IBAN":
        return IbanAccount(iban=values["iban"])
    if values["type"] == "COUNTER":
        return CounterAccount(identification=_identification(values))
    return DomesticAccount(country=values["country"], bank_code=values["bankCode"], number=values["number"])


# The shape of an order -------------------------------------------------------------------------------------------


class _Field(NamedTuple):
    """What one key must hold: a value of `kind` that `fits`; otherwise the rule and its text."""

    kind: type
    fits: Callable[[Any], object]
    rule: str = ""
    text: str = ""
    required: bool = True


def _free_text(shortest: int) -> re.Pattern[str]:
    """Make the pattern of text for people: not blank, 140 characters, nothing that steers a terminal or breaks XML 1.0.

    That is: no C0 and C1 controls, line and paragraph separators, bidirectional overrides, U+FFFE and U+FFFF.
    """
    not_blank = r"(?=\s*\S)" if shortest else ""
    allowed = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]"
    return re.compile(f"{not_blank}{allowed}{{{shortest},140}}")


def _anything(_: object) -> bool:
    return True


def _is_sequence(number: int) -> bool:
    return 1 <= number <= MAX_SEQUENCE


_REFERENCE: Final = re.compile(r"[A-Za-z0-9._/-]{1,64}")
_REFERENCE_TEXT: Final = "1 to 64 letters, digits and . _ / -"
_PERIOD: Final = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_BANK_CODE: Final = re.compile(r"[A-Z0-9]{1,35}")
_NUMBER: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ./-]{0,32}[A-Za-z0-9])?")
_SCHEME: Final = re.compile(r"[A-Z0-9]{1,35}")
_PERSON_ID: Final = re.compile(r"[^\W_]([\w ./-]{0,33}[^\W_])?")
_OWN_KEY: Final = re.compile(r"[A-Za-z]{1,32}")

_DAY: Final = _Field(str, is_date, "date.format", DATE_RULE)
_SCHEME_FIELD: Final = _Field(
    str, _SCHEME.fullmatch, "identification.scheme", "a scheme is 1 to 35 capital letters and digits"
)
_PERSON_ID_FIELD: Final = _Field(
    str, _PERSON_ID.fullmatch, "identification.id", "an identification is 1 to 35 letters, digits, spaces and . _ / -"
)
_TYPE: Final = _Field(str, _anything)
_OBJECT: Final = _Field(dict, _anything)
_OPTIONAL_OBJECT: Final = _Field(dict, _anything, required=False)

_Shape = Mapping[str, _Field]

_ORDER: Final[_Shape] = {
    "orderId": _Field(str, _REFERENCE.fullmatch, "order-id.format", f"an orderId is {_REFERENCE_TEXT}"),
    "benefit": _Field(str, _anything),
    "entitlement": _OBJECT,
    "amount": _Field(str, _anything),
    "currency": _Field(str, EXPONENT.__contains__, "currency.unknown", "the currency is not one the gateway pays in"),
    "requestedExecutionDate": _DAY,
    "validUntil": _DAY,
    "approvedAt": _Field(str, is_instant, "time.format", INSTANT_RULE),
    "creditor": _OBJECT,
    "creditorAccount": _OBJECT,
    "ultimateCreditor": _OPTIONAL_OBJECT,
    "deceased": _OPTIONAL_OBJECT,
    "remittanceInformation": _Field(
        str, _free_text(0).fullmatch, "text.remittance", "0 to 140 characters, none of them a control character"
    ),
}
_ENTITLEMENT: Final[_Shape] = {
    "id": _Field(str, _REFERENCE.fullmatch, "entitlement.id", f"an entitlement id is {_REFERENCE_TEXT}"),
    "period": _Field(str, _PERIOD.fullmatch, "entitlement.period", 'a period is a month "2026-09" or a year "2026"'),
    "sequence": _Field(int, _is_sequence, "entitlement.sequence", f"a sequence is 1 to {MAX_SEQUENCE}"),
}
_PARTY: Final[_Shape] = {
    "name": _Field(
        str, _free_text(1).fullmatch, "text.name", "a name is 1 to 140 characters, none of them a control character"
    ),
    "identifications": _Field(list, bool, "identification.none", "a party has at least one identification"),
}
_IDENTIFICATION: Final[_Shape] = {"scheme": _SCHEME_FIELD, "id": _PERSON_ID_FIELD}
_ACCOUNTS: Final[Mapping[str, _Shape]] = {
    "IBAN": {"type": _TYPE, "iban": _Field(str, _anything)},
    "DOMESTIC": {
        "type": _TYPE,
        "country": _Field(str, _COUNTRY.fullmatch, "account.country", "a country is two capital letters (ISO 3166)"),
        "bankCode": _Field(
            str, _BANK_CODE.fullmatch, "account.bank-code", "a bank code is 1 to 35 capital letters and digits"
        ),
        "number": _Field(
            str, _NUMBER.fullmatch, "account.number", "an account number is 1 to 34 letters, digits, spaces and . / -"
        ),
    },
    "COUNTER": {"type": _TYPE, "scheme": _SCHEME_FIELD, "id": _PERSON_ID_FIELD},
}
_KINDS: Final = {str: "text", int: "a whole number", list: "an array", dict: "an object"}
_ABSENT: Final = object()


# Checking --------------------------------------------------------------------------------------------------------


def order_violations(document: Document, terms: IntakeTerms) -> list[Violation]:
    """List every rule the order breaks, sorted by place; an empty list means that it may be paid."""
    found: list[Violation] = []
    _check_fields(document, _ORDER, "", found)
    _check_benefit(document, terms.catalogue, found)
    _check_times(document, terms, found)
    for key in ("creditor", "ultimateCreditor", "deceased"):
        _check_party(document.get(key), f"/{key}", found)
    _check_account(document.get("creditorAccount"), found)
    if type(entitlement := document.get("entitlement")) is dict:
        _check_fields(entitlement, _ENTITLEMENT, "/entitlement", found)
    if not found and "deceased" in document:
        _check_payee_lives(document, found)
    return sorted(found)


def _check_fields(values: Document, shape: _Shape, path: str, found: list[Violation]) -> None:
    for key, (kind, fits, rule, text, required) in shape.items():
        value = values.get(key, _ABSENT)
        if type(value) is kind:
            if not fits(value):
                found.append(Violation(f"{path}/{key}", rule, text))
        elif value is not _ABSENT:
            found.append(Violation(f"{path}/{key}", "shape.type", f"expected {_KINDS[kind]}"))
        elif required:
            found.append(Violation(f"{path}/{key}", "shape.missing", "this part is missing"))
    if not values.keys() <= shape.keys():
        found.extend(_unknown(key, path) for key in values.keys() - shape.keys())


def _unknown(key: str, path: str) -> Violation:
    """Name an unknown key only if it looks like a key: anything else could be a name or a number of a person."""
    shown = key if _OWN_KEY.fullmatch(key) else "?"
    return Violation(f"{path}/{shown}", "shape.unknown", "no such part is known here")


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
    dead = {_identification(entry) for entry in document["deceased"]["identifications"]}
    found.extend(
        Violation(f"/{key}", "deceased.payee", "the deceased cannot be paid")
        for key in ("creditor", "ultimateCreditor")
        if key in document and not dead.isdisjoint(map(_identification, document[key]["identifications"]))
    )


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


def _check_party(values: object, path: str, found: list[Violation]) -> None:
    if type(values) is not dict:
        return
    _check_fields(values, _PARTY, path, found)
    entries = values.get("identifications")
    for place, entry in enumerate(entries if type(entries) is list else ()):
        where = f"{path}/identifications/{place}"
        if type(entry) is dict:
            _check_fields(entry, _IDENTIFICATION, where, found)
        else:
            found.append(Violation(where, "shape.type", "expected an object"))


def _check_account(values: object, found: list[Violation]) -> None:
    if type(values) is not dict:
        return
    path, kind = "/creditorAccount", values.get("type")
    shape = _ACCOUNTS.get(kind) if type(kind) is str else None
    if shape is None:
        text = f"an account's type is one of {', '.join(_ACCOUNTS)}"
        found.append(Violation(f"{path}/type", "account.type", text))
        return
    _check_fields(values, shape, path, found)
    if kind == "IBAN" and type(iban := values.get("iban")) is str:
        found.extend(iban_violations(iban, f"{path}/iban"))
