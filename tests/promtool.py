"""Prometheus itself and its checker: from the PATH, else unpacked once from Debian's package into `.cache/`."""

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "prometheus"
UNPACKED = FOLDER / "usr" / "bin"
_DOWNLOAD_SECONDS = 120


def promtool(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run promtool."""
    return subprocess.run(  # arguments of this suite, no shell
        [binary("promtool"), *arguments], input=stdin, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )


def binary(name: str) -> str:
    """Return where a program of the package is; without it skip loudly, or fail where CI promises it."""
    found = find(name)
    if found is not None:
        return found
    reason = f"no {name} (Debian: apt-get install prometheus): rules, queries and exposition not checked"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def find(name: str) -> str | None:
    """Return where a program of the package is, or None where it cannot be had."""
    installed, unpacked = shutil.which(name), UNPACKED / name
    if installed is not None or unpacked.is_file():
        return installed or str(unpacked)
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # processes of one run look at once
        return str(unpacked) if unpacked.is_file() or (_unpack() and unpacked.is_file()) else None


def _unpack() -> bool:
    if not _run("apt-get", "download", "prometheus") and _run("apt-get", "update"):
        _run("apt-get", "download", "prometheus")
    packages = sorted(FOLDER.glob("prometheus_*.deb"))
    return bool(packages) and _run("dpkg", "-x", str(packages[-1]), ".")


def _run(*command: str) -> bool:
    try:
        done = subprocess.run(command, cwd=FOLDER, check=False, capture_output=True, timeout=_DOWNLOAD_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
