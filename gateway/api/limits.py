"""Limits of the door: how often a caller may knock and how much a body may hold."""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.domain.errors import GatewayError

LINE_BYTES = 64 * 1024
"""The longest order line."""
BODY_BYTES = 64 * 1024
"""The largest JSON request; order streams have no such limit."""
MANIFEST_BYTES = 4 * 1024 * 1024
"""Chunk digests of about sixty million orders."""
IDLE_SECONDS = 30
"""How long a caller may keep us waiting for the next bytes of a body."""
CALLERS_KEPT = 10_000


class TooLarge(GatewayError):
    """A body or line beyond its limit."""


class TooSlow(GatewayError):
    """The caller stopped sending in the middle of a body."""


class TooOften(GatewayError):
    """The caller has used up its requests for now; `retry_after_seconds` says when there are more."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("too many requests")
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A token bucket: `burst` requests at once, `per_second` more each second."""

    per_second: int = 50
    burst: int = 200


class Buckets:
    """One token bucket a caller; those not heard of for longest are forgotten first."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Take one request out of the caller's bucket; raise TooOften when it is empty."""
        now = self._monotonic()
        level, since = self._buckets.pop(caller, (float(self._rate.burst), now))
        level = min(self._rate.burst, level + (now - since) * self._rate.per_second)
        enough = level >= 1
        self._buckets[caller] = (level - 1 if enough else level, now)
        while len(self._buckets) > CALLERS_KEPT:
            self._buckets.popitem(last=False)
        if not enough:
            raise TooOften(max(1, math.ceil((1 - level) / self._rate.per_second)))


async def read_body(request: web.Request, limit: int) -> bytes:
    """Read a whole body of at most `limit` bytes. Raises TooLarge before holding more."""
    if request.content_length is not None and request.content_length > limit:
        raise TooLarge(f"the body is longer than {limit} bytes")
    body = bytearray()
    async for piece in request.content.iter_chunked(LINE_BYTES):
        body += piece
        if len(body) > limit:
            raise TooLarge(f"the body is longer than {limit} bytes")
    return bytes(body)
