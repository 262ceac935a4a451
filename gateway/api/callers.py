"""The banks that call us: each signs its calls, and what it says goes to Kafka like everything banks say.

A call is believed by HMAC-SHA256 over `<timestamp>.<body>` with the secret that bank and gateway share, and only near
its timestamp. Nothing here asks the database: a storm of calls by anybody costs memory within bounds, and hashing.
X-Message-Id is not signed, so nothing relies on it: a message is known by the digest of its bytes.
"""

import asyncio
import hashlib
import hmac
import re
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from aiohttp import web

from gateway.api.limits import TooLarge, TooOften, TooSlow, read_body
from gateway.api.models import HookTaken
from gateway.api.problems import problem
from gateway.api.routes import answered
from gateway.domain.errors import BusUnavailable
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter

MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest message by webhook."""
AT_ONCE = 16
"""Bodies that are read at the same time: who calls is not known before the last byte, so memory must be bounded."""
AT_ONCE_OF_A_BANK = 8
"""Of these in one bank's name; and its first is read however many others there are: no bank shuts out another."""
BODY_SECONDS = 20
"""How long one of them may take."""
CALLS_KEPT = 100_000
"""Signatures that are remembered; only calls of banks get there."""
NO_BANK = "none"
CALLS = ("accepted", "repeated", "timestamp", "signature", "size", "slow", "too many")
"""What becomes of calls in a bank's name."""
CALLS_TOTAL = "gateway_webhook_calls_total"
SIGNATURE, TIMESTAMP = "X-Signature", "X-Timestamp"
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UNAUTHORIZED = 401

Publish = Callable[[str, bytes], Awaitable[None]]
"""Publishes a bank's message and returns when Kafka has acknowledged it. Raises BusUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One bank that calls: the secret it shares with us, and how far its clock may be off."""

    secret: bytes
    tolerance_seconds: int


class Hooks:
    """The banks that call, what becomes of their messages, and the calls of the last minutes."""

    def __init__(
        self,
        callers: Mapping[str, Caller],
        publish: Publish,
        clock: Clock,
        meter: Meter = no_meter,
        disabled: Collection[str] = (),
    ) -> None:
        self._callers = callers
        self._disabled = disabled
        self._publish = publish
        self._clock = clock
        self._meter = meter
        self._reading: Counter[str] = Counter()
        self._taken: OrderedDict[tuple[str, str], int] = OrderedDict()
        for bank, call in product(callers, CALLS):  # from zero, so that the first is seen as a rise
            meter.count(CALLS_TOTAL, 0, bank=bank, call=call)

    async def take(self, bank: str, request: web.Request) -> web.Response:
        """Answer a call: 202 after Kafka's acknowledgement, also for the same call again."""
        caller = self._callers.get(bank)
        if caller is None and bank in self._disabled:  # it may be one that calls, once its profile can be used again
            raise BusUnavailable("the profile of this bank cannot be used at the moment")
        if caller is None:
            self._count(NO_BANK, "unknown bank")
            raise web.HTTPNotFound
        timestamp, signature = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
        if not self._near(timestamp, caller.tolerance_seconds):
            return self._refused(bank, "timestamp", f"{TIMESTAMP} is not the present time in seconds since 1970")
        if not _DIGEST.fullmatch(signature):
            return self._refused(bank, "signature", f"{SIGNATURE} is not an HMAC-SHA256 in lower-case hex")
        body = await self._body(bank, request)
        if not hmac.compare_digest(signature, _signature(caller.secret, timestamp, body)):
            return self._refused(bank, "signature", f"{SIGNATURE} is not the bank's for this timestamp and body")
        return answered(HookTaken(status=await self._keep(bank, signature, int(timestamp), body)), 202)

    async def _keep(self, bank: str, signature: str, timestamp: int, body: bytes) -> Literal["accepted", "known"]:
        """Publish a call that is believed, unless this very call was taken before: then there is nothing to do."""
        if (bank, signature) in self._taken:
            self._count(bank, "repeated")
            return "known"
        await self._publish(bank, body)
        self._remember(bank, signature, timestamp)
        self._count(bank, "accepted")
        return "accepted"

    def _remember(self, bank: str, signature: str, timestamp: int) -> None:
        """Keep it until its timestamp is too old anyway; what was kept longer than that goes."""
        self._taken[bank, signature] = timestamp + self._callers[bank].tolerance_seconds
        now = self._clock.now().timestamp()
        while self._taken and (len(self._taken) > CALLS_KEPT or next(iter(self._taken.values())) < now):
            self._taken.popitem(last=False)

    def _near(self, timestamp: str, tolerance_seconds: int) -> bool:
        now = self._clock.now().timestamp()
        return bool(_SECONDS.fullmatch(timestamp)) and abs(now - int(timestamp)) <= tolerance_seconds

    async def _body(self, bank: str, request: web.Request) -> bytes:
        own = self._reading[bank]
        if own >= AT_ONCE_OF_A_BANK or (own and self._reading.total() >= AT_ONCE):
            self._count(bank, "too many")
            raise TooOften(1)
        self._reading[bank] += 1
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await read_body(request, MESSAGE_BYTES)
        except TooLarge:
            self._count(bank, "size")
            raise
        except TimeoutError:
            self._count(bank, "slow")
            raise TooSlow("the body took too long") from None
        finally:
            self._reading[bank] -= 1

    def _refused(self, bank: str, rule: str, title: str) -> web.Response:
        self._count(bank, rule)
        return problem(_UNAUTHORIZED, title, headers={"WWW-Authenticate": "HMAC-SHA256"})

    def _count(self, bank: str, call: str) -> None:
        self._meter.count(CALLS_TOTAL, 1, bank=bank, call=call)


def _signature(secret: bytes, timestamp: str, body: bytes) -> str:
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def no_hooks(clock: Clock) -> Hooks:
    """Make the door of a gateway that no bank calls."""

    async def nowhere(_bank: str, _message: bytes) -> None:
        raise AssertionError("no bank calls")

    return Hooks({}, nowhere, clock)
