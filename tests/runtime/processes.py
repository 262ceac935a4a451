"""Commands as a person runs them: processes of their own, told by signals, heard by their logs."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.orders import ROOT

PATIENCE_SECONDS = 60
"""Only so that a test that hangs ends."""


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that the embedded PostgreSQL may reach: it does not run as root, and pytest's folders are closed."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-run-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configuration(folder: Path, **changes: Any) -> Path:
    """Copy the configuration that ships, banks that listen on ports that are free; `changes` go into gateway.yaml."""
    shutil.copytree(ROOT / "config", folder)
    change_yaml(folder / "gateway.yaml", **changes)
    for file in sorted((folder / "banks").glob("*.yaml")):
        transport = yaml.safe_load(file.read_text(encoding="utf-8"))["transport"]
        if transport["kind"] == "https":
            scheme = transport["base_url"].partition(":")[0]
            change_yaml(file, transport=transport | {"base_url": f"{scheme}://127.0.0.1:{free_port()}"})
        elif transport["kind"] == "sftp":
            change_yaml(file, transport=transport | {"port": free_port()})
    return folder


def change_yaml(file: Path, **changes: Any) -> None:
    """Replace keys of a YAML file."""
    document = yaml.safe_load(file.read_text(encoding="utf-8")) | changes
    file.write_text(yaml.safe_dump(document), encoding="utf-8")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass(slots=True, kw_only=True)
class Command:
    """One running command of ours."""

    process: asyncio.subprocess.Process
    log: Path

    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()

    def events(self) -> list[dict[str, Any]]:
        """What it logged; a line that is not of its log (a trace, a warning of the interpreter) fails."""
        return [json.loads(text) for text in self.lines()]

    async def ready(self) -> dict[str, Any]:
        """Wait until it says that it is ready, and return what it says."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                assert self.process.returncode is None, self.lines()
                for event in map(json.loads, self.lines()):
                    if event["event"] == "ready":
                        return dict(event)
                await asyncio.sleep(0.1)

    async def told_to_stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return await self.ended()

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE_SECONDS)


async def start(folder: Path, command: str, *arguments: str, **environment: str) -> Command:
    """Start `gateway <command>`; `folder` is where its log goes, one a command."""
    log = folder / f"{command}.log"
    line = [sys.executable, "-W", "default::ResourceWarning", "-m", "gateway", command, *arguments]
    known: Mapping[str, str] = {"GATEWAY_API__PORT": "0", "GATEWAY_METRICS__PORT": "0"}
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *line, env={**os.environ, **known, **environment}, cwd=ROOT, stderr=stderr, stdin=asyncio.subprocess.DEVNULL
        )
    return Command(process=process, log=log)
