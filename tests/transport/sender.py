"""A process of its own that sends once and prints the answer as JSON; it kills or freezes itself at a boundary.

    python -m tests.transport.sender FOLDER SIGNAL NUMBER SECONDS

At the NUMBER-th boundary (1, 2, ...) it sends SIGNAL to itself, as a machine that loses power or is suspended would:
no `except`, `finally` or `__aexit__` runs. Its deadline is SECONDS from the start.
"""

import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from gateway.transport.directory import DirectoryTransport
from tests.transport.clocks import StillClock
from tests.transport.conftest import PIECES, wire


class RunningClock(StillClock):
    def monotonic(self) -> float:
        return time.monotonic()


def at_boundary(number: int, blow: signal.Signals) -> Callable[[str], None]:
    left = number

    def boundary(_name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            # To this very thread: one sent to the process may be taken by another thread, some instructions later.
            signal.pthread_kill(threading.get_ident(), blow)

    return boundary


async def main(folder: Path, blow: signal.Signals, number: int, seconds: float) -> None:
    transport = DirectoryTransport("alfa", folder, RunningClock(), boundary=at_boundary(number, blow))
    deadline = time.monotonic() + seconds
    await transport.prepare(wire())
    answer = await transport.send(wire(), PIECES, deadline)
    json.dump({"sent": answer.sent.value, **answer.evidence}, sys.stdout)
    await transport.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), signal.Signals[sys.argv[2]], int(sys.argv[3]), float(sys.argv[4])))
