"""A chapter of files: one that is sealed in an envelope, one that is picked up, and one that is not the bank's."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.runtime.sandbox_files import sandbox_pouches
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.pick_up import REFUSED
from tests.crash.play import Chapter, Play
from tests.hearing.bus import MemoryBus
from tests.hearing.messages import pain002
from tests.scenario import payments

BANK = "juliett"
A_MOMENT = 0.001
"""Hours; longer than a file must stand still."""


class Looped(MemoryBus):
    """What the gateway publishes of banks' messages stands in the log, and once.

    A worker that comes after a crash may publish again; that the inbox takes it for the same is tested beside the step.
    Here it would only make one end differ from another by a record.
    """

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        await super().publish(topic, records)
        there = {record.headers["ce_id"] for record in self.logs.get(0, [])}
        for record in records:
            if topic == BANK_MESSAGES and record.headers["ce_id"] not in there:
                self.put(record)


def _out(play: Play) -> Path:
    return play.scene.root / "banks" / BANK / "out"


async def _left(play: Play) -> None:
    """Orders that are released, a stranger's file at the bank, and one that did not open with the last key."""
    play.outside.messages = Looped()
    scene = play.scene
    await scene.release(payments([1, 2], BANK))
    (_out(play) / "stranger.p7m").write_bytes(b"not the bank's")
    pouch = sandbox_pouches(scene.gateway.configuration.profiles.values(), scene.gateway.settings.secrets_folder)[BANK]
    content = pouch.closed(pain002("NOBODYS", group="ACCP"))
    play.notes["file"] = content
    trouble = Trouble(kind=REFUSED, key=f"{BANK}/{sha256(content).hexdigest()}", bank=BANK)
    async with scene.gateway.store.transaction() as session:
        await raise_exceptions(session, scene.clock.now(), [trouble])


async def _pick_up(play: Play) -> None:
    await play.steps("cut", "seal")
    await _look(play, 1)
    (_out(play) / "answer.p7m").write_bytes(play.notes["file"])
    await _look(play, 3)
    await play.steps("share", "receive")
    await _look(play, 5)


async def _look(play: Play, moment: int) -> None:
    """Look twice: a file is taken when it stood still in between."""
    for more in range(2):
        play.at((moment + more) * A_MOMENT)
        await play.steps("pick up")


FILES = (Chapter(name="files", banks=(BANK,), prepare=_left, acts=_pick_up),)
