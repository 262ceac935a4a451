"""The line to a bank's API: one session of aiohttp, its limits, and the hook before the first byte of a request.

Redirects are never followed, proxies of the environment never used, answers read up to a limit, and nothing a bank
sends is kept between requests but the connection.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.connector import Connection

from bank_adapters.spi import HttpRequest

ANSWER_LIMIT = 1 << 20
"""Bytes of the largest answer that is read."""
CONNECT_SECONDS = 5.0
WAIT_SECONDS_MAX = 24 * 3600
"""The longest wait that is believed; a bank that asks for more is asked again after a day."""
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


class AnswerTooLargeError(Exception):
    """The bank answered more than is read."""


TROUBLE = (aiohttp.ClientError, OSError, TimeoutError)
"""What may happen to a request on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the bank answered; `retry_after` is how many seconds it asks us to wait, None where it does not say."""

    status: int
    body: bytes
    retry_after: int | None = None


@dataclass(slots=True)
class Crossing:
    """One request on its way to the point of no return; `begun` from its first byte on."""

    deadline: float
    begun: bool = False


class _Request(aiohttp.ClientRequest):
    """A request that takes no kept connection over which the bank has spoken unasked.

    What lies there (a second answer, a proxy's 408) would be read as the answer to this request.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Send, or end the connection before the first byte."""
        if conn.protocol is None or conn.protocol.should_close:
            raise aiohttp.ServerDisconnectedError("the bank spoke unasked")
        return await super().send(conn)


BeforeFirstByte = Callable[[Crossing], None]
"""Called when the connection stands (DNS, TCP and TLS done) and no byte of the request has left; may raise."""


class HttpLine:
    """Requests to one API root, over kept connections. `tls` None: the system's CAs, no certificate of ours."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: int,
        now: Callable[[], datetime],
        before_first_byte: BeforeFirstByte,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Connect at the first request; `now` tells how long to wait until a date that a bank names."""
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds
        self._now = now
        self._before_first_byte = before_first_byte
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, request: HttpRequest, headers: Mapping[str, str], crossing: Crossing | None = None) -> Reply:
        """Make one request with `headers` beside its own. Raises TROUBLE and AnswerTooLargeError."""
        async with self._opened().request(
            request.method,
            self._base_url + request.path,
            headers={**request.headers, **headers, "Accept-Encoding": "identity"},
            data=request.body or None,
            allow_redirects=False,
            trace_request_ctx=crossing,
        ) as response:
            body = await _limited(response)
            wait = seconds_to_wait(response.headers.get("Retry-After"), self._now())
            return Reply(status=response.status, body=body, retry_after=wait)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            hooks = aiohttp.TraceConfig()
            hooks.on_request_headers_sent.append(self._cross)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls or True),
                timeout=aiohttp.ClientTimeout(total=self._timeout_seconds, connect=CONNECT_SECONDS),
                trace_configs=[hooks],
                request_class=_Request,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    async def _cross(self, _session: Any, context: SimpleNamespace, _parameters: Any) -> None:
        crossing: Crossing | None = context.trace_request_ctx
        if crossing is not None:
            self._before_first_byte(crossing)
            crossing.begun = True


def seconds_to_wait(retry_after: str | None, now: datetime) -> int | None:
    """Read a Retry-After header (RFC 9110, section 10.2.3): seconds or an HTTP date. None: absent or unreadable."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if _SECONDS.fullmatch(text):
        return min(int(text), WAIT_SECONDS_MAX)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": in UTC, RFC 5322, section 3.3
        moment = moment.replace(tzinfo=UTC)
    return max(0, min(-int((now - moment).total_seconds() // 1), WAIT_SECONDS_MAX))


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > ANSWER_LIMIT:
            raise AnswerTooLargeError
    return bytes(body)
