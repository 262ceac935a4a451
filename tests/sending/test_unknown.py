"""Unknown is never answered by a blind re-send: it ends by evidence alone."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.ports.transport import Arrival, Sent
from tests.scenario import Scene, opened, payments
from tests.sending.transport import Scripted

LEASE = 61
"""Seconds after which the lease of bank alfa or kilo has ended."""
UNTIL_ASKED = 31
UNTIL_SENT_AGAIN = 61
AUTHORITATIVE = 60 + 300
"""Seconds from the intent after which bank kilo's read-back is believed: the lease, and `authoritative_after`."""


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A gateway whose only bank is spoken to by API, and says with authority what it does not know."""
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        yield scene


async def unknown(scene: Scene, bank: str, transport: Scripted) -> None:
    """One submission in doubt."""
    transport.answers = [Sent.UNKNOWN, *transport.answers]
    scene.use_transport(bank, transport)
    await scene.sealed(payments([1], bank))
    await scene.run("send", bank)
    assert await scene.states() == ["unknown"]


class Frozen:
    """Where a worker stops in the middle of a step, until it is thawed."""

    def __init__(self) -> None:
        self.reached, self.thaw = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.thaw.wait()


async def test_an_unknown_is_not_sent_again_however_often_the_step_runs(scene: Scene) -> None:
    transport = Scripted()
    await unknown(scene, "alfa", transport)
    scene.clock.advance(3_600)
    assert not await scene.run("send", "alfa")
    assert len(transport.sent) == 1


async def test_an_unknown_raises_an_exception_and_evidence_closes_it(scene: Scene) -> None:
    await unknown(scene, "alfa", Scripted(findings=[Arrival.ARRIVED]))
    assert await scene.column("SELECT kind FROM exception WHERE closed_at IS NULL") == ["unknown"]
    scene.clock.advance(UNTIL_ASKED)
    await scene.run("inquire", "alfa")
    assert await scene.column("SELECT kind FROM exception WHERE closed_at IS NULL") == []


async def test_an_inquiry_waits_for_its_time(scene: Scene) -> None:
    transport = Scripted(findings=[Arrival.ARRIVED])
    await unknown(scene, "alfa", transport)
    assert not await scene.run("inquire", "alfa")
    scene.clock.advance(UNTIL_ASKED)
    assert await scene.run("inquire", "alfa")
    assert await scene.states() == ["delivered"]


async def test_asking_that_fails_in_any_way_tells_nothing_and_costs_this_bank_alone(scene: Scene) -> None:
    async def fail() -> None:
        raise ValueError("an error that nobody foresaw")

    transport = Scripted(findings=[Arrival.ARRIVED], after_asking=fail)
    await unknown(scene, "alfa", transport)
    scene.clock.advance(UNTIL_ASKED)
    assert await scene.run("inquire", "alfa")
    assert (await scene.states(), transport.asked) == (["unknown"], [[1]])


async def test_cannot_tell_changes_nothing(scene: Scene) -> None:
    await unknown(scene, "alfa", Scripted(findings=[Arrival.CANNOT_TELL]))
    for _ in range(5):
        scene.clock.advance(UNTIL_ASKED)
        assert await scene.run("inquire", "alfa")
    assert await scene.states() == ["unknown"]


async def test_only_cannot_arrive_sends_again_and_then_the_same_bytes(scene: Scene) -> None:
    transport = Scripted(findings=[Arrival.CANNOT_ARRIVE])
    await unknown(scene, "alfa", transport)
    scene.clock.advance(UNTIL_ASKED)
    await scene.run("inquire", "alfa")
    assert await scene.states() == ["not sent"]
    scene.clock.advance(UNTIL_SENT_AGAIN)
    await scene.run("send", "alfa")
    assert await scene.states() == ["delivered"]
    first, second = transport.wires
    assert transport.sent[0] == transport.sent[1]
    assert (first.name, first.sha256) == (second.name, second.sha256)
    assert first.intent != second.intent


async def test_an_end_of_the_lease_is_unknown(scene: Scene) -> None:
    frozen = Frozen()
    scene.use_transport("alfa", Scripted(before_answer=frozen))
    await scene.sealed(payments([1]))
    sending = asyncio.create_task(scene.run("send", "alfa"))
    await frozen.reached.wait()
    assert not await scene.run("sweep")
    scene.clock.advance(LEASE)
    assert await scene.run("sweep")
    assert await scene.states() == ["unknown"]
    frozen.thaw.set()
    await sending


async def test_a_worker_that_lost_its_lease_leaves_evidence_and_no_state(scene: Scene) -> None:
    frozen = Frozen()
    scene.use_transport("alfa", Scripted(before_answer=frozen))
    await scene.sealed(payments([1]))
    sending = asyncio.create_task(scene.run("send", "alfa"))
    await frozen.reached.wait()
    scene.clock.advance(LEASE)
    await scene.run("sweep")
    frozen.thaw.set()
    await sending
    assert await scene.states() == ["unknown"]
    assert await scene.rows("SELECT outcome, late_evidence ->> 'saw' FROM intent") == [("unknown", "sent")]


async def test_a_late_not_sent_of_the_only_worker_proves_that_nothing_left(scene: Scene) -> None:
    frozen = Frozen()
    transport = Scripted(answers=[Sent.NOT_SENT], before_answer=frozen, findings=[Arrival.CANNOT_TELL])
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    sending = asyncio.create_task(scene.run("send", "alfa"))
    await frozen.reached.wait()
    scene.clock.advance(LEASE)
    await scene.run("sweep")
    frozen.thaw.set()
    await sending
    assert await scene.run("inquire", "alfa")
    assert transport.asked == [[]]
    assert await scene.states() == ["not sent"]


async def test_a_late_sent_proves_that_it_arrived(scene: Scene) -> None:
    frozen = Frozen()
    scene.use_transport("alfa", Scripted(before_answer=frozen, findings=[Arrival.CANNOT_TELL]))
    await scene.sealed(payments([1]))
    sending = asyncio.create_task(scene.run("send", "alfa"))
    await frozen.reached.wait()
    scene.clock.advance(LEASE)
    await scene.run("sweep")
    frozen.thaw.set()
    await sending
    assert await scene.run("inquire", "alfa")
    assert await scene.states() == ["delivered"]


async def test_a_finding_about_an_earlier_try_says_nothing_of_a_later_one(scene: Scene) -> None:
    """An inquiry freezes with its finding; meanwhile another proves the same, and the next try is in doubt again."""
    frozen = Frozen()
    transport = Scripted(
        answers=[Sent.UNKNOWN], findings=[Arrival.CANNOT_ARRIVE, Arrival.CANNOT_ARRIVE], after_asking=frozen
    )
    await unknown(scene, "alfa", transport)
    scene.clock.advance(UNTIL_ASKED)
    stale = asyncio.create_task(scene.run("inquire", "alfa"))
    await frozen.reached.wait()
    transport.after_asking = Scripted().after_asking
    scene.clock.advance(UNTIL_ASKED)
    await scene.run("inquire", "alfa")
    scene.clock.advance(UNTIL_SENT_AGAIN)
    await scene.run("send", "alfa")
    assert await scene.states() == ["unknown"]
    frozen.thaw.set()
    await stale
    assert await scene.states() == ["unknown"]
    assert await scene.column("SELECT proved FROM intent ORDER BY number") == [True, False]


async def test_an_inquiry_is_asked_about_every_try_that_is_not_proved(scene: Scene) -> None:
    transport = Scripted(answers=[Sent.UNKNOWN], findings=[Arrival.CANNOT_ARRIVE, Arrival.CANNOT_TELL])
    await unknown(scene, "alfa", transport)
    scene.clock.advance(UNTIL_ASKED)
    await scene.run("inquire", "alfa")
    scene.clock.advance(UNTIL_SENT_AGAIN)
    await scene.run("send", "alfa")
    scene.clock.advance(UNTIL_ASKED)
    await scene.run("inquire", "alfa")
    first, second = (wire.intent for wire in transport.wires)
    assert transport.asked == [[first], [second]]


async def test_an_api_bank_that_does_not_know_it_is_believed_the_second_time(api: Scene) -> None:
    await unknown(api, "kilo", Scripted(findings=[Arrival.SAYS_UNKNOWN]))
    api.clock.advance(AUTHORITATIVE)
    await api.run("inquire", "kilo")
    assert await api.states() == ["unknown"]
    api.clock.advance(UNTIL_ASKED)
    await api.run("inquire", "kilo")
    assert await api.states() == ["not sent"]


async def test_an_api_bank_is_not_believed_before_it_had_time_to_settle(api: Scene) -> None:
    await unknown(api, "kilo", Scripted(findings=[Arrival.SAYS_UNKNOWN]))
    for _ in range(4):
        api.clock.advance(UNTIL_ASKED)
        assert await api.run("inquire", "kilo")
    assert await api.states() == ["unknown"]
    assert await api.value("SELECT says_unknown FROM submission") == 0


async def test_an_answer_counts_as_old_as_its_question(api: Scene) -> None:
    """A read-back that was asked too early is not believed because its worker froze before it told us."""
    frozen = Frozen()
    await unknown(api, "kilo", Scripted(findings=[Arrival.SAYS_UNKNOWN], after_asking=frozen))
    api.clock.advance(UNTIL_ASKED)
    asking = asyncio.create_task(api.run("inquire", "kilo"))
    await frozen.reached.wait()
    api.clock.advance(AUTHORITATIVE)
    frozen.thaw.set()
    await asking
    assert await api.value("SELECT says_unknown FROM submission") == 0


async def test_a_bank_without_authority_is_never_believed_not_to_know(scene: Scene) -> None:
    await unknown(scene, "alfa", Scripted(findings=[Arrival.SAYS_UNKNOWN]))
    for _ in range(5):
        scene.clock.advance(AUTHORITATIVE)
        assert await scene.run("inquire", "alfa")
    assert await scene.states() == ["unknown"]


async def test_a_further_try_needs_two_new_read_backs(api: Scene) -> None:
    transport = Scripted(answers=[Sent.UNKNOWN], findings=[Arrival.SAYS_UNKNOWN])
    await unknown(api, "kilo", transport)
    for _ in range(2):
        api.clock.advance(AUTHORITATIVE)
        await api.run("inquire", "kilo")
    api.clock.advance(UNTIL_SENT_AGAIN)
    await api.run("send", "kilo")
    api.clock.advance(AUTHORITATIVE)
    await api.run("inquire", "kilo")
    assert (await api.states(), len(transport.sent)) == (["unknown"], 2)
