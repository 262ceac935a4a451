"""Editions of pain.001 that differ from ISO's by their namespace alone, read back by the schema of the version.

German banks still ask for pain.001.003.03, which is pain.001.001.03 by another name (reference
iso20022-and-banks 1.1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256

from bank_adapters.iso20022 import reread as version_reader
from bank_adapters.spi import Reread
from gateway.domain.errors import SealMismatch

_HEAD = 512
"""Bytes within which a file of ours has said its namespace."""


def reread(pieces: Iterable[bytes], version: str, namespace: str | None) -> Reread:
    """Read a file back that has the bank's own namespace, if it has one; see `bank_adapters.spi.Adapter.reread`."""
    if namespace is None:
        return version_reader.reread(pieces, version)
    said = _Said(namespace, f"urn:iso:std:iso:20022:tech:xsd:{version}")
    found = version_reader.reread(said.as_iso(pieces), version)
    return replace(found, sha256=said.hash.hexdigest(), size=said.size)


class _Said:
    """Passes a file on as ISO's edition, and remembers what its bytes really were."""

    def __init__(self, own: str, iso: str) -> None:
        self._own, self._iso = f' xmlns="{own}"'.encode(), f' xmlns="{iso}"'.encode()
        self.hash = sha256()
        self.size = 0

    def as_iso(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces with ISO's namespace for the bank's. Raises SealMismatch where it stands nowhere."""
        rest, head = self._counted(pieces), b""
        while len(head) < _HEAD and (piece := next(rest, None)) is not None:
            head += piece
        if head[:_HEAD].count(self._own) != 1:
            raise SealMismatch("the rendered file has another namespace than the bank asks for")
        yield head.replace(self._own, self._iso, 1)
        yield from rest

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.hash.update(piece)
            self.size += len(piece)
            yield piece
