"""Reads a request's body back from its bytes: the four digests of a seal. Shares no code with the writer."""

import re
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Any

from bank_adapters.spi import Reread
from gateway.domain.digest import PaymentsDigest, parse_object
from gateway.domain.errors import Refused, SealMismatch
from gateway.domain.money import AmountError, parse_minor

_KEYS = frozenset(
    {
        *("endToEndId", "uetr", "amount", "currency", "debtorIban"),
        *("creditor", "remittanceInformation", "requestedExecutionDate"),
    }
)
_OPTIONAL = frozenset({"ultimateCreditor", "collection"})
_TO_AN_ACCOUNT = frozenset({"name", "iban"})
_OVER_THE_COUNTER = frozenset({"name", "identification"})
_IDENTIFICATION_KEYS = frozenset({"scheme", "id"})
_COLLECTION_KEYS = frozenset({"from", "until"})
_ULTIMATE_KEYS = frozenset({"name"})
_OBJECTS = frozenset({"creditor", "ultimateCreditor", "collection"})
_OTHER_KEYS = "the rendered request does not have exactly the agreed keys"
_SCHEME = re.compile(r"[A-Z0-9]{1,35}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_REFERENCE = re.compile(r"[A-Za-z0-9]{1,35}")
_UETR = re.compile(r"[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}")


def reread(pieces: Iterable[bytes]) -> Reread:
    """Read the digests of a body back; see `bank_adapters.spi.Adapter.reread`."""
    body = b"".join(pieces)
    try:
        order = parse_object(body)
        creditor = _creditor(order)
        minor = parse_minor(order["amount"], order["currency"])
        date.fromisoformat(order["requestedExecutionDate"])
    except (Refused, AmountError, ValueError, TypeError) as error:
        rule = error.violations[0].rule if isinstance(error, Refused) else type(error).__name__
        raise SealMismatch(f"the rendered request cannot be read back: {rule}") from None
    payments = PaymentsDigest()
    payments.add(order["endToEndId"], creditor, minor, order["currency"])
    return Reread(
        count=payments.count,
        sum_minor=payments.sum,
        currency=order["currency"],
        payments_digest=payments.hexdigest(),
        sha256=sha256(body).hexdigest(),
        size=len(body),
    )


def _creditor(order: dict[str, Any]) -> str:
    """Check the shape of the body, the schema of this language; return the creditor's account or identification."""
    if order.keys() - _OPTIONAL != _KEYS:
        raise SealMismatch(_OTHER_KEYS)
    over_the_counter = "collection" in order
    creditor = _object(order, "creditor", _OVER_THE_COUNTER if over_the_counter else _TO_AN_ACCOUNT)
    names = [creditor["name"]]
    if "ultimateCreditor" in order:
        names.append(_object(order, "ultimateCreditor", _ULTIMATE_KEYS)["name"])
    texts = [value for key, value in order.items() if key not in _OBJECTS]
    if not all(isinstance(value, str) for value in (*texts, *names)):
        raise SealMismatch("the rendered request holds a value that is not text")
    checks = ((_REFERENCE, order["endToEndId"]), (_UETR, order["uetr"]), (_IBAN, order["debtorIban"]))
    if not all(pattern.fullmatch(value) for pattern, value in checks) or not all(name.strip() for name in names):
        raise SealMismatch("the rendered request holds a reference, account or name of another form")
    return _collector(order, creditor) if over_the_counter else _iban(creditor)


def _object(values: dict[str, Any], key: str, keys: frozenset[str]) -> dict[str, Any]:
    found = values[key]
    if not isinstance(found, dict) or found.keys() != keys:
        raise SealMismatch(_OTHER_KEYS)
    return found


def _iban(creditor: dict[str, Any]) -> str:
    iban = creditor["iban"]
    if not isinstance(iban, str) or _IBAN.fullmatch(iban) is None:
        raise SealMismatch("the rendered request holds an account of another form")
    return iban


def _collector(order: dict[str, Any], creditor: dict[str, Any]) -> str:
    """Return the identification of who collects as the payments digest has it; check that there is a window."""
    identification = _object(creditor, "identification", _IDENTIFICATION_KEYS)
    collection = _object(order, "collection", _COLLECTION_KEYS)
    scheme, number = identification["scheme"], identification["id"]
    if not isinstance(scheme, str) or not isinstance(number, str) or not _SCHEME.fullmatch(scheme) or not number:
        raise SealMismatch("the rendered request holds an identification of another form")
    if date.fromisoformat(collection["from"]) > date.fromisoformat(collection["until"]):
        raise SealMismatch("the rendered request can never be collected")
    return f"{scheme}:{number}"
