"""The pace a bank wants, kept by all workers together: rate, gap, order."""

from pathlib import Path

import pytest

from gateway.ports.transport import Sent
from gateway.runtime.loops import Loop
from tests.scenario import Scene, opened, payments
from tests.sending.setting import written
from tests.sending.transport import Scripted

FILES = {"payments_per_submission": 1, "min_payments_per_submission": 1}
"""A file a payment."""


async def sealed(scene: Scene, numbers: range) -> Scripted:
    """Seal a file a payment."""
    transport = Scripted()
    scene.use_transport("alfa", transport)
    await scene.sealed(payments(numbers))
    return transport


def due(scene: Scene) -> float | None:
    """In how many seconds the sending loops of the bank look again."""
    loops: list[Loop] = [loop for loop in scene.loops if loop.kind == "send" and loop.lane == "alfa"]
    rest = loops[0].due()
    return None if rest is None else rest.total_seconds()


async def test_a_gap_is_kept_by_every_worker_and_over_a_restart(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": {"limits": FILES, "pace": {"minimum_gap_seconds": 30}}})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        transport = await sealed(scene, range(3))
        assert await scene.run("send", "alfa")
        assert not await scene.run("send", "alfa")
        assert due(scene) == 30
        async with opened(database_url, tmp_path, banks=banks, worker="w2") as other:
            other.use_transport("alfa", transport)
            assert not await other.run("send", "alfa")
            for each in (scene, other):
                each.clock.advance(29)
                assert not await each.run("send", "alfa")
            assert due(other) == 1
            other.clock.advance(1)
            assert await other.run("send", "alfa")
        assert len(transport.sent) == 2


async def test_a_rate_is_kept_by_the_clock_that_is_given(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": {"limits": FILES, "pace": {"per_second": 4}}})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await sealed(scene, range(6))
        for _ in range(5):
            assert await scene.run("send", "alfa")
            assert not await scene.run("send", "alfa")
            assert due(scene) == 0.25
            scene.clock.advance(0.25)
        assert await scene.run("send", "alfa")
        assert not await scene.run("send", "alfa")
        assert due(scene) is None  # nothing waits for its pace


async def test_what_is_voided_takes_nothing_of_the_pace(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": {"limits": FILES, "pace": {"minimum_gap_seconds": 30}}})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        await sealed(scene, range(2))
        await scene.tamper("UPDATE payment_order SET state = 'held', reason = 'x' WHERE order_id = 'SICK-000000'")
        assert await scene.run("send", "alfa")
        assert await scene.run("send", "alfa")
        assert await scene.states() == ["void", "delivered"]


async def test_two_workers_that_have_claimed_take_the_pace_once(database_url: str, tmp_path: Path) -> None:
    """The second one's mark is taken away; what it claimed goes out when the lane is due."""
    banks = written(tmp_path, {"alfa": {"limits": FILES, "pace": {"minimum_gap_seconds": 30}}})
    async with (
        opened(database_url, tmp_path, banks=banks) as scene,
        opened(database_url, tmp_path, banks=banks, worker="w2") as other,
    ):
        first = await sealed(scene, range(2))

        class Overtaken(Scripted):
            async def prepare(self, wire: object) -> None:
                assert await scene.run("send", "alfa")

        second = Overtaken()
        other.use_transport("alfa", second)
        assert not await other.run("send", "alfa")
        assert (len(first.sent), second.sent, len(second.discarded)) == (1, [], 1)
        assert sorted(await scene.states()) == ["delivered", "sealed"]
        scene.clock.advance(30)
        assert await scene.run("send", "alfa")


@pytest.mark.parametrize(
    ("answer", "goes_on"), [(Sent.SENT, True), (Sent.NOT_SENT, False), (Sent.UNKNOWN, False)], ids=str
)
async def test_in_order_nothing_goes_before_the_one_before_it_is_delivered(
    database_url: str, tmp_path: Path, answer: Sent, *, goes_on: bool
) -> None:
    banks = written(tmp_path, {"alfa": {"limits": FILES, "pace": {"ordered": True}}})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        transport = await sealed(scene, range(2))
        transport.answers = [answer, Sent.SENT]
        assert await scene.run("send", "alfa")
        assert await scene.run("send", "alfa") is goes_on


async def test_in_order_a_void_one_lets_the_next_go(database_url: str, tmp_path: Path) -> None:
    banks = written(tmp_path, {"alfa": {"limits": FILES, "pace": {"ordered": True}}})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        transport = await sealed(scene, range(2))
        await scene.stop("order", "SICK-000000")
        assert await scene.run("send", "alfa")
        assert (await scene.states(), len(transport.sent)) == (["void", "delivered"], 1)


@pytest.mark.parametrize(("bank", "loops"), [("alfa", 3), ("kilo", 2)])
async def test_files_go_side_by_side_and_requests_in_groups(
    database_url: str, tmp_path: Path, bank: str, loops: int
) -> None:
    """As many loops as files may be on the wire at a time; requests share two, and what is on the wire."""
    banks = written(tmp_path, {bank: {"pace": {"at_once": 3}}})
    async with opened(database_url, tmp_path, banks=banks) as scene:
        sending = [loop for loop in scene.gateway.sending() if loop.kind == "send"]
        assert len(sending) == loops
        assert len({id(loop.step) for loop in sending}) == 1
