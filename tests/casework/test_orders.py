"""Orders that wait for somebody's word: released, given back, or closed by two people."""

import pytest

from gateway.domain.errors import Conflict, Refused
from gateway.domain.exceptions import Act
from gateway.domain.facts import Position
from gateway.service.exceptions import Trouble, raise_exceptions
from tests.casework.desk import ANNA, Desk
from tests.closing.test_corrections import push
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.scenario import payment, payments

MINOR = 51_240


def _rule(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.violations[0].rule


async def _raise(ear: Ear, kind: str, order_id: str = "SICK-000001", *, attempt: bool = False) -> None:
    """Open an exception about an order, or its latest attempt."""
    number = await ear.scene.value("SELECT order_no FROM payment_order WHERE order_id = $1", order_id)
    attempts = await ear.scene.column("SELECT max(attempt_no) FROM attempt WHERE order_no = $1", number)
    about = Trouble(kind=kind, key=str(number), order_no=number, attempt_no=attempts[0] if attempt else None)
    async with ear.scene.gateway.store.transaction() as session:
        await raise_exceptions(session, ear.scene.clock.now(), [about])


async def _held(ear: Ear, **changes: object) -> None:
    """One order that no bank of the configuration can pay."""
    nowhere = {"creditorAccount": {"type": "IBAN", "iban": "FR1420041010050500013M02606"}}
    await ear.scene.release([payment(1) | nowhere | changes])
    await ear.scene.until_idle("cut")
    assert await _states(ear) == ["held"]
    assert await ear.scene.exceptions() == ["held order"]


async def _states(ear: Ear) -> list[str]:
    return await ear.scene.column("SELECT state FROM payment_order ORDER BY order_id")


async def test_a_released_order_is_payable_and_cut_again(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    view = await desk.act("held order", Act.RELEASE)
    assert (view.case.state, view.case.closed_how) == ("closed", "release")
    assert await _states(ear) == ["payable"]
    ear.scene.clock.advance(1)
    await ear.scene.until_idle("cut")
    assert await _states(ear) == ["held"]  # still no bank pays it: it was looked at again, and somebody is told again
    assert await ear.scene.exceptions() == ["held order", "held order"]


async def test_only_what_is_held_is_released(desk: Desk, ear: Ear) -> None:
    await ear.scene.release(payments([1]))
    await _raise(ear, "held order")
    with pytest.raises(Conflict) as error:
        await desk.act("held order", Act.RELEASE)
    assert _rule(error) == "release.not-held"


async def test_a_stopped_order_stays_held(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    await ear.scene.stop("order", "SICK-000001")
    with pytest.raises(Conflict) as error:
        await desk.act("held order", Act.RELEASE)
    assert _rule(error) == "release.stopped"


async def test_who_lost_the_entitlement_stays_held_and_is_decided_against(desk: Desk, ear: Ear) -> None:
    same = payment(1)["entitlement"]
    await ear.scene.release([payment(1), payment(2, entitlement=same)])
    assert await _states(ear) == ["payable", "held"]
    assert await ear.scene.exceptions() == ["held order"]
    with pytest.raises(Conflict) as error:
        await desk.act("held order", Act.RELEASE)
    assert _rule(error) == "release.claimed"
    await desk.act("held order", Act.GIVE_BACK, reason="CLAIMED")
    assert await _states(ear) == ["payable", "refused"]
    assert (await ear.outcomes())[-1][-1][1] == "refused"


async def test_what_another_order_of_the_entitlement_may_still_pay_is_not_released(desk: Desk, ear: Ear) -> None:
    """The first order lost its claim, yet its file left: whosever money it is, it is the same entitlement."""
    await ear.send([payment(1), payment(2, entitlement=payment(1)["entitlement"])])
    await ear.scene.tamper("UPDATE payment_order SET state = 'given back', claims = false WHERE state = 'payable'")
    with pytest.raises(Conflict) as error:
        await desk.act("held order", Act.RELEASE)
    assert _rule(error) == "order.in-motion"
    await desk.act("held order", Act.GIVE_BACK, reason="TWICE")  # nothing of its own is on its way
    assert await _states(ear) == ["given back", "given back"]


async def _corrected(ear: Ear) -> None:
    """An order that was given back, and a correction of it in a batch that nobody has released."""
    await ear.scene.release([payment(1)])
    await ear.scene.tamper("UPDATE payment_order SET state = 'given back', claims = false")
    await push(ear.scene, payment(1, orderId="CORRECTED", replaces="SICK-000001"), batch="B-2")
    await _raise(ear, "held order", "CORRECTED")


async def test_a_correction_is_not_released_before_its_batch(desk: Desk, ear: Ear) -> None:
    await _corrected(ear)
    with pytest.raises(Conflict) as error:
        await desk.act("held order", Act.RELEASE)
    assert _rule(error) == "release.correction"


async def test_a_correction_that_was_kept_held_takes_over_when_it_is_released(desk: Desk, ear: Ear) -> None:
    await _corrected(ear)
    await ear.scene.tamper("UPDATE payment_order SET reason = 'correction.in-motion' WHERE order_id = 'CORRECTED'")
    await desk.act("held order", Act.RELEASE)
    assert await ear.scene.rows("SELECT order_id, state, claims FROM payment_order ORDER BY 1") == [
        ("CORRECTED", "payable", True),
        ("SICK-000001", "replaced", False),
    ]


async def test_a_conflict_is_released_by_two_people(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    await ear.scene.tamper("UPDATE payment_order SET reason = 'conflict'")
    view = await desk.act("held order", Act.RELEASE)
    assert (view.case.state, await _states(ear)) == ("waiting for a second person", ["held"])
    await desk.confirm(view)
    assert await _states(ear) == ["payable"]


async def test_a_stop_that_comes_between_ends_the_question(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    await ear.scene.tamper("UPDATE payment_order SET reason = 'conflict'")
    view = await desk.act("held order", Act.RELEASE)
    await ear.scene.stop("order", "SICK-000001")
    with pytest.raises(Conflict) as error:
        await desk.confirm(view)
    assert _rule(error) == "release.stopped"
    assert await _states(ear) == ["held"]


async def test_a_held_order_is_given_back_and_told(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    with pytest.raises(Conflict) as error:
        await desk.act("held order", Act.CLOSE)
    assert _rule(error) == "close.held"
    await desk.act("held order", Act.GIVE_BACK, reason="NO_BANK")
    assert await ear.scene.rows("SELECT state, reason, claims FROM payment_order") == [("given back", "NO_BANK", False)]
    assert (await ear.outcomes())[0][-1][1] == "given back"
    document = await ear.scene.value(
        "SELECT document::jsonb -> 'reason' FROM outcome_event ORDER BY event_no DESC LIMIT 1"
    )
    told = {"code": "NO_BANK", "action": "back to the benefits system", "needs": "decision"}
    assert document == told  # the comment stays here
    assert not await ear.scene.run("cut")


async def test_what_may_still_be_paid_is_not_given_back(desk: Desk, sent: Ear) -> None:
    await _raise(sent, "officer")
    with pytest.raises(Conflict) as error:
        await desk.act("officer", Act.GIVE_BACK, reason="X")
    assert _rule(error) == "order.in-motion"


async def test_what_was_paid_is_neither_given_back_nor_released(desk: Desk, sent: Ear) -> None:
    """Closed by whatever proof: money that is out and did not come back is out."""
    first, *_ = await sent.ids()
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL, end_to_end_id=first)))
    await sent.scene.tamper("UPDATE attempt SET closed = true, closed_proof = '{}'")
    await sent.scene.tamper("UPDATE payment_order SET state = 'held', reason = 'conflict'")
    await _raise(sent, "officer")
    for act, wanted in ((Act.GIVE_BACK, {"reason": "X"}), (Act.RELEASE, {})):
        with pytest.raises(Conflict) as error:
            await desk.act("officer", act, **wanted)
        assert _rule(error) == "order.paid"


async def test_what_is_needed_is_told_as_a_code(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    with pytest.raises(Refused) as error:
        await desk.act("held order", Act.GIVE_BACK, reason="X", needs="a letter")
    assert _rule(error) == "give-back.needs"
    await desk.act("held order", Act.GIVE_BACK, reason="X", needs="account")
    reason = await ear.scene.value(
        "SELECT document::jsonb -> 'reason' FROM outcome_event ORDER BY event_no DESC LIMIT 1"
    )
    assert reason == {"code": "X", "action": "back to the benefits system", "needs": "account"}


async def test_a_reason_is_needed(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    with pytest.raises(Refused) as error:
        await desk.act("held order", Act.GIVE_BACK)
    assert _rule(error) == "give-back.reason"


# Attempts --------------------------------------------------------------------------------------------------------


async def _conflict(ear: Ear) -> None:
    """The first payment was rejected, and booked."""
    first, *_ = await ear.ids()
    await ear.hear(pain002(await ear.msg_id(), about=[Status(end_to_end_id=first, status="RJCT", reason="AC04")]))
    await ear.hear(camt054(await ear.account(), Entry(amount=FULL, end_to_end_id=first)))
    assert (await ear.positions())[0] is Position.CONFLICT


async def test_a_conflict_stands_until_two_people_close_its_attempt(desk: Desk, sent: Ear) -> None:
    await _conflict(sent)
    with pytest.raises(Conflict) as error:
        await desk.act("conflict", Act.CLOSE)
    assert _rule(error) == "close.conflict"
    view = await desk.act("conflict", Act.CLOSE_ATTEMPT)
    assert not await sent.scene.value("SELECT closed FROM attempt ORDER BY attempt_no LIMIT 1")
    await desk.confirm(view)
    closed, proof = (await sent.scene.rows("SELECT closed, closed_proof FROM attempt ORDER BY attempt_no LIMIT 1"))[0]
    assert (closed, proof) == (True, {"rule": "two people", "decision": str(desk.asked(view).decision_no)})
    assert (await sent.outcomes())[0][-1][1] == "paid"  # its money is out
    assert (await _states(sent))[0] == "payable"


async def test_news_between_question_and_answer_ends_the_question(desk: Desk, sent: Ear) -> None:
    await _conflict(sent)
    view = await desk.act("conflict", Act.CLOSE_ATTEMPT)
    first, *_ = await sent.ids()
    back = Entry(amount=FULL, end_to_end_id=first, sign="CRDT", ref="R-9", reason="AC04")
    await sent.hear(camt054(await sent.account(), back, number=2))
    with pytest.raises(Conflict) as error:
        await desk.confirm(view)
    assert _rule(error) == "decision.moved-on"
    assert not await sent.scene.value("SELECT closed FROM attempt ORDER BY attempt_no LIMIT 1")


async def test_what_is_not_out_is_held_after_its_attempt_was_closed(desk: Desk, sent: Ear) -> None:
    await _raise(sent, "conflict", attempt=True)
    await desk.both("conflict", Act.CLOSE_ATTEMPT)
    assert await sent.scene.rows("SELECT state, reason FROM payment_order ORDER BY order_no LIMIT 1") == [
        ("held", "attempt.closed-by-decision")
    ]
    assert (await sent.outcomes())[0][-1][1] == "held"
    await _raise(sent, "officer")
    await desk.act("officer", Act.GIVE_BACK, reason="LOST")
    assert (await _states(sent))[0] == "given back"


async def test_what_was_not_sent_needs_nobodys_word(desk: Desk, ear: Ear) -> None:
    await ear.scene.sealed(payments([1]))
    await _raise(ear, "conflict", attempt=True)
    with pytest.raises(Conflict) as error:
        await desk.act("conflict", Act.CLOSE_ATTEMPT)
    assert _rule(error) == "attempt.not-sent"


async def test_two_people_write_a_payment_off_to_suspense(desk: Desk, sent: Ear) -> None:
    await _raise(sent, "conflict", attempt=True)
    assert await desk.ledger() == {"control": -3 * MINOR, "in flight": 3 * MINOR}
    view = await desk.act("conflict", Act.WRITE_OFF)
    assert await desk.ledger() == {"control": -3 * MINOR, "in flight": 3 * MINOR}
    await desk.confirm(view)
    assert await desk.ledger() == {"control": -3 * MINOR, "in flight": 2 * MINOR, "suspense": MINOR}
    assert await sent.scene.value("SELECT closed FROM attempt ORDER BY attempt_no LIMIT 1")
    assert (await _states(sent))[0] == "held"


async def test_where_the_ledger_holds_nothing_nothing_is_written_off(desk: Desk, sent: Ear) -> None:
    await _conflict(sent)  # rejected: no longer on its way
    with pytest.raises(Conflict) as error:
        await desk.act("conflict", Act.WRITE_OFF)
    assert _rule(error) == "write-off.nothing"


# Every kind ------------------------------------------------------------------------------------------------------


async def test_a_kind_knows_its_acts(desk: Desk, sent: Ear) -> None:
    await _raise(sent, "silent bank")
    with pytest.raises(Conflict) as error:
        await desk.act("silent bank", Act.MATCH, endToEndId="E1")
    assert _rule(error) == "act.kind"


async def test_a_closed_exception_takes_words_and_no_acts(desk: Desk, ear: Ear) -> None:
    await _held(ear)
    view = await desk.act("held order", Act.GIVE_BACK, reason="X")
    for act in (Act.GIVE_BACK, Act.CLOSE):
        with pytest.raises(Conflict) as error:
            await desk.act("held order", act, reason="X")
        assert _rule(error) == "exception.closed"
    number = view.case.exception_no
    with pytest.raises(Conflict):
        await desk.casework.assign(number, owner="berta", comment="", person=ANNA)
    words = await desk.casework.comment(number, comment="the citizen called", person=ANNA)
    assert words.history[-1].comment == "the citizen called"


async def test_what_comes_back_after_two_people_closed_its_attempt_is_somebodys_work(desk: Desk, sent: Ear) -> None:
    await _conflict(sent)
    await desk.both("conflict", Act.CLOSE_ATTEMPT)
    first, *_ = await sent.ids()
    back = Entry(amount=FULL, end_to_end_id=first, sign="CRDT", ref="R-9", reason="AC04")
    await sent.hear(camt054(await sent.account(), back, number=2))
    assert (await sent.outcomes())[0][-1][1] == "returned"
    assert (await _states(sent))[0] == "held"
    assert await sent.scene.column("SELECT kind FROM exception WHERE state <> 'closed'") == ["conflict"]
    await desk.act("conflict", Act.GIVE_BACK, reason="CAME_BACK")
    assert (await _states(sent))[0] == "given back"
