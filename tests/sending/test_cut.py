"""Cutting: released orders become attempts, each routed, numbered and grouped the same way whoever works."""

from typing import Any

import pytest

from gateway.domain.identity import end_to_end_id
from tests.orders import PAY_DATE
from tests.scenario import SOURCE, Scene, payment, payments

AT_THE_COUNTER = {"type": "COUNTER", "scheme": "NIDN", "id": "ID000001"}
WINDOW = {"from": "2026-10-08", "until": "2026-10-14"}
UNCLAIMED = "DE89370400440532013000"
"""An account at a bank that no profile claims."""
HELD = "SELECT state, reason, outcome FROM payment_order"


async def test_an_attempt_has_the_id_that_follows_from_its_order(scene: Scene) -> None:
    await scene.release(payments([1]))
    await scene.run("cut")
    assert await scene.rows("SELECT end_to_end_id, generation, bank FROM attempt") == [
        (end_to_end_id(SOURCE, "SICK-000001", 1), 1, "alfa")
    ]


async def test_payments_of_two_banks_never_share_a_submission(scene: Scene) -> None:
    await scene.release(payments([1, 3]) + payments([2, 4], "charlie"))
    await scene.run("cut")
    assert await scene.rows("SELECT bank, payment_count, sum_minor FROM submission ORDER BY bank") == [
        ("alfa", 2, 102_480),
        ("charlie", 2, 102_480),
    ]


async def test_two_benefits_with_different_category_purposes_never_share_a_submission(scene: Scene) -> None:
    marriage = payment(2, benefit="MARRIAGE_GRANT")
    await scene.release([payment(1), marriage])
    await scene.run("cut")
    assert await scene.rows("SELECT product, payment_count FROM submission ORDER BY product") == [
        ("GOVT", 1),
        ("SSBE", 1),
    ]


async def test_message_ids_follow_the_bank_s_own_sequence(scene: Scene) -> None:
    await scene.release(payments([1]))
    await scene.until_idle("cut")
    await scene.release(payments([2]), "B-2")
    await scene.until_idle("cut")
    assert await scene.column("SELECT msg_id FROM submission ORDER BY submission_no") == [
        "G1ALFA260921S00001",
        "G1ALFA260921S00002",
    ]


async def test_a_batch_is_cut_once(scene: Scene) -> None:
    await scene.release(payments([1, 2]))
    await scene.until_idle("cut")
    assert not await scene.run("cut")
    assert await scene.value("SELECT count(*) FROM attempt") == 2


async def test_nothing_of_a_batch_that_is_not_released_is_cut(scene: Scene) -> None:
    await scene.batches.open(source=SOURCE, batch_id="B-1", programme="STA", pay_date=PAY_DATE, by="benefits")
    assert not await scene.run("cut")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"creditorAccount": {"type": "IBAN", "iban": UNCLAIMED}}, "route.no-claim"),
        ({"creditorAccount": AT_THE_COUNTER, "collection": WINDOW}, "route.no-counter"),
        ({"amount": "6000.00", "currency": "CHF"}, "route.currency"),
    ],
)
async def test_what_no_live_bank_can_pay_is_held_with_the_reason(
    scene: Scene, changes: dict[str, Any], reason: str
) -> None:
    await scene.release([payment(1) | changes, payment(2)])
    await scene.run("cut")
    assert (await scene.rows(HELD + " ORDER BY order_id"))[0][0] == "held"
    assert (await scene.value("SELECT reason FROM payment_order ORDER BY order_id")).startswith(reason)
    assert await scene.value("SELECT payment_count FROM submission") == 1


async def test_what_is_held_is_told_with_a_reason_code_alone(scene: Scene) -> None:
    await scene.release([payment(1) | {"creditorAccount": {"type": "IBAN", "iban": UNCLAIMED}}])
    await scene.run("cut")
    (document,) = await scene.column("SELECT document::json -> 'reason' ->> 'code' FROM outcome_event")
    assert document == "route.no-claim"


async def test_what_is_no_longer_valid_on_the_execution_date_is_held(scene: Scene) -> None:
    await scene.release(payments([1], validUntil="2026-09-22") + payments([2]))
    scene.clock.advance(3 * 86_400)
    await scene.run("cut")
    assert await scene.rows(HELD + " WHERE state = 'held'") == [("held", "validity.passed", "held")]
    assert await scene.value("SELECT pay_date::text FROM submission") == "2026-09-24"


async def test_a_single_payment_above_what_the_bank_takes_at_once_is_held(scene: Scene) -> None:
    assert scene.gateway.banks["charlie"].profile.sum_limit("EUR") == 500_000_000
    await scene.release(payments([1], "charlie"))
    await scene.tamper("UPDATE payment_order SET amount_minor = 500000001")
    await scene.run("cut")
    assert await scene.rows(HELD) == [("held", "amount.over-bank-limit", "held")]


async def test_a_bank_that_books_sums_never_has_two_of_one_count_and_sum_open(scene: Scene) -> None:
    await scene.release(payments([1, 2], "charlie"))
    await scene.until_idle("cut")
    await scene.release(payments([3, 4], "charlie"), "B-2")
    await scene.until_idle("cut")
    assert await scene.rows("SELECT payment_count, sum_minor FROM submission") == [(2, 102_480)]
    assert await scene.value("SELECT count(*) FROM attempt WHERE submission_no IS NULL") == 2


async def test_a_void_submission_s_payments_keep_their_ids_and_get_a_new_message_id(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    before = await scene.rows("SELECT order_no, end_to_end_id, uetr FROM attempt ORDER BY order_no")
    scene.clock.advance(86_400)
    await scene.run("send", "alfa")
    await scene.seal_again()
    assert await scene.rows("SELECT order_no, end_to_end_id, uetr FROM attempt ORDER BY order_no") == before
    assert await scene.rows("SELECT msg_id, state FROM submission ORDER BY submission_no") == [
        ("G1ALFA260921S00001", "void"),
        ("G1ALFA260922S00002", "sealed"),
    ]


async def test_what_fell_out_of_its_validity_while_it_waited_is_held_and_its_attempt_closed(scene: Scene) -> None:
    await scene.sealed(payments([1], validUntil="2026-09-21"))
    scene.clock.advance(86_400)
    await scene.run("send", "alfa")
    await scene.until_idle("cut")
    assert await scene.rows(HELD) == [("held", "validity.passed", "held")]
    assert await scene.column("SELECT closed FROM attempt") == [True]
