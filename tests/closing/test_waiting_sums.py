"""A booked sum that fits nothing has somebody who looks after it once its money stands in suspense."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.domain.errors import Conflict
from gateway.domain.exceptions import Act
from gateway.domain.facts import Position
from gateway.service.judge import Verdict
from tests.casework.desk import ANNA, Desk
from tests.closing.after import DAY, close, generations, proved
from tests.hearing.ear import Ear, listening
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.ledger.books import Books, Line
from tests.scenario import opened, payments

WRONG, TWO = 153_700, 102_480
"""Three payments of 512.40 and 0.20 less; two of them."""
TOLD = "SELECT kind, key, state, closed_how FROM exception ORDER BY exception_no"
SUM = ("amount differs", "sum of submission 1")


@pytest.fixture
async def sums(database_url: str, tmp_path: Path) -> AsyncIterator[Ear]:
    """Three payments of 512.40 delivered to bank charlie, which books their sum."""
    async with opened(database_url, tmp_path) as scene, listening(scene) as ear:
        await ear.send(payments([1, 2, 3], "charlie"))
        yield ear


async def settled(ear: Ear, minor: int, count: int, *, submission_no: int | None = 1) -> Books:
    """A proved statement of charlie that books a sum."""
    books = Books(scene=ear.scene, account=await ear.account("charlie"))
    line = Line(amount=minor, submission_no=submission_no, verdict=Verdict.SUM_WAITS, count=count)
    await books.statement(line, bank="charlie")
    await books.until_settled()
    return books


async def reject(ear: Ear, number: int) -> None:
    about = [Status(end_to_end_id=(await ear.ids())[number - 1], status="RJCT", reason="AC04")]
    await ear.hear(pain002(await ear.msg_id(), group="PART", about=about), bank="charlie")


async def owners(ear: Ear) -> list[str | None]:
    """The keys of the open exceptions of what stands in suspense."""
    return await ear.scene.column(
        "SELECT e.key FROM suspense_item i LEFT JOIN exception e ON e.exception_no = i.exception_no"
        " AND e.state <> 'closed' WHERE i.cleared_by IS NULL ORDER BY i.item_no"
    )


async def test_what_never_fits_is_written_off_by_two_people_and_stands_in_the_way_no_more(sums: Ear) -> None:
    scene, desk = sums.scene, Desk(scene=sums.scene)
    books = await settled(sums, WRONG, 3)
    assert await scene.rows(TOLD) == [(*SUM, "open", None)]
    assert await owners(sums) == ["sum of submission 1"]
    assert await scene.value("SELECT amount_minor FROM exception") == WRONG
    await reject(sums, 1)
    await close(sums)
    await scene.tamper("UPDATE statement SET begins = true")
    await proved(sums, bank="charlie")
    scene.clock.advance(3 * DAY)
    await close(sums)
    assert [closed for *_, closed in await generations(scene)] == [False] * 3
    for act, wanted, why in (
        (Act.MATCH, {"endToEndId": (await sums.ids())[0]}, "a sum of a submission"),
        (Act.CLOSE, {}, "nothing explains it"),
    ):
        with pytest.raises(Conflict, match=why):
            await desk.act("amount differs", act, ANNA, **wanted)
    await desk.both("amount differs", Act.WRITE_OFF)
    assert (await sums.verdicts())[0] == "written off"
    assert await scene.rows(TOLD) == [(*SUM, "closed", "write off")]
    assert await books.suspense() == [("batch sum waits for rejects", WRONG, 3)]
    scene.clock.advance(3600)
    await close(sums)
    assert [closed for *_, closed in await generations(scene)] == [True, False, False]


@pytest.mark.parametrize("submission_no", [1, None])
async def test_rejects_that_come_after_all_end_it(sums: Ear, submission_no: int | None) -> None:
    books = await settled(sums, TWO, 2, submission_no=submission_no)
    key = "sum of submission 1" if submission_no else await sums.scene.value("SELECT key FROM exception")
    assert await owners(sums) == [key]
    await reject(sums, 2)
    assert await sums.positions() == [Position.PAID, Position.REJECTED, Position.PAID]
    assert await sums.scene.rows(TOLD) == [("amount differs", key, "closed", "evidence")]
    assert await books.suspense() == []


async def test_a_sum_without_a_name_is_written_off_and_not_placed_any_more(sums: Ear) -> None:
    books = await settled(sums, TWO, 2, submission_no=None)
    await Desk(scene=sums.scene).both("amount differs", Act.WRITE_OFF)
    await reject(sums, 2)
    assert (await sums.positions())[0] is not Position.PAID
    assert await books.suspense() == [("batch sum waits for rejects", TWO, 2)]


async def test_every_sum_in_suspense_has_its_own_owner_and_one_decision_sees_them_all(sums: Ear) -> None:
    notified = Entry(amount="1537.00", batch=(await sums.msg_id(), 3))
    await sums.hear(camt054(await sums.account("charlie"), notified), bank="charlie")
    await settled(sums, WRONG, 3)
    await settled(sums, WRONG - 1, 3)
    keys = await owners(sums)
    assert len(set(keys)) == 2
    assert None not in keys
    desk = Desk(scene=sums.scene)
    view = await desk.act("amount differs", Act.WRITE_OFF)
    assert len(desk.asked(view).subject["seen"]["sums"]) == 3
    await desk.confirm(view)
    assert await sums.verdicts() == ["written off"] * 3
    assert {(state, how) for *_, state, how in await sums.scene.rows(TOLD)} == {
        ("closed", "written off"),
        ("closed", "write off"),
    }
    await settled(sums, WRONG, 3)
    assert (await owners(sums))[-1] is not None, "told once more in another statement: somebody's work again"
