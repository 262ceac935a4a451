"""What authorises our requests at a bank: a fixed bearer token, or tokens of its OAuth 2.0 token endpoint."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import quote_plus, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bank_adapters.profile import OAuth2
from bank_adapters.spi import HttpRequest
from gateway.domain.errors import BankUnreachable
from gateway.ports.clock import Clock
from gateway.transport.http_line import HttpLine

Secret = Callable[[], Awaitable[str]]
"""Reads what the profile's `auth` names, at each use: a secret may be changed while we run."""

LIFE_SECONDS = 60
"""How long a token is used whose endpoint does not say how long it lives (RFC 6749, section 5.1)."""
PAUSE_SECONDS = 5
"""After a failed renewal the old token, while it lives, is used this long before the endpoint is asked again."""
_OK = 200


class Tokens(Protocol):
    """Where the token of the moment comes from."""

    renewable: bool
    """Whether another token can be had when one is refused."""

    async def current(self) -> str:
        """Return a token that has not expired. Raises whatever keeps us from having one."""
        ...

    def refused(self, token: str) -> None:
        """Take note that the bank answered 401 to a request with this token."""
        ...

    async def close(self) -> None:
        """Ask no more."""
        ...


class FixedToken:
    """A token that does not change by itself."""

    renewable = False

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    async def current(self) -> str:
        """Return the secret."""
        return await self._secret()

    def refused(self, token: str) -> None:
        """Do nothing: there is no other."""

    async def close(self) -> None:
        """Do nothing."""


class _Answer(BaseModel):
    """A successful answer of a token endpoint (RFC 6749, section 5.1); what else it says is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    # Letters of a b64token only (RFC 6750, section 2.1): nothing that could end the header.
    access_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9._~+/-]{1,8000}=*$")]
    token_type: Annotated[str, Field(pattern=r"^[Bb][Ee][Aa][Rr][Ee][Rr]$")]
    expires_in: Annotated[int, Field(ge=1, le=10**9)] = LIFE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    renew_at: float
    expires_at: float


class ClientCredentials:
    """Tokens by client credentials (RFC 6749, section 4.4), asked for over the same line as the bank's API.

    However many requests need one at once, the endpoint is asked once. A token is renewed before it expires; if that
    fails, the old one serves until it does.
    """

    renewable = True

    def __init__(self, access: OAuth2, secret: Secret, line: HttpLine, clock: Clock) -> None:
        self._access = access
        self._secret = secret
        self._line = line
        self._clock = clock
        self._token: _Token | None = None
        self._flight: asyncio.Task[_Token] | None = None
        self._pause_until = 0.0

    async def current(self) -> str:
        """Return a token. Raises BankUnreachable, or what the line raises, when none can be had."""
        old, now = self._token, self._clock.monotonic()
        if old is not None and now < max(old.renew_at, min(self._pause_until, old.expires_at)):
            return old.text
        try:
            # Shielded: who gives up waiting must not take the answer away from the others.
            return (await asyncio.shield(self._renewal())).text
        except Exception:
            if old is None or self._token is not old or self._clock.monotonic() >= old.expires_at:
                raise
            self._pause_until = now + PAUSE_SECONDS
            return old.text

    def refused(self, token: str) -> None:
        """Drop the token, if it is still the one in use: the next request asks for another."""
        if self._token is not None and self._token.text == token:
            self._token = None

    async def close(self) -> None:
        """Stop waiting for the endpoint."""
        if self._flight is not None:
            self._flight.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._flight

    def _renewal(self) -> asyncio.Task[_Token]:
        if self._flight is None:
            self._flight = asyncio.create_task(self._renew())
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: asyncio.Task[_Token]) -> None:
        self._flight = None
        if not flight.cancelled() and flight.exception() is None:  # asking for it also says that it was looked at
            self._token = flight.result()

    async def _renew(self) -> _Token:
        """Ask the endpoint once. The token's life is counted from before the question: never too long."""
        asked_at = self._clock.monotonic()
        reply = await self._line.ask(await self._question(), {})
        if reply.status != _OK:
            raise BankUnreachable(f"the token endpoint answers with status {reply.status}")
        try:
            answer = _Answer.model_validate_json(reply.body)
        except ValidationError:
            raise BankUnreachable("the token endpoint's answer is not one of RFC 6749") from None
        life = answer.expires_in
        # A token that lives shorter than we renew ahead is used for half its life.
        early = min(self._access.renew_before_seconds, life / 2)
        return _Token(text=answer.access_token, renew_at=asked_at + life - early, expires_at=asked_at + life)

    async def _question(self) -> HttpRequest:
        name, secret = quote_plus(self._access.client_id), quote_plus(await self._secret())
        basic = base64.b64encode(f"{name}:{secret}".encode()).decode()
        form = {"grant_type": "client_credentials"} | ({"scope": self._access.scope} if self._access.scope else {})
        headers = {
            "Authorization": f"Basic {basic}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        return HttpRequest(method="POST", path=self._access.token_path, headers=headers, body=urlencode(form).encode())
