"""A demo run in a process of its own, and what it leaves behind."""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.orders import ROOT

ORDERS, SEED = 300, 7
PROGRAM = """
import sys
from pathlib import Path
from gateway.demo.command import demo
from gateway.demo.stage import DemoOptions
root, out, orders, seed, form, port = sys.argv[1:]
options = DemoOptions(
    orders=int(orders), seed=int(seed), out=Path(out), metrics_port=int(port), config=Path(root) / "config"
)
sys.exit(demo(options, as_json=form == "json"))
"""
PLAYED_IN_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A run: its exit code, what it printed and where its evidence is."""

    code: int
    stdout: str
    stderr: str
    out: Path

    @property
    def result(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.stdout)
        return document

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.out / name).read_text(encoding="utf-8").splitlines()]

    def files(self, folder: str) -> dict[str, str]:
        """Relative path -> digest of every file under a folder of the evidence."""
        root = self.out / folder
        paths = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def played(out: Path, form: str, *, metrics_port: int = 0) -> Played:
    arguments = [str(ROOT), str(out), str(ORDERS), str(SEED), form, str(metrics_port)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=PLAYED_IN_SECONDS,
        check=False,
        cwd=ROOT,
    )
    return Played(code=done.returncode, stdout=done.stdout, stderr=done.stderr, out=out)
