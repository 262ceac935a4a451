"""Funds and limits: what accounts need, whose queue is held, how much may leave today.

Accounts and limits belong to no single source, so only callers who may act for every source see or change them.
"""

from datetime import date

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS
from gateway.api.funding_models import ConfirmRaise, Funds, Hold, Limit, Limits, Need, Raise, RaiseLimit
from gateway.api.routes import Route, answered, body_of, query_of
from gateway.domain.errors import NotFound, Refused
from gateway.domain.iso8601 import DATE_RULE, is_date
from gateway.service.stops import EVERY_SOURCE

_DAY = {"date": "a day (2026-09-21); without it today"}
_LARGEST = 2**63 - 1


async def _funds(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    funds = request.app[DOORS].funds
    needs, holds = await funds.needs(_day(request)), await funds.holds()
    return answered(Funds(needs=[Need.of(row) for row in needs], holds=[Hold.of(row) for row in holds]))


async def _release(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    return answered(Hold.of(await request.app[DOORS].funds.release(_number(request), by=principal.subject)))


async def _limits(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    day = _day(request)
    return answered(Limits(limits=[Limit.of(use, day) for use in await request.app[DOORS].limits.all(day)]))


async def _ask(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    wanted = await body_of(request, RaiseLimit)
    decision = await request.app[DOORS].limits.ask(
        source=wanted.source,
        bank=wanted.bank,
        currency=wanted.currency,
        day=wanted.day,
        per_day=wanted.per_day,
        by=principal.subject,
    )
    return answered(Raise.of(decision), 201)


async def _confirm(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    wanted = await body_of(request, ConfirmRaise)
    day, use = await request.app[DOORS].limits.confirm(_number(request), by=principal.subject, digest=wanted.digest)
    return answered(Limit.of(use, day))


def _day(request: web.Request) -> date:
    text = query_of(request, _DAY).get("date", "")
    if not text:
        return request.app[DOORS].clock.today()
    if not is_date(text):
        raise Refused.one("/query/date", "date.format", DATE_RULE)
    return date.fromisoformat(text)


def _number(request: web.Request) -> int:
    number = request.match_info["no"]
    if not number.isascii() or len(number) > len(str(_LARGEST)) or int(number) > _LARGEST:
        raise NotFound("no such number")
    return int(number)


_LOOK, _OPERATE = (Scope.READ, Scope.OPERATE), (Scope.OPERATE,)

ROUTES = (
    Route(
        method="GET",
        path="/v1/funds",
        handle=_funds,
        summary="What each paying account needs up to a day, and whose queues are held",
        answer=Funds,
        scopes=_LOOK,
        query=_DAY,
        fails=(422, 503),
    ),
    Route(
        method="POST",
        path=r"/v1/funds/holds/{no:\d+}/release",
        handle=_release,
        summary="Let the queue of a paying account go on",
        answer=Hold,
        scopes=_OPERATE,
        fails=(404, 503),
    ),
    Route(
        method="GET",
        path="/v1/limits",
        handle=_limits,
        summary="Limits and how much of them a day has used",
        answer=Limits,
        scopes=_LOOK,
        query=_DAY,
        fails=(422, 503),
    ),
    Route(
        method="POST",
        path="/v1/limits/raises",
        handle=_ask,
        summary="Ask for a limit to be raised on one day",
        answer=Raise,
        status=201,
        scopes=_OPERATE,
        takes=RaiseLimit,
        fails=(404, 409, 422, 503),
    ),
    Route(
        method="POST",
        path=r"/v1/limits/raises/{no:\d+}/confirm",
        handle=_confirm,
        summary="Confirm, as a second person, that a limit is raised",
        answer=Limit,
        scopes=_OPERATE,
        takes=ConfirmRaise,
        fails=(404, 409, 422, 503),
    ),
)
