"""A sender is killed or frozen at each boundary; what the folder says afterwards is always the truth.

Boundaries of a try: 1 before the first byte, 2 after the last, 3 before the rename, 4 after it.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.ports.transport import Arrival, Sent
from gateway.transport.directory import DirectoryTransport
from tests.transport.conftest import CONTENT, NAME, PIECES, visible, wire

LATER = 200.0
BEFORE_RENAME = [1, 2, 3]
AFTER_RENAME = 4


@contextmanager
def sender(folder: Path, blow: str, number: int, seconds: float = 600) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.transport.sender", str(folder), blow, str(number), str(seconds)],
        stdout=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


async def killed(folder: Path, number: int) -> None:
    with sender(folder, "SIGKILL", number) as process:
        assert await asyncio.to_thread(process.wait) == -signal.SIGKILL


async def frozen(process: subprocess.Popen[bytes]) -> None:
    def wait() -> None:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    await asyncio.to_thread(wait)


async def thawed(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    process.send_signal(signal.SIGCONT)
    told, _ = await asyncio.to_thread(process.communicate)
    answer: dict[str, Any] = json.loads(told)
    return answer


@pytest.mark.parametrize("number", BEFORE_RENAME)
async def test_killed_before_the_rename(transport: DirectoryTransport, folder: Path, number: int) -> None:
    await killed(folder, number)
    assert visible(folder) == []
    assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_ARRIVE
    await transport.prepare(wire(2))
    assert (await transport.send(wire(2), PIECES, LATER)).sent is Sent.SENT
    assert (folder / "in" / NAME).read_bytes() == CONTENT


async def test_killed_after_the_rename(transport: DirectoryTransport, folder: Path) -> None:
    await killed(folder, AFTER_RENAME)
    assert (await transport.inquire(wire(), [1])).arrival is Arrival.ARRIVED
    assert (folder / "in" / NAME).read_bytes() == CONTENT


async def test_killed_after_the_rename_and_collected(transport: DirectoryTransport, folder: Path) -> None:
    await killed(folder, AFTER_RENAME)
    (folder / "in" / NAME).unlink()
    assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_TELL


@pytest.mark.parametrize("number", BEFORE_RENAME)
async def test_frozen_and_overtaken_before_the_rename(transport: DirectoryTransport, folder: Path, number: int) -> None:
    with sender(folder, "SIGSTOP", number) as process:
        await frozen(process)
        assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_ARRIVE
        await transport.prepare(wire(2))
        assert (await transport.send(wire(2), PIECES, LATER)).sent is Sent.SENT
        (folder / "in" / NAME).unlink()  # the bank collects it
        answer = await thawed(process)
        assert answer["sent"] == "not sent", answer
    assert visible(folder) == []


@pytest.mark.parametrize("number", BEFORE_RENAME)
async def test_frozen_and_only_asked_about(transport: DirectoryTransport, folder: Path, number: int) -> None:
    with sender(folder, "SIGSTOP", number) as process:
        await frozen(process)
        assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_ARRIVE
        answer = await thawed(process)
        assert answer["sent"] == "not sent", answer
    assert visible(folder) == []
    assert (await transport.inquire(wire(), [1])).arrival is Arrival.CANNOT_ARRIVE


async def test_frozen_after_the_rename(transport: DirectoryTransport, folder: Path) -> None:
    with sender(folder, "SIGSTOP", AFTER_RENAME) as process:
        await frozen(process)
        assert (await transport.inquire(wire(), [1])).arrival is Arrival.ARRIVED
        assert (await thawed(process))["sent"] == "sent"
    assert visible(folder) == [NAME]


async def test_frozen_past_its_deadline_it_gives_up_by_itself(folder: Path) -> None:
    with sender(folder, "SIGSTOP", 3, seconds=0.5) as process:
        await frozen(process)
        await asyncio.sleep(0.6)
        answer = await thawed(process)
    assert answer == {"sent": "not sent", "cause": "the deadline passed before the rename"}
    assert visible(folder) == []


@pytest.mark.parametrize("number", [*BEFORE_RENAME, AFTER_RENAME])
async def test_nobody_is_frozen_for_ever(folder: Path, number: int) -> None:
    """Frozen and thawed in time, with nobody asking in between: the file arrives, once and whole."""
    with sender(folder, "SIGSTOP", number) as process:
        await frozen(process)
        assert (await thawed(process))["sent"] == "sent"
    assert (folder / "in" / NAME).read_bytes() == CONTENT
