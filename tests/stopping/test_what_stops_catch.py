"""What each stop caught: kept from leaving, gone, voided, to be recalled; it stays known when it is lifted."""

from typing import Any

import pytest

from gateway.domain.errors import NotFound, Refused
from gateway.domain.person import account_key, person_key
from gateway.domain.stop import Reason, Subject, Wanted
from gateway.service.stops import StopView, learnt
from gateway.store.migrate import migrations
from tests.orders import order
from tests.scenario import SOURCE, Scene, payee, payment, payments
from tests.sending.test_stops import finish, paid, person
from tests.stopping.post import posting

ALL = frozenset({"*"})


async def look(scene: Scene, stop: StopView) -> StopView:
    return await scene.stops.one(stop.stop_no, ALL)


def caught(view: StopView) -> tuple[int, dict[str, int], int, dict[str, int]]:
    return view.orders("kept"), view.minor("kept"), view.orders("left"), view.minor("left")


async def together(scene: Scene, *subjects: tuple[str, str], **changes: Any) -> list[StopView]:
    of = tuple(Subject.of(kind, value) for kind, value in subjects)
    return await scene.stops.together(Wanted(source=SOURCE, subjects=of, reason="court", **changes), by="officer-1")


async def test_it_counts_what_waits_anywhere_on_the_way_and_what_had_left(scene: Scene) -> None:
    """Of five orders to one account two have left, one is sealed, one is released and one is in an open batch."""
    same = {"iban": payee("alfa", 1), "type": "IBAN"}

    def paid_there(number: int) -> dict[str, Any]:
        return order(number, creditorAccount=same)

    await scene.sealed([paid_there(1), paid_there(2), payment(9)])
    await scene.run("send", "alfa")
    await scene.sealed([paid_there(3)], "B-2")
    await scene.release([paid_there(4)], "B-3")
    async with posting(scene) as post:
        await post.open("B-4")
        await post.push([paid_there(5), payment(8)], "B-4")
    view = await scene.stop("account", payee("alfa", 1))
    assert caught(view) == (3, {"EUR": 3 * 51240}, 2, {"EUR": 2 * 51240})
    assert (view.voided, view.recalls, view.swept) == (1, 2, True)


async def test_what_comes_after_the_stop_is_added_when_it_would_have_left(scene: Scene) -> None:
    stop = await scene.stop("benefit", "SICK_PAY")
    assert caught(stop) == (0, {}, 0, {})
    await scene.sealed(payments([1, 2]))
    assert not await scene.run("stops")
    assert caught(await look(scene, stop)) == (2, {"EUR": 102480}, 0, {})
    assert not await scene.run("stops")
    assert (await look(scene, stop)).orders("kept") == 2  # once each


async def test_what_it_kept_stays_known_when_it_is_lifted_and_paid(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    stop = await scene.stop("order", "SICK-000001")
    for officer in ("officer-2", "officer-3"):
        await scene.stops.lift(stop.stop_no, by=officer, sources=[SOURCE])
    await finish(scene)
    assert await paid(scene) == ["SICK-000001"]
    lifted = await look(scene, stop)
    assert (lifted.state, lifted.minor("kept"), lifted.voided) == ("lifted", {"EUR": 51240}, 1)


async def test_it_names_the_orders(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    await scene.release(payments([2]), "B-2")
    stop = await scene.stop("benefit", "SICK_PAY")
    rows = await scene.stops.caught(stop.stop_no, [SOURCE], after=0, limit=10)
    assert [(row.order_id, row.how) for row in rows] == [("SICK-000001", "left"), ("SICK-000002", "kept")]
    after = rows[0].order_no
    assert len(await scene.stops.caught(stop.stop_no, [SOURCE], after=after, limit=10)) == 1
    with pytest.raises(NotFound):
        await scene.stops.caught(stop.stop_no, ["elsewhere"], after=0, limit=10)


async def test_several_at_once_are_set_behind_one_gate_all_or_none(scene: Scene) -> None:
    await scene.sealed(payments([1, 2, 3]))
    first, account = await together(
        scene, ("order", "SICK-000001"), ("account", payee("alfa", 2)), reason_class=Reason.COURT_ORDER
    )
    assert first.minor("kept") == account.minor("kept") == {"EUR": 51240}
    assert (first.voided, account.voided, first.reason_class) == (1, 1, "court order")
    with pytest.raises(Refused):
        await together(scene, ("order", "SICK-000003"), ("bank", "nowhere"))
    await finish(scene)
    assert await paid(scene) == ["SICK-000003"]


async def test_an_order_that_two_stops_catch_counts_for_each(scene: Scene) -> None:
    await scene.release(payments([1]))
    first, second = await together(scene, ("order", "SICK-000001"), ("benefit", "SICK_PAY"))
    assert first.minor("kept") == second.minor("kept") == {"EUR": 51240}


async def test_a_link_learnt_later_proposes_the_recall_of_what_had_left(scene: Scene) -> None:
    """The stop is on identifier 1; that identifier 2 is the same person is learnt after the payment to 2 left."""
    await scene.sealed([payment(1, creditor=person("SOSE:2"))])
    await scene.run("send", "alfa")
    stop = await scene.stop("person", "NIDN:1")
    assert stop.recalls == 0
    await scene.release([payment(2, creditor=person("NIDN:1", "SOSE:2"))], "B-2")
    assert not (await look(scene, stop)).swept
    assert await scene.run("stops")
    view = await look(scene, stop)
    assert (view.recalls, view.swept) == (1, True)
    assert caught(view) == (1, {"EUR": 51240}, 1, {"EUR": 51240})
    await scene.release([payment(3, creditor=person("NIDN:1", "SOSE:2"))], "B-3")
    assert not await scene.run("stops")  # nothing new was learnt


async def test_a_link_between_others_sweeps_nothing(scene: Scene) -> None:
    await scene.stop("person", "NIDN:1")
    await scene.release([payment(2, creditor=person("NIDN:3", "SOSE:4"))])
    assert not await scene.run("stops")


async def test_the_same_person_written_otherwise_is_stopped_and_linked(scene: Scene) -> None:
    await scene.release([payment(1, creditor=person("NIDN:800101/1234", "SOSE:ab-1"))])
    await scene.release([payment(2, creditor=person("SOSE:AB 1")), payment(3)], "B-2")
    stop = await scene.stop("person", "nidn:80 01 01.1234")
    assert stop.value == "NIDN:8001011234"
    await finish(scene)
    assert await paid(scene) == ["SICK-000003"]
    document = await scene.value(
        "SELECT convert_from(document, 'UTF8') FROM payment_order WHERE order_id = 'SICK-000001'"
    )
    assert "800101/1234" in document


async def test_a_death_stops_what_is_due_to_the_dead_and_not_the_funeral_grant_of_the_survivor(scene: Scene) -> None:
    dead, survivor = person("NIDN:1"), person("NIDN:9")
    grant: dict[str, Any] = {"benefit": "FUNERAL_GRANT", "deceased": person("NIDN:7")}
    await scene.release(
        [
            payment(1, creditor=dead),
            payment(2, creditor=survivor, benefit="FUNERAL_GRANT", deceased=dead),
            payment(3, creditor=dead, **grant),  # the dead had buried somebody else
        ]
    )
    (stop,) = await together(scene, ("person", "NIDN:1"), reason_class=Reason.DEATH)
    await finish(scene)
    assert await paid(scene) == ["SICK-000002"]
    assert stop.orders("kept") == 2


async def test_the_dead_are_not_paid_for_their_own_funeral_however_they_are_written(scene: Scene) -> None:
    own = payment(1, benefit="FUNERAL_GRANT", creditor=person("NIDN:80-1"), deceased=person("NIDN:801"))
    await scene.release([own])
    assert await scene.column("SELECT violations -> 0 ->> 'rule' FROM payment_order") == ["deceased.payee"]


async def test_a_mandate_is_stopped(scene: Scene) -> None:
    await scene.release(payments([1, 2]))
    await scene.tamper("UPDATE payment_order SET mandate_id = 'M-1' WHERE order_id = 'SICK-000001'")
    await scene.stop("mandate", "M-1")
    await finish(scene)
    assert await paid(scene) == ["SICK-000002"]


async def test_what_was_stored_before_in_another_form_is_migrated(scene: Scene) -> None:
    """The statements of the migration, on rows as they were written before it."""
    await scene.release([payment(1)])
    await scene.tamper("""
        UPDATE payment_order SET person_keys = '{NIDN:80/12,NIDN:8012}';
        INSERT INTO person_link VALUES ('SSI', 'NIDN:8012', 'SOSE:a-1'), ('SSI', 'NIDN:80/12', 'NIDN:8012')""")
    text = dict(migrations())["0007_stops"]
    begin, end = text.index("UPDATE payment_order o"), text.index("DROP TABLE link_before;")
    await scene.tamper(f"BEGIN; {text[begin:end]} DROP TABLE link_before; COMMIT")
    assert await scene.column("SELECT person_keys FROM payment_order") == [["NIDN:8012"]]
    assert await scene.rows("SELECT low, high FROM person_link") == [("NIDN:8012", "SOSE:A1")]


async def test_a_stop_that_was_written_before_matches_all_forms(scene: Scene) -> None:
    await scene.tamper("""
        INSERT INTO stop (kind, source, value, reason, set_at, set_by, swept)
        VALUES ('person', 'SSI', 'NIDN:80/12', 'x', '2026-09-21', 'o', true),
               ('account', 'SSI', 'KZ/AB1/12-34', 'x', '2026-09-21', 'o', true)""")
    await scene.release([payment(1, creditor=person("NIDN:8012")), payment(2), payment(3)])
    await scene.tamper(
        "UPDATE payment_order SET account = 'KZ/AB1/1234', account_type = 'DOMESTIC' WHERE order_id LIKE '%3'"
    )
    await finish(scene)
    assert await paid(scene) == ["SICK-000002"]


def test_separators_say_nothing_unless_an_institution_made_the_number_up() -> None:
    assert person_key("NIDN", "800101/1234") == person_key("NIDN", "80 01 01.1234") == "NIDN:8001011234"
    assert person_key("CUST", "1-23") != person_key("CUST", "12-3")
    assert person_key("EMPL", "ab 1") == person_key("EMPL", "AB1")


KEYS = [
    "nidn:80 01/01_1-2.3",
    "NIDN:άβγ-1",
    "NIDN:straße",
    "cust:1-2 3a",
    "EMPL:ß/ж_1",
    "NIDN:жЖ9",
    "x:y:z",
    "kz/ab1/1-2/3",
    "de 66-1",
    "a/b",
    "ø:ñ",
]


async def test_the_database_and_the_code_have_one_canonical_form(scene: Scene) -> None:
    assert await scene.column("SELECT account_key(k) FROM unnest($1::text[]) k", KEYS) == [account_key(k) for k in KEYS]
    named = [k for k in KEYS if ":" in k]
    expected = [person_key(*k.split(":", 1)) for k in named]
    assert await scene.column("SELECT person_key(k) FROM unnest($1::text[]) k", named) == expected


async def test_who_learns_a_link_shares_the_gate_so_that_no_stop_is_set_unseen(scene: Scene) -> None:
    """Either the stop is committed first and is swept again, or the link is and the stop's own sweep sees it."""
    free = "SELECT pg_try_advisory_xact_lock(1735467123)"
    async with scene.gateway.store.transaction() as session:
        await learnt(session, SOURCE, ["NIDN:1"])
        assert not await scene.value(free)
    assert await scene.value(free)


async def test_what_is_caught_at_the_intent_counts_as_well(scene: Scene) -> None:
    """The stop's own look missed the submission: an intent was waiting at the gate with it in its hands."""
    await scene.sealed(payments([1, 2]))
    await scene.tamper("""
        INSERT INTO stop (kind, source, value, reason, set_at, set_by, swept)
        VALUES ('order', 'SSI', 'SICK-000001', 'x', '2026-09-21', 'officer-1', true)""")
    assert await scene.run("send", "alfa")
    assert await scene.states() == ["void"]
    await scene.run("stops")
    (view,) = await scene.stops.all([SOURCE])
    assert caught(view) == (1, {"EUR": 51240}, 0, {})
    assert view.voided == 1


async def test_a_stop_counts_what_another_one_had_kept_before(scene: Scene) -> None:
    """A stop on the bank knows what waits for that bank only once it is routed there."""
    order_stop, bank = await scene.stop("order", "SICK-000001"), await scene.stop("bank", "alfa")
    await scene.release(payments([1]))
    await finish(scene)
    await scene.stops.sweep(order_stop.stop_no)
    assert [caught(await look(scene, s))[0] for s in (order_stop, bank)] == [1, 0]
    for officer in ("officer-2", "officer-3"):
        await scene.stops.lift(order_stop.stop_no, by=officer, sources=[SOURCE])
    await finish(scene)
    await scene.run("stops")
    assert [caught(await look(scene, s))[0] for s in (order_stop, bank)] == [1, 1]
    assert await paid(scene) == []


async def test_two_grounds_for_one_thing_are_two_stops_even_in_the_same_words(scene: Scene) -> None:
    """Otherwise lifting the one would lift the other."""
    await scene.release(payments([1]))
    (court,) = await together(scene, ("order", "SICK-000001"), reason_class=Reason.COURT_ORDER)
    (fraud,) = await together(scene, ("order", "SICK-000001"), reason_class=Reason.FRAUD_SUSPICION)
    for officer in ("officer-2", "officer-3"):
        await scene.stops.lift(court.stop_no, by=officer, sources=[SOURCE])
    assert (await look(scene, fraud)).state == "active"
    await finish(scene)
    assert await paid(scene) == []


async def test_saying_a_stop_again_takes_back_that_it_was_to_be_lifted(scene: Scene) -> None:
    stop = await scene.stop("order", "SICK-000001")
    await scene.stops.lift(stop.stop_no, by="officer-2", sources=[SOURCE])
    await scene.stop("order", "SICK-000001")
    assert (await scene.stops.lift(stop.stop_no, by="officer-3", sources=[SOURCE])).state == "active"
