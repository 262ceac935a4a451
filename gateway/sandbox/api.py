"""The HTTP door of an API bank, with the faults that real ones show. A fault belongs to a key, not to a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from aiohttp import web

from gateway.sandbox import chance
from gateway.sandbox.access import Access, Porter
from gateway.sandbox.desk import Desk, Reply, refusal
from gateway.sandbox.parameters import ApiParameters, BankParameters

_BODY_BYTES_MAX = 64 * 1024


class Fault(StrEnum):
    """What goes wrong with the answer to a payment that was booked."""

    NONE = "none"
    TIMEOUT = "timeout"
    SERVER_ERROR = "server error"
    SLOW = "slow"


def fault_of(bank: BankParameters, door: ApiParameters, key: str) -> Fault:
    """Return the one fault of the first answer under a key; a repeated request is answered without."""
    draw = chance.number(bank.seed, f"fault {bank.slug}", key, chance.TEN_THOUSAND)
    shares = (
        (Fault.TIMEOUT, door.timeout_per_10000),
        (Fault.SERVER_ERROR, door.server_error_per_10000),
        (Fault.SLOW, door.slow_per_10000),
    )
    for fault, share in shares:
        if draw < share:
            return fault
        draw -= share
    return Fault.NONE


class ApiBank:
    """One API bank: `start`, then it listens on 127.0.0.1 until `close`.

    `access` says whom it lets in; `clock` gives the bank's time, `monotonic` the age of its tokens; `sleep` waits
    seconds and is replaced in tests. POST /v1/payments, GET /v1/payments/{key}, GET /v1/health, and the token endpoint.
    """

    def __init__(
        self,
        bank: BankParameters,
        root: Path,
        *,
        access: Access,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the bank's books. Raises ValueError for a bank that has no section `api`."""
        if bank.api is None:
            raise ValueError(f"{bank.slug} is not an API bank")
        self.parameters = bank
        self._door = bank.api
        self._desk = Desk(bank, root)
        self.books = self._desk.books
        self._access = access
        self.porter = Porter(access, monotonic)
        self._clock = clock
        self._sleep = sleep
        self._down = False
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._port = bank.api.port

    @property
    def url(self) -> str:
        """The base address, known once the bank has started."""
        return f"{'https' if self._access.tls else 'http'}://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        # One middleware answers for a bank that is down and for a request without its token.
        app = web.Application(client_max_size=_BODY_BYTES_MAX, middlewares=[self._guard])
        app.add_routes([web.post("/v1/payments", self._post), web.get("/v1/payments/{key}", self._get)])
        app.add_routes([web.get("/v1/health", self._health), web.post(self._access.token_path, self._issue)])
        # Handlers die with the connection, so that an answer held back for half a minute does not hold up the end.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await self._listen()

    async def set_down(self, down: bool) -> None:  # noqa: FBT001 - a switch is what it is
        """Take the bank down or up again: it refuses connections or answers 503, as its parameters say."""
        if down == self._down:
            return
        self._down = down
        if self._door.when_down != "refuse":
            return
        if down and self._site is not None:
            await self._site.stop()
            self._site = None
        elif not down:
            await self._listen()

    def close_day(self, day: date, now: datetime) -> None:
        """End the bank's business day; see `gateway.sandbox.closing`."""
        self._desk.close_day(day, now)

    def fund(self, account: str, amount_minor: int, day: date) -> None:
        """Let money come in on an account; see `gateway.sandbox.closing`."""
        self._desk.fund(account, amount_minor, day)

    async def close(self) -> None:
        """Stop listening and close the books."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._desk.close()

    async def _listen(self) -> None:
        if self._runner is None:
            raise RuntimeError("the bank was not started")
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._access.tls)
        await self._site.start()
        self._port = int(self._runner.addresses[0][1])

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # Connections kept alive from before outlive the listening socket; a bank that is down answers none of them.
        if self._down:
            return _response(refusal(503, "DOWN"))
        asks_for_token = request.path == self._access.token_path
        if not asks_for_token and not self.porter.admits(request.headers.get("Authorization", "")):
            return _response(refusal(401, "TOKEN"))
        return await handler(request)

    async def _issue(self, request: web.Request) -> web.StreamResponse:
        status, answer = self.porter.token(request.headers.get("Authorization", ""), await request.text())
        return web.json_response(answer, status=status)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        key, body = request.headers.get("Idempotency-Key", ""), await request.read()
        if not self.porter.signed(request.headers.get(self.porter.signature_header, ""), body):
            return _response(refusal(401, "SIGNATURE"))
        reply = self._desk.take(key, body, self._clock())
        fault = fault_of(self.parameters, self._door, key) if reply.first else Fault.NONE
        if fault is Fault.TIMEOUT:
            await self._sleep(self._door.hold_milliseconds / 1000)
        elif fault is Fault.SLOW:
            await self._sleep(self._door.slow_milliseconds / 1000)
        elif fault is Fault.SERVER_ERROR:
            reply = refusal(500, "INTERNAL")
        return _response(reply)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        early = chance.happens(
            self.parameters.seed, f"early {self.parameters.slug}", key, self._door.too_early_per_10000
        )
        return _response(self._desk.read_back(key, self._door.too_early_reads if early else 0))

    async def _health(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002 - the signature of a handler
        return web.json_response({"status": "up"})


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, content_type="application/json")
