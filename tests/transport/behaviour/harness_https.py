"""A bank with an API for the behaviour suite: mutual TLS, tokens, signatures, and a proxy in front that sees neither.

The bank speaks HTTP over raw streams, so that it can fall silent or break off at any byte. Connections pass a proxy
that knows nothing of TLS: what goes wrong at stage `connect` goes wrong there.
"""

import asyncio
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bank_adapters.profile import HttpsTransport, Profile
from bank_adapters.rest.json_api import JsonApiAdapter
from gateway.ports.boundary import Boundary, unbounded
from gateway.ports.transport import Wire
from gateway.runtime.material_tls import certificate, pem_pair
from gateway.sandbox.access import server_tls
from gateway.transport.http import HttpTransport
from gateway.transport.http_tls import client_context
from tests.transport.behaviour.harness import Fault, Kind, alone
from tests.transport.clocks import StillClock
from tests.transport.test_http import PROFILE

T = TypeVar("T")

KEY = "G1ALFA260921S00001"
RECEIPT = b'{"idempotencyKey":"G1ALFA260921S00001"}'
CONTENT = b'{"endToEndId":"E1","amount":"12.34"}'
PATIENCE_SECONDS, SILENCE_SECONDS = 10.0, 0.75
STRIKES_MOST = 1_000
CONNECT, TOKEN, REQUEST = "connect", "token", "request"
FAULTS = {
    CONNECT: (Fault.CUT_BEFORE, Fault.STALLED),
    TOKEN: (Fault.REFUSED, Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.SWALLOWED, Fault.STALLED),
    REQUEST: (
        Fault.REFUSED,
        Fault.LIED,
        Fault.NO_SPACE,
        Fault.CUT_BEFORE,
        Fault.CUT_AFTER,
        Fault.SWALLOWED,
        Fault.STALLED,
    ),
}
_AUTH = {"kind": "oauth2", "client_id": "us", "client_secret": "alfa/client"}


def profile(url: str, seconds: float) -> Profile:
    transport = {"kind": "https", "base_url": url, "auth": _AUTH, "timeout_seconds": 1}
    made = Profile.model_validate_json(json.dumps(PROFILE | {"transport": transport}))
    # Whole seconds are for people; a suite has no time for them.
    assert isinstance(made.transport, HttpsTransport)
    return made.model_copy(update={"transport": made.transport.model_copy(update={"timeout_seconds": seconds})})


class Papers:
    """Certificates of a bank and of another that calls itself the same, as contexts of TLS."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        ca, stranger = certificate("bank CA", None), certificate("bank CA", None)
        self.ca, _ = pem_pair(ca)
        self.client, self.client_key = pem_pair(certificate("us", ca))
        self.bank, self.impostor = self._server(ca, "bank"), self._server(stranger, "impostor")

    def _server(self, issuer: Any, name: str) -> ssl.SSLContext:
        chain, key, clients = (self._folder / f"{name}.{part}" for part in ("pem", "key", "ca"))
        pair = pem_pair(certificate("bank", issuer, hosts=("127.0.0.1",)))
        for path, content in zip((chain, key, clients), (*pair, self.ca), strict=True):
            path.write_bytes(content)
        return server_tls(chain, key, clients)

    def ours(self) -> ssl.SSLContext:
        return client_context("alfa", ca=self.ca, certificate=self.client, private_key=self.client_key)


@dataclass(slots=True)
class Server:
    """Everything that lives in the bank's thread."""

    papers: Papers
    armed: dict[str, Fault] = field(default_factory=dict)
    books: dict[str, bytes] = field(default_factory=dict)
    arrivals: list[bytes] = field(default_factory=list)
    healed: asyncio.Event = field(default_factory=asyncio.Event)
    ends: set[asyncio.StreamWriter] = field(default_factory=set)
    port: int = 0
    behind: int = 0
    _doors: list[asyncio.Server] = field(default_factory=list)
    _proxy: asyncio.Server | None = None

    async def open(self) -> None:
        await self.show(self.papers.bank)
        await self.listen()

    async def show(self, papers: ssl.SSLContext) -> None:
        """Serve with these papers from now on; what stood before is cut."""
        self.cut()
        door = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=papers)
        self._doors.append(door)
        self.behind = door.sockets[0].getsockname()[1]

    async def listen(self) -> None:
        if self._proxy is None:
            self._proxy = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
            self.port = self._proxy.sockets[0].getsockname()[1]

    async def down(self) -> None:
        if self._proxy is not None:
            self._proxy.close()
            self._proxy = None
        self.cut()

    async def heal(self) -> None:
        self.armed.clear()
        self.healed.set()
        self.healed = asyncio.Event()
        await self.show(self.papers.bank)
        await self.listen()

    async def close(self) -> None:
        self.healed.set()
        for door in [*self._doors, *([self._proxy] if self._proxy else [])]:
            door.close()
        self.cut()

    def cut(self) -> None:
        for end in list(self.ends):
            _reset(end)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes between a caller and the bank."""
        fault, healed = self.armed.pop(CONNECT, None), self.healed
        self.ends.add(writer)
        try:
            if fault is Fault.CUT_BEFORE:
                return
            if fault is Fault.STALLED:
                await healed.wait()
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.behind)
            self.ends.add(inner_writer)
            try:
                await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
            finally:
                self.ends.discard(inner_writer)
                _reset(inner_writer)
        except OSError:
            pass
        finally:
            self.ends.discard(writer)
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while await self._answer(reader, writer):
                    pass
        finally:
            _reset(writer)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one request; say whether the connection is to be kept."""
        head, body = await _request(reader)
        method, path, _ = head.split(b" ", 2)
        stage, healed = _stage(method, path), self.healed
        fault = self.armed.pop(stage, None)
        if fault is Fault.CUT_BEFORE:
            return False
        if fault is Fault.STALLED:
            await healed.wait()
        if fault in {Fault.REFUSED, Fault.NO_SPACE}:
            return await _say(writer, 507 if fault is Fault.NO_SPACE else 503)
        status, answer = self._done(stage, path, head, body)
        if fault is Fault.SWALLOWED:
            await healed.wait()
        if fault in {Fault.CUT_AFTER, Fault.SWALLOWED}:
            return False
        return await _say(writer, 500 if fault is Fault.LIED else status, answer)

    def _done(self, stage: str, path: bytes, head: bytes, body: bytes) -> tuple[int, bytes]:
        if stage == TOKEN:
            return 200, b'{"access_token":"T","token_type":"Bearer","expires_in":300}'
        if stage == REQUEST:
            return self._book(_header(head, b"idempotency-key").decode(), body)
        key = path.rsplit(b"/", 1)[1].decode()
        unknown = b'{"code":"NOT_FOUND","idempotencyKey":"%s"}' % key.encode()
        return (200, RECEIPT) if key == "health" or key in self.books else (404, unknown)

    def _book(self, key: str, body: bytes) -> tuple[int, bytes]:
        if key in self.books:
            return (201, RECEIPT) if self.books[key] == body else (409, b'{"code":"CONFLICT"}')
        self.books[key] = body
        self.arrivals.append(body)
        return 201, RECEIPT


def _stage(method: bytes, path: bytes) -> str:
    if method != b"POST":
        return "question"
    return TOKEN if path == b"/oauth2/token" else REQUEST


def _header(head: bytes, name: bytes) -> bytes:
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return next((value.strip() for key, _, value in lines if key.lower() == name), b"")


async def _request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    return head, await reader.readexactly(int(_header(head, b"content-length") or b"0"))


async def _say(writer: asyncio.StreamWriter, status: int, answer: bytes = b"{}") -> bool:
    writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
    await writer.drain()
    return True


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


class HttpsBank:
    """See `harness.Bank`; every call goes to the bank's own thread."""

    def __init__(self, folder: Path) -> None:
        self._patience = PATIENCE_SECONDS
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._papers = Papers(folder)
        self._server = self._in_thread(_made(self._papers))

    content = CONTENT

    def wire(self, intent: int = 1) -> Wire:
        digest = hashlib.sha256(CONTENT).hexdigest()
        return Wire(bank="alfa", name=KEY, intent=intent, size=len(CONTENT), sha256=digest)

    def transport(self, clock: StillClock, boundary: Boundary = unbounded) -> HttpTransport:
        return HttpTransport(
            profile(f"https://127.0.0.1:{self._server.port}", self._patience),
            JsonApiAdapter(),
            clock,
            secret=_secret,
            sleep=_at_once,
            boundary=boundary,
            tls=self._papers.ours(),
        )

    def held(self) -> list[bytes]:
        return self._call(lambda: list(self._server.arrivals))

    def collect(self) -> None:
        """An API has nothing to collect."""

    def put(self, content: bytes) -> None:
        self._call(lambda: self._server.books.update({KEY: content}))
        self._call(lambda: self._server.arrivals.append(content))

    def go_wrong(self, stage: str, fault: Fault) -> None:
        self._call(lambda: self._server.armed.update({stage: fault}))

    def struck(self) -> None:
        for _ in range(STRIKES_MOST):
            if not self._call(lambda: bool(self._server.armed)):
                return
            time.sleep(0.01)
        raise TimeoutError

    def hurry(self) -> None:
        self._patience = SILENCE_SECONDS

    def down(self) -> None:
        self._in_thread(self._server.down())

    def other_identity(self) -> None:
        self._in_thread(self._server.show(self._papers.impostor))

    def heal(self) -> None:
        self._in_thread(self._server.heal())

    def close(self) -> None:
        self._in_thread(self._server.close())
        self._in_thread(_ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    def _call(self, act: Callable[[], T]) -> T:
        async def acted() -> T:
            return act()

        return self._in_thread(acted())


async def _made(papers: Papers) -> Server:
    server = Server(papers=papers)
    await server.open()
    return server


async def _ended() -> None:
    """Let nothing of the bank's loop live on."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await alone()


async def _secret() -> str:
    return "of the client"


async def _at_once(_seconds: float) -> None:
    """Do not wait between tries to connect."""


@contextmanager
def opened(folder: Path) -> Iterator[HttpsBank]:
    bank = HttpsBank(folder)
    try:
        yield bank
    finally:
        bank.close()


KIND = Kind(
    name="https",
    opened=opened,
    faults=FAULTS,
    certain=frozenset({CONNECT, TOKEN}),
    proves=False,
    network=True,
    boundaries=2,
    identity=True,
)
