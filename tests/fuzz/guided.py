"""The same judge, guided by the paths through the readers that a message takes: atheris, where it is installed."""

import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["bank_adapters"]):
    from tests.bank_adapters.material import file_bank
    from tests.fuzz.corpus import corpus
    from tests.fuzz.judge import judge

LENGTH_MAX = 65_536


def fuzz(seconds: int, seed: int) -> None:
    """Fuzz until the time is up; ends the process."""
    bank, folder = file_bank(), Path(tempfile.mkdtemp(prefix="fuzz-"))
    for message in corpus():
        (folder / sha256(message).hexdigest()).write_bytes(message)

    def target(content: bytes) -> None:
        judge(content, 1_000, bank)

    limits = [f"-max_total_time={seconds}", f"-seed={seed % (1 << 31)}", f"-max_len={LENGTH_MAX}"]
    atheris.Setup([sys.argv[0], *limits, str(folder)], target)
    atheris.Fuzz()
