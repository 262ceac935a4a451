"""A sound order, the terms it is checked against, and the catalogue that the product ships."""

from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml

from gateway.domain.benefits import Catalogue, catalogue_from
from gateway.domain.validation import IntakeTerms

CONFIG = Path(__file__).resolve().parents[2] / "config"
PAY_DATE = date(2026, 9, 21)
NOW = datetime(2026, 9, 19, 8, 0, tzinfo=UTC)

_SICK_PAY: dict[str, Any] = {
    "orderId": "SICK-2026-000123",
    "benefit": "SICK_PAY",
    "entitlement": {"id": "E-99812", "period": "2026-09", "sequence": 1},
    "amount": "512.40",
    "currency": "EUR",
    "requestedExecutionDate": "2026-09-21",
    "validUntil": "2026-10-21",
    "approvedAt": "2026-09-18T09:30:00Z",
    "creditor": {"name": "Maria Muster", "identifications": [{"scheme": "NIDN", "id": "65180539W"}]},
    "creditorAccount": {"type": "IBAN", "iban": "DE89370400440532013000"},
    "remittanceInformation": "Sick pay 2026-09",
}


def catalogue() -> Catalogue:
    """Read the catalogue that the product ships."""
    return catalogue_from(yaml.safe_load((CONFIG / "benefits.yaml").read_text(encoding="utf-8")))


def terms() -> IntakeTerms:
    return IntakeTerms(source="esia", pay_date=PAY_DATE, now=NOW, today=NOW.date(), catalogue=catalogue())


def sick_pay(**changes: Any) -> dict[str, Any]:
    """Return a sound order with top-level parts replaced."""
    return deepcopy(_SICK_PAY) | changes


def funeral_grant(**changes: Any) -> dict[str, Any]:
    """Return a sound order that is due because of a death."""
    deceased = {"name": "Otto Muster", "identifications": [{"scheme": "NIDN", "id": "11223344X"}]}
    return sick_pay(**({"benefit": "FUNERAL_GRANT", "deceased": deceased} | changes))


def without(document: dict[str, Any], pointer: str) -> dict[str, Any]:
    """Return a copy that lacks the part at a JSON pointer."""
    changed = deepcopy(document)
    holder, last = _place(changed, pointer)
    del holder[last]
    return changed


def with_part(document: dict[str, Any], pointer: str, value: object) -> dict[str, Any]:
    """Return a copy with the part at a JSON pointer set."""
    changed = deepcopy(document)
    holder, last = _place(changed, pointer)
    holder[last] = value
    return changed


def _place(document: dict[str, Any], pointer: str) -> tuple[Any, str | int]:
    *parents, last = [int(key) if key.isdigit() else key for key in pointer.removeprefix("/").split("/")]
    holder: Any = document
    for key in parents:
        holder = holder[key]
    return holder, last
