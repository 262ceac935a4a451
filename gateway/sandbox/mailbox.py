"""A bank that leaves its messages as files: in its folder `out`, whole at once, in its envelope where it has one."""

import os
from collections.abc import Iterable
from pathlib import Path

from gateway.sandbox.books import Answer
from gateway.sandbox.envelopes import Pouch


class Mailbox:
    """The folder from which the gateway picks up what one bank says."""

    def __init__(self, folder: Path, pouch: Pouch | None = None) -> None:
        """Leave files in `folder`, each closed in `pouch` if there is one."""
        self._folder = folder
        self._pouch = pouch
        folder.mkdir(parents=True, exist_ok=True)

    def leave(self, answers: Iterable[Answer]) -> None:
        """Write each message under a temporary name, then rename; after a crash the same message may come twice."""
        for answer in answers:
            name = f"{answer.name}.{answer.copy}.{answer.suffix}"
            content = answer.content if self._pouch is None else self._pouch.closed(answer.content)
            draft = self._folder / f".{name}.{os.getpid()}.tmp"
            draft.write_bytes(content)
            draft.rename(self._folder / name)

    def waiting(self) -> bool:
        """Whether something lies there that the gateway has not put away."""
        with os.scandir(self._folder) as entries:
            return any(entry.is_file() and not entry.name.startswith(".") for entry in entries)
