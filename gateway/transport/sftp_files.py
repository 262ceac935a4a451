"""The few requests of SFTP version 3 on which sending over it rests, each answered by the server or failing."""

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import asyncssh
from asyncssh import FXF_CREAT, FXF_EXCL, FXF_READ, FXF_TRUNC, FXF_WRITE, SFTPAttrs, SFTPClientFile, SFTPError

from gateway.transport.files import Content
from gateway.transport.marks import UNREADABLE
from gateway.transport.sftp_line import LineError, Session

BLOCK = 1 << 20
"""Bytes that are under way at once; for each the server may take `idle_seconds`."""
_UNREADABLE = (asyncssh.SFTPPermissionDenied, asyncssh.SFTPOpUnsupported)


async def create_empty(session: Session, path: str) -> None:
    """Create a file that did not exist, and make it last where the server can. Raises SFTPError, LineError."""
    async with opened(session, path, FXF_WRITE | FXF_CREAT | FXF_EXCL) as file:
        await _sync(session, file)


async def size_of(session: Session, path: str | bytes) -> int | None:
    """Return the size of a file, None without it. Raises SFTPError, LineError."""
    try:
        found = await session.ask(session.sftp.lstat(path))
    except asyncssh.SFTPNoSuchFile:
        return None
    return found.size or 0


async def remove(session: Session, path: str | bytes) -> None:
    """Remove a file if it is there. Raises SFTPError, LineError."""
    with suppress(asyncssh.SFTPNoSuchFile):
        await session.ask(session.sftp.remove(path))


async def rename_new(session: Session, old: str | bytes, new: str | bytes) -> None:
    """Rename, refusing to overwrite: SSH_FXP_RENAME of version 3, never posix-rename. Raises SFTPError, LineError."""
    await session.ask(session.sftp.rename(old, new))


async def content_of(session: Session, path: str, wanted: int) -> Content | None:
    """Return size and digest of what a name holds, None without such a name. Raises SFTPError, LineError.

    Bytes are read only of a file of the `wanted` size; where the bank lets nobody read, the digest is `UNREADABLE`.
    """
    size = await size_of(session, path)
    if size is None:
        return None
    if size != wanted:
        return Content(size=size, sha256="not read")
    try:
        async with opened(session, path, FXF_READ) as file:
            return Content(size=size, sha256=await digest_of(session, file, size))
    except asyncssh.SFTPNoSuchFile:  # the bank has taken it between the two requests
        return None
    except _UNREADABLE:
        return Content(size=size, sha256=UNREADABLE)


@asynccontextmanager
async def opened(session: Session, path: str | bytes, flags: int) -> AsyncIterator[SFTPClientFile]:
    """Open a file; close it, unless that was done or the connection ended."""
    file = await session.ask(session.sftp.open(path, flags, SFTPAttrs(permissions=0o640), encoding=None))
    try:
        yield file
    finally:
        if not session.end:
            with suppress(LineError, SFTPError):
                await session.ask(file.close())


async def digest_of(session: Session, file: SFTPClientFile, size: int) -> str:
    """Return the SHA-256 of the first `size` bytes of a file, as the server gives them back."""
    digest = hashlib.sha256()
    for offset in range(0, size, BLOCK):
        digest.update(await read_block(session, file, offset, size))
    return digest.hexdigest()


async def read_block(session: Session, file: SFTPClientFile, offset: int, size: int) -> bytes:
    """Return the block at `offset` of a file of `size` bytes; what a server does not give is not there."""
    got: bytes | str = await session.ask(file.read(min(BLOCK, size - offset), offset))
    return got if isinstance(got, bytes) else got.encode()


@asynccontextmanager
async def for_writing(session: Session, path: str) -> AsyncIterator[tuple[SFTPClientFile, bool]]:
    """Open a file that is there from its beginning, never creating it; say whether it may be read back."""
    async with AsyncExitStack() as closing:
        try:
            file = await closing.enter_async_context(opened(session, path, FXF_READ | FXF_WRITE | FXF_TRUNC))
        except _UNREADABLE:
            yield await closing.enter_async_context(opened(session, path, FXF_WRITE | FXF_TRUNC)), False
        else:
            yield file, True


async def write_all(session: Session, file: SFTPClientFile, pieces: Iterable[bytes]) -> str:
    """Write pieces one after the other and make them last; return the SHA-256 of what was given."""
    digest, offset = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        for start in range(0, len(piece), BLOCK):
            block = piece[start : start + BLOCK]
            await session.ask(file.write(block, offset))
            offset += len(block)
    await _sync(session, file)
    return digest.hexdigest()


async def _sync(session: Session, file: SFTPClientFile) -> None:
    """Make a file's bytes survive a loss of power at the bank, where its server can (fsync@openssh.com)."""
    with suppress(asyncssh.SFTPOpUnsupported):
        await session.ask(file.fsync())
