"""A folder under test: faults are errors of the file system, put in the way of the calls that the transport makes."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.transport import Beside
from gateway.transport import directory
from gateway.transport.directory import DirectoryTransport
from tests.transport.behaviour.drop import FileBank
from tests.transport.behaviour.harness import Fault, Kind
from tests.transport.clocks import StillClock
from tests.transport.conftest import CONTROL, NAME


class FolderBank(FileBank):
    """A bank behind a file gateway."""

    def __init__(self, folder: Path, control: Beside | None = None) -> None:
        super().__init__(folder, control)
        self._folder = folder
        self._away = folder / "away"

    def transport(self, clock: StillClock, boundary: Boundary = unbounded, **more: Any) -> DirectoryTransport:
        return DirectoryTransport("alfa", self._folder, clock, boundary=boundary, **{"settled_seconds": 0, **more})

    def held(self) -> list[bytes]:
        return self.drop.held(self._away if self._away.exists() else None)

    def hurry(self) -> None:
        """A folder is never silent."""

    def down(self) -> None:
        (self._folder / "in").rename(self._away)

    def other_identity(self) -> None:
        raise AssertionError("a folder shows no key")

    def heal(self) -> None:
        self.plan.heal()
        if self._away.exists():
            self._away.rename(self._folder / "in")

    def at(self, stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do one call of the transport, or let it fail."""
        fault = self.plan.take(stage)
        if fault is Fault.NO_SPACE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if fault is Fault.REFUSED:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if fault is Fault.TRUNCATED:
            descriptor, piece = arguments
            return work(descriptor, piece[: len(piece) // 2])
        done = work(*arguments)
        if fault is Fault.LIED:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return done


def _stage_of_rename(_source: Path, target: Path) -> str:
    return {NAME: "rename", CONTROL.name: "control"}.get(target.name, "withdraw")


@contextmanager
def opened(folder: Path, control: Beside | None = None) -> Iterator[FolderBank]:
    bank = FolderBank(folder, control)
    originals = {name: getattr(directory, name) for name in ("create_empty", "write_all", "rename_new", "sync_folder")}

    def renamed(source: Path, target: Path) -> Any:
        return bank.at(_stage_of_rename(source, target), originals["rename_new"], source, target)

    def synced(where: Path) -> Any:
        stage = "control sync" if (where / CONTROL.name).exists() else "sync"
        return bank.at(stage, originals["sync_folder"], where)

    def watched(stage: str, name: str) -> Callable[..., Any]:
        return lambda *arguments: bank.at(stage, originals[name], *arguments)

    with ExitStack() as patches:
        patches.enter_context(patch.object(directory, "rename_new", renamed))
        for stage, name in (("mark", "create_empty"), ("write", "write_all")):
            patches.enter_context(patch.object(directory, name, watched(stage, name)))
        patches.enter_context(patch.object(directory, "sync_folder", synced))
        yield bank


KIND = Kind(
    name="directory",
    opened=opened,
    faults={
        "mark": (Fault.REFUSED, Fault.LIED, Fault.NO_SPACE),
        "write": (Fault.REFUSED, Fault.LIED, Fault.NO_SPACE, Fault.TRUNCATED),
        "rename": (Fault.REFUSED, Fault.LIED),
        "sync": (Fault.REFUSED, Fault.LIED),
    },
    certain=frozenset({"mark", "write"}),
    proves=True,
    network=False,
    boundaries=4,
    done=1,
    inquiry_faults={"withdraw": (Fault.REFUSED, Fault.LIED), "sync": (Fault.REFUSED, Fault.LIED)},
)

CONTROLLED = replace(
    KIND,
    name="directory and control file",
    opened=lambda folder: opened(folder, CONTROL),
    faults={**KIND.faults, "control": (Fault.REFUSED, Fault.LIED), "control sync": (Fault.REFUSED, Fault.LIED)},
    boundaries=8,
    done=3,
    controlled=True,
)
"""Faults strike the control file, which is written first."""
