"""What is told of windows: when an order will leave, the board of banks, and the gauges."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.api.models import Order
from gateway.domain.calendar import Calendar
from gateway.observe.metrics import Metrics
from gateway.service.bank_board import BankBoard, BankRow
from gateway.service.departures import Departures
from gateway.service.gauges import Gauges
from gateway.service.look import Look
from tests.orders import PAY_DATE
from tests.scenario import MORNING, SOURCE, Scene, payments
from tests.sending.test_windows import CLOSE, OFFICE, REOPENS, changed, office

NIGHT = datetime(2026, 9, 21, 1, tzinfo=UTC)
OPENS = datetime(2026, 9, 21, 5, tzinfo=UTC)


async def leaves(scene: Scene, number: int = 1) -> datetime | None:
    gateway = scene.gateway
    departures = Departures(clock=scene.clock, banks=gateway.banks, catalogue=gateway.configuration.catalogue)
    look = Look(store=gateway.store, departures=departures)
    return Order.of(await look.order(f"SICK-{number:06d}", sources=[SOURCE])).will_leave_at


async def board(scene: Scene, bank: str = "alfa") -> BankRow:
    rows = await BankBoard(store=scene.gateway.store, clock=scene.clock, banks=scene.gateway.banks).all()
    return next(row for row in rows if row.bank == bank)


async def gauge(scene: Scene, name: str, bank: str = "alfa") -> Any:
    gauges = Gauges(store=scene.gateway.store, clock=scene.clock, incarnation="b1", banks=scene.gateway.banks)
    metrics = Metrics()
    metrics.replace_readings(await gauges.read())
    return metrics.registry.get_sample_value(name, {"bank": bank})


async def test_an_order_that_waits_will_leave_at_the_next_opening(database_url: str, tmp_path: Path) -> None:
    async with office(database_url, tmp_path, at=NIGHT) as (scene, _):
        await scene.release(payments([1, 2]))
        assert await leaves(scene) is None, "it is given to no bank yet"
        await scene.until_idle("cut")
        assert await leaves(scene) == OPENS
        await scene.until_idle("seal")
        assert await leaves(scene) == OPENS
        scene.clock.at = OPENS
        assert await leaves(scene) == OPENS, "now"
        await scene.until_idle("seal")
        assert await leaves(scene) == OPENS
        await scene.until_idle("send", "alfa")
        assert await leaves(scene) is None, "it has left"


async def test_an_order_whose_submission_is_void_leaves_with_the_next_window(database_url: str, tmp_path: Path) -> None:
    async with office(database_url, tmp_path) as (scene, _):
        await scene.sealed(payments([1, 2]))
        scene.clock.at = CLOSE
        await scene.run("send", "alfa")
        assert await scene.column("SELECT submission_no FROM attempt") == [None, None]
        assert await leaves(scene) == REOPENS


async def test_a_wait_between_tries_counts_and_who_knows_no_hours_says_nothing(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.tamper("UPDATE submission SET next_attempt_at = $1", MORNING + timedelta(minutes=3))
    assert await leaves(scene) == MORNING + timedelta(minutes=3)
    assert (await Look(store=scene.gateway.store).order("SICK-000001", sources=[SOURCE])).will_leave_at is None


async def test_an_order_that_is_held_leaves_never(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.tamper("UPDATE payment_order SET state = 'held', reason = 'x'")
    assert await leaves(scene) is None


async def test_the_board_tells_of_hours_and_lane(database_url: str, tmp_path: Path) -> None:
    async with office(database_url, tmp_path, at=CLOSE - timedelta(minutes=1)) as (scene, _):
        await scene.sealed(payments([1, 2]))
        row = await board(scene)
        assert (row.name, row.onboarding, row.tier, row.calendar) == ("Alfa Bank", "simulated", "sandbox", "TARGET")
        assert (row.day, row.banking_day, row.half_day, row.waits) == (PAY_DATE, True, False, True)
        assert (row.next_opening, row.cut_off) == (scene.clock.now(), CLOSE)
        (product,) = row.products
        assert product.today is not None
        assert (product.product, product.today.opens, product.today.closes) == ("*", OPENS, CLOSE)
        assert (row.lane.breaker, row.lane.paused, row.lane.waiting, row.lane.unknown) == ("closed", False, 2, 0)
        scene.clock.at = CLOSE
        row = await board(scene)
        assert (row.next_opening, row.cut_off) == (REOPENS, CLOSE + timedelta(days=1))
        scene.clock.at = datetime(2026, 9, 20, 12, tzinfo=UTC)
        row = await board(scene)
        assert (row.day, row.banking_day, row.next_opening) == (date(2026, 9, 20), False, OPENS)
        assert row.products[0].today is None


async def test_the_board_of_a_product_without_hours_and_of_an_end_of_days(scene: Scene) -> None:
    changed(scene, hours=OFFICE | {"products": {"SALA": {}}})
    row = await board(scene)
    assert [p.product for p in row.products] == ["SALA"]
    changed(scene, calendar=Calendar(name="X", first=date(2026, 1, 1), last=date(2026, 9, 1)))
    row = await board(scene)
    assert (row.banking_day, row.next_opening, row.cut_off) == (False, None, None)
    assert await gauge(scene, "gateway_next_opening_seconds") == 0


async def test_the_gauges_of_windows(database_url: str, tmp_path: Path) -> None:
    async with office(database_url, tmp_path, at=NIGHT) as (scene, _):
        await scene.release(payments([1, 2]))
        await scene.until_idle("cut")
        shut = {
            "gateway_next_opening_seconds": 4 * 3_600,
            "gateway_window_waiting_payments": 2,
            "gateway_due_today_payments": 2,
            "gateway_cut_off_seconds": 12.5 * 3_600,
            "gateway_oldest_waiting_seconds": 0,
        }
        assert {name: await gauge(scene, name) for name in shut} == shut
        scene.clock.at = OPENS + timedelta(minutes=10)
        opened = {
            "gateway_next_opening_seconds": 0,
            "gateway_window_waiting_payments": 0,
            "gateway_due_today_payments": 2,
            "gateway_cut_off_seconds": 8.5 * 3_600 - 600,
            "gateway_oldest_waiting_seconds": 600,
        }
        assert {name: await gauge(scene, name) for name in opened} == opened
        await scene.until_idle("seal")
        await scene.until_idle("send", "alfa")
        for name in opened:
            assert await gauge(scene, name) == 0
