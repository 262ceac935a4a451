"""Claim checks: messages too large for a record lie as files in a folder of their bank and are fetched by name.

Nothing outside that folder can be named, nothing larger than the limit is read, and nothing is handed out whose digest
is not the signed one.
"""

import asyncio
import hashlib
import os
import re
import stat
import threading
from pathlib import Path

from gateway.ports.envelope import BankEnvelope, EnvelopeRefused

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}", re.ASCII)
_PIECE = 1 << 20


class ClaimFolder:
    """`root`/<bank>/claims/<reference>. `limit` is the largest message in bytes."""

    def __init__(self, root: Path, *, limit: int) -> None:
        self._root = root
        self._limit = limit

    async def read(self, envelope: BankEnvelope) -> bytes | EnvelopeRefused:
        """Return the bytes that an opened envelope refers to, or why not; OSError when the folder itself fails.

        Refusals: claim.name, claim.missing, claim.size, claim.digest. A missing file may still come: whoever asks
        decides how often to ask again.
        """
        return await asyncio.to_thread(self._read, envelope)

    async def leave(self, bank: str, content: bytes) -> str:
        """Leave a message for whoever reads the topic and return its reference; safe on disk then. Raises OSError."""
        return await asyncio.to_thread(self._leave, bank, content)

    def _leave(self, bank: str, content: bytes) -> str:
        """Write under the digest: the same message again is the same file."""
        reference = hashlib.sha256(content).hexdigest()
        folder = self._root / bank / "claims"
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{reference}.{os.getpid()}.{threading.get_ident()}"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / reference)
        _keep_name(folder)
        return reference

    def _read(self, envelope: BankEnvelope) -> bytes | EnvelopeRefused:
        if not _PLAIN_NAME.fullmatch(envelope.reference):
            return _refused("name", "the reference is not a plain file name")
        try:
            content = self._content(self._root / envelope.bank / "claims" / envelope.reference)
        except FileNotFoundError:
            return _refused("missing", "no such file in the bank's folder")
        if isinstance(content, EnvelopeRefused):
            return content
        if hashlib.sha256(content).hexdigest() != envelope.digest:
            return _refused("digest", "the file is not what was signed")
        return content

    def _content(self, path: Path) -> bytes | EnvelopeRefused:
        # O_NONBLOCK: a pipe of that name must not hold the thread.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return _refused("name", "the reference is not a regular file")
            content = bytearray()
            while piece := file.read(_PIECE):
                content += piece
                if len(content) > self._limit:
                    return _refused("size", f"the file is larger than {self._limit} bytes")
        return bytes(content)


def _refused(rule: str, text: str) -> EnvelopeRefused:
    return EnvelopeRefused(code=f"claim.{rule}", text=text)


def _keep_name(folder: Path) -> None:
    """Make the names of a folder survive a loss of power: a record that refers to a file must find it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
