"""Walks through a page as its reader would: writes the files that it shows, runs its commands, records what they say.

Fenced blocks with a file name behind the language ("```yaml config/x.yaml") are files; those of language console hold
commands behind "$ ", each followed by what it prints. `gateway` runs in this process, anything else in a shell.

`python -m tests.docs.walk` writes gateway/docs/connect-a-bank.md anew.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from typer.testing import CliRunner

from gateway.runtime.cli import app
from tests.orders import ROOT

_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def walked(page: str, folder: Path) -> str:
    """Return the page with what its commands really print when it is walked in `folder`."""

    def step(block: re.Match[str]) -> str:
        language, name, text = block[1], block[2], block[3]
        if name:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif language == "console":
            text = "".join(_said(command, folder) for command in _commands(text))
        return f"```{language}{f' {name}' if name else ''}\n{text}```"

    return _BLOCK.sub(step, page)


def _commands(text: str) -> list[str]:
    """Return the commands of a block; one that ends in a backslash goes on in the next line."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", text, re.MULTILINE)


def _said(command: str, folder: Path) -> str:
    told = _gateway(command, folder) if command.startswith("gateway ") else _shell(command, folder)
    return f"$ {command}\n{told}"


def _gateway(command: str, folder: Path) -> str:
    """Run it with the shell's words, in this process."""
    words = _shell(f'for word in {command.removeprefix("gateway ")}; do echo "$word"; done', folder).splitlines()
    before = Path.cwd()
    os.chdir(folder)
    try:
        done = CliRunner().invoke(app, words)
    finally:
        os.chdir(before)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return "\n".join(line.rstrip() for line in done.output.splitlines()) + "\n" if done.output else ""


def _shell(command: str, folder: Path) -> str:
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Write the page anew; the digest that a command prints is the one that a file of it must hold."""
    file = ROOT / "gateway" / "docs" / "connect-a-bank.md"
    page = file.read_text(encoding="utf-8")
    for _ in range(2):
        with TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "config", Path(folder) / "config")
            page = walked(page, Path(folder))
        (digest,) = set(re.findall(r"outcome.yaml: ([0-9a-f]{64})", page))
        page = re.sub(r"^profile: [0-9a-f]{64}$", f"profile: {digest}", page, flags=re.MULTILINE)
    file.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
