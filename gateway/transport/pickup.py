"""The pick-up half of a folder transport: what a bank has left in `<folder>/out`, and its archive beside it."""

import errno
import os
from pathlib import Path

from gateway.ports.transport import Delivery
from gateway.transport.files import rename_new, sync_folder

SIZE_LIMIT = 256 << 20
"""Bytes of the largest file that is taken into memory; a larger one stops the pick-up until a person has looked."""
_Stamp = tuple[int, int, int]


class Pickup:
    """A folder that a bank writes into and we empty. Blocking; for one thread at a time. Every method raises OSError.

    A name is archived only while it is the very file that was read: the bank may use a name again, and what nobody has
    read must not be put away.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, _Stamp] = {}

    def names(self) -> list[str]:
        """Return the finished files, oldest first: hidden names and *.tmp are still being written."""
        with os.scandir(self._folder) as entries:
            finished = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
                for entry in entries
                if not entry.name.startswith(".")
                and not entry.name.endswith(".tmp")
                and entry.is_file(follow_symlinks=False)
            ]
        return [name for _, name in sorted(finished)]

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
        return Delivery(name=name, content=content)

    def archive(self, name: str) -> None:
        """Move a file that was read and has not changed since into `.archive`, under a free name."""
        path, archive = self._folder / name, self._folder / ".archive"
        read = self._read.pop(name, None)
        try:
            now = _stamp(path.lstat())
        except FileNotFoundError:
            return
        if now != read:
            return
        archive.mkdir(exist_ok=True)
        _move(path, archive)
        sync_folder(archive)
        sync_folder(self._folder)


def _move(path: Path, archive: Path) -> None:
    for copy in range(1 << 16):
        try:
            rename_new(path, archive / (f"{path.name}.{copy}" if copy else path.name))
        except FileExistsError:
            continue
        return


def _stamp(found: os.stat_result) -> _Stamp:
    return found.st_ino, found.st_mtime_ns, found.st_size
