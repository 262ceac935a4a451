"""What a bank that takes files really holds, told by its own folders."""

import os
from itertools import count
from pathlib import Path

from gateway.ports.transport import Beside, Wire
from tests.transport.behaviour.harness import Fault
from tests.transport.behaviour.plan import Plan
from tests.transport.conftest import CONTENT, CONTROL, NAME, wire


class Drop:
    """`<folder>/in` as the bank sees it, hidden names left out, and what it has collected from there."""

    def __init__(self, folder: Path, control: Beside | None = None) -> None:
        """Take the bank's folder; with `control` it waits for that file beside every other."""
        self._control = control
        self._in = folder / "in"
        self.out = folder / "out"
        self._collected = folder / "collected"
        self._numbers = count()
        for one in (self._in, self._collected, folder / "out"):
            one.mkdir(parents=True, exist_ok=True)

    def held(self, instead: Path | None = None) -> list[bytes]:
        """Return the content of everything collected or to be collected; `instead`: where the folder lies meanwhile.

        A file is what it is only with its control file, once and as it was made; else it is told with how many.
        """
        found = [path for where in (self._collected, instead or self._in) for path in _visible(where)]
        named = None if self._control is None else self._control.name
        controls = [path.read_bytes() for path in found if named is not None and path.name.startswith(named)]
        files = [path.read_bytes() for path in found if named is None or not path.name.startswith(named)]
        if self._control is None or controls == ([self._control.content] if files else []):
            return files
        wrong = b" with %d control files" % len(controls)
        return [one + wrong if controls or one == CONTENT else one for one in files or [b"nothing"]]

    def collect(self) -> None:
        """Take everything that is not hidden."""
        for path in _visible(self._in):
            path.rename(self._collected / f"{path.name}.{next(self._numbers)}")

    def hidden(self) -> list[str]:
        """Return the marks that lie there."""
        return sorted(path.name for path in self._in.iterdir() if path.name.startswith("."))

    def leave(self, name: str, content: bytes, *, age: int = 0) -> None:
        """Leave a file for us, last changed `age` seconds before a fixed moment."""
        path = self.out / name
        path.write_bytes(content)
        moment = 1_790_000_000 - age
        os.utime(path, (moment, moment))

    def archived(self) -> list[bytes]:
        """Return what lies in the archive, wherever it is."""
        folders = (self.out / "archive", self.out / ".archive")
        return sorted(path.read_bytes() for one in folders if one.exists() for path in one.iterdir())

    def put(self, name: str, content: bytes) -> None:
        """Lay down a file, as if it had come another way."""
        (self._in / name).write_bytes(content)


class FileBank:
    """What a bank that takes files does, whatever the way to its folders is; see `harness.ControlledBank`."""

    content = CONTENT

    def __init__(self, folder: Path, control: Beside | None = None) -> None:
        """Take the bank's folder; with `control` it waits for that file."""
        self._control = control
        self.plan, self.drop = Plan(), Drop(folder, control)

    def wire(self, intent: int = 1) -> Wire:
        return wire(intent, control=self._control)

    def held(self) -> list[bytes]:
        return self.drop.held()

    def collect(self) -> None:
        self.drop.collect()

    def put(self, content: bytes) -> None:
        self.drop.put(NAME, content)

    def put_control(self, content: bytes) -> None:
        self.drop.put(CONTROL.name, content)

    def scribble(self, content: bytes) -> None:
        self.drop.put(f".{CONTROL.name}.1.tmp", content)

    def hidden(self) -> list[str]:
        return self.drop.hidden()

    def go_wrong(self, stage: str, fault: Fault) -> None:
        self.plan.arm(stage, fault)

    def struck(self) -> None:
        self.plan.struck()


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
