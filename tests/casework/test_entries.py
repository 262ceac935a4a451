"""Entries that found no payment: matched by hand, written off, or closed when their trouble is over."""

import asyncio

import pytest

from gateway.domain.errors import Conflict, Refused
from gateway.domain.exceptions import Act
from gateway.domain.facts import Position
from gateway.ports.transport import Arrival, Sent
from tests.casework.desk import ANNA, BERTA, CLARA, Desk
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, camt054, pain002
from tests.scenario import payments
from tests.sending.transport import Scripted

PAID, FLYING = Position.PAID, Position.IN_FLIGHT


def _rule(error: pytest.ExceptionInfo[Refused]) -> str:
    return error.value.violations[0].rule


async def _homeless(ear: Ear, amount: str = FULL, ref: str = "REF1") -> str:
    """An entry on the account that paid, which names nothing; return the kind of its exception."""
    await ear.hear(camt054(await ear.account(), Entry(amount=amount, ref=ref)))
    kind: str = await ear.scene.value("SELECT kind FROM exception ORDER BY exception_no DESC LIMIT 1")
    assert kind in {"orphan", "ambiguous"}
    return kind


async def test_an_orphan_matched_by_hand_is_a_booking_like_any_other(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent)
    first, *_ = await sent.ids()
    view = await desk.act(kind, Act.MATCH, endToEndId=first)
    assert (view.case.state, view.case.closed_by, view.case.closed_how) == ("closed", "anna", "match")
    assert await sent.positions() == [PAID, FLYING, FLYING]
    assert (await sent.outcomes())[0][-1][1] == "paid"
    matched = await sent.scene.rows(
        "SELECT verdict, rule, attempt_no IS NOT NULL, submission_no IS NOT NULL FROM observation"
    )
    assert matched == [("matched", "by hand", True, True)]
    assert view.history[-1].detail == {"endToEndId": first, "how": f"matched to {first} by hand"}


async def test_matched_by_hand_it_is_known_when_it_is_told_again(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent, ref="R-7")
    first, *_ = await sent.ids()
    await desk.act(kind, Act.MATCH, endToEndId=first)
    again = Entry(amount=FULL, end_to_end_id=first, ref="R-7")
    await sent.hear(camt054(await sent.account(), again, number=2))
    assert (await sent.positions())[0] is PAID
    second = Entry(amount=FULL, end_to_end_id=first, ref="R-8")
    await sent.hear(camt054(await sent.account(), second, number=3))
    assert (await sent.positions())[0] is Position.CONFLICT


async def test_a_second_booking_by_hand_is_a_second_booking(desk: Desk, sent: Ear) -> None:
    first, *_ = await sent.ids()
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL, end_to_end_id=first, ref="R-1")))
    kind = await _homeless(sent, ref="R-2")
    await desk.act(kind, Act.MATCH, endToEndId=first)
    assert (await sent.positions())[0] is Position.CONFLICT


async def test_a_match_with_another_amount_needs_two_people(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent, "500.00")
    first, *_ = await sent.ids()
    view = await desk.act(kind, Act.MATCH, endToEndId=first)
    assert view.case.state == "waiting for a second person"
    assert await sent.positions() == [FLYING] * 3
    asked = desk.asked(view).subject
    assert (asked["seen"]["entry"]["amountMinor"], asked["seen"]["amountMinor"]) == (50_000, 51_240)
    await desk.confirm(view)
    assert await sent.positions() == [PAID, FLYING, FLYING]


async def test_a_short_return_that_is_told_twice_and_matched_twice_came_back_once(desk: Desk, sent: Ear) -> None:
    first, *_ = await sent.ids()
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL, end_to_end_id=first, ref="R-1")))
    short = Entry(amount="500.00", end_to_end_id=first, sign="CRDT", ref="R-2", reason="AC04")
    for number in (2, 3):
        await sent.hear(camt054(await sent.account(), short, number=number))
        await desk.both("amount differs", Act.MATCH, endToEndId=first)
    told = await sent.scene.rows("SELECT verdict, repeats FROM observation WHERE credit ORDER BY message_no")
    assert told == [("matched", False), ("matched", True)]
    assert (await sent.positions())[0] is Position.RETURNED


async def test_no_more_comes_back_by_hand_than_was_paid(desk: Desk, sent: Ear) -> None:
    first, *_ = await sent.ids()
    account = await sent.account()
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=first, ref="R-1")))
    short = Entry(amount="500.00", end_to_end_id=first, sign="CRDT", ref="R-2", reason="AC04")
    await sent.hear(camt054(account, short, number=2))
    await desk.both("amount differs", Act.MATCH, endToEndId=first)
    await sent.hear(camt054(account, Entry(amount="12.41", sign="CRDT", ref="R-3"), number=3))
    with pytest.raises(Conflict) as error:
        await desk.act("lump return", Act.MATCH, endToEndId=first)
    assert _rule(error) == "match.more-than-paid"


async def test_an_entry_is_never_matched_to_another_banks_payment(desk: Desk, ear: Ear) -> None:
    await ear.send([*payments([1]), *payments([2], "charlie")])
    kind = await _homeless(ear)
    mine, other = await ear.ids()
    unknown = "E" + "A" * 26 + "G1"
    for named in (other, unknown):
        with pytest.raises(Conflict) as error:
            await desk.act(kind, Act.MATCH, endToEndId=named)
        assert _rule(error) == "match.bank"
    assert set(await ear.positions()) == {FLYING}
    await desk.act(kind, Act.MATCH, endToEndId=mine)


async def test_another_account_never_matches(desk: Desk, sent: Ear) -> None:
    await sent.hear(camt054("DE02120300000000202051", Entry(amount=FULL)))
    assert await sent.scene.exceptions() == ["orphan"]
    first, *_ = await sent.ids()
    with pytest.raises(Conflict) as error:
        await desk.act("orphan", Act.MATCH, endToEndId=first)
    assert _rule(error) == "match.account"


async def test_what_was_never_sent_is_not_matched(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent)
    await sent.scene.sealed(payments([9]), "B-2")
    late = await sent.scene.value("SELECT end_to_end_id FROM attempt ORDER BY attempt_no DESC LIMIT 1")
    with pytest.raises(Conflict) as error:
        await desk.act(kind, Act.MATCH, endToEndId=late)
    assert _rule(error) == "match.not-sent"


async def test_a_match_proves_that_an_unknown_submission_arrived(desk: Desk, ear: Ear) -> None:
    ear.scene.use_transport("alfa", Scripted(answers=[Sent.UNKNOWN], findings=[Arrival.CANNOT_TELL]))
    await ear.scene.sealed(payments([1]))
    await ear.scene.run("send", "alfa")
    kind = await _homeless(ear)
    [first] = await ear.ids()
    await desk.act(kind, Act.MATCH, endToEndId=first)
    assert await ear.scene.states() == ["delivered"]
    assert await ear.scene.column("SELECT kind FROM exception WHERE state <> 'closed'") == []


async def test_of_two_people_who_match_at_once_one_does(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent)
    first, second, _ = await sent.ids()
    done = await asyncio.gather(
        desk.act(kind, Act.MATCH, ANNA, endToEndId=first),
        desk.act(kind, Act.MATCH, BERTA, endToEndId=second),
        return_exceptions=True,
    )
    assert sorted(isinstance(d, Conflict) for d in done) == [False, True]
    assert sorted(await sent.positions()) == sorted([PAID, FLYING, FLYING])


async def test_a_status_is_no_booking(desk: Desk, sent: Ear) -> None:
    await sent.hear(pain002("UNHEARD", group="RJCT"))
    with pytest.raises(Conflict) as error:
        await desk.act("orphan", Act.MATCH, endToEndId=(await sent.ids())[0])
    assert _rule(error) == "match.no-booking"
    assert (await desk.act("orphan", Act.CLOSE)).case.state == "closed"


async def test_a_booked_orphan_is_not_closed_with_a_comment(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent)
    with pytest.raises(Conflict) as error:
        await desk.act(kind, Act.CLOSE)
    assert _rule(error) == "close.unmatched"


async def test_two_people_write_an_entry_off(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent)
    view = await desk.act(kind, Act.WRITE_OFF)
    assert (view.case.state, await sent.verdicts()) == ("waiting for a second person", [kind])
    done = await desk.confirm(view)
    assert (done.case.state, await sent.verdicts()) == ("closed", ["written off"])
    assert done.history[-1].detail["how"] == "the entry stays in suspense"
    assert await sent.positions() == [FLYING] * 3


async def test_found_meanwhile_it_is_not_written_off(desk: Desk, sent: Ear) -> None:
    """As when a learnt reference matches it between the question and the answer."""
    kind = await _homeless(sent)
    view = await desk.act(kind, Act.WRITE_OFF)
    await sent.scene.tamper("UPDATE observation SET verdict = 'matched'")
    with pytest.raises(Conflict) as error:
        await desk.confirm(view)
    assert _rule(error) == "match.matched"
    assert (await desk.look(view)).case.state == "open"
    assert (await desk.act(kind, Act.CLOSE)).case.state == "closed"


async def test_confirmed_by_two_at_once_it_happens_once(desk: Desk, sent: Ear) -> None:
    kind = await _homeless(sent, "500.00")
    first, *_ = await sent.ids()
    view = await desk.act(kind, Act.MATCH, endToEndId=first)
    done = await asyncio.gather(desk.confirm(view, BERTA), desk.confirm(view, CLARA), return_exceptions=True)
    assert sorted(isinstance(d, Conflict) for d in done) == [False, True]
    assert (await sent.outcomes())[0] == [(1, "paid")]


async def test_what_is_closed_meanwhile_is_not_confirmed(desk: Desk, sent: Ear) -> None:
    """Whoever closed it: the question was about something that is over."""
    kind = await _homeless(sent)
    view = await desk.act(kind, Act.WRITE_OFF)
    await sent.scene.tamper(
        "UPDATE exception SET state = 'closed', closed_at = opened_at, closed_by = 'machine', closed_how = 'evidence'"
    )
    with pytest.raises(Conflict) as error:
        await desk.confirm(view)
    assert _rule(error) == "exception.closed"
    assert desk.asked(await desk.look(view)).state == "lapsed"
    assert await sent.verdicts() == [kind]
