"""The few file operations on which sending by folder rests, each durable or failing with OSError."""

import ctypes
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PIECE = 1 << 20
_HERE = -100
"""AT_FDCWD: paths are taken as they stand."""
_RENAME_NOREPLACE = 1
_renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
_renameat2.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file holds: its size in bytes and the hex SHA-256 of them."""

    size: int
    sha256: str


def rename_new(source: Path, target: Path) -> None:
    """Rename in one step, refusing to overwrite: renameat2(2) with RENAME_NOREPLACE.

    Raises FileNotFoundError without a source, FileExistsError with a target, OSError(EINVAL) on a file system that
    cannot do it. Afterwards the source name is gone exactly if the target name came to be.
    """
    if _renameat2(_HERE, os.fsencode(source), _HERE, os.fsencode(target), _RENAME_NOREPLACE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))


def sync_folder(folder: Path) -> None:
    """Make the names of a folder survive a loss of power."""
    with _descriptor(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


def create_empty(path: Path) -> None:
    """Create a file that did not exist (O_EXCL) and make it last. Raises FileExistsError."""
    with _descriptor(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640) as descriptor:
        os.fsync(descriptor)
    sync_folder(path.parent)


def content_of(path: Path) -> Content:
    """Return size and digest of a regular file, read with flat memory."""
    digest, size = hashlib.sha256(), 0
    with _descriptor(path, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
        while piece := os.read(descriptor, _PIECE):
            digest.update(piece)
            size += len(piece)
    return Content(size=size, sha256=digest.hexdigest())


@contextmanager
def existing(path: Path) -> Iterator[int]:
    """Open a file for writing from its beginning, never creating it. Yields the descriptor."""
    with _descriptor(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_TRUNC) as descriptor:
        yield descriptor


def write_all(descriptor: int, piece: bytes) -> None:
    """Write every byte of a piece."""
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _descriptor(path: Path, flags: int, mode: int = 0) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
