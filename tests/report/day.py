"""A day small enough to be added up by hand; its figures stand beside what the reports say of it.

Seven orders of source SSI for Monday, 2026-09-21, released at 08:00 UTC. All but number 7 were approved on Thursday the
17th at 09:30, number 7 on the Monday at 06:00.

    1  SICK_PAY  512.40  alfa     booked, as the statement of the day says (heard at 20:00)
    2  SICK_PAY  512.40  alfa     booked (heard at 09:00), in the statement too; came back on 11 October, AC04
    3  SICK_PAY  512.40  alfa     rejected, AC04
    4  SICK_PAY  100.00  alfa     nothing heard
    5  SICK_PAY  512.40  alfa     its payee was stopped before it left
    6  SICK_PAY    0.00           refused: no money
    7  TRAVEL    200.00  charlie  its submission's sum was booked (heard at 09:00)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gateway.domain.paper import Cell, Paper, ReportKind
from gateway.runtime.serve import reach
from gateway.service.reports import Asked, Reports
from tests.closing.after import close
from tests.hearing.ear import Ear, listening
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.orders import PAY_DATE
from tests.scenario import Scene, opened, payment
from tests.statements import Booking, Detail, Stmt, camt053

HOUR = 3600.0
RETURNED_ON = date(2026, 10, 11)
FULL = 51_240
TRAVEL = {"benefit": "TRAVEL_REFUND", "amount": "200.00", "approvedAt": "2026-09-21T06:00:00Z"}
RETURN = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """The reports of the day as it ended, and of the same day three weeks later."""

    evening: Mapping[ReportKind, Paper]
    later: Mapping[ReportKind, Paper]
    narrowed: Paper
    of_a_source: Paper
    of_nobody: Paper
    taken: Paper
    broken: Paper


async def play(url: str, root: Path) -> Papers:
    """Play the day and what followed, and report on it."""
    async with opened(url, root) as scene, listening(scene) as ear:
        await _leave(ear)
        await _hear(ear)
        evening = await _every(scene)
        narrowed = await _one(scene, ReportKind.BANK, about="charlie")
        await _come_back(ear)
        later = await _every(scene)
        own = await _one(scene, ReportKind.DAY, sources=["SSI"])
        nobody = await _one(scene, ReportKind.DAY, sources=["SOMEBODY"])
        taken = await _taken(scene)
        await scene.tamper("UPDATE observation SET verdict = 'orphan' WHERE booked AND NOT credit AND attempt_no = 1")
        await scene.tamper("UPDATE payment_order SET amount_minor = amount_minor + 1 WHERE order_id = 'SICK-000004'")
        broken = await _one(scene, ReportKind.DAY)
    return Papers(
        evening=evening, later=later, narrowed=narrowed, of_a_source=own, of_nobody=nobody, taken=taken, broken=broken
    )


async def _leave(ear: Ear) -> None:
    """Everything up to the banks' folders; the stop comes after the release and before the files."""
    orders = [payment(n) for n in (1, 2, 3)] + [payment(4, amount="100.00"), payment(5), payment(6, amount="0.00")]
    await ear.scene.release([*orders, payment(7, "charlie", **TRAVEL)])
    await ear.scene.stop("person", "NIDN:ID000005")
    for _ in range(2):  # sealing puts back who is stopped; the others are cut and sealed again
        await ear.scene.seal_again()
    for bank in ("alfa", "charlie"):
        await ear.scene.until_idle("send", bank)
    await ear.scene.until_idle("stops")


async def _hear(ear: Ear) -> None:
    ear.scene.clock.advance(HOUR)
    ids, account = await _ids(ear), await ear.account()
    msg_ids = dict(await ear.scene.rows("SELECT bank, msg_id FROM submission WHERE state = 'delivered'"))
    await ear.hear(camt054(account, Entry(amount="512.40", end_to_end_id=ids[2], ref="R2")))
    await ear.hear(
        pain002(msg_ids["alfa"], group="PART", about=[Status(end_to_end_id=ids[3], status="RJCT", reason="AC04")])
    )
    whole = Entry(amount="200.00", batch=(msg_ids["charlie"], 1), ref="C1")
    await ear.hear(camt054(await ear.account("charlie"), whole), bank="charlie")
    ear.scene.clock.advance(11 * HOUR)
    bookings = [
        Booking(minor=-FULL, ref="R1", details=[Detail(minor=-FULL, end_to_end_id=ids[1])]),
        Booking(minor=-FULL, ref="R2", details=[Detail(minor=-FULL, end_to_end_id=ids[2])]),
        Booking(minor=-777, ref="R9"),
    ]
    await _statement(ear, Stmt(account=account, name="S1", opening=500_000, closing=396_743, bookings=bookings))


async def _come_back(ear: Ear) -> None:
    ear.scene.clock.advance(20 * 24 * HOUR)
    ids, account = await _ids(ear), await ear.account()
    back = Booking(minor=FULL, ref="R7", details=[Detail(minor=FULL, end_to_end_id=ids[2], more=RETURN)])
    stmt = Stmt(
        account=account,
        name="S2",
        number=2,
        opening=396_743,
        closing=447_983,
        opening_on=RETURNED_ON,
        closing_on=RETURNED_ON,
        bookings=[back],
    )
    await _statement(ear, stmt)
    await close(ear)


async def _taken(scene: Scene) -> Paper:
    """Two people have an exception each, of the same kind and age."""
    await scene.tamper("UPDATE exception SET state = 'assigned', owner = 'officer-1' WHERE kind = 'orphan'")
    await scene.tamper(
        "INSERT INTO exception (kind, key, bank, amount_minor, currency, opened_at, state, owner)"
        " SELECT 'orphan', 'other', 'alfa', 200, 'EUR', opened_at + interval '1 hour', 'assigned', 'officer-2'"
        " FROM exception WHERE kind = 'orphan'"
    )
    return await _one(scene, ReportKind.DAY)


async def _statement(ear: Ear, stmt: Stmt) -> None:
    await ear.hear(camt053(stmt, message_id=stmt.name))
    await ear.until_idle("prove")
    await ear.until_idle("settle")


async def _ids(ear: Ear) -> dict[int, str]:
    """EndToEndIds by the number of the order."""
    sql = "SELECT right(order_id, 6)::int, end_to_end_id FROM attempt JOIN payment_order USING (order_no)"
    return dict(await ear.scene.rows(sql))


async def _every(scene: Scene) -> dict[ReportKind, Paper]:
    return {kind: await _one(scene, kind) for kind in ReportKind}


async def _one(scene: Scene, kind: ReportKind, **asked: Any) -> Paper:
    reports = Reports(store=scene.gateway.store, clock=scene.clock, reach=reach(scene.gateway.configuration))
    return await reports.make(Asked(kind=kind, pay_date=PAY_DATE, **asked))


def rows(paper: Paper, table: str) -> list[tuple[Cell, ...]]:
    """The rows of a table."""
    return next([tuple(row) for row in t.rows] for s in paper.sections for t in s.tables if t.id == table)
