"""Gauges of the books: counted by hand from what each test put there."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.service.book_gauges import TWO_PEOPLE, Purse, read_books, read_ledger
from gateway.service.readings import Reading
from tests.funding.balances import proved
from tests.orders import PAY_DATE
from tests.scenario import Scene, payments

PURSES = {Purse("alfa", "EUR"), Purse("charlie", "EUR")}
DAY = 86_400


def shown(readings: list[Reading], name: str, **labels: str) -> int | None:
    values = [r.value for r in readings if r.name == f"gateway_{name}" and r.labels == labels]
    assert len(values) <= 1
    return values[0] if values else None


async def books(scene: Scene) -> list[Reading]:
    async with scene.gateway.store.transaction() as session:
        return await read_books(session, scene.clock.now(), PURSES)


async def ledger(scene: Scene) -> list[Reading]:
    async with scene.gateway.store.transaction() as session:
        return await read_ledger(session, scene.clock.today(), PURSES)


async def test_attempts_wait_to_be_closed_and_some_are_due(scene: Scene) -> None:
    await scene.sealed([*payments(range(3)), *payments([7], "charlie")])
    now: Any = scene.clock.now()
    for attempt, since, look_at in ((1, now - timedelta(hours=5), None), (2, now, now + timedelta(hours=1))):
        await scene.tamper("INSERT INTO closing VALUES ($1, $2, $3)", attempt, since, look_at)
    read = await books(scene)
    of = {"bank": "alfa"}
    assert (shown(read, "attempts_to_close", **of), shown(read, "attempts_due_to_close", **of)) == (2, 1)
    assert shown(read, "oldest_attempt_to_close_seconds", **of) == 5 * 3_600
    for name in ("attempts_to_close", "attempts_due_to_close", "oldest_attempt_to_close_seconds"):
        assert shown(read, name, bank="charlie") == 0


async def test_decisions_wait_by_act_until_they_lapse(scene: Scene) -> None:
    now: Any = scene.clock.now()
    for number, (act, hours, valid) in enumerate((("write off", 5, 1), ("write off", 3, 1), ("match", 80, -1))):
        asked, until = now - timedelta(hours=hours), now + timedelta(hours=valid)
        await scene.tamper(
            "INSERT INTO decision (act, subject, digest, asked_by, asked_at, expires_at)"
            " VALUES ($1, '{}', sha256($2), 'anna', $3, $4)",
            *(act, str(number).encode(), asked, until),
        )
    await scene.release(payments(range(2)))
    await scene.stop("order", "SICK-000001")
    await scene.tamper("UPDATE stop SET lift_asked_by = 'anna', lift_asked_at = $1", now - timedelta(hours=1))
    read = await books(scene)
    waiting = {act: shown(read, "decisions_waiting", act=act) for act in TWO_PEOPLE}
    assert {act: count for act, count in waiting.items() if count} == {"write off": 2, "lift stop": 1}
    assert shown(read, "oldest_decision_seconds", act="write off") == 5 * 3_600
    assert shown(read, "oldest_decision_seconds", act="match") == 0


async def test_recalls_by_state_zeros_too(scene: Scene) -> None:
    await scene.sealed(payments(range(2)))
    await scene.tamper(
        "INSERT INTO recall (attempt_no, reason, proposed_at) VALUES (1, 'death', $1)", scene.clock.now()
    )
    read = await books(scene)
    states = ("proposed", "asked", "returned", "refused", "expired")
    assert [shown(read, "recalls", state=state) for state in states] == [1, 0, 0, 0, 0]


async def test_a_pay_day_waits_for_a_statement_that_covers_it(scene: Scene) -> None:
    await scene.sealed([*payments(range(2)), *payments([7], "charlie")])
    await scene.run("send", "alfa")
    scene.clock.at = datetime(PAY_DATE.year, PAY_DATE.month, PAY_DATE.day + 3, 9, tzinfo=UTC)
    await proved(scene, 100_000)  # of the Friday before
    assert shown(await ledger(scene), "oldest_unstated_seconds", bank="alfa", currency="EUR") == 3 * DAY
    await scene.tamper("UPDATE statement SET closing_on = $1", PAY_DATE)
    read = await ledger(scene)
    assert shown(read, "oldest_unstated_seconds", bank="alfa", currency="EUR") == 0
    assert shown(read, "oldest_unstated_seconds", bank="charlie", currency="EUR") == 0, "nothing was sent there"
