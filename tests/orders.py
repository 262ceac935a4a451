"""Order lines, batches and signed manifests with readable defaults."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from gateway.api.keys import PublicKey
from gateway.domain.benefits import Catalogue, catalogue_from
from gateway.domain.manifest import Manifest, manifest_bytes
from gateway.service.batches import BatchView

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "benefits-north"
PAY_DATE = date(2026, 9, 21)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2040, 1, 1, tzinfo=UTC)
IBAN = "DE89370400440532013000"


def catalogue() -> Catalogue:
    """The catalogue that ships with the gateway."""
    return catalogue_from(yaml.safe_load((ROOT / "config" / "benefits.yaml").read_text(encoding="utf-8")))


def order(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A payable order; `changes` replace whole keys, None takes one away."""
    values: dict[str, Any] = {
        "orderId": f"SICK-{number:06d}",
        "benefit": "SICK_PAY",
        "entitlement": {"id": f"E-{number:06d}", "period": "2026-09", "sequence": 1},
        "amount": "512.40",
        "currency": "EUR",
        "requestedExecutionDate": PAY_DATE.isoformat(),
        "validUntil": "2026-10-21",
        "approvedAt": "2026-09-17T09:30:00Z",
        "creditor": {"name": "Maria Muster", "identifications": [{"scheme": "NIDN", "id": f"ID{number:06d}"}]},
        "creditorAccount": {"type": "IBAN", "iban": IBAN},
        "remittanceInformation": "Sick pay 2026-09",
    }
    values |= changes
    return {key: value for key, value in values.items() if value is not None}


def line(values: Mapping[str, Any]) -> bytes:
    """The order as it is pushed, without the line end."""
    return json.dumps(values, ensure_ascii=False).encode()


def lines(numbers: Iterable[int], **changes: Any) -> list[bytes]:
    """Order lines by number."""
    return [line(order(number, **changes)) for number in numbers]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A key of the benefits system."""

    kid: str = "north-2026"
    algorithm: str = "Ed25519"
    key: Any = field(default_factory=lambda: OKPKey.generate_key("Ed25519"))

    @staticmethod
    def es256(kid: str = "north-es256") -> "Signer":
        return Signer(kid=kid, algorithm="ES256", key=ECKey.generate_key("P-256"))

    def public(self, *, not_before: datetime = LONG_AGO, not_after: datetime = FAR_AHEAD) -> PublicKey:
        jwk = self.key.as_dict(private=False)
        return PublicKey(kid=self.kid, algorithm=self.algorithm, jwk=jwk, not_before=not_before, not_after=not_after)

    def sign(self, payload: bytes, **header: Any) -> str:
        """The detached JWS over the bytes; `header` adds to or replaces alg and kid."""
        values = {"alg": self.algorithm, "kid": self.kid, **header}
        registry = jws.JWSRegistry(algorithms=[self.algorithm], strict_check_header=False)
        head, _, tail = jws.serialize_compact(values, payload, self.key, [self.algorithm], registry).split(".")
        return f"{head}..{tail}"


def manifest_of(closed: BatchView, approvers: Sequence[str] = ("p-1", "p-2"), **changes: Any) -> bytes:
    """The manifest that the answer to close asks for; `changes` replace fields of it."""
    batch = closed.batch
    values: dict[str, Any] = {
        "source": batch.source,
        "batch": batch.batch_id,
        "programme": batch.programme,
        "pay_date": batch.pay_date,
        "count": batch.order_count,
        "totals": batch.totals,
        "approvers": tuple(approvers),
        "signed_at": datetime(2026, 9, 18, 9, 0, tzinfo=UTC),
        "expires": datetime(2026, 9, 30, tzinfo=UTC),
        "chunks": closed.chunks,
    }
    return manifest_bytes(Manifest(**(values | changes)))
