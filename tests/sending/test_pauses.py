"""The pause switch: for everything, for a bank, for a source."""

import pytest

from gateway.domain.errors import Refused
from tests.scenario import SOURCE, Scene, payments


async def sent(scene: Scene) -> dict[str, str]:
    for bank in ("alfa", "charlie"):
        await scene.until_idle("send", bank)
    return dict(await scene.rows("SELECT bank, state FROM submission"))


@pytest.mark.parametrize(
    ("scope", "value", "still"),
    [
        ("all", "", {"alfa": "sealed", "charlie": "sealed"}),
        ("bank", "alfa", {"alfa": "sealed", "charlie": "delivered"}),
        ("source", SOURCE, {"alfa": "sealed", "charlie": "sealed"}),
        ("source", "elsewhere", {"alfa": "delivered", "charlie": "delivered"}),
    ],
)
async def test_a_pause_keeps_back_what_it_names_and_nothing_else(
    scene: Scene, scope: str, value: str, still: dict[str, str]
) -> None:
    await scene.sealed(payments([1]) + payments([2], "charlie"))
    await scene.pauses.pause(scope=scope, value=value, reason="maintenance", by="officer-1")
    assert await sent(scene) == still


async def test_what_was_paused_leaves_after_it_is_resumed(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    await scene.pauses.pause(scope="all", value="", reason="maintenance", by="officer-1")
    assert await sent(scene) == {"alfa": "sealed"}
    await scene.pauses.resume(scope="all", value="", by="officer-2")
    assert await sent(scene) == {"alfa": "delivered"}


async def test_pausing_what_is_paused_keeps_the_first_reason(scene: Scene) -> None:
    for reason in ("first", "second"):
        await scene.pauses.pause(scope="bank", value="alfa", reason=reason, by="officer-1")
    assert [p.reason for p in await scene.pauses.active()] == ["first"]


@pytest.mark.parametrize(("scope", "value"), [("all", "alfa"), ("bank", ""), ("street", "x")])
async def test_a_pause_of_nothing_is_refused(scene: Scene, scope: str, value: str) -> None:
    with pytest.raises(Refused):
        await scene.pauses.pause(scope=scope, value=value, reason="maintenance", by="officer-1")
