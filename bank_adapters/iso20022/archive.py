"""A zip of messages, as EBICS C53 and CRZ deliver them: each member is a message with its own place. A gzip is one too.

Nothing is unpacked to anywhere: members stream out of the archive while they are read. Refused: another archive inside,
encryption, members that overlap or repeat a name, names that are none of a file, too many members, what unpacks to far
more than it is, and zip64, which only larger archives need. What comes in as an archive is taken apart at the door, by
`members`; `read` reads one as a whole.
"""

import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader, RawIOBase
from itertools import accumulate
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from bank_adapters.iso20022 import gzipped
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

Said = Iterator[Observation | Statement]

MEMBERS_MAX = 1_000
NAME_MAX = 255
RATIO_MAX = 200
"""Most bytes out of one byte in: XML of banks comes to 10 to 60."""
FREE = 1 << 20
"""Bytes a member may always have, whatever its ratio."""
MEMBER_MAX = 1 << 30
"""Most bytes of a member: as many as of a message that comes by itself."""
SIZE_MAX = 4 << 30
"""Most bytes of all members together."""
DIRECTORY_MAX = MEMBERS_MAX * 1_024
"""Most bytes of an archive's directory."""
_PIECE = 64 * 1024
_BEGIN = 8
"""Bytes in which every kind of archive shows."""
_END, _END_MAX = 22, 22 + 65_535
_ENCRYPTED = 0x1
_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_ARCHIVES = (*_STARTS, gzipped.MAGIC, b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")


def begins_like_archive(head: bytes) -> bool:
    """Whether bytes begin as a zip or a gzip does."""
    return head.startswith((*_STARTS, gzipped.MAGIC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One message of an archive. `number` counts from 1; `pieces` are unpacked anew each time they are gone through."""

    number: int
    pieces: Iterable[bytes]


def members(pieces: Sequence[bytes]) -> Iterator[Member]:
    """Yield the messages of an archive in its order. Raises Unreadable, and so does going through a member.

    The first piece shows what kind of archive it is.
    """
    if pieces[0].startswith(gzipped.MAGIC):
        yield Member(number=1, pieces=_Gunzipping(pieces, "/member[1]"))
        return
    size = sum(map(len, pieces))
    content: IO[bytes] = BufferedReader(_Pieces(pieces))
    with _sound("/"):
        _bound_directory(content, size)
        archive = ZipFile(content)
        infos = _checked(archive, size)
    for number, info in enumerate(infos, start=1):
        yield Member(number=number, pieces=_Unpacking(archive, info, f"/member[{number}]"))


def read(pieces: Sequence[bytes], document: Callable[[Iterable[bytes]], Said]) -> Said:
    """Read all messages of an archive: paths begin with the member, statements count on from member to member."""
    place = 0
    for member in members(pieces):
        before, where = place, f"/member[{member.number}]"
        try:
            for one in document(member.pieces):
                told = _placed(one, before, where)
                place = max(place, (told.place if isinstance(told, Statement) else told.statement) or 0)
                yield told
        except Unreadable as error:
            path = error.path if error.path.startswith(where) else f"{where}{error.path}"
            raise Unreadable(error.rule, path, error.text) from None


def _placed(one: Observation | Statement, before: int, where: str) -> Observation | Statement:
    if isinstance(one, Statement):
        return replace(one, place=before + one.place)
    statement = None if one.statement is None else before + one.statement
    return replace(one, path=f"{where}{one.path}", statement=statement)


@contextmanager
def _sound(path: str) -> Iterator[None]:
    """Translate what zipfile says of a broken archive."""
    try:
        yield
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Unreadable("archive.malformed", path, f"not a sound zip: {type(error).__name__}") from None


def _bound_directory(content: IO[bytes], size: int) -> None:
    """Refuse a directory that would take more memory than its archive is worth, before it is read.

    Reference: PKWARE APPNOTE 4.3.16, end of central directory record; the directory's size stands at byte 12.
    """
    content.seek(max(0, size - _END_MAX))
    tail = content.read()
    at = len(tail) - _END if tail[-_END:].startswith(b"PK\x05\x06") else tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise Unreadable("archive.malformed", "/", "a zip without an end")
    if b"PK\x06\x07" in tail[:at][-_END:]:
        raise Unreadable("archive.zip64", "/", "a zip64: no archive that is read is so large that it needs one")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > DIRECTORY_MAX:
        raise Unreadable("archive.members", "/", f"a zip of messages has 1 to {MEMBERS_MAX:,} of them")


def _checked(archive: ZipFile, size: int) -> Sequence[ZipInfo]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if not 0 < len(infos) <= MEMBERS_MAX:
        raise Unreadable("archive.members", "/", f"a zip of messages has 1 to {MEMBERS_MAX:,} of them")
    if len({info.filename for info in infos}) < len(infos):
        raise Unreadable("archive.name", "/", "two members have one name")
    if sum(info.file_size for info in infos) > SIZE_MAX:
        raise Unreadable("archive.size", "/", "its members are too large together")
    _apart(infos, size)
    for number, info in enumerate(infos, start=1):
        _check(info, f"/member[{number}]")
    return infos


def _apart(infos: Sequence[ZipInfo], size: int) -> None:
    """Refuse members that share bytes: a small archive could be told to hold a large one any number of times."""
    at = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < at or info.header_offset + info.compress_size > size:
            raise Unreadable("archive.overlap", "/", "members overlap")
        at = info.header_offset + info.compress_size


def _check(info: ZipInfo, path: str) -> None:
    name = info.filename
    if len(name) > NAME_MAX or name.startswith(("/", "\\")) or ".." in name or not name.isprintable():
        raise Unreadable("archive.name", path, "a name that is none of a file")
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable("archive.encrypted", path, "an encrypted member")
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise Unreadable("archive.method", path, "compressed in a way that is not read")
    if info.file_size > MEMBER_MAX:
        raise Unreadable("archive.size", path, f"a member of more than {MEMBER_MAX:,} bytes")
    if info.file_size > FREE + RATIO_MAX * info.compress_size:
        raise Unreadable("archive.ratio", path, f"unpacks to more than {RATIO_MAX} times its size")


class _Gunzipping:
    """The bytes of the only member of a gzip."""

    def __init__(self, pieces: Sequence[bytes], path: str) -> None:
        self._pieces, self._path = pieces, path

    def __iter__(self) -> Iterator[bytes]:
        bounds = {"free": FREE, "ratio": RATIO_MAX, "most": MEMBER_MAX}
        begin: bytes | None = b""
        for piece in gzipped.unpacked(_cut(self._pieces), path=self._path, **bounds):
            if begin is not None:
                begin += piece[:_BEGIN]
                if begin.startswith(_ARCHIVES):
                    raise Unreadable("archive.nested", self._path, "an archive inside an archive")
                begin = begin if len(begin) < _BEGIN else None
            yield piece


def _cut(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """Cut pieces small: what waits for being unpacked is copied again with every step."""
    for piece in pieces:
        for at in range(0, len(piece), _PIECE):
            yield piece[at : at + _PIECE]


class _Unpacking:
    """The bytes of a member; zipfile stops at the size that was checked, and compares its checksum at the end."""

    def __init__(self, archive: ZipFile, info: ZipInfo, path: str) -> None:
        self._archive, self._info, self._path = archive, info, path

    def __iter__(self) -> Iterator[bytes]:
        with _sound(self._path):
            content = self._archive.open(self._info)
        with content:
            piece = self._read(content)
            if piece.startswith(_ARCHIVES):
                raise Unreadable("archive.nested", self._path, "an archive inside an archive")
            while piece:
                yield piece
                piece = self._read(content)

    def _read(self, content: IO[bytes]) -> bytes:
        with _sound(self._path):
            return content.read(_PIECE)


class _Pieces(RawIOBase):
    """A file over pieces of bytes that are in memory, without a second copy of them."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._ends = list(accumulate(map(len, pieces)))
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        start = (0, self._at, self._ends[-1] if self._ends else 0)[whence]
        if start + offset < 0:
            raise OSError("before the beginning")  # what files raise, and zipfile expects
        self._at = start + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        number = bisect_right(self._ends, self._at)
        if number == len(self._pieces):
            return 0
        piece = self._pieces[number]
        start = self._at - (self._ends[number] - len(piece))
        part = piece[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
