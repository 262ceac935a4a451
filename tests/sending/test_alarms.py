"""What a bank knows of although it never left stays as it is until a person has closed that alarm."""

from typing import Any

import pytest

from gateway.domain.errors import Conflict
from gateway.domain.exceptions import Act
from gateway.ports.transport import Sent, Wire
from gateway.service.bank_board import BankBoard
from gateway.service.exceptions import Trouble, raise_exceptions
from tests.casework.desk import ANNA, Desk
from tests.hearing.ear import FULL, Ear, listening
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.scenario import Scene, payments
from tests.sending.test_other_ways import MINUTES, answering, void
from tests.sending.test_windows import changed
from tests.sending.transport import Scripted

ALARM = "names what was never sent"


async def of_the_file(scene: Scene) -> bytes:
    return pain002(await scene.value("SELECT msg_id FROM submission"), group="ACCP")


async def of_the_first(scene: Scene) -> bytes:
    msg_id, first = (await scene.rows("SELECT msg_id, end_to_end_id FROM submission, attempt ORDER BY attempt_no"))[0]
    return pain002(msg_id, about=[Status(end_to_end_id=first, status="ACSP")])


async def booked(scene: Scene) -> bytes:
    """The first payment, by its own name alone."""
    account, first = (
        await scene.rows("SELECT debtor_account, end_to_end_id FROM submission, attempt ORDER BY attempt_no")
    )[0]
    return camt054(account, Entry(amount=FULL, end_to_end_id=first))


async def alarming(ear: Ear, word: Any) -> None:
    """The bank says it, and somebody resumes its lane without having looked."""
    await ear.hear(await word(ear.scene))
    assert ALARM in await ear.scene.exceptions()
    await ear.scene.pauses.resume(scope="bank", value="alfa", by="officer-1")


async def looked(scene: Scene) -> None:
    """Somebody closes every one of these alarms: one message may raise several."""
    while await scene.value("SELECT count(*) FROM exception WHERE kind = $1 AND state <> 'closed'", ALARM):
        number = await scene.value(
            "SELECT max(exception_no) FROM exception WHERE kind = $1 AND state <> 'closed'", ALARM
        )
        await Desk(scene=scene).casework.act(number, Act.CLOSE, wanted={}, comment="asked", person=ANNA)


async def alarmed(scene: Scene) -> int:
    rows = await BankBoard(store=scene.gateway.store, clock=scene.clock, banks=scene.gateway.banks).all()
    return next(row.lane.alarmed for row in rows if row.bank == "alfa")


@pytest.mark.parametrize("word", [of_the_file, of_the_first])
async def test_what_is_sealed_does_not_leave_before_somebody_looked(scene: Scene, word: Any) -> None:
    scene.use_transport("alfa", transport := Scripted())
    async with listening(scene) as ear:
        await scene.sealed(payments([1, 2]))
        msg_id = await scene.value("SELECT msg_id FROM submission")
        await alarming(ear, word)
        await scene.until_idle("send")
        assert (await scene.states(), transport.wires, await alarmed(scene)) == (["sealed"], [], 2)
        await looked(scene)
        assert await alarmed(scene) == 0
        await scene.until_idle("send")
        assert await scene.rows("SELECT state, msg_id FROM submission") == [("delivered", msg_id)]


async def test_what_is_sealed_does_not_leave_before_a_booking_of_it_is_written_off(scene: Scene) -> None:
    async with listening(scene) as ear:
        await scene.sealed(payments([1, 2]))
        await alarming(ear, booked)
        with pytest.raises(Conflict):
            await Desk(scene=scene).act(ALARM, Act.CLOSE)
        await scene.until_idle("send")
        assert (await scene.states(), scene.files("alfa")) == (["sealed"], [])


async def test_another_submission_of_the_bank_leaves(scene: Scene) -> None:
    async with listening(scene) as ear:
        await scene.sealed(payments([1]))
        await alarming(ear, of_the_file)
        await scene.sealed(payments([2]), batch="B-2")
        await scene.until_idle("send")
        assert await scene.states() == ["sealed", "delivered"]


async def test_what_waits_for_somebody_to_look_takes_no_room_in_flight(scene: Scene) -> None:
    """Else as many alarms as the bank takes submissions at a time would keep everything else from it."""
    limits = scene.gateway.banks["alfa"].profile.limits.model_dump(mode="json")
    changed(scene, limits=limits | {"submissions_in_flight": 1})
    async with listening(scene) as ear:
        await scene.sealed(payments([1]))
        await scene.sealed(payments([2]), batch="B-2")
        assert await scene.states() == ["sealed", "open"]
        await alarming(ear, of_the_file)
        await scene.seal_again()
        await scene.sealed(payments([3]), batch="B-3")
        assert await scene.states() == ["sealed", "sealed", "open"]
        await scene.until_idle("send")
        assert await scene.states() == ["sealed", "delivered", "open"]


async def test_what_was_proved_not_sent_is_not_sent_again_before_somebody_looked(scene: Scene) -> None:
    """That a bank names it after all speaks against the proof."""
    scene.use_transport("alfa", answering(Sent.NOT_SENT))
    async with listening(scene) as ear:
        await scene.sealed(payments([1]))
        await scene.run("send", "alfa")
        await alarming(ear, of_the_file)
        scene.clock.advance(MINUTES)
        await scene.until_idle("send")
        assert await scene.rows("SELECT state, tries FROM submission") == [("not sent", 1)]


async def test_an_alarm_that_comes_while_the_mark_is_left_burns_nothing(scene: Scene) -> None:
    """It commits after the pick: the intent sees it, gives the claim back and takes its mark away."""
    async with listening(scene) as ear:

        class Named(Scripted):
            async def prepare(self, wire: Wire) -> None:
                await alarming(ear, of_the_file)

        scene.use_transport("alfa", transport := Named())
        await scene.sealed(payments([1]))
        await scene.run("send", "alfa")
        assert await scene.rows("SELECT state, tries, claim FROM submission") == [("sealed", 0, None)]
        assert (len(transport.discarded), transport.wires) == (1, [])
        await looked(scene)
        scene.use_transport("alfa", Scripted())
        await scene.until_idle("send")
        assert await scene.states() == ["delivered"]


async def test_what_shared_a_file_with_what_was_named_is_not_cut_again_before_somebody_looked(scene: Scene) -> None:
    """Who has one payment of a file may have the file."""
    async with listening(scene) as ear:
        await scene.sealed(payments([8, 9]))
        await alarming(ear, of_the_first)
        await void(scene)
        await scene.seal_again()
        assert await scene.states() == ["void"]
        await looked(scene)
        await scene.seal_again()
        assert await scene.states() == ["void", "sealed"]


# The entitlement of what was named -----------------------------------------------------------------------------------


async def loose(scene: Scene) -> None:
    """The payment is in no submission: what it was in is void. An officer is asked about its order."""
    await scene.sealed(payments([1, 9]))
    await void(scene)
    about = Trouble(kind="officer", key="1", order_no=1, attempt_no=1)
    async with scene.gateway.store.transaction() as session:
        await raise_exceptions(session, scene.clock.now(), [about])


async def closed(scene: Scene) -> None:
    """The same, and it was closed there: only the file that it was in is named."""
    await loose(scene)
    await scene.tamper(
        "UPDATE attempt SET closed = true, closed_proof = '{}', submission_no = 1 WHERE attempt_no = 1;"
        "UPDATE payment_order SET reason = 'x' WHERE order_no = 1"
    )


@pytest.mark.parametrize("ended", [loose, closed])
@pytest.mark.parametrize(("act", "state"), [(Act.GIVE_BACK, "given back"), (Act.RELEASE, "payable")])
async def test_nobody_frees_it_before_somebody_looked(scene: Scene, ended: Any, act: Act, state: str) -> None:
    """Its entitlement would be paid by a correction, or by itself, while the bank says that it has it."""
    desk, wanted = Desk(scene=scene), {"reason": "X"} if act is Act.GIVE_BACK else {}
    async with listening(scene) as ear:
        await ended(scene)
        await alarming(ear, of_the_file)
        await scene.tamper("UPDATE payment_order SET state = 'held', reason = 'x' WHERE order_no = 1")
        with pytest.raises(Conflict) as error:
            await desk.act("officer", act, **wanted)
        assert error.value.violations[0].rule == "order.alarm"
        assert await scene.value("SELECT state FROM payment_order WHERE order_no = 1") == "held"
        await looked(scene)
        await desk.act("officer", act, **wanted)
        assert await scene.value("SELECT state FROM payment_order WHERE order_no = 1") == state


async def test_what_two_people_were_asked_lapses_when_the_bank_names_it_meanwhile(scene: Scene) -> None:
    desk = Desk(scene=scene)
    async with listening(scene) as ear:
        await loose(scene)
        await scene.tamper("UPDATE payment_order SET state = 'held', reason = 'conflict' WHERE order_no = 1")
        view = await desk.act("officer", Act.RELEASE)
        await alarming(ear, of_the_file)
        with pytest.raises(Conflict) as error:
            await desk.confirm(view)
        assert error.value.violations[0].rule == "order.alarm"
