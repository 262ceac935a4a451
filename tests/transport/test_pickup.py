"""Picking up: whole files, oldest first, archived only when what was read is what is put away."""

import os
from pathlib import Path

import pytest

from gateway.domain.errors import BankUnreachable
from gateway.ports.transport import Delivery
from gateway.transport import pickup
from gateway.transport.directory import DirectoryTransport


def leave(folder: Path, name: str, content: bytes, *, age: int = 0) -> Path:
    path = folder / "out" / name
    path.write_bytes(content)
    moment = 1_790_000_000 - age
    os.utime(path, (moment, moment))
    return path


async def collected(transport: DirectoryTransport) -> list[Delivery]:
    return [delivery async for delivery in transport.collect()]


async def test_whole_files_come_oldest_first(transport: DirectoryTransport, folder: Path) -> None:
    leave(folder, "a.xml", b"newer")
    leave(folder, "b.xml", b"older", age=60)
    assert await collected(transport) == [
        Delivery(name="b.xml", content=b"older"),
        Delivery(name="a.xml", content=b"newer"),
    ]


async def test_unfinished_files_and_everything_else_wait(transport: DirectoryTransport, folder: Path) -> None:
    leave(folder, ".camt.xml", b"hidden")
    leave(folder, "camt.xml.tmp", b"half")
    leave(folder, "empty.xml", b"")
    (folder / "out" / "folder").mkdir()
    (folder / "out" / "link.xml").symlink_to("/etc/passwd")
    os.mkfifo(folder / "out" / "pipe.xml")
    assert await collected(transport) == []


async def test_collecting_removes_nothing(transport: DirectoryTransport, folder: Path) -> None:
    leave(folder, "a.xml", b"one")
    assert await collected(transport) == await collected(transport) != []


async def test_an_acknowledged_file_is_in_the_archive(transport: DirectoryTransport, folder: Path) -> None:
    leave(folder, "a.xml", b"one")
    await collected(transport)
    await transport.acknowledge("a.xml")
    await transport.acknowledge("a.xml")
    assert await collected(transport) == []
    assert (folder / "out" / ".archive" / "a.xml").read_bytes() == b"one"


async def test_the_archive_overwrites_nothing(transport: DirectoryTransport, folder: Path) -> None:
    for content in (b"one", b"two"):
        leave(folder, "a.xml", content)
        await collected(transport)
        await transport.acknowledge("a.xml")
    archived = sorted(path.read_bytes() for path in (folder / "out" / ".archive").iterdir())
    assert archived == [b"one", b"two"]


async def test_a_file_that_changed_since_it_was_read_is_not_put_away(
    transport: DirectoryTransport, folder: Path
) -> None:
    leave(folder, "a.xml", b"one", age=60)
    await collected(transport)
    leave(folder, "a.xml", b"two")
    await transport.acknowledge("a.xml")
    assert await collected(transport) == [Delivery(name="a.xml", content=b"two")]


async def test_a_file_that_nobody_read_is_not_put_away(transport: DirectoryTransport, folder: Path) -> None:
    leave(folder, "a.xml", b"one")
    await transport.acknowledge("a.xml")
    assert [delivery.name for delivery in await collected(transport)] == ["a.xml"]


async def test_a_file_without_measure_stops_the_pick_up(
    transport: DirectoryTransport, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickup, "SIZE_LIMIT", 10)
    leave(folder, "a.xml", b"x" * 11)
    with pytest.raises(BankUnreachable, match="more than 10 bytes"):
        await collected(transport)


async def test_a_pick_up_folder_that_is_gone_is_unreachable(transport: DirectoryTransport, folder: Path) -> None:
    (folder / "out").rmdir()
    with pytest.raises(BankUnreachable):
        await collected(transport)
