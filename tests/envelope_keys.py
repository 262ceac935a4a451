"""Envelope keys of the banks that ship with one, made once for all tests: RSA takes its time."""

import atexit
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bank_adapters.registry import load_profile
from gateway.runtime.material_envelope import make_envelope
from tests.orders import ROOT


@cache
def _made(bank: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="envelope-keys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    make_envelope(load_profile(bank, (ROOT / "config" / "banks" / f"{bank}.yaml").read_text(encoding="utf-8")), folder)
    return folder


def give_keys(root: Path, banks: Iterable[str]) -> None:
    """Put the keys of both sides under a data folder, as its first start would."""
    for bank in banks:
        shutil.copytree(_made(bank), root / "secrets", dirs_exist_ok=True)
