"""Ringing across processes: what one process did wakes the loops of the others that share its database.

One NOTIFY tells all that was rung since the last. It is a hint: a process that misses one finds the work when its
loops' patience ends.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from gateway.runtime.loops import Bell
from gateway.store.postgres import connect

CHANNEL = "gateway"
RECONNECT_SECONDS = 2.0
_BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class Wakeups:
    """One process's end of the channel."""

    def __init__(self, url: str, bell: Bell, login: str | None) -> None:
        self._url = url
        self._login = login
        self._bell = bell
        self._kinds: set[str] = set()
        self._rung = asyncio.Event()

    def tell(self, kinds: Sequence[str]) -> None:
        """Tell the other processes with the next NOTIFY."""
        self._kinds.update(kinds)
        self._rung.set()

    async def run(self) -> None:
        """Listen and tell until cancelled, over a new connection whenever one breaks."""
        while True:
            with suppress(*_BROKEN):
                await self._connected()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _connected(self) -> None:
        connection = await connect(self._url, self._login)
        try:
            await connection.add_listener(CHANNEL, self._heard)
            while True:
                await self._rung.wait()
                self._rung.clear()
                kinds, self._kinds = self._kinds, set()
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, " ".join(sorted(kinds)))
        finally:
            connection.terminate()

    def _heard(self, connection: Any, pid: int, _channel: str, kinds: object) -> None:
        if pid != connection.get_server_pid():  # what we told ourselves has rung already
            self._bell.ring_here(str(kinds).split())


@asynccontextmanager
async def wakeups(url: str, bell: Bell, login: str | None = None) -> AsyncIterator[None]:
    """Ring across processes while the context lasts; `login` replaces the URL's."""
    channel = Wakeups(url, bell, login)
    bell.elsewhere = channel.tell
    task = asyncio.create_task(channel.run(), name="wakeups")
    try:
        yield
    finally:
        bell.elsewhere = None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
