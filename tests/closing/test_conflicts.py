"""Something is heard of a closed attempt: nothing more leaves for its entitlement, and what left may be paid twice."""

from typing import Any

from gateway.domain.facts import Fact
from tests.closing.after import DAY, close, reject, until_idle
from tests.closing.test_corrections import NEW, OLD, correction, give_back
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.scenario import payment


async def hear_booking_of_the_first(ear: Ear) -> None:
    first = await ear.scene.value("SELECT end_to_end_id FROM attempt ORDER BY attempt_no LIMIT 1")
    await ear.hear(camt054(await ear.account(), Entry(amount=FULL, end_to_end_id=first)))


async def refused_and_cut_again(ear: Ear, *, deliver: bool) -> None:
    """The file was refused as a whole, closed at once, and sealed (and sent) again the next day."""
    await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="FF01"))
    await ear.scene.tamper("UPDATE attempt SET reason = 'TM01'")  # the bank's reason to try again
    await close(ear)
    ear.scene.clock.advance(DAY)
    await ear.scene.seal_again()
    if deliver:
        await ear.scene.until_idle("send", "alfa")


async def orders(ear: Ear) -> list[tuple[Any, ...]]:
    return await ear.scene.rows("SELECT state, reason, outcome FROM payment_order ORDER BY order_id")


async def test_a_later_attempt_that_is_only_sealed_is_voided(sent: Ear) -> None:
    await refused_and_cut_again(sent, deliver=False)
    assert await sent.scene.states() == ["delivered", "sealed"]
    await hear_booking_of_the_first(sent)
    assert await orders(sent) == [("held", "conflict", "under investigation"), ("payable", None, "rejected")]
    assert await sent.scene.states() == ["delivered", "void"]
    assert await sent.scene.exceptions() == ["conflict"]
    await sent.scene.seal_again()
    await sent.scene.until_idle("send", "alfa")
    gone = sent.scene.content("alfa")
    ids = await sent.scene.column("SELECT end_to_end_id FROM attempt WHERE generation = 2 ORDER BY attempt_no")
    assert [i in gone for i in ids] == [False, True], "the other payment of the file goes on"


async def test_a_later_attempt_that_has_left_may_be_paid_twice(sent: Ear) -> None:
    await refused_and_cut_again(sent, deliver=True)
    await hear_booking_of_the_first(sent)
    assert (await orders(sent))[0] == ("held", "conflict", "under investigation")
    second = await sent.scene.value("SELECT min(attempt_no) FROM attempt WHERE generation = 2")
    assert await sent.scene.rows("SELECT attempt_no, state, reason FROM recall") == [
        (second, "proposed", "may be paid twice")
    ]
    assert sorted(await sent.scene.exceptions()) == ["conflict", "may be paid twice"]
    facts = await sent.scene.value("SELECT facts FROM attempt ORDER BY attempt_no LIMIT 1")
    assert Fact(facts) & Fact.CONTRADICTED


async def test_an_order_that_replaces_the_contradicted_one_is_held_too(sent: Ear) -> None:
    scene = sent.scene
    await give_back(scene)
    await scene.release([correction(), payment(3)], "B-2")
    await scene.seal_again()
    await hear_booking_of_the_first(sent)
    rows = await scene.rows("SELECT order_id, state, outcome FROM payment_order WHERE order_id IN ($1, $2)", NEW, OLD)
    assert sorted(rows) == [(NEW, "held", "under investigation"), (OLD, "replaced", "under investigation")]
    about = await scene.rows("SELECT kind, order_id FROM exception_case WHERE state <> 'closed' ORDER BY kind")
    assert about == [("conflict", OLD), ("held order", NEW)], "each of them is somebody's work"
    assert await scene.states() == ["delivered", "void"]


async def test_a_refusal_that_is_told_once_more_is_no_conflict(sent: Ear) -> None:
    await refused_and_cut_again(sent, deliver=True)
    scene = sent.scene
    ids = await scene.column("SELECT end_to_end_id FROM attempt WHERE generation = 1")
    first = await scene.value("SELECT msg_id FROM submission ORDER BY submission_no LIMIT 1")
    about = [Status(end_to_end_id=i, status="RJCT", reason="FF01") for i in ids]
    await sent.hear(pain002(first, group="RJCT", reason="FF01", about=about, number=2))
    assert await sent.scene.exceptions() == []
    assert [s for s, _, _ in await orders(sent)] == ["payable"] * 2


async def test_nothing_is_contradicted_while_it_is_open(sent: Ear) -> None:
    await reject(sent, 1, "AC04")
    await hear_booking_of_the_first(sent)
    await until_idle(sent.scene, "close")
    assert (await orders(sent))[0][0] == "payable", "rejected and booked is a conflict of its own"
    assert await sent.scene.value("SELECT count(*) FROM recall") == 0
