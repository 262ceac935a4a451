"""The gateway under measurement: one process with REST door and worker, whose steps run when the parent says so.

`{"do": "drain", "kind": "cut"}` runs the steps of a kind until none has work; `{"do": "run"}` starts every loop as
`gateway run` does.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from gateway.api.app import build_app
from gateway.bench.children import requests, say
from gateway.bus.kafka import KafkaBus
from gateway.domain.errors import GatewayError
from gateway.runtime.assembly import Gateway, assembled
from gateway.runtime.clock import SystemClock
from gateway.runtime.loops import Bell, Loop, run_loops
from gateway.runtime.serve import Backing, connected, doors, listening
from gateway.runtime.settings import load_settings


async def serve(config: Path, back: Backing) -> None:
    """Serve until the parent closes our input."""
    settings, clock, bell = load_settings(config), SystemClock(), Bell()
    async with (
        assembled(settings, config, clock, url=back.url, worker="bench") as gateway,
        connected(gateway, back) as bus,
        listening(build_app(doors(gateway, bell)), settings.api) as url,
    ):
        say(url=url)
        await _obey(gateway, bus, bell)


async def _obey(gateway: Gateway, bus: KafkaBus, bell: Bell) -> None:
    loops = await gateway.loops(bus)
    work: asyncio.Task[None] | None = None
    async for request in requests():
        if request["do"] == "drain":
            say(**await _drain([loop for loop in loops if loop.kind == request["kind"]]))
        else:
            work = asyncio.create_task(run_loops(loops, bell, _told))
            say(running=len(loops))
    if work is not None:
        work.cancel()
        await asyncio.wait([work])
    for loop in loops:
        if loop.close is not None:
            await loop.close()


async def _drain(loops: Sequence[Loop]) -> dict[str, Any]:
    """Run steps of one kind side by side until all of them are idle; say how often one did something."""
    units = 0
    while any(done := await asyncio.gather(*(loop.step.run_once() for loop in loops))):
        units += sum(done)
    return {"units": units}


def _told(kind: str, error: GatewayError) -> None:
    sys.stderr.write(f"{kind}: {type(error).__name__}\n")


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), Backing(url=sys.argv[2], bootstrap=sys.argv[3], incarnation=sys.argv[4])))
