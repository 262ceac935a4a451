"""The SSH door of a sandbox bank: one user, one key, two folders, and nothing is overwritten."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

from gateway.sandbox import SshAccess, SshDoor

HOST, OURS, THEIRS = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(3))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[SshDoor]:
    access = SshAccess(username="gateway", host_key=HOST.export_private_key(), authorized_keys=OURS.export_public_key())
    opened = SshDoor(tmp_path, access)
    await opened.start()
    yield opened
    await opened.close()


async def entered(
    door: SshDoor, *, username: str = "gateway", key: asyncssh.SSHKey = OURS
) -> asyncssh.SSHClientConnection:
    port = int(door.url.rsplit(":", 1)[1])
    return await asyncssh.connect(
        "127.0.0.1",
        port,
        config=None,
        username=username,
        client_keys=[key],
        agent_path=None,
        known_hosts=([HOST.convert_to_public()], [], [], [], [], [], []),
    )


async def test_the_user_sees_two_folders_and_not_the_books(door: SshDoor, tmp_path: Path) -> None:
    (tmp_path / "collected").mkdir()
    (tmp_path / "collected" / "F1.xml").write_bytes(b"paid")
    async with await entered(door) as connection, connection.start_sftp_client() as sftp:
        await sftp.stat("in")
        await sftp.stat("out")
        for path in ("collected/F1.xml", "in/../collected/F1.xml", "../collected", "/etc/passwd"):
            with pytest.raises(asyncssh.SFTPError):
                await sftp.stat(path)


async def test_nothing_is_ever_overwritten(door: SshDoor, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "in" / name).write_text(name)
    async with await entered(door) as connection, connection.start_sftp_client(sftp_version=3) as sftp:
        with pytest.raises(asyncssh.SFTPFailure):
            await sftp.rename("in/a", "in/b")
        with pytest.raises(asyncssh.SFTPError):
            await sftp.posix_rename("in/a", "in/b")
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await sftp.rename("in/c", "in/d")
        await sftp.rename("in/a", "in/c")
    assert {path.name: path.read_text() for path in (tmp_path / "in").iterdir()} == {"b": "b", "c": "a"}


async def test_nobody_else_comes_in(door: SshDoor) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await entered(door, username="root")
    with pytest.raises(asyncssh.PermissionDenied):
        await entered(door, key=THEIRS)
