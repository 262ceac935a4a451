"""A bank that says when to come again is not asked or sent to sooner, nor sooner than we planned."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.ports.transport import Answer, Finding, Sent, Wire
from gateway.service import lanes
from gateway.service.intents import TRIES_WRITTEN_DOWN
from gateway.service.pace import Waiting
from gateway.service.send import ASKED_TO_WAIT
from tests.scenario import MORNING, Scene, opened, payments
from tests.sending.setting import written
from tests.sending.transport import Scripted


class Busy(Scripted):
    """Asks us to wait `wait` seconds with every answer."""

    wait = 0

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        return replace(await super().send(wire, pieces, deadline), retry_after=self.wait)


@pytest.mark.parametrize("sent", [Sent.NOT_SENT, Sent.UNKNOWN])
@pytest.mark.parametrize("longer", [True, False])
async def test_the_longer_of_the_profiles_wait_and_the_banks_holds(scene: Scene, sent: Sent, *, longer: bool) -> None:
    timings = scene.gateway.banks["alfa"].profile.timings
    ours = timings.retry_after_seconds if sent is Sent.NOT_SENT else timings.inquire_after_seconds
    transport = Busy(answers=[sent])
    transport.wait = ours + 3_600 if longer else ours - 1
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    begun = scene.clock.now()
    await scene.run("send", "alfa")
    due = await scene.value("SELECT next_attempt_at FROM submission")
    assert due == begun + timedelta(seconds=max(ours, transport.wait))


@pytest.mark.parametrize("longer", [True, False])
async def test_a_lane_that_opens_stays_open_for_as_long_as_the_bank_asks(scene: Scene, *, longer: bool) -> None:
    rules, timings = scene.gateway.banks["alfa"].profile.breaker, scene.gateway.banks["alfa"].profile.timings
    transport = Busy(answers=[Sent.NOT_SENT], unreachable_answers=True)
    transport.wait = rules.open_seconds + 300 if longer else rules.open_seconds - 1
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    for _ in range(rules.failures):
        failed_at = scene.clock.now()
        await scene.run("send", "alfa")
        scene.clock.advance(max(transport.wait, timings.retry_after_seconds))
    row = await scene.rows("SELECT breaker, probe_at FROM lane WHERE bank = 'alfa'")
    assert [tuple(r) for r in row] == [("open", failed_at + timedelta(seconds=max(rules.open_seconds, transport.wait)))]


WAIT = 300


def busy_once(scene: Scene, sent: Sent) -> Busy:
    """Let kilo ask us to wait at the first request; later it is there again."""

    class Once(Busy):
        async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
            answer = await super().send(wire, pieces, deadline)
            self.wait, self.unreachable_answers = 0, False
            return answer

    transport = Once(answers=[sent, Sent.SENT], unreachable_answers=True)
    transport.wait = WAIT
    scene.use_transport("kilo", transport)
    return transport


@pytest.mark.parametrize("sent", [Sent.NOT_SENT, Sent.UNKNOWN])
async def test_no_worker_tries_another_payment_before(database_url: str, tmp_path: Path, sent: Sent) -> None:
    async with (
        opened(database_url, tmp_path, banks=["kilo"]) as scene,
        opened(database_url, tmp_path, banks=["kilo"], worker="w2") as other,
    ):
        first, second = busy_once(scene, sent), Scripted()
        other.use_transport("kilo", second)
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
        await scene.sealed(payments([2], "kilo"), "B-2")
        for one in (scene, other):
            one.clock.advance(WAIT - 1)
            assert not await one.run("send", "kilo")
        assert (len(first.sent), second.sent) == (1, [])
        other.clock.advance(1)
        assert await other.run("send", "kilo")
        assert len(second.sent) == (2 if sent is Sent.NOT_SENT else 1)


async def test_what_is_promised_already_waits_as_well(database_url: str, tmp_path: Path) -> None:
    """Of a group of requests those that were not on the wire yet do not leave: they are not sent, with the reason."""
    async with opened(database_url, tmp_path, banks=written(tmp_path, {"kilo": {"pace": {"at_once": 1}}})) as scene:
        transport = busy_once(scene, Sent.NOT_SENT)
        await scene.sealed(payments([1, 2, 3], "kilo"))
        await scene.run("send", "kilo")
        assert (len(transport.sent), await scene.states()) == (1, ["not sent"] * 3)
        causes = await scene.column("SELECT evidence ->> 'cause' FROM intent WHERE evidence ? 'cause'")
        assert causes == [ASKED_TO_WAIT] * 2
        assert await scene.column("SELECT waited FROM submission ORDER BY submission_no") == [0, 1, 1]
        assert await scene.value("SELECT failures FROM lane") == 1
        scene.clock.advance(WAIT)
        await scene.until_idle("send", "kilo")
        assert await scene.states() == ["delivered"] * 3


class OneAMinute(Scripted):
    """Takes one request a minute, and asks us to wait for the next minute at any other."""

    scene: Scene
    taken_at: object = None

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        answer = await super().send(wire, pieces, deadline)
        now = self.scene.clock.now()
        if now != self.taken_at:
            self.taken_at = now
            return answer
        return replace(answer, sent=Sent.NOT_SENT, unreachable=True, retry_after=60)


async def test_tries_that_only_waited_are_not_used_up(database_url: str, tmp_path: Path) -> None:
    """Thirty for a bank that takes one a minute: after more minutes than tries_max none is given up for waiting."""
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        transport = OneAMinute()
        transport.scene = scene
        scene.use_transport("kilo", transport)
        await scene.sealed(payments(range(30), "kilo"))
        minutes = scene.gateway.banks["kilo"].profile.timings.tries_max + 3
        for _ in range(minutes):
            for kind in ("seal", "probe", "send"):
                await scene.until_idle(kind, "kilo")
            scene.clock.advance(60)
        states = await scene.states()
        assert (states.count("delivered"), states.count("void")) == (minutes, 0)


async def test_tries_on_the_wire_are_used_up_though_the_bank_asked_to_wait(scene: Scene) -> None:
    timings = scene.gateway.banks["alfa"].profile.timings
    transport = Busy(answers=[Sent.NOT_SENT])
    transport.wait = 60
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    for _ in range(timings.tries_max + 1):
        await scene.run("send", "alfa")
        scene.clock.advance(max(60, timings.retry_after_seconds))
    assert (await scene.states(), len(transport.sent)) == (["void"], timings.tries_max)


async def test_waiting_for_ever_ends_somewhere(scene: Scene) -> None:
    transport = Scripted()
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    await scene.tamper("UPDATE submission SET tries = $1, waited = $1", TRIES_WRITTEN_DOWN)
    await scene.run("send", "alfa")
    assert (await scene.states(), transport.sent) == (["void"], [])


async def asked_until(scene: Scene) -> timedelta | None:
    """For how long the lane is to send nothing."""
    until = await scene.value("SELECT asked_until FROM lane")
    return None if until is None else until - scene.clock.now()


async def test_an_answer_that_cannot_be_read_holds_the_lane_as_well(database_url: str, tmp_path: Path) -> None:
    """The adapter failed over it: unknown, and no failure to reach the bank. Its wait was read all the same."""
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        busy_once(scene, Sent.UNKNOWN).unreachable_answers = False
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
        assert await asked_until(scene) == timedelta(seconds=WAIT)
        assert await scene.value("SELECT failures FROM lane") == 0


async def test_an_answer_that_comes_after_the_lease_holds_the_lane_as_well(database_url: str, tmp_path: Path) -> None:
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        transport = busy_once(scene, Sent.UNKNOWN)

        async def swept() -> None:
            scene.clock.advance(scene.gateway.banks["kilo"].profile.timings.lease_seconds + 1)
            assert await scene.run("sweep")

        transport.before_answer = swept
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
        assert await asked_until(scene) == timedelta(seconds=WAIT)


@pytest.mark.parametrize("mine", [True, False], ids=["the worker that heard it", "another worker"])
async def test_who_resumes_the_bank_lifts_the_wait(database_url: str, tmp_path: Path, *, mine: bool) -> None:
    """Nothing was paused; what was put off goes at once, and whatever came since."""
    async with (
        opened(database_url, tmp_path, banks=["kilo"]) as scene,
        opened(database_url, tmp_path, banks=["kilo"], worker="w2") as other,
    ):
        busy_once(scene, Sent.NOT_SENT)
        other.use_transport("kilo", Scripted())
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
        await scene.sealed(payments([2], "kilo"), "B-2")
        assert not await scene.run("send", "kilo")
        await other.pauses.resume(scope="bank", value="kilo", by="officer-1")
        worker = scene if mine else other
        assert await worker.run("send", "kilo")
        assert await scene.states() == ["delivered"] * 2
        assert await scene.value("SELECT lifted_by FROM lane") == "officer-1"


async def test_a_wait_asked_for_after_it_was_lifted_holds(database_url: str, tmp_path: Path) -> None:
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        transport = busy_once(scene, Sent.NOT_SENT)
        await scene.sealed(payments([1], "kilo"))
        await scene.pauses.resume(scope="bank", value="kilo", by="officer-1")
        scene.clock.advance(1)
        await scene.run("send", "kilo")
        scene.clock.advance(WAIT - 1)
        assert not await scene.run("send", "kilo")
        assert len(transport.sent) == 1


def test_only_what_was_heard_before_it_was_lifted_is_forgotten() -> None:
    waiting = Waiting()
    waiting.heard(MORNING, WAIT)
    waiting.lifted(None)
    waiting.lifted(MORNING - timedelta(seconds=1))
    assert waiting.asked(MORNING) == WAIT
    waiting.lifted(MORNING + timedelta(seconds=1))
    assert waiting.asked(MORNING) == 0


@pytest.mark.parametrize(("scope", "value"), [("all", ""), ("source", "kilo"), ("bank", "alfa")])
async def test_no_other_resuming_lifts_it(database_url: str, tmp_path: Path, scope: str, value: str) -> None:
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        busy_once(scene, Sent.NOT_SENT)
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
        await scene.pauses.resume(scope=scope, value=value, by="officer-1")
        assert not await scene.run("send", "kilo")
        assert await asked_until(scene) == timedelta(seconds=WAIT)


async def test_what_is_unknown_is_asked_about_at_once_when_the_wait_is_lifted(
    database_url: str, tmp_path: Path
) -> None:
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        transport = busy_once(scene, Sent.UNKNOWN)
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
        assert not await scene.run("inquire", "kilo")
        await scene.pauses.resume(scope="bank", value="kilo", by="officer-1")
        assert await scene.run("inquire", "kilo")
        assert len(transport.asked) == 1


class Reserved(Scripted):
    """Asks us to wait with every answer to an inquiry."""

    wait = 0

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        return replace(await super().inquire(wire, intents), retry_after=self.wait)


@pytest.mark.parametrize("asked_by", ["a try", "an inquiry"])
async def test_nothing_is_asked_before_either(scene: Scene, asked_by: str) -> None:
    """The bank spoke of us, not of one payment: what was due for an inquiry before waits as well."""
    after = scene.gateway.banks["alfa"].profile.timings.inquire_after_seconds
    transport = Reserved(answers=[Sent.UNKNOWN])
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1, 2]))
    await scene.run("send", "alfa")
    scene.clock.advance(after)
    if asked_by == "an inquiry":
        transport.wait = after + WAIT
        assert await scene.run("inquire", "alfa")
    else:
        async with scene.gateway.store.transaction() as session:
            await lanes.asked_to_wait(session, "alfa", scene.clock.now(), after + WAIT)
    asked, until = len(transport.asked), scene.clock.now() + timedelta(seconds=after + WAIT)
    assert await scene.value("SELECT asked_until FROM lane WHERE bank = 'alfa'") == until
    scene.clock.advance(after)
    assert not await scene.run("inquire", "alfa")
    scene.clock.advance(WAIT)
    assert await scene.run("inquire", "alfa")
    assert len(transport.asked) == asked + 1


async def test_an_open_lane_is_probed_at_once_when_the_wait_is_lifted(database_url: str, tmp_path: Path) -> None:
    breaker = {"breaker": {"failures": 1}}
    async with opened(database_url, tmp_path, banks=written(tmp_path, {"kilo": breaker})) as scene:
        transport = busy_once(scene, Sent.NOT_SENT)
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
        assert await scene.value("SELECT breaker FROM lane") == "open"
        assert not await scene.run("probe", "kilo")
        await scene.pauses.resume(scope="bank", value="kilo", by="officer-1")
        assert await scene.run("probe", "kilo")
        await scene.run("send", "kilo")
        assert (transport.probes, await scene.states()) == (1, ["delivered"])
