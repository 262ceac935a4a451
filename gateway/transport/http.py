"""A bank with an API: one request a submission, and a read-back by its idempotency key.

The point of no return is the first byte of the request. aiohttp calls a trace hook after the connection stands (DNS,
TCP and TLS done) and before that byte; what fails before the hook is NOT SENT, what fails after it is UNKNOWN, for the
bank may have booked although its answer was cut, late or an error.
"""

import hashlib
import ssl
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bank_adapters.profile import HttpsTransport, OAuth2, Profile
from bank_adapters.spi import HttpRequest
from gateway.domain.errors import BankUnreachable, ConfigError
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.clock import Clock
from gateway.ports.transport import Answer, Arrival, Delivery, Finding, Place, Sent, Wire
from gateway.transport.http_line import TROUBLE, AnswerTooLargeError, Crossing, HttpLine, Reply
from gateway.transport.http_signing import Signer
from gateway.transport.http_tokens import ClientCredentials, FixedToken, Secret, Tokens
from gateway.transport.retrying import Sleep, retrying

HEALTH = HttpRequest(method="GET", path="/v1/health")
_OK, _UNAUTHORIZED = 200, 401
_BUSY = frozenset({429, 503})
OTHERS_WAIT_SECONDS = 600
"""The longest wait that is believed in an answer without the API's own code: it may be a proxy's."""


class ApiDialect(Protocol):
    """What this transport needs of a bank's adapter; `bank_adapters.spi.RequestAdapter` has it."""

    def submit_request(self, body: bytes, profile: Profile, name: str) -> HttpRequest: ...

    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer: ...

    def inquiry_request(self, name: str) -> HttpRequest: ...

    def read_inquiry(self, status: int, body: bytes, name: str) -> Finding: ...


class _NotConnectedError(Exception):
    """No byte of the request has left."""


class _DeadlinePassedError(Exception):
    """The connection stood too late; no byte of the request has left."""


class HttpTransport:
    """One bank's API. `secret` reads what the profile's `auth` names: the bearer token, or the client's secret.

    `sleep` waits between tries to connect; `signer` signs submissions; `tls` is None for the system's CAs.
    """

    def __init__(
        self,
        profile: Profile,
        dialect: ApiDialect,
        clock: Clock,
        *,
        secret: Secret,
        sleep: Sleep,
        boundary: Boundary = unbounded,
        tls: ssl.SSLContext | None = None,
        signer: Signer | None = None,
        base_url: str = "",
    ) -> None:
        """Take what the profile says, at `base_url` if given. Raises ConfigError for a bank without an API."""
        if not isinstance(profile.transport, HttpsTransport):
            raise ConfigError(f"bank {profile.slug} has no API to send to")
        self._profile = profile
        self._access = access = profile.transport
        self._dialect = dialect
        self._clock = clock
        self._sleep = sleep
        self._boundary = boundary
        self._signer = signer
        self._line = HttpLine(
            base_url or access.base_url,
            timeout_seconds=access.timeout_seconds,
            now=clock.now,
            before_first_byte=self._before_first_byte,
            tls=tls,
        )
        self._tokens: Tokens = (
            ClientCredentials(access.auth, secret, self._line, clock)
            if isinstance(access.auth, OAuth2)
            else FixedToken(secret)
        )

    async def prepare(self, wire: Wire) -> None:
        """Nothing to leave: the bank's own books answer an inquiry."""

    async def discard(self, wire: Wire) -> None:
        """Nothing to take away."""

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        """Submit once; see the port. Only connecting is tried again, and only until the deadline."""
        body = b"".join(pieces)
        if (len(body), hashlib.sha256(body).hexdigest()) != (wire.size, wire.sha256):
            return _not_sent("the bytes given are not those that were sealed")
        try:
            request = self._dialect.submit_request(body, self._profile, wire.name)
        except Exception as error:  # noqa: BLE001 - whatever it is, no request was made
            return _not_sent(f"the adapter fails: {type(error).__name__}")
        if request.method != "POST":  # aiohttp repeats any other method by itself when a kept connection turns out dead
            raise ConfigError(f"bank {self._profile.slug}: a submission must be a POST, not {request.method}")
        if self._signer is not None:
            request = replace(request, headers={**request.headers, self._signer.header: self._signer.sign(body)})
        crossing = Crossing(deadline)
        try:
            reply = await self._patiently(request, crossing, _NotConnectedError)
        except _DeadlinePassedError:
            return _not_sent("the deadline passed before the first byte")
        except _NotConnectedError as error:
            return _not_sent(f"not connected: {error}", unreachable=True)
        except (*TROUBLE, AnswerTooLargeError) as error:
            return Answer(sent=Sent.UNKNOWN, evidence={"cause": type(error).__name__}, unreachable=True)
        self._boundary("wire")
        return self._judged(reply, wire.name)

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        """Read back what the bank has under the submission's key, whichever of `intents` brought it there."""
        del intents
        try:
            reply = await self._ask(self._dialect.inquiry_request(wire.name))
        except (*TROUBLE, _NotConnectedError, AnswerTooLargeError) as error:
            return Finding(arrival=Arrival.CANNOT_TELL, evidence={"cause": type(error).__name__})
        try:
            finding = self._dialect.read_inquiry(reply.status, reply.body, wire.name)
        except Exception as error:  # noqa: BLE001 - an adapter that cannot read an answer is not a proof of anything
            finding = Finding(arrival=Arrival.CANNOT_TELL, evidence=_unreadable(reply, error))
        return replace(finding, retry_after=_believed(_asked(reply), finding.evidence))

    async def probe(self) -> None:
        """Ask for the API's health. Raises BankUnreachable."""
        try:
            reply = await self._ask(HEALTH)
        except (*TROUBLE, _NotConnectedError, AnswerTooLargeError) as error:
            raise BankUnreachable(f"bank {self._profile.slug}: {type(error).__name__}") from error
        if reply.status != _OK:
            raise BankUnreachable(f"bank {self._profile.slug}: health is answered with status {reply.status}")

    def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        """Yield nothing: an API bank calls us."""
        del known
        return _nothing()

    async def acknowledge(self, name: str) -> None:
        """Nothing to archive."""

    async def close(self) -> None:
        """Close the connections."""
        await self._tokens.close()
        await self._line.close()

    def _judged(self, reply: Reply, name: str) -> Answer:
        """Let the dialect judge the answer to a submission, a 401 like any other: nothing is posted twice by itself.

        Whether a 401 proves that nothing was taken in is for the dialect to say; then the service sends again, as an
        intent of its own and with another token. A wait counts as asked for only if it can be read.
        """
        wait = _asked(reply)
        busy = self._access.busy_means_not_sent and wait is not None
        try:
            answer = self._dialect.read_submit(reply.status, reply.body, name, busy_means_not_sent=busy)
        except Exception as error:  # noqa: BLE001 - the bank has answered: whatever it said, it may have taken it in
            answer = Answer(sent=Sent.UNKNOWN, evidence=_unreadable(reply, error))
        return replace(answer, retry_after=_believed(wait, answer.evidence))

    async def _ask(self, request: HttpRequest) -> Reply:
        """Ask what moves no money; once more with another token where the bank refused the one we had."""
        errors = (*TROUBLE, _NotConnectedError)
        reply = await self._patiently(request, None, *errors)
        if reply.status == _UNAUTHORIZED and self._tokens.renewable:
            reply = await self._patiently(request, None, *errors)
        return reply

    async def _patiently(self, request: HttpRequest, crossing: Crossing | None, *errors: type[Exception]) -> Reply:
        reply: Reply = await retrying(self._sleep, *errors)(self._exchange, request, crossing)
        return reply

    async def _exchange(self, request: HttpRequest, crossing: Crossing | None) -> Reply:
        """Make one request. Raises _NotConnectedError while nothing has left, later what the line raises."""
        token = await self._token()
        try:
            reply = await self._line.ask(request, {"Authorization": f"Bearer {token}"}, crossing)
        except TROUBLE as error:
            if crossing is not None and not crossing.begun:
                raise _NotConnectedError(type(error).__name__) from error
            raise
        if reply.status == _UNAUTHORIZED:
            self._tokens.refused(token)
        return reply

    async def _token(self) -> str:
        try:
            return await self._tokens.current()
        except BankUnreachable as error:
            raise _NotConnectedError(f"no token: {error}") from error
        except Exception as error:  # its text may hold a secret
            raise _NotConnectedError(f"no token: {type(error).__name__}") from error

    def _before_first_byte(self, crossing: Crossing) -> None:
        self._boundary("wire")
        if self._clock.monotonic() >= crossing.deadline:
            raise _DeadlinePassedError


async def _nothing() -> AsyncIterator[Delivery]:
    no_deliveries: tuple[Delivery, ...] = ()
    for delivery in no_deliveries:
        yield delivery


def _asked(reply: Reply) -> int | None:
    """Return how many seconds the bank asks us to wait, where it says that it is busy."""
    return reply.retry_after if reply.status in _BUSY else None


def _believed(wait: int | None, evidence: Mapping[str, str]) -> int:
    """Return the seconds that are waited: fewer where the answer is without the API's own code."""
    return (wait or 0) if "code" in evidence else min(wait or 0, OTHERS_WAIT_SECONDS)


def _unreadable(reply: Reply, error: Exception) -> dict[str, str]:
    """Say that the adapter failed over an answer, without anything that the answer says."""
    return {"http_status": str(reply.status), "cause": f"the adapter fails over it: {type(error).__name__}"}


def _not_sent(cause: str, *, unreachable: bool = False) -> Answer:
    return Answer(sent=Sent.NOT_SENT, evidence={"cause": cause}, unreachable=unreachable)
