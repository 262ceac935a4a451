import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from gateway.domain.digest import chunk_digests
from gateway.domain.errors import Conflict, NotFound, Refused
from tests.intake.conftest import Door
from tests.orders import FAR_AHEAD, LONG_AGO, SOURCE, Signer, line, lines, manifest_of, order


async def test_opening_again_is_the_same_answer(door: Door) -> None:
    assert await door.open() == await door.open()


@pytest.mark.parametrize("changes", [{"programme": "FAMILY"}, {"pay_date": date(2026, 9, 22)}])
async def test_opening_with_other_terms_is_a_conflict(opened: Door, changes: dict[str, Any]) -> None:
    terms: dict[str, Any] = {"programme": "SICKNESS", "pay_date": date(2026, 9, 21)} | changes
    with pytest.raises(Conflict):
        await opened.batches.open(source=SOURCE, batch_id="B-1", by="benefits", **terms)


async def test_a_pay_date_that_has_passed_is_refused_but_an_open_batch_stays(opened: Door) -> None:
    opened.clock.advance(30 * 86_400)
    assert (await opened.open()).batch.state == "open"
    with pytest.raises(Refused, match="has passed"):
        await opened.open("B-2")


async def test_close_counts_every_stored_line_and_every_readable_amount(opened: Door) -> None:
    await opened.push([*lines(range(1, 4)), line(order(4, creditor=None)), line(order(5, amount="x"))])
    await opened.push([line(order(6, entitlement=order(1)["entitlement"], amount="0.10"))])
    closed = await opened.close()
    assert (closed.batch.order_count, closed.batch.totals) == (6, {"EUR": 4 * 51240 + 10})
    assert closed.counts == {"payable": 3, "refused": 2, "held": 1}
    assert await opened.close() == closed


async def test_chunk_digests_are_those_that_the_benefits_system_computes(opened: Door) -> None:
    """Computed here from the lines as pushed, with json and hashlib alone."""
    values = [order(n) for n in range(2_500)]
    for start in range(0, 2_500, 900):
        await opened.push([line(v) for v in values[start : start + 900]])
    closed = await opened.close()
    documents = [json.dumps(v, sort_keys=True, separators=(",", ":")).encode() for v in values]
    digests = [sha256(document).digest() for document in documents]
    expected = [sha256(b"".join(digests[i : i + 1024])).hexdigest() for i in (0, 1024, 2048)]
    assert list(closed.chunks) == expected == list(chunk_digests(digests))


async def test_orders_are_sorted_by_code_point(opened: Door) -> None:
    ids = ["a", "B", "Z/1", "Z-1", "_", "0"]
    values = [order(n, orderId=order_id) for n, order_id in enumerate(ids)]
    await opened.push([line(v) for v in values])
    ordered = sorted(values, key=lambda v: str(v["orderId"]))
    digests = [sha256(json.dumps(v, sort_keys=True, separators=(",", ":")).encode()).digest() for v in ordered]
    assert (await opened.close()).chunks == (sha256(b"".join(digests)).hexdigest(),)


async def test_release_keeps_what_was_signed(opened: Door) -> None:
    await opened.push(lines(range(1_030)))
    manifest = manifest_of(await opened.close())
    released = await opened.release(manifest)
    assert (released.batch.state, released.counts) == ("released", {"payable": 1_030})
    kept = await opened.rows("SELECT manifest, manifest_expires_at, ended_by FROM batch")
    assert kept == [(manifest, datetime(2026, 9, 30, tzinfo=UTC), "benefits")]
    chunks = await opened.rows("SELECT chunk_no, first_order_id, last_order_id FROM manifest_chunk ORDER BY chunk_no")
    assert chunks == [(0, "SICK-000000", "SICK-001023"), (1, "SICK-001024", "SICK-001029")]


async def test_a_release_replayed_is_the_same_answer(opened: Door) -> None:
    await opened.push([*lines([1]), line(order(2, amount="0"))])
    manifest = manifest_of(await opened.close())
    first = await opened.release(manifest)
    assert await opened.release(manifest) == first
    assert await opened.rows("SELECT count(*) FROM outcome_event") == [(1,)]


async def test_another_manifest_cannot_release_again(opened: Door) -> None:
    await opened.push(lines([1]))
    closed = await opened.close()
    await opened.release(manifest_of(closed))
    with pytest.raises(Conflict, match="another manifest"):
        await opened.release(manifest_of(closed, approvers=("p-3", "p-4")))


async def test_an_open_batch_cannot_be_released(opened: Door) -> None:
    await opened.push(lines([1]))
    await opened.open("B-2")
    await opened.push(lines([2]), batch="B-2")
    manifest = manifest_of(await opened.close("B-2"), batch="B-1")
    with pytest.raises(Conflict, match="open, not closed"):
        await opened.release(manifest)


SIGNED_AT = datetime(2026, 9, 18, 9, 0, tzinfo=UTC)
TAMPERED: dict[str, tuple[Any, str]] = {
    "batch": ("B-9", "/batch"),
    "programme": ("FAMILY", "/programme"),
    "pay_date": (date(2026, 9, 22), "/payDate"),
    "count": (4, "/count"),
    "totals": ({"EUR": 153721}, "/totals/EUR"),
    "chunks": (("0" * 64,), "/chunks/0"),
    "approvers": (("p-1", "p-1"), "/approvers"),
    "signed_at": (datetime(2026, 9, 19, tzinfo=UTC), "/signedAt"),
}


@pytest.mark.parametrize("field", sorted(TAMPERED))
async def test_a_signed_manifest_of_something_else_releases_nothing(opened: Door, field: str) -> None:
    await opened.push(lines(range(1, 4)))
    value, path = TAMPERED[field]
    manifest = manifest_of(await opened.close(), **{field: value})
    with pytest.raises(Conflict) as refused:
        await opened.release(manifest)
    assert path in {violation.path for violation in refused.value.violations}
    assert await opened.rows("SELECT state, manifest FROM batch") == [("closed", None)]
    assert await opened.rows("SELECT count(*) FROM manifest_chunk") == [(0,)]


FIELDS = ["source", "batch", "programme", "payDate", "count", "totals", "approvers", "signedAt", "expires", "chunks"]


@pytest.mark.parametrize("field", FIELDS)
async def test_a_manifest_changed_after_signing_releases_nothing(opened: Door, field: str) -> None:
    await opened.push(lines(range(1, 4)))
    manifest = manifest_of(await opened.close())
    signature = opened.signer.sign(manifest)
    values = json.loads(manifest)
    del values[field]
    tampered = json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(Refused) as refused:
        await opened.release(tampered, signature=signature)
    assert [v.rule for v in refused.value.violations] == ["signature.wrong"]
    assert await opened.rows("SELECT state FROM batch") == [("closed",)]


async def test_an_order_changed_in_the_database_is_found_at_release(opened: Door) -> None:
    await opened.push(lines(range(1, 4)))
    manifest = manifest_of(await opened.close())
    await opened.rows(
        "UPDATE payment_order SET document = replace(convert_from(document, 'UTF8'), '512.40', '912.40')::bytea"
        " WHERE order_id = 'SICK-000002'"
    )
    with pytest.raises(Conflict) as refused:
        await opened.release(manifest)
    assert [v.path for v in refused.value.violations] == ["/chunks/0"]


async def test_refused_and_held_orders_are_told_with_the_release_and_not_before(opened: Door) -> None:
    await opened.push([*lines([1]), line(order(2, amount="0.00")), line(order(3, entitlement=order(1)["entitlement"]))])
    closed = await opened.close()
    assert await opened.rows("SELECT count(*) FROM outcome_event") == [(0,)]
    await opened.release(manifest_of(closed))
    events = [json.loads(str(row[0])) for row in await opened.rows("SELECT document FROM outcome_event ORDER BY key")]
    assert [(e["orderId"], e["outcome"], e["outcomeNo"]) for e in events] == [
        ("SICK-000002", "refused", 1),
        ("SICK-000003", "held", 1),
    ]
    assert [v["rule"] for v in events[0]["violations"]] == ["amount.zero"]
    assert events[1]["reason"] == {"code": "entitlement.claimed"}
    assert "violations" not in events[1]


async def test_many_refused_orders_are_told_page_by_page(opened: Door) -> None:
    for start in (0, 1_000, 2_000):
        await opened.push(lines(range(start, start + 1_000), amount="0.00"))
    closed = await opened.close()
    assert (closed.batch.order_count, closed.batch.totals) == (3_000, {})
    await opened.release(manifest_of(closed))
    assert await opened.rows("SELECT count(*), count(DISTINCT key) FROM outcome_event") == [(3_000, 3_000)]


async def test_withdrawing_cancels_and_frees_the_claims(opened: Door) -> None:
    await opened.push([*lines([1]), line(order(2, entitlement=order(1)["entitlement"])), line(order(3, amount="0"))])
    await opened.close()
    withdrawn = await opened.withdraw()
    assert (withdrawn.batch.state, withdrawn.counts) == ("withdrawn", {"cancelled": 2, "refused": 1})
    assert await opened.withdraw() == withdrawn
    await opened.open("B-2")
    assert (await opened.push([line(order(9, entitlement=order(1)["entitlement"]))], batch="B-2")).accepted == 1
    assert await opened.rows("SELECT count(*) FROM outcome_event") == [(0,)]


async def test_only_a_closed_batch_is_withdrawn_or_released(opened: Door) -> None:
    await opened.push(lines([1]))
    with pytest.raises(Conflict, match="open, not closed"):
        await opened.withdraw()
    manifest = manifest_of(await opened.close())
    await opened.withdraw()
    with pytest.raises(Conflict, match="withdrawn, not closed"):
        await opened.release(manifest)


async def test_a_released_batch_is_not_withdrawn(opened: Door) -> None:
    await opened.push(lines([1]))
    await opened.close_and_release()
    with pytest.raises(Conflict, match="released, not closed"):
        await opened.withdraw()


async def test_what_a_source_does_not_have_is_not_found(door: Door) -> None:
    with pytest.raises(NotFound):
        await door.close()
    with pytest.raises(NotFound):
        await door.withdraw()


# Signatures ------------------------------------------------------------------------------------------------------


async def _refusal(door: Door, manifest: bytes, signature: str) -> list[str]:
    with pytest.raises(Refused) as refused:
        await door.release(manifest, signature=signature)
    assert await door.rows("SELECT state FROM batch") == [("closed",)]
    return [v.rule for v in refused.value.violations]


@pytest.fixture
async def manifest(opened: Door) -> bytes:
    await opened.push(lines([1]))
    return manifest_of(await opened.close())


async def test_a_key_of_nobody_or_of_another_source(opened: Door, manifest: bytes) -> None:
    for kid in ("unknown", "south"):
        assert await _refusal(opened, manifest, Signer(kid=kid).sign(manifest)) == ["signature.key"]


async def test_another_key_under_our_kid(opened: Door, manifest: bytes) -> None:
    assert await _refusal(opened, manifest, Signer(kid="north-2026").sign(manifest)) == ["signature.wrong"]


async def test_another_algorithm_than_the_keys_own(opened: Door, manifest: bytes) -> None:
    signature = Signer.es256("north-2026").sign(manifest)
    assert await _refusal(opened, manifest, signature) == ["signature.algorithm"]
    none = "eyJhbGciOiJub25lIiwia2lkIjoibm9ydGgtMjAyNiJ9..AA"  # {"alg":"none","kid":"north-2026"}
    assert await _refusal(opened, manifest, none) == ["signature.algorithm"]


@pytest.mark.parametrize("form", ["", "a.b.c", "a..", "..c", "a..b..c", "x" * 5_000, "é..c"])
async def test_something_that_is_no_detached_signature(opened: Door, manifest: bytes, form: str) -> None:
    assert await _refusal(opened, manifest, form) == ["signature.form"]


@pytest.mark.parametrize("header", [{"jku": "https://evil.example"}, {"crit": ["b64"], "b64": False}, {"x5c": ["x"]}])
async def test_a_header_that_says_more_than_it_may(opened: Door, manifest: bytes, header: dict[str, Any]) -> None:
    assert await _refusal(opened, manifest, opened.signer.sign(manifest, **header)) == ["signature.form"]


async def test_es256_signs_as_well(opened: Door, manifest: bytes) -> None:
    signer = Signer.es256()
    door = Door(store=opened.store, signer=signer)
    assert (await door.release(manifest)).batch.state == "released"


@pytest.mark.parametrize(
    ("not_before", "not_after"),
    [(SIGNED_AT + timedelta(seconds=1), FAR_AHEAD), (LONG_AGO, datetime(2026, 9, 18, 10, 0, tzinfo=UTC))],
    ids=["not yet at signing", "not any more now"],
)
async def test_a_key_is_valid_at_signing_and_when_asked(
    opened: Door, manifest: bytes, not_before: datetime, not_after: datetime
) -> None:
    from gateway.api.signatures import JwsApprovals

    key = opened.signer.public(not_before=not_before, not_after=not_after)
    batches = replace(opened.batches, approvals=JwsApprovals({SOURCE: [key]}))
    with pytest.raises(Refused) as refused:
        await batches.release(
            source=SOURCE, batch_id="B-1", manifest=manifest, signature=opened.signer.sign(manifest), by="benefits"
        )
    assert [v.rule for v in refused.value.violations] == ["signature.key-validity"]


async def test_an_approval_ends(opened: Door, manifest: bytes) -> None:
    opened.clock.at = datetime(2026, 9, 30, tzinfo=UTC)
    assert await _refusal(opened, manifest, opened.signer.sign(manifest)) == ["approval.expired"]


async def test_a_manifest_of_another_source(opened: Door, manifest: bytes) -> None:
    other = json.dumps(json.loads(manifest) | {"source": "benefits-south"}, sort_keys=True, separators=(",", ":"))
    assert await _refusal(opened, other.encode(), opened.signer.sign(other.encode())) == ["manifest.source"]
