"""Orders over Kafka: each record is stored, the same again or a dead letter with its reason; REST may race it."""

import asyncio
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from gateway.domain.errors import Unstorable
from gateway.ports.bus import ORDERS
from gateway.service import intake, order_events
from gateway.service.partitions import UNSTORABLE, ReadPartition
from tests.orders import line, order
from tests.scenario import payment
from tests.stopping.post import Post, another_worker

STORED = "SELECT order_id, state FROM payment_order ORDER BY order_id"
AN_HOUR = 3_600
PATIENCE_SECONDS = 20


async def stored(post: Post) -> list[tuple[str, str]]:
    return [(order_id, state) for order_id, state in await post.scene.rows(STORED)]


async def test_a_record_becomes_an_order_of_its_batch(post: Post) -> None:
    await post.open()
    await post.open("B-2")
    post.write_order(payment(1))
    post.write_order(payment(2, amount="-1.00"), "B-2")
    await post.hear(ORDERS)
    where = "SELECT o.order_id, o.state, b.batch_id FROM payment_order o JOIN batch b USING (batch_no) ORDER BY 1"
    expected = [("SICK-000001", "payable", "B-1"), ("SICK-000002", "refused", "B-2")]
    assert await post.scene.rows(where) == expected
    assert await post.came(ORDERS) == (2, 0, 0)


async def test_the_document_is_the_one_that_rest_would_store(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    await post.hear(ORDERS)
    answer = await post.push([payment(1)])
    assert (answer.accepted, answer.repeated, answer.conflicts) == (1, 1, ())


async def test_what_rest_brought_is_the_same_again(post: Post) -> None:
    await post.open()
    await post.push([payment(1), payment(2)])
    for number in (1, 2, 3):
        post.write_order(payment(number))
    await post.hear(ORDERS)
    assert await post.came(ORDERS) == (1, 2, 0)
    assert len(await stored(post)) == 3


async def test_a_record_that_comes_again_is_the_same_again(post: Post) -> None:
    await post.open()
    for _ in range(3):
        post.write_order(payment(1))
    await post.hear(ORDERS)
    post.write_order(payment(1))
    await post.hear(ORDERS)
    assert await post.came(ORDERS) == (1, 3, 0)


async def test_another_content_is_a_dead_letter_with_its_reason_and_changes_nothing(post: Post) -> None:
    await post.open()
    await post.open("B-2")
    await post.push([payment(1)])
    post.write_order(payment(1, amount="99.00"))
    post.write_order(payment(1), "B-2")
    post.write_order(payment(2))
    post.write_order(payment(2, amount="1.00"))
    await post.hear(ORDERS)
    assert await post.dead() == [(0, "order.other-content"), (1, "order.other-batch"), (3, "order.other-content")]
    assert await post.scene.column("SELECT amount_minor FROM payment_order ORDER BY order_id") == [51240, 51240]
    assert await post.scene.exceptions() == ["dead letter"] * 3
    assert await post.came(ORDERS) == (1, 0, 3)


async def test_a_batch_that_is_not_open_takes_nothing_in_but_knows_what_it_holds(post: Post) -> None:
    await post.open()
    await post.push([payment(1)])
    await post.close()
    for number in (1, 2):
        post.write_order(payment(number))
    post.write_order(payment(1, amount="99.00"))
    post.write_order(payment(3), "B-9")
    await post.hear(ORDERS)
    assert await post.dead() == [(1, "batch.not-open"), (2, "batch.not-open"), (3, "batch.unknown")]
    assert await post.came(ORDERS) == (0, 1, 3)


UNREADABLE = [
    (b"\xff", "json.utf8"),
    (b"{}", "order-id.missing"),
    (line(order(1, amount=12)).replace(b"12", b"1.2"), "json.number"),
    (b'{"orderId":"A","orderId":"A"}', "json.duplicate-key"),
    (b"[" * 9_000, "json.depth"),
    (b'"' + b"x" * order_events.LINE_BYTES + b'"', "line.size"),
    (b'{"orderId":"A\\u0000"}', "order-id.format"),
]
UNSIGNED = [
    ("ce_signature", "00", "envelope.signature"),
    ("ce_subject", "B-2", "envelope.signature"),
    ("ce_source", "/sources/NOBODY", "envelope.unknown-source"),
    ("ce_type", "gossip", "envelope.type"),
]


async def test_what_cannot_be_read_is_a_dead_letter_and_the_next_one_is_read(post: Post) -> None:
    await post.open()
    for content, _ in UNREADABLE:
        post.write_order(content)
    post.write_order(payment(1))
    await post.hear(ORDERS)
    assert await post.dead() == [(place, rule) for place, (_, rule) in enumerate(UNREADABLE)]
    assert await stored(post) == [("SICK-000001", "payable")]
    assert await post.came(ORDERS) == (1, 0, len(UNREADABLE))


async def test_what_no_source_signed_is_a_dead_letter(post: Post) -> None:
    await post.open()
    await post.open("B-2")
    for header, value, _ in UNSIGNED:
        post.orders.put(post.order_record(payment(1), **{header: value}))
    await post.hear(ORDERS)
    assert await post.dead() == [(place, rule) for place, (_, _, rule) in enumerate(UNSIGNED)]
    assert await stored(post) == []


async def test_a_record_that_no_column_holds_is_a_dead_letter_of_its_own(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = intake.store_lines

    async def choosy(session: Any, source: str, batch_no: int, read: Any, at: Any) -> Any:
        if any(line.order_id == "SICK-000002" for line in read):
            raise Unstorable("a value that no column holds")
        return await real(session, source, batch_no, read, at)

    monkeypatch.setattr(order_events, "store_lines", choosy)
    await post.open()
    for number in (1, 2, 3):
        post.write_order(payment(number))
    await post.hear(ORDERS)
    assert await post.dead() == [(1, UNSTORABLE)]
    assert [order_id for order_id, _ in await stored(post)] == ["SICK-000001", "SICK-000003"]
    assert await post.came(ORDERS) == (2, 0, 1)


async def test_the_same_entitlement_of_another_order_is_held(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    post.write_order(payment(2, entitlement=order(1)["entitlement"]))
    await post.hear(ORDERS)
    assert await stored(post) == [("SICK-000001", "payable"), ("SICK-000002", "held")]


async def test_rest_and_kafka_race_for_the_same_orders_without_harm(post: Post) -> None:
    """Both bring each order, and each brings some in a form of its own: every one is stored once, whoever was first."""
    await post.open()
    numbers = range(40)
    for partition in (0, 1):
        for number in numbers:
            amount = "1.00" if number % 10 == partition else "512.40"
            post.write_order(payment(number, amount=amount), partition=partition)
    pushes = [post.push([payment(n) for n in numbers if n % 4 == part]) for part in range(4)]
    answers = await asyncio.gather(*pushes, post.hear(ORDERS, 0), post.hear(ORDERS, 1))
    new, same, dead = await post.came(ORDERS)
    rest = [answer for answer in answers if answer is not None]
    assert new + sum(a.accepted - a.repeated for a in rest) == len(numbers)
    assert len(await stored(post)) == len(numbers)
    # Of each order in two forms one form is turned away wherever it came; of the others none is.
    assert {a.lines - a.accepted - len(a.conflicts) for a in rest} == {0}
    assert dead + sum(len(a.conflicts) for a in rest) in range(8, 17)
    assert new + same + dead == 2 * len(numbers)


SAID_BY_THE_LATER = [
    ({}, (1, 0), []),
    ({"amount": "1.00"}, (0, 1), ["order.other-content"]),
]


async def _until_somebody_waits(post: Post) -> None:
    while not await post.scene.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110 - the lock of another session
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("changes", "came", "rules"), SAID_BY_THE_LATER)
async def test_kafka_waits_for_rest_and_finds_what_it_stored(
    post: Post, changes: dict[str, Any], came: tuple[int, int], rules: list[str]
) -> None:
    """REST has stored the order and not committed when the record is read."""
    await post.open()
    post.write_order(payment(1, **changes))
    reached, go_on, real = asyncio.Event(), asyncio.Event(), intake.store_lines

    async def slowly(*args: Any) -> Any:
        answer = await real(*args)
        reached.set()
        await go_on.wait()
        return answer

    with patch.object(intake, "store_lines", slowly):
        rest = asyncio.create_task(post.push([payment(1)]))
        await reached.wait()
        kafka = asyncio.create_task(post.hear(ORDERS))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _until_somebody_waits(post)
        go_on.set()
        answer, _ = await asyncio.gather(rest, kafka)
    assert (answer.accepted, answer.repeated) == (1, 0)
    assert await post.came(ORDERS) == (0, *came)
    assert [rule for _, rule in await post.dead()] == rules
    assert await post.scene.column("SELECT amount_minor FROM payment_order") == [51240]


@pytest.mark.parametrize(("changes", "came", "rules"), SAID_BY_THE_LATER)
async def test_rest_waits_for_kafka_and_finds_what_it_stored(
    post: Post, changes: dict[str, Any], came: tuple[int, int], rules: list[str]
) -> None:
    """The record is stored and not committed when REST brings the same order."""
    await post.open()
    post.write_order(payment(1))
    reached, go_on, real = asyncio.Event(), asyncio.Event(), intake.store_lines

    async def slowly(*args: Any) -> Any:
        answer = await real(*args)
        reached.set()
        await go_on.wait()
        return answer

    with patch.object(order_events, "store_lines", slowly):
        kafka = asyncio.create_task(post.hear(ORDERS))
        await reached.wait()
        rest = asyncio.create_task(post.push([payment(1, **changes)]))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _until_somebody_waits(post)
        go_on.set()
        answer, _ = await asyncio.gather(rest, kafka)
    assert await post.came(ORDERS) == (1, 0, 0)
    assert (answer.repeated, len(answer.conflicts)) == came
    assert [conflict.rule for conflict in answer.conflicts] == rules
    assert await post.scene.column("SELECT amount_minor FROM payment_order") == [51240]


class Killed(BaseException):
    """The process dies here."""


async def test_who_dies_before_the_commit_leaves_nothing_half_stored(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    post.write_order(b"{}")
    with patch.object(ReadPartition, "_bury", side_effect=Killed), pytest.raises(Killed):
        await post.step(ORDERS).run_once()
    assert await stored(post) == []
    assert await post.scene.rows("SELECT next_offset, failures FROM partition_lease WHERE topic = $1", ORDERS) == [
        (0, 0)
    ]
    await post.step(ORDERS).release()
    await post.hear(ORDERS)
    assert await post.came(ORDERS) == (1, 0, 1)


async def test_what_breaks_a_rule_but_can_be_read_is_a_refused_order_as_over_rest(post: Post) -> None:
    """Unknown keys, NUL in every text: stored and counted, never a dead letter."""
    await post.open()
    odd: list[dict[str, Any]] = [
        payment(1, extra=1),
        payment(2, **{"\0": "x"}),
        payment(3, remittanceInformation="a\0b"),
        payment(4, creditor={"name": "\0", "identifications": [{"scheme": "\0", "id": "\0"}]}),
        payment(5, benefit="\0"),
        payment(6, entitlement={"id": "\0", "period": "\0", "sequence": 1}),
        payment(7) | {"creditorAccount": {"type": "\0"}},
        payment(8, replaces="\0"),
    ]
    for each in odd * 2:
        post.write_order(each)
    await post.hear(ORDERS)
    assert await post.came(ORDERS) == (len(odd), len(odd), 0)
    assert {state for _, state in await stored(post)} == {"refused"}


async def test_close_races_kafka_and_counts_what_got_in(post: Post) -> None:
    await post.open()
    for number in range(30):
        post.write_order(payment(number))
    post.step(ORDERS).records_max = 5
    _, closed = await asyncio.gather(post.hear(ORDERS), post.close())
    new, same, dead = await post.came(ORDERS)
    assert (new + dead, same) == (30, 0)
    assert closed.batch.order_count == new == len(await stored(post))


async def test_an_order_is_paid_whichever_way_it_came(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    await post.hear(ORDERS)
    await post.scene.release([payment(2)])
    await post.scene.until_idle("cut")
    assert await post.scene.value("SELECT count(*) FROM attempt") == 2


async def test_another_worker_goes_on_when_the_lease_ends(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    await post.hear(ORDERS)
    post.write_order(payment(2))
    async with another_worker(post) as other:
        assert not await other.step(ORDERS).run_once()
        post.scene.clock.advance(AN_HOUR)
        await other.hear(ORDERS)
    assert not await post.step(ORDERS).run_once()
    assert await post.came(ORDERS) == (2, 0, 0)


async def test_a_worker_that_was_overtaken_while_it_fetched_stores_nothing(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    async with another_worker(post) as other:

        async def overtake() -> None:
            post.orders.after_fetch = None
            post.scene.clock.advance(AN_HOUR)
            assert await other.step(ORDERS).run_once()

        post.orders.after_fetch = overtake
        assert not await post.step(ORDERS).run_once()
    assert await post.came(ORDERS) == (1, 0, 0)


async def test_another_incarnation_of_the_broker_says_the_same_again(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    await post.hear(ORDERS)
    post.orders.incarnation = "memory-2"
    await post.step(ORDERS).release()
    async with another_worker(post) as other:
        await other.hear(ORDERS)
    assert await post.came(ORDERS) == (1, 1, 0)


async def test_what_was_lost_would_show(post: Post) -> None:
    await post.open()
    post.write_order(payment(1))
    post.write_order(b"")
    await post.hear(ORDERS)
    await post.scene.tamper("UPDATE partition_lease SET next_offset = 5; DELETE FROM dead_letter")
    row = await post.topic(ORDERS)
    assert row == replace(row, unaccounted=3, unlettered=1)
