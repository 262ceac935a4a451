"""Publishing what banks say: signed as the door expects it, large ones by reference, failures as those of the bus."""

from pathlib import Path

import pytest

from gateway.bus.bank_messages import SignedMessages
from gateway.bus.claims import ClaimFolder
from gateway.bus.envelope import INLINE_LIMIT, open_bank_message
from gateway.domain.errors import BusUnavailable
from gateway.ports.bus import BANK_MESSAGES
from gateway.ports.envelope import BankEnvelope
from tests.clock import StillClock
from tests.hearing.bus import MemoryBus

KEYS = {"alfa": b"alfa's edge", "bravo": b"bravo's edge"}


def messages(bus: MemoryBus, root: Path) -> SignedMessages:
    return SignedMessages(bus, KEYS, ClaimFolder(root, limit=1 << 20), StillClock())


@pytest.mark.parametrize("size", [0, INLINE_LIMIT, INLINE_LIMIT + 1])
async def test_the_door_opens_what_is_published(tmp_path: Path, size: int) -> None:
    bus, content = MemoryBus(), b"x" * size
    await messages(bus, tmp_path).publish("alfa", content, "pick-up")
    opened = open_bank_message(BANK_MESSAGES, bus.published[0], KEYS)
    assert isinstance(opened, BankEnvelope)
    assert (opened.bank, opened.channel) == ("alfa", "pick-up")
    assert bool(opened.reference) == (size > INLINE_LIMIT)
    assert (await ClaimFolder(tmp_path, limit=1 << 20).read(opened) if opened.reference else opened.message) == content


async def test_a_claims_folder_that_fails_is_a_failure_of_the_bus(tmp_path: Path) -> None:
    bus = MemoryBus()
    (tmp_path / "alfa").write_bytes(b"no folder")
    with pytest.raises(BusUnavailable):
        await messages(bus, tmp_path).publish("alfa", b"x" * (INLINE_LIMIT + 1), "pick-up")
    assert bus.published == []
