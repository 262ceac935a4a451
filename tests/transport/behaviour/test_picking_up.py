"""Picking up: whole files, oldest first, put away only when what was read is what is put away."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import BankUnreachable
from gateway.ports.transport import Delivery, Transport
from gateway.transport import pickup
from tests.transport.behaviour import harness_directory, harness_sftp
from tests.transport.behaviour.harness_directory import FolderBank
from tests.transport.behaviour.harness_sftp import SshBank
from tests.transport.clocks import StillClock

FileBank = FolderBank | SshBank


@pytest.fixture(params=["directory", "sftp"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FileBank]:
    opened: Any = {"directory": harness_directory.opened, "sftp": harness_sftp.opened}[request.param]
    with opened(tmp_path) as bank:
        yield bank


@pytest.fixture
async def transport(files: FileBank) -> AsyncIterator[Transport]:
    made = files.transport(StillClock())
    yield made
    await made.close()


async def collected(transport: Transport) -> list[Delivery]:
    return [delivery async for delivery in transport.collect()]


async def test_whole_files_come_oldest_first(files: FileBank, transport: Transport) -> None:
    files.drop.leave("a.xml", b"newer")
    files.drop.leave("b.xml", b"older", age=60)
    assert await collected(transport) == [
        Delivery(name="b.xml", content=b"older"),
        Delivery(name="a.xml", content=b"newer"),
    ]


async def test_unfinished_files_and_everything_else_wait(files: FileBank, transport: Transport) -> None:
    for name in (".camt.xml", "camt.xml.tmp", "camt.xml.part", "camt.xml.filepart"):
        files.drop.leave(name, b"half")
    files.drop.leave("empty.xml", b"")
    (files.drop.out / "folder").mkdir()
    (files.drop.out / "link.xml").symlink_to("/etc/passwd")
    os.mkfifo(files.drop.out / "pipe.xml")
    assert await collected(transport) == []


async def test_a_file_comes_when_it_stood_still_between_two_looks(files: FileBank) -> None:
    clock = StillClock()
    transport = files.transport(clock, settled_seconds=1)
    files.drop.leave("a.xml", b"half", age=60)
    seen = []
    for seconds, content in ((0, b"half"), (1, b"half and"), (0.5, b"half and half"), (0.5, None), (0.5, None)):
        if content is not None:
            files.drop.leave("a.xml", content, age=60)
        clock.moment += seconds
        seen.append([delivery.content for delivery in await collected(transport)])
    assert seen == [[], [], [], [], [b"half and half"]]
    await transport.close()


async def test_collecting_removes_nothing(files: FileBank, transport: Transport) -> None:
    files.drop.leave("a.xml", b"one")
    assert await collected(transport) == await collected(transport) != []


async def test_what_is_known_is_not_read_until_it_changes(files: FileBank, transport: Transport) -> None:
    files.drop.leave("a.xml", b"one", age=60)
    files.drop.leave("b.xml", b"two", age=50)
    places = {(delivery.name, delivery.stamp) for delivery in await collected(transport) if delivery.name == "a.xml"}
    again = [delivery async for delivery in transport.collect(places)]
    assert [(one.name, one.content, one.known) for one in again] == [("a.xml", b"", True), ("b.xml", b"two", False)]
    files.drop.leave("a.xml", b"other", age=40)
    again = [delivery async for delivery in transport.collect(places)]
    assert [(one.content, one.known) for one in again] == [(b"two", False), (b"other", False)]


@pytest.mark.parametrize("removes", [False, True])
async def test_an_acknowledged_file_is_put_away(files: FileBank, *, removes: bool) -> None:
    transport = files.transport(StillClock(), remove_picked_up=removes)
    files.drop.leave("a.xml", b"one")
    await collected(transport)
    await transport.acknowledge("a.xml")
    await transport.acknowledge("a.xml")
    assert await collected(transport) == []
    assert files.drop.archived() == ([] if removes else [b"one"])
    assert [path for path in files.drop.out.iterdir() if path.is_file()] == []
    await transport.close()


async def test_the_archive_overwrites_nothing(files: FileBank, transport: Transport) -> None:
    for content in (b"one", b"two", b"six"):
        files.drop.leave("a.xml", content)
        await collected(transport)
        await transport.acknowledge("a.xml")
    assert files.drop.archived() == [b"one", b"six", b"two"]


@pytest.mark.parametrize("removes", [False, True])
async def test_a_file_that_changed_since_it_was_read_is_not_put_away(files: FileBank, *, removes: bool) -> None:
    transport = files.transport(StillClock(), remove_picked_up=removes)
    files.drop.leave("a.xml", b"one", age=60)
    await collected(transport)
    files.drop.leave("a.xml", b"two")
    await transport.acknowledge("a.xml")
    assert await collected(transport) == [Delivery(name="a.xml", content=b"two")]
    assert files.drop.archived() == []
    await transport.close()


@pytest.mark.parametrize("removes", [False, True])
async def test_a_successor_of_the_same_size_and_time_is_not_put_away(tmp_path: Path, *, removes: bool) -> None:
    """SFTP tells whole seconds: only the digest tells one from the other."""
    with harness_sftp.opened(tmp_path) as bank:
        transport = bank.transport(StillClock(), remove_picked_up=removes)
        bank.drop.leave("a.xml", b"one")
        await collected(transport)
        bank.drop.leave("a.xml", b"two")
        await transport.acknowledge("a.xml")
        assert await collected(transport) == [Delivery(name="a.xml", content=b"two")]
        await transport.close()


async def test_a_file_that_nobody_read_is_not_put_away(files: FileBank, transport: Transport) -> None:
    files.drop.leave("a.xml", b"one")
    await transport.acknowledge("a.xml")
    assert [delivery.name for delivery in await collected(transport)] == ["a.xml"]


async def test_a_file_without_measure_stops_the_pick_up(
    files: FileBank, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickup, "SIZE_LIMIT", 10)
    files.drop.leave("a.xml", b"x" * 11)
    with pytest.raises(BankUnreachable, match="more than 10 bytes"):
        await collected(transport)


async def test_a_pick_up_folder_that_is_gone_is_unreachable(files: FileBank, transport: Transport) -> None:
    files.drop.out.rmdir()
    with pytest.raises(BankUnreachable):
        await collected(transport)
