"""The manifest: what the benefits system signs to release a batch.

Its bytes are the RFC 8785 canonical JSON of its object; the detached JWS over them is checked elsewhere. Reading finds
out whether the bytes are a manifest; `disagreements` finds out whether it is *this batch's* manifest and in force.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from gateway.domain.digest import CHUNK, canonical, parse_object
from gateway.domain.errors import Refused, Violation
from gateway.domain.iso8601 import DATE_RULE, INSTANT_RULE, instant_text, is_date, is_instant
from gateway.domain.money import AmountError, format_minor, parse_minor

MIN_APPROVERS: Final = 2
"""Two distinct people approve every payment run."""
_DEPTH: Final = 2

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the approvers of one batch signed.

    `count` is every order of the batch, refused ones included; `totals` maps a currency to the minor units of all its
    readable amounts; `chunks` are the chunk digests in hex, orders sorted by order id. Times are aware UTC.
    """

    source: str
    batch: str
    programme: str
    pay_date: date
    count: int
    totals: Mapping[str, int]
    approvers: tuple[str, ...]
    signed_at: datetime
    expires: datetime
    chunks: tuple[str, ...]


# Writing ---------------------------------------------------------------------------------------------------------


def manifest_bytes(manifest: Manifest) -> bytes:
    """Write the exact bytes that are signed."""
    return canonical(
        {
            "source": manifest.source,
            "batch": manifest.batch,
            "programme": manifest.programme,
            "payDate": manifest.pay_date.isoformat(),
            "count": manifest.count,
            "totals": {currency: format_minor(minor, currency) for currency, minor in manifest.totals.items()},
            "approvers": list(manifest.approvers),
            "signedAt": instant_text(manifest.signed_at),
            "expires": instant_text(manifest.expires),
            "chunks": list(manifest.chunks),
        }
    )


# Reading ---------------------------------------------------------------------------------------------------------


def parse_manifest(payload: bytes) -> Manifest:
    """Read a manifest; raise Refused with every violation.

    The bytes must be canonical: a signature over any other form would leave open which of two readings was signed.
    """
    document = parse_object(payload, max_depth=_DEPTH)
    found = _shape(document)
    if not found and canonical(document) != payload:
        found = [Violation("", "manifest.canonical", "the manifest is not written in canonical form (RFC 8785)")]
    if found:
        raise Refused(found, title="the manifest cannot be read")
    return _manifest_from(document)


def _manifest_from(document: Mapping[str, Any]) -> Manifest:
    return Manifest(
        source=document["source"],
        batch=document["batch"],
        programme=document["programme"],
        pay_date=date.fromisoformat(document["payDate"]),
        count=document["count"],
        totals=MappingProxyType({c: parse_minor(text, c) for c, text in document["totals"].items()}),
        approvers=tuple(document["approvers"]),
        signed_at=datetime.fromisoformat(document["signedAt"]),
        expires=datetime.fromisoformat(document["expires"]),
        chunks=tuple(document["chunks"]),
    )


def _shape(document: Mapping[str, Any]) -> list[Violation]:
    found = [Violation(f"/{key}", "shape.missing", "this part is missing") for key in _PARTS.keys() - document.keys()]
    if document.keys() - _PARTS.keys():
        known = ", ".join(_PARTS)
        found.append(Violation("", "shape.unknown", f"the manifest holds a part that is none of {known}"))
    for key, check in _PARTS.items():
        if key in document:
            found.extend(check(f"/{key}", document[key]))
    if not found and len(document["chunks"]) != -(-document["count"] // CHUNK):
        found.append(Violation("/chunks", "manifest.chunks", f"there is one chunk digest for every {CHUNK} orders"))
    return sorted(found)


def _name(path: str, value: object) -> list[Violation]:
    good = type(value) is str and bool(value)
    return [] if good else [Violation(path, "shape.type", "expected text that is not empty")]


def _count(path: str, value: object) -> list[Violation]:
    good = type(value) is int and value >= 1
    return [] if good else [Violation(path, "manifest.count", "a batch holds at least one order")]


def _day(path: str, value: object) -> list[Violation]:
    good = type(value) is str and is_date(value)
    return [] if good else [Violation(path, "date.format", DATE_RULE)]


def _instant(path: str, value: object) -> list[Violation]:
    good = type(value) is str and is_instant(value)
    return [] if good else [Violation(path, "time.format", INSTANT_RULE)]


def _totals(path: str, value: object) -> list[Violation]:
    if type(value) is not dict:
        return [Violation(path, "shape.type", "expected an object of currencies and amounts")]
    found = []
    for currency, amount in value.items():
        try:
            if format_minor(parse_minor(amount, currency), currency) != amount:
                found.append(Violation(path, "amount.decimals", "a total is written with all decimals of its currency"))
        except AmountError as error:
            found.append(Violation(path, error.rule, str(error)))
    return found


def _approvers(path: str, value: object) -> list[Violation]:
    good = type(value) is list and all(type(person) is str and person for person in value)
    return [] if good else [Violation(path, "shape.type", "expected an array of the approvers' ids")]


def _chunks(path: str, value: object) -> list[Violation]:
    good = type(value) is list and all(type(digest) is str and _SHA256.fullmatch(digest) for digest in value)
    return (
        [] if good else [Violation(path, "manifest.digest", "expected an array of SHA-256 digests in lower-case hex")]
    )


_PARTS: Final[Mapping[str, Callable[[str, object], list[Violation]]]] = {
    "source": _name,
    "batch": _name,
    "programme": _name,
    "payDate": _day,
    "count": _count,
    "totals": _totals,
    "approvers": _approvers,
    "signedAt": _instant,
    "expires": _instant,
    "chunks": _chunks,
}


# Comparing -------------------------------------------------------------------------------------------------------


def disagreements(
    manifest: Manifest,
    *,
    source: str,
    batch: str,
    programme: str,
    pay_date: date,
    count: int,
    totals: Mapping[str, int],
    chunks: Sequence[str],
    now: datetime,
) -> list[Violation]:
    """List where the manifest differs from the stored batch, and why it is not in force at `now` (aware UTC)."""
    stored = (
        ("/source", manifest.source == source, f"the batch is of source {source}"),
        ("/batch", manifest.batch == batch, f"the batch is {batch}"),
        ("/programme", manifest.programme == programme, f"the batch is of programme {programme}"),
        ("/payDate", manifest.pay_date == pay_date, f"the batch is paid on {pay_date}"),
        ("/count", manifest.count == count, f"the batch holds {count} orders, the manifest says {manifest.count}"),
    )
    differing = [Violation(path, "manifest.differs", text) for path, same, text in stored if not same]
    differing += _totals_differ(manifest.totals, totals)
    differing += _chunks_differ(manifest.chunks, chunks)
    return differing + _void(manifest, now)


def _totals_differ(signed: Mapping[str, int], stored: Mapping[str, int]) -> list[Violation]:
    found = []
    for currency in sorted(signed.keys() | stored.keys()):
        held, said = stored.get(currency, 0), signed.get(currency, 0)
        if held != said:
            text = f"the batch holds {format_minor(held, currency)}, the manifest says {format_minor(said, currency)}"
            found.append(Violation(f"/totals/{currency}", "manifest.differs", text))
    return found


def _chunks_differ(signed: Sequence[str], stored: Sequence[str]) -> list[Violation]:
    """Name the first chunk that differs: a changed or added order shifts all that follow."""
    if tuple(signed) == tuple(stored):
        return []
    place = next((i for i, pair in enumerate(zip(signed, stored, strict=False)) if pair[0] != pair[1]), None)
    if place is None:
        text = f"the batch has {len(stored)} chunks of orders, the manifest {len(signed)}"
        return [Violation("/chunks", "manifest.differs", text)]
    text = f"orders {place * CHUNK + 1} to {(place + 1) * CHUNK} by order id are not those that were signed"
    return [Violation(f"/chunks/{place}", "manifest.differs", text)]


def _void(manifest: Manifest, now: datetime) -> list[Violation]:
    """List why the approval itself does not hold at `now`."""
    people = len(set(manifest.approvers))
    rules = (
        (people >= MIN_APPROVERS, "/approvers", "approval.people", "at least two different people approve a batch"),
        (manifest.signed_at <= now, "/signedAt", "approval.future", "the signature lies in the future"),
        (manifest.signed_at < manifest.expires, "/expires", "approval.order", "the approval ends before it was signed"),
        (now < manifest.expires, "/expires", "approval.expired", "the approval has expired"),
    )
    return [Violation(path, rule, text) for holds, path, rule, text in rules if not holds]
