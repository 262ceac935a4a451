"""A chapter of hours: what missed its cut-off is cut again, waits for the bank to open, and leaves then."""

from tests.crash.play import Chapter, Play
from tests.scenario import Scene, payments
from tests.sending.test_windows import OFFICE, changed


def _office(scene: Scene) -> None:
    changed(scene, hours=OFFICE)


async def _sealed(play: Play) -> None:
    await play.scene.sealed(payments([1, 2]))


async def _miss_the_cut_off(play: Play) -> None:
    play.at(6)  # 16:00 in Berlin
    await play.steps("send", bank="alfa")
    await play.steps("cut", "seal")
    play.at(22)  # Tuesday, 08:00
    await play.steps("seal")
    await play.steps("send", bank="alfa")


WINDOWS = (Chapter(name="windows", prepare=_sealed, acts=_miss_the_cut_off, equip=_office),)
