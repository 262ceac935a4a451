"""A bank that waits for a control file: between the two renames nothing is lost, nothing is doubled.

`held` is the content only where the bank has the file and, once, its control file.
"""

import pytest

from gateway.ports.transport import Arrival, Sent
from tests.transport.behaviour.harness import ControlledBank, Kind
from tests.transport.behaviour.test_truth import asked, settled
from tests.transport.behaviour.worker import sleeping, tried, working
from tests.transport.conftest import CONTROL

pytestmark = pytest.mark.kinds("controlled")
BETWEEN = (6, 7)
"""Boundaries at which the file is there and its control file is not."""
ALONE = b" with 0 control files"
OTHER = b"not ours"


@pytest.mark.parametrize("moment", BETWEEN)
@pytest.mark.parametrize("late", [True, False])
async def test_an_inquiry_puts_what_a_frozen_worker_did_not(
    kind: Kind, bank: ControlledBank, moment: int, *, late: bool
) -> None:
    with sleeping(bank, moment) as first:
        await first.frozen()
        assert bank.held() == [bank.content + ALONE]
        for _ in range(2):  # the first asker may die before it tells
            assert (await asked(bank, 1)).arrival is Arrival.ARRIVED
            assert bank.held() == [bank.content]
        assert (await first.thawed(late=late)).sent is Sent.SENT
    assert bank.held() == [bank.content]


@pytest.mark.parametrize("moment", BETWEEN)
@pytest.mark.parametrize("late", [True, False])
async def test_what_the_bank_has_collected_meanwhile_is_not_put_again(
    kind: Kind, bank: ControlledBank, moment: int, *, late: bool
) -> None:
    with sleeping(bank, moment) as first:
        await first.frozen()
        assert (await asked(bank, 1)).arrival is Arrival.ARRIVED
        bank.collect()
        assert (await first.thawed(late=late)).sent is Sent.UNKNOWN
        assert (await asked(bank, 1)).arrival is Arrival.CANNOT_TELL
    assert bank.held() == [bank.content]


@pytest.mark.parametrize("moment", BETWEEN)
async def test_thawed_in_time_it_puts_the_control_file_itself(kind: Kind, bank: ControlledBank, moment: int) -> None:
    with sleeping(bank, moment) as first:
        await first.frozen()
        assert (await first.thawed(late=False)).sent is Sent.SENT
    assert bank.held() == [bank.content]


@pytest.mark.parametrize("moment", BETWEEN)
async def test_past_its_deadline_it_leaves_the_control_file_to_an_inquiry(
    kind: Kind, bank: ControlledBank, moment: int
) -> None:
    """The bank may have refused the file for want of it, and its payments may have gone out in another."""
    with sleeping(bank, moment) as first:
        await first.frozen()
        assert (await first.thawed(late=True)).sent is Sent.UNKNOWN
    assert bank.held() == [bank.content + ALONE]
    assert (await asked(bank, 1)).arrival is Arrival.ARRIVED
    assert bank.held() == [bank.content]


async def test_a_file_that_the_bank_took_alone_gets_its_control_file(kind: Kind, bank: ControlledBank) -> None:
    with sleeping(bank, BETWEEN[0]) as first:
        await first.frozen()
        bank.collect()
        assert (await asked(bank, 1)).arrival is Arrival.CANNOT_TELL
        assert bank.held() == [bank.content]
        assert (await first.thawed(late=False)).sent is Sent.SENT
    assert bank.held() == [bank.content]


async def test_beside_another_file_there_is_none(kind: Kind, bank: ControlledBank) -> None:
    """It would say that what somebody else put there is whole."""
    with sleeping(bank, BETWEEN[0]) as first:
        await first.frozen()
        bank.put(b"another")
        assert (await asked(bank, 1)).arrival is Arrival.CANNOT_TELL
        assert (bank.held(), bank.hidden()) == ([b"another"], [f".{CONTROL.name}.1.tmp"])


async def test_where_another_control_file_stands_nothing_goes_out(kind: Kind, bank: ControlledBank) -> None:
    bank.put_control(OTHER)
    async with working(bank) as worker:
        answer = await tried(bank, worker)
        assert (answer.sent, answer.alarm) == (Sent.NOT_SENT, True)
        finding = await worker.inquire(bank.wire(), [1])
        assert (finding.arrival, finding.alarm) == (Arrival.CANNOT_ARRIVE, False)
    assert bank.held() == [b"nothing with 1 control files"]


@pytest.mark.parametrize("late", [True, False])
async def test_another_control_file_that_comes_between_stays_and_is_an_alarm(
    kind: Kind, bank: ControlledBank, *, late: bool
) -> None:
    with sleeping(bank, BETWEEN[0]) as first:
        await first.frozen()
        bank.put_control(OTHER)
        finding = await asked(bank, 1)
        assert (finding.arrival, finding.alarm) == (Arrival.CANNOT_TELL, True)
        answer = await first.thawed(late=late)
        assert (answer.sent, answer.alarm) == (Sent.UNKNOWN, True)
    assert bank.held() == [bank.content + b" with 1 control files"]


async def test_the_same_control_file_is_there_once(kind: Kind, bank: ControlledBank) -> None:
    bank.put_control(CONTROL.content)
    async with working(bank) as worker:
        assert (await tried(bank, worker)).sent is Sent.SENT
    assert bank.held() == [bank.content]


async def test_one_that_is_nowhere_is_not_said_to_have_arrived(kind: Kind, bank: ControlledBank) -> None:
    """The bank took it, or removed the hidden name: both look alike."""
    async with working(bank) as worker:
        assert (await tried(bank, worker)).sent is Sent.SENT
        bank.collect()
        bank.put(bank.content)
        assert (await worker.inquire(bank.wire(), [1])).arrival is Arrival.CANNOT_TELL


async def test_a_control_file_of_other_bytes_than_those_sealed_is_never_put(kind: Kind, bank: ControlledBank) -> None:
    """What a hidden name holds is looked at before it is renamed."""
    with sleeping(bank, BETWEEN[0]) as first:
        await first.frozen()
        bank.scribble(OTHER)
        assert (await asked(bank, 1)).arrival is Arrival.CANNOT_TELL
        assert bank.held() == [bank.content + ALONE]


async def test_what_never_arrives_leaves_no_control_file_ready(kind: Kind, bank: ControlledBank) -> None:
    with sleeping(bank, 5) as first:
        await first.frozen()
        assert (await asked(bank, 1)).arrival is Arrival.CANNOT_ARRIVE
        assert not any(CONTROL.name in name for name in bank.hidden())
        assert (await first.thawed(late=False)).sent is Sent.NOT_SENT
    await settled(bank)
    assert bank.held() == []


async def test_nothing_is_left_ready_when_all_went_well(kind: Kind, bank: ControlledBank) -> None:
    async with working(bank) as worker:
        assert (await tried(bank, worker)).sent is Sent.SENT
    assert bank.hidden() == []
