"""`gateway demo`: what the command line calls."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import uvloop
from rich.console import Console

from gateway.demo.benefits_system import DoorAnsweredError
from gateway.demo.clock import DayClock
from gateway.demo.display import report, shown_progress
from gateway.demo.evidence import make_room
from gateway.demo.run import DemoResult, run_demo
from gateway.demo.stage import DemoOptions, opening
from gateway.observe.logs import configure_logs

GOOD, BAD = 0, 1
_WIDTH = 150
"""Of a report that does not go to a terminal."""


def demo(options: DemoOptions, *, as_json: bool) -> int:
    """Play a pay day and show what came of it; return the exit code.

    0 only if every equation of the control sheet holds and the banks' books agree payment by payment. With `as_json`
    standard output holds exactly one JSON object. Raises ConfigError for a configuration that cannot run.
    """
    try:
        result = _played(options)
    except DoorAnsweredError as error:
        print(f"gateway demo: {error}", file=sys.stderr)
        return BAD
    if as_json:
        print(json.dumps(result.document, ensure_ascii=False))
    else:
        out = Console(width=None if sys.stdout.isatty() else _WIDTH)
        report(out, result.document)
    return GOOD if result.good else BAD


def _played(options: DemoOptions) -> DemoResult:
    clock = DayClock(opening())
    if options.out is not None:
        make_room(options.out)
    with _log(options) as stream, shown_progress(Console(stderr=True), options.orders) as watching:
        configure_logs(clock, stream=stream)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run_demo(options, clock, watching))


@contextmanager
def _log(options: DemoOptions) -> Iterator[TextIO]:
    """Open where the log goes: a file beside the other evidence, else standard error."""
    if options.out is None:
        yield sys.stderr
        return
    with (options.out / "gateway.log").open("w", encoding="utf-8") as stream:
        yield stream
