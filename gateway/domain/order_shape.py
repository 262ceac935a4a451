"""The shape of an order: which keys each of its objects has, and what each must hold by itself.

Tables, and the checks that follow from nothing but them. Rules that join several parts of an order, or an order and the
day, stand in `validation`.
"""

import re
from collections.abc import Callable, Mapping, Sized
from typing import Any, Final, NamedTuple

from gateway.domain.bic import is_bic
from gateway.domain.errors import Refused, Violation
from gateway.domain.iban import iban_violations
from gateway.domain.iso8601 import DATE_RULE, INSTANT_RULE, is_date, is_instant
from gateway.domain.mandate import Role
from gateway.domain.money import EXPONENT
from gateway.domain.order import PartyKind

Document = Mapping[str, Any]
"""An order as `digest.parse_object` made it of its line."""

MAX_SEQUENCE: Final = 999
ADDRESS_LINES_MAX: Final = 2
"""Free lines of a hybrid address (EPC, since November 2025)."""


def order_id_of(document: Document) -> str:
    """Return the order id; raise Refused (`order-id.missing`, `order-id.format`) when the line cannot be filed."""
    value = document.get("orderId")
    if value is None:
        raise Refused.one("/orderId", "order-id.missing", "the order has no orderId")
    if type(value) is not str or _REFERENCE.fullmatch(value) is None:
        raise Refused.one("/orderId", "order-id.format", f"an orderId is {_REFERENCE_TEXT}")
    return value


class _Field(NamedTuple):
    """What one key must hold: a value of `kind` that `fits`; otherwise the rule and its text."""

    kind: type
    fits: Callable[[Any], object]
    rule: str = ""
    text: str = ""
    required: bool = True


def _free_text(shortest: int, longest: int = 140) -> re.Pattern[str]:
    """Make the pattern of text for people: not blank, not too long, nothing that steers a terminal or breaks XML 1.0.

    That is: no C0 and C1 controls, line and paragraph separators, bidirectional overrides, U+FFFE and U+FFFF.
    """
    not_blank = r"(?=\s*\S)" if shortest else ""
    allowed = r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]"
    return re.compile(f"{not_blank}{allowed}{{{shortest},{longest}}}")


def _anything(_: object) -> bool:
    return True


def _is_sequence(number: int) -> bool:
    return 1 <= number <= MAX_SEQUENCE


def _is_single(entries: Sized) -> bool:
    return len(entries) == 1


def _are_few(lines: Sized) -> bool:
    return 1 <= len(lines) <= ADDRESS_LINES_MAX


_REFERENCE: Final = re.compile(r"[A-Za-z0-9._/-]{1,64}")
_REFERENCE_TEXT: Final = "1 to 64 letters, digits and . _ / -"
_PERIOD: Final = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_BANK_CODE: Final = re.compile(r"[A-Z0-9]{1,35}")
_NUMBER: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ./-]{0,32}[A-Za-z0-9])?")
_SCHEME: Final = re.compile(r"[A-Z0-9]{1,35}")
_PERSON_ID: Final = re.compile(r"[^\W_]([\w ./-]{0,33}[^\W_])?")
_OWN_REFERENCE: Final = re.compile(r"[A-Za-z0-9]{1,35}")
_OWN_KEY: Final = re.compile(r"[A-Za-z]{1,32}")

_DAY: Final = _Field(str, is_date, "date.format", DATE_RULE)
_OPTIONAL_DAY: Final = _DAY._replace(required=False)
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

ORDER: Final[_Shape] = {
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
    "creditorAgent": _OPTIONAL_OBJECT,
    "ultimateCreditor": _OPTIONAL_OBJECT,
    "ultimateDebtor": _OPTIONAL_OBJECT,
    "deceased": _OPTIONAL_OBJECT,
    "mandate": _OPTIONAL_OBJECT,
    "collection": _OPTIONAL_OBJECT,
    "replaces": _Field(
        str,
        _REFERENCE.fullmatch,
        "replaces.format",
        f"the order replaced has an id of {_REFERENCE_TEXT}",
        required=False,
    ),
    "remittanceInformation": _Field(
        str,
        _free_text(0).fullmatch,
        "text.remittance",
        "0 to 140 characters, none of them a control character",
        required=False,
    ),
    "creditorReference": _OPTIONAL_OBJECT,
}
"""What says what is paid for, remittanceInformation or creditorReference, is required by `creditor_rules`."""
_ENTITLEMENT: Final[_Shape] = {
    "id": _Field(str, _REFERENCE.fullmatch, "entitlement.id", f"an entitlement id is {_REFERENCE_TEXT}"),
    "period": _Field(str, _PERIOD.fullmatch, "entitlement.period", 'a period is a month "2026-09" or a year "2026"'),
    "sequence": _Field(int, _is_sequence, "entitlement.sequence", f"a sequence is 1 to {MAX_SEQUENCE}"),
}
MANDATE: Final[_Shape] = {
    "role": _Field(str, set(Role).__contains__, "mandate.role", f"a role is one of {', '.join(Role)}"),
    "id": _Field(str, _REFERENCE.fullmatch, "mandate.id", f"a mandate's id is {_REFERENCE_TEXT}"),
    "validFrom": _DAY,
    "validUntil": _OPTIONAL_DAY,
}
COLLECTION: Final[_Shape] = {"from": _DAY, "until": _DAY}
PARTY: Final[_Shape] = {
    "name": _Field(
        str, _free_text(1).fullmatch, "text.name", "a name is 1 to 140 characters, none of them a control character"
    ),
    "identifications": _Field(list, bool, "identification.none", "a party has at least one identification"),
}
CREDITOR: Final[_Shape] = {
    **PARTY,
    "kind": _Field(
        str, set(PartyKind).__contains__, "creditor.kind", f"a kind is one of {', '.join(PartyKind)}", required=False
    ),
    "address": _OPTIONAL_OBJECT,
}
ULTIMATE_DEBTOR: Final[_Shape] = {
    **PARTY,
    "identifications": _Field(
        list, _is_single, "identification.one", "whom we pay for has one identification", required=False
    ),
}
"""An institution, of which messages of banks have room for one identification: a second would be lost."""
CREDITOR_AGENT: Final[_Shape] = {
    "bic": _Field(str, is_bic, "bic.form", "a BIC has eight or eleven capital letters and digits (ISO 9362)")
}
CREDITOR_REFERENCE: Final[_Shape] = {
    "reference": _Field(
        str, _OWN_REFERENCE.fullmatch, "creditor-reference.format", "a reference is 1 to 35 letters and digits"
    ),
    "issuer": _Field(
        str,
        _OWN_REFERENCE.fullmatch,
        "creditor-reference.issuer",
        "who issues a national reference is named by 1 to 35 letters and digits",
        required=False,
    ),
}


def _address_part(longest: int, *, required: bool = False) -> _Field:
    """Make the field of one part of an address; its length is that of ISO 20022 PostalAddress."""
    text = f"a part of an address is 1 to {longest} characters, none of them a control character"
    return _Field(str, _free_text(1, longest).fullmatch, "text.address", text, required)


ADDRESS_LINE: Final = _address_part(70)
ADDRESS: Final[_Shape] = {
    "streetName": _address_part(70),
    "buildingNumber": _address_part(16),
    "postCode": _address_part(16),
    "townName": _address_part(35, required=True),
    "countrySubDivision": _address_part(35),
    "country": _Field(str, _COUNTRY.fullmatch, "address.country", "a country is two capital letters (ISO 3166)"),
    "addressLines": _Field(
        list, _are_few, "address.lines", f"a hybrid address has 1 or {ADDRESS_LINES_MAX} free lines", required=False
    ),
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


def check_fields(values: Document, shape: _Shape, path: str, found: list[Violation]) -> None:
    """Check the keys of one object, and of each that is there what it holds by itself."""
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


def check_entitlement(values: object, found: list[Violation]) -> None:
    """Check what the order pays, where it says so at all."""
    if type(values) is dict:
        check_fields(values, _ENTITLEMENT, "/entitlement", found)


def check_party(values: object, path: str, found: list[Violation], shape: _Shape = PARTY) -> None:
    """Check a person or organisation, where the order names one there."""
    if type(values) is not dict:
        return
    check_fields(values, shape, path, found)
    entries = values.get("identifications")
    for place, entry in enumerate(entries if type(entries) is list else ()):
        where = f"{path}/identifications/{place}"
        if type(entry) is dict:
            check_fields(entry, _IDENTIFICATION, where, found)
        else:
            found.append(Violation(where, "shape.type", "expected an object"))


def check_account(values: object, found: list[Violation]) -> None:
    """Check the creditor's account by its type."""
    if type(values) is not dict:
        return
    path, kind = "/creditorAccount", values.get("type")
    shape = _ACCOUNTS.get(kind) if type(kind) is str else None
    if shape is None:
        text = f"an account's type is one of {', '.join(_ACCOUNTS)}"
        found.append(Violation(f"{path}/type", "account.type", text))
        return
    check_fields(values, shape, path, found)
    if kind == "IBAN" and type(iban := values.get("iban")) is str:
        found.extend(iban_violations(iban, f"{path}/iban"))
