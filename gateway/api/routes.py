"""The shape of a route: what it needs, takes and answers. One table makes the application and its OpenAPI document."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from gateway.api.access import Principal, Scope
from gateway.api.limits import BODY_BYTES, read_body
from gateway.domain.digest import parse_object
from gateway.domain.errors import Refused, Violation

M = TypeVar("M", bound=BaseModel)

Handle = Callable[[web.Request, Principal], Awaitable[web.StreamResponse]]
NDJSON = "application/x-ndjson"
JSON = "application/json"
_DEPTH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route. Without `scopes` it is open to all; otherwise any of them will do.

    `answer` is the model of status `status`, or None for bytes of `media`; `also` names other media types it comes in.
    `takes` is the model of the JSON body, or a media type; `query` names the query parameters with what they mean;
    `fails` are statuses beyond the usual ones.
    """

    method: str
    path: str
    handle: Handle
    summary: str
    answer: type[BaseModel] | None
    scopes: tuple[Scope, ...] = ()
    status: int = 200
    media: str = JSON
    also: tuple[str, ...] = ()
    takes: type[BaseModel] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    fails: tuple[int, ...] = ()

    def statuses(self) -> list[int]:
        """List every status the route can answer."""
        guarded = (401, 403, 429) if self.scopes else ()
        body = (400, 408, 413, 415) if self.takes else ()
        return sorted({self.status, *self.fails, *guarded, *body, 500})


async def body_of(request: web.Request, model: type[M], *, depth: int = _DEPTH) -> M:
    """Read a JSON body strictly into its model. Raises Refused with every violation."""
    require_media(request, JSON)
    body = await read_body(request, BODY_BYTES)
    parse_object(body, max_depth=depth)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Refused(_violations(error), title="the request breaks a rule") from None


def require_media(request: web.Request, media: str) -> None:
    """Refuse a body of another media type, or one that is compressed (its size would be unbounded)."""
    if request.content_type != media:
        raise web.HTTPUnsupportedMediaType
    refuse_compressed(request)


def refuse_compressed(request: web.Request) -> None:
    """Refuse a compressed body: its size would be unbounded."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise web.HTTPUnsupportedMediaType


def query_of(request: web.Request, known: Mapping[str, str]) -> Mapping[str, str]:
    """Return the query parameters; raise Refused for an unknown one or one given twice."""
    if set(request.query) - set(known) or len(request.query) != len(set(request.query)):
        text = f"query parameters here: {', '.join(sorted(known)) or 'none'}, each once"
        raise Refused.one("/query", "query.unknown", text)
    return request.query


def number_of(query: Mapping[str, str], name: str, *, default: int, highest: int) -> int:
    """Return a query parameter as a whole number in 0..highest."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(highest)) and int(text) <= highest):
        raise Refused.one(f"/query/{name}", "query.number", f"{name} is a whole number up to {highest}")
    return int(text)


def answered(model: BaseModel, status: int = 200) -> web.Response:
    """Answer with a model."""
    return web.Response(body=model.model_dump_json(by_alias=True).encode(), status=status, content_type=JSON)


def _violations(error: ValidationError) -> list[Violation]:
    """Name the known keys only: an unknown one could be anything, a name or a number of a person."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return [
        Violation("" if e["type"] == "extra_forbidden" else "/" + "/".join(map(str, e["loc"])), e["type"], e["msg"])
        for e in found
    ]
