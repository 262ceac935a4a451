"""Representative payees and money over the counter, from the order to the bank's word."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.facts import Fact, Position
from gateway.runtime.aftercare import aftercare
from tests.hearing.ear import FULL, Ear, listening
from tests.scenario import Scene, payment, payments
from tests.sending.transport import Scripted

DAY = 86_400
CHILD = {"name": "Mina Muster", "identifications": [{"scheme": "NIDN", "id": "CHILD1"}]}
WINDOW = {"from": "2026-10-08", "until": "2026-10-14"}


def represented(number: int, bank: str = "alfa", until: str | None = None, **changes: Any) -> dict[str, Any]:
    """A guardian is paid for a child."""
    end = {} if until is None else {"validUntil": until}
    mandate = {"role": "GUARDIAN", "id": f"M-{number}", "validFrom": "2026-01-01", **end}
    return payment(number, bank, ultimateCreditor=CHILD, mandate=mandate, **changes)


def collected(number: int, window: dict[str, str] | None = None, **changes: Any) -> dict[str, Any]:
    """Paid over the counter."""
    account = {"type": "COUNTER", "scheme": "NIDN", "id": f"ID{number:06d}"}
    return payment(number) | {"creditorAccount": account, "collection": window or WINDOW} | changes


async def body(scene: Scene) -> dict[str, Any]:
    """The request as it was sealed."""
    pieces = await scene.column("SELECT piece FROM submission_bytes ORDER BY submission_no, piece_no")
    read: dict[str, Any] = json.loads(b"".join(pieces))
    return read


@pytest.fixture
async def ear(scene: Scene) -> AsyncIterator[Ear]:
    scene.use_transport("kilo", Scripted())
    async with listening(scene) as ear:
        yield ear


async def test_the_file_names_who_is_paid_and_who_is_entitled(scene: Scene) -> None:
    await scene.sealed([represented(1), payment(2)])
    await scene.until_idle("send", "alfa")
    content = scene.content("alfa")
    assert content.count("<Cdtr><Nm>Maria Muster</Nm></Cdtr>") == 2
    assert content.count("<UltmtCdtr><Nm>Mina Muster</Nm></UltmtCdtr>") == 1


async def test_the_request_names_who_is_paid_and_who_is_entitled(scene: Scene) -> None:
    await scene.sealed([represented(1, "kilo")])
    sealed = await body(scene)
    assert sealed["creditor"]["name"] == "Maria Muster"
    assert sealed["ultimateCreditor"] == {"name": "Mina Muster"}


async def test_a_mandate_that_ended_before_sealing_holds_the_order_and_the_others_are_cut_again(scene: Scene) -> None:
    await scene.release([represented(1, until="2026-09-21"), payment(2)])
    await scene.until_idle("cut")
    scene.clock.advance(DAY)
    await scene.until_idle("seal")
    await scene.until_idle("send", "alfa")
    await scene.seal_again()
    await scene.until_idle("send", "alfa")
    assert await scene.rows("SELECT state, reason FROM payment_order ORDER BY order_id") == [
        ("held", "mandate.ended"),
        ("payable", None),
    ]
    assert (await scene.states())[-1] == "delivered"
    assert "mandate ended" in await scene.exceptions()
    assert "Mina" not in scene.content("alfa")


async def test_a_mandate_that_ended_after_sealing_voids_at_the_intent(scene: Scene) -> None:
    await scene.sealed([represented(1, until="2026-09-30"), payment(2)])
    await scene.tamper("UPDATE payment_order SET mandate_until = '2026-09-20' WHERE mandate_id = 'M-1'")
    await scene.run("send", "alfa")
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == ["mandate ended"]
    await scene.seal_again()
    await scene.run("send", "alfa")
    assert await scene.column("SELECT state FROM payment_order ORDER BY order_id") == ["held", "payable"]
    assert await scene.states() == ["void", "delivered"]
    assert await scene.value("SELECT document::json -> 'reason' ->> 'code' FROM outcome_event") == "mandate.ended"


async def test_a_revoked_mandate_stops_what_it_covers_and_nothing_else(scene: Scene) -> None:
    await scene.sealed([represented(1), represented(2), payment(3)])
    await scene.stop("mandate", "M-1", reason="MANDATE_REVOKED")
    await scene.seal_again()
    await scene.until_idle("send", "alfa")
    left = """
        SELECT order_id FROM payment_order o JOIN attempt USING (order_no) JOIN submission s USING (submission_no)
        WHERE s.state = 'delivered' ORDER BY order_id"""
    assert await scene.column(left) == ["SICK-000002", "SICK-000003"]


@pytest.mark.parametrize("person", ["NIDN:CHILD1", "NIDN:ID000001"])
async def test_a_stop_on_either_person_stops_the_payment(scene: Scene, person: str) -> None:
    await scene.sealed([represented(1), payment(2)])
    await scene.stop("person", person)
    await scene.seal_again()
    await scene.until_idle("send", "alfa")
    assert "Mina" not in scene.content("alfa")


async def test_money_over_the_counter_goes_to_a_bank_that_pays_it(scene: Scene) -> None:
    await scene.sealed([collected(1)])
    assert await scene.rows("SELECT bank, route_reason FROM attempt") == [
        ("kilo", "route.counter: kilo is the preferred bank for the counter")
    ]
    sealed = await body(scene)
    assert sealed["creditor"] == {"name": "Maria Muster", "identification": {"scheme": "NIDN", "id": "ID000001"}}
    assert sealed["collection"] == WINDOW


async def test_a_stop_on_the_person_stops_the_counter(scene: Scene) -> None:
    await scene.sealed([collected(1)])
    await scene.stop("person", "NIDN:ID000001")
    assert not await scene.run("send", "kilo")
    assert await scene.states() == ["void"]


async def test_what_can_be_collected_no_more_is_held(scene: Scene) -> None:
    await scene.release([collected(1, {"from": "2026-09-21", "until": "2026-09-22"})])
    scene.clock.advance(2 * DAY)
    await scene.until_idle("cut")
    assert await scene.rows("SELECT state, reason FROM payment_order") == [("held", "collection.passed")]


async def test_a_window_that_was_never_signed_is_never_sealed(scene: Scene) -> None:
    await scene.release([collected(1)])
    await scene.until_idle("cut")
    await scene.tamper("UPDATE payment_order SET collect_until = '2026-10-31'")
    await scene.until_idle("seal")
    assert await scene.states() == ["open"]
    assert await scene.exceptions() == ["seal mismatch"]


async def test_a_later_window_of_the_signed_row_is_sealed(scene: Scene) -> None:
    await scene.release([collected(1)])
    await scene.until_idle("cut")
    await scene.tamper("UPDATE payment_order SET collect_from = '2026-11-08', collect_until = '2026-11-14'")
    await scene.until_idle("seal")
    assert (await body(scene))["collection"] == {"from": "2026-11-08", "until": "2026-11-14"}


async def said(ear: Ear, kind: str, number: int = 1, **changes: str) -> bytes:
    """A message of bank kilo about the first payment, unless `changes` name another."""
    e2e = (await ear.ids())[0]
    message = {"messageId": f"K{number}", "type": kind, "endToEndId": e2e, "at": "2026-09-21T09:00:00Z"} | changes
    if kind == "payment-status":
        message.setdefault("reason", "")
    if kind != "payment-status":
        sign = "CRDT" if kind == "return" else "DBIT"
        message |= {"account": await ear.account("kilo"), "amount": FULL, "currency": "EUR", "creditDebit": sign}
        message |= {"entryRef": f"R{number}", "bookingDate": "2026-09-21", "status": "BOOK"}
    return json.dumps(message).encode()


async def test_it_is_not_paid_before_the_bank_says_collected(ear: Ear) -> None:
    await ear.send([collected(1)])
    await ear.hear(await said(ear, "booking"), bank="kilo")
    assert await ear.positions() == [Position.EXECUTED]
    assert await ear.outcomes() == []
    await ear.hear(await said(ear, "payment-status", 2, status="ACCC"), bank="kilo")
    assert await ear.positions() == [Position.PAID]
    assert await ear.outcomes() == [[(1, "paid")]]


async def test_a_payment_to_an_account_of_the_same_bank_is_paid_by_its_booking(ear: Ear) -> None:
    await ear.send(payments([1], "kilo"))
    await ear.hear(await said(ear, "booking"), bank="kilo")
    assert await ear.positions() == [Position.PAID]


async def test_unclaimed_money_comes_back(ear: Ear) -> None:
    await ear.send([collected(1)])
    await ear.hear(await said(ear, "booking"), bank="kilo")
    await ear.hear(await said(ear, "return", 2, reason="UNCL"), bank="kilo")
    assert await ear.positions() == [Position.RETURNED]
    assert await ear.outcomes() == [[(1, "returned")]]


async def unclaimed(ear: Ear, generation: int) -> None:
    """The bank books, and gives back with its own code; a proved statement will have said so."""
    e2e = (await ear.ids())[-1]
    booked = await said(ear, "booking", 10 * generation, endToEndId=e2e)
    back = await said(ear, "return", 10 * generation + 1, endToEndId=e2e, reason="UNCL")
    await ear.hear(booked, back, bank="kilo")
    in_statement = int(Fact.BOOKED_IN_STATEMENT | Fact.RETURNED_IN_STATEMENT)
    await ear.scene.tamper(
        "UPDATE attempt SET facts = facts | $1, returned_minor = amount_minor WHERE end_to_end_id = $2",
        in_statement,
        e2e,
    )
    await close(ear)


async def close(ear: Ear) -> None:
    steps = [loop.step for loop in aftercare(ear.scene.gateway) if loop.kind == "close"]
    while await steps[0].run_once():
        pass


STATE = "SELECT state, reason, collect_from::text, collect_until::text FROM payment_order"


async def test_unclaimed_money_is_paid_again_on_the_same_days_of_the_next_month(ear: Ear) -> None:
    """Sick pay is issued again twice."""
    scene = ear.scene
    await ear.send([collected(1, validUntil="2027-01-31")])
    scene.clock.at = datetime(2026, 10, 16, 8, tzinfo=UTC)
    await unclaimed(ear, 1)
    assert await scene.rows(STATE) == [("payable", None, "2026-11-08", "2026-11-14")]
    scene.clock.at = datetime(2026, 10, 19, 8, tzinfo=UTC)
    await scene.until_idle("cut")
    assert await scene.rows("SELECT generation, bank, facts FROM attempt ORDER BY 1") == [
        (1, "kilo", await scene.value("SELECT facts FROM attempt WHERE generation = 1")),
        (2, "kilo", int(Fact.AT_THE_COUNTER)),
    ]


async def test_unclaimed_money_of_other_benefits_is_given_back(ear: Ear) -> None:
    await ear.send([collected(1, benefit="TRAVEL_REFUND")])
    ear.scene.clock.at = datetime(2026, 10, 16, 8, tzinfo=UTC)
    await unclaimed(ear, 1)
    assert await ear.scene.rows(STATE) == [("given back", "unclaimed.given-back", "2026-10-08", "2026-10-14")]
    assert [outcome for _, outcome in (await ear.outcomes())[0]][-1] == "given back"
    assert await ear.scene.exceptions() == []


async def test_what_came_back_for_another_reason_is_not_unclaimed(ear: Ear) -> None:
    await ear.send([collected(1, benefit="TRAVEL_REFUND")])
    await ear.hear(await said(ear, "return", 1, reason="AC04"), bank="kilo")
    facts = int(Fact.RETURNED_IN_STATEMENT)
    await ear.scene.tamper("UPDATE attempt SET facts = facts | $1, returned_minor = amount_minor", facts)
    await close(ear)
    assert await ear.scene.column("SELECT reason FROM payment_order") == ["AC04"]


async def test_a_word_after_all_ends_the_exception(ear: Ear) -> None:
    await ear.send([collected(1)])
    ear.scene.clock.advance(60 * DAY)
    await ear.scene.run("collect")
    await ear.hear(await said(ear, "payment-status", status="ACCC"), bank="kilo")
    assert await ear.scene.run("collect")
    assert await ear.scene.rows("SELECT state, closed_how FROM exception") == [("closed", "the bank spoke")]


async def test_a_window_that_passed_without_a_word_is_told_once(ear: Ear) -> None:
    scene = ear.scene
    await ear.send([collected(1, {"from": "2026-09-21", "until": "2026-09-25"}), *payments([2], "kilo")])
    scene.clock.advance(7 * DAY)
    assert not await scene.run("collect")
    scene.clock.advance(DAY)
    assert await scene.run("collect")
    assert not await scene.run("collect")
    assert await scene.rows("SELECT kind, bank, detail ->> 'windowEnded' FROM exception") == [
        ("unclaimed", "kilo", "2026-09-25")
    ]


@pytest.mark.parametrize(("kind", "about"), [("payment-status", {"status": "ACCC"}), ("return", {"reason": "UNCL"})])
async def test_a_window_of_which_the_bank_spoke_is_no_trouble(ear: Ear, kind: str, about: dict[str, str]) -> None:
    await ear.send([collected(1)])
    await ear.hear(await said(ear, kind, 1, **about), bank="kilo")
    ear.scene.clock.advance(60 * DAY)
    assert not await ear.scene.run("collect")
