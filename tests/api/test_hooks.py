"""Banks that call: only what is signed, near its time and not too large gets to Kafka. Here is no database at all."""

import asyncio
import hashlib
import hmac
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any, cast

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from gateway.api import callers
from gateway.api.app import build_app
from gateway.api.callers import MESSAGE_BYTES, Caller, Hooks
from gateway.domain.errors import BusUnavailable
from gateway.observe.metrics import Metrics
from tests.api.conftest import doors
from tests.clock import StillClock
from tests.observe.test_metrics import sample

SECRETS = {"oscar": b"of oscar", "papa": b"of papa"}
BODY = b'{"type":"payment-status","endToEndId":"E1","status":"ACCC"}'
TOLERANCE = 300


@dataclass(slots=True, kw_only=True)
class Line:
    """A door for two banks; `published` is what Kafka acknowledged."""

    client: TestClient[Any, Any]
    clock: StillClock
    metrics: Metrics
    published: list[tuple[str, bytes]] = field(default_factory=list)
    kafka_down: bool = False

    async def publish(self, bank: str, message: bytes) -> None:
        if self.kafka_down:
            raise BusUnavailable("no Kafka")
        self.published.append((bank, message))

    @property
    def now(self) -> int:
        return int(self.clock.now().timestamp())

    async def call(self, body: Any = BODY, bank: str = "oscar", **headers: str) -> ClientResponse:
        given = signed(body if isinstance(body, bytes) else b"", self.now) | headers
        data = BytesIO(body) if isinstance(body, bytes) else body
        return await self.client.post(f"/v1/bank-messages/{bank}", data=data, headers=given)

    def counted(self, call: str, bank: str = "oscar") -> float | None:
        return sample(self.metrics, "gateway_webhook_calls_total", bank=bank, call=call)


def signed(body: bytes, timestamp: int, secret: bytes = SECRETS["oscar"]) -> dict[str, str]:
    """Sign as the description for banks says."""
    signature = hmac.new(secret, b"%d.%s" % (timestamp, body), hashlib.sha256).hexdigest()
    return {"X-Timestamp": str(timestamp), "X-Signature": signature, "X-Message-Id": "M-1"}


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    clock, metrics = StillClock(), Metrics()
    made = Line(client=cast("Any", None), clock=clock, metrics=metrics)
    known = {bank: Caller(secret=secret, tolerance_seconds=TOLERANCE) for bank, secret in SECRETS.items()}
    hooks = Hooks(known, made.publish, clock, metrics)
    app = build_app(replace(doors(cast("Any", None), clock), hooks=hooks))
    async with TestClient(TestServer(app)) as made.client:
        yield made


async def test_a_signed_message_is_taken_once_kafka_has_it(line: Line) -> None:
    answer = await line.call()
    assert (answer.status, await answer.json()) == (202, {"status": "accepted"})
    assert line.published == [("oscar", BODY)]
    assert line.counted("accepted") == 1


async def test_the_same_call_again_is_the_same_answer_and_is_published_once(line: Line) -> None:
    headers = signed(BODY, line.now)
    for seconds, status in ((0, "accepted"), (0, "known"), (TOLERANCE, "known")):
        line.clock.advance(seconds)
        answer = await line.call(**headers)
        assert (answer.status, await answer.json()) == (202, {"status": status})
    assert len(line.published) == 1
    line.clock.advance(1)
    assert (await line.call(**headers)).status == 401


async def test_a_call_of_one_bank_is_nothing_at_another(line: Line) -> None:
    assert (await line.call(bank="papa")).status == 401
    assert (await line.call(bank="papa", **signed(BODY, line.now, SECRETS["papa"]))).status == 202
    assert line.published == [("papa", BODY)]


async def test_what_is_forgotten_is_only_what_could_not_come_again(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "CALLS_KEPT", 2)
    bodies = (b"1", b"2", b"3")
    for body in bodies:
        await line.call(body)
    answers = [await (await line.call(body)).json() for body in reversed(bodies)]
    assert [answer["status"] for answer in answers] == ["known", "known", "accepted"]


@pytest.mark.parametrize(
    "forged",
    [
        {"X-Signature": ""},
        {"X-Signature": "0" * 64},
        {"X-Signature": signed(BODY, 0)["X-Signature"].upper()},
        {"X-Signature": "é" * 64},
        {"X-Timestamp": ""},
        {"X-Timestamp": "now"},
        {"X-Timestamp": "-1"},
        {"X-Timestamp": "1e9"},
        {"X-Timestamp": "9" * 400},
        {"X-Timestamp": "٣"},
    ],
)
async def test_a_forged_call_is_refused_without_a_word_of_it(line: Line, forged: dict[str, str]) -> None:
    answer = await line.call(**forged)
    assert (answer.status, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "HMAC-SHA256"
    text = await answer.text()
    assert not any(value in text for value in (*forged.values(), "E1", "0" * 64) if value)
    assert line.published == []


async def test_neither_time_nor_body_can_be_exchanged(line: Line) -> None:
    headers = signed(BODY, line.now)
    assert (await line.call(BODY + b" ", **headers)).status == 401
    assert (await line.call(**headers | {"X-Timestamp": str(line.now + 1)})).status == 401
    assert line.counted("signature") == 2
    assert line.published == []


@pytest.mark.parametrize(
    ("off", "status"), [(-TOLERANCE, 202), (TOLERANCE, 202), (-TOLERANCE - 1, 401), (TOLERANCE + 1, 401)]
)
async def test_a_timestamp_is_near_or_the_call_is_refused(line: Line, off: int, status: int) -> None:
    assert (await line.call(**signed(BODY, line.now + off))).status == status
    assert line.counted("timestamp") == (status == 401)


async def test_a_bank_that_does_not_call_is_a_path_that_is_not_there(line: Line) -> None:
    unknown, nowhere = await line.call(bank="alfa"), await line.client.post("/v1/nowhere", data=BODY)
    assert (unknown.status, await unknown.json()) == (nowhere.status, await nowhere.json())
    assert line.counted("unknown bank", "none") == 1


@pytest.mark.parametrize("chunked", [False, True])
async def test_what_is_too_large_is_not_read(line: Line, *, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MESSAGE_BYTES // 65_536 + 1):
            yield bytes(65_536)

    large = pieces() if chunked else bytes(MESSAGE_BYTES + 1)
    assert (await line.call(large)).status == 413
    assert line.counted("size") == 1
    assert (await line.call(bytes(MESSAGE_BYTES))).status == 202


async def test_a_compressed_body_is_refused(line: Line) -> None:
    assert (await line.call(zlib.compress(BODY), **{"Content-Encoding": "deflate"})).status == 415


@pytest.mark.parametrize(
    "body", [b"", b"\0", b'{"a":' * 50_000, b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"\xff\xfe"]
)
async def test_what_the_bank_says_is_not_looked_at_here(line: Line, body: bytes) -> None:
    assert (await line.call(body)).status == 202
    assert line.published == [("oscar", body)]


async def test_without_kafka_the_bank_is_asked_to_call_again(line: Line) -> None:
    line.kafka_down = True
    answer = await line.call()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    line.kafka_down = False
    assert await (await line.call()).json() == {"status": "accepted"}


async def refusal(line: Line, bank: str = "oscar") -> ClientResponse:
    """Call until the server has all that was begun before, and refuses."""
    for _ in range(1_000):
        answer = await line.call(bank=bank, **signed(BODY, line.now, SECRETS[bank]))
        if answer.status == 429:
            return answer
        assert answer.status == 202
    raise AssertionError("it takes any number")


@pytest.mark.parametrize("bound", ["AT_ONCE", "AT_ONCE_OF_A_BANK"])
async def test_a_storm_of_bodies_is_read_only_so_many_at_once(
    line: Line, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """Those in one bank's name, and those of all: another bank's first is read nevertheless."""
    monkeypatch.setattr(callers, bound, 2)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        arrived.set()
        await go_on.wait()

    storm = [asyncio.create_task(line.call(slow())) for _ in range(2)]
    await arrived.wait()
    refused = await refusal(line)
    assert refused.headers["Retry-After"] == "1"
    papa = signed(BODY, line.now, SECRETS["papa"])
    assert (await line.call(bank="papa", **papa)).status == 202
    go_on.set()
    assert [(await call).status for call in storm] == [401, 401]
    assert (await line.call()).status == 202


async def test_all_banks_together_are_bounded(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "AT_ONCE", 3)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        arrived.set()
        await go_on.wait()

    storm = [asyncio.create_task(line.call(slow(), bank)) for bank in ("oscar", "oscar", "papa")]
    await arrived.wait()
    await refusal(line, "papa")  # its second, and the fourth of all
    go_on.set()
    assert [(await call).status for call in storm] == [401, 401, 401]


async def test_a_body_that_does_not_come_is_not_waited_for(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "BODY_SECONDS", 0.05)

    async def never() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(1)

    assert (await line.call(never())).status == 408
    assert line.counted("slow") == 1


async def test_a_bank_whose_profile_cannot_be_used_is_put_off_and_no_other_name_is_known() -> None:
    clock = StillClock()

    async def publish(_bank: str, _message: bytes) -> None:
        raise AssertionError("nothing of it may be believed")

    hooks = Hooks({}, publish, clock, disabled=("oscar",))
    app = build_app(replace(doors(cast("Any", None), clock), hooks=hooks))
    async with TestClient(TestServer(app)) as client:
        answers = [await client.post(f"/v1/bank-messages/{bank}", data=BODY) for bank in ("oscar", "nobody")]
    assert [answer.status for answer in answers] == [503, 404]
