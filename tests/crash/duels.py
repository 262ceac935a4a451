"""What duels share: the database as it was before every schedule, stores that wait for their turn, and who acts."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.domain.errors import Refused
from gateway.service.casework import Casework
from gateway.service.deeds import all_deeds
from gateway.service.stops import Stops
from tests.casework.desk import Desk
from tests.crash.end_state import broken
from tests.crash.interleave import Actor, Schedule, every_schedule
from tests.crash.test_stop_against_send import Duel, duel
from tests.hearing.ear import Ear, listening
from tests.scenario import SOURCE
from tests.statements import Booking, Detail, Stmt, camt053

MINOR = 51_240
Acts = Callable[[], list[tuple[Actor, Awaitable[object]]]]
Check = Callable[[], Awaitable[None]]
SETTLE = frozenset({"settle.pick", "ledger.post", "settle.advance", "settle.settled"})
PROVE = frozenset({"prove.pick", "prove.prove", "prove.judged"})
APPLY = frozenset({"apply.pick", "establish.submissions", "apply.applied"})
LEARN = frozenset({"establish.submissions", "learn.nameless", "settle.late_entries"})
APPEND = frozenset({"intake.lock", "intake.store"})
HEAR = frozenset({"receive.advance", "order_events.lock", "intake.store"})
BATCH = frozenset({"batches.lock", "batches.close"})
RELEASE = frozenset({"corrections.lock", "corrections.payable"})
STOP = frozenset({"stops.gate"})
WORD = frozenset({"casework.lock_order", "casework.release", "casework.give_back"})
MATCH = frozenset({"parts.lock_submissions", "casework.lock_entry"})
DECLARE = frozenset({"casework.lock_doubtful", "decisions.lock"})


async def always(two: Duel, acts: Acts, check: Check) -> int:
    """Play every schedule from where the database is now; return how many there were."""
    tables = await two.scene.column(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        " AND tablename NOT IN ('installation', 'allowed_move', 'schema_migration') AND tablename NOT LIKE 'kept_%'"
    )
    await two.scene.keep(*tables)

    async def run(schedule: Schedule) -> list[tuple[int, int]]:
        two.log.clear()
        two.transport.wires.clear()
        await two.scene.again(*tables)
        choices = await two.stage.play(schedule, acts())
        try:
            await check()
            assert await broken(two.scene) == []
        except AssertionError as error:
            raise AssertionError(f"{error} after {' | '.join(two.log)}") from error
        return choices

    return await every_schedule(run)


@asynccontextmanager
async def met(url: str, root: Path) -> AsyncIterator[tuple[Duel, Ear]]:
    async with duel(url, root) as two, listening(two.scene) as ear:
        yield two, ear


def working(
    two: Duel, step: Any, points: frozenset[str], store: int, name: str = ""
) -> tuple[Actor, Awaitable[object]]:
    """A worker that runs a step once on a store of its own."""
    actor = two.actor(name or f"w{store}", points, store)
    return actor, replace(step, store=two.store(actor, store)).run_once()


async def refused(act: Awaitable[object]) -> None:
    """Somebody who may come too late."""
    try:
        await act
    except Refused:
        return


def stopping(two: Duel, value: str, store: int, kind: str = "order") -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("stop", STOP, store)
    stops = Stops(store=two.store(actor, store), clock=two.scene.clock)
    return actor, stops.stop(kind=kind, source=SOURCE, value=value, reason="DEATH", by="officer-1")


def deciding(two: Duel, points: frozenset[str], store: int) -> tuple[Actor, Casework]:
    actor = two.actor("person", points, store)
    deeds = all_deeds(two.scene.gateway.configuration.reasons)
    return actor, Casework(store=two.store(actor, store), clock=two.scene.clock, deeds=deeds)


async def statement(ear: Ear, *bookings: Booking) -> bytes:
    moved = sum(b.minor for b in bookings)
    stmt = Stmt(account=await ear.account(), opening=0, closing=moved, bookings=bookings)
    return camt053(stmt, message_id="B1")


async def whole(ear: Ear) -> bytes:
    """A statement of both payments, and of something else."""
    ids = await ear.ids()
    details = [Detail(minor=-MINOR, end_to_end_id=i) for i in ids]
    return await statement(ear, Booking(minor=-2 * MINOR, ref="R1", details=details), Booking(minor=-7, ref="R2"))


async def balances(two: Duel) -> dict[str, int]:
    return await Desk(scene=two.scene).ledger()
