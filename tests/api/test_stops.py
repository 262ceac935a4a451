"""Stops over REST: several at once, what each caught, and whose eyes see whom it is about."""

from typing import Any

from tests.api.conftest import Api
from tests.orders import IBAN, lines

PERSON = {"kind": "person", "value": "nidn:id-000001"}
NOTICE: dict[str, Any] = {"id": "n-1", "notice": "death", "subjects": [PERSON, {"kind": "account", "value": IBAN}]}


def operator(api: Api, name: str = "anna") -> str:
    return api.token(scope="operate", sub=name, source=None, sources=["*"])


async def notify(api: Api, **changes: Any) -> Any:
    return await api.call("POST", "/v1/stop-notices", json=NOTICE | changes)


async def test_a_notice_stops_several_things_and_says_what_each_caught(api: Api) -> None:
    await api.open()
    await api.push(lines([1, 2]))
    answer = await notify(api, effectiveOn="2026-09-01", reason="register")
    assert answer.status == 201
    person, account = answer.body["stops"]
    assert (person["kept"], person["keptOrders"], person["left"]) == ({"EUR": "512.40"}, 1, {})
    assert (account["kept"], account["keptOrders"]) == ({"EUR": "1024.80"}, 2)
    assert (person["notice"], person["reasonClass"], person["effectiveOn"]) == ("n-1", "death", "2026-09-01")
    assert person["swept"]


async def test_the_same_notice_again_is_the_same_and_another_under_its_id_a_conflict(api: Api) -> None:
    first = await notify(api)
    assert [s["stopNo"] for s in (await notify(api)).body["stops"]] == [s["stopNo"] for s in first.body["stops"]]
    other = await notify(api, reason="other words")
    assert (other.status, other.rules) == (409, ["notice.other-content"])


async def test_a_notice_is_all_or_nothing(api: Api) -> None:
    wrong = await notify(api, subjects=[PERSON, {"kind": "bank", "value": "nowhere"}])
    assert (wrong.status, wrong.rules) == (422, ["bank.unknown"])
    assert (await notify(api, subjects=[{"kind": "order", "value": "x"}])).rules == ["notice.subjects"]
    assert (await notify(api, source="benefits-south")).status == 403
    assert (await api.call("GET", "/v1/stops", token=operator(api))).body["stops"] == []


async def test_whom_a_stop_is_about_is_seen_by_those_who_work_with_it(api: Api) -> None:
    number = (await notify(api)).body["stops"][0]["stopNo"]
    path = f"/v1/stops/{number}"
    assert (await api.call("GET", path, token=operator(api))).body["value"] == "NIDN:ID000001"
    reader = api.token(scope="read", source=None, sources=["benefits-north"])
    assert (await api.call("GET", path, token=reader)).body["value"] == "NIDN:******01"
    listed = (await api.call("GET", "/v1/stops", token=operator(api))).body["stops"]
    assert [s["value"][-4:] for s in listed] == ["**" + IBAN[-2:], "**01"]
    assert (await api.call("GET", "/v1/stops/99", token=reader)).status == 404
    other = api.token(scope="read", source=None, sources=["benefits-south"])
    assert (await api.call("GET", path, token=other)).status == 404


async def test_the_orders_it_caught_page_by_page(api: Api) -> None:
    await api.open()
    await api.push(lines([1, 2, 3]))
    stop = {"kind": "benefit", "value": "SICK_PAY", "reason": "review"}
    number = (await api.call("POST", "/v1/stops", json=stop)).body["stopNo"]
    path, reader = f"/v1/stops/{number}/orders", operator(api)
    first = (await api.call("GET", f"{path}?limit=2", token=reader)).body
    rest = (await api.call("GET", f"{path}?after={first['next']}", token=reader)).body
    found = [*first["orders"], *rest["orders"]]
    assert [o["orderId"] for o in found] == ["SICK-000001", "SICK-000002", "SICK-000003"]
    assert {(o["how"], o["amount"], o["currency"]) for o in found} == {("kept", "512.40", "EUR")}


async def test_stops_page_by_page_and_by_state(api: Api) -> None:
    for number in range(3):
        await api.call("POST", "/v1/stops", json={"kind": "order", "value": f"O-{number}", "reason": "x"})
    first = (await api.call("GET", "/v1/stops?limit=2", token=operator(api))).body
    rest = (await api.call("GET", f"/v1/stops?limit=2&before={first['next']}", token=operator(api))).body
    assert [s["value"] for s in first["stops"] + rest["stops"]] == ["O-2", "O-1", "O-0"]
    assert rest["next"] is None
    for name in ("anna", "berta"):
        await api.call("POST", f"/v1/stops/{rest['stops'][0]['stopNo']}/lift", token=operator(api, name))
    lifted = (await api.call("GET", "/v1/stops?state=lifted", token=operator(api))).body["stops"]
    assert [s["value"] for s in lifted] == ["O-0"]


async def test_what_became_of_the_records_of_topics(api: Api) -> None:
    async with api.store._pool.acquire() as connection:
        await connection.execute("""
            INSERT INTO partition_lease (incarnation, topic, partition, next_offset)
            VALUES ('b', 't', 0, 7), ('b', 't', 1, 0);
            INSERT INTO record_range
            VALUES ('b', 't', 0, 2, 4, 1, 1, 1, '2026-09-21'), ('b', 't', 0, 5, 6, 2, 0, 0, '2026-09-21');
            INSERT INTO dead_letter (incarnation, topic, partition, "offset", rule, value, headers, received_at)
            VALUES ('b', 't', 0, 3, 'r', '', '{}', '2026-09-21')""")
    (topic,) = (await api.call("GET", "/v1/topics", token=operator(api))).body["topics"]
    counts = {"records": 5, "stored": 3, "sameAgain": 1, "dead": 1, "unaccounted": 0, "unlettered": 0}
    assert topic == {"topic": "t", "partitions": 2, "stopped": 0} | counts
