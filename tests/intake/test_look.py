import asyncio

import pytest

from gateway.domain.errors import NotFound, Refused
from gateway.domain.facts import Fact, Position
from gateway.service.look import Look
from gateway.service.outcomes import News, tell
from tests.intake.conftest import Door
from tests.orders import SOURCE, lines

pytestmark = pytest.mark.usefixtures("still")

OURS = frozenset({SOURCE})


@pytest.fixture
def look(door: Door) -> Look:
    return Look(store=door.store)


async def _sent(door: Door, facts: Fact = Fact.NONE, state: str = "delivered") -> None:
    """Put the first order into a submission of bank alfa."""
    await door.push(lines([1]))
    await door.rows("INSERT INTO lane (bank) VALUES ('alfa')")
    await door.rows(
        "INSERT INTO submission (bank, batch_no, product, pay_date, debtor_account, currency, sequence, state,"
        " sum_booked, msg_id, name, payment_count, sum_minor, sealed_at, sha256, payments_digest, size)"
        " SELECT 'alfa', batch_no, 'SCT', pay_date, 'DEBTOR', 'EUR', 1, $1, false, 'G1ALFA260921S00001', 'file', 1,"
        " 51240, opened_at, sha256('x'), sha256('y'), 3 FROM batch",
        state,
    )
    await door.rows("INSERT INTO submission_bytes SELECT submission_no, 1, 'abc' FROM submission")
    await door.rows("INSERT INTO submission_bytes SELECT submission_no, 2, 'def' FROM submission")
    await door.rows(
        "INSERT INTO attempt (order_no, generation, bank, route_reason, submission_no, end_to_end_id, uetr,"
        " amount_minor, currency, facts) SELECT order_no, 1, 'alfa', 'bank code', submission_no, 'EXG1',"
        " '00000000-0000-4000-8000-000000000001', amount_minor, o.currency, $1 FROM payment_order o, submission",
        int(facts),
    )


async def test_an_order_with_its_attempts(opened: Door, look: Look) -> None:
    await _sent(opened, Fact.ACCEPTED | Fact.BOOKED)
    view = await look.order("SICK-000001", sources=OURS)
    [attempt] = view.attempts
    assert (view.order.state, attempt.position, attempt.msg_id) == ("payable", Position.PAID, "G1ALFA260921S00001")


async def test_an_attempt_without_facts_stands_where_its_submission_stands(opened: Door, look: Look) -> None:
    await _sent(opened, state="unknown")
    [attempt] = (await look.order("SICK-000001", sources=OURS)).attempts
    assert attempt.position is Position.UNKNOWN


async def test_a_submission_shows_its_seals_and_never_its_payees(opened: Door, look: Look) -> None:
    await _sent(opened)
    view = await look.submission("G1ALFA260921S00001", sources=OURS)
    assert (view.submission.source, view.submission.sum_minor, view.submission.size) == (SOURCE, 51240, 3)
    assert "DE89370400440532013000" not in repr(view)
    assert "Muster" not in repr(view)


async def test_the_bytes_come_piece_by_piece_wherever_counting_starts(opened: Door, look: Look) -> None:
    await _sent(opened)
    view = await look.submission("G1ALFA260921S00001", sources=OURS)
    assert [piece async for piece in look.content(view.submission.submission_no)] == [b"abc", b"def"]


async def test_what_one_may_not_see_does_not_exist(opened: Door, look: Look) -> None:
    await _sent(opened)
    others = frozenset({"benefits-south"})
    for read in (
        look.batch("B-1", sources=others),
        look.order("SICK-000001", sources=others),
        look.submission("G1ALFA260921S00001", sources=others),
    ):
        with pytest.raises(NotFound):
            await read


async def test_an_id_that_means_two_things_needs_the_source(opened: Door, look: Look) -> None:
    await opened.open("B-1", source="benefits-south")
    everything = frozenset({"*"})
    with pytest.raises(Refused) as refused:
        await look.batch("B-1", sources=everything)
    assert [v.rule for v in refused.value.violations] == ["source.ambiguous"]
    assert (await look.batch("B-1", sources=OURS)).batch.source == SOURCE


async def test_the_feed_goes_on_where_it_stopped(opened: Door, look: Look) -> None:
    await opened.push(lines(range(5), amount="0.00"))
    await opened.close_and_release()
    first = await look.feed(after=(0, 0), limit=3, sources=OURS)
    rest = await look.feed(after=(first[-1].xid, first[-1].event_no), limit=3, sources=OURS)
    assert (len(first), len(rest)) == (3, 2)
    assert len({row.document for row in first + rest}) == 5
    assert await look.feed(after=(0, 0), limit=3, sources=frozenset({"benefits-south"})) == []


async def test_the_feed_misses_nothing_of_a_transaction_that_commits_late(opened: Door, look: Look) -> None:
    """An earlier event number that commits after a later one: neither is passed over."""
    await opened.push(lines([1, 2]))
    numbers = [int(str(row[0])) for row in await opened.rows("SELECT order_no FROM payment_order ORDER BY order_no")]
    told, may_commit = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with opened.store.transaction() as session:
            await tell(session, opened.clock.now(), [News(order_no=numbers[0], outcome="paid")])
            told.set()
            await may_commit.wait()

    late = asyncio.create_task(slow())
    await told.wait()
    async with opened.store.transaction() as session:
        await tell(session, opened.clock.now(), [News(order_no=numbers[1], outcome="paid")])
    assert await look.feed(after=(0, 0), limit=10, sources=OURS) == []
    may_commit.set()
    await late
    assert len(await look.feed(after=(0, 0), limit=10, sources=OURS)) == 2
