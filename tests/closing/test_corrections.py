"""A correction names the order it replaces and takes over its claim when its batch is released, or waits held."""

from typing import Any

import pytest

from gateway.service.intake import ChunkAnswer, Intake
from tests.hearing.ear import Ear
from tests.hearing.messages import pain002
from tests.orders import PAY_DATE, line
from tests.scenario import SOURCE, Scene, payment, payments

OLD, NEW = "SICK-000001", "CORRECTED"
"""The order that `payment(1)` makes, and the one that corrects it."""


def correction(order_id: str = NEW, **changes: Any) -> dict[str, Any]:
    """An order for the entitlement of the first one, into another account."""
    return payment(1, orderId=order_id, replaces=OLD) | {"creditorAccount": payment(9)["creditorAccount"]} | changes


async def push(scene: Scene, *orders: dict[str, Any], batch: str) -> ChunkAnswer:
    intake = Intake(store=scene.gateway.store, clock=scene.clock, catalogue=scene.gateway.configuration.catalogue)
    await scene.batches.open(source=SOURCE, batch_id=batch, programme="STA", pay_date=PAY_DATE, by="benefits")
    return await intake.append(source=SOURCE, batch_id=batch, lines=[line(o) for o in orders])


async def give_back(scene: Scene) -> None:
    """The first order was rejected for good and went back to the benefits system."""
    await scene.tamper("UPDATE attempt SET facts = 64, closed = true, closed_proof = '{}' WHERE attempt_no = 1")
    await scene.tamper("UPDATE payment_order SET state = 'given back', claims = false WHERE order_id = $1", OLD)


async def found(scene: Scene, order_id: str = NEW) -> tuple[Any, ...]:
    return (await scene.rows("SELECT state, reason, claims FROM payment_order WHERE order_id = $1", order_id))[0]


async def test_a_correction_takes_over_the_claim_and_is_paid(sent: Ear) -> None:
    scene = sent.scene
    await give_back(scene)
    await scene.release([correction(), payment(3)], "B-2")
    assert await found(scene, OLD) == ("replaced", None, False)
    assert await found(scene) == ("payable", None, True)
    await scene.seal_again()
    await scene.until_idle("send", "alfa")
    new_id = await scene.value(
        "SELECT end_to_end_id FROM attempt JOIN payment_order USING (order_no) WHERE order_id = $1", NEW
    )
    assert new_id in scene.content("alfa")


async def test_until_its_batch_is_released_a_correction_changes_nothing(sent: Ear) -> None:
    scene = sent.scene
    await give_back(scene)
    assert (await push(scene, correction(), batch="B-2")).held == 1
    assert await found(scene) == ("held", "correction.waits", False)
    await scene.batches.close(source=SOURCE, batch_id="B-2", by="benefits")
    await scene.batches.withdraw(source=SOURCE, batch_id="B-2", by="benefits")
    assert await found(scene, OLD) == ("given back", None, False)
    await scene.release([correction("ONCE-MORE")], "B-3")
    assert await found(scene, "ONCE-MORE") == ("payable", None, True)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("payable", "correction.not-open"),
        ("in motion", "correction.in-motion"),
        ("contradicted", "correction.in-motion"),
        ("twice", "correction.twice"),
    ],
)
async def test_what_cannot_take_over_stays_held_and_says_why(sent: Ear, case: str, reason: str) -> None:
    scene = sent.scene
    if case != "payable":
        await give_back(scene)
    if case == "contradicted":
        await scene.tamper("UPDATE attempt SET facts = facts | 1024 WHERE attempt_no = 1")
    if case == "in motion":
        await scene.tamper("UPDATE attempt SET order_no = 1, generation = 2 WHERE attempt_no = 2")
    await scene.release([correction("A"), correction("B")] if case == "twice" else [correction("B")], "B-2")
    assert await found(scene, "B") == ("held", reason, False)
    told = await scene.value("SELECT document::json -> 'reason' ->> 'code' FROM outcome_event ORDER BY event_no DESC")
    assert told == reason
    assert await scene.value("SELECT count(*) FROM payment_order WHERE claims AND entitlement_id = 'E-000001'") <= 1


async def test_a_correction_of_nothing_or_of_something_else_is_refused(sent: Ear) -> None:
    answer = await push(
        sent.scene,
        correction("A", replaces="NOBODY"),
        correction("B", replaces="SICK-000002"),
        correction("C", replaces="C"),
        correction("D", replaces="not an id"),
        batch="B-2",
    )
    rules = await sent.scene.rows(
        "SELECT violations -> 0 ->> 'rule', claims FROM payment_order WHERE state = 'refused' ORDER BY order_id"
    )
    assert answer.refused == 4
    assert rules == [
        ("replaces.unknown", False),
        ("replaces.other-entitlement", False),
        ("replaces.itself", False),
        ("replaces.format", False),
    ]


async def test_an_order_that_does_not_name_what_it_corrects_is_held(sent: Ear) -> None:
    scene = sent.scene
    await give_back(scene)
    unnamed = payment(1, orderId=NEW)
    answers = [await push(scene, unnamed, payment(7), batch="B-2") for _ in range(2)]
    assert [(a.accepted, a.held, a.repeated) for a in answers] == [(1, 1, 0), (1, 1, 2)]
    assert await found(scene) == ("held", "correction.unnamed", False)


async def test_an_entitlement_of_a_withdrawn_batch_may_be_pushed_again(ear: Ear) -> None:
    scene = ear.scene
    await push(scene, *payments([1]), batch="B-1")
    await scene.batches.close(source=SOURCE, batch_id="B-1", by="benefits")
    await scene.batches.withdraw(source=SOURCE, batch_id="B-1", by="benefits")
    assert (await push(scene, payment(1, orderId=NEW), batch="B-2")).accepted == 1


async def test_a_correction_waits_while_a_bank_knows_of_what_it_corrects_and_never_had(ear: Ear) -> None:
    """The first order went back from a void file, and only then the bank speaks of that file."""
    scene = ear.scene
    await scene.sealed(payments([1, 9]))
    await scene.stop("order", "SICK-000009")
    await scene.tamper("UPDATE attempt SET closed = true, closed_proof = '{}' WHERE attempt_no = 1")
    await scene.tamper("UPDATE payment_order SET state = 'given back', claims = false WHERE order_id = $1", OLD)
    await ear.hear(pain002(await ear.msg_id("void"), group="ACCP"))
    assert await scene.exceptions() == ["names what was never sent"]
    await scene.release([correction()], "B-2")
    assert await found(scene) == ("held", "correction.in-motion", False)
