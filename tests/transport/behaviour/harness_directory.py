"""A folder under test: faults are errors of the file system, put in the way of the calls that the transport makes."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.transport import Wire
from gateway.transport import directory
from gateway.transport.directory import DirectoryTransport
from tests.transport.behaviour.drop import Drop
from tests.transport.behaviour.harness import Fault, Kind
from tests.transport.behaviour.plan import Plan
from tests.transport.clocks import StillClock
from tests.transport.conftest import CONTENT, NAME, wire


class FolderBank:
    """A bank behind a file gateway."""

    content = CONTENT

    def __init__(self, folder: Path) -> None:
        self.drop = Drop(folder)
        self._folder = folder
        self._away = folder / "away"
        self.plan = Plan()

    def wire(self, intent: int = 1) -> Wire:
        return wire(intent)

    def transport(self, clock: StillClock, boundary: Boundary = unbounded, **more: Any) -> DirectoryTransport:
        return DirectoryTransport("alfa", self._folder, clock, boundary=boundary, **{"settled_seconds": 0, **more})

    def held(self) -> list[bytes]:
        return self.drop.held(self._away if self._away.exists() else None)

    def collect(self) -> None:
        self.drop.collect()

    def put(self, content: bytes) -> None:
        self.drop.put(NAME, content)

    def go_wrong(self, stage: str, fault: Fault) -> None:
        self.plan.arm(stage, fault)

    def struck(self) -> None:
        self.plan.struck()

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
    return "rename" if target.name == NAME else "withdraw"


@contextmanager
def opened(folder: Path) -> Iterator[FolderBank]:
    bank = FolderBank(folder)
    originals = {name: getattr(directory, name) for name in ("create_empty", "write_all", "rename_new", "sync_folder")}

    def renamed(source: Path, target: Path) -> Any:
        return bank.at(_stage_of_rename(source, target), originals["rename_new"], source, target)

    def watched(stage: str, name: str) -> Callable[..., Any]:
        return lambda *arguments: bank.at(stage, originals[name], *arguments)

    with ExitStack() as patches:
        patches.enter_context(patch.object(directory, "rename_new", renamed))
        for stage, name in (("mark", "create_empty"), ("write", "write_all"), ("sync", "sync_folder")):
            patches.enter_context(patch.object(directory, name, watched(stage, name)))
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
