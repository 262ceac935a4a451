"""Prometheus' own checker: from the PATH, else unpacked once from Debian's package into `.cache/`."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "prometheus"
UNPACKED = FOLDER / "usr" / "bin" / "promtool"
_DOWNLOAD_SECONDS = 120


def promtool(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run promtool; without it skip loudly, or fail where CI promises it."""
    tool = _find()
    if tool is None:
        reason = "no promtool (Debian: apt-get install prometheus): rules, queries and exposition not checked"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return subprocess.run(  # arguments of this suite, no shell
        [tool, *arguments], input=stdin, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )


@cache
def _find() -> str | None:
    installed = shutil.which("promtool")
    if installed is not None or UNPACKED.is_file():
        return installed or str(UNPACKED)
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not _run("apt-get", "download", "prometheus") and _run("apt-get", "update"):
        _run("apt-get", "download", "prometheus")
    packages = sorted(FOLDER.glob("prometheus_*.deb"))
    return str(UNPACKED) if packages and _run("dpkg", "-x", str(packages[-1]), ".") and UNPACKED.is_file() else None


def _run(*command: str) -> bool:
    try:
        done = subprocess.run(command, cwd=FOLDER, check=False, capture_output=True, timeout=_DOWNLOAD_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
