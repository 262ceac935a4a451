"""`python -m tests.fuzz --seconds 300 --seed 7`: changes messages at random until the time is up.

Says the seed and how many messages it judged. A find is written to the folder `--finds` by its digest; put it into
tests/fuzz/finds to make a test of it. `--engine atheris` lets atheris, where it is installed, look for new paths
through the readers instead, from the same messages and by the same judge.
"""

import argparse
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from random import Random
from time import monotonic

SIZES = (1, 3, 64, 1_000, 65_536)


def main() -> int:
    """Fuzz; return 1 when something was found."""
    options = _options()
    sys.stdout.write(f"seed {options.seed}, {options.seconds} seconds, engine {options.engine}\n")
    sys.stdout.flush()
    return _guided(options) if options.engine == "atheris" else _own(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument("--engine", choices=("own", "atheris"), default="own")
    parser.add_argument("--finds", type=Path, default=Path(".cache/fuzz"))
    return parser.parse_args()


def _own(options: argparse.Namespace) -> int:
    from gateway.domain.errors import Unreadable
    from tests.fuzz.judge import Find

    random = Random(options.seed)
    ways = _ways(random)
    came: Counter[str] = Counter()
    finds: set[str] = set()
    until = monotonic() + options.seconds
    while monotonic() < until:
        content, judge = random.choice(ways)()
        try:
            outcome = judge(content, random.choice(SIZES) if len(content) < 100_000 else 1_000)
            came[outcome.rule if isinstance(outcome, Unreadable) else "read"] += 1
        except Find as find:
            came["FOUND"] += 1
            if str(find) not in finds:
                _keep(content, f"{find}: {find.__cause__!r}", options.finds)
            finds.add(str(find))
    sys.stdout.write(f"{sum(came.values()):,} messages judged; {came['read']:,} read\n")
    sys.stdout.writelines(f"  {rule:<28} {times:>9,}\n" for rule, times in came.most_common())
    return 1 if finds else 0


Judge = Callable[[bytes, int], object]


def _ways(random: Random) -> Sequence[Callable[[], tuple[bytes, Judge]]]:
    """Return what makes a changed message of each sort, with its judge: XML, and messages of lines."""
    from tests.bank_adapters.material import file_bank
    from tests.fuzz import judge, lines
    from tests.fuzz.corpus import corpus
    from tests.fuzz.mutate import mutated

    messages, bank = corpus(), file_bank()

    def of_xml() -> tuple[bytes, Judge]:
        content = mutated(random.choice(messages), messages, random)
        return content, lambda told, size: judge.judge(told, size, bank)

    def of_lines(kind: lines.Kind) -> tuple[bytes, Judge]:
        return lines.changed(kind, random), lambda told, size: lines.judge(told, size, kind)

    return (of_xml, *(partial(of_lines, kind) for kind in lines.kinds()))


def _keep(content: bytes, why: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / sha256(content).hexdigest()[:16]
    file.write_bytes(content)
    sys.stdout.write(f"FOUND {why}\n  {file}\n")
    sys.stdout.flush()


def _guided(options: argparse.Namespace) -> int:
    if find_spec("atheris") is None:
        sys.stdout.write("atheris is not installed here: pip install atheris, or use --engine own\n")
        return 2
    from tests.fuzz.guided import fuzz  # before anything else imports the readers, which it instruments

    fuzz(options.seconds, options.seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
