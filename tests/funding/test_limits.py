"""Limits: what leaves in a day is counted in the intent itself, and nothing passes it, whoever counts beside."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.domain.errors import ConfigError, Conflict, NotFound, Refused
from gateway.ports.transport import Sent
from gateway.runtime.brakes import limits_of
from gateway.runtime.settings import DayLimit, Settings
from gateway.service.limits import Limit, Limits
from tests.scenario import SOURCE, Scene, opened, patiently, payments
from tests.sending.transport import Scripted

DAY = 86_400
TODAY = date(2026, 9, 21)
PAYMENT = 51_240
"""What one payment of a test is, in cents."""


def limit(payments_: int, *, source: str = SOURCE, bank: str = "*") -> Limit:
    """A limit under which so many payments fit."""
    return Limit(source=source, bank=bank, currency="EUR", per_day=payments_ * PAYMENT)


@dataclass(slots=True, kw_only=True)
class Braked:
    """A gateway under limits."""

    scene: Scene
    limits: tuple[Limit, ...]
    transport: Scripted = field(default_factory=Scripted)

    def __post_init__(self) -> None:
        gateway = self.scene.gateway
        self.scene.gateway = replace(gateway, configuration=replace(gateway.configuration, limits=self.limits))
        for bank in gateway.banks:
            self.scene.use_transport(bank, self.transport)

    @property
    def service(self) -> Limits:
        return Limits(store=self.scene.gateway.store, clock=self.scene.clock, limits=self.limits)

    async def used(self) -> int:
        return sum([use.used_minor for use in await self.service.all(self.scene.clock.today())])

    async def batch(self, name: str, *numbers: int, bank: str = "alfa", seal: bool = True) -> None:
        """Release a batch of its own submission, and cut; seal it where the lane allows."""
        await self.scene.release(payments(numbers, bank), name)
        await self.scene.until_idle("cut")
        if seal:
            await self.scene.until_idle("seal")

    async def send(self, bank: str = "alfa") -> None:
        await self.scene.until_idle("send", bank)

    async def raised(self, to: str, *, by: tuple[str, str] = ("officer-1", "officer-2")) -> None:
        asked = await self.service.ask(**NAMED, day=TODAY, per_day=to, by=by[0])
        await self.service.confirm(asked.decision_no, by=by[1], digest=asked.digest)


NAMED: dict[str, Any] = {"source": SOURCE, "bank": "*", "currency": "EUR"}


async def test_what_leaves_is_counted_by_day(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(3),))
    await braked.batch("B-1", 1, 2)
    assert await braked.used() == 0
    await braked.send()
    assert await braked.used() == 2 * PAYMENT
    scene.clock.advance(DAY)
    assert await braked.used() == 0


async def test_what_would_pass_the_limit_is_not_sealed_and_waits_for_the_next_day(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(3),))
    await braked.batch("B-1", 1, 2)
    await braked.send()
    await braked.batch("B-2", 3, 4)
    assert await scene.states() == ["delivered", "open"]
    scene.clock.advance(DAY)
    await scene.seal_again()
    await braked.send()
    await scene.seal_again()
    await braked.send()
    assert (await scene.states())[-1] == "delivered"
    assert len(braked.transport.sent) == 2


async def test_a_limit_that_is_exactly_reached_is_kept(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(2),))
    await braked.batch("B-1", 1, 2)
    await braked.send()
    assert await scene.states() == ["delivered"]


async def test_what_was_sealed_before_the_limit_was_used_up_is_void_at_the_intent(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(3),))
    await braked.batch("B-1", 1, 2)
    await braked.batch("B-2", 3, 4)
    assert await scene.states() == ["sealed", "sealed"]
    await braked.send()
    assert await scene.states() == ["delivered", "void"]
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == ["limit reached"]
    assert await scene.exceptions() == ["limit reached"]
    assert await braked.used() == 2 * PAYMENT
    await scene.seal_again()
    assert await scene.states() == ["delivered", "void", "open"]


async def test_a_limit_of_one_bank_stops_no_other(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(0, bank="kilo"), limit(9)))
    await braked.batch("B-1", 1, bank="kilo")
    await braked.batch("B-2", 2, 3)
    await braked.send()
    assert await scene.rows("SELECT bank, state FROM submission ORDER BY 1") == [
        ("alfa", "delivered"),
        ("kilo", "open"),
    ]


async def test_a_limit_of_another_source_or_currency_counts_nothing(scene: Scene) -> None:
    other = Limit(source=SOURCE, bank="*", currency="CHF", per_day=1)
    braked = Braked(scene=scene, limits=(limit(0, source="ANOTHER"), other))
    await braked.batch("B-1", 1, 2)
    await braked.send()
    assert await scene.states() == ["delivered"]
    assert await scene.value("SELECT count(*) FROM limit_use") == 0


async def test_one_limit_that_is_passed_leaves_the_others_uncounted(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(9, source="*", bank="alfa"), limit(3)))
    await braked.batch("B-1", 1, 2)
    await braked.batch("B-2", 3, 4)
    await braked.send()
    assert await scene.column("SELECT sent_minor FROM limit_use ORDER BY source") == [2 * PAYMENT, 2 * PAYMENT]


async def test_what_is_proved_not_sent_gives_its_amount_back_and_takes_it_again(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(2),))
    braked.transport.answers = [Sent.NOT_SENT, Sent.SENT]
    await braked.batch("B-1", 1, 2)
    await scene.run("send", "alfa")
    assert (await scene.states(), await braked.used()) == (["not sent"], 0)
    scene.clock.advance(3_600)
    await scene.run("send", "alfa")
    assert (await scene.states(), await braked.used()) == (["delivered"], 2 * PAYMENT)


async def test_an_unknown_outcome_keeps_its_amount_until_it_is_proved_not_sent(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(2),))
    braked.transport.answers = [Sent.UNKNOWN]
    await braked.batch("B-1", 1, 2)
    await scene.run("send", "alfa")
    assert (await scene.states(), await braked.used()) == (["unknown"], 2 * PAYMENT)
    await scene.tamper("UPDATE submission SET state = 'not sent'")
    assert await braked.used() == 0


async def test_what_was_counted_yesterday_is_given_back_to_yesterday(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(2),))
    braked.transport.answers = [Sent.UNKNOWN]
    await braked.batch("B-1", 1, 2)
    await scene.run("send", "alfa")
    scene.clock.advance(DAY)
    await scene.tamper("UPDATE submission SET state = 'not sent'")
    assert await scene.column("SELECT sent_minor FROM limit_use") == [0]


async def test_two_workers_cannot_pass_a_limit_together(scene: Scene, tmp_path: Path) -> None:
    """Twelve sealed submissions of which five fit, and two workers that send as fast as they can."""
    braked = Braked(scene=scene, limits=(limit(5, bank="kilo"), limit(5)))
    await braked.batch("B-1", *range(1, 13), bank="kilo")
    assert await scene.states() == ["sealed"] * 12
    async with opened(scene.url, scene.root, banks=("alfa", "kilo"), worker="w2") as other:
        Braked(scene=other, limits=braked.limits, transport=braked.transport)
        steps = [s.step("send", "kilo") for s in (scene, other) for _ in range(8)]
        while any(await asyncio.gather(*map(patiently, steps))):
            pass
    assert len(braked.transport.sent) == 5
    assert await scene.column("SELECT sent_minor FROM limit_use ORDER BY bank") == [5 * PAYMENT, 5 * PAYMENT]
    assert sorted(await scene.states()) == ["delivered"] * 5 + ["void"] * 7


async def test_who_waits_under_a_limit_is_told_once_a_day(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(1),))
    await braked.batch("B-1", 1, 2)
    assert await scene.run("limits")
    assert not await scene.run("limits")
    assert await scene.rows("SELECT kind, key FROM exception") == [
        ("limit reached", f"{SOURCE}/*/EUR/2026-09-21/{PAYMENT}")
    ]
    scene.clock.advance(DAY)
    assert await scene.run("limits")


async def test_two_people_raise_a_limit_for_a_day_and_what_waits_leaves(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(1),))
    await braked.batch("B-1", 1, 2)
    await scene.run("limits")
    await braked.raised("1024.80")
    assert await scene.column("SELECT state FROM exception") == ["closed"]
    await scene.until_idle("seal")
    await braked.send()
    assert await scene.states() == ["delivered"]
    tomorrow = await braked.service.all(date(2026, 9, 22))
    assert [use.limit_minor for use in tomorrow] == [PAYMENT]


async def test_one_person_cannot_raise_a_limit(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(1),))
    with pytest.raises(Conflict, match="second person"):
        await braked.raised("1024.80", by=("officer-1", "officer-1"))
    assert (await braked.service.all(TODAY))[0].limit_minor == PAYMENT


async def test_the_database_refuses_one_person_twice(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(1),))
    await braked.service.ask(**NAMED, day=TODAY, per_day="1024.80", by="officer-1")
    with pytest.raises(asyncpg.CheckViolationError, match="maker_is_not_checker"):
        await scene.tamper("""
            INSERT INTO limit_override (decision_no, source, bank, currency, day, limit_minor, asked_by, confirmed_by,
                confirmed_at)
            SELECT decision_no, 'SSI', '*', 'EUR', '2026-09-21', 1, asked_by, asked_by, asked_at FROM decision""")


async def test_a_raise_is_confirmed_for_what_was_shown(scene: Scene) -> None:
    braked = Braked(scene=scene, limits=(limit(1),))
    asked = await braked.service.ask(**NAMED, day=TODAY, per_day="1024.80", by="officer-1")
    with pytest.raises(Conflict, match="not what was asked"):
        await braked.service.confirm(asked.decision_no, by="officer-2", digest="0" * 64)
    await braked.raised("900.00")
    with pytest.raises(Conflict):
        await braked.service.confirm(asked.decision_no, by="officer-2", digest=asked.digest)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"per_day": "512.40"}, Refused),
        ({"per_day": "512.405"}, Refused),
        ({"day": date(2026, 9, 20)}, Refused),
        ({"bank": "alfa"}, NotFound),
        ({"currency": "CHF"}, NotFound),
    ],
)
async def test_what_raises_nothing_is_not_asked(scene: Scene, changes: dict[str, Any], error: type[Exception]) -> None:
    braked = Braked(scene=scene, limits=(limit(1),))
    with pytest.raises(error):
        await braked.service.ask(**NAMED | {"day": TODAY, "per_day": "600.00", "by": "officer-1"} | changes)


def test_limits_are_read_from_the_settings() -> None:
    entry = DayLimit(source="SSI", currency="EUR", per_day="512.40")
    assert limits_of(Settings(limits=[entry])) == (Limit(source="SSI", bank="*", currency="EUR", per_day=51_240),)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([DayLimit(currency="EUR", per_day="0")], "per_day"),
        ([DayLimit(currency="EUR", per_day="1.001")], "per_day"),
        ([DayLimit(currency="XXX", per_day="1")], "currency"),
        ([DayLimit(currency="EUR", per_day="1"), DayLimit(currency="EUR", per_day="2")], "twice"),
    ],
)
def test_limits_that_mean_nothing_refuse_the_start(entries: list[DayLimit], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        limits_of(Settings(limits=entries))
