"""Counting the requests that an API answers, by route template; never by the path as called, which holds order ids."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.ports.metrics import Meter

UNMATCHED = "unmatched"


def count_requests(meter: Meter) -> Middleware:
    """Make a middleware that counts; put it first, so that it sees what the others answer."""

    @web.middleware
    async def counting(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            resource = request.match_info.route.resource
            route = resource.canonical if resource else UNMATCHED
            meter.count("gateway_http_requests_total", 1, route=route, method=request.method, status=str(status))
        return response

    return counting
