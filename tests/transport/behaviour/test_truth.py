"""Every answer of every transport is true: what it says is compared with what the bank really holds.

SENT: the bank has exactly our bytes, once. NOT SENT and CANNOT ARRIVE: it has nothing, and gets nothing later, whatever
was still under way. UNKNOWN: only from the point of no return on, and only until somebody asks.
"""

import asyncio

import pytest

from gateway.domain.errors import BankUnreachable
from gateway.ports.transport import Answer, Arrival, Finding, Sent
from tests.transport.behaviour.harness import Bank, Fault, Kind
from tests.transport.behaviour.worker import LATER, sleeping, tried, working
from tests.transport.clocks import StillClock

SETTLE_SECONDS = 0.05
"""For what was held back to reach the bank, and be done there."""


async def settled(bank: Bank) -> None:
    bank.heal()
    await asyncio.sleep(SETTLE_SECONDS)


async def asked(bank: Bank, *intents: int) -> Finding:
    """Inquire as another worker."""
    async with working(bank) as other:
        return await other.inquire(bank.wire(max(intents)), intents)


async def true_to_the_end(kind: Kind, bank: Bank, answer: Answer, *, certain: bool) -> None:
    """Judge an answer, what an inquiry then says, and that the payment arrives once in the end."""
    if answer.sent is Sent.SENT:
        assert bank.held() == [bank.content]
    elif answer.sent is Sent.NOT_SENT:
        assert bank.held() == []
        await arrives_once(bank)
    else:
        assert not certain, answer
        await finding_is_true(kind, bank, await asked(bank, 1))


async def finding_is_true(kind: Kind, bank: Bank, finding: Finding) -> None:
    if finding.arrival is Arrival.ARRIVED:
        assert bank.held() == [bank.content]
    elif finding.arrival is Arrival.CANNOT_ARRIVE:
        assert bank.held() == []
        await arrives_once(bank)
    else:
        assert finding.arrival is Arrival.SAYS_UNKNOWN, finding
        assert not kind.proves
    await settled(bank)
    assert len(bank.held()) <= 1


async def arrives_once(bank: Bank) -> None:
    """The next try brings it there, and nothing of the first one comes after it."""
    async with working(bank) as other:
        assert (await tried(bank, other, intent=2)).sent is Sent.SENT
    await settled(bank)
    assert bank.held() == [bank.content]


async def test_what_goes_well_arrives_once(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        await worker.probe()
        assert (await tried(bank, worker)).sent is Sent.SENT
        assert bank.held() == [bank.content]
        assert (await worker.inquire(bank.wire(), [1])).arrival is Arrival.ARRIVED


async def test_every_fault_at_every_stage(kind: Kind, bank: Bank, stage: str, fault: Fault) -> None:
    async with working(bank) as worker:
        bank.go_wrong(stage, fault)
        answer = await tried(bank, worker)
        await asyncio.to_thread(bank.struck)
        await true_to_the_end(kind, bank, answer, certain=stage in kind.certain)


@pytest.mark.doubtful
async def test_what_was_under_way_comes_late(kind: Kind, bank: Bank, stage: str, fault: Fault) -> None:
    """The bank collects at once, and what is held back reaches it before anybody asks."""
    async with working(bank) as worker:
        bank.go_wrong(stage, fault)
        answer = await tried(bank, worker)
        await asyncio.to_thread(bank.struck)
        await settled(bank)
        bank.collect()
        held = bank.held()
        assert held == [bank.content] if answer.sent is Sent.SENT else len(held) <= 1
        assert held == [] or answer.sent is not Sent.NOT_SENT
        if answer.sent is Sent.UNKNOWN:
            finding = await asked(bank, 1)
            assert finding.arrival is not (Arrival.CANNOT_ARRIVE if held else Arrival.ARRIVED)


@pytest.mark.inquiry
@pytest.mark.parametrize("arrived", [True, False])
async def test_an_inquiry_that_goes_wrong_says_nothing_false(
    kind: Kind, bank: Bank, stage: str, fault: Fault, *, arrived: bool
) -> None:
    async with working(bank) as worker:
        await worker.prepare(bank.wire())
        if arrived:
            assert (await worker.send(bank.wire(), [bank.content], LATER)).sent is Sent.SENT
        bank.go_wrong(stage, fault)
        finding = await worker.inquire(bank.wire(), [1])
        if not arrived:  # else there may be nothing to withdraw
            await asyncio.to_thread(bank.struck)
    assert finding.arrival is not (Arrival.CANNOT_ARRIVE if arrived else Arrival.ARRIVED)
    await settled(bank)
    again = await asked(bank, 1)
    assert again.arrival is (Arrival.ARRIVED if arrived else Arrival.CANNOT_ARRIVE)
    assert bank.held() == ([bank.content] if arrived else [])


async def test_a_bank_that_is_down_has_been_sent_nothing(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        await worker.prepare(bank.wire())
        bank.down()
        with pytest.raises(BankUnreachable):
            await worker.probe()
        answer = await worker.send(bank.wire(), [bank.content], LATER)
        assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, kind.network)
        assert (await worker.inquire(bank.wire(), [1])).arrival is Arrival.CANNOT_TELL
        assert bank.held() == []
        await settled(bank)
        await worker.probe()
        await arrives_once(bank)


@pytest.mark.kinds("identity")
async def test_somebody_else_is_told_nothing(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        await worker.prepare(bank.wire())
        bank.other_identity()
        answer = await worker.send(bank.wire(), [bank.content], LATER)
        assert (answer.sent, answer.unreachable, bank.held()) == (Sent.NOT_SENT, True, [])
        with pytest.raises(BankUnreachable):
            await worker.probe()
        assert (await worker.inquire(bank.wire(), [1])).arrival is Arrival.CANNOT_TELL
        bank.heal()
        await worker.probe()


async def test_past_the_deadline_nothing_is_sent(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        answer = await tried(bank, worker, deadline=StillClock().moment)
        assert (answer.sent, answer.unreachable, bank.held()) == (Sent.NOT_SENT, False, [])


async def test_other_bytes_than_those_sealed_are_never_sent(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        await worker.prepare(bank.wire())
        answer = await worker.send(bank.wire(), [bank.content[:-1], b"?"], LATER)
        assert (answer.sent, bank.held()) == (Sent.NOT_SENT, [])


async def test_the_same_bytes_under_the_name_are_there_once(kind: Kind, bank: Bank) -> None:
    bank.put(bank.content)
    async with working(bank) as worker:
        assert (await tried(bank, worker)).sent is Sent.SENT
        assert bank.held() == [bank.content]


async def test_other_bytes_under_the_name_stay_what_they_are(kind: Kind, bank: Bank) -> None:
    bank.put(b"another")
    async with working(bank) as worker:
        assert (await tried(bank, worker)).sent is Sent.UNKNOWN
        assert bank.held() == [b"another"]


@pytest.mark.kinds("proves")
async def test_what_the_bank_has_collected_nobody_can_tell(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        assert (await tried(bank, worker)).sent is Sent.SENT
        bank.collect()
        assert (await worker.inquire(bank.wire(), [1])).arrival is Arrival.CANNOT_TELL


@pytest.mark.kinds("proves")
async def test_a_withdrawn_intent_stays_withdrawn(kind: Kind, bank: Bank) -> None:
    """Asked again (the first asker died), or tried after all: it never arrives."""
    async with working(bank) as worker:
        await worker.prepare(bank.wire())
        for _ in range(2):
            assert (await asked(bank, 1)).arrival is Arrival.CANNOT_ARRIVE
        answer = await worker.send(bank.wire(), [bank.content], LATER)
        assert (answer.sent, bank.held()) == (Sent.NOT_SENT, [])


@pytest.mark.kinds("proves")
async def test_every_intent_must_be_proved(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        await worker.prepare(bank.wire(2))
        assert (await worker.inquire(bank.wire(2), [1, 2])).arrival is Arrival.CANNOT_TELL
        assert (await worker.inquire(bank.wire(2), [])).arrival is Arrival.CANNOT_TELL


async def test_a_discarded_intent_leaves_nothing(kind: Kind, bank: Bank) -> None:
    async with working(bank) as worker:
        await worker.prepare(bank.wire())
        for _ in range(2):
            await worker.discard(bank.wire())
        assert (await tried(bank, worker, intent=2)).sent is Sent.SENT
        assert bank.held() == [bank.content]


async def test_frozen_and_thawed_in_time_it_arrives(kind: Kind, bank: Bank, number: int) -> None:
    with sleeping(bank, number) as first:
        await first.frozen()
        assert (await first.thawed(late=False)).sent is Sent.SENT
    assert bank.held() == [bank.content]


async def test_frozen_past_its_deadline_it_gives_up_by_itself(kind: Kind, bank: Bank, number: int) -> None:
    with sleeping(bank, number) as first:
        await first.frozen()
        assert (await first.thawed(late=True)).sent is Sent.NOT_SENT
    assert bank.held() == []


@pytest.mark.kinds("proves")
@pytest.mark.parametrize("late", [True, False])
async def test_frozen_and_asked_about_it_never_arrives(kind: Kind, bank: Bank, number: int, *, late: bool) -> None:
    with sleeping(bank, number) as first:
        await first.frozen()
        assert (await asked(bank, 1)).arrival is Arrival.CANNOT_ARRIVE
        assert (await first.thawed(late=late)).sent is Sent.NOT_SENT
    assert bank.held() == []
    assert (await asked(bank, 1)).arrival is Arrival.CANNOT_ARRIVE


@pytest.mark.kinds("proves")
@pytest.mark.parametrize("late", [True, False])
async def test_frozen_and_overtaken_it_arrives_once(kind: Kind, bank: Bank, number: int, *, late: bool) -> None:
    """Another worker proves that it cannot arrive, sends, and the bank collects; then the first one thaws."""
    with sleeping(bank, number) as first:
        await first.frozen()
        assert (await asked(bank, 1)).arrival is Arrival.CANNOT_ARRIVE
        async with working(bank) as other:
            assert (await tried(bank, other, intent=2)).sent is Sent.SENT
        bank.collect()
        assert (await first.thawed(late=late)).sent is not Sent.SENT
    assert bank.held() == [bank.content]


async def test_frozen_after_it_arrived(kind: Kind, bank: Bank) -> None:
    with sleeping(bank, kind.boundaries) as first:
        await first.frozen()
        assert (await asked(bank, 1)).arrival is Arrival.ARRIVED
        assert (await first.thawed(late=True)).sent is Sent.SENT
    assert bank.held() == [bank.content]


@pytest.mark.only(Fault.STALLED)
async def test_cancelled_at_every_stage_it_can_be_asked_about(kind: Kind, bank: Bank, stage: str, fault: Fault) -> None:
    """A process that is told to stop while the bank is silent: the intent is left, and an inquiry tells."""
    async with working(bank) as worker:
        bank.go_wrong(stage, fault)
        trying = asyncio.create_task(tried(bank, worker))
        await asyncio.to_thread(bank.struck)
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
        if stage == "mark":  # the intent was never committed
            await arrives_once(bank)
        else:
            await finding_is_true(kind, bank, await asked(bank, 1))
