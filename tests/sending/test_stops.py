"""Stops: nothing leaves whose stop was committed before its intent; what had left is proposed for recall."""

import pytest

from gateway.domain.errors import Conflict, NotFound, Refused
from tests.scenario import SOURCE, Scene, payee, payment, payments

MANDATE = {"role": "GUARDIAN", "id": "M-1", "validFrom": "2026-01-01"}
RECALLED = """
    SELECT o.order_id FROM recall r JOIN attempt a USING (attempt_no) JOIN payment_order o USING (order_no)
    ORDER BY o.order_id"""


def person(*ids: str) -> dict[str, object]:
    return {"name": "Maria Muster", "identifications": [{"scheme": s, "id": i} for s, i in (x.split(":") for x in ids)]}


async def paid(scene: Scene) -> list[str]:
    """Order ids that left for a bank, found by the ids in the bytes it was given."""
    ids = await scene.rows("SELECT o.order_id, a.end_to_end_id FROM attempt a JOIN payment_order o USING (order_no)")
    content = scene.content("alfa")
    return sorted(order_id for order_id, e2e in ids if e2e in content)


async def finish(scene: Scene) -> None:
    for _ in range(5):
        await scene.seal_again()
        await scene.until_idle("send", "alfa")


async def test_a_stop_before_cutting_keeps_the_payment_back_and_lets_the_others_go(scene: Scene) -> None:
    await scene.release(payments([1, 2, 3]))
    await scene.stop("order", "SICK-000002")
    await finish(scene)
    assert await paid(scene) == ["SICK-000001", "SICK-000003"]


async def test_a_stop_voids_what_is_sealed_and_the_others_keep_their_ids(scene: Scene) -> None:
    await scene.sealed(payments([1, 2, 3]))
    ids = await scene.column("SELECT end_to_end_id FROM attempt ORDER BY attempt_no")
    view = await scene.stop("order", "SICK-000002")
    assert (view.voided, view.recalls) == (1, 0)
    assert await scene.states() == ["void"]
    await finish(scene)
    assert await paid(scene) == ["SICK-000001", "SICK-000003"]
    assert await scene.column("SELECT end_to_end_id FROM attempt ORDER BY attempt_no") == ids


async def test_a_stop_voids_what_was_proved_not_sent(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    await scene.tamper("UPDATE submission SET state = 'sending'")
    await scene.tamper("UPDATE submission SET state = 'not sent'")
    assert (await scene.stop("order", "SICK-000001")).voided == 1


async def test_a_recall_is_proposed_for_exactly_what_left(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.run("send", "alfa")
    await scene.release(payments([3]), "B-2")
    account = payee("alfa", 1)
    view = await scene.stop("account", account)
    assert view.recalls == 1
    assert await scene.column(RECALLED) == ["SICK-000001"]


async def test_a_recall_is_proposed_for_what_is_unknown(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    for state in ("sending", "unknown"):
        await scene.tamper("UPDATE submission SET state = $1", state)
    assert (await scene.stop("order", "SICK-000001")).recalls == 1


@pytest.mark.parametrize("bit", [8, 64, 128, 512], ids=["booked", "rejected", "returned", "cancelled"])
async def test_no_recall_for_what_has_ended(scene: Scene, bit: int) -> None:
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    await scene.tamper("UPDATE attempt SET facts = $1", bit)
    assert (await scene.stop("order", "SICK-000001")).recalls == 0


async def test_the_same_stop_twice_is_one_stop_and_one_recall(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    first, second = await scene.stop("order", "SICK-000001"), await scene.stop("order", "SICK-000001")
    assert first.stop_no == second.stop_no
    assert (first.recalls, second.recalls) == (1, 1)


async def test_a_stop_whose_process_died_before_its_recalls_is_finished_by_the_sweeper(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    await scene.tamper("""
        INSERT INTO stop (kind, source, value, reason, set_at, set_by)
        VALUES ('order', 'SSI', 'SICK-000001', 'DEATH', '2026-09-21', 'officer-1')""")
    assert await scene.run("stops")
    assert not await scene.run("stops")
    assert await scene.column(RECALLED) == ["SICK-000001"]


async def test_lifting_needs_a_second_person(scene: Scene) -> None:
    stop = await scene.stop("order", "SICK-000001")
    asked = await scene.stops.lift(stop.stop_no, by="officer-1", sources=[SOURCE])
    assert asked.state == "active"
    with pytest.raises(Conflict):
        await scene.stops.lift(stop.stop_no, by="officer-1", sources=[SOURCE])
    lifted = await scene.stops.lift(stop.stop_no, by="officer-2", sources=[SOURCE])
    assert (lifted.state, lifted.lift_asked_by, lifted.lifted_by) == ("lifted", "officer-1", "officer-2")


async def test_the_database_itself_refuses_one_person_lifting_alone(scene: Scene) -> None:
    await scene.stop("order", "SICK-000001")
    with pytest.raises(Exception, match="stop_check"):
        await scene.tamper("UPDATE stop SET state = 'lifted', lift_asked_by = 'x', lifted_by = 'x'")


async def test_what_a_lifted_stop_held_back_is_paid(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    stop = await scene.stop("order", "SICK-000001")
    await finish(scene)
    assert await paid(scene) == []
    for officer in ("officer-1", "officer-2"):
        await scene.stops.lift(stop.stop_no, by=officer, sources=[SOURCE])
    await finish(scene)
    assert await paid(scene) == ["SICK-000001"]


async def test_nobody_lifts_a_stop_of_another_source(scene: Scene) -> None:
    stop = await scene.stop("order", "SICK-000001")
    with pytest.raises(NotFound):
        await scene.stops.lift(stop.stop_no, by="officer-2", sources=["elsewhere"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("order", "SICK-000001"),
        ("person", "NIDN:ID000001"),
        ("account", payee("alfa", 1)),
        ("benefit", "SICK_PAY"),
        ("source", SOURCE),
        ("bank", "alfa"),
        ("person", "nidn:id-000.001"),
        ("account", " ".join(payee("alfa", 1)).lower()),
    ],
)
async def test_every_kind_of_stop_stops(scene: Scene, kind: str, value: str) -> None:
    await scene.stop(kind, value)
    await scene.release(payments([1]))
    await finish(scene)
    assert await paid(scene) == []


async def test_a_stop_of_another_source_stops_nothing_here(scene: Scene) -> None:
    await scene.stop("order", "SICK-000001", source="elsewhere")
    await scene.release(payments([1]))
    await finish(scene)
    assert await paid(scene) == ["SICK-000001"]


async def test_a_stop_for_every_source_stops_here(scene: Scene) -> None:
    await scene.stop("person", "NIDN:ID000001", source="*")
    await scene.release(payments([1]))
    await finish(scene)
    assert await paid(scene) == []


async def test_a_person_is_found_by_any_identifier_ever_carried_together(scene: Scene) -> None:
    """B-1 links 1 and 2, B-2 links 2 and 3; a stop on 1 stops an order that carries only 3."""
    await scene.release([payment(1, creditor=person("NIDN:1", "SOSE:2"))], "B-1")
    await scene.release([payment(2, creditor=person("SOSE:2", "TXID:3"))], "B-2")
    await scene.stop("person", "NIDN:1")
    await scene.release([payment(3, creditor=person("TXID:3"))], "B-3")
    await scene.release([payment(4, creditor=person("NIDN:4"))], "B-4")
    await finish(scene)
    assert await paid(scene) == ["SICK-000004"]


async def test_the_entitled_person_behind_the_payee_is_stopped_too(scene: Scene) -> None:
    guardian = payment(1, creditor=person("NIDN:9"), ultimateCreditor=person("NIDN:1"), mandate=MANDATE)
    await scene.stop("person", "NIDN:1")
    await scene.release([guardian])
    await finish(scene)
    assert await paid(scene) == []


async def test_a_stop_on_the_child_does_not_stop_its_guardian_s_own_benefit(scene: Scene) -> None:
    guardian = payment(1, creditor=person("NIDN:9"), ultimateCreditor=person("NIDN:1"), mandate=MANDATE)
    await scene.release([guardian, payment(2, creditor=person("NIDN:9"))])
    await scene.stop("person", "NIDN:1")
    await finish(scene)
    assert await paid(scene) == ["SICK-000002"]


async def test_a_death_does_not_stop_what_is_due_because_of_it(scene: Scene) -> None:
    grant = payment(1, benefit="FUNERAL_GRANT", creditor=person("NIDN:9"), deceased=person("NIDN:1"))
    await scene.release([grant, payment(2, creditor=person("NIDN:1"))])
    await scene.stop("person", "NIDN:1")
    await finish(scene)
    assert await paid(scene) == ["SICK-000001"]


@pytest.mark.parametrize(("kind", "value"), [("family", "x"), ("person", "  ")])
async def test_a_stop_on_nothing_is_refused(scene: Scene, kind: str, value: str) -> None:
    with pytest.raises(Refused):
        await scene.stop(kind, value)
