"""Streams of orders through the door: any size, constant memory, every refusal with its line."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.limits import LINE_BYTES, TooLarge
from gateway.api.ndjson import Lines
from gateway.service.intake import ChunkAnswer, Intake
from tests.api.conftest import Api
from tests.orders import line, lines, order

NDJSON = {"Content-Type": "application/x-ndjson"}


async def _stream(api: Api, body: AsyncIterator[bytes]) -> int:
    headers = {**NDJSON, "Authorization": f"Bearer {api.token()}"}
    async with api.client.post("/v1/batches/B-1/orders", data=body, headers=headers) as response:
        await response.read()
        return response.status


async def test_a_stream_of_several_chunks(api: Api) -> None:
    await api.open()
    pushed = [*lines(range(2_500)), line(order(9_001, amount="0")), line(order(3, amount="1.00"))]
    answer = await api.push(pushed)
    assert answer.status == 200
    assert answer.body == {
        "lines": 2_502,
        "accepted": 2_500,
        "refused": 1,
        "held": 0,
        "repeated": 0,
        "conflicting": 1,
        "conflicts": [{"line": 2_502, "orderId": "SICK-000003", "rule": "order.other-content"}],
        "storedThrough": 2_502,
    }
    again = await api.push(pushed)
    assert again.body == answer.body | {"repeated": 2_501}


async def test_only_the_first_hundred_conflicts_are_listed(api: Api) -> None:
    await api.open()
    await api.push(lines(range(150)))
    answer = await api.push(lines(range(150), amount="1.00"))
    assert (answer.body["conflicting"], len(answer.body["conflicts"])) == (150, 100)


async def test_a_line_that_cannot_be_read_says_through_which_line_all_is_stored(api: Api) -> None:
    await api.open()
    pushed = [*lines(range(1_200)), b'{"orderId":"A","deep":' + b"[" * 50 + b"]" * 50 + b"}"]
    answer = await api.push(pushed)
    assert (answer.status, answer.body["violations"][0]["path"], answer.rules) == (422, "/lines/1201", ["json.depth"])
    stored = answer.body["storedThrough"]
    assert answer.body["accepted"] == stored == (await api.call("GET", "/v1/batches/B-1")).body["orders"]["payable"]
    assert 1_000 <= stored < 1_201
    mended = await api.push([*pushed[:-1], line(order(1_200))])
    assert (mended.body["accepted"], mended.body["repeated"]) == (1_201, stored)


async def test_invalid_utf8_is_named_without_being_repeated(api: Api) -> None:
    await api.open()
    answer = await api.push([line(order(1)), b'{"orderId":"\xff\xfe"}'])
    assert (answer.status, answer.rules) == (422, ["json.utf8"])
    assert answer.body["storedThrough"] == 0


async def test_a_line_of_a_gigabyte_is_refused_in_bounded_memory(api: Api) -> None:
    await api.open()
    sent = 0

    async def gigabyte() -> AsyncIterator[bytes]:
        nonlocal sent
        yield line(order(1)) + b"\n"
        for _ in range(16_384):
            sent += 65_536
            yield b"x" * 65_536

    tracemalloc.start()
    try:
        status = await _stream(api, gigabyte())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert status == 413
    assert peak < 32 * 1024 * 1024
    assert sent < 1 << 30


async def test_a_caller_waits_for_the_database_and_not_in_our_memory(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.open()
    sent, may_store = 0, asyncio.Event()
    store = Intake.append

    async def slow(self: Intake, **chunk: Any) -> ChunkAnswer:
        await may_store.wait()
        return await store(self, **chunk)

    async def hundred_megabytes() -> AsyncIterator[bytes]:
        nonlocal sent
        for number in range(2_000):
            yield line(order(number, remittanceInformation="x" * 50_000)) + b"\n"
            sent += 1

    monkeypatch.setattr(Intake, "append", slow)
    push = asyncio.create_task(_stream(api, hundred_megabytes()))
    try:
        before = -1
        while sent == 0 or sent != before:  # until the caller is held up
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 1_000  # what sockets hold is the kernel's
    finally:
        push.cancel()
        may_store.set()


async def test_the_lines_before_one_that_is_too_long_are_stored(api: Api) -> None:
    await api.open()
    answer = await api.push([*lines(range(3)), b'"' + b"x" * LINE_BYTES + b'"', *lines([4])])
    assert (answer.status, answer.body["storedThrough"]) == (413, 3)
    assert answer.body["title"] == f"line 4 is longer than {LINE_BYTES} bytes"


async def test_a_body_that_breaks_off_stores_no_half_line(api: Api) -> None:
    await api.open()
    whole, half = line(order(1)), line(order(2))[:-10]
    host, port = api.client.host, api.client.port
    reader, writer = await asyncio.open_connection(host, port)
    body = whole + b"\n" + half
    head = f"POST /v1/batches/B-1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.token()}\r\n"
    head += f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body) + 500}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await reader.read()
    assert (await api.call("GET", "/v1/batches/B-1")).body["orders"].get("refused", 0) == 0
    assert (await api.push(lines([1, 2]))).body["accepted"] == 2


async def test_an_empty_stream_stores_nothing(api: Api) -> None:
    await api.open()
    assert (await api.push([])).body["lines"] == 0


async def test_a_stream_into_a_closed_batch(api: Api) -> None:
    await api.open()
    await api.push(lines([1]))
    await api.close()
    answer = await api.push(lines([2]))
    assert (answer.status, answer.rules) == (409, ["batch.not-open"])


async def test_a_batch_that_is_closed_while_a_stream_runs(api: Api) -> None:
    await api.open()

    async def closing() -> AsyncIterator[bytes]:
        yield b"\n".join(lines(range(1_000))) + b"\n"
        while not (await api.call("GET", "/v1/batches/B-1")).body["orders"]:
            pass
        await api.close()
        yield b"\n".join(lines(range(1_000, 2_000)))

    assert await _stream(api, closing()) == 409
    read = (await api.call("GET", "/v1/batches/B-1")).body
    assert (read["count"], read["orders"]) == (1_000, {"payable": 1_000})


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "application/json"}, {**NDJSON, "Content-Encoding": "gzip"}], ids=["json", "gzip"]
)
async def test_a_body_of_another_kind(api: Api, headers: dict[str, str]) -> None:
    await api.open()
    answer = await api.call("POST", "/v1/batches/B-1/orders", data=b"{}", headers=headers)
    assert answer.status in {400, 415}


async def test_a_hundred_pushes_at_once(api: Api) -> None:
    await api.open()
    pushed = lines(range(40))
    answers = await asyncio.gather(*(api.push(pushed) for _ in range(100)))
    assert {(a.status, a.body["accepted"]) for a in answers} == {(200, 40)}
    assert sum(a.body["repeated"] for a in answers) == 99 * 40


@given(
    texts=st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=30),
    cuts=st.lists(st.integers(1, 50), min_size=1, max_size=30),
)
def test_lines_do_not_depend_on_how_the_body_arrives(texts: list[bytes], cuts: list[int]) -> None:
    body = b"\n".join(texts)
    collected = Lines()
    place = 0
    while place < len(body):
        step = cuts[place % len(cuts)]
        collected.add(body[place : place + step])
        place += step
    collected.end()
    expected = body.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert collected.take() == (1, expected)


def test_a_line_may_be_as_long_as_its_limit_and_no_longer() -> None:
    collected = Lines()
    collected.add(b"x" * LINE_BYTES)
    with pytest.raises(TooLarge, match="line 1 "):
        collected.add(b"x")
