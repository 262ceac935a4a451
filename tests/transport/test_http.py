"""Sending to an API whose network breaks at every moment: before the first byte NOT SENT, from then on UNKNOWN."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bank_adapters.profile import Profile
from bank_adapters.rest.json_api import JsonApiAdapter
from bank_adapters.spi import HttpRequest
from gateway.domain.errors import BankUnreachable, ConfigError
from gateway.ports.transport import Answer, Arrival, Finding, Sent, Wire
from gateway.transport import http_line
from gateway.transport.http import HttpTransport
from tests.transport.clocks import StillClock

BODY = b'{"endToEndId":"E1","amount":"12.34"}'
KEY = "G1ALFA260921S00001"
LATER = 200.0
RECEIPT = b'{"idempotencyKey":"G1ALFA260921S00001"}'
WIRE = Wire(bank="alfa", name=KEY, intent=1, size=len(BODY), sha256=hashlib.sha256(BODY).hexdigest())

Connection = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PROFILE: dict[str, Any] = {
    "slug": "alfa",
    "name": "Alfa",
    "country": "DE",
    "bic": "ALFADEFF",
    "bank_codes": {"DE": ["12345678"]},
    "family": "rest",
    "tier": "sandbox",
    "onboarding": {"state": "simulated"},
    "currencies": ["EUR"],
    "account_types": ["IBAN"],
    "messages": {"initiation": "json-payments-v1"},
    "limits": {
        "payments_per_submission": 1,
        "sum_per_submission": None,
        "min_payments_per_submission": 1,
        "submissions_in_flight": 10,
    },
    "alphabet": "SEPA",
    "booking": "single",
    "answers": {"positive_status": True, "trusts_actc": False, "duplicate_check": "idempotency-key"},
    "timings": {
        "send_deadline_seconds": 20,
        "lease_seconds": 60,
        "authoritative_after_seconds": 60,
        "inquire_after_seconds": 30,
        "retry_after_seconds": 30,
        "tries_max": 5,
        "reject_final_after_hours": 24,
    },
    "breaker": {"failures": 3, "open_seconds": 30},
    "point_of_no_return": "first byte",
    "transport": {
        "kind": "https",
        "base_url": "http://bank",
        "auth": {"kind": "bearer", "token_secret": "alfa/token"},
        "timeout_seconds": 1,
    },
    "edge_key_secret": "alfa/edge",
}


def profile(**transport: Any) -> Profile:
    return Profile.model_validate_json(json.dumps(PROFILE | {"transport": PROFILE["transport"] | transport}))


class Bank:
    """A bank of raw sockets: it notes every request it got whole and then does what the test says."""

    def __init__(self, *behaviours: Connection) -> None:
        self.requests: list[bytes] = []
        self._behaviours = list(behaviours)
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        try:
            await behaviour(reader, writer)
        finally:
            writer.close()

    async def take(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b":0")
        self.requests.append(head + await reader.readexactly(int(length.split(b":")[1])))


def answering(status: str, body: bytes = RECEIPT, *headers: str) -> Connection:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return saying("\r\n".join(lines).encode() + body)


def saying(raw: bytes, *, before: float = 0.0) -> Connection:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await bank_of(writer).take(reader)
        await asyncio.sleep(before)
        writer.write(raw)
        await writer.drain()

    return behave


async def closing_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, then close without reading a byte."""


_banks: dict[int, Bank] = {}


def bank_of(writer: asyncio.StreamWriter) -> Bank:
    return _banks[writer.get_extra_info("sockname")[1]]


@asynccontextmanager
async def open_bank(*behaviours: Connection) -> AsyncIterator[Bank]:
    bank = Bank(*behaviours)
    await bank.start()
    port = int(bank.url.rsplit(":", 1)[1])
    _banks[port] = bank
    try:
        yield bank
    finally:
        del _banks[port]
        await bank.close()


async def token() -> str:
    return "secret-token"


class Naps:
    """An injected sleep: it notes how long it should have slept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@asynccontextmanager
async def opened(url: str, **changes: Any) -> AsyncIterator[HttpTransport]:
    access = changes.pop("access", {})
    arguments: dict[str, Any] = {"secret": token, "sleep": Naps(), "base_url": url} | changes
    clock = arguments.pop("clock", StillClock())
    transport = HttpTransport(profile(**access), JsonApiAdapter(), clock, **arguments)
    try:
        yield transport
    finally:
        await transport.close()


async def sent_to(*behaviours: Connection, **changes: Any) -> tuple[Answer, list[bytes]]:
    async with open_bank(*behaviours) as bank, opened(bank.url, **changes) as transport:
        await transport.prepare(WIRE)
        answer = await transport.send(WIRE, [BODY[:10], BODY[10:]], LATER)
        return answer, bank.requests


async def test_the_request_is_the_dialects_with_our_token() -> None:
    answer, requests = await sent_to(answering("201 Created"))
    assert (answer.sent, answer.evidence, answer.unreachable) == (Sent.SENT, {"http_status": "201"}, False)
    head, body = requests[0].split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v1/payments HTTP/1.1"
    assert {b"Idempotency-Key: " + KEY.encode(), b"Authorization: Bearer secret-token"} <= set(lines)
    assert b"Accept-Encoding: identity" in lines
    assert body == BODY


@pytest.mark.parametrize(
    "behaviour",
    [
        closing_at_once,
        saying(b""),
        saying(b"HTTP/1.1 201 Cre"),
        saying(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"status"'),
        saying(b"not HTTP at all\r\n\r\n"),
        saying(b"HTTP/1.1 201 Created\r\nContent-Length: 39\r\n\r\n" + RECEIPT, before=30),
        answering("500 Internal Server Error"),
        answering("502 Bad Gateway", b"<html>"),
    ],
    ids=["closes", "reads and closes", "cut head", "cut body", "no HTTP", "too late", "500", "502"],
)
async def test_from_the_first_byte_on_every_failure_is_unknown(behaviour: Connection) -> None:
    answer, requests = await sent_to(behaviour)
    assert (answer.sent, answer.unreachable) == (Sent.UNKNOWN, True)
    assert len(requests) <= 1  # it was never repeated


@pytest.mark.parametrize("unasked", ["201 Created", "401 Unauthorized", "422 Unprocessable Entity"])
async def test_what_the_bank_says_unasked_answers_no_later_request(unasked: str) -> None:
    heard, refused = asyncio.Event(), RECEIPT.replace(b"{", b'{"code":"AC04",')

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await bank_of(writer).take(reader)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 39\r\n\r\n" + RECEIPT)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(f"HTTP/1.1 {unasked}\r\nContent-Length: {len(refused)}\r\n\r\n".encode() + refused)
        await writer.drain()
        await asyncio.sleep(0.05)
        heard.set()
        await reader.read()

    async with open_bank(twice, answering("500 Internal Server Error")) as bank, opened(bank.url) as transport:
        assert (await transport.send(WIRE, [BODY], LATER)).sent is Sent.SENT
        await heard.wait()
        assert (await transport.send(WIRE, [BODY], LATER)).sent is Sent.UNKNOWN
        assert len(bank.requests) == 2  # the second went out once, over a connection of its own


@pytest.mark.parametrize("status", ["301 Moved Permanently", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_redirect_is_not_followed(status: str) -> None:
    async with open_bank(answering("201 Created")) as elsewhere:
        answer, _ = await sent_to(answering(status, b"", f"Location: {elsewhere.url}/v1/payments"))
        assert answer.sent is Sent.UNKNOWN
        assert elsewhere.requests == []


async def test_an_answer_without_measure_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_line, "ANSWER_LIMIT", 1000)
    answer, _ = await sent_to(answering("201 Created", RECEIPT.ljust(1001)))
    assert answer.sent is Sent.UNKNOWN
    answer, _ = await sent_to(answering("201 Created", RECEIPT.ljust(1000)))
    assert answer.sent is Sent.SENT


@pytest.mark.parametrize(
    ("guaranteed", "headers", "sent"),
    [
        (True, ["Retry-After: 5"], Sent.NOT_SENT),
        (True, [], Sent.UNKNOWN),
        (False, ["Retry-After: 5"], Sent.UNKNOWN),
    ],
)
async def test_busy_is_not_sent_only_where_the_bank_guarantees_it(
    headers: list[str], sent: Sent, *, guaranteed: bool
) -> None:
    busy = answering("503 Service Unavailable", b"{}", *headers)
    answer, _ = await sent_to(busy, access={"busy_means_not_sent": guaranteed})
    assert answer.sent is sent


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-bank.invalid"])  # RFC 6761: .invalid never resolves
async def test_a_bank_that_cannot_be_reached_is_not_sent_and_tried_again(host: str) -> None:
    naps = Naps()
    async with opened(f"http://{host}:{unused_port()}", sleep=naps) as transport:
        answer = await transport.send(WIRE, [BODY], LATER)
        assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, True)
        assert naps.seconds == [0.2, 0.4]
        with pytest.raises(BankUnreachable):
            await transport.probe()
        assert (await transport.inquire(WIRE, [1])).arrival is Arrival.CANNOT_TELL


async def test_a_bank_that_does_not_speak_tls_is_not_sent() -> None:
    answer, requests = await sent_to(closing_at_once, closing_at_once)
    assert answer.sent is Sent.UNKNOWN  # in the clear the first byte may have gone
    async with open_bank(closing_at_once) as bank, opened(bank.url.replace("http:", "https:")) as transport:
        answer = await transport.send(WIRE, [BODY], LATER)
    assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, True)
    assert requests == bank.requests == []


async def test_a_connection_that_never_stands_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_line, "CONNECT_SECONDS", 0.1)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        queued = [socket.socket() for _ in range(3)]
        for client in queued:  # fill the queue: the next one gets no answer to its SYN
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
        async with opened(f"http://127.0.0.1:{port}") as transport:
            answer = await transport.send(WIRE, [BODY], LATER)
        for client in queued:
            client.close()
    assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, True)


async def test_without_a_token_nothing_is_sent() -> None:
    async def no_token() -> str:
        raise OSError("secret-token at https://bank")

    answer, requests = await sent_to(answering("201 Created"), secret=no_token)
    assert (answer.sent, answer.unreachable, requests) == (Sent.NOT_SENT, True, [])
    assert "secret-token" not in str(answer.evidence)


async def test_past_the_deadline_no_byte_leaves() -> None:
    answer, requests = await sent_to(answering("201 Created"), clock=StillClock(LATER))
    assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, False)
    assert answer.evidence == {"cause": "the deadline passed before the first byte"}
    assert requests == []


async def test_the_deadline_is_looked_at_after_connecting() -> None:
    clock = StillClock()

    async def slow_token() -> str:
        clock.moment = LATER
        return "secret-token"

    answer, requests = await sent_to(answering("201 Created"), secret=slow_token, clock=clock)
    assert (answer.sent, requests) == (Sent.NOT_SENT, [])


async def test_the_boundary_stands_around_the_request() -> None:
    crossed: list[tuple[str, int]] = []
    async with open_bank(answering("200 OK")) as bank:

        def boundary(name: str) -> None:
            crossed.append((name, len(bank.requests)))

        async with opened(bank.url, boundary=boundary) as transport:
            await transport.send(WIRE, [BODY], LATER)
            assert crossed == [("wire", 0), ("wire", 1)]
            await transport.inquire(WIRE, [1])
            await transport.probe()
    assert len(crossed) == 2  # questions move nothing


async def test_other_bytes_than_those_sealed_never_go_out() -> None:
    async with open_bank(answering("201 Created")) as bank, opened(bank.url) as transport:
        answer = await transport.send(WIRE, [BODY.replace(b"12.34", b"92.34")], LATER)
        assert (answer.sent, bank.requests) == (Sent.NOT_SENT, [])


async def test_a_dialect_that_does_not_post_is_refused() -> None:
    class Putting(JsonApiAdapter):
        def submit_request(self, body: bytes, profile: Profile, name: str) -> HttpRequest:
            del profile
            return HttpRequest(method="PUT", path=f"/v1/payments/{name}", body=body)

    transport = HttpTransport(profile(), Putting(), StillClock(), secret=token, sleep=Naps())
    with pytest.raises(ConfigError, match="PUT"):
        await transport.send(WIRE, [BODY], LATER)


@pytest.mark.parametrize(
    ("behaviour", "arrival"),
    [
        (answering("200 OK"), Arrival.ARRIVED),
        (answering("200 OK", b'{"idempotencyKey":"G1ALFA260921S00002"}'), Arrival.CANNOT_TELL),
        (
            answering("404 Not Found", b'{"code":"NOT_FOUND","idempotencyKey":"G1ALFA260921S00001"}'),
            Arrival.SAYS_UNKNOWN,
        ),
        (answering("404 Not Found", b'{"code":"NOT_FOUND"}'), Arrival.CANNOT_TELL),
        (answering("404 Not Found", b"<html>a proxy</html>"), Arrival.CANNOT_TELL),
        (answering("500 Internal Server Error"), Arrival.CANNOT_TELL),
        (saying(b""), Arrival.CANNOT_TELL),
        (saying(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", before=30), Arrival.CANNOT_TELL),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), Arrival.CANNOT_TELL),
    ],
    ids=["200", "another's 200", "404", "404 of an API gateway", "404 of a proxy", "500", "closes", "too late", "cut"],
)
async def test_what_a_read_back_says(behaviour: Connection, arrival: Arrival) -> None:
    async with open_bank(behaviour) as bank, opened(bank.url) as transport:
        assert (await transport.inquire(WIRE, [1])).arrival is arrival
        assert bank.requests[0].startswith(b"GET /v1/payments/" + KEY.encode() + b" HTTP/1.1\r\n")


class Stumbling(JsonApiAdapter):
    """The adapter of a bank that answers what nobody foresaw."""

    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        raise KeyError(body.decode())

    def read_inquiry(self, status: int, body: bytes, name: str) -> Finding:
        raise KeyError(body.decode())


async def test_an_answer_over_which_the_adapter_stumbles_proves_nothing() -> None:
    async with open_bank(answering("201 Created", b'{"name":"Maria"}')) as bank:
        transport = HttpTransport(profile(), Stumbling(), StillClock(), secret=token, sleep=Naps(), base_url=bank.url)
        answer, finding = await transport.send(WIRE, [BODY], LATER), await transport.inquire(WIRE, [1])
        await transport.close()
    told = {"http_status": "201", "cause": "the adapter fails over it: KeyError"}
    assert (answer.sent, answer.evidence) == (Sent.UNKNOWN, told)
    assert (finding.arrival, finding.evidence) == (Arrival.CANNOT_TELL, told)


async def test_what_the_adapter_cannot_write_is_not_sent() -> None:
    class Wordless(JsonApiAdapter):
        def submit_request(self, body: bytes, profile: Profile, name: str) -> HttpRequest:
            raise KeyError(body)

    async with open_bank(answering("201 Created")) as bank:
        transport = HttpTransport(profile(), Wordless(), StillClock(), secret=token, sleep=Naps(), base_url=bank.url)
        answer = await transport.send(WIRE, [BODY], LATER)
        await transport.close()
    assert (answer.sent, answer.evidence) == (Sent.NOT_SENT, {"cause": "the adapter fails: KeyError"})
    assert bank.requests == []


async def test_a_question_is_asked_again_when_the_line_breaks() -> None:
    async with open_bank(closing_at_once, answering("200 OK")) as bank, opened(bank.url) as transport:
        assert (await transport.inquire(WIRE, [1])).arrival is Arrival.ARRIVED


async def test_the_probe_asks_for_health() -> None:
    async with open_bank(answering("200 OK")) as bank, opened(bank.url) as transport:
        await transport.probe()
        assert bank.requests[0].startswith(b"GET /v1/health HTTP/1.1\r\n")
    async with open_bank(answering("503 Service Unavailable")) as bank, opened(bank.url) as transport:
        with pytest.raises(BankUnreachable, match="status 503"):
            await transport.probe()


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_bank(answering("201 Created")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        answer, requests = await sent_to(answering("201 Created"))
        assert (answer.sent, len(requests), proxy.requests) == (Sent.SENT, 1, [])


async def test_there_is_nothing_to_pick_up() -> None:
    async with opened("http://bank") as transport:
        assert [delivery async for delivery in transport.collect()] == []
        await transport.acknowledge("x")
        await transport.discard(WIRE)


def test_a_bank_without_an_api_is_refused() -> None:
    folder = PROFILE | {
        "family": "iso20022",
        "messages": {"initiation": "pain.001.001.09"},
        "point_of_no_return": "rename",
        "transport": {"kind": "directory", "folder": "alfa"},
    }
    with pytest.raises(ConfigError, match="no API"):
        HttpTransport(
            Profile.model_validate_json(json.dumps(folder)),
            JsonApiAdapter(),
            StillClock(),
            secret=token,
            sleep=Naps(),
        )
