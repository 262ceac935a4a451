"""Orders, submissions and the outcome feed: reads only."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

from aiohttp import web

from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS, narrowed
from gateway.api.models import Order, Outcomes, Submission
from gateway.api.routes import Route, answered, number_of, query_of
from gateway.domain.errors import Refused

_SOURCE = {"source": "which source's, for callers that see several"}
_SUBMISSION = {**_SOURCE, "bank": "which bank's, should two have used the same MsgId"}
_FEED = {**_SOURCE, "after": "the `next` of the page before; without it from the beginning", "limit": "1 to 1000"}
_PAGE, _PAGE_MAX = 100, 1_000
_BYTES = "application/octet-stream"
_LARGEST = 2**63 - 1


async def _order(request: web.Request, principal: Principal) -> web.Response:
    sources = narrowed(principal, query_of(request, _SOURCE).get("source", ""))
    return answered(Order.of(await request.app[DOORS].look.order(request.match_info["orderId"], sources=sources)))


async def _submission(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _SUBMISSION)
    view = await request.app[DOORS].look.submission(
        request.match_info["msgId"],
        sources=narrowed(principal, query.get("source", "")),
        bank=query.get("bank", ""),
    )
    return answered(Submission.of(view))


async def _content(request: web.Request, principal: Principal) -> web.StreamResponse:
    """Stream the sealed bytes: the one place that shows payees, for operators."""
    query, look = query_of(request, _SUBMISSION), request.app[DOORS].look
    sources = narrowed(principal, query.get("source", ""))
    view = await look.submission(request.match_info["msgId"], sources=sources, bank=query.get("bank", ""))
    response = web.StreamResponse(headers={"Content-Type": _BYTES, "Cache-Control": "no-store"})
    await response.prepare(request)
    async for piece in look.content(view.submission.submission_no):
        await response.write(piece)
    return response


async def _outcomes(request: web.Request, principal: Principal) -> web.Response:
    query = query_of(request, _FEED)
    after = _place(query.get("after", ""))
    rows = await request.app[DOORS].look.feed(
        after=after,
        limit=max(1, number_of(query, "limit", default=_PAGE, highest=_PAGE_MAX)),
        sources=narrowed(principal, query.get("source", "")),
    )
    reached = (rows[-1].xid, rows[-1].event_no) if rows else after
    return answered(Outcomes(outcomes=[json.loads(row.document) for row in rows], next=_cursor(reached)))


def _cursor(place: tuple[int, int]) -> str:
    return urlsafe_b64encode(f"{place[0]}.{place[1]}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[int, int]:
    """Read a cursor of ours; it means nothing to anybody else."""
    if not cursor:
        return 0, 0
    try:
        xid, event_no = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(".")
        place = int(xid), int(event_no)
    except (Error, ValueError):
        place = (-1, -1)
    if not all(0 <= number <= _LARGEST for number in place):
        raise Refused.one("/query/after", "query.cursor", "take `after` from the `next` of the page before")
    return place


ROUTES = (
    Route(
        method="GET",
        path="/v1/orders/{orderId:.+}",
        handle=_order,
        summary="Read an order: state, outcome, attempts with their positions, violations",
        answer=Order,
        scopes=tuple(Scope),
        query=_SOURCE,
        fails=(404, 422, 503),
    ),
    Route(
        method="GET",
        path="/v1/submissions/{msgId}",
        handle=_submission,
        summary="Read a submission: state, seals, moves and intents",
        answer=Submission,
        scopes=(Scope.READ, Scope.OPERATE),
        query=_SUBMISSION,
        fails=(404, 422, 503),
    ),
    Route(
        method="GET",
        path="/v1/submissions/{msgId}/content",
        handle=_content,
        summary="The sealed bytes of a submission, as the bank gets them",
        answer=None,
        media=_BYTES,
        scopes=(Scope.OPERATE,),
        query=_SUBMISSION,
        fails=(404, 422, 503),
    ),
    Route(
        method="GET",
        path="/v1/outcomes",
        handle=_outcomes,
        summary="Outcome events, at least once, in an order behind which none can appear",
        answer=Outcomes,
        scopes=tuple(Scope),
        query=_FEED,
        fails=(422, 503),
    ),
)
