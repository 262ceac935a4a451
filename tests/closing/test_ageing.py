"""Everything that is open, by what it is, whose it is and how old."""

from gateway.service.ageing import Ageing, Open
from tests.closing.after import DAY, finally_rejected, give_back, reject
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, camt054
from tests.scenario import payments


async def rows(ear: Ear, *, source: str = "*") -> list[tuple[str, str, str, str, int, int]]:
    found: list[Open] = await Ageing(store=ear.scene.gateway.store).open(ear.scene.clock.now(), [source])
    return [(r.what, r.owner, r.bank, r.bucket, r.count, r.minor) for r in found]


async def test_everything_open_is_counted_once_and_nothing_that_is_paid(ear: Ear) -> None:
    await ear.send(payments(range(1, 7)))
    await ear.scene.release(payments([7, 8]), "B-2")
    ids = await ear.ids()
    await ear.hear(camt054(await ear.account(), Entry(amount=FULL, end_to_end_id=ids[0])))
    await reject(ear, 2, "AC04")
    await give_back(ear, 3, "AC04", 1)
    await finally_rejected(ear, "MS03", number=4)
    assert await rows(ear) == [
        ("exception: officer", "benefits", "alfa", "under 1 day", 1, 51_240),
        ("held", "benefits", "", "3-7 days", 1, 51_240),
        ("in flight", "operations", "alfa", "3-7 days", 2, 102_480),
        ("returned, not closed", "accounting", "alfa", "3-7 days", 1, 51_240),
        ("waiting", "operations", "", "3-7 days", 2, 102_480),
    ]
    assert await rows(ear, source="SOMEBODY") == []
    ear.scene.clock.advance(40 * DAY)
    assert {bucket for _, _, _, bucket, _, _ in await rows(ear)} == {"over 30 days"}
