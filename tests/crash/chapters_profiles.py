"""Chapters of what a bank has to say twice: its profile could not be used for a while, or its message not be read."""

from gateway.bus.claims import ClaimFolder
from gateway.runtime.door import bank_door
from tests.crash.play import Chapter, Play
from tests.hearing.messages import pain002

BANK = "alfa"


async def _waits(play: Play) -> None:
    """Two messages of the bank, and one that somebody else wrote, came while its profile was broken."""
    ear = play.ear
    for number, forged in enumerate(({}, {}, {"ce_signature": "00"})):
        ear.bus.put(ear.record(pain002("NOBODYS", group="ACCP", number=number), BANK, **forged))
    receiver = ear.receiver
    receiver.door = bank_door({}, ClaimFolder(play.scene.root, limit=1), [BANK])
    await ear.run("receive")
    for loop in ear.loops:
        if loop.close is not None:
            await loop.close()


async def _heard(play: Play) -> None:
    await play.steps("hear again", "read", "apply")


async def _broken(play: Play) -> None:
    """A message that could not be read, and the same bytes once more."""
    ear = play.ear
    await ear.hear(b"<Document/>", bank=BANK)
    ear.bus.put(ear.record(b"<Document/>", BANK))
    for loop in ear.loops:
        if loop.close is not None:
            await loop.close()


async def _said_again(play: Play) -> None:
    await play.steps("share", "receive", "read")


PROFILES = (
    Chapter(name="profile mended", banks=(BANK,), prepare=_waits, acts=_heard),
    Chapter(name="said again", banks=(BANK,), prepare=_broken, acts=_said_again),
)
