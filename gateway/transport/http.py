"""A bank with an API: one request a submission, and a read-back by its idempotency key.

The point of no return is the first byte of the request. aiohttp calls a trace hook after the connection stands (DNS,
TCP and TLS done) and before that byte; what fails before the hook is NOT SENT, what fails after it is UNKNOWN, for the
bank may have booked although its answer was cut, late or an error.
"""

import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

import aiohttp
from aiohttp.connector import Connection

from bank_adapters.profile import HttpsTransport, Profile
from bank_adapters.spi import HttpRequest
from gateway.domain.errors import BankUnreachable, ConfigError
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.clock import Clock
from gateway.ports.transport import Answer, Arrival, Delivery, Finding, Sent, Wire
from gateway.transport.retrying import Sleep, retrying

ANSWER_LIMIT = 1 << 20
"""Bytes of the largest answer that is read."""
CONNECT_SECONDS = 5.0
HEALTH = HttpRequest(method="GET", path="/v1/health")
_OK = 200
_TROUBLE = (aiohttp.ClientError, OSError, TimeoutError)

Token = Callable[[], Awaitable[str]]


class ApiDialect(Protocol):
    """What this transport needs of a bank's adapter; `bank_adapters.spi.RequestAdapter` has it."""

    def submit_request(self, body: bytes, profile: Profile, name: str) -> HttpRequest: ...

    def read_submit(self, status: int, body: bytes, *, busy_means_not_sent: bool = False) -> Answer: ...

    def inquiry_request(self, name: str) -> HttpRequest: ...

    def read_inquiry(self, status: int, body: bytes) -> Finding: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    status: int
    retry_after: bool
    body: bytes


@dataclass(slots=True)
class _Crossing:
    """One request on its way to the point of no return."""

    deadline: float
    begun: bool = False


class _NotConnectedError(Exception):
    """No byte of the request has left."""


class _DeadlinePassedError(Exception):
    """The connection stood too late; no byte of the request has left."""


class _AnswerTooLargeError(Exception):
    """The bank answered more than is read."""


class _Request(aiohttp.ClientRequest):
    """A request that takes no kept connection over which the bank has spoken unasked.

    What lies there (a second answer, a proxy's 408) would be read as the answer to this request.
    """

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Send, or end the connection before the first byte."""
        if conn.protocol is None or conn.protocol.should_close:
            raise aiohttp.ServerDisconnectedError("the bank spoke unasked")
        return await super().send(conn)


class HttpTransport:
    """One bank's API. `token` gives the bearer token of the moment; `sleep` waits between tries to connect."""

    def __init__(
        self,
        profile: Profile,
        dialect: ApiDialect,
        clock: Clock,
        *,
        token: Token,
        sleep: Sleep,
        boundary: Boundary = unbounded,
        tls: ssl.SSLContext | None = None,
        base_url: str = "",
    ) -> None:
        """Take what the profile says, at `base_url` if given. Raises ConfigError for a bank without an API."""
        if not isinstance(profile.transport, HttpsTransport):
            raise ConfigError(f"bank {profile.slug} has no API to send to")
        self._profile = profile
        self._access = profile.transport
        self._base_url = base_url or profile.transport.base_url
        self._dialect = dialect
        self._clock = clock
        self._token = token
        self._sleep = sleep
        self._boundary = boundary
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def prepare(self, wire: Wire) -> None:
        """Nothing to leave: the bank's own books answer an inquiry."""

    async def discard(self, wire: Wire) -> None:
        """Nothing to take away."""

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Submit once; see the port. Only connecting is tried again, and only until the deadline."""
        body = b"".join(pieces)
        if (len(body), hashlib.sha256(body).hexdigest()) != (wire.size, wire.sha256):
            return _not_sent("the bytes given are not those that were sealed")
        request = self._dialect.submit_request(body, self._profile, wire.name)
        if request.method != "POST":  # aiohttp repeats any other method by itself when a kept connection turns out dead
            raise ConfigError(f"bank {self._profile.slug}: a submission must be a POST, not {request.method}")
        crossing = _Crossing(deadline)
        try:
            reply = await self._patiently(request, crossing, _NotConnectedError)
        except _DeadlinePassedError:
            return _not_sent("the deadline passed before the first byte")
        except _NotConnectedError as error:
            return _not_sent(f"not connected: {error}", unreachable=True)
        except (*_TROUBLE, _AnswerTooLargeError) as error:
            return Answer(sent=Sent.UNKNOWN, evidence={"cause": type(error).__name__}, unreachable=True)
        self._boundary("wire")
        busy = self._access.busy_means_not_sent and reply.retry_after
        return self._dialect.read_submit(reply.status, reply.body, busy_means_not_sent=busy)

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        """Read back what the bank has under the submission's key, whichever of `intents` brought it there."""
        del intents
        try:
            reply = await self._ask(self._dialect.inquiry_request(wire.name))
        except (*_TROUBLE, _NotConnectedError, _AnswerTooLargeError) as error:
            return Finding(arrival=Arrival.CANNOT_TELL, evidence={"cause": type(error).__name__})
        return self._dialect.read_inquiry(reply.status, reply.body)

    async def probe(self) -> None:
        """Ask for the API's health. Raises BankUnreachable."""
        try:
            reply = await self._ask(HEALTH)
        except (*_TROUBLE, _NotConnectedError, _AnswerTooLargeError) as error:
            raise BankUnreachable(f"bank {self._profile.slug}: {type(error).__name__}") from error
        if reply.status != _OK:
            raise BankUnreachable(f"bank {self._profile.slug}: health is answered with status {reply.status}")

    def collect(self) -> AsyncIterator[Delivery]:
        """Yield nothing: an API bank calls us."""
        return _nothing()

    async def acknowledge(self, name: str) -> None:
        """Nothing to archive."""

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, request: HttpRequest) -> _Reply:
        return await self._patiently(request, None, *_TROUBLE, _NotConnectedError)

    async def _patiently(self, request: HttpRequest, crossing: _Crossing | None, *errors: type[Exception]) -> _Reply:
        reply: _Reply = await retrying(self._sleep, *errors)(self._exchange, request, crossing)
        return reply

    async def _exchange(self, request: HttpRequest, crossing: _Crossing | None) -> _Reply:
        """Make one request. Raises _NotConnectedError while nothing has left, later what aiohttp raises."""
        try:
            bearer = {"Authorization": f"Bearer {await self._token()}"}
        except Exception as error:
            raise _NotConnectedError(f"no token: {type(error).__name__}") from error
        try:
            return await self._request(request, bearer, crossing)
        except _TROUBLE as error:
            if crossing is not None and not crossing.begun:
                raise _NotConnectedError(type(error).__name__) from error
            raise

    async def _request(self, request: HttpRequest, bearer: dict[str, str], crossing: _Crossing | None) -> _Reply:
        async with self._opened().request(
            request.method,
            self._base_url + request.path,
            headers={**request.headers, **bearer, "Accept-Encoding": "identity"},
            data=request.body or None,
            allow_redirects=False,
            trace_request_ctx=crossing,
        ) as response:
            body = await _limited(response)
            return _Reply(status=response.status, retry_after="Retry-After" in response.headers, body=body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            hooks = aiohttp.TraceConfig()
            hooks.on_request_headers_sent.append(self._before_first_byte)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls or True),
                timeout=aiohttp.ClientTimeout(total=self._access.timeout_seconds, connect=CONNECT_SECONDS),
                trace_configs=[hooks],
                request_class=_Request,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    async def _before_first_byte(self, _session: Any, context: SimpleNamespace, _parameters: Any) -> None:
        crossing: _Crossing | None = context.trace_request_ctx
        if crossing is None:
            return
        self._boundary("wire")
        if self._clock.monotonic() >= crossing.deadline:
            raise _DeadlinePassedError
        crossing.begun = True


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > ANSWER_LIMIT:
            raise _AnswerTooLargeError
    return bytes(body)


async def _nothing() -> AsyncIterator[Delivery]:
    no_deliveries: tuple[Delivery, ...] = ()
    for delivery in no_deliveries:
        yield delivery


def _not_sent(cause: str, *, unreachable: bool = False) -> Answer:
    return Answer(sent=Sent.NOT_SENT, evidence={"cause": cause}, unreachable=unreachable)
