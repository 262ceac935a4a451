"""Child processes of a measurement: modules of this package that answer one JSON object a line."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TextIO

from gateway.domain.errors import ConfigError

_LINE_MAX = 1 << 20


class Child:
    """A process that was started by `running`; `ready` is the first object it said."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self._name = name
        self._process = process
        self.ready: dict[str, Any] = {}

    @property
    def pid(self) -> int:
        """The process, for `usage`."""
        return self._process.pid

    async def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises ConfigError when the process ends instead."""
        if self._process.stdin is None:
            raise ConfigError(f"{self._name} takes no requests")
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await self._process.stdin.drain()
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        """Wait for the next object the process says. Raises ConfigError when it ends instead."""
        line = await self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise ConfigError(f"{self._name} ended in the middle of a measurement; its last words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def end(self) -> None:
        """Close its input, which ends it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run `python -m gateway.bench.<module>` while the context lasts, ready when this yields."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", f"gateway.bench.{module}", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_MAX,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    child = Child(module, process)
    try:
        child.ready = await child.answer()
        yield child
    finally:
        await child.end()


async def requests(stream: TextIO = sys.stdin) -> AsyncIterator[dict[str, Any]]:
    """In a child: yield what is asked until the parent closes."""
    while line := await asyncio.to_thread(stream.readline):
        yield json.loads(line)


def say(**answer: Any) -> None:
    """In a child: answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
