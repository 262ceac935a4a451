"""From a bank's own words to its closing balance: camt.053 heard, applied, proved and settled."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.facts import Fact
from gateway.service.balances import Balances, OpenItem
from gateway.service.gauges import Gauges
from tests.hearing.ear import Ear, listening
from tests.orders import PAY_DATE
from tests.scenario import opened, payments
from tests.statements import Booking, Detail, Stmt, camt053

FULL = 51240
BOOKINGS = [500_000, -2 * FULL, -777]
"""Our funding, two payments of ours in one entry, and what nobody knows."""


@pytest.fixture
async def ear(database_url: str, tmp_path: Path) -> AsyncIterator[Ear]:
    """Three payments of 512.40 delivered to bank alfa in one file."""
    async with opened(database_url, tmp_path) as scene, listening(scene) as ear:
        await ear.send(payments([1, 2, 3]))
        yield ear


async def _gauges(ear: Ear) -> dict[str, int]:
    """What the gauges of the books say of bank alfa."""
    scene = ear.scene
    readings = await Gauges(store=scene.gateway.store, clock=scene.clock, incarnation="").read()
    of_alfa = [r for r in readings if r.labels.get("bank") == "alfa"]
    names = ("gateway_unsettled_statements", "gateway_suspense_minor_units")
    return {r.name: r.value for r in of_alfa if r.name in names}


async def _statement(ear: Ear) -> bytes:
    ids = await ear.ids()
    of_ours = [Detail(minor=-FULL, end_to_end_id=e2e) for e2e in ids[:2]]
    bookings = [Booking(minor=m, ref=f"R{n}", details=of_ours if n == 1 else ()) for n, m in enumerate(BOOKINGS)]
    closing = 100_000 + sum(BOOKINGS)
    return camt053(Stmt(account=await ear.account(), opening=100_000, closing=closing, bookings=bookings))


async def test_the_banks_closing_balance_agrees(ear: Ear) -> None:
    balances = Balances(store=ear.scene.gateway.store)
    await ear.hear(await _statement(ear))
    await ear.until_idle("prove")
    assert await _gauges(ear) == {"gateway_unsettled_statements": 1}
    [before] = await balances.agreements(PAY_DATE, PAY_DATE)
    assert (before.settled, before.difference_minor) == (False, sum(BOOKINGS))
    await ear.until_idle("settle")
    [after] = await balances.agreements(PAY_DATE, PAY_DATE)
    assert (after.settled, after.difference_minor, after.entries) == (True, 0, 3)
    assert (after.paid_minor, after.suspense_minor, after.closing_minor) == (2 * FULL, 777 - 500_000, 496_743)
    booked = int(Fact.BOOKED | Fact.BOOKED_IN_STATEMENT)
    assert await ear.scene.column("SELECT facts FROM attempt ORDER BY attempt_no") == [booked, booked, 0]
    assert await ear.outcomes() == [[(1, "paid")], [(1, "paid")]]
    assert await _gauges(ear) == {"gateway_unsettled_statements": 0, "gateway_suspense_minor_units": 500_777}
    assert [_told(item) for item in await balances.suspense()] == [(-500_000, True), (777, True)]
    [on_the_way] = await balances.on_the_way()
    assert (on_the_way.ledger.minor, on_the_way.attempts.minor, on_the_way.ledger.payments) == (FULL, FULL, 1)


def _told(item: OpenItem) -> tuple[int, bool]:
    """How much it is, and whether an exception tells a person of it."""
    return item.amount_minor, item.exception_no is not None
