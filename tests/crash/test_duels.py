"""Two who meet on the same rows: in every interleaving of their statements the books come out right.

Two workers on one message, statement or account; close against what comes late; a stop against somebody who lets an
order go on; a person against a machine that learns the same at the same moment.
"""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.exceptions import Act
from gateway.domain.facts import Fact
from gateway.ports.bus import ORDERS
from gateway.ports.transport import Arrival, Sent
from gateway.service.batches import Batches
from gateway.service.intake import Intake
from tests.casework.desk import ANNA, BERTA, Desk
from tests.closing.after import DAY, proved, reject, step
from tests.closing.test_corrections import NEW, OLD, correction, push
from tests.closing.test_races import applying, closing, never_two_live
from tests.crash.duels import (
    APPEND,
    APPLY,
    BATCH,
    DECLARE,
    HEAR,
    LEARN,
    MATCH,
    MINOR,
    PROVE,
    RELEASE,
    SETTLE,
    WORD,
    always,
    balances,
    deciding,
    met,
    refused,
    statement,
    stopping,
    whole,
    working,
)
from tests.crash.interleave import Actor
from tests.crash.test_stop_against_send import Duel, afterwards
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.orders import line, manifest_of
from tests.scenario import SOURCE, payment, payments
from tests.statements import Booking
from tests.stopping.post import posting


@pytest.fixture
async def sent(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Duel, Ear]]:
    """Two payments in one delivered file, by a channel that writes down what it sends."""
    async with met(database_url, tmp_path) as (two, ear):
        await ear.send(payments([1, 2]))
        yield two, ear


@pytest.fixture
async def empty(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Duel, Ear]]:
    async with met(database_url, tmp_path) as (two, ear):
        yield two, ear


# Two workers ----------------------------------------------------------------------------------------------------


async def test_two_workers_apply_a_message_once(sent: tuple[Duel, Ear]) -> None:
    two, ear = sent
    await ear.tell(await whole(ear))
    await ear.until_idle("read")
    apply = ear.step("apply")

    async def check() -> None:
        await ear.until_idle("apply")
        assert await ear.outcomes() == [[(1, "paid")], [(1, "paid")]]
        assert await two.scene.column("SELECT verdict FROM observation ORDER BY ordinal") == ["matched"] * 2 + [
            "orphan"
        ]

    assert await always(two, lambda: [working(two, apply, APPLY, n) for n in (0, 1)], check) > 1


async def test_two_workers_prove_an_account_once(sent: tuple[Duel, Ear]) -> None:
    two, ear = sent
    await ear.hear(await whole(ear))
    prove = ear.step("prove")

    async def check() -> None:
        assert await two.scene.rows("SELECT state, link FROM statement") == [("proved", 0)]

    assert await always(two, lambda: [working(two, prove, PROVE, n) for n in (0, 1)], check) > 1


async def test_two_workers_settle_a_statement_once(sent: tuple[Duel, Ear]) -> None:
    two, ear = sent
    await ear.hear(await whole(ear))
    await ear.until_idle("prove")
    settle = ear.step("settle")

    async def check() -> None:
        await ear.until_idle("settle")
        assert await balances(two) == {"paid": 2 * MINOR, "suspense": 7, "control": -2 * MINOR - 7}

    assert await always(two, lambda: [working(two, settle, SETTLE, n) for n in (0, 1)], check) > 1


async def test_a_statement_settles_beside_news_of_its_payments(sent: tuple[Duel, Ear]) -> None:
    two, ear = sent
    await ear.hear(await whole(ear))
    await ear.until_idle("prove")
    ids = await ear.ids()
    await ear.tell(camt054(await ear.account(), Entry(amount=FULL, end_to_end_id=ids[0], sign="CRDT", ref="BACK")))
    await ear.until_idle("read")
    settle, apply = ear.step("settle"), ear.step("apply")

    async def check() -> None:
        await ear.until_idle("settle")
        assert (await balances(two))["paid"] == 2 * MINOR
        assert [events[-1][1] for events in await ear.outcomes()] == ["returned", "paid"]

    await always(two, lambda: [working(two, settle, SETTLE, 0), working(two, apply, APPLY, 1)], check)


# Close against what comes late ------------------------------------------------------------------------------------


async def test_what_is_appended_is_counted_or_turned_away(empty: tuple[Duel, Ear]) -> None:
    two, _ = empty
    scene = two.scene
    await push(scene, payment(1), batch="B-1")
    seen: set[int] = set()

    def acts() -> list[tuple[Actor, Awaitable[object]]]:
        actors = two.actor("append", APPEND, 0), two.actor("close", BATCH, 1)
        stores = [two.store(actor, n) for n, actor in enumerate(actors)]
        intake = Intake(store=stores[0], clock=scene.clock, catalogue=scene.gateway.configuration.catalogue)
        batches = Batches(store=stores[1], clock=scene.clock, approvals=scene.gateway.approvals)
        pushed = refused(intake.append(source=SOURCE, batch_id="B-1", lines=[line(payment(2))]))
        return [(actors[0], pushed), (actors[1], batches.close(source=SOURCE, batch_id="B-1", by="benefits"))]

    async def check() -> None:
        counted = await scene.value("SELECT order_count FROM batch")
        seen.add(counted)
        assert counted == await scene.value("SELECT count(*) FROM payment_order")

    await always(two, acts, check)
    assert seen == {1, 2}


async def test_an_order_over_kafka_is_counted_or_a_dead_letter(empty: tuple[Duel, Ear]) -> None:
    two, _ = empty
    scene, seen = two.scene, set[tuple[int, int]]()
    async with posting(scene) as post:
        await post.open()
        await post.push(payments([1]))
        post.write_order(payment(2))

        def acts() -> list[tuple[Actor, Awaitable[object]]]:
            post.loops.clear()
            closer = two.actor("close", BATCH, 1)
            batches = Batches(store=two.store(closer, 1), clock=scene.clock, approvals=scene.gateway.approvals)
            hearer = two.actor("hear", HEAR, 0)
            hear = post.step(ORDERS)
            hear.store = two.store(hearer, 0)
            return [
                (hearer, hear.run_once()),
                (closer, batches.close(source=SOURCE, batch_id="B-1", by="benefits")),
            ]

        async def check() -> None:
            counted, dead = await scene.value("SELECT order_count FROM batch"), len(await post.dead())
            seen.add((counted, dead))
            assert counted == await scene.value("SELECT count(*) FROM payment_order")

        await always(two, acts, check)
    assert seen == {(1, 1), (2, 0)}


async def test_a_late_return_is_seen_before_closing_or_contradicts_it(sent: tuple[Duel, Ear]) -> None:
    two, ear = sent
    await reject(ear, 1, "ED05")
    await step(two.scene, "close").run_once()
    await proved(ear)
    two.scene.clock.advance(3 * DAY)
    late = Entry(amount=FULL, end_to_end_id=(await ear.ids())[0], sign="CRDT", reason="AC04")
    await ear.tell(camt054(await ear.account(), late))
    await ear.until_idle("read")
    seen: set[tuple[Any, ...]] = set()

    async def check() -> None:
        await never_two_live(two)
        ((closed, state),) = await two.scene.rows(
            "SELECT closed, o.state FROM attempt JOIN payment_order o USING (order_no) WHERE attempt_no = 1"
        )
        seen.add((closed, state))
        assert (closed, state) in {(False, "payable"), (True, "held")}

    await always(two, lambda: [closing(two, 0), applying(two, ear, 1)], check)
    assert len(seen) == 2


# A stop against somebody who lets an order go on -----------------------------------------------------------------


@pytest.mark.parametrize(("deed", "wanted"), [(Act.RELEASE, {}), (Act.GIVE_BACK, {"reason": "NO"})])
async def test_a_held_order_that_is_stopped_never_leaves(
    empty: tuple[Duel, Ear], deed: Act, wanted: dict[str, str]
) -> None:
    two, _ = empty
    scene = two.scene
    await scene.release(payments([1, 2]))
    await scene.tamper("UPDATE payment_order SET state = 'held', reason = 'MS03' WHERE order_id = 'SICK-000001'")
    await scene.tamper(
        "INSERT INTO exception (kind, key, order_no, detail, opened_at)"
        " SELECT 'officer', '1', order_no, '{}', '2026-09-21' FROM payment_order WHERE order_id = 'SICK-000001'"
    )
    number = await Desk(scene=scene).number("officer")
    seen: set[str] = set()

    def acts() -> list[tuple[Actor, Awaitable[object]]]:
        actor, casework = deciding(two, WORD, 0)
        act = casework.act(number, deed, wanted=wanted, comment="go", person=ANNA)
        return [(actor, refused(act)), stopping(two, "SICK-000001", 1)]

    async def check() -> None:
        seen.add(await scene.value("SELECT state FROM payment_order WHERE order_id = 'SICK-000001'"))
        left = await afterwards(two)
        names = await scene.column(
            "SELECT end_to_end_id FROM attempt a JOIN payment_order o USING (order_no) WHERE order_id = 'SICK-000001'"
        )
        assert not any(name.encode() in left for name in names)

    await always(two, acts, check)
    assert seen == ({"held", "payable"} if deed is Act.RELEASE else {"given back"})


async def test_a_correction_that_is_stopped_never_leaves(empty: tuple[Duel, Ear]) -> None:
    two, _ = empty
    scene = two.scene
    await scene.release([payment(1)])
    await scene.tamper("UPDATE payment_order SET state = 'given back', claims = false")
    await push(scene, correction(), payment(2), batch="B-2")
    closed = await scene.batches.close(source=SOURCE, batch_id="B-2", by="benefits")
    content, person = manifest_of(closed), "NIDN:ID000001"
    from gateway.runtime.keys import SandboxKeys

    signature = SandboxKeys(scene.gateway.settings.data_dir / "keys").sign(SOURCE, content)

    def acts() -> list[tuple[Actor, Awaitable[object]]]:
        actor = two.actor("release", RELEASE, 0)
        batches = Batches(store=two.store(actor, 0), clock=scene.clock, approvals=scene.gateway.approvals)
        name: dict[str, Any] = {"source": SOURCE, "batch_id": "B-2", "by": "benefits"}
        released = batches.release(**name, manifest=content, signature=signature)
        return [(actor, released), stopping(two, person, 1, "person")]

    async def check() -> None:
        assert await scene.rows(
            "SELECT state, claims FROM payment_order WHERE order_id IN ($1, $2) ORDER BY order_id", NEW, OLD
        ) == [("payable", True), ("replaced", False)]
        left = await afterwards(two)
        ids = await scene.column(
            "SELECT end_to_end_id FROM attempt JOIN payment_order USING (order_no) WHERE order_id = $1", NEW
        )
        assert not any(name.encode() in left for name in ids)

    await always(two, acts, check)


# A person against a machine --------------------------------------------------------------------------------------


async def test_an_entry_finds_its_home_once_by_hand_or_by_machine(sent: tuple[Duel, Ear]) -> None:
    two, ear = sent
    scene = two.scene
    ids, account = await ear.ids(), await ear.account()
    await ear.hear(await statement(ear, Booking(minor=-MINOR, ref="REF1"), Booking(minor=-7, ref="REF2")))
    await ear.until_idle("prove")
    await ear.until_idle("settle")
    await ear.tell(camt054(account, Entry(amount=FULL, end_to_end_id=ids[0], ref="REF1")))
    await ear.until_idle("read")
    ((number, _),) = await scene.rows("SELECT exception_no, kind FROM exception WHERE amount_minor = $1", MINOR)
    seen: set[str] = set()

    def acts() -> list[tuple[Actor, Awaitable[object]]]:
        actor, casework = deciding(two, MATCH, 0)
        act = casework.act(number, Act.MATCH, wanted={"endToEndId": ids[0]}, comment="it is", person=ANNA)
        return [(actor, refused(act)), working(two, ear.step("apply"), LEARN, 1, "apply")]

    async def check() -> None:
        await ear.until_idle("apply")
        seen.add(await scene.value("SELECT rule FROM observation WHERE ordinal = 1 ORDER BY message_no LIMIT 1"))
        booked = int(Fact.BOOKED | Fact.BOOKED_IN_STATEMENT)
        assert await scene.column("SELECT facts FROM attempt ORDER BY attempt_no") == [booked, 0]
        assert await ear.outcomes() == [[(1, "paid")]]
        found = await balances(two)
        assert (found["paid"], found["suspense"], found["in flight"]) == (MINOR, 7, MINOR)
        assert await scene.value("SELECT state FROM exception WHERE exception_no = $1", number) == "closed"

    await always(two, acts, check)
    assert len(seen) == 2


async def test_two_people_declare_or_the_bank_confirms(database_url: str, tmp_path: Path) -> None:
    async with met(database_url, tmp_path) as (two, ear):
        scene = two.scene
        two.transport.answers = [Sent.UNKNOWN]
        two.transport.findings = [Arrival.CANNOT_TELL]
        await scene.sealed(payments([1, 2]))
        await scene.run("send", "alfa")
        scene.clock.advance(120)
        desk = Desk(scene=scene)
        view = await desk.act("unknown", Act.DECLARE, declared="not arrived")
        asked = desk.asked(view)
        ids = await ear.ids()
        about = [Status(end_to_end_id=i, status="ACSC") for i in ids]
        msg_id = await scene.value("SELECT msg_id FROM submission")
        await ear.tell(pain002(msg_id, group="ACCP", about=about))
        await ear.until_idle("read")
        seen: set[tuple[str, str, int]] = set()

        def acts() -> list[tuple[Actor, Awaitable[object]]]:
            actor, casework = deciding(two, DECLARE, 0)
            number = view.case.exception_no
            words: dict[str, Any] = {"decision_no": asked.decision_no, "digest": asked.digest, "comment": "seen"}
            confirmed = refused(casework.confirm(number, **words, person=BERTA))
            return [(actor, confirmed), working(two, ear.step("apply"), APPLY, 1, "apply")]

        async def check() -> None:
            await ear.until_idle("apply")
            state = (await scene.states())[0]
            decided = await scene.value("SELECT state FROM decision")
            paused = await scene.value("SELECT count(*) FROM pause")
            seen.add((state, decided, paused))
            two.transport.wires.clear()
            await afterwards(two)
            assert two.transport.wires == [], "what may have arrived is not sent again"

        await always(two, acts, check)
        assert seen == {("delivered", "lapsed", 0), ("not sent", "confirmed", 1)}
