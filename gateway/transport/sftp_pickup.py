"""The pick-up half of SFTP: what a bank has left in its folder for us, and the archive in it."""

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass

import asyncssh
from asyncssh import FXF_READ, SFTPError

from gateway.ports.boundary import Boundary
from gateway.ports.transport import Delivery, Place, Stamp
from gateway.transport import pickup
from gateway.transport import sftp_files as files
from gateway.transport.marks import GaveUpError
from gateway.transport.settling import Settling, unfinished
from gateway.transport.sftp_line import Session, SftpLine

ARCHIVE = "archive"
_COPIES_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What was read: acknowledged is this, and nothing else that may have come under its name."""

    stamp: Stamp
    sha256: str


class RemotePickup:
    """A folder that a bank writes into and we empty. Every method raises LineError, SFTPError, GaveUpError.

    Times of change are whole seconds here, so that a file is told from its successor by its digest.
    """

    def __init__(self, line: SftpLine, folder: str, settling: Settling, *, boundary: Boundary, remove: bool) -> None:
        self._line = line
        self._folder = folder
        self._boundary = boundary
        self._remove_it = remove
        self._settling = settling
        self._read: dict[str, _Read] = {}

    async def places(self) -> list[Place]:
        """Return the finished files that stood still since an earlier look, oldest first."""
        stamps = await self._line.patiently(self._look)
        self._read = {name: read for name, read in self._read.items() if name in stamps}
        return [(name, stamps[name]) for name in self._settling.settled(stamps)]

    async def read(self, name: str) -> Delivery | None:
        """Return a file, or None when it is gone, empty or changed while it was read: then it comes another time.

        Raises GaveUpError above `pickup.SIZE_LIMIT`.
        """
        return await self._line.patiently(lambda session: self._take(session, name))

    async def put_away(self, name: str) -> None:
        """Archive or remove a file that was read and is still the one that was read."""
        read = self._read.get(name)
        if read is None:
            return
        async with self._line.session() as session:
            if await self._stamp(session, name) == read.stamp:
                self._boundary("put away")
                await (self._remove if self._remove_it else self._archive)(session, name, read)
                self._boundary("put away")
        self._read.pop(name, None)

    async def _look(self, session: Session) -> dict[str, Stamp]:
        entries = await session.ask(session.sftp.readdir(self._folder.encode()))  # bytes: names in any encoding
        finished = {}
        for entry in entries:
            name = os.fsdecode(entry.filename)
            if not unfinished(name) and _is_file(entry.attrs):
                finished[name] = _stamp(entry.attrs)
        return finished

    async def _take(self, session: Session, name: str) -> Delivery | None:
        before = await self._stamp(session, name)
        if before is None or not before[1]:
            return None
        if before[1] > pickup.SIZE_LIMIT:
            raise GaveUpError(f"a file of more than {pickup.SIZE_LIMIT} bytes waits for us")
        content = await self._content(session, self._path(name), before[1])
        if content is None or len(content) != before[1] or await self._stamp(session, name) != before:
            return None
        self._read[name] = _Read(stamp=before, sha256=hashlib.sha256(content).hexdigest())
        return Delivery(name=name, content=content, stamp=before)

    async def _content(self, session: Session, path: bytes, size: int) -> bytes | None:
        content = bytearray()
        with suppress(asyncssh.SFTPNoSuchFile):
            async with files.opened(session, path, FXF_READ) as file:
                while len(content) < size and (block := await files.read_block(session, file, len(content), size)):
                    content += block
            return bytes(content)
        return None

    async def _remove(self, session: Session, name: str, read: _Read) -> None:
        if await self._is_still(session, self._path(name), read):
            await files.remove(session, self._path(name))

    async def _archive(self, session: Session, name: str, read: _Read) -> None:
        """Move under a free name; what then turns out to be another file goes back, for nobody has read it."""
        with suppress(SFTPError):  # it is there, or the rename will fail
            await session.ask(session.sftp.mkdir(self._path(ARCHIVE)))
        for copy in range(_COPIES_MAX):
            archived = self._path(f"{ARCHIVE}/{name}.{copy}" if copy else f"{ARCHIVE}/{name}")
            try:
                await files.rename_new(session, self._path(name), archived)
            except SFTPError:
                if await files.size_of(session, archived) is None:
                    raise
                continue
            if not await self._is_still(session, archived, read):
                await files.rename_new(session, archived, self._path(name))
            return

    async def _is_still(self, session: Session, path: bytes, read: _Read) -> bool:
        if await files.size_of(session, path) != read.stamp[1]:
            return False
        content = await self._content(session, path, read.stamp[1])
        return content is not None and hashlib.sha256(content).hexdigest() == read.sha256

    async def _stamp(self, session: Session, name: str) -> Stamp | None:
        try:
            return _stamp(await session.ask(session.sftp.lstat(self._path(name))))
        except asyncssh.SFTPNoSuchFile:
            return None

    def _path(self, name: str) -> bytes:
        return os.fsencode(f"{self._folder}/{name}")


def _is_file(found: asyncssh.SFTPAttrs) -> bool:
    return found.permissions is None or stat.S_ISREG(found.permissions)


def _stamp(found: asyncssh.SFTPAttrs) -> Stamp:
    return found.mtime or 0, found.size or 0
