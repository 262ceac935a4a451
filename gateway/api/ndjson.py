"""Order lines out of a request body of any size, in chunks, in constant memory.

The reader asks for more only when a chunk was stored, so a fast caller waits for the database and not in our memory.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import StreamReader

from gateway.api.limits import IDLE_SECONDS, LINE_BYTES, TooLarge, TooSlow
from gateway.service.intake import CHUNK_BYTES, CHUNK_LINES


@dataclass(slots=True, kw_only=True)
class Lines:
    """Collects lines up to a chunk; `number` counts the lines that were completed in the whole stream."""

    number: int = 0
    rest: bytes = b""
    chunk: list[bytes] = field(default_factory=list)
    size: int = 0

    def add(self, piece: bytes) -> None:
        """Take in the next bytes. Raises TooLarge, naming the line, as soon as it has grown beyond its limit."""
        *whole, self.rest = (self.rest + piece).split(b"\n")
        for line in whole:
            self._append(line)
        self._check(self.rest)

    def end(self) -> None:
        """Take the last line, which needs no line end."""
        if self.rest:
            self._append(self.rest)
            self.rest = b""

    def full(self) -> bool:
        """Whether the chunk should be stored before more is read."""
        return len(self.chunk) >= CHUNK_LINES or self.size >= CHUNK_BYTES

    def take(self) -> tuple[int, list[bytes]]:
        """Hand over the chunk with the number of its first line."""
        chunk, self.chunk, self.size = self.chunk, [], 0
        return self.number - len(chunk) + 1, chunk

    def _append(self, line: bytes) -> None:
        self._check(line)
        self.number += 1
        self.chunk.append(line)
        self.size += len(line)

    def _check(self, line: bytes) -> None:
        if len(line) > LINE_BYTES:
            raise TooLarge(f"line {self.number + 1} is longer than {LINE_BYTES} bytes")


async def chunks(content: StreamReader) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Yield (number of the first line, lines). A line that is too long ends the stream after the chunk before it.

    Raises TooLarge for such a line and TooSlow when the caller falls silent.
    """
    lines = Lines()
    try:
        while piece := await _read(content):
            lines.add(piece)
            if lines.full():
                yield lines.take()
        lines.end()
    except TooLarge:
        if lines.chunk:
            yield lines.take()
        raise
    if lines.chunk:
        yield lines.take()


async def _read(content: StreamReader) -> bytes:
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            return await content.read(LINE_BYTES)
    except TimeoutError:
        raise TooSlow("the body stopped in the middle") from None
