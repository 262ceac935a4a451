"""Play the benefits system's approvers: a manifest over one's own orders, signed with a sandbox key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.domain.digest import canonical, chunk_digests, order_digest, parse_object
from gateway.domain.manifest import Manifest
from gateway.domain.money import totals
from gateway.domain.order_reading import readable_amount
from gateway.domain.order_shape import order_id_of

VALID = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """What approvers put their names to."""

    source: str
    batch: str
    programme: str
    pay_date: date
    approvers: Sequence[str]


def manifest_over(lines: Iterable[bytes], what: Approved, now: datetime) -> Manifest:
    """Compute the manifest from order lines, from nothing the gateway said. Raises Refused for an unreadable line."""
    documents = [parse_object(line) for line in lines if line.strip()]
    digests = sorted((order_id_of(d), order_digest(canonical(d))) for d in documents)
    amounts = (readable_amount(d) for d in documents)
    return Manifest(
        source=what.source,
        batch=what.batch,
        programme=what.programme,
        pay_date=what.pay_date,
        count=len(documents),
        totals=totals(a for a in amounts if a is not None),
        approvers=tuple(what.approvers),
        signed_at=now,
        expires=now + VALID,
        chunks=tuple(chunk_digests(digest for _, digest in digests)),
    )
