"""The pick-up half of a folder transport: what a bank has left in `<folder>/out`, and its archive beside it."""

import errno
import os
from contextlib import suppress
from pathlib import Path

from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.transport import Delivery, Place, Stamp
from gateway.transport.files import rename_new, sync_folder
from gateway.transport.settling import Settling, unfinished

SIZE_LIMIT = 256 << 20
"""Bytes of the largest file that is taken into memory; a larger one stops the pick-up until a person has looked."""


class Pickup:
    """A folder that a bank writes into and we empty. Blocking; for one thread at a time. Every method raises OSError.

    A name is put away only while it is the very file that was read: the bank may use a name again, and what nobody has
    read must not be put away. With `remove` it is deleted instead of archived: renamed first, so that what is deleted
    is what was looked at.
    """

    def __init__(
        self, folder: Path, settling: Settling, *, boundary: Boundary = unbounded, remove: bool = False
    ) -> None:
        self._folder = folder
        self._settling = settling
        self._boundary = boundary
        self._remove = remove
        self._read: dict[str, Stamp] = {}

    def places(self) -> list[Place]:
        """Return the finished files that stood still since an earlier look, oldest first."""
        with os.scandir(self._folder) as entries:
            stamps = {
                entry.name: _stamp(entry.stat(follow_symlinks=False))
                for entry in entries
                if not unfinished(entry.name) and entry.is_file(follow_symlinks=False)
            }
        return [(name, stamps[name]) for name in self._settling.settled(stamps)]

    def read(self, name: str) -> Delivery | None:
        """Return a file, or None when it is gone, empty or written to while it was read: then it comes another time.

        Raises OSError(EFBIG) above SIZE_LIMIT.
        """
        try:
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            before = _stamp(os.fstat(descriptor))
            if os.fstat(descriptor).st_size > SIZE_LIMIT:
                raise OSError(errno.EFBIG, f"a file of more than {SIZE_LIMIT} bytes waits for us")
            content = file.read()
            if not content or _stamp(os.fstat(descriptor)) != before:
                return None
        self._read[name] = before
        return Delivery(name=name, content=content, stamp=before)

    def put_away(self, name: str) -> None:
        """Move a file that was read and has not changed since into `.archive`, under a free name, or delete it."""
        path, archive = self._folder / name, self._folder / ".archive"
        read = self._read.pop(name, None)
        try:
            now = _stamp(path.lstat())
        except FileNotFoundError:
            return
        if now != read:
            return
        archive.mkdir(exist_ok=True)
        self._boundary("put away")
        moved = _move(path, archive)
        if moved is not None and _stamp(moved.lstat()) != now:  # written anew since it was looked at
            with suppress(FileExistsError):
                rename_new(moved, path)
        elif moved is not None and self._remove:
            moved.unlink()
        sync_folder(archive)
        sync_folder(self._folder)
        self._boundary("put away")


def _move(path: Path, archive: Path) -> Path | None:
    """Return where it lies now; None after as many copies as nobody keeps."""
    for copy in range(1 << 16):
        target = archive / (f"{path.name}.{copy}" if copy else path.name)
        with suppress(FileExistsError):
            rename_new(path, target)
            return target
    return None


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino
