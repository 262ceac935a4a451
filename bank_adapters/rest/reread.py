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
_CREDITOR_KEYS = frozenset({"name", "iban"})
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
    """Check the shape of the body, the schema of this language; return the creditor's account."""
    creditor = order.get("creditor")
    if order.keys() != _KEYS or not isinstance(creditor, dict) or creditor.keys() != _CREDITOR_KEYS:
        raise SealMismatch("the rendered request does not have exactly the agreed keys")
    texts = [*(value for key, value in order.items() if key != "creditor"), *creditor.values()]
    if not all(isinstance(value, str) for value in texts):
        raise SealMismatch("the rendered request holds a value that is not text")
    checks = (
        (_REFERENCE, order["endToEndId"]),
        (_UETR, order["uetr"]),
        (_IBAN, order["debtorIban"]),
        (_IBAN, creditor["iban"]),
    )
    if not all(pattern.fullmatch(value) for pattern, value in checks) or not creditor["name"].strip():
        raise SealMismatch("the rendered request holds a reference, account or name of another form")
    return str(creditor["iban"])
