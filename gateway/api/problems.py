"""Every error as a problem document (RFC 9457). What was not foreseen is a 500 with an id and nothing else."""

import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.api.access import Unauthorized
from gateway.api.limits import TooLarge, TooOften, TooSlow
from gateway.domain.errors import (
    BusUnavailable,
    Conflict,
    Forbidden,
    GatewayError,
    NotFound,
    Refused,
    StoreBusy,
    StoreDown,
    Unstorable,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

VIOLATIONS_SHOWN = 100
RETRY_AFTER_SECONDS = 5
PROBLEM = "application/problem+json"

_STATUS: Mapping[type[Exception], tuple[int, str]] = {
    Unauthorized: (401, "a valid bearer token is needed"),
    Forbidden: (403, "the token does not allow this"),
    NotFound: (404, "there is no such thing here"),
    TooSlow: (408, "the body stopped in the middle"),
    Conflict: (409, ""),
    TooLarge: (413, ""),
    Refused: (422, ""),
    Unstorable: (422, "a text holds what cannot be stored"),
    TooOften: (429, "too many requests"),
    StoreBusy: (503, "busy; ask again"),
    StoreDown: (503, "the database cannot be reached; ask again for the same"),
    BusUnavailable: (503, "Kafka cannot be reached; call again with the same"),
}
BROKEN_BODY = (ClientPayloadError, HttpProcessingError)


class Interrupted(GatewayError):
    """An error in the middle of a stream: `cause` with what had been stored until then."""

    def __init__(self, cause: Exception, done: Mapping[str, Any]) -> None:
        super().__init__("interrupted")
        self.cause = cause
        self.done = done


def problem(status: int, title: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> web.Response:
    """Make a problem document; `members` extend it."""
    body = {"type": "about:blank", "title": title, "status": status, **members}
    return web.json_response(body, status=status, content_type=PROBLEM, headers=headers)


def problems(new_id: Callable[[], str]) -> Any:
    """Make the middleware that turns whatever a handler raises into a problem document."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return problem(error.status, error.reason, headers=_allowed(error))
        except Exception as error:  # noqa: BLE001 - the last line: nothing of an error may reach the caller unread
            return _foreseen(error) or _unforeseen(error, new_id())

    return middleware


def _allowed(error: web.HTTPException) -> dict[str, str]:
    return {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}


def _foreseen(error: Exception) -> web.Response | None:
    """Return the answer to an error that has one."""
    if isinstance(error, Interrupted):
        return _answer(error.cause, error.done)
    return _answer(error, {})


def _answer(error: Exception, done: Mapping[str, Any]) -> web.Response | None:
    if isinstance(error, BROKEN_BODY):
        return problem(400, "the body broke off", **done)
    status, title = next((known for kind, known in _STATUS.items() if isinstance(error, kind)), (0, ""))
    if not status:
        return None
    return problem(status, title or str(error), headers=_headers(error), **_violations(error), **done)


def _headers(error: Exception) -> dict[str, str]:
    if isinstance(error, TooOften):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, (BusUnavailable, StoreBusy, StoreDown)):
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthorized) else {}


def _violations(error: Exception) -> dict[str, Any]:
    if not isinstance(error, Refused):
        return {}
    shown = error.violations[:VIOLATIONS_SHOWN]
    return {"violations": [{"path": v.path, "rule": v.rule, "text": v.text} for v in shown]}


def _unforeseen(error: Exception, number: str) -> web.Response:
    """Log where it came from under an id, and answer the id alone."""
    structlog.get_logger("gateway.api").error("unexpected", id=number, error=type(error).__qualname__, at=_where(error))
    return problem(500, "unexpected; the id finds it in the log", id=number)


def _where(error: Exception) -> list[str]:
    """Name the places the error came through; its text may hold what must not be logged."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
