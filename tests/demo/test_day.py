"""The simulated day's clock, its hops, what it hears and what it signs."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from gateway.demo.benefits_system import canonical, chunk_digests, totals
from gateway.demo.clock import DayClock
from gateway.demo.conductor import HOP, round_up
from gateway.demo.evidence import make_room
from gateway.demo.inbox import Inbox
from gateway.demo.orders import make_pay_day
from gateway.demo.stage import PAY_DATE
from gateway.domain import digest
from gateway.domain.order_reading import readable_amount
from gateway.sandbox import read_parameters
from tests.orders import ROOT

EIGHT = datetime(2026, 9, 21, 8, tzinfo=UTC)


def test_the_clock_stands_still_and_never_goes_back() -> None:
    clock = DayClock(EIGHT)
    clock.advance_to(EIGHT + timedelta(minutes=5))
    clock.advance_to(EIGHT)
    assert clock.now() == EIGHT + timedelta(minutes=5)
    assert clock.today() == PAY_DATE


def test_the_clock_tells_utc() -> None:
    ankara = timezone(timedelta(hours=3))
    assert DayClock(datetime(2026, 9, 21, 11, tzinfo=ankara)).now().isoformat() == "2026-09-21T08:00:00+00:00"


def test_a_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        DayClock(datetime(2026, 9, 21, 8))  # noqa: DTZ001 - what must be refused


@pytest.mark.parametrize(
    ("due", "hop"),
    [
        (EIGHT + timedelta(seconds=1), EIGHT + HOP),
        (EIGHT + HOP, EIGHT + HOP),
        (EIGHT + HOP + timedelta(microseconds=1), EIGHT + 2 * HOP),
        (EIGHT - timedelta(hours=1), EIGHT + HOP),
    ],
)
def test_hops_are_full_and_go_forward(due: datetime, hop: datetime) -> None:
    assert round_up(due, after=EIGHT) == hop


async def test_the_inbox_keeps_the_highest_number_of_an_order() -> None:
    inbox = Inbox("127.0.0.1:1", 1)
    for number, outcome in ((2, "returned"), (1, "paid"), (2, "returned")):
        inbox.take({"orderId": "A", "outcomeNo": number, "outcome": outcome})
    assert inbox.latest()["A"]["outcome"] == "returned"
    assert [event["outcomeNo"] for event in inbox.all()] == [1, 2]
    assert inbox.repeated == 1
    await inbox.until(2, seconds=5)


def test_what_the_benefits_system_signs_is_what_the_gateway_digests() -> None:
    banks = read_parameters(ROOT / "config" / "sandbox.yaml", seed=7)
    orders = make_pay_day(1_500, 7, banks, PAY_DATE).orders
    documents = {o.order_id: digest.canonical(json.loads(o.line())) for o in orders}
    theirs = list(digest.chunk_digests(digest.order_digest(documents[i]) for i in sorted(documents)))
    assert chunk_digests(orders) == theirs
    assert len(theirs) == 2
    assert [canonical(o.document) for o in orders] == [documents[o.order_id] for o in orders]
    minor = sum(money.minor for o in orders if (money := readable_amount(o.document)))
    assert totals(orders) == {"EUR": f"{minor // 100}.{minor % 100:02d}"}


def test_making_room_takes_only_what_a_run_left(tmp_path: Path) -> None:
    (tmp_path / "outbound" / "alfa").mkdir(parents=True)
    for name in ("orders.ndjson", "mine.txt"):
        (tmp_path / name).write_text("x")
    make_room(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
