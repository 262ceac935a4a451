"""What was said and nobody could place yet keeps an attempt from being closed, and its order from being paid again."""

import pytest

from gateway.domain.errors import Conflict
from gateway.domain.exceptions import Act, CaseState
from gateway.domain.facts import Fact
from gateway.domain.reasons import Need
from gateway.domain.states import SubmissionState
from tests.casework.desk import ANNA, Desk
from tests.closing.after import DAY, close, generations, give_back, proved, reject, until_idle
from tests.closing.test_conflicts import refused_and_cut_again
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt054, pain002

FIRST = ("SICK-000001", 1, False)


async def days_later(ear: Ear) -> None:
    """The hours of the profile pass, and the statement of the day is proved."""
    await close(ear)
    await proved(ear)
    ear.scene.clock.advance(3 * DAY)
    await close(ear)


async def test_a_rejected_payment_that_was_booked_with_another_amount_is_not_closed(sent: Ear) -> None:
    await reject(sent, 1, "AM04")
    entry = Entry(amount="511.40", end_to_end_id=(await sent.ids())[0])
    await sent.hear(camt054(await sent.account(), entry))
    assert await sent.scene.exceptions() == ["funds missing", "amount differs"]
    await days_later(sent)
    assert FIRST in await generations(sent.scene), "the bank moved money for it"


async def test_once_two_people_have_written_that_entry_off_the_rejection_is_final(sent: Ear) -> None:
    await reject(sent, 1, "AC04")
    entry = Entry(amount="511.40", end_to_end_id=(await sent.ids())[0])
    await sent.hear(camt054(await sent.account(), entry))
    await Desk(scene=sent.scene).both("amount differs", Act.WRITE_OFF)
    await days_later(sent)
    assert FIRST not in await generations(sent.scene)


async def test_a_debit_of_its_amount_that_names_nothing_keeps_a_rejection_from_being_final(sent: Ear) -> None:
    """It may be that payment: paid again, it would be paid twice."""
    await reject(sent, 1, "AM04")
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL, ref="R-9")))
    kind = (await sent.scene.exceptions())[-1]
    assert kind in {"orphan", "ambiguous"}
    await days_later(sent)
    assert FIRST in await generations(sent.scene)
    await Desk(scene=sent.scene).both(kind, Act.WRITE_OFF)
    sent.scene.clock.advance(3600)
    await close(sent)
    assert FIRST not in await generations(sent.scene)


async def test_a_rejected_payment_is_not_closed_while_a_sum_of_its_file_is_not_explained(sent: Ear) -> None:
    """Both were refused, and yet the bank booked one: which of them is not known."""
    await reject(sent, 1, "AM04")
    await reject(sent, 2, "AM04")
    entry = Entry(amount=FULL, batch=(await sent.msg_id(), 1))
    await sent.hear(camt054(await sent.account(), entry))
    await days_later(sent)
    assert [closed for _, _, closed in await generations(sent.scene)] == [False, False]
    assert await sent.scene.exceptions() == ["funds missing", "amount differs"], "the sum is somebody's work"
    desk = Desk(scene=sent.scene)
    with pytest.raises(Conflict, match="nothing explains it"):
        await desk.act("amount differs", Act.CLOSE)
    await desk.both("amount differs", Act.WRITE_OFF)
    sent.scene.clock.advance(3600)
    await close(sent)
    assert [closed for _, _, closed in await generations(sent.scene)] == [True, True]


async def test_what_came_back_in_part_is_not_paid_once_more_in_full(sent: Ear) -> None:
    scene, desk = sent.scene, Desk(scene=sent.scene)
    await give_back(sent, 1, "ED05", 10_000)
    number = await scene.value("SELECT min(attempt_no) FROM attempt")
    await scene.tamper(
        "INSERT INTO exception (kind, key, attempt_no, order_no, opened_at, role, suggestion, suggestion_why) "
        "SELECT 'returned in part', $1::bigint::text, $1, order_no, now(), 'accounting', 'close attempt', '' "
        "FROM attempt WHERE attempt_no = $1",
        number,
    )
    await desk.both("returned in part", Act.CLOSE_ATTEMPT)
    first = "SELECT state, outcome FROM payment_order ORDER BY order_no LIMIT 1"
    assert await scene.rows(first) == [("held", "held")], "the payee has nothing, the bank kept some of it"
    with pytest.raises(Conflict, match="did not come back"):
        await desk.act("held order", Act.RELEASE)
    await scene.tamper("UPDATE payment_order SET next_try_on = '2026-09-21'")
    await scene.until_idle("cut")
    assert len(await generations(scene)) == 2
    await desk.both("held order", Act.GIVE_BACK, reason="NARR", needs=Need.ACCOUNT)  # as the door hands it over
    assert await scene.rows(first) == [("given back", "given back")]
    assert await scene.column("SELECT kind FROM exception WHERE state <> $$closed$$") == []


async def test_money_that_comes_back_of_what_was_refused_is_somebodys_work(sent: Ear) -> None:
    """The order is held for it: without a case it would be held for ever."""
    await refused_and_cut_again(sent, deliver=False)
    first = await sent.scene.value("SELECT end_to_end_id FROM attempt ORDER BY attempt_no LIMIT 1")
    back = Entry(amount=FULL, end_to_end_id=first, sign="CRDT", reason="AC04")
    await sent.hear(camt054(await sent.account(), back))
    held = await sent.scene.rows("SELECT order_no, reason FROM payment_order WHERE state = 'held'")
    assert [reason for _, reason in held] == ["conflict"]
    owned = await sent.scene.column("SELECT order_no FROM exception WHERE state <> 'closed'")
    assert owned == [order for order, _ in held]


@pytest.mark.parametrize("status", ["ACSC", "ACCP"])
async def test_a_file_that_was_refused_and_is_taken_after_all_is_a_conflict(sent: Ear, status: str) -> None:
    await refused_and_cut_again(sent, deliver=False)
    msg_id = await sent.scene.value("SELECT msg_id FROM submission ORDER BY submission_no LIMIT 1")
    await sent.hear(pain002(msg_id, group=status, number=2))
    assert await sent.scene.states() == ["delivered", "void"]
    assert await sent.scene.column("SELECT state FROM payment_order") == ["held", "held"]
    facts = await sent.scene.column("SELECT facts FROM attempt WHERE generation = 1")
    assert [Fact(f) & Fact.CONTRADICTED for f in facts] == [Fact.CONTRADICTED] * 2
    assert await sent.scene.exceptions() == ["conflict", "conflict"]


@pytest.mark.parametrize("how", ["other amount", "unlisted status", "other account"])
async def test_a_bank_that_names_a_payment_has_the_file(sent: Ear, how: str) -> None:
    """Whatever else is wrong with what it says: an inquiry must not have it sent again."""
    await sent.scene.tamper("SET session_replication_role = replica; UPDATE submission SET state = 'unknown'")
    name, account = (await sent.ids())[0], await sent.account()
    if how == "unlisted status":
        await sent.hear(pain002("", about=[Status(end_to_end_id=name, status="ZZZZ")]))
    elif how == "other amount":
        await sent.hear(camt054(account, Entry(amount="1.00", end_to_end_id=name)))
    else:
        await sent.hear(camt054("PT50000201231234567890154", Entry(amount=FULL, end_to_end_id=name)))
    assert await sent.scene.states() == [SubmissionState.DELIVERED]
    await until_idle(sent.scene, "close")


async def test_a_hold_whose_attempt_was_contradicted_is_released_by_two(sent: Ear) -> None:
    """It was held for something else before; that the bank took the payment after all is heard while it is."""
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="FF01"))
    await sent.scene.tamper("UPDATE attempt SET reason = 'NARR'")
    await close(sent)
    assert await sent.scene.column("SELECT state FROM payment_order") == ["held", "held"]
    about = [Status(end_to_end_id=(await sent.ids())[0], status="ACCP")]
    await sent.hear(pain002(await sent.msg_id(), about=about, number=2))
    desk, number = Desk(scene=sent.scene), await sent.scene.value("SELECT min(exception_no) FROM exception")
    view = await desk.casework.act(number, Act.RELEASE, wanted={}, comment="because", person=ANNA)
    assert view.case.state == CaseState.WAITING
