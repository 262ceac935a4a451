"""What is read from the database: counted by hand from what each test put there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from unittest.mock import patch

import pytest

from gateway.domain.errors import StoreDown
from gateway.observe.metric_defs import DEFINITIONS, READ
from gateway.observe.metrics import Metrics
from gateway.ports.store import Session, Store
from gateway.service.funds import hold_account
from gateway.service.gauges import FRESH_SECONDS, MONEY_FRESH_SECONDS, MONEY_SHARE, Gauges
from gateway.service.limits import Limit, take
from gateway.service.readings import Reading
from tests.funding.balances import proved
from tests.orders import PAY_DATE
from tests.scenario import Scene, payment, payments

RELEASED_MINUTES = 10
LIMIT = Limit(source="*", bank="*", currency="EUR", per_day=400_000)


class Board:
    """The gauges of a scene, as they are scraped."""

    def __init__(self, scene: Scene, store: Store | None = None) -> None:
        self.scene = scene
        self.gauges = Gauges(
            store=store or scene.gateway.store,
            clock=scene.clock,
            incarnation="b1",
            banks=scene.gateway.banks,
            accounts=scene.gateway.configuration.accounts,
            limits=(LIMIT,),
        )

    async def scraped(self) -> Metrics:
        metrics = Metrics()
        metrics.replace_readings(await self.gauges.read())
        return metrics

    async def value(self, name: str, **labels: str) -> float | None:
        return (await self.scraped()).registry.get_sample_value(name, labels)


@pytest.fixture
def board(scene: Scene) -> Board:
    return Board(scene)


async def test_an_idle_gateway_shows_zeros_for_every_bank(board: Board) -> None:
    shown = await board.scraped()
    for name in ("breaker_open", "bank_paused", "unknown_submissions", "oldest_unknown_seconds"):
        for bank in ("alfa", "charlie"):
            assert shown.registry.get_sample_value(f"gateway_{name}", {"bank": bank}) == 0
    for name in ("security_alarms", "partitions_stopped", "outbox_events", "outbox_oldest_seconds"):
        assert shown.registry.get_sample_value(f"gateway_{name}") == 0
    assert shown.registry.get_sample_value("gateway_database_up") == 1


async def test_payments_wait_from_the_release_of_their_batch(scene: Scene, board: Board) -> None:
    await scene.release(payments(range(3)))
    scene.clock.advance(60 * RELEASED_MINUTES)
    assert await board.value("gateway_oldest_waiting_seconds", bank="none") == 60 * RELEASED_MINUTES
    await scene.until_idle("cut")
    scene.clock.advance(FRESH_SECONDS)
    assert await board.value("gateway_oldest_waiting_seconds", bank="none") == 0
    assert await board.value("gateway_oldest_waiting_seconds", bank="alfa") == 60 * RELEASED_MINUTES + FRESH_SECONDS
    assert await board.value("gateway_oldest_waiting_seconds", bank="charlie") == 0
    assert await board.value("gateway_working_payments", bank="alfa", state="open") == 3
    await scene.until_idle("seal")
    scene.clock.advance(FRESH_SECONDS)
    assert await board.value("gateway_working_payments", bank="alfa", state="open") == 0
    assert await board.value("gateway_working_payments", bank="alfa", state="sealed") == 3
    assert await scene.run("send", "alfa")
    scene.clock.advance(FRESH_SECONDS)
    assert await board.value("gateway_oldest_waiting_seconds", bank="alfa") == 0


async def test_what_waits_to_be_cut_again_waits_too(scene: Scene, board: Board) -> None:
    await scene.sealed(payments(range(3)))
    await scene.stop("order", "SICK-000001")
    assert await scene.states() == ["void"]
    scene.clock.advance(90)
    assert await board.value("gateway_oldest_waiting_seconds", bank="none") == 90


async def test_unknown_submissions_are_as_old_as_their_doubt(scene: Scene, board: Board) -> None:
    await scene.sealed(payments(range(3)))
    await scene.rows("UPDATE submission SET state = 'sending'")
    scene.clock.advance(100)
    await scene.rows("UPDATE submission SET state = 'unknown'")
    await scene.rows(
        "INSERT INTO submission_event (submission_no, event_no, to_state, why, at, actor)"
        " SELECT submission_no, 9, 'unknown', 'no answer', $1, 'w1' FROM submission",
        scene.clock.now(),
    )
    scene.clock.advance(30)
    assert await board.value("gateway_unknown_submissions", bank="alfa") == 1
    assert await board.value("gateway_oldest_unknown_seconds", bank="alfa") == 30
    assert await board.value("gateway_working_payments", bank="alfa", state="unknown") == 3


async def test_breaker_pauses_and_stopped_partitions(scene: Scene, board: Board) -> None:
    await scene.rows("UPDATE lane SET breaker = 'open', probe_at = $1 WHERE bank = 'alfa'", scene.clock.now())
    await scene.pauses.pause(scope="bank", value="charlie", reason="maintenance", by="officer-1")
    for incarnation, partition, stopped in (("b1", 0, "error"), ("b1", 1, None), ("an old one", 0, "error")):
        key = (incarnation, "gateway.bank-messages.v1", partition, stopped)
        await scene.rows(
            "INSERT INTO partition_lease (incarnation, topic, partition, stopped) VALUES ($1,$2,$3,$4)", *key
        )
    shown = (await board.scraped()).registry.get_sample_value
    assert [shown("gateway_breaker_open", {"bank": bank}) for bank in ("alfa", "charlie")] == [1, 0]
    assert [shown("gateway_bank_paused", {"bank": bank}) for bank in ("alfa", "charlie")] == [0, 1]
    assert (shown("gateway_paused_scopes", {"scope": "bank"}), shown("gateway_partitions_stopped")) == (1, 1)


async def test_a_pause_of_everything_pauses_every_bank(scene: Scene, board: Board) -> None:
    await scene.pauses.pause(scope="all", value="", reason="restore", by="officer-1")
    assert await board.value("gateway_bank_paused", bank="alfa") == 1
    assert await board.value("gateway_paused_scopes", scope="all") == 1


async def test_open_exceptions_by_kind_and_security_alarms(scene: Scene, board: Board) -> None:
    for kind, key, alarm, closed in (
        ("orphan", "1", None, None),
        ("orphan", "2", None, None),
        ("orphan", "3", None, scene.clock.now()),
        ("foreign bank", "4", "security", None),
        ("foreign bank", "5", "security", scene.clock.now()),
    ):
        detail = {"alarm": alarm} if alarm else {}
        row = (kind, key, detail, scene.clock.now(), "open" if closed is None else "closed", closed)
        ended = (None, None) if closed is None else ("anna", "close")
        await scene.rows(
            "INSERT INTO exception (kind, key, detail, opened_at, state, closed_at, closed_by, closed_how, due_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $4)",
            *(*row, *ended),
        )
    scene.clock.advance(1)
    shown = (await board.scraped()).registry.get_sample_value
    assert shown("gateway_open_exceptions", {"kind": "orphan"}) == 2
    assert shown("gateway_open_exceptions", {"kind": "foreign bank"}) == 1
    assert shown("gateway_overdue_exceptions", {"kind": "orphan"}) == 2
    assert shown("gateway_security_alarms") == 1


async def test_a_held_account_is_shown_until_it_is_released(scene: Scene, board: Board) -> None:
    await scene.release(payments([1, 2]))
    await scene.until_idle("cut")
    assert await board.value("gateway_account_holds", bank="alfa", currency="EUR") == 0
    async with scene.gateway.store.transaction() as session:
        await hold_account(session, scene.clock.now(), submissions=[1], reason="AM04", by="w1")
    scene.clock.advance(FRESH_SECONDS)
    assert await board.value("gateway_account_holds", bank="alfa", currency="EUR") == 1
    assert await board.value("gateway_account_holds", bank="charlie", currency="EUR") == 0


async def test_a_limit_shows_how_much_of_it_today_has_used(scene: Scene, board: Board) -> None:
    await scene.release(payments([1, 2]))
    await scene.until_idle("cut")
    async with scene.gateway.store.transaction() as session:
        assert await take(session, scene.clock.today(), [LIMIT], submission_no=1, sum_minor=102_480)
    shown = await board.value("gateway_limit_used_percent", source="all", bank="all", currency="EUR")
    assert shown == 25


async def test_a_shortfall_is_shown_where_a_balance_is_known(scene: Scene, board: Board) -> None:
    await scene.release(payments([1, 2]))
    await scene.until_idle("cut")
    await proved(scene, 100_000)
    assert await board.value("gateway_funding_shortfall_minor_units", bank="alfa", currency="EUR") == 2_480


async def test_the_outbox_is_as_old_as_its_oldest_event(scene: Scene, board: Board) -> None:
    await scene.release([payment(n, amount="-1.00") for n in range(20)])
    scene.clock.advance(45)
    await scene.rows("UPDATE outcome_event SET published_at = $1 WHERE lane = 3", scene.clock.now())
    left = await scene.value("SELECT count(*) FROM outcome_event WHERE lane <> 3")
    assert await board.value("gateway_outbox_events") == left < 20
    assert await board.value("gateway_outbox_oldest_seconds") == 45


async def test_money_by_position_is_that_of_the_control_sheet(scene: Scene, board: Board) -> None:
    orders = [*payments(range(4), amount="512.40"), payment(4, amount="12.345"), payment(5, benefit="UNHEARD_OF")]
    await scene.sealed([*orders, *payments(range(6, 8), "charlie", amount="100.00")])
    await scene.run("send", "alfa")
    await scene.stop("order", "SICK-000006")
    shown = (await board.scraped()).registry.get_sample_value
    of = {"currency": "EUR"}
    assert shown("gateway_money_minor_units", {"position": "in flight", **of}) == 4 * 51_240
    assert shown("gateway_pay_day_payments", {"position": "in flight", **of}) == 4
    assert shown("gateway_money_minor_units", {"position": "stopped", **of}) == 10_000
    assert shown("gateway_money_minor_units", {"position": "waiting", **of}) == 10_000
    assert shown("gateway_money_minor_units", {"position": "refused", **of}) == 51_240
    # an amount with three decimals is no euro amount: counted, but it is no money
    assert shown("gateway_pay_day_payments", {"position": "refused", "currency": "none"}) == 1
    assert shown("gateway_money_minor_units", {"position": "refused", "currency": "none"}) is None


@pytest.mark.parametrize(
    ("today", "shown"),
    [(date(2026, 9, 18), PAY_DATE), (PAY_DATE, PAY_DATE), (date(2026, 9, 22), PAY_DATE)],
)
async def test_the_pay_day_is_today_or_the_next_one_or_the_last(scene: Scene, today: date, shown: date) -> None:
    await scene.release(payments(range(3)))
    scene.clock.at = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    midnight = datetime(shown.year, shown.month, shown.day, tzinfo=UTC).timestamp()
    assert await Board(scene).value("gateway_pay_day_timestamp_seconds") == midnight


async def test_stops_by_kind_and_the_money_they_keep_back_once_an_order(scene: Scene, board: Board) -> None:
    await scene.release(payments(range(3)))
    for kind, value in (("order", "SICK-000001"), ("order", "SICK-000002"), ("person", "NIDN:ID000002")):
        await scene.stop(kind, value)
    shown = (await board.scraped()).registry.get_sample_value
    active = {kind: shown("gateway_stops_active", {"kind": kind}) for kind in ("order", "person", "bank")}
    assert active == {"order": 2, "person": 1, "bank": 0}
    assert shown("gateway_kept_back_minor_units", {"currency": "EUR"}) == 2 * 51240


async def test_everything_in_the_list_is_read(scene: Scene, board: Board) -> None:
    await scene.release(payments(range(3)))
    await scene.until_idle("cut")
    await scene.stop("order", "SICK-000001")
    await proved(scene, 100_000)
    await scene.pauses.pause(scope="all", value="", reason="restore", by="officer-1")
    await scene.rows("INSERT INTO exception (kind, key, opened_at) VALUES ('orphan', '1', $1)", scene.clock.now())
    readings = await board.gauges.read()
    assert {r.name for r in readings} == {d.name for d in READ}
    assert all(set(r.labels) == set(DEFINITIONS[r.name].labels) for r in readings)


@dataclass(slots=True)
class Counting:
    """A store that counts its transactions, takes time over them, or is down."""

    scene: Scene
    seconds: float = 0.0
    transactions: int = 0
    down: bool = False

    def transaction(self) -> Any:
        self.transactions += 1
        if self.down:
            raise StoreDown("the database cannot be reached")
        self.scene.clock.advance(self.seconds)
        return self.scene.gateway.store.transaction()


async def test_scrapes_in_quick_succession_read_once(scene: Scene) -> None:
    store = Counting(scene)
    board = Board(scene, store)
    for _ in range(5):
        await board.scraped()
    assert store.transactions == 1
    scene.clock.advance(FRESH_SECONDS)
    await board.scraped()
    assert store.transactions == 2


async def test_a_database_that_is_down_is_said_and_nothing_else(scene: Scene) -> None:
    store = Counting(scene)
    board = Board(scene, store)
    assert await board.value("gateway_security_alarms") == 0
    scene.clock.advance(FRESH_SECONDS)
    store.down = True
    assert await board.value("gateway_database_up") == 0
    assert await board.value("gateway_security_alarms") is None


def _days(readings: Sequence[Reading]) -> set[date]:
    name = "gateway_pay_day_timestamp_seconds"
    return {datetime.fromtimestamp(r.value, UTC).date() for r in readings if r.name == name}


async def test_money_that_takes_long_to_read_is_read_less_often(scene: Scene) -> None:
    """A reading of 2 s is followed by 100 s without another; one of no time by 30 s."""
    await scene.release(payments(range(3)))
    for seconds, rest in ((2.0, 2.0 * MONEY_SHARE), (0.0, MONEY_FRESH_SECONDS)):
        gauges = Gauges(store=_Slow(scene, seconds), clock=scene.clock, incarnation="b1")
        await scene.rows("UPDATE batch SET pay_date = $1", PAY_DATE)
        assert _days(await gauges.read()) == {PAY_DATE}
        await scene.rows("UPDATE batch SET pay_date = '2026-10-01'")
        scene.clock.advance(rest - 1)
        assert _days(await gauges.read()) == {PAY_DATE}
        scene.clock.advance(FRESH_SECONDS)
        assert _days(await gauges.read()) == {date(2026, 10, 1)}


@dataclass(slots=True)
class _Slow:
    """A store on which it takes `seconds` to find the pay day."""

    scene: Scene
    seconds: float

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        async with self.scene.gateway.store.transaction() as session:
            value = session.value

            async def slow(query: str, *args: Any) -> Any:
                self.scene.clock.advance(self.seconds if query == "gauges.pay_day" else 0)
                return await value(query, *args)

            with patch.object(session, "value", slow):
                yield session
