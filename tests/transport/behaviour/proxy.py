"""A network that breaks on demand: a TCP proxy in front of a bank. All of it belongs to one event loop.

Faults that are named `...all` strike the connections that stand; new ones pass, as a second worker's would.
"""

import asyncio
import socket
import struct
from dataclasses import dataclass, field

_PIECE = 1 << 14


@dataclass(slots=True, eq=False)
class _Pair:
    """One connection: ours to the proxy, and the proxy's to the bank."""

    ours: asyncio.StreamWriter
    banks: asyncio.StreamWriter
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    swallowing: bool = False

    def abort(self) -> None:
        """Reset both halves; nothing that is still under way arrives."""
        for writer in (self.ours, self.banks):
            _reset(writer)
        self.flowing.set()


class Proxy:
    """Listens on `port` between `start` and `close`, passing everything on to `bank_port` unless told otherwise."""

    def __init__(self, bank_port: int) -> None:
        self.bank_port = bank_port
        self.port = 0
        self.refusing = False
        self.to_bank = 0
        """Bytes that went to the bank so far."""
        self.to_us = 0
        self.cut_at: tuple[int | None, int | None] = (None, None)
        """Reset everything once so many bytes have gone to the bank, or to us."""
        self.pause_seconds = 0.0
        """A slow line: rest this long after every 16 KiB."""
        self.connections = 0
        """How many were made to the bank so far."""
        self._pairs: set[_Pair] = set()
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen on any free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End everything."""
        if self._server is not None:
            self._server.close()
        self.cut_all()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def cut_all(self) -> None:
        """Reset the connections that stand."""
        for pair in list(self._pairs):
            pair.abort()

    def stall_all(self) -> None:
        """Hold what is under way on the connections that stand, in both directions and ends of connections too."""
        for pair in self._pairs:
            pair.flowing.clear()

    def swallow_all(self) -> None:
        """Drop what the bank says on the connections that stand."""
        for pair in self._pairs:
            pair.swallowing = True

    def cut_after(self, way: int, at: int) -> None:
        """Reset everything once `at` bytes have gone to the bank (`way` 0) or to us (1), counted from the start."""
        self.cut_at = (at, None) if way == 0 else (None, at)

    def heal(self) -> None:
        """Let everything pass again: what was held goes on its way, late."""
        self.refusing, self.cut_at, self.pause_seconds = False, (None, None), 0.0
        for pair in self._pairs:
            pair.flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            _reset(writer)
            return
        try:
            bank_reader, bank_writer = await asyncio.open_connection("127.0.0.1", self.bank_port)
        except OSError:
            _reset(writer)
            return
        self.connections += 1
        pair = _Pair(ours=writer, banks=bank_writer)
        pair.flowing.set()
        self._pairs.add(pair)
        pumps = [
            asyncio.create_task(self._pump(pair, reader, bank_writer, to_bank=True)),
            asyncio.create_task(self._pump(pair, bank_reader, writer, to_bank=False)),
        ]
        self._pumps.update(pumps)
        await asyncio.gather(*pumps, return_exceptions=True)
        self._pairs.discard(pair)
        self._pumps.difference_update(pumps)
        for one in (writer, bank_writer):
            one.close()

    async def _pump(
        self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_bank: bool
    ) -> None:
        try:
            while data := await reader.read(_PIECE):
                await pair.flowing.wait()
                if to_bank or not pair.swallowing:
                    writer.write(self._allowed(data, to_bank=to_bank))
                    await writer.drain()
                if self._past_the_cut():
                    await asyncio.sleep(0.01)  # what was let through arrives before the reset
                    self.cut_all()
                    return
                await asyncio.sleep(self.pause_seconds)
        except OSError:
            pass
        await pair.flowing.wait()
        if not writer.is_closing():
            writer.close()

    def _allowed(self, data: bytes, *, to_bank: bool) -> bytes:
        limit = self.cut_at[0 if to_bank else 1]
        so_far = self.to_bank if to_bank else self.to_us
        allowed = data if limit is None else data[: max(0, limit - so_far)]
        if to_bank:
            self.to_bank += len(allowed)
        else:
            self.to_us += len(allowed)
        return allowed

    def _past_the_cut(self) -> bool:
        to_bank, to_us = self.cut_at
        return (to_bank is not None and self.to_bank >= to_bank) or (to_us is not None and self.to_us >= to_us)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset (RST), as a line that breaks does."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
