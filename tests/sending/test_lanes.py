"""A bank's lane: its breaker opens, is probed without moving money, and closes."""

from gateway.ports.transport import Sent, Wire
from tests.scenario import Scene, payments
from tests.sending.transport import Scripted

FAILURES = 5
OPEN_SECONDS = 120
"""Of bank alfa."""
BREAKER = "SELECT breaker, failures FROM lane WHERE bank = 'alfa'"


async def unreachable(scene: Scene, times: int = FAILURES) -> Scripted:
    transport = Scripted(reachable=False)
    scene.use_transport("alfa", transport)
    await scene.sealed(payments([1]))
    for _ in range(times):
        assert not await scene.run("send", "alfa")
    return transport


async def test_a_bank_that_cannot_be_reached_costs_no_try(scene: Scene) -> None:
    await unreachable(scene, 1)
    assert await scene.rows("SELECT state, tries FROM submission") == [("sealed", 0)]


async def test_a_transport_that_fails_over_its_mark_costs_its_own_lane_alone(scene: Scene) -> None:
    """Before the intent nothing has left: whatever it fails with, the lane has a failure, and the process goes on."""

    class Broken(Scripted):
        async def prepare(self, wire: Wire) -> None:
            raise ValueError(wire.name)

        async def discard(self, wire: Wire) -> None:
            raise OSError(wire.name)

    scene.use_transport("alfa", Broken())
    await scene.sealed(payments([1]) + payments([2], "charlie"))
    for _ in range(FAILURES):
        assert not await scene.run("send", "alfa")
    await scene.run("send", "charlie")
    assert await scene.rows("SELECT bank, state, tries, claim FROM submission ORDER BY 1") == [
        ("alfa", "sealed", 0, None),
        ("charlie", "delivered", 1, None),
    ]
    assert await scene.rows(BREAKER) == [("open", FAILURES)]
    counted = scene.gateway.metrics.registry.get_sample_value
    assert counted("gateway_step_failures_total", {"step": "send", "error": "ValueError"}) == FAILURES


async def test_a_mark_that_cannot_be_taken_away_keeps_no_check_from_failing(scene: Scene) -> None:
    class Clinging(Scripted):
        async def discard(self, wire: Wire) -> None:
            raise OSError(wire.name)

    scene.use_transport("alfa", Clinging())
    await scene.sealed(payments([1]))
    await scene.tamper("UPDATE payment_order SET state = 'held', reason = 'x'")
    await scene.run("send", "alfa")
    assert await scene.states() == ["void"]


async def test_failures_in_a_row_open_the_breaker(scene: Scene) -> None:
    await unreachable(scene, FAILURES - 1)
    assert await scene.rows(BREAKER) == [("closed", FAILURES - 1)]
    await scene.run("send", "alfa")
    assert await scene.rows(BREAKER) == [("open", FAILURES)]


async def test_a_success_in_between_starts_the_count_anew(scene: Scene) -> None:
    transport = await unreachable(scene, FAILURES - 1)
    transport.reachable = True
    await scene.run("send", "alfa")
    assert await scene.rows(BREAKER) == [("closed", 0)]


async def test_an_open_breaker_sends_and_seals_nothing_for_this_bank_alone(scene: Scene) -> None:
    transport = await unreachable(scene)
    transport.reachable = True
    await scene.release(payments([2]) + payments([3], "charlie"), "B-2")
    await scene.seal_again()
    assert not await scene.run("send", "alfa")
    assert await scene.run("send", "charlie")
    assert sorted(await scene.rows("SELECT bank, state FROM submission")) == [
        ("alfa", "open"),
        ("alfa", "sealed"),
        ("charlie", "delivered"),
    ]


async def test_a_probe_waits_for_its_time_moves_no_money_and_closes_the_breaker(scene: Scene) -> None:
    transport = await unreachable(scene)
    transport.reachable = True
    assert not await scene.run("probe", "alfa")
    scene.clock.advance(OPEN_SECONDS)
    assert await scene.run("probe", "alfa")
    assert (transport.probes, transport.sent) == (1, [])
    assert await scene.rows(BREAKER) == [("closed", 0)]
    assert await scene.run("send", "alfa")


async def test_a_probe_that_fails_leaves_the_breaker_open_until_the_next(scene: Scene) -> None:
    transport = await unreachable(scene)
    scene.clock.advance(OPEN_SECONDS)
    assert await scene.run("probe", "alfa")
    assert not await scene.run("probe", "alfa")
    scene.clock.advance(OPEN_SECONDS)
    assert await scene.run("probe", "alfa")
    assert transport.probes == 2
    assert (await scene.rows(BREAKER))[0][0] == "open"


async def test_a_probe_that_fails_in_any_way_costs_this_bank_alone(scene: Scene) -> None:
    transport = await unreachable(scene)
    transport.reachable, transport.probe_error = True, ValueError("an error that nobody foresaw")
    scene.clock.advance(OPEN_SECONDS)
    assert await scene.run("probe", "alfa")
    assert (await scene.rows(BREAKER))[0][0] == "open"


async def test_a_closed_breaker_is_not_probed(scene: Scene) -> None:
    assert not await scene.run("probe", "alfa")


async def test_an_answer_that_shows_an_unreachable_bank_counts_as_a_failure(scene: Scene) -> None:
    scene.use_transport("alfa", Scripted(answers=[Sent.NOT_SENT], unreachable_answers=True))
    await scene.sealed(payments([1]))
    await scene.run("send", "alfa")
    assert await scene.rows(BREAKER) == [("closed", 1)]
