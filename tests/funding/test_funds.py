"""What accounts need, and the queue of an account that lacks money."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.errors import NotFound
from gateway.runtime.calendars import calendar
from gateway.service.funds import Funds, Need, hold_account
from gateway.service.windows import first_cut_off
from tests.funding.balances import proved
from tests.hearing.ear import Ear, listening
from tests.hearing.messages import Status, pain002
from tests.scenario import Scene, opened, payments
from tests.sending.test_windows import changed, connected, other
from tests.sending.transport import Scripted

PAYMENT = 51_240
TODAY = date(2026, 9, 21)
TOMORROW = date(2026, 9, 22)


def funds(scene: Scene) -> Funds:
    gateway = scene.gateway
    return Funds(store=gateway.store, clock=scene.clock, banks=gateway.banks, accounts=gateway.configuration.accounts)


@pytest.fixture
async def ear(scene: Scene) -> AsyncIterator[Ear]:
    async with listening(scene) as ear:
        yield ear


async def of(scene: Scene, bank: str, until: date = TODAY) -> list[Need]:
    return [need for need in await funds(scene).needs(until) if need.bank == bank]


async def test_what_is_cut_must_leave_by_the_banks_cut_off(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    (need,) = await of(scene, "alfa")
    assert (need.pay_date, need.payments, need.to_leave_minor, need.in_flight_minor) == (TODAY, 2, 2 * PAYMENT, 0)
    assert need.needed_by == datetime(2026, 9, 21, 16, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (need.balance_minor, need.shortfall_minor, need.held) == (None, None, False)


@pytest.mark.parametrize(
    ("products", "closes"),
    [
        ({"*": {"closes": "16:00"}}, 16),
        ({"SSBE": {"closes": "12:00"}, "*": {"closes": "16:00"}}, 12),
        ({"SALA": {"closes": "10:00"}, "*": {"closes": "16:00"}}, 16),
    ],
)
async def test_the_cut_off_is_that_of_the_product_that_must_leave(
    scene: Scene, products: dict[str, Any], closes: int
) -> None:
    changed(scene, hours={"zone": "Europe/Berlin", "products": products})
    await scene.sealed(payments([1, 2]))
    (need,) = await of(scene, "alfa")
    assert need.needed_by == datetime(2026, 9, 21, closes, tzinfo=ZoneInfo("Europe/Berlin"))


async def test_what_is_not_cut_yet_may_need_its_money_by_the_first_cut_off_of_all(scene: Scene) -> None:
    products = {"SALA": {"closes": "10:30"}, "*": {"closes": "16:00"}}
    changed(scene, hours={"zone": "Europe/Berlin", "products": products})
    await scene.sealed(payments([1, 2]))
    await scene.stop("order", "SICK-000001")
    (need,) = await of(scene, "alfa")
    assert need.needed_by == datetime(2026, 9, 21, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("day", "needed_by"),
    [
        (date(2026, 10, 27), "2026-10-27T16:30:00+03:00"),
        (date(2026, 10, 28), "2026-10-28T11:30:00+03:00"),  # the eve of Republic Day
        (date(2026, 10, 29), "2026-10-30T16:30:00+03:00"),  # Republic Day: the banking day after it
        (date(2100, 1, 4), None),
    ],
)
def test_the_first_cut_off_of_a_day_knows_half_days_and_closed_days(day: date, needed_by: str | None) -> None:
    hours = {"zone": "Europe/Istanbul", "products": {"*": {"closes": "16:30", "closes_half_day": "11:30"}}}
    found = first_cut_off(other(connected("alfa"), calendar=calendar("TR"), hours=hours), day)
    assert found == (needed_by and datetime.fromisoformat(needed_by))
    assert first_cut_off(connected("charlie"), day) is None, "a bank without hours"


async def test_what_has_left_is_in_flight_until_a_proved_statement_books_it(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.until_idle("send", "alfa")
    await scene.sealed(payments([3, 4]), "B-2")
    (need,) = await of(scene, "alfa")
    assert (need.to_leave_minor, need.in_flight_minor) == (2 * PAYMENT, 2 * PAYMENT)


async def test_what_waits_to_be_cut_again_is_needed_too(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.stop("order", "SICK-000001")
    (need,) = await of(scene, "alfa")
    assert (need.payments, need.to_leave_minor) == (2, 2 * PAYMENT)


async def test_what_is_paid_once_more_is_needed_from_that_day_on(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.until_idle("send", "alfa")
    await scene.tamper("UPDATE attempt SET closed = true, closed_proof = '{}' WHERE attempt_no = 1")
    await scene.tamper("UPDATE payment_order SET next_try_on = '2026-09-22' WHERE order_id = 'SICK-000001'")
    assert [need.to_leave_minor for need in await of(scene, "alfa", TODAY)] == [0]
    assert [(need.pay_date, need.to_leave_minor) for need in await of(scene, "alfa", TOMORROW)] == [(TOMORROW, PAYMENT)]


@pytest.mark.parametrize(("closing", "shortfall"), [(3 * PAYMENT, PAYMENT), (4 * PAYMENT, 0), (9 * PAYMENT, 0)])
async def test_the_shortfall_is_what_the_last_proved_balance_lacks(scene: Scene, closing: int, shortfall: int) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.until_idle("send", "alfa")
    await scene.sealed(payments([3, 4]), "B-2")
    await proved(scene, 0, link=1)
    await proved(scene, closing, link=2)
    await proved(scene, 0, state="waiting", link=3)
    (need,) = await of(scene, "alfa")
    assert (need.balance_minor, need.balance_on, need.shortfall_minor) == (closing, date(2026, 9, 18), shortfall)


async def test_a_lack_of_funds_holds_the_account_and_not_its_payments(ear: Ear) -> None:
    await ear.send(payments([1, 2, 3]))
    about = [Status(end_to_end_id=(await ear.ids())[0], status="RJCT", reason="AM04")]
    await ear.hear(pain002(await ear.msg_id(), group="PART", about=about))
    await ear.scene.release(payments([4, 5]), "B-2")
    await ear.scene.release(payments([6], "kilo"), "B-3")
    await ear.scene.seal_again()
    assert await ear.scene.rows("SELECT bank, state FROM submission ORDER BY submission_no") == [
        ("alfa", "delivered"),
        ("alfa", "open"),
        ("kilo", "sealed"),
    ]
    assert await ear.scene.column("SELECT DISTINCT state FROM payment_order") == ["payable"]
    assert [hold.reason for hold in await funds(ear.scene).holds()] == ["AM04"]
    assert await ear.scene.exceptions() == ["funds missing"]
    (need,) = await of(ear.scene, "alfa")
    assert need.held


async def test_a_whole_file_that_lacks_funds_holds_the_account_once(ear: Ear) -> None:
    await ear.send(payments([1, 2]))
    await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="AM04"))
    await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="AM04", number=2))
    assert len(await funds(ear.scene).holds()) == 1
    assert (await ear.scene.exceptions()).count("funds missing") == 1


@pytest.mark.parametrize(("status", "reason"), [("RJCT", "AC04"), ("ACSP", "AM04"), ("RJCT", "DU01")])
async def test_nothing_else_holds_an_account(ear: Ear, status: str, reason: str) -> None:
    await ear.send(payments([1, 2]))
    about = [Status(end_to_end_id=(await ear.ids())[0], status=status, reason=reason)]
    await ear.hear(pain002(await ear.msg_id(), about=about))
    assert await funds(ear.scene).holds() == []


async def test_what_was_sealed_before_the_hold_stays_sealed_and_leaves_when_it_is_released(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    hold = await held(scene)
    assert not await scene.run("send", "alfa")
    released = await funds(scene).release(hold, by="officer-1")
    assert released.released_by == "officer-1"
    await scene.run("send", "alfa")
    assert await scene.states() == ["delivered"]
    assert await scene.column("SELECT state FROM exception") == ["closed"]


async def held(scene: Scene, number: int = 1, **changes: Any) -> int:
    async with scene.gateway.store.transaction() as session:
        values = {"submissions": [number], "reason": "AM04", "by": "w1"} | changes
        (hold,) = await hold_account(session, scene.clock.now(), **values)
    return hold.hold_no


async def test_a_hold_that_commits_after_the_pick_voids(scene: Scene) -> None:
    """The bank's channel is being prepared when the hold commits; the intent then sees it."""
    await scene.sealed(payments([1, 2]))

    class Slow(Scripted):
        async def prepare(self, wire: Any) -> None:
            await held(scene)

    scene.use_transport("alfa", Slow())
    await scene.run("send", "alfa")
    assert await scene.states() == ["void"]
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == ["funds missing"]


async def test_no_intent_commits_beside_a_hold(scene: Scene, tmp_path: Path) -> None:
    """The hold waits for intents that hold the gate, and intents behind it see the hold."""
    await scene.sealed(payments(range(1, 9), "kilo"))
    scene.use_transport("kilo", Scripted())
    async with opened(scene.url, scene.root, banks=("alfa", "kilo"), worker="w2") as other:
        other.use_transport("kilo", Scripted())
        sends = [s.step("send", "kilo").run_once() for s in (scene, other) for _ in range(4)]
        await asyncio.gather(*sends, held(scene))
    # Every intent got its number from PostgreSQL before the hold's transaction committed, or voided its submission.
    delivered = await scene.value("SELECT count(*) FROM submission WHERE state = 'delivered'")
    assert delivered == await scene.value("SELECT count(*) FROM intent")
    assert not await scene.run("send", "kilo")


async def test_releasing_twice_changes_nothing_and_what_was_not_held_is_not_found(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    hold = await held(scene)
    first = await funds(scene).release(hold, by="officer-1")
    assert await funds(scene).release(hold, by="officer-2") == first
    with pytest.raises(NotFound):
        await funds(scene).release(hold + 1, by="officer-1")


async def test_what_was_sent_before_the_release_holds_the_account_no_more(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.until_idle("send", "alfa")
    hold = await held(scene)
    scene.clock.advance(60)
    await funds(scene).release(hold, by="officer-1")
    async with scene.gateway.store.transaction() as session:
        late = await hold_account(session, scene.clock.now(), submissions=[1], reason="AM04", by="w1")
    assert late == []
    await scene.sealed(payments([3, 4]), "B-2")
    scene.clock.advance(60)
    await scene.until_idle("send", "alfa")
    assert await held(scene, 2) > hold
