"""A message, or a file of another family, that came compressed by gzip: unpacked as it is read, never beyond a bound.

Refused: what is cut off, differs from its checksum, goes on behind its end (a second gzip too, which the format allows)
or unpacks to far more than it is. Reference: RFC 1952.
"""

import zlib
from collections.abc import Iterable, Iterator

from gateway.domain.errors import Unreadable

MAGIC = b"\x1f\x8b"
_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


def unpacked(pieces: Iterable[bytes], *, free: int, ratio: int, most: int, path: str) -> Iterator[bytes]:
    """Yield what gzipped bytes hold, in pieces of at most 64 KiB. Raises Unreadable, at the latest at their end.

    No more than `free` bytes and `ratio` times what was read, and `most` in all, are unpacked.
    """
    unpacking = zlib.decompressobj(_GZIP)
    read = written = 0
    for piece in pieces:
        read += len(piece)
        waiting = piece
        while waiting and not unpacking.eof:
            content = _next(unpacking, waiting, path)
            waiting = unpacking.unconsumed_tail
            written += len(content)
            if written > min(free + ratio * read, most):
                rule = "archive.size" if written > most else "archive.ratio"
                raise Unreadable(rule, path, f"unpacks to more than {most:,} bytes, or {ratio} times its size")
            yield content
        if unpacking.eof and (waiting or unpacking.unused_data):
            raise Unreadable("archive.malformed", path, "something stands behind the end of a gzip")
    if not unpacking.eof:
        raise Unreadable("archive.malformed", path, "a gzip that is cut off")


def _next(unpacking: "zlib._Decompress", waiting: bytes, path: str) -> bytes:
    try:
        return unpacking.decompress(waiting, _PIECE)
    except zlib.error:
        raise Unreadable("archive.malformed", path, "not a sound gzip") from None
