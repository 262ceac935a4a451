"""Batches: open, push orders, close, release, withdraw, read."""

from aiohttp import web

from gateway.api import ndjson
from gateway.api.access import Principal, Scope
from gateway.api.doors import DOORS, narrowed
from gateway.api.limits import MANIFEST_BYTES, read_body
from gateway.api.models import Batch, OpenBatch, Pushed
from gateway.api.problems import BROKEN_BODY, Interrupted
from gateway.api.routes import JSON, NDJSON, Route, answered, body_of, query_of, require_media
from gateway.domain.errors import GatewayError, Refused

_SOURCE = {"source": "which source's, for callers that see several"}
_SIGNATURE = "X-JWS-Signature"


async def _open(request: web.Request, principal: Principal) -> web.Response:
    wanted = await body_of(request, OpenBatch)
    view = await request.app[DOORS].batches.open(
        source=principal.pushes_for(),
        batch_id=wanted.batch,
        programme=wanted.programme,
        pay_date=wanted.pay_date,
        by=principal.subject,
    )
    return answered(Batch.of(view), 201)


async def _read(request: web.Request, principal: Principal) -> web.Response:
    sources = narrowed(principal, query_of(request, _SOURCE).get("source", ""))
    return answered(Batch.of(await request.app[DOORS].look.batch(request.match_info["batch"], sources=sources)))


async def _push(request: web.Request, principal: Principal) -> web.Response:
    """Store the stream chunk by chunk. What stops it leaves the chunks before it stored: an open batch is a draft."""
    doors, batch = request.app[DOORS], request.match_info["batch"]
    require_media(request, NDJSON)
    await doors.intake.check_open(source=principal.pushes_for(), batch_id=batch)
    done = Pushed()
    try:
        async for first_line, lines in ndjson.chunks(request.content):
            answer = await doors.intake.append(
                source=principal.pushes_for(), batch_id=batch, lines=lines, first_line=first_line
            )
            done.add(answer)
            doors.observe("received", answer.lines - answer.repeated - len(answer.conflicts))
    except (GatewayError, *BROKEN_BODY) as error:
        raise Interrupted(error, done.model_dump(by_alias=True)) from error
    return answered(done)


async def _close(request: web.Request, principal: Principal) -> web.Response:
    batches, batch = request.app[DOORS].batches, request.match_info["batch"]
    view = await batches.close(source=principal.pushes_for(), batch_id=batch, by=principal.subject)
    return answered(Batch.of(view))


async def _release(request: web.Request, principal: Principal) -> web.Response:
    require_media(request, JSON)
    signature = request.headers.get(_SIGNATURE)
    if signature is None:
        raise Refused.one(f"/{_SIGNATURE}", "signature.missing", "a release carries the manifest's detached signature")
    view = await request.app[DOORS].batches.release(
        source=principal.pushes_for(),
        batch_id=request.match_info["batch"],
        manifest=await read_body(request, MANIFEST_BYTES),
        signature=signature,
        by=principal.subject,
    )
    return answered(Batch.of(view))


async def _withdraw(request: web.Request, principal: Principal) -> web.Response:
    batches, batch = request.app[DOORS].batches, request.match_info["batch"]
    view = await batches.withdraw(source=principal.pushes_for(), batch_id=batch, by=principal.subject)
    return answered(Batch.of(view))


_PUSH = (Scope.PUSH,)

ROUTES = (
    Route(
        method="POST",
        path="/v1/batches",
        handle=_open,
        summary="Open a batch; the same again is the same answer",
        answer=Batch,
        status=201,
        scopes=_PUSH,
        takes=OpenBatch,
        fails=(409, 422, 503),
    ),
    Route(
        method="GET",
        path="/v1/batches/{batch}",
        handle=_read,
        summary="Read a batch",
        answer=Batch,
        scopes=tuple(Scope),
        query=_SOURCE,
        fails=(404, 422, 503),
    ),
    Route(
        method="POST",
        path="/v1/batches/{batch}/orders",
        handle=_push,
        summary="Push orders, one JSON object a line, any number; pushing the same stream again is safe",
        answer=Pushed,
        scopes=_PUSH,
        takes=NDJSON,
        fails=(404, 409, 422, 503),
    ),
    Route(
        method="POST",
        path="/v1/batches/{batch}/close",
        handle=_close,
        summary="Close a batch: nothing gets in any more; answers what its manifest must say",
        answer=Batch,
        scopes=_PUSH,
        fails=(404, 503),
    ),
    Route(
        method="POST",
        path="/v1/batches/{batch}/release",
        handle=_release,
        summary="Release a closed batch under its signed manifest; the same manifest again is the same answer",
        answer=Batch,
        scopes=_PUSH,
        takes=JSON,
        headers={_SIGNATURE: "detached JWS over the exact bytes of the body"},
        fails=(404, 409, 422, 503),
    ),
    Route(
        method="POST",
        path="/v1/batches/{batch}/withdraw",
        handle=_withdraw,
        summary="Take a closed batch back",
        answer=Batch,
        scopes=_PUSH,
        fails=(404, 409, 503),
    ),
)
