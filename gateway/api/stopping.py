"""Stops: set one or several together, look at what they caught, lift."""

from typing import Any, Final

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS, narrowed, own_source
from gateway.api.routes import Route, answered, body_of, number_of, query_of
from gateway.api.stop_models import (
    SetNotice,
    SetStop,
    Stop,
    StoppedOrder,
    StoppedOrders,
    Stops,
)
from gateway.domain.digest import canonical
from gateway.domain.errors import NotFound
from gateway.domain.stop import Reason
from gateway.service.stop_notices import Notices, read_notice
from gateway.service.stops import StopView

_PAGE, _PAGE_MAX = 100, 1_000
_LARGEST: Final = 2**63 - 1
_SOURCE = {"source": "which source's, for callers that see several"}
_LIMIT = {"limit": "1 to 1000"}
_LIST = {**_SOURCE, **_LIMIT, "before": "the `next` of the page before", "state": "active or lifted"}
_CAUGHT = {**_LIMIT, "after": "the `next` of the page before"}


def _shown(view: StopView, principal: Principal) -> Stop:
    """Write a stop: whom it is about is shown in full to those who work with it."""
    return Stop.of(view, plain=Scope.OPERATE in principal.scopes)


async def _stop(request: web.Request, principal: Principal) -> web.Response:
    wanted = await body_of(request, SetStop)
    view = await request.app[DOORS].stops.stop(
        kind=wanted.kind,
        source=own_source(principal, wanted.source),
        value=wanted.value,
        reason=wanted.reason,
        reason_class=Reason(wanted.reason_class),
        effective_on=wanted.effective_on,
        by=principal.subject,
    )
    return answered(_shown(view, principal), 201)


async def _notice(request: web.Request, principal: Principal) -> web.Response:
    wanted = await body_of(request, SetNotice, depth=3)
    source, doors = own_source(principal, wanted.source), request.app[DOORS]
    said: dict[str, Any] = wanted.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"id", "source"})
    notice = read_notice(source, wanted.id, canonical(said))
    views = await Notices(stops=doors.stops, clock=doors.clock).take(notice, by=principal.subject)
    return answered(Stops(stops=[_shown(view, principal) for view in views]), 201)


async def _stops(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _LIST)
    views = await request.app[DOORS].stops.all(
        narrowed(principal, query.get("source", "")),
        before=number_of(query, "before", default=0, highest=_LARGEST) or None,
        limit=(limit := _limit(query)),
        only=query.get("state", ""),
    )
    older = views[-1].stop_no if len(views) == limit else None
    # A list is for finding: whom each is about is seen one by one.
    return answered(Stops(stops=[Stop.of(view, plain=False) for view in views], next=older))


async def _one(request: web.Request, principal: Principal) -> web.Response:
    view = await request.app[DOORS].stops.one(_number(request), principal.sources)
    return answered(_shown(view, principal))


async def _caught(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _CAUGHT)
    after = number_of(query, "after", default=0, highest=_LARGEST)
    rows = await request.app[DOORS].stops.caught(_number(request), principal.sources, after=after, limit=_limit(query))
    reached = rows[-1].order_no if rows else after
    return answered(StoppedOrders(orders=[StoppedOrder.of(row) for row in rows], next=reached))


async def _lift(request: web.Request, principal: Principal) -> web.Response:
    number = _number(request)
    view = await request.app[DOORS].stops.lift(number, by=principal.subject, sources=principal.sources)
    return answered(_shown(view, principal))


def _limit(query: Any) -> int:
    return max(1, number_of(query, "limit", default=_PAGE, highest=_PAGE_MAX))


def _number(request: web.Request) -> int:
    number = request.match_info["no"]
    if not number.isascii() or len(number) > len(str(_LARGEST)) or int(number) > _LARGEST:
        raise NotFound("no such stop")
    return int(number)


_STOP_PATH = r"/v1/stops/{no:\d+}"

ROUTES = (
    Route(
        method="POST",
        path="/v1/stops",
        handle=_stop,
        summary="Stop a person, account, order, benefit, source, bank or mandate",
        answer=Stop,
        status=201,
        scopes=(Scope.PUSH, Scope.OPERATE),
        takes=SetStop,
        fails=(422, 503),
    ),
    Route(
        method="POST",
        path="/v1/stop-notices",
        handle=_notice,
        summary="Stop several things together, all or none; the same notice again is the same",
        answer=Stops,
        status=201,
        scopes=(Scope.PUSH, Scope.OPERATE),
        takes=SetNotice,
        fails=(409, 422, 503),
    ),
    Route(
        method="GET",
        path="/v1/stops",
        handle=_stops,
        summary="List stops with what they caught",
        answer=Stops,
        scopes=tuple(Scope),
        query=_LIST,
        fails=(422, 503),
    ),
    Route(
        method="GET",
        path=_STOP_PATH,
        handle=_one,
        summary="A stop with what it caught and the money it kept from leaving",
        answer=Stop,
        scopes=tuple(Scope),
        fails=(404, 503),
    ),
    Route(
        method="GET",
        path=f"{_STOP_PATH}/orders",
        handle=_caught,
        summary="The orders that a stop caught",
        answer=StoppedOrders,
        scopes=tuple(Scope),
        query=_CAUGHT,
        fails=(404, 422, 503),
    ),
    Route(
        method="POST",
        path=f"{_STOP_PATH}/lift",
        handle=_lift,
        summary="Lift a stop: one person asks, another one decides",
        answer=Stop,
        scopes=(Scope.OPERATE,),
        fails=(404, 409, 503),
    ),
)
