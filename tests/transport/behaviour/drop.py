"""What a bank that takes files really holds, told by its own folders."""

import os
from itertools import count
from pathlib import Path


class Drop:
    """`<folder>/in` as the bank sees it, hidden names left out, and what it has collected from there."""

    def __init__(self, folder: Path) -> None:
        self._in = folder / "in"
        self.out = folder / "out"
        self._collected = folder / "collected"
        self._numbers = count()
        for one in (self._in, self._collected, folder / "out"):
            one.mkdir(parents=True, exist_ok=True)

    def held(self, instead: Path | None = None) -> list[bytes]:
        """Return the content of everything collected or to be collected; `instead`: where the folder lies meanwhile."""
        return [path.read_bytes() for where in (self._collected, instead or self._in) for path in _visible(where)]

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


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
