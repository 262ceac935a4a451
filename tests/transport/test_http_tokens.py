"""Tokens of a bank's endpoint: asked for once however many wait, renewed before they expire, dropped when refused."""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from bank_adapters.profile import OAuth2
from bank_adapters.spi import HttpRequest
from gateway.domain.errors import BankUnreachable
from gateway.ports.transport import Sent
from gateway.transport.http_line import Crossing, HttpLine, Reply
from gateway.transport.http_tokens import LIFE_SECONDS, PAUSE_SECONDS, ClientCredentials
from tests.transport.clocks import StillClock
from tests.transport.test_http import BODY, LATER, WIRE, answering, open_bank, opened

ACCESS = OAuth2(kind="oauth2", client_id="us & co", client_secret="a/b", scope="payments read", renew_before_seconds=30)
OAUTH = {"kind": "oauth2", "client_id": "us", "client_secret": "alfa/client"}


def granted(token: str, **changes: object) -> Reply:
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": 300} | changes
    said = {name: value for name, value in answer.items() if value is not None}
    return Reply(status=200, body=json.dumps(said).encode())


class Endpoint(HttpLine):
    """A token endpoint without a network: it answers one by one, when `open` is set."""

    def __init__(self, *replies: Reply | Exception) -> None:
        super().__init__("", timeout_seconds=1, now=lambda: datetime.now(UTC), before_first_byte=lambda _: None)
        self.replies = list(replies)
        self.asked: list[HttpRequest] = []
        self.open = asyncio.Event()
        self.open.set()
        self.reached = asyncio.Event()

    async def ask(self, request: HttpRequest, headers: Mapping[str, str], crossing: Crossing | None = None) -> Reply:
        del headers, crossing
        self.asked.append(request)
        self.reached.set()
        await self.open.wait()
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


async def secret() -> str:
    return "p+/ %"


def tokens(endpoint: Endpoint, clock: StillClock | None = None) -> ClientCredentials:
    return ClientCredentials(ACCESS, secret, endpoint, clock or StillClock())


async def test_the_question_is_that_of_rfc_6749() -> None:
    endpoint = Endpoint(granted("t1"))
    assert await tokens(endpoint).current() == "t1"
    (asked,) = endpoint.asked
    scheme, basic = asked.headers["Authorization"].split()
    # Section 2.3.1: name and secret are form-encoded before they are joined.
    assert (scheme, base64.b64decode(basic)) == ("Basic", b"us+%26+co:p%2B%2F+%25")
    assert (asked.method, asked.path) == ("POST", "/oauth2/token")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["payments read"]}


async def test_many_who_need_a_token_ask_once() -> None:
    endpoint = Endpoint(granted("t1"))
    endpoint.open.clear()
    source = tokens(endpoint)
    waiting = [asyncio.create_task(source.current()) for _ in range(50)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # who gives up takes the answer away from nobody
    await asyncio.sleep(0)
    endpoint.open.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == ["t1"] * 49
    assert len(endpoint.asked) == 1


async def test_many_share_a_failure_too_and_the_next_asks_again() -> None:
    endpoint = Endpoint(Reply(status=503, body=b""), granted("t1"))
    source = tokens(endpoint)
    answers = await asyncio.gather(*(source.current() for _ in range(5)), return_exceptions=True)
    assert {str(answer) for answer in answers} == {"the token endpoint answers with status 503"}
    assert await source.current() == "t1"
    assert len(endpoint.asked) == 2


async def test_a_token_is_renewed_before_it_expires() -> None:
    clock, endpoint = StillClock(0), Endpoint(granted("t1"), granted("t2"))
    source = tokens(endpoint, clock)
    for moment, token in ((0, "t1"), (269, "t1"), (270, "t2"), (539, "t2")):
        clock.moment = moment
        assert await source.current() == token


@pytest.mark.parametrize(("life", "good_until"), [(20, 10), (None, LIFE_SECONDS - 30), (60, 30), (1, 0.5)])
async def test_a_short_life_is_used_for_half_of_it(life: int | None, good_until: float) -> None:
    clock, endpoint = StillClock(0), Endpoint(granted("t1", expires_in=life), granted("t2"))
    source = tokens(endpoint, clock)
    await source.current()
    clock.moment = good_until - 0.1
    assert await source.current() == "t1"
    clock.moment = good_until
    assert await source.current() == "t2"


async def test_a_life_is_counted_from_before_the_question() -> None:
    clock, endpoint = StillClock(0), Endpoint(granted("t1"), granted("t2"))
    endpoint.open.clear()
    source = tokens(endpoint, clock)
    asking = asyncio.create_task(source.current())
    await endpoint.reached.wait()
    clock.moment = 100
    endpoint.open.set()
    await asking
    clock.moment = 270
    assert await source.current() == "t2"


async def test_while_renewal_fails_the_old_token_serves_until_it_expires() -> None:
    clock, endpoint = StillClock(0), Endpoint(granted("t1"), OSError(), OSError(), OSError())
    source = tokens(endpoint, clock)
    await source.current()
    clock.moment = 280
    assert await source.current() == "t1"
    assert await source.current() == "t1"  # the endpoint has a pause
    assert len(endpoint.asked) == 2
    clock.moment = 280 + PAUSE_SECONDS
    assert await source.current() == "t1"
    assert len(endpoint.asked) == 3
    clock.moment = 300
    with pytest.raises(OSError):  # noqa: PT011 - the very one
        await source.current()


async def test_a_refused_token_is_dropped_but_not_its_successor() -> None:
    endpoint = Endpoint(granted("t1"), granted("t2"))
    source = tokens(endpoint)
    await source.current()
    source.refused("t1")
    assert await source.current() == "t2"
    source.refused("t1")  # a late answer to a request of before
    assert await source.current() == "t2"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=200, body=b"<html>"),
        Reply(status=200, body=b"{}"),
        granted("t1", token_type="mac"),
        granted("t1\r\nX-Other: 1"),
        granted(""),
        granted("t1", expires_in=0),
        granted("t1", expires_in="soon"),
        Reply(status=201, body=granted("t1").body),
        Reply(status=302, body=b""),
        Reply(status=401, body=b'{"error":"invalid_client","secret":"p+/ %"}'),
    ],
)
async def test_what_is_no_token_is_none(reply: Reply) -> None:
    with pytest.raises(BankUnreachable) as raised:
        await tokens(Endpoint(reply)).current()
    assert "p+/" not in str(raised.value)


async def test_closing_ends_a_question_under_way() -> None:
    endpoint = Endpoint(granted("t1"))
    endpoint.open.clear()
    source = tokens(endpoint)
    asking = asyncio.create_task(source.current())
    await asyncio.sleep(0)
    await source.close()
    with pytest.raises(asyncio.CancelledError):
        await asking


TOKEN_1 = answering("200 OK", granted("t1").body)
TOKEN_2 = answering("200 OK", granted("t2").body)


async def test_a_submission_refused_with_401_is_not_posted_again_but_the_token_is_gone() -> None:
    behaviours = (TOKEN_1, answering("401 Unauthorized"), TOKEN_2, answering("201 Created"))
    async with open_bank(*behaviours) as bank, opened(bank.url, access={"auth": OAUTH}) as transport:
        answer = await transport.send(WIRE, [BODY], LATER)
        assert (answer.sent, answer.evidence) == (Sent.NOT_SENT, {"http_status": "401"})  # as the dialect reads it
        assert len(bank.requests) == 2
        assert (await transport.send(WIRE, [BODY], LATER)).sent is Sent.SENT
        assert b"Authorization: Bearer t2" in bank.requests[3]


async def test_a_question_refused_with_401_is_asked_again_with_another_token() -> None:
    behaviours = (TOKEN_1, answering("401 Unauthorized"), TOKEN_2, answering("200 OK"))
    async with open_bank(*behaviours) as bank, opened(bank.url, access={"auth": OAUTH}) as transport:
        await transport.probe()
        assert len(bank.requests) == 4


async def test_a_question_with_a_fixed_token_is_asked_once() -> None:
    async with open_bank(answering("401 Unauthorized")) as bank, opened(bank.url) as transport:
        with pytest.raises(BankUnreachable, match="401"):
            await transport.probe()
        assert len(bank.requests) == 1


async def test_a_token_endpoint_that_fails_lets_nothing_leave() -> None:
    async with open_bank(answering("500 Oops")) as bank, opened(bank.url, access={"auth": OAUTH}) as transport:
        answer = await transport.send(WIRE, [BODY], LATER)
    assert (answer.sent, answer.unreachable) == (Sent.NOT_SENT, True)
    assert answer.evidence == {"cause": "not connected: no token: the token endpoint answers with status 500"}
    assert all(request.startswith(b"POST /oauth2/token ") for request in bank.requests)
