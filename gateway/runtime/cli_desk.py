"""The desk of a person at the command line: every act goes through the REST door with that person's own token."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from aiohttp import ClientError, ClientSession, ClientTimeout

from gateway.domain.errors import ConfigError, Forbidden, GatewayError, NotFound, Refused

DEFAULT_URL = "http://127.0.0.1:8080"
Token = Annotated[str, typer.Option(envvar="GATEWAY_TOKEN", help="Your access token.", show_default=False)]
Url = Annotated[str, typer.Option(envvar="GATEWAY_URL", help="Where the REST door is.")]
Json = Annotated[bool, typer.Option("--json", help="Print what the door answers, as it is.")]
_TIMEOUT = ClientTimeout(total=60)
_LONG = ClientTimeout(total=None, sock_connect=60, sock_read=600)
"""For what the gateway has to count first."""
_OK = (200, 201)
_ERRORS: Mapping[int, type[GatewayError]] = {401: Forbidden, 403: Forbidden, 404: NotFound}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where the door is, who acts, and how answers are printed."""

    url: str
    token: str
    as_json: bool

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask the door. Raises GatewayError with everything a refusal says."""
        return asyncio.run(self._call(method, path, body))

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            async with (
                ClientSession(timeout=_TIMEOUT, headers=headers) as session,
                session.request(method, self.url + path, json=body) as response,
            ):
                answer: dict[str, Any] = await response.json(content_type=None)
        except (ClientError, TimeoutError, ValueError) as error:
            raise ConfigError(f"no gateway answers at {self.url} ({type(error).__name__})") from error
        if response.status not in _OK:
            raise _refusal(response.status, answer)
        return answer

    def fetch(self, path: str, tick: Callable[[int, int | None], None] | None = None) -> bytes:
        """Read a document, however long it takes; `tick` is told bytes received, and of how many.

        Raises GatewayError with everything a refusal says.
        """
        return asyncio.run(self._fetch(path, tick or _no_tick))

    async def _fetch(self, path: str, tick: Callable[[int, int | None], None]) -> bytes:
        headers, received = {"Authorization": f"Bearer {self.token}"}, bytearray()
        try:
            async with (
                ClientSession(timeout=_LONG, headers=headers) as session,
                session.get(self.url + path) as response,
            ):
                if response.status not in _OK:
                    raise _refusal(response.status, await response.json(content_type=None))
                async for piece in response.content.iter_any():
                    received += piece
                    tick(len(received), response.content_length)
        except (ClientError, TimeoutError, ValueError) as error:
            raise ConfigError(f"no gateway answers at {self.url} ({type(error).__name__})") from error
        return bytes(received)


def _no_tick(_received: int, _total: int | None) -> None:
    """Show nothing."""


def _refusal(status: int, problem: Mapping[str, Any]) -> GatewayError:
    broken = "".join(f"\n  {v['path']} {v['rule']}: {v['text']}" for v in problem.get("violations", []))
    return _ERRORS.get(status, GatewayError)(f"{problem.get('title', 'refused')}{broken}")


def desk_of(context: typer.Context) -> Desk:
    """Return the desk that a group of commands was called with. Raises Refused without a token."""
    found: Desk = context.obj
    require_token(found)
    return found


def require_token(desk: Desk) -> None:
    """Raise Refused without a token: the door would only say that one is needed."""
    if not desk.token:
        raise Refused.one("", "token.missing", "set GATEWAY_TOKEN to your access token, or give --token")


def shown(context: typer.Context, answer: Mapping[str, Any], show: Any) -> None:
    """Print an answer as it is, or as `show` does for people."""
    if context.obj.as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        show()
