"""The ledger over REST: balances, agreement with the banks' statements, what is on the way, what stands in suspense.

The accounts belong to no single source, so only callers who may act for every source see them. Reads only: nothing is
posted by hand but through decisions about exceptions.
"""

from datetime import date

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.book_models import (
    BookBalance,
    BookBalances,
    BookItem,
    BookOnTheWay,
    BooksOnTheWay,
    BookStatement,
    BookStatements,
    BookSuspense,
)
from gateway.api.doors import DOORS
from gateway.api.routes import Route, answered, query_of
from gateway.domain.errors import Refused
from gateway.domain.iso8601 import DATE_RULE, is_date
from gateway.service.balances import ITEMS
from gateway.service.stops import EVERY_SOURCE

_DAYS = {"from": "first closing day (2026-09-21); without it today", "until": "last closing day; without it the first"}


async def _balances(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    rows = await request.app[DOORS].books.all()
    return answered(BookBalances(balances=[BookBalance.of(row) for row in rows]))


async def _statements(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    first = _day(request, "from", request.app[DOORS].clock.today())
    rows = await request.app[DOORS].books.agreements(first, _day(request, "until", first))
    return answered(BookStatements(statements=[BookStatement.of(row) for row in rows]))


async def _on_the_way(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    rows = await request.app[DOORS].books.on_the_way()
    return answered(BooksOnTheWay(on_the_way=[BookOnTheWay.of(row) for row in rows]))


async def _suspense(request: web.Request, principal: Principal) -> web.Response:
    principal.acts_for(EVERY_SOURCE)
    rows = await request.app[DOORS].books.suspense()
    return answered(BookSuspense(items=[BookItem.of(row) for row in rows], complete=len(rows) < ITEMS))


def _day(request: web.Request, name: str, otherwise: date) -> date:
    text = query_of(request, _DAYS).get(name, "")
    if not text:
        return otherwise
    if not is_date(text):
        raise Refused.one(f"/query/{name}", "date.format", DATE_RULE)
    return date.fromisoformat(text)


_OPERATE = (Scope.OPERATE,)

ROUTES = (
    Route(
        method="GET",
        path="/v1/ledger/balances",
        handle=_balances,
        summary="Every account of the ledger by bank and currency",
        answer=BookBalances,
        scopes=_OPERATE,
        fails=(503,),
    ),
    Route(
        method="GET",
        path="/v1/ledger/statements",
        handle=_statements,
        summary="Each proved statement beside what it posted: agreement with the closing balance, or the difference",
        answer=BookStatements,
        scopes=_OPERATE,
        query=_DAYS,
        fails=(422, 503),
    ),
    Route(
        method="GET",
        path="/v1/ledger/on-the-way",
        handle=_on_the_way,
        summary="Money in flight and unknown, beside the payments whose money it is",
        answer=BooksOnTheWay,
        scopes=_OPERATE,
        fails=(503,),
    ),
    Route(
        method="GET",
        path="/v1/ledger/suspense",
        handle=_suspense,
        summary="What banks booked and nothing of ours explains, entry by entry",
        answer=BookSuspense,
        scopes=_OPERATE,
        fails=(503,),
    ),
)
