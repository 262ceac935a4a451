"""The ramp of a live bank: so many payments a calendar day, whoever cuts, and the rest waits in its turn."""

import asyncio
from pathlib import Path
from typing import Any

from gateway.runtime.configuration import read_configuration
from gateway.runtime.settings import load_settings
from tests.scenario import Scene, opened, patiently, payments
from tests.sending.setting import LIVE, SUSPENDED, written

DAY = 86_400


def ramped(per_day: int, **limits: int) -> dict[str, Any]:
    return {"onboarding": {"state": "live", "payments_per_day": per_day}, "limits": limits}


async def placed(scene: Scene) -> list[int]:
    """How many payments are in submissions of each pay date, void ones left out, and how many in none."""
    return await scene.column("""
        SELECT count(*) FROM attempt a LEFT JOIN submission s USING (submission_no)
        GROUP BY s.pay_date ORDER BY s.pay_date""")


async def test_so_many_payments_a_day_and_the_rest_waits_for_the_next(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": ramped(3)})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await scene.release(payments(range(7)))
        for counts in ([3, 4], [3, 3, 1], [3, 3, 1]):
            await scene.until_idle("cut")
            assert await placed(scene) == counts
            scene.clock.advance(DAY)
        assert await scene.column("SELECT count(*) FROM ramp_use GROUP BY day ORDER BY day") == [3, 3, 1]
        assert await scene.exceptions() == []


async def test_what_has_waited_longest_goes_first(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": ramped(2)})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await scene.release(payments(range(3)), "B-1")
        await scene.until_idle("cut")
        await scene.release(payments(range(3, 6)), "B-2")
        await scene.until_idle("cut")
        scene.clock.advance(DAY)
        await scene.until_idle("cut")
        assert await scene.column("""
            SELECT o.order_id FROM attempt a JOIN payment_order o USING (order_no)
            WHERE a.submission_no IS NOT NULL ORDER BY 1""") == [f"SICK-{n:06d}" for n in range(4)]


async def test_two_workers_and_a_restart_keep_one_count(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": ramped(4)})
    async with (
        opened(database_url, tmp_path, banks=banks) as scene,
        opened(database_url, tmp_path, banks=banks, worker="w2") as other,
    ):
        for batch in range(3):
            await scene.release(payments(range(batch * 3, batch * 3 + 3)), f"B-{batch}")
        for _ in range(6):
            await asyncio.gather(*(patiently(s.step("cut")) for s in (scene, other)))
    async with opened(database_url, tmp_path, banks=banks) as after:
        await after.until_idle("cut")
        assert await placed(after) == [4, 5]


async def test_a_void_submission_counts_once(database_url: str, tmp_path: Path) -> None:
    """Two payments of the day's three are stopped after sealing; the third goes out on the same day all the same."""
    banks = written(tmp_path, {"alfa": ramped(3)})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await scene.sealed(payments(range(4)))
        await scene.stop("order", "SICK-000000")
        assert await scene.states() == ["void"]
        await scene.seal_again()
        assert await scene.rows("SELECT state, payment_count FROM submission ORDER BY 1") == [
            ("sealed", 2),
            ("void", 3),
        ]
        assert await scene.value("SELECT count(*) FROM ramp_use") == 3


async def test_only_what_was_put_into_a_submission_counts(database_url: str, tmp_path: Path) -> None:
    """One payment is above what the bank takes at all: it is held, and its place is another's."""
    banks = written(tmp_path, {"alfa": {**ramped(2), "limits": {"sum_per_submission": "600.00"}}})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await scene.release([*payments([0], amount="700.00"), *payments([1, 2])])
        await scene.until_idle("cut")
        assert await scene.value("SELECT count(*) FROM ramp_use") == 2
        assert await scene.column("SELECT reason FROM payment_order WHERE state = 'held'") == ["amount.over-bank-limit"]


async def test_a_bank_without_a_ramp_is_not_counted(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": LIVE})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await scene.sealed(payments(range(3)))
        assert await scene.value("SELECT count(*) FROM ramp_use") == 0


# Suspended -------------------------------------------------------------------------------------------------------


async def test_a_suspended_bank_is_sent_nothing_and_what_is_sealed_waits(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": {}, "charlie": {}})
    async with opened(database_url, tmp_path, banks=banks) as before:
        await before.sealed([*payments([1]), *payments([2, 3], "charlie")])
        await before.release([*payments([4]), *payments([5, 6, 8], "charlie")], "B-2")
        await before.until_idle("cut")
    written(tmp_path, {"alfa": SUSPENDED})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await scene.release(payments([7]), "B-3")
        await scene.seal_again()
        await scene.until_idle("send")
        states = await scene.rows("SELECT bank, state FROM submission ORDER BY submission_no")
        assert states == [("alfa", "sealed"), ("charlie", "delivered"), ("alfa", "open"), ("charlie", "delivered")]
        assert await scene.column("SELECT reason FROM payment_order WHERE state = 'held'") == [
            "route.not-live: bank code claimed by alfa, which is not live"
        ]
        assert {loop.kind for loop in scene.loops if loop.lane == "alfa"} >= {"inquire", "probe"}
    written(tmp_path, {"alfa": LIVE})
    async with opened(database_url, tmp_path, banks=banks) as after:
        await after.seal_again()
        await after.until_idle("send")
        assert set(await after.states()) == {"delivered"}


async def test_in_production_only_a_live_bank_pays(tmp_path: Path) -> None:
    """The sandbox's own banks are simulated: a production gateway with their profiles pays nobody."""
    written(tmp_path, {"alfa": {}, "charlie": LIVE})
    settings = load_settings(tmp_path / "config", data_dir=tmp_path)
    sandbox = read_configuration(tmp_path / "config", settings)
    assert (sandbox.routing.pays("alfa"), sandbox.routing.pays("charlie")) == (True, True)
    production = settings.model_copy(update={"mode": "production", "demanded_tier": "draft"})
    parts = read_configuration(tmp_path / "config", production)
    assert (parts.routing.pays("alfa"), parts.routing.pays("charlie")) == (False, True)
