"""A bank speaks of what was proved never to have reached it, before or after its payments went another way."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.ports.transport import Sent
from gateway.service.ageing import Ageing
from gateway.service.report import Report
from gateway.store.queries import queries
from tests.funding.test_payees import collected
from tests.hearing.ear import FULL, listening
from tests.hearing.messages import Entry, camt054, pain002
from tests.orders import PAY_DATE
from tests.scenario import Scene, opened, payments
from tests.sending.setting import LIVE, SUSPENDED, written
from tests.sending.test_lock_order import until_one_waits
from tests.sending.test_other_ways import MINUTES, OPEN, answering, gateway, given_up, void
from tests.sending.transport import Scripted

ORDER = "SELECT state, reason, outcome FROM payment_order ORDER BY order_no"


async def booked(scene: Scene) -> bytes:
    """The first attempt is booked, by name."""
    account = await scene.value("SELECT debtor_account FROM submission WHERE bank = 'alfa'")
    first = await scene.value("SELECT end_to_end_id FROM attempt WHERE generation = 1 ORDER BY order_no")
    return camt054(account, Entry(amount=FULL, end_to_end_id=first))


async def accepted(scene: Scene) -> bytes:
    """Its file is accepted, as a whole."""
    first = await scene.value("SELECT msg_id FROM submission WHERE bank = 'alfa' ORDER BY submission_no")
    return pain002(first, group="ACCP")


async def somebody_looked(scene: Scene) -> None:
    await scene.tamper(
        "UPDATE exception SET state = 'closed', closed_at = opened_at, closed_by = 'officer-1',"
        " closed_how = 'decision' WHERE kind = 'names what was never sent'"
    )


@pytest.mark.parametrize("word", [booked, accepted])
async def test_the_second_attempt_does_not_leave(database_url: str, tmp_path: Path, word: Any) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene, listening(scene) as ear:
        await given_up(scene)
        await scene.seal_again()
        assert await scene.states() == ["void", "sealed"]
        await ear.hear(await word(scene))
        assert await scene.rows(ORDER) == [("held", "conflict", "under investigation")]
        await scene.seal_again()
        await scene.until_idle("send")
        assert (await scene.states(), scene.files("bravo")) == (["void", "void"], [])
        assert await scene.exceptions() == ["tries used up", "names what was never sent", "held order"]
        assert (await Report(store=scene.gateway.store).control_sheet(PAY_DATE)).closes
        aged = await Ageing(store=scene.gateway.store).open(scene.clock.now())
        assert [one.what for one in aged if not one.owner] == []


async def went_another_way(url: str, root: Path) -> None:
    """One of two payments is stopped, so that their file is void; then bank alfa is suspended."""
    async with gateway(url, root, LIVE) as scene:
        await scene.sealed(payments([1, 9]))
        await void(scene)


@pytest.mark.parametrize("word", [booked, accepted])
async def test_the_second_attempt_of_a_suspended_bank_does_not_leave(
    database_url: str, tmp_path: Path, word: Any
) -> None:
    await went_another_way(database_url, tmp_path)
    async with gateway(database_url, tmp_path, SUSPENDED) as scene, listening(scene) as ear:
        await scene.seal_again()
        assert await scene.states() == ["void", "sealed"]
        await ear.hear(await word(scene))
        assert (await scene.rows(ORDER))[0] == ("held", "conflict", "under investigation")
        await scene.seal_again()
        await scene.until_idle("send")
        assert (await scene.states(), scene.files("bravo")) == (["void", "void"], [])


@pytest.mark.parametrize("word", [booked, accepted])
async def test_what_left_a_suspended_bank_may_be_paid_twice(database_url: str, tmp_path: Path, word: Any) -> None:
    await went_another_way(database_url, tmp_path)
    async with gateway(database_url, tmp_path, SUSPENDED) as scene, listening(scene) as ear:
        await scene.seal_again()
        await scene.until_idle("send")
        assert len(scene.files("bravo")) == 1
        await ear.hear(await word(scene))
        assert await scene.column(
            "SELECT recall.reason FROM recall JOIN attempt USING (attempt_no) WHERE bank = 'bravo'"
        ) == ["may be paid twice"]
        assert (await scene.rows(ORDER))[0][:2] == ("held", "conflict")


async def test_nothing_leaves_a_suspended_bank_while_somebody_has_to_look_at_its_file(
    database_url: str, tmp_path: Path
) -> None:
    await went_another_way(database_url, tmp_path)
    async with gateway(database_url, tmp_path, SUSPENDED) as scene, listening(scene) as ear:
        await ear.hear(await accepted(scene))
        await scene.pauses.resume(scope="bank", value="alfa", by="officer-1")
        await scene.seal_again()
        assert [row[0] for row in await scene.rows(OPEN)] == ["alfa", "alfa"]


@pytest.mark.parametrize("word", [booked, accepted])
async def test_a_second_attempt_that_has_left_may_be_paid_twice(database_url: str, tmp_path: Path, word: Any) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene, listening(scene) as ear:
        await given_up(scene)
        await scene.seal_again()
        await scene.until_idle("send")
        await ear.hear(await word(scene))
        assert await scene.rows("SELECT attempt_no, state, reason FROM recall") == [
            (2, "proposed", "may be paid twice")
        ]
        assert "may be paid twice" in await scene.exceptions()


@pytest.mark.parametrize("word", [booked, accepted])
async def test_nothing_goes_another_way_while_somebody_has_to_look(
    database_url: str, tmp_path: Path, word: Any
) -> None:
    """The lane is paused by the alarm; that it was resumed says nothing of this payment."""
    async with gateway(database_url, tmp_path, LIVE) as scene, listening(scene) as ear:
        await given_up(scene)
        await ear.hear(await word(scene))
        await scene.pauses.resume(scope="bank", value="alfa", by="officer-1")
        await scene.seal_again()
        assert [row[:2] for row in await scene.rows(OPEN)] == [("alfa", 1)]
        assert await scene.states() == ["void"]
        await somebody_looked(scene)
        await scene.seal_again()
        assert [row[:2] for row in await scene.rows(OPEN)] == [("bravo", 2)]


async def test_what_is_paid_over_the_counter_is_cut_again_for_its_bank(database_url: str, tmp_path: Path) -> None:
    async with opened(database_url, tmp_path, banks=written(tmp_path, {"kilo": LIVE})) as scene:
        scene.use_transport("kilo", answering(Sent.NOT_SENT))
        await scene.sealed([collected(1)])
        for _ in range(11):
            await scene.run("send", "kilo")
            scene.clock.advance(MINUTES)
        assert await scene.rows("SELECT state, tries FROM submission") == [("void", 10)]
        await scene.seal_again()
        assert await scene.states() == ["void", "sealed"]


# Once more for its own bank ---------------------------------------------------------------------------------------


async def tried_in_vain(scene: Scene) -> None:
    """Its tries are used up, and bank alfa can be reached again."""
    await given_up(scene)
    scene.use_transport("alfa", Scripted())


async def beside_a_stopped_one(scene: Scene) -> None:
    await scene.sealed(payments([1, 9]))
    await void(scene)


@pytest.mark.parametrize("ended", [tried_in_vain, beside_a_stopped_one])
async def test_what_left_for_its_own_bank_once_more_may_be_paid_twice(
    database_url: str, tmp_path: Path, ended: Any
) -> None:
    async with gateway(database_url, tmp_path, LIVE, ways=()) as scene, listening(scene) as ear:
        await ended(scene)
        await scene.seal_again()
        await scene.until_idle("send")
        assert await scene.states() == ["void", "delivered"]
        await ear.hear(await accepted(scene))
        assert await scene.rows("SELECT attempt_no, state, reason FROM recall") == [
            (1, "proposed", "may be paid twice")
        ]
        assert {"may be paid twice", "names what was never sent", "held order"} <= set(await scene.exceptions())
        assert (await scene.rows(ORDER))[0] == ("held", "conflict", "under investigation")


@pytest.mark.parametrize("word", [booked, accepted])
async def test_what_is_sealed_for_its_own_bank_once_more_does_not_leave(
    database_url: str, tmp_path: Path, word: Any
) -> None:
    """Nor does it when the lane is resumed, whether or not somebody has looked."""
    async with gateway(database_url, tmp_path, LIVE, ways=()) as scene, listening(scene) as ear:
        await tried_in_vain(scene)
        await scene.seal_again()
        await ear.hear(await word(scene))
        await scene.pauses.resume(scope="bank", value="alfa", by="officer-1")
        for _ in range(2):
            await scene.seal_again()
            await scene.until_idle("send")
            assert await scene.states() == ["void", "void"]
            assert await scene.rows(ORDER) == [("held", "conflict", "under investigation")]
            await somebody_looked(scene)


@pytest.mark.parametrize("word", [booked, accepted])
async def test_nothing_is_cut_for_its_own_bank_once_more_while_somebody_has_to_look(
    database_url: str, tmp_path: Path, word: Any
) -> None:
    async with gateway(database_url, tmp_path, LIVE, ways=()) as scene, listening(scene) as ear:
        await beside_a_stopped_one(scene)
        await ear.hear(await word(scene))
        await scene.pauses.resume(scope="bank", value="alfa", by="officer-1")
        await scene.seal_again()
        assert await scene.states() == ["void"]
        await somebody_looked(scene)
        await scene.seal_again()
        assert await scene.states() == ["void", "sealed"]


async def test_who_cuts_sees_what_a_bank_says_at_that_moment(database_url: str, tmp_path: Path) -> None:
    """The alarm is committed between the look at what may be cut and the cut."""
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await beside_a_stopped_one(scene)
        hearer = await asyncpg.connect(scene.url)
        async with hearer.transaction():
            await hearer.execute("SELECT FROM attempt FOR UPDATE")
            await hearer.execute("""
                INSERT INTO exception (kind, key, bank, submission_no, opened_at)
                VALUES ('names what was never sent', '1/1', 'alfa', 1, now())""")
            cutting = asyncio.create_task(scene.run("cut"))
            await until_one_waits(scene)
        await hearer.close()
        assert not await cutting
        assert await scene.states() == ["void"]


async def test_what_a_bank_spoke_of_is_found_by_indexes(scene: Scene) -> None:
    """Its rows are locked: a look at every attempt would make all who send wait for it."""
    connection = await asyncpg.connect(scene.url)
    await connection.execute("SET enable_seqscan = off")
    sql = queries()["conflicts.unsent"].replace("$1", "'{1}'").replace("$2", "'{1}'")
    plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {sql}"))
    await connection.close()
    assert plan.count("Index Cond") >= 3, plan
    assert "SubPlan" not in plan
    assert "Seq Scan" not in plan
