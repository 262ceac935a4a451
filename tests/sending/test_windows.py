"""Pay dates that move, and bytes that leave only while the bank is open and its day can still be met."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.profile import Profile
from bank_adapters.profile.reading import read_profile
from bank_adapters.registry import adapter_for
from gateway.domain.calendar import Calendar
from gateway.ports.transport import Sent
from gateway.runtime.calendars import calendar
from gateway.service import windows
from gateway.service.banks import Bank
from tests.clock import StillClock
from tests.orders import PAY_DATE, ROOT
from tests.scenario import MORNING, Scene, opened, payments
from tests.sending.transport import Scripted

OFFICE: dict[str, Any] = {"zone": "Europe/Berlin", "products": {"*": {"opens": "07:00", "closes": "15:30"}}}
TUESDAY = date(2026, 9, 22)
CLOSE = datetime(2026, 9, 21, 13, 30, tzinfo=UTC)
REOPENS = datetime(2026, 9, 22, 5, tzinfo=UTC)


def changed(scene: Scene, bank: str = "alfa", *, calendar: Calendar | None = None, **keys: Any) -> None:
    """Give a bank other hours, rules or a calendar, as if its profile said so."""
    banks = cast("dict[str, Bank]", scene.gateway.banks)
    banks[bank] = other(banks[bank], calendar=calendar, **keys)
    scene.loops.clear()


def other(bank: Bank, *, calendar: Calendar | None = None, **keys: Any) -> Bank:
    """The same bank with other keys in its profile."""
    profile = Profile.model_validate(bank.profile.model_dump(mode="json") | keys, strict=False)
    return replace(bank, profile=profile, calendar=calendar or bank.calendar)


@asynccontextmanager
async def office(url: str, root: Path, at: datetime = MORNING, **hours: Any) -> AsyncIterator[tuple[Scene, Scripted]]:
    async with opened(url, root, banks=("alfa",), at=at) as scene:
        changed(scene, hours=OFFICE | hours)
        transport = Scripted()
        scene.use_transport("alfa", transport)
        yield scene, transport


def connected(slug: str) -> Bank:
    """A bank as it ships, that nobody reaches."""
    profile = read_profile(slug, (ROOT / "config" / "banks" / f"{slug}.yaml").read_text(encoding="utf-8"))
    return Bank(profile=profile, adapter=adapter_for(profile), transport=Scripted())


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """A submission that may go out."""

    product: str
    pay_date: date
    submission_no: int = 1


async def dates(scene: Scene) -> list[tuple[str, date]]:
    return [(s, d) for s, d in await scene.rows("SELECT state, pay_date FROM submission ORDER BY submission_no")]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-09-18T08:00:00", PAY_DATE),
        ("2026-09-21T13:29:59", PAY_DATE),
        ("2026-09-21T13:30:00", TUESDAY),  # the cut-off itself is too late
        ("2026-09-25T13:30:00", date(2026, 9, 28)),  # a Friday
        ("2026-12-31T14:30:00", date(2027, 1, 4)),
        ("2027-03-25T14:30:00", date(2027, 3, 30)),  # Maundy Thursday, in winter time until Sunday
    ],
)
async def test_the_date_to_ask_for_is_the_first_that_the_bank_can_meet(
    database_url: str, tmp_path: Path, at: str, day: date
) -> None:
    cut_at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    async with office(database_url, tmp_path) as (scene, _):
        await scene.release(payments([1, 2], validUntil="2027-06-30"), expires=datetime(2027, 6, 30, tzinfo=UTC))
        scene.clock.at = cut_at
        await scene.until_idle("cut")
        assert await dates(scene) == [("open", day)]
        assert (await scene.value("SELECT msg_id FROM submission"))[6:12] == f"{day:%y%m%d}"


async def test_each_bank_has_its_own_date(scene: Scene) -> None:
    closed = Calendar(name="X", first=date(2026, 1, 1), last=date(2026, 12, 31), closed_days=frozenset({PAY_DATE}))
    changed(scene, "alfa", calendar=closed)
    changed(scene, "charlie", calendar=closed, closed_day="preceding")
    await scene.release([*payments([1]), *payments([2], "charlie")])
    scene.clock.at = datetime(2026, 9, 16, 8, tzinfo=UTC)
    await scene.until_idle("cut")
    assert await scene.rows("SELECT bank, pay_date FROM submission ORDER BY bank") == [
        ("alfa", TUESDAY),
        ("charlie", date(2026, 9, 18)),
    ]


async def test_an_eve_in_turkiye_belongs_to_the_next_day_after_its_early_cut_off(scene: Scene) -> None:
    """28 October 2026: half a day; the 29th is Republic Day, and Friday the 30th a banking day."""
    hours = {"zone": "Europe/Istanbul", "products": {"*": {"closes": "16:30", "closes_half_day": "11:30"}}}
    changed(scene, calendar=calendar("TR"), hours=hours)
    await scene.release(payments([1, 2], validUntil="2026-12-31"), expires=datetime(2026, 12, 31, tzinfo=UTC))
    scene.clock.at = datetime(2026, 10, 28, 8, 29, tzinfo=UTC)
    await scene.until_idle("cut")
    scene.clock.at += timedelta(minutes=1)
    await scene.until_idle("seal")
    await scene.seal_again()
    assert await dates(scene) == [("dissolved", date(2026, 10, 28)), ("open", date(2026, 10, 30))]


@pytest.mark.parametrize(
    ("keys", "calendar_of", "why"),
    [
        ({"hours": OFFICE | {"products": {"SALA": {}}}}, None, "product.not-taken"),
        ({}, Calendar(name="X", first=date(2026, 1, 1), last=date(2026, 9, 20)), "date.no-calendar"),
    ],
)
async def test_what_no_day_is_right_for_is_held(
    scene: Scene, keys: dict[str, Any], calendar_of: Calendar | None, why: str
) -> None:
    changed(scene, calendar=calendar_of, **keys)
    await scene.release(payments([1]))
    await scene.until_idle("cut")
    assert await scene.rows("SELECT state, reason FROM payment_order") == [("held", why)]
    assert await scene.exceptions() == ["held order"]


async def test_what_expires_before_the_day_it_is_moved_to_is_held(database_url: str, tmp_path: Path) -> None:
    async with office(database_url, tmp_path, at=CLOSE) as (scene, _):
        await scene.release(payments([1], validUntil="2026-09-21"))
        await scene.until_idle("cut")
        assert await scene.rows("SELECT state, reason FROM payment_order") == [("held", "validity.passed")]


async def test_nothing_is_sealed_before_the_bank_opens_and_all_of_it_leaves_then(
    database_url: str, tmp_path: Path
) -> None:
    night = datetime(2026, 9, 21, 1, tzinfo=UTC)
    async with office(database_url, tmp_path, at=night) as (scene, transport):
        changed(scene, limits=scene.gateway.banks["alfa"].profile.limits.model_dump() | {"payments_per_submission": 2})
        await scene.sealed(payments(range(1, 7)))
        opening = datetime(2026, 9, 21, 5, tzinfo=UTC)
        assert await scene.rows("SELECT DISTINCT state, next_attempt_at FROM submission") == [("open", opening)]
        scene.clock.at = opening - timedelta(seconds=1)
        assert not await scene.run("seal"), "it was put off once, for all of them"
        scene.clock.at = opening
        await scene.until_idle("seal")
        await scene.until_idle("send", "alfa")
        assert await dates(scene) == [("delivered", PAY_DATE)] * 3
        assert len(transport.sent) == 3


async def test_a_bank_that_keeps_files_is_sent_them_at_night(database_url: str, tmp_path: Path) -> None:
    night = datetime(2026, 9, 20, 1, tzinfo=UTC)  # a Sunday
    async with office(database_url, tmp_path, at=night, waits=False) as (scene, transport):
        await scene.sealed(payments([1, 2]))
        await scene.until_idle("send", "alfa")
        assert await dates(scene) == [("delivered", PAY_DATE)]
        assert len(transport.sent) == 1


@pytest.mark.parametrize("bank", ["waits", "keeps files"])
@pytest.mark.parametrize("first", ["not tried", "not sent"])
async def test_what_is_sealed_but_not_sent_by_the_cut_off_is_void_and_cut_for_the_next_day(
    database_url: str, tmp_path: Path, bank: str, first: str
) -> None:
    waits, tried = bank == "waits", first == "not sent"
    async with office(database_url, tmp_path, waits=waits) as (scene, transport):
        await scene.sealed(payments([1, 2]))
        transport.answers = [Sent.NOT_SENT] if tried else [Sent.SENT]
        if tried:
            await scene.run("send", "alfa")
        scene.clock.at = CLOSE
        await scene.until_idle("send", "alfa")
        await scene.seal_again()
        await scene.until_idle("send", "alfa")
        assert len(transport.sent) == (1 if tried else 0) + (0 if waits else 1)
        now = "open" if waits else "not sent" if tried else "delivered"
        assert await dates(scene) == [("void", PAY_DATE), (now, TUESDAY)]
        whys = await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'")
        assert whys == ["cut-off passed"]
        assert transport.discarded == [], "a bank that is shut is not touched for it"
        scene.clock.at = REOPENS + timedelta(minutes=5)
        transport.answers = [Sent.SENT]
        await scene.until_idle("seal")
        await scene.until_idle("send", "alfa")
        assert (await dates(scene))[1] == ("delivered", TUESDAY)


async def test_what_is_for_another_day_stays_sealed_and_waits_for_the_opening(
    database_url: str, tmp_path: Path
) -> None:
    friday = datetime(2026, 9, 18, 12, tzinfo=UTC)
    async with office(database_url, tmp_path, at=friday) as (scene, transport):
        await scene.sealed(payments([1, 2]))
        scene.clock.at = friday.replace(hour=13, minute=30)
        assert await scene.run("send", "alfa")
        assert not await scene.run("send", "alfa")
        monday = datetime(2026, 9, 21, 5, tzinfo=UTC)
        assert await scene.rows("SELECT state, next_attempt_at FROM submission") == [("sealed", monday)]
        scene.clock.at = monday
        await scene.until_idle("send", "alfa")
        assert await dates(scene) == [("delivered", PAY_DATE)]
        assert len(transport.sent) == 1


async def test_the_time_on_the_wire_ends_with_the_window(database_url: str, tmp_path: Path) -> None:
    deadlines: list[float] = []

    class Watched(Scripted):
        async def send(self, wire: Any, pieces: Any, deadline: float) -> Any:
            deadlines.append(deadline)
            return await super().send(wire, pieces, deadline)

    async with office(database_url, tmp_path, at=CLOSE - timedelta(minutes=5)) as (scene, _):
        scene.use_transport("alfa", Watched())
        await scene.sealed(payments([1, 2]))
        scene.clock.at = CLOSE - timedelta(seconds=7)
        await scene.run("send", "alfa")
    assert deadlines == [7.0]


async def test_a_day_that_is_closed_after_sealing_is_not_asked_for(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    shut = Calendar(name="X", first=date(2026, 1, 1), last=date(2026, 12, 31), closed_days=frozenset({PAY_DATE}))
    changed(scene, calendar=shut, hours=OFFICE)
    await scene.until_idle("send", "alfa")
    await scene.seal_again()
    assert await dates(scene) == [("void", PAY_DATE), ("open", TUESDAY)], "alfa is shut all day"
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == ["not a banking day"]


async def test_what_waits_for_an_old_opening_is_brought_forward_at_the_start(database_url: str, tmp_path: Path) -> None:
    night = datetime(2026, 9, 21, 1, tzinfo=UTC)
    async with office(database_url, tmp_path, at=night) as (scene, _):
        await scene.sealed(payments([1, 2]))
        earlier = OFFICE | {"products": {"*": {"opens": "04:00", "closes": "15:30"}}}
        changed(scene, hours=earlier)
        await windows.declare(scene.gateway.store, scene.gateway.banks, night)
        assert await scene.column("SELECT next_attempt_at FROM submission") == [night.replace(hour=2)]
        await windows.declare(scene.gateway.store, scene.gateway.banks, night)
        scene.clock.at = night.replace(hour=2)
        await scene.until_idle("seal")
        assert await scene.states() == ["sealed"]


BANKS = {slug: connected(slug) for slug in ("alfa", "charlie", "oscar")}


@given(
    st.sampled_from(sorted(BANKS)),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.timedeltas(timedelta(0), timedelta(days=365)),
)
def test_what_may_go_at_an_instant_is_on_the_wire_only_while_the_bank_is_open(
    slug: str, day: date, passed: timedelta
) -> None:
    bank, clock = BANKS[slug], StillClock(at=datetime(2026, 1, 1, tzinfo=UTC) + passed)
    submission = Going(product="SSBE", pay_date=day)
    now, table = clock.now(), bank.timetable
    goes = windows.missed(bank, submission, clock) is None and table.may_leave_at("SSBE", now) == now
    left = windows.left(bank, submission, now)
    assert left > timedelta(0) or not goes
    if goes:
        last = now + left - timedelta(microseconds=1)
        assert table.meets("SSBE", day, last), "in time for its day to the end"
        assert not table.waits or (table.open_window("SSBE", now) == table.open_window("SSBE", last) is not None)
