import json
from typing import Any

import pytest

from tests.api.conftest import SIGNER, Api
from tests.orders import line, lines, order

pytestmark = pytest.mark.usefixtures("still")


async def _closed(api: Api) -> Any:
    await api.open()
    await api.push([*lines([1, 2]), line(order(3, amount="0.00"))])
    return await api.close()


async def test_from_open_to_outcome(api: Api) -> None:
    assert (await api.open()).status == 201
    await api.push([*lines([1, 2]), line(order(3, amount="0.00"))])
    closed = await api.close()
    assert (closed.status, closed.body["count"], closed.body["totals"]) == (200, 3, {"EUR": "1024.80"})
    assert (closed.body["refused"], closed.body["held"], len(closed.body["chunks"])) == (1, 0, 1)
    released = await api.release(api.manifest(closed))
    assert (released.status, released.body["state"]) == (200, "released")
    read = await api.call("GET", "/v1/orders/SICK-000003")
    assert (read.body["state"], read.body["outcome"], read.body["outcomeNo"]) == ("refused", "refused", 1)
    assert [v["rule"] for v in read.body["violations"]] == ["amount.zero"]
    feed = (await api.call("GET", "/v1/outcomes")).body
    assert [event["orderId"] for event in feed["outcomes"]] == ["SICK-000003"]
    assert (await api.call("GET", f"/v1/outcomes?after={feed['next']}")).body == {"outcomes": [], "next": feed["next"]}


async def test_every_call_again_is_the_same_answer(api: Api) -> None:
    assert (await api.open()).body == (await api.open()).body
    await api.push(lines([1]))
    closed = await api.close()
    assert (await api.close()).body == closed.body
    manifest = api.manifest(closed)
    released = await api.release(manifest)
    assert (await api.release(manifest)).body == released.body


async def test_another_manifest_after_release(api: Api) -> None:
    closed = await _closed(api)
    await api.release(api.manifest(closed))
    answer = await api.release(api.manifest(closed, approvers=["p-1", "p-3"]))
    assert (answer.status, answer.rules) == (409, ["batch.other-manifest"])


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"count": 4}, "/count"), ({"totals": {"EUR": "1024.81"}}, "/totals/EUR"), ({"totals": {}}, "/totals/EUR")],
)
async def test_a_count_or_total_that_disagrees(api: Api, changes: dict[str, Any], path: str) -> None:
    answer = await api.release(api.manifest(await _closed(api), **changes))
    assert (answer.status, [v["path"] for v in answer.body["violations"]]) == (409, [path])
    assert (await api.call("GET", "/v1/batches/B-1")).body["state"] == "closed"


async def test_a_manifest_that_was_tampered_with(api: Api) -> None:
    manifest = api.manifest(await _closed(api))
    signature = SIGNER.sign(manifest)
    for place in range(0, len(manifest), 17):
        tampered = manifest[:place] + bytes([manifest[place] ^ 1]) + manifest[place + 1 :]
        answer = await api.release(tampered, signature=signature)
        assert (answer.status, answer.rules) == (422, ["signature.wrong"])


async def test_a_signed_body_that_is_no_manifest(api: Api) -> None:
    await _closed(api)
    answer = await api.release(b'{"source":1}')
    assert answer.status == 422
    assert "shape.missing" in answer.rules


async def test_a_release_without_a_signature(api: Api) -> None:
    manifest = api.manifest(await _closed(api))
    headers = {"Content-Type": "application/json"}
    answer = await api.call("POST", "/v1/batches/B-1/release", data=manifest, headers=headers)
    assert (answer.status, answer.rules) == (422, ["signature.missing"])


async def test_a_manifest_of_any_size_is_not_read(api: Api) -> None:
    await _closed(api)
    answer = await api.release(b"x" * (5 * 1024 * 1024), signature="a..b")
    assert answer.status == 413


async def test_withdrawing(api: Api) -> None:
    await _closed(api)
    answer = await api.call("POST", "/v1/batches/B-1/withdraw")
    assert (answer.status, answer.body["orders"]) == (200, {"cancelled": 2, "refused": 1})


@pytest.mark.parametrize(
    ("body", "path", "rule"),
    [
        ({"batch": "B 1"}, "/batch", "string_pattern_mismatch"),
        ({"batch": "B/1"}, "/batch", "string_pattern_mismatch"),
        ({"batch": 7}, "/batch", "string_type"),
        ({"payDate": "soon"}, "/payDate", "date_parsing"),
        ({"payDate": "2026-09-01"}, "/payDate", "batch.pay-date"),
        ({"Maria Muster": 1}, "", "extra_forbidden"),
    ],
)
async def test_opening_with_something_wrong(api: Api, body: dict[str, Any], path: str, rule: str) -> None:
    answer = await api.open(**body)
    assert (answer.status, answer.body["violations"][0]["path"], answer.rules) == (422, path, [rule])
    assert "Muster" not in json.dumps(answer.body)


async def test_json_is_read_strictly(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    for body, rule in ((b"{", "json.syntax"), (b"[]", "json.object"), (b'{"a":1,"a":1}', "json.duplicate-key")):
        answer = await api.call("POST", "/v1/batches", data=body, headers=headers)
        assert (answer.status, answer.rules) == (422, [rule])
    long = await api.call("POST", "/v1/batches", data=b" " * 70_000, headers=headers)
    assert long.status == 413
    other = await api.call("POST", "/v1/batches", data=b"{}", headers={"Content-Type": "text/plain"})
    assert other.status == 415


async def test_an_order_id_with_a_slash(api: Api) -> None:
    await api.open()
    await api.push([line(order(1, orderId="2026/09/1"))])
    assert (await api.call("GET", "/v1/orders/2026/09/1")).body["orderId"] == "2026/09/1"


@pytest.mark.parametrize(
    "query", ["limit=0x", "limit=1001", "limit=-1", "after=%21", "after=MC4x&after=MC4x", "nonsense=1", "after=LTEuMA"]
)
async def test_a_query_that_means_nothing(api: Api, query: str) -> None:
    assert (await api.call("GET", f"/v1/outcomes?{query}")).status == 422


async def test_what_is_not_there(api: Api) -> None:
    for path in ("/v1/batches/B-9", "/v1/orders/X", "/v1/nothing"):
        answer = await api.call("GET", path)
        assert (answer.status, answer.body["type"]) == (404, "about:blank")
    wrong_method = await api.call("PUT", "/v1/batches")
    assert (wrong_method.status, wrong_method.headers["Allow"]) == (405, "POST")
