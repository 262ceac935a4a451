"""The REST application: routes, tokens, limits and problem documents put together."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION
from aiohttp.typedefs import Middleware

from gateway.api import (
    batches,
    board,
    books,
    casework,
    funding,
    hooks,
    looking,
    openapi,
    operating,
    partitions,
    reporting,
    sheets,
    stopping,
)
from gateway.api.access import Principal, Tokens, Unauthorized
from gateway.api.doors import DOORS, Doors
from gateway.api.limits import MANIFEST_BYTES, Buckets
from gateway.api.models import Health
from gateway.api.problems import problems
from gateway.api.routes import Route, answered
from gateway.domain.errors import Forbidden

SERVER: Final[Mapping[str, Any]] = MappingProxyType(
    {"keepalive_timeout": 30, "lingering_time": 2, "max_line_size": 8_190, "max_field_size": 16_380, "access_log": None}
)
"""Options for `web.AppRunner`.

A connection that is idle, or slow with its head, is closed after half a minute. After an early refusal the rest of a
body is read and thrown away for two seconds, so that the caller gets to read the answer.
"""

_NOBODY = Principal(subject="", scopes=frozenset(), source="", sources=frozenset())
_TOKENS = web.AppKey("tokens", Tokens)
_BUCKETS = web.AppKey("buckets", Buckets)
_DOCUMENT = web.AppKey("document", dict[str, Any])


def build_app(doors: Doors, *, outermost: Sequence[Middleware] = ()) -> web.Application:
    """Build the application, `outermost` middlewares around it. Raises ConfigError for keys not to be trusted."""
    app = web.Application(middlewares=[*outermost, problems(doors.new_id)], client_max_size=MANIFEST_BYTES)
    app[DOORS] = doors
    app[_TOKENS] = Tokens(doors.issuers, doors.clock)
    app[_BUCKETS] = Buckets(doors.rate, doors.clock.monotonic)
    app[_DOCUMENT] = openapi.document(ROUTES)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _guarded(route))
    return app


def _guarded(route: Route) -> Any:
    """Let a request through to its handler only with a token that has one of the scopes."""

    async def handler(request: web.Request) -> web.StreamResponse:
        return await route.handle(request, _admit(request, route) if route.scopes else _NOBODY)

    return handler


def _admit(request: web.Request, route: Route) -> Principal:
    scheme, _, token = request.headers.get(AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized("a bearer token is needed")
    principal = request.app[_TOKENS].verify(token)
    request.app[_BUCKETS].take(principal.subject)
    if principal.scopes.isdisjoint(route.scopes):
        raise Forbidden("the token lacks the scope")
    return principal


async def _alive(_request: web.Request, _principal: Principal) -> web.Response:
    return answered(Health(status="ok"))


async def _ready(request: web.Request, _principal: Principal) -> web.Response:
    await request.app[DOORS].look.alive()
    return answered(Health(status="ok"))


async def _openapi(request: web.Request, _principal: Principal) -> web.Response:
    return web.json_response(request.app[_DOCUMENT])


ROUTES: tuple[Route, ...] = (
    *batches.ROUTES,
    *looking.ROUTES,
    *operating.ROUTES,
    *stopping.ROUTES,
    *partitions.ROUTES,
    *hooks.ROUTES,
    *casework.ROUTES,
    *funding.ROUTES,
    *board.ROUTES,
    *books.ROUTES,
    *sheets.ROUTES,
    *reporting.ROUTES,
    Route(method="GET", path="/healthz", handle=_alive, summary="The process lives", answer=Health),
    Route(method="GET", path="/readyz", handle=_ready, summary="The database answers", answer=Health, fails=(503,)),
    Route(method="GET", path="/openapi.json", handle=_openapi, summary="This document", answer=None),
)
