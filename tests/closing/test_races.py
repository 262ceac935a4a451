"""Closing against what else happens at the moment: every order of the statements that matter, on the real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from gateway.domain.facts import Fact
from gateway.service.apply import Apply
from gateway.service.close import Close
from gateway.service.conflicts import contradicted
from gateway.service.cut import Cut
from tests.clock import StillClock
from tests.closing.after import DAY, proved, reject, step
from tests.crash.interleave import Actor, Schedule, every_schedule
from tests.crash.test_stop_against_send import Duel, duel, sending
from tests.hearing.ear import FULL, Ear, listening
from tests.hearing.messages import Entry, camt054, pain002
from tests.scenario import payments

CLOSE = frozenset({"close.lock_submissions", "close.lock_attempts", "close.close"})
APPLY = frozenset({"establish.submissions", "establish.attempts", "conflicts.claimants"})
CUT = frozenset({"cut.next_with_loose", "cut.loose", "cut.lock_lane"})
CONFLICT = frozenset({"stops.gate", "conflicts.waiting"})
SEND = frozenset({"stops.intent_gate"})
CHANGED = (
    *("exception_event", "exception", "closing", "recall", "intent", "former_member", "submission_event"),
    "submission_bytes",
    *("observation", "bank_message", "attempt", "submission", "lane", "outcome_event", "payment_order"),
)
"""Tables that a run changes, those that refer to others first; the ledger only grows and is left alone."""

Acts = Callable[[], list[tuple[Actor, Awaitable[object]]]]


async def always(two: Duel, acts: Acts, check: Callable[[], Awaitable[None]]) -> int:
    """Play every schedule from where the database is now; return how many there were."""
    tables = [t for t in CHANGED if t != "bank_message"]  # statements refer to messages
    await two.scene.keep(*tables)
    messages = await two.scene.rows("SELECT message_no, state, applied_through FROM bank_message")

    async def run(schedule: Schedule) -> list[tuple[int, int]]:
        two.log.clear()
        two.transport.wires.clear()
        await two.scene.again(*tables)
        for message in messages:
            await two.scene.tamper(
                "UPDATE bank_message SET state = $2, applied_through = $3 WHERE message_no = $1", *message
            )
        choices = await two.stage.play(schedule, acts())
        try:
            await check()
        except AssertionError as error:
            raise AssertionError(" | ".join(two.log)) from error
        return choices

    return await every_schedule(run)


@asynccontextmanager
async def delivered(url: str, root: Path) -> AsyncIterator[tuple[Duel, Ear]]:
    """Two payments in one delivered file."""
    async with duel(url, root) as two, listening(two.scene) as ear:
        await ear.send(payments([1, 2]))
        yield two, ear


def closing(two: Duel, store: int) -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("close", CLOSE, store)
    return actor, replace(cast("Close", step(two.scene, "close")), store=two.store(actor, store)).run_once()


def applying(two: Duel, ear: Ear, store: int) -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("apply", APPLY, store)
    return actor, replace(cast("Apply", ear.step("apply")), store=two.store(actor, store)).run_once()


def cutting(two: Duel, store: int, *, days: int = 0) -> tuple[Actor, Awaitable[object]]:
    """A cutter whose clock is some days ahead."""
    actor = two.actor("cut", CUT, store)
    clock = StillClock(at=two.scene.clock.at + timedelta(days=days))
    return actor, replace(cast("Cut", two.scene.step("cut")), store=two.store(actor, store), clock=clock).run_once()


def contradicting(two: Duel, store: int) -> tuple[Actor, Awaitable[object]]:
    actor = two.actor("conflict", CONFLICT, store)

    async def act() -> None:
        async with two.store(actor, store).transaction() as session:
            await contradicted(session, two.scene.clock.now(), [1], actor="w1")

    return actor, act()


async def never_two_live(two: Duel) -> None:
    """P2, and P6: what is closed has its proof."""
    assert await two.scene.rows("SELECT order_no FROM attempt WHERE NOT closed GROUP BY 1 HAVING count(*) > 1") == []
    assert await two.scene.value("SELECT count(*) FROM attempt WHERE closed AND closed_proof ->> 'rule' IS NULL") == 0


async def test_a_booking_is_seen_before_closing_or_contradicts_it(database_url: str, tmp_path: Path) -> None:
    async with delivered(database_url, tmp_path) as (two, ear):
        await reject(ear, 1, "ED05")
        await step(two.scene, "close").run_once()
        await proved(ear)
        two.scene.clock.advance(3 * DAY)
        await ear.tell(camt054(await ear.account(), Entry(amount=FULL, end_to_end_id=(await ear.ids())[0])))
        await ear.until_idle("read")
        seen: set[tuple[Any, ...]] = set()

        async def check() -> None:
            await never_two_live(two)
            rows = await two.scene.rows(
                "SELECT a.closed, a.facts & 1024 <> 0, o.state FROM attempt a JOIN payment_order o USING (order_no)"
                " WHERE a.attempt_no = 1"
            )
            seen.add(rows[0])
            assert rows[0] in {(False, False, "payable"), (True, True, "held")}

        await always(two, lambda: [closing(two, 0), applying(two, ear, 1)], check)
        assert len(seen) == 2


async def test_an_order_is_cut_again_once_and_only_when_its_attempt_is_closed(
    database_url: str, tmp_path: Path
) -> None:
    async with delivered(database_url, tmp_path) as (two, ear):
        await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="TM01"))
        made: set[int] = set()

        async def check() -> None:
            await never_two_live(two)
            assert await two.scene.value("SELECT count(*) FROM attempt WHERE closed") == 2
            made.add(await two.scene.value("SELECT count(*) FROM attempt WHERE generation = 2"))

        await always(two, lambda: [closing(two, 0), cutting(two, 1, days=1)], check)
        assert made == {0, 2}


async def test_two_cutters_make_one_further_attempt(database_url: str, tmp_path: Path) -> None:
    async with delivered(database_url, tmp_path) as (two, ear):
        await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="TM01"))
        await step(two.scene, "close").run_once()

        async def check() -> None:
            await never_two_live(two)
            assert await two.scene.value("SELECT count(*) FROM attempt WHERE generation = 2") == 2

        await always(two, lambda: [cutting(two, 0, days=1), cutting(two, 1, days=1)], check)


async def test_a_racing_intent_sees_the_conflict_or_was_committed_before(database_url: str, tmp_path: Path) -> None:
    async with delivered(database_url, tmp_path) as (two, ear):
        await ear.hear(pain002(await ear.msg_id(), group="RJCT", reason="TM01"))
        await step(two.scene, "close").run_once()
        two.scene.clock.advance(DAY)
        await two.scene.seal_again()
        await two.scene.tamper("UPDATE attempt SET facts = facts | $1 WHERE attempt_no = 1", int(Fact.CONTRADICTED))
        seen: set[tuple[str, int, int]] = set()

        async def check() -> None:
            await never_two_live(two)
            state = (await two.scene.states())[1]
            found = (state, len(two.transport.wires), await two.scene.value("SELECT count(*) FROM recall"))
            seen.add(found)
            assert found == (("delivered", 1, 1) if two.intent_before("conflict: commit") else ("void", 0, 0))
            assert await two.scene.value("SELECT state FROM payment_order ORDER BY order_no LIMIT 1") == "held"

        def acts() -> list[tuple[Actor, Awaitable[object]]]:
            sender, sent = sending(two, 0)
            sender.points = SEND
            return [(sender, sent), contradicting(two, 1)]

        await always(two, acts, check)
        assert len(seen) == 2
