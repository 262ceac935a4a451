"""A bank's folder, a file to put into it, and the transport between them."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.ports.transport import Beside, Wire
from gateway.transport.directory import DirectoryTransport
from tests.transport.clocks import StillClock

NAME = "G1ALFA260921S00001.pain001.xml"
PIECES = [b"<Document>", b"x" * 100_000, b"</Document>"]
CONTENT = b"".join(PIECES)


CONTROL = Beside(name=f"{NAME}.ok", content=b"000003;0000000077234,49\r\n")


def wire(intent: int = 1, content: bytes = CONTENT, name: str = NAME, control: Beside | None = None) -> Wire:
    digest = hashlib.sha256(content).hexdigest()
    return Wire(bank="alfa", name=name, intent=intent, size=len(content), sha256=digest, control=control)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    return tmp_path


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def transport(folder: Path, clock: StillClock) -> AsyncIterator[DirectoryTransport]:
    opened = DirectoryTransport("alfa", folder, clock, settled_seconds=0)
    yield opened
    await opened.close()


def visible(folder: Path) -> list[str]:
    """What the bank may take: it ignores hidden names."""
    return sorted(path.name for path in (folder / "in").iterdir() if not path.name.startswith("."))


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "in").iterdir() if path.name.startswith("."))
