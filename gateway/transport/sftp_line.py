"""One SSH connection to a bank: made when it is needed, to a server whose key is pinned, kept, and made again.

A request ends in one of two ways: the server answers it, or the connection ends with it. One that was too slow is never
cancelled by itself, because its answer might still come and belong to nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import asyncssh

from bank_adapters.profile import SftpTransport as SftpAccess
from gateway.domain.errors import ConfigError
from gateway.ports.clock import Clock
from gateway.transport.retrying import Sleep, retrying

T = TypeVar("T")

Secret = Callable[[str], bytes]
"""Reads a secret by its reference; raises ConfigError."""
REST_SECONDS = 5.0
"""A connection that was not used for longer is tried before it is trusted: banks drop idle ones without a word."""
_LOST = (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.SFTPBadMessage)
_TOO_LONG = "silent for too long"


class LineError(Exception):
    """The bank could not be reached, or the connection ended under a request. The text is evidence."""


class BrokenLineError(LineError):
    """It may be better the next time."""


class NobodyTrustedError(LineError):
    """There is somebody, but not with a key that we know, or it does not know ours. Trying again changes nothing."""


@dataclass(slots=True)
class Session:
    """An SFTP session of version 3, in which a rename refuses to overwrite."""

    connection: asyncssh.SSHClientConnection
    sftp: asyncssh.SFTPClient
    patience_seconds: float
    used_at: float
    end: str = ""
    """Why it ended; empty while it stands."""

    async def ask(self, request: Awaitable[T]) -> T:
        """Await the answer to a request. Raises SFTPError if the server refuses it, LineError without an answer.

        Whoever is cancelled, and a server that is silent for too long, ends the connection.
        """
        task = asyncio.ensure_future(request)
        try:
            done, _ = await asyncio.wait({task}, timeout=self.patience_seconds)
            if not done:
                self.abort(_TOO_LONG)
                await asyncio.wait({task}, timeout=self.patience_seconds)
        except asyncio.CancelledError:
            self.abort("given up by us")
            raise
        finally:
            task.add_done_callback(_heard)
        return self._answer(task)

    def _answer(self, task: asyncio.Future[T]) -> T:
        if not task.done():
            task.cancel()
            raise BrokenLineError(_TOO_LONG)
        try:
            return task.result()
        except _LOST as error:
            self.abort(type(error).__name__)
            raise BrokenLineError(self.end) from error
        except asyncssh.SFTPError:
            raise
        except (asyncssh.Error, OSError) as error:
            self.abort(type(error).__name__)
            raise BrokenLineError(self.end) from error

    def abort(self, why: str) -> None:
        """End the connection at once; every request that waits on it fails."""
        self.end = self.end or why
        self.connection.abort()


class _Client(asyncssh.SSHClient):
    """Remembers the key of a server that is not the one we know, and that the connection was lost."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.stranger = ""

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Refuse a key that is not pinned, whoever shows it."""
        del host, addr, port
        self.stranger = key.get_fingerprint()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the session has ended."""
        if self.session is not None:
            self.session.end = self.session.end or (type(exc).__name__ if exc else "closed by the bank")


class SftpLine:
    """The connection of one bank, for any number of users in one event loop."""

    def __init__(
        self, access: SftpAccess, clock: Clock, *, secret: Secret, sleep: Sleep, address: tuple[str, int] | None
    ) -> None:
        self._access = access
        self._clock = clock
        self._secret = secret
        self._sleep = sleep
        self._address = address or (access.host, access.port)
        self._session: Session | None = None
        self._opening: asyncio.Task[Session] | None = None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """Yield the session that stands, or a new one. Raises LineError."""
        session = await self._standing() or await self._new()
        session.used_at = self._clock.monotonic()
        yield session
        session.used_at = self._clock.monotonic()

    async def patiently(self, read: Callable[[Session], Awaitable[T]]) -> T:
        """Do what moves nothing (list, read), again if the connection ends under it. Raises LineError and SFTPError."""

        async def once() -> T:
            async with self.session() as session:
                return await read(session)

        found: T = await retrying(self._sleep, BrokenLineError)(once)
        return found

    def check(self) -> None:
        """Read our key and the pinned ones. Raises ConfigError without them."""
        self._keys()

    async def close(self) -> None:
        """Close the connection without waiting for a server that hangs."""
        if self._opening is not None:
            self._opening.cancel()
        if self._session is not None:
            self._session.abort("closed by us")

    async def _standing(self) -> Session | None:
        session = self._session
        if session is None or session.end:
            return None
        if self._clock.monotonic() - session.used_at < REST_SECONDS:
            return session
        try:
            await session.ask(session.sftp.realpath("."))
        except (LineError, asyncssh.SFTPError):
            session.abort("did not answer after a rest")
            return None
        return session

    async def _new(self) -> Session:
        """Wait for the one connection that is being made, whoever began it."""
        opening = self._opening
        if opening is None:
            opening = self._opening = asyncio.create_task(self._open())
            opening.add_done_callback(self._opened)
        await asyncio.wait({opening})
        if opening.cancelled():
            raise BrokenLineError("closed by us")
        return opening.result()

    def _opened(self, opening: asyncio.Task[Session]) -> None:
        self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            self._session = opening.result()

    async def _open(self) -> Session:
        try:
            async with asyncio.timeout(self._access.connect_seconds):
                opened: Session = await retrying(self._sleep, BrokenLineError)(self._connect)
                return opened
        except TimeoutError as error:
            raise BrokenLineError("not connected in time") from error

    async def _connect(self) -> Session:
        client = _Client()
        try:  # a secret that is being changed is this bank's trouble, and nobody else's
            options = asyncssh.SSHClientConnectionOptions(**self._options(client))
        except ConfigError as error:
            raise NobodyTrustedError(str(error)) from error
        try:
            connection = await asyncssh.connect(*self._address, config=None, options=options)
        except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed, asyncssh.PermissionDenied) as error:
            raise NobodyTrustedError(_distrust(error, client)) from error
        except (asyncssh.Error, OSError) as error:
            raise BrokenLineError(f"not connected: {type(error).__name__}") from error
        try:
            sftp = await connection.start_sftp_client(sftp_version=3)
        except (asyncssh.Error, OSError) as error:
            connection.abort()
            raise BrokenLineError(f"no SFTP: {type(error).__name__}") from error
        except asyncio.CancelledError:
            connection.abort()
            raise
        client.session = Session(
            connection=connection,
            sftp=sftp,
            patience_seconds=self._access.idle_seconds,
            used_at=self._clock.monotonic(),
        )
        return client.session

    def _options(self, client: _Client) -> dict[str, object]:
        """Say how to connect: our key and nothing else, to the pinned keys and nobody else, whatever ~/.ssh says."""
        access, (trusted, key) = self._access, self._keys()
        return {
            "client_factory": lambda: client,
            "known_hosts": (trusted, [], [], [], [], [], []),
            "username": access.username,
            "client_keys": [key],
            "preferred_auth": "publickey",
            "agent_path": None,
            "x509_trusted_certs": None,
            "gss_host": None,
            "login_timeout": access.connect_seconds,
            "keepalive_interval": access.idle_seconds,
            "keepalive_count_max": 2,
        }

    def _keys(self) -> tuple[list[asyncssh.SSHKey], asyncssh.SSHKey]:
        """Return the bank's public host keys and our private key, as they are now. Raises ConfigError."""
        access = self._access
        pinned, own = (self._secret(name) for name in (access.host_keys_secret, access.private_key_secret))
        try:
            trusted = [asyncssh.import_public_key(line) for line in pinned.splitlines() if line.strip()]
            return trusted, asyncssh.import_private_key(own)
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise ConfigError(f"secrets {access.host_keys_secret}, {access.private_key_secret}: no SSH keys") from error


def _distrust(error: asyncssh.Error, client: _Client) -> str:
    if isinstance(error, asyncssh.PermissionDenied):
        return "the bank does not accept our key"
    if client.stranger:
        return f"the host key is not a pinned one: {client.stranger}"
    return f"the host key is not a pinned one: {type(error).__name__}"


def _heard(task: asyncio.Future[T]) -> None:
    """Take note of how a request ended that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
