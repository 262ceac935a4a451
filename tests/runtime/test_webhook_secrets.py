"""A secret that two banks call with proves of neither that it speaks: who had it keeps it, else neither is heard."""

from pathlib import Path

import pytest

from gateway.runtime.reload import reloaded
from tests.scenario import Scene, configuration, opened

BANKS = ("alfa", "kilo", "oscar")
SAID = "transport.webhook: kilo and oscar have the same secret; give each bank one of its own"


def kilo_calls_with(root: Path, secret: str) -> None:
    """Let kilo call, too."""
    file = configuration(root / "config", BANKS) / "banks" / "kilo.yaml"
    lines = (line for line in file.read_text("utf-8").splitlines() if not line.startswith("  webhook:"))
    text = "\n".join(lines).replace("  ca_secret: kilo-ca", f"  ca_secret: kilo-ca\n  webhook: {{secret: {secret}}}")
    file.write_text(text + "\n", "utf-8")


async def again(scene: Scene) -> dict[str, str]:
    scene.gateway = await reloaded(scene.gateway)
    return dict(scene.gateway.configuration.broken)


@pytest.mark.parametrize("name", ["oscar-webhook", "kilo-webhook"])
async def test_at_a_start_neither_is_heard_and_the_others_start(database_url: str, tmp_path: Path, name: str) -> None:
    kilo_calls_with(tmp_path, name)
    (tmp_path / "secrets").mkdir()
    for secret in ("oscar-webhook", "kilo-webhook"):  # by whatever names: what counts is what they hold
        (tmp_path / "secrets" / secret).write_text("one secret")
    async with opened(database_url, tmp_path, banks=BANKS) as scene:
        assert set(scene.gateway.banks) == {"alfa"}
        assert dict(scene.gateway.configuration.broken) == {"kilo": SAID, "oscar": SAID}
        assert not scene.gateway.callers
        assert scene.gateway.disabled == {"kilo", "oscar"}


async def test_read_again_the_second_is_refused_and_goes_on_as_it_was(database_url: str, tmp_path: Path) -> None:
    async with opened(database_url, tmp_path, banks=BANKS) as scene:
        before = scene.gateway.banks["kilo"].profile
        kilo_calls_with(tmp_path, "oscar-webhook")
        assert await again(scene) == {"kilo": SAID}
        assert (set(scene.gateway.callers), set(scene.gateway.banks)) == ({"oscar"}, set(BANKS))
        assert scene.gateway.banks["kilo"].profile == before
        kilo_calls_with(tmp_path, "kilo-webhook")
        assert await again(scene) == {}
        assert set(scene.gateway.callers) == {"kilo", "oscar"}


async def test_a_secret_is_not_taken_over_while_its_bank_goes_on_with_it(database_url: str, tmp_path: Path) -> None:
    """Oscar was to give it up to kilo, but oscar's new profile is broken: oscar keeps it."""
    async with opened(database_url, tmp_path, banks=BANKS) as scene:
        kilo_calls_with(tmp_path, "oscar-webhook")
        file = tmp_path / "config" / "banks" / "oscar.yaml"
        file.write_text(file.read_text("utf-8").replace("tries_max: 10", "tries_max: many"), "utf-8")
        why = await again(scene)
        assert (set(why), why["kilo"]) == ({"kilo", "oscar"}, SAID)
        assert set(scene.gateway.callers) == {"oscar"}
