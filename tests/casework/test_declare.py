"""Two people end a doubt, and only a doubt that nothing else can end."""

import pytest

from gateway.domain.errors import Conflict, Refused
from gateway.domain.exceptions import Act
from gateway.ports.transport import Arrival, Sent
from tests.casework.desk import ANNA, BERTA, CLARA, Desk
from tests.hearing.ear import Ear
from tests.scenario import payments
from tests.sending.transport import Scripted

LEASE = 61
UNTIL_SENT_AGAIN = 61


@pytest.fixture
async def doubt(ear: Ear) -> Scripted:
    """One submission to bank alfa in doubt; no lease is live."""
    transport = Scripted(answers=[Sent.UNKNOWN, Sent.SENT], findings=[Arrival.CANNOT_TELL])
    ear.scene.use_transport("alfa", transport)
    await ear.scene.sealed(payments([1]))
    await ear.scene.run("send", "alfa")
    ear.scene.clock.advance(LEASE)
    return transport


def _rule(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.violations[0].rule


async def test_one_person_alone_changes_nothing(desk: Desk, doubt: Scripted) -> None:
    view = await desk.act("unknown", Act.DECLARE, declared="arrived")
    assert view.case.state == "waiting for a second person"
    assert await desk.scene.states() == ["unknown"]
    with pytest.raises(Conflict) as error:
        await desk.confirm(view, ANNA)
    assert _rule(error) == "decision.two-people"
    assert await desk.scene.states() == ["unknown"]


async def test_two_people_declare_that_it_arrived(desk: Desk, doubt: Scripted) -> None:
    view = await desk.both("unknown", Act.DECLARE, declared="arrived")
    assert (view.case.state, view.case.closed_by, view.case.closed_how) == ("closed", "berta", "declare")
    assert await desk.scene.states() == ["delivered"]
    assert await desk.scene.value("SELECT bool_and(proved) FROM intent")
    moved = await desk.scene.rows(
        "SELECT from_state, to_state, why, actor, evidence FROM submission_event ORDER BY event_no DESC LIMIT 1"
    )
    number = str(desk.asked(view).decision_no)
    assert moved == [("unknown", "delivered", "two people: arrived", "berta", {"decision": number})]
    assert [(e.act, e.by) for e in view.history] == [("ask", "anna"), ("declare", "berta")]


async def test_declared_not_arrived_it_is_sent_again_with_the_same_bytes(desk: Desk, doubt: Scripted) -> None:
    await desk.both("unknown", Act.DECLARE, declared="not arrived")
    assert await desk.scene.states() == ["not sent"]
    desk.scene.clock.advance(UNTIL_SENT_AGAIN)
    await desk.scene.run("send", "alfa")
    assert await desk.scene.states() == ["delivered"]
    assert doubt.sent[0] == doubt.sent[1]


async def test_while_a_lease_lives_nobody_declares(desk: Desk, doubt: Scripted) -> None:
    desk.scene.clock.advance(-LEASE)
    with pytest.raises(Conflict) as error:
        await desk.act("unknown", Act.DECLARE, declared="not arrived")
    assert _rule(error) == "declare.lease"


async def test_what_a_late_worker_proved_is_not_declared_away(desk: Desk, doubt: Scripted) -> None:
    await desk.scene.tamper("""UPDATE intent SET late_evidence = '{"saw": "sent"}'""")
    with pytest.raises(Conflict) as error:
        await desk.act("unknown", Act.DECLARE, declared="not arrived")
    assert _rule(error) == "declare.proved"
    await desk.both("unknown", Act.DECLARE, declared="arrived")
    assert await desk.scene.states() == ["delivered"]


async def test_something_else_is_not_declared(desk: Desk, doubt: Scripted) -> None:
    with pytest.raises(Refused) as error:
        await desk.act("unknown", Act.DECLARE, declared="perhaps")
    assert _rule(error) == "declare.what"


async def test_evidence_that_comes_between_wins(desk: Desk, doubt: Scripted) -> None:
    view = await desk.act("unknown", Act.DECLARE, declared="not arrived")
    doubt.findings = [Arrival.ARRIVED]
    await desk.scene.run("inquire", "alfa")
    assert await desk.scene.states() == ["delivered"]
    with pytest.raises(Conflict) as error:
        await desk.confirm(view)
    assert _rule(error) == "decision.lapsed"
    assert "evidence" in str(error.value)
    now = await desk.look(view)
    assert (now.case.state, now.case.closed_by, desk.asked(now).state) == ("closed", "machine", "lapsed")
    assert await desk.scene.states() == ["delivered"]


async def test_a_further_try_between_makes_it_another_question(desk: Desk, doubt: Scripted) -> None:
    view = await desk.act("unknown", Act.DECLARE, declared="not arrived")
    await desk.scene.tamper("UPDATE submission SET tries = tries + 1")
    with pytest.raises(Conflict) as error:
        await desk.confirm(view)
    assert _rule(error) == "decision.moved-on"
    now = await desk.look(view)
    assert (now.case.state, desk.asked(now).state) == ("open", "lapsed")
    assert [e.act for e in now.history] == ["ask", "lapse"]
    assert await desk.scene.states() == ["unknown"]
    await desk.both("unknown", Act.DECLARE, declared="not arrived")
    assert await desk.scene.states() == ["not sent"]


async def test_settled_by_hand_elsewhere_the_confirmation_says_what_happened(desk: Desk, doubt: Scripted) -> None:
    view = await desk.act("unknown", Act.DECLARE, declared="not arrived")
    await desk.scene.tamper("UPDATE submission SET state = 'delivered'")
    with pytest.raises(Conflict) as error:
        await desk.confirm(view, CLARA)
    assert (_rule(error), str(error.value).partition(":")[0]) == ("declare.settled", "the submission is delivered")
    assert desk.asked(await desk.look(view)).lapsed_why == "declare.settled"


async def test_an_unknown_is_not_closed_with_a_comment(desk: Desk, doubt: Scripted) -> None:
    with pytest.raises(Conflict) as error:
        await desk.act("unknown", Act.CLOSE)
    assert _rule(error) == "close.unknown"


async def test_only_one_question_at_a_time(desk: Desk, doubt: Scripted) -> None:
    await desk.act("unknown", Act.DECLARE, declared="arrived")
    with pytest.raises(Conflict) as error:
        await desk.act("unknown", Act.DECLARE, BERTA, declared="not arrived")
    assert _rule(error) == "exception.waiting"
