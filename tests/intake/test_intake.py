import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.service.intake import ChunkAnswer
from tests.database import Server, apart
from tests.intake.conftest import Door
from tests.orders import SOURCE, line, lines, order

STORED = "SELECT order_id, state, reason, claims FROM payment_order ORDER BY order_id"


async def test_each_line_is_stored_once(opened: Door) -> None:
    answer = await opened.push(lines(range(1, 4)))
    assert answer == ChunkAnswer(lines=3, accepted=3)
    rows = await opened.rows(
        "SELECT order_id, state, claims, amount_minor, currency, account_type, account, person_keys FROM payment_order"
        " ORDER BY order_id LIMIT 1"
    )
    iban = "DE89370400440532013000"
    assert rows == [("SICK-000001", "payable", True, 51240, "EUR", "IBAN", iban, ["NIDN:ID000001"])]


async def test_the_digest_is_over_the_canonical_document(opened: Door) -> None:
    await opened.push([b'{"currency":"EUR",' + line(order(1, currency=None))[1:]])
    rows = await opened.rows("SELECT document, digest = sha256(document) FROM payment_order")
    document = json.dumps(order(1), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert rows == [(document, True)]


async def test_the_same_again_is_the_same_answer(opened: Door) -> None:
    pushed = [*lines(range(1, 4)), line(order(4, amount="0.00")), line(order(5, entitlement=order(1)["entitlement"]))]
    first = await opened.push(pushed)
    assert first == ChunkAnswer(lines=5, accepted=3, refused=1, held=1)
    before = await opened.rows(STORED)
    again = await opened.push(pushed)
    assert again == ChunkAnswer(lines=5, accepted=3, refused=1, held=1, repeated=5)
    assert await opened.rows(STORED) == before


async def test_a_day_later_the_same_is_still_the_same(opened: Door) -> None:
    expiring = [line(order(1, validUntil="2026-09-21"))]
    await opened.push(expiring)
    opened.clock.advance(7 * 86_400)
    assert await opened.push(expiring) == ChunkAnswer(lines=1, accepted=1, repeated=1)


async def test_another_content_under_the_same_id_changes_nothing(opened: Door) -> None:
    await opened.push(lines([1]))
    answer = await opened.push([line(order(1, amount="999.00")), *lines([2])])
    assert [(c.line, c.order_id, c.rule) for c in answer.conflicts] == [(1, "SICK-000001", "order.other-content")]
    assert answer.accepted == 1
    assert await opened.rows("SELECT amount_minor FROM payment_order") == [(51240,), (51240,)]


async def test_another_content_twice_in_one_chunk_keeps_the_first(opened: Door) -> None:
    answer = await opened.push([line(order(1)), line(order(1, amount="999.00")), line(order(1))])
    assert (answer.accepted, answer.repeated, [c.line for c in answer.conflicts]) == (2, 1, [2])
    assert await opened.rows("SELECT amount_minor FROM payment_order") == [(51240,)]


async def test_an_order_belongs_to_one_batch(opened: Door) -> None:
    await opened.open("B-2")
    await opened.push(lines([1]))
    answer = await opened.push(lines([1]), batch="B-2")
    assert [c.rule for c in answer.conflicts] == ["order.other-batch"]
    assert await opened.rows("SELECT count(*) FROM payment_order") == [(1,)]


async def test_two_sources_may_use_the_same_order_id_and_entitlement(opened: Door) -> None:
    await opened.open("B-1", source="benefits-south")
    await opened.push(lines([1]))
    assert (await opened.push(lines([1]), source="benefits-south")).accepted == 1


async def test_a_readable_line_that_breaks_rules_is_stored_with_every_violation(opened: Door) -> None:
    broken = line(order(1, amount="1.234", benefit="OLD_AGE_PENSION", validUntil="2026-09-01"))
    answer = await opened.push([broken])
    assert (answer.accepted, answer.refused) == (0, 1)
    [(violations, claims, amount)] = await opened.rows("SELECT violations, claims, amount_minor FROM payment_order")
    assert isinstance(violations, list)
    assert {v["path"] for v in violations} >= {"/amount", "/benefit", "/validUntil"}
    assert (claims, amount) == (False, None)


async def test_a_refused_order_keeps_the_amount_that_can_be_read(opened: Door) -> None:
    await opened.push([line(order(1, creditor=None))])
    assert await opened.rows("SELECT state, amount_minor, currency, benefit FROM payment_order") == [
        ("refused", 51240, "EUR", "SICK_PAY")
    ]


@pytest.mark.parametrize(
    ("unreadable", "rule"),
    [
        (b'{"orderId":"\xff"}', "json.utf8"),
        (b'{"orderId":', "json.syntax"),
        (b"", "json.syntax"),
        (b"[]", "json.object"),
        (b'{"orderId":"A","orderId":"A"}', "json.duplicate-key"),
        (b'{"orderId":"A","amount":12.5}', "json.number"),
        (b'{"orderId":"A","amount":NaN}', "json.number"),
        (b'{"amount":"12.50"}', "order-id.missing"),
        (b'{"orderId":"with space"}', "order-id.format"),
        (b'{"orderId":"A","x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "json.depth"),
    ],
)
async def test_a_line_that_cannot_be_read_refuses_its_chunk(opened: Door, unreadable: bytes, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        await opened.intake.append(
            source=SOURCE, batch_id="B-1", lines=[*lines([1]), unreadable, *lines([2])], first_line=1_001
        )
    assert [(v.path.split("/")[1:3], v.rule) for v in refused.value.violations] == [(["lines", "1002"], rule)]
    assert await opened.rows("SELECT count(*) FROM payment_order") == [(0,)]


async def test_an_unknown_batch_and_another_sources_batch_look_alike(opened: Door) -> None:
    for batch, source in (("B-9", SOURCE), ("B-1", "benefits-south")):
        with pytest.raises(NotFound, match="no such batch"):
            await opened.push(lines([1]), batch=batch, source=source)


async def test_nothing_gets_into_a_closed_batch(opened: Door) -> None:
    await opened.push(lines([1]))
    await opened.close()
    for numbers in ([1], [2]):
        with pytest.raises(Conflict, match="nothing gets in"):
            await opened.push(lines(numbers))
    assert await opened.rows("SELECT count(*) FROM payment_order") == [(1,)]


async def test_the_loser_of_a_claim_is_held(opened: Door) -> None:
    await opened.open("B-2")
    await opened.push(lines([1]))
    answer = await opened.push([line(order(7, entitlement=order(1)["entitlement"]))], batch="B-2")
    assert (answer.accepted, answer.held) == (0, 1)
    assert (await opened.rows(STORED))[1] == ("SICK-000007", "held", "entitlement.claimed", False)


async def test_two_lawful_equal_payments_to_one_person_are_both_accepted(opened: Door) -> None:
    same_payee = {"creditor": order(1)["creditor"], "creditorAccount": order(1)["creditorAccount"]}
    assert (await opened.push([line(order(1)), line(order(2, **same_payee))])).accepted == 2


async def test_identifiers_of_one_party_are_linked_and_those_of_two_are_not(opened: Door) -> None:
    child = {"name": "Child", "identifications": [{"scheme": "NIDN", "id": "3"}]}
    guardian = {
        "name": "Guardian",
        "identifications": [
            {"scheme": "NIDN", "id": "1"},
            {"scheme": "FILE", "id": "2"},
            {"scheme": "NIDN", "id": "1"},
        ],
    }
    mandate = {"role": "GUARDIAN", "id": "M-1", "validFrom": "2026-01-01"}
    await opened.push([line(order(1, creditor=guardian, ultimateCreditor=child, mandate=mandate))])
    assert await opened.rows("SELECT source, low, high FROM person_link") == [(SOURCE, "FILE:2", "NIDN:1")]


async def test_nothing_is_learnt_from_a_line_that_was_turned_away(opened: Door) -> None:
    two = {"name": "X", "identifications": [{"scheme": "NIDN", "id": "1"}, {"scheme": "FILE", "id": "2"}]}
    await opened.push(lines([1]))
    await opened.push([line(order(1, creditor=two)), line(order(2, creditor=two, amount="0"))])
    assert await opened.rows("SELECT count(*) FROM person_link") == [(0,)]


ENTITLEMENTS = st.integers(1, 3)
VARIANTS = st.tuples(st.integers(1, 6), ENTITLEMENTS, st.sampled_from(["10.00", "20.00", "0"]))


def _variant(values: tuple[int, int, str]) -> bytes:
    number, entitlement, amount = values
    return line(order(number, amount=amount, entitlement=order(entitlement)["entitlement"]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.lists(VARIANTS, min_size=1, max_size=8), min_size=1, max_size=4))
def test_pushing_everything_again_changes_nothing(postgres: Server, chunks: list[list[tuple[int, int, str]]]) -> None:
    """For any chunks: each line counts once, one order holds a claim, and a second round repeats the first."""

    async def scenario(url: str) -> None:
        from gateway.store.postgres import open_store

        store = await open_store(url, connections=2)
        try:
            door = Door(store=store)
            await door.open()
            first = [await door.push([_variant(v) for v in chunk]) for chunk in chunks]
            before = await door.rows(STORED)
            again = [await door.push([_variant(v) for v in chunk]) for chunk in chunks]
            assert await door.rows(STORED) == before
            for one, two in zip(first, again, strict=True):
                assert one.accepted + one.refused + one.held + len(one.conflicts) == one.lines
                assert (two.accepted, two.refused, two.held) == (one.accepted, one.refused, one.held)
                assert two.conflicts == one.conflicts
                assert two.repeated == two.lines - len(two.conflicts)
            claimed = await door.rows("SELECT count(*), count(DISTINCT entitlement_id) FROM payment_order WHERE claims")
            assert claimed[0][0] == claimed[0][1]
        finally:
            await store.close()

    with postgres.fresh() as url:
        apart(scenario(url))
