"""Banks that call: in order, each call signed; what is not taken stays queued."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.sandbox import Edge, Webhooks
from gateway.sandbox.bank import open_books
from gateway.sandbox.books import Books
from tests.sandbox.material import LATER, File, bank, drop, open_bank
from tests.sandbox.test_edge import KEY, Tape

SECRET = b"shared"


class Gateway:
    """Somebody who takes calls: `says` are its answers, the last one for ever."""

    def __init__(self, *says: int) -> None:
        self.says = list(says)
        self.calls: list[tuple[dict[str, str], bytes]] = []

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.calls.append((dict(request.headers), body))
        status = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        return web.json_response({"status": "accepted"}, status=status)


@asynccontextmanager
async def calling(root: Path, gateway: Gateway) -> AsyncIterator[tuple[Edge, Books, Tape]]:
    """Give a bank messages to say, and a gateway to call."""
    taken = open_bank(root)
    drop(root, "alfa", "one.xml", File().bytes())
    taken.collect(LATER.replace(day=21))
    taken.close()
    app = web.Application()
    app.router.add_post("/v1/bank-messages/alfa", gateway.take)
    tape, webhooks = Tape(), Webhooks({"alfa": SECRET})
    edge = Edge(key=KEY, root=root, publisher=tape, webhooks=webhooks)
    books = open_books(bank(), root)
    async with TestServer(app) as server:
        edge.call_at(str(server.make_url("")).rstrip("/"))
        yield edge, books, tape
    books.close()


async def test_every_message_is_a_signed_call_and_none_goes_to_the_edge(tmp_path: Path) -> None:
    gateway = Gateway(202)
    async with calling(tmp_path, gateway) as (edge, books, tape):
        due = books.due(LATER, 100)
        assert len(due) > 1
        assert await edge.deliver("alfa", books, LATER)
        assert [body for _, body in gateway.calls] == [answer.content for answer in due]
        for headers, body in gateway.calls:
            signed = headers["X-Timestamp"].encode() + b"." + body
            assert headers["X-Signature"] == hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
            assert headers["X-Timestamp"] == str(int(LATER.timestamp()))
        assert (edge.calls, tape.kept, books.due(LATER, 100)) == (len(due), [], [])


async def test_what_is_refused_stays_and_so_does_what_comes_after_it(tmp_path: Path) -> None:
    gateway = Gateway(202, 503, 202)
    async with calling(tmp_path, gateway) as (edge, books, _tape):
        due = books.due(LATER, 100)
        await edge.deliver("alfa", books, LATER)
        assert books.due(LATER, 100) == due[1:]
        await edge.deliver("alfa", books, LATER)
        assert books.due(LATER, 100) == []
        assert [body for _, body in gateway.calls] == [a.content for a in (due[0], due[1], *due[1:])]


async def test_nobody_there_is_no_end_of_the_bank(tmp_path: Path) -> None:
    async with calling(tmp_path, Gateway(202)) as (edge, books, _tape):
        edge.call_at("http://127.0.0.1:1")
        assert not await edge.deliver("alfa", books, LATER)
        assert books.due(LATER, 1)
