"""Chapters of lanes: a ramp, a pace, tries that are used up, payments that go another way, a bank that asks to wait."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from bank_adapters.profile import Onboarding, Pace, terms
from gateway.domain.routing import Preferences, routing_table
from gateway.ports.transport import Answer, Arrival, Finding, Sent, Wire
from gateway.service.banks import Bank
from tests.crash.play import Chapter, Play
from tests.scenario import MORNING, Scene, payments
from tests.sending.transport import Scripted

LOWER = "600.00"
"""The most of one submission at the bank that pays for others."""


TWO_PAYMENTS = 1_400
"""Bytes of a file between one payment and two."""


class Narrow(Scripted):
    """A bank that can be reached with small files only, whoever tries and however often."""

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        self.answers = [Sent.NOT_SENT if wire.size > TWO_PAYMENTS else Sent.SENT]
        return await super().send(wire, pieces, deadline)

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        self.findings = [Arrival.CANNOT_ARRIVE if wire.size > TWO_PAYMENTS else Arrival.ARRIVED]
        return await super().inquire(wire, intents)


def _changed(scene: Scene, slug: str, **changes: Any) -> None:
    """Let a bank have another profile."""
    banks = cast("dict[str, Bank]", scene.gateway.banks)
    banks[slug] = replace(banks[slug], profile=banks[slug].profile.model_copy(update=changes))
    scene.loops.clear()


def _slow_ramp(scene: Scene) -> None:
    """Bank alfa takes one try of a submission, some payments a day and one submission every half minute."""
    scene.use_transport("alfa", Narrow())
    scene.use_transport("bravo", Scripted(findings=[Arrival.ARRIVED]))
    alfa, bravo = (scene.gateway.banks[slug].profile for slug in ("alfa", "bravo"))
    _changed(
        scene,
        "alfa",
        onboarding=Onboarding(state="live", payments_per_day=4),
        pace=Pace(minimum_gap_seconds=30),
        timings=alfa.timings.model_copy(update={"tries_max": 1}),
    )
    _changed(scene, "bravo", limits=bravo.limits.model_copy(update={"sum_per_submission": LOWER}))
    banks = [terms(profile) for profile in scene.gateway.configuration.profiles.values()]
    able = [replace(bank, interbank=frozenset({"DE"} if bank.slug == "bravo" else ())) for bank in banks]
    routing = routing_table(able, Preferences(interbank=["bravo"]))
    object.__setattr__(scene.gateway, "configuration", replace(scene.gateway.configuration, routing=routing))


async def _released(play: Play) -> None:
    await play.scene.release([*payments([1]), *payments([2], amount="700.00")])
    await play.scene.until_idle("cut")
    await play.scene.tamper("UPDATE attempt SET submission_no = NULL; UPDATE submission SET state = 'dissolved'")
    await play.scene.tamper("DELETE FROM ramp_use")


async def _up_the_ramp(play: Play) -> None:
    await play.steps("cut", "seal", "send")
    play.at(0.2)
    await play.steps("sweep", "inquire", "send", "cut", "seal", "send")
    for hours in (0.4, 0.6, 0.8, 3):
        play.at(hours)
        await play.steps("sweep", "inquire", "send", "cut", "seal", "send")


WAIT_SECONDS = 900
OPENS = MORNING + timedelta(minutes=3)


class Busy(Scripted):
    """A bank that asks everybody to come again later, until it opens."""

    scene: Scene

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        answer = await super().send(wire, pieces, deadline)
        if self.scene.clock.now() >= OPENS:
            return answer
        return replace(answer, sent=Sent.NOT_SENT, retry_after=WAIT_SECONDS)


def _busy(scene: Scene) -> None:
    """Bank kilo is spoken to one request at a time, and is busy early in the morning."""
    transport = Busy(findings=[Arrival.ARRIVED])
    transport.scene = scene
    scene.use_transport("kilo", transport)
    _changed(scene, "kilo", pace=Pace(at_once=1))


async def _sealed(play: Play) -> None:
    await play.scene.sealed(payments([1, 2], "kilo"))


async def _asked_to_wait(play: Play) -> None:
    """One is asked to wait, the other is never begun; somebody knows better and lifts the wait."""
    await play.steps("send")
    play.at(0.1)
    await play.steps("sweep", "inquire", "send")
    await play.ask(lambda: play.scene.pauses.resume(scope="bank", value="kilo", by="officer-1"))
    await play.steps("send")
    for hours in (0.5, 1, 2):
        play.at(hours)
        await play.steps("sweep", "inquire", "send")


LANES = (
    Chapter(name="lanes", banks=("alfa", "bravo"), prepare=_released, acts=_up_the_ramp, equip=_slow_ramp),
    Chapter(name="waits", banks=("kilo",), prepare=_sealed, acts=_asked_to_wait, equip=_busy),
)
