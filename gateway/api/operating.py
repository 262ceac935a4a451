"""Pauses."""

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS
from gateway.api.models import Pause, Pauses, SetPause
from gateway.api.routes import Route, answered, body_of
from gateway.service.stops import EVERY_SOURCE

_SOURCE = {"source": "which source's, for callers that see several"}
_LARGEST = 2**63 - 1


async def _pause(request: web.Request, principal: Principal) -> web.Response:
    wanted = await body_of(request, SetPause)
    scope, value = _pausable(request, principal)
    pauses = request.app[DOORS].pauses
    await pauses.pause(scope=scope, value=value, reason=wanted.reason, by=principal.subject)
    return await _answer_pauses(request)


async def _resume(request: web.Request, principal: Principal) -> web.Response:
    scope, value = _pausable(request, principal)
    await request.app[DOORS].pauses.resume(scope=scope, value=value, by=principal.subject)
    return await _answer_pauses(request)


async def _pauses(request: web.Request, _principal: Principal) -> web.Response:
    return await _answer_pauses(request)


async def _answer_pauses(request: web.Request) -> web.Response:
    return answered(Pauses(pauses=[Pause.like(view) for view in await request.app[DOORS].pauses.active()]))


def _pausable(request: web.Request, principal: Principal) -> tuple[str, str]:
    """Return scope and value; a bank or everything is paused only by somebody who may act for every source."""
    scope, value = request.match_info["scope"], request.match_info.get("value", "")
    principal.acts_for(value if scope == "source" else EVERY_SOURCE)
    return scope, value


_OPERATE = (Scope.OPERATE,)
_PAUSE_PATHS = ("/v1/pauses/{scope}", "/v1/pauses/{scope}/{value}")

ROUTES = (
    Route(
        method="GET",
        path="/v1/pauses",
        handle=_pauses,
        summary="List what is paused",
        answer=Pauses,
        scopes=(Scope.READ, Scope.OPERATE),
        fails=(503,),
    ),
    *(
        Route(
            method="PUT",
            path=path,
            handle=_pause,
            summary="Pause sending: for all, a bank or a source",
            answer=Pauses,
            scopes=_OPERATE,
            takes=SetPause,
            fails=(422, 503),
        )
        for path in _PAUSE_PATHS
    ),
    *(
        Route(
            method="DELETE",
            path=path,
            handle=_resume,
            summary="Resume sending",
            answer=Pauses,
            scopes=_OPERATE,
            fails=(503,),
        )
        for path in _PAUSE_PATHS
    ),
)
