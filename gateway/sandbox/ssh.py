"""The SSH door of a file bank: SFTP over its own folder, for one user with one key."""

import asyncio
import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

import asyncssh

OPEN_FOLDERS = (b"in", b"out")
"""What the user sees: not the bank's books, nor what it has collected."""
_HERE, _NO_REPLACE = -100, 1
_renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
_renameat2.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAccess:
    """Who may come in, and what the bank shows them: `host_key` (private) and `authorized_keys` as OpenSSH writes."""

    username: str
    host_key: bytes
    authorized_keys: bytes


class BankFolder(asyncssh.SFTPServer):
    """The folder of one bank. A rename is one step of the kernel and refuses to overwrite, whoever asks for it."""

    def map_path(self, path: bytes) -> bytes:
        """Return where a path of the user lies. Raises SFTPPermissionDenied outside of what the user may see."""
        parts = [part for part in os.path.normpath(b"/" + path).split(b"/") if part]
        if parts and parts[0] not in OPEN_FOLDERS:
            raise asyncssh.SFTPPermissionDenied("not for you")
        return super().map_path(path)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename; OSError when there is nothing to rename or something to overwrite."""
        if _renameat2(_HERE, self.map_path(oldpath), _HERE, self.map_path(newpath), _NO_REPLACE):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Refuse: nothing of this bank is ever overwritten."""
        del oldpath, newpath
        raise asyncssh.SFTPOpUnsupported("posix-rename")

    async def fsync(self, file_obj: object) -> None:
        """Make a file last, in a thread: the door shares its event loop with other banks."""
        await asyncio.to_thread(super().fsync, file_obj)


class SshDoor:
    """Listens on 127.0.0.1 for one bank between `start` and `close`. `port` 0 takes any free one."""

    def __init__(self, folder: Path, access: SshAccess, *, port: int = 0) -> None:
        self._folder = folder
        self._access = access
        self._port = port
        self._listener: asyncssh.SSHAcceptor | None = None
        self._inside: set[asyncssh.SSHServerConnection] = set()

    @property
    def url(self) -> str:
        """The address, known once the bank has started."""
        return f"sftp://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        for name in OPEN_FOLDERS:
            (self._folder / os.fsdecode(name)).mkdir(parents=True, exist_ok=True)
        keys = asyncssh.import_authorized_keys(self._access.authorized_keys.decode())
        self._listener = await asyncssh.listen(
            "127.0.0.1",
            self._port,
            server_factory=lambda: _Porter(self._access.username, keys, self._inside),
            server_host_keys=[asyncssh.import_private_key(self._access.host_key)],
            sftp_factory=self.served,
            config=None,
            gss_host=None,
            reuse_address=True,
        )
        self._port = self._listener.get_port()

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._listener is not None:
            self._listener.close()
            for connection in list(self._inside):
                connection.abort()
            await self._listener.wait_closed()
            self._listener = None

    def served(self, channel: asyncssh.SSHServerChannel[bytes]) -> BankFolder:
        return BankFolder(channel, chroot=os.fsencode(self._folder))


class _Porter(asyncssh.SSHServer):
    """Lets in one user with an authorized key."""

    def __init__(
        self, username: str, keys: asyncssh.SSHAuthorizedKeys, inside: set[asyncssh.SSHServerConnection]
    ) -> None:
        self._username = username
        self._keys = keys
        self._inside = inside
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._inside.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._connection is not None:
            self._inside.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        if self._connection is not None and username == self._username:
            self._connection.set_authorized_keys(self._keys)
        return True

    def password_auth_supported(self) -> bool:
        return False
