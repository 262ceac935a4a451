"""Webhooks: where banks call with what they have to say (`gateway.api.callers` tells whom to believe)."""

from aiohttp import web

from gateway.api.access import Principal
from gateway.api.callers import SIGNATURE, TIMESTAMP
from gateway.api.doors import DOORS
from gateway.api.models import HookTaken
from gateway.api.routes import Route, refuse_compressed

ANY = "*/*"


async def _take(request: web.Request, _principal: Principal) -> web.Response:
    refuse_compressed(request)
    return await request.app[DOORS].hooks.take(request.match_info["bank"], request)


ROUTES = (
    Route(
        method="POST",
        path="/v1/bank-messages/{bank}",
        handle=_take,
        summary="A bank's message, signed by the bank; answered once Kafka has it, the same again as the same",
        answer=HookTaken,
        status=202,
        takes=ANY,
        headers={
            TIMESTAMP: "seconds since 1970 at which the call was signed",
            SIGNATURE: "HMAC-SHA256 in hex over <timestamp>.<body>, with the secret shared with the bank",
        },
        fails=(401, 404, 429, 503),
    ),
)
