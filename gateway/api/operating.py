"""Stops, pauses and exceptions."""

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS, narrowed, own_source
from gateway.api.models import Pause, Pauses, SetPause, SetStop, Stop, Stops, Trouble, Troubles
from gateway.api.routes import Route, answered, body_of, number_of, query_of
from gateway.domain.errors import NotFound
from gateway.service.stops import EVERY_SOURCE

_SOURCE = {"source": "which source's, for callers that see several"}
_TROUBLES = {**_SOURCE, "after": "the `next` of the page before", "limit": "1 to 1000"}
_PAGE, _PAGE_MAX = 100, 1_000
_LARGEST = 2**63 - 1


async def _stop(request: web.Request, principal: Principal) -> web.Response:
    wanted = await body_of(request, SetStop)
    view = await request.app[DOORS].stops.stop(
        kind=wanted.kind,
        source=own_source(principal, wanted.source),
        value=wanted.value,
        reason=wanted.reason,
        by=principal.subject,
    )
    return answered(Stop.like(view), 201)


async def _stops(request: web.Request, principal: Principal) -> web.Response:
    sources = narrowed(principal, query_of(request, _SOURCE).get("source", ""))
    views = await request.app[DOORS].stops.all(sources)
    return answered(Stops(stops=[Stop.like(view) for view in views]))


async def _lift(request: web.Request, principal: Principal) -> web.Response:
    number = request.match_info["no"]
    if not number.isascii() or len(number) > len(str(_LARGEST)) or int(number) > _LARGEST:
        raise NotFound("no such stop")
    view = await request.app[DOORS].stops.lift(int(number), by=principal.subject, sources=principal.sources)
    return answered(Stop.like(view))


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


async def _exceptions(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _TROUBLES)
    after = number_of(query, "after", default=0, highest=_LARGEST)
    rows = await request.app[DOORS].look.exceptions(
        after=after,
        limit=max(1, number_of(query, "limit", default=_PAGE, highest=_PAGE_MAX)),
        sources=narrowed(principal, query.get("source", "")),
    )
    reached = rows[-1].exception_no if rows else after
    return answered(Troubles(exceptions=[Trouble.like(row) for row in rows], next=reached))


_OPERATE = (Scope.OPERATE,)
_PAUSE_PATHS = ("/v1/pauses/{scope}", "/v1/pauses/{scope}/{value}")

ROUTES = (
    Route(
        method="POST",
        path="/v1/stops",
        handle=_stop,
        summary="Stop a person, account, order, benefit, source or bank",
        answer=Stop,
        status=201,
        scopes=(Scope.PUSH, Scope.OPERATE),
        takes=SetStop,
        fails=(422, 503),
    ),
    Route(
        method="GET",
        path="/v1/stops",
        handle=_stops,
        summary="List stops",
        answer=Stops,
        scopes=tuple(Scope),
        query=_SOURCE,
        fails=(422, 503),
    ),
    Route(
        method="POST",
        path=r"/v1/stops/{no:\d+}/lift",
        handle=_lift,
        summary="Lift a stop: one person asks, another one decides",
        answer=Stop,
        scopes=_OPERATE,
        fails=(404, 409, 503),
    ),
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
    Route(
        method="GET",
        path="/v1/exceptions",
        handle=_exceptions,
        summary="List what needs a person",
        answer=Troubles,
        scopes=_OPERATE,
        query=_TROUBLES,
        fails=(422, 503),
    ),
)
