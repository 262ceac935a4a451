"""The manifest: a file worked out by hand, every way to tamper with one, and every way to disagree with the batch."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import Refused, Violation
from gateway.domain.manifest import Manifest, disagreements, manifest_bytes, parse_manifest
from gateway.domain.money import EXPONENT

DIGEST = sha256(b"").hexdigest()
BY_HAND = (
    b'{"approvers":["p-1","p-2"],"batch":"b-7","chunks":["' + DIGEST.encode() + b'"],"count":3,'
    b'"expires":"2026-09-25T00:00:00Z","payDate":"2026-09-21","programme":"short-term","signedAt":"2026-09-18T10:00:00Z",'
    b'"source":"esia","totals":{"EUR":"123.45","JPY":"7"}}'
)
SIGNED = datetime(2026, 9, 18, 10, tzinfo=UTC)
MANIFEST = Manifest(
    source="esia",
    batch="b-7",
    programme="short-term",
    pay_date=date(2026, 9, 21),
    count=3,
    totals={"EUR": 12345, "JPY": 7},
    approvers=("p-1", "p-2"),
    signed_at=SIGNED,
    expires=datetime(2026, 9, 25, tzinfo=UTC),
    chunks=(DIGEST,),
)
STORED: dict[str, Any] = {
    "source": "esia",
    "batch": "b-7",
    "programme": "short-term",
    "pay_date": date(2026, 9, 21),
    "count": 3,
    "totals": {"EUR": 12345, "JPY": 7},
    "chunks": [DIGEST],
    "now": datetime(2026, 9, 19, tzinfo=UTC),
}
INSTANTS = st.datetimes(timezones=st.just(UTC))


def test_the_bytes_are_those_written_by_hand() -> None:
    assert manifest_bytes(MANIFEST) == BY_HAND
    assert parse_manifest(BY_HAND) == MANIFEST


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.dates(),
    st.integers(1, 5000),
    st.dictionaries(st.sampled_from(sorted(EXPONENT)), st.integers(1, 10**15 - 1)),
    INSTANTS,
    INSTANTS,
)
def test_every_manifest_survives_writing_and_reading(
    name: str, day: date, count: int, totals: dict[str, int], signed: datetime, expires: datetime
) -> None:
    chunks = (DIGEST,) * -(-count // 1024)
    manifest = replace(
        MANIFEST, batch=name, pay_date=day, count=count, totals=totals, signed_at=signed, expires=expires, chunks=chunks
    )
    assert parse_manifest(manifest_bytes(manifest)) == manifest


def edited(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(BY_HAND)
    change(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("source", "", "shape.type"),
        ("batch", None, "shape.type"),
        ("programme", 7, "shape.type"),
        ("payDate", "21.09.2026", "date.format"),
        ("payDate", "2026-02-30", "date.format"),
        ("count", 0, "manifest.count"),
        ("count", True, "manifest.count"),
        ("count", "3", "manifest.count"),
        ("totals", [], "shape.type"),
        ("totals", {"EUR": "0.00"}, "amount.zero"),
        ("totals", {"EUR": "1.234"}, "amount.decimals"),
        ("totals", {"EUR": 7}, "amount.format"),
        ("totals", {"XXX": "1"}, "currency.unknown"),
        ("approvers", "p-1,p-2", "shape.type"),
        ("approvers", ["p-1", ""], "shape.type"),
        ("approvers", ["p-1", 2], "shape.type"),
        ("signedAt", "2026-09-18T10:00:00+02:00", "time.format"),
        ("expires", "2026-09-25", "time.format"),
        ("chunks", [DIGEST.upper()], "manifest.digest"),
        ("chunks", ["00"], "manifest.digest"),
        ("chunks", DIGEST, "manifest.digest"),
        ("chunks", [], "manifest.chunks"),
        ("chunks", [DIGEST, DIGEST], "manifest.chunks"),
        ("count", 1025, "manifest.chunks"),
    ],
)
def test_a_part_that_is_wrong_is_named(key: str, value: object, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_manifest(edited(lambda document: document.update({key: value})))
    path = "/chunks" if rule == "manifest.chunks" else f"/{key}"
    assert [(v.path, v.rule) for v in refusal.value.violations] == [(path, rule)]


@pytest.mark.parametrize("key", sorted(json.loads(BY_HAND)))
def test_every_part_is_required(key: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_manifest(edited(lambda document: document.pop(key)))
    assert refusal.value.violations == [Violation(f"/{key}", "shape.missing", "this part is missing")]


def test_all_violations_are_listed_at_once() -> None:
    with pytest.raises(Refused) as refusal:
        parse_manifest(b'{"colour":1,"count":0,"payDate":7}')
    assert [(v.path, v.rule) for v in refusal.value.violations] == [
        ("", "shape.unknown"),
        ("/approvers", "shape.missing"),
        ("/batch", "shape.missing"),
        ("/chunks", "shape.missing"),
        ("/count", "manifest.count"),
        ("/expires", "shape.missing"),
        ("/payDate", "date.format"),
        ("/programme", "shape.missing"),
        ("/signedAt", "shape.missing"),
        ("/source", "shape.missing"),
        ("/totals", "shape.missing"),
    ]


@pytest.mark.parametrize(
    "payload",
    [
        BY_HAND + b"\n",
        b" " + BY_HAND,
        BY_HAND.replace(b'"b-7"', b'"b\\u002d7"'),
        json.dumps(json.loads(BY_HAND), separators=(",", ":")).encode().replace(b'"approvers"', b' "approvers"'),
        json.dumps(dict(reversed(json.loads(BY_HAND).items())), separators=(",", ":")).encode(),
    ],
)
def test_only_the_canonical_bytes_are_a_manifest(payload: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        parse_manifest(payload)
    assert [v.rule for v in refusal.value.violations] == ["manifest.canonical"]


def test_a_repeated_part_is_refused_before_anything_is_compared() -> None:
    with pytest.raises(Refused) as refusal:
        parse_manifest(BY_HAND.replace(b'"count":3', b'"count":3,"count":4'))
    assert [v.rule for v in refusal.value.violations] == ["json.duplicate-key"]


def test_a_manifest_that_agrees_has_no_disagreements() -> None:
    assert disagreements(MANIFEST, **STORED) == []


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ("source", "other", "/source"),
        ("batch", "b-8", "/batch"),
        ("programme", "family", "/programme"),
        ("pay_date", date(2026, 9, 22), "/payDate"),
        ("count", 4, "/count"),
        ("totals", {"EUR": 12346, "JPY": 7}, "/totals/EUR"),
        ("totals", {"EUR": 12345}, "/totals/JPY"),
        ("totals", {"EUR": 12345, "JPY": 7, "SEK": 1}, "/totals/SEK"),
        ("chunks", ["0" * 64], "/chunks/0"),
        ("chunks", [DIGEST, DIGEST], "/chunks"),
        ("chunks", [], "/chunks"),
    ],
)
def test_whatever_differs_from_the_batch_is_named(key: str, value: object, path: str) -> None:
    found = disagreements(MANIFEST, **(STORED | {key: value}))
    assert [(v.path, v.rule) for v in found] == [(path, "manifest.differs")]


def test_a_difference_says_both_sides() -> None:
    (total,) = disagreements(MANIFEST, **(STORED | {"totals": {"EUR": 5, "JPY": 7}}))
    assert total.text == "the batch holds 0.05, the manifest says 123.45"
    (count,) = disagreements(MANIFEST, **(STORED | {"count": 4}))
    assert count.text == "the batch holds 4 orders, the manifest says 3"


def test_the_first_differing_chunk_is_named_by_its_orders() -> None:
    signed = replace(MANIFEST, count=3000, chunks=(DIGEST, "1" * 64, "2" * 64))
    (found,) = disagreements(signed, **(STORED | {"count": 3000, "chunks": [DIGEST, "3" * 64, "4" * 64]}))
    assert (found.path, found.text) == (
        "/chunks/1",
        "orders 1025 to 2048 by order id are not those that were signed",
    )


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"approvers": ("p-1",)}, "/approvers", "approval.people"),
        ({"approvers": ("p-1", "p-1")}, "/approvers", "approval.people"),
        ({"approvers": ()}, "/approvers", "approval.people"),
        ({"signed_at": STORED["now"] + timedelta(seconds=1)}, "/signedAt", "approval.future"),
        ({"expires": STORED["now"]}, "/expires", "approval.expired"),
    ],
)
def test_an_approval_that_is_not_in_force(change: dict[str, Any], path: str, rule: str) -> None:
    assert [(v.path, v.rule) for v in disagreements(replace(MANIFEST, **change), **STORED)] == [(path, rule)]


def test_an_approval_that_ends_before_it_begins_never_holds() -> None:
    found = disagreements(replace(MANIFEST, expires=SIGNED), **(STORED | {"now": SIGNED}))
    assert [v.rule for v in found] == ["approval.order", "approval.expired"]


def test_every_disagreement_is_listed_at_once() -> None:
    other = STORED | {
        "source": "x",
        "batch": "x",
        "count": 9,
        "totals": {},
        "chunks": [],
        "now": SIGNED + timedelta(days=30),
    }
    paths = [v.path for v in disagreements(MANIFEST, **other)]
    assert paths == ["/source", "/batch", "/count", "/totals/EUR", "/totals/JPY", "/chunks", "/expires"]
