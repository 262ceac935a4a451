"""Logs: one JSON object a line on standard error, redacted, whoever wrote them.

Records of other libraries come through the same door. Of them only the template passes, never the arguments: what a
library puts into its messages is not ours to know. Of an error pass its class and where it was raised; its text only
when it is one of ours, which hold no personal data by rule.
"""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from traceback import extract_tb
from types import TracebackType
from typing import Any, TextIO

import structlog

from gateway.domain.errors import GatewayError
from gateway.observe.redact import redacting
from gateway.ports.clock import Clock
from gateway.service.outcomes import timestamp

FRAMES = 12
"""Frames of an error that are named, from those of its first cause on."""
_QUIET = ("aiohttp.access", "asyncio.sslproto")
"""Loggers that write a line a request; requests are counted as metrics instead."""

Event = MutableMapping[str, Any]


def configure_logs(clock: Clock, *, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send every log of this process, and what no one caught, as JSON lines to `stream` (standard error)."""
    out = sys.stderr if stream is None else stream
    common: list[structlog.typing.Processor] = [structlog.stdlib.add_log_level, _stamp(clock), _name_error]
    ending: list[structlog.typing.Processor] = [redacting, structlog.processors.JSONRenderer(sort_keys=True)]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *common, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common, processors=[_foreign, *ending], use_get_message=False
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    sys.excepthook = _uncaught


def log_of(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the logger of a part of the gateway."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger


def _stamp(clock: Clock) -> structlog.typing.Processor:
    """Write the gateway's time, which may be that of a simulated day."""

    def stamp(_logger: Any, _method: str, event: Event) -> Event:
        event["timestamp"] = timestamp(clock.now())
        return event

    return stamp


def _foreign(_logger: Any, _method: str, event: Event) -> Event:
    """Keep of a library's record the library and the first line of its template."""
    record: logging.LogRecord = event["_record"]
    lines = str(record.msg).splitlines()
    return {
        **{key: event[key] for key in ("level", "timestamp", "error", "why", "frames") if key in event},
        "event": lines[0] if lines else "",
        "part": record.name,
    }


def _name_error(_logger: Any, _method: str, event: Event) -> Event:
    """Replace an error by what may be said of it."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        event.update(_said(error))
    return event


def _said(error: BaseException) -> dict[str, str]:
    chain = list(_chain(error))
    frames = [f for e in reversed(chain) for f in extract_tb(e.__traceback__)][:FRAMES]
    said = {
        "error": " <- ".join(type(e).__name__ for e in chain),
        "frames": " > ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames),
    }
    ours = next((e for e in chain if isinstance(e, GatewayError)), None)
    return said if ours is None else said | {"why": str(ours)}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error, then what caused it; of a group of errors the first."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        else:
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what ends the process; the interpreter would print its text and the values in it."""
    if issubclass(kind, KeyboardInterrupt):
        return
    log_of("gateway").critical("the process ends by an error", exc_info=error.with_traceback(trace))
