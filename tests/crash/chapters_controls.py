"""A chapter of a bank that waits for a control file beside each of its files."""

import json
from dataclasses import replace
from typing import cast

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from gateway.service.banks import Bank
from tests.crash.play import Chapter, Play
from tests.scenario import Scene, payments
from tests.sending.flat import BANK, PROFILE


def _waiting(scene: Scene) -> None:
    """Bank alfa takes delimited files, and waits for the second one."""
    banks = cast("dict[str, Bank]", scene.gateway.banks)
    bank = banks[BANK]
    profile = Profile.model_validate_json(json.dumps(bank.profile.model_dump(mode="json") | PROFILE))
    banks[BANK] = replace(bank, profile=profile, adapter=adapter_for(profile))
    scene.loops.clear()


async def _released(play: Play) -> None:
    await play.scene.release(payments([1, 2, 3]))


async def _sent(play: Play) -> None:
    """Sent at once, or after the lease of whoever was to send it."""
    await play.steps("cut", "seal", "send")
    for hours in (0.5, 1, 2):
        play.at(hours)
        await play.steps("sweep", "inquire", "send")


CONTROLS = (Chapter(name="controls", banks=(BANK,), prepare=_released, acts=_sent, equip=_waiting),)
