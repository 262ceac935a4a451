from tests.api.conftest import Api
from tests.orders import lines

STOP = {"kind": "person", "value": "NIDN:ID000001", "reason": "death notice"}


def _operator(api: Api, name: str = "anna") -> str:
    return api.token(scope="operate read", sub=name, source=None, sources=["*"])


async def test_the_benefits_system_stops_for_its_own_source(api: Api) -> None:
    answer = await api.call("POST", "/v1/stops", json=STOP)
    assert (answer.status, answer.body["source"], answer.body["state"]) == (201, "benefits-north", "active")
    assert (await api.call("POST", "/v1/stops", json=STOP)).body["stopNo"] == answer.body["stopNo"]
    other = await api.call("POST", "/v1/stops", json=STOP | {"source": "benefits-south"})
    assert other.status == 403
    assert (await api.call("POST", "/v1/stops", json=STOP | {"source": "*"})).status == 403


async def test_an_operator_says_for_which_source(api: Api) -> None:
    operator = api.token(scope="operate", source=None, sources=["benefits-north", "benefits-south"])
    answer = await api.call("POST", "/v1/stops", json=STOP, token=operator)
    assert (answer.status, answer.rules) == (422, ["source.missing"])
    named = await api.call("POST", "/v1/stops", json=STOP | {"source": "benefits-south"}, token=operator)
    assert named.status == 201


async def test_lifting_needs_two_people(api: Api) -> None:
    number = (await api.call("POST", "/v1/stops", json=STOP)).body["stopNo"]
    path = f"/v1/stops/{number}/lift"
    asked = await api.call("POST", path, token=_operator(api, "anna"))
    assert (asked.status, asked.body["state"], asked.body["liftAskedBy"]) == (200, "active", "anna")
    again = await api.call("POST", path, token=_operator(api, "anna"))
    assert (again.status, again.rules) == (409, ["stop.two-people"])
    lifted = await api.call("POST", path, token=_operator(api, "berta"))
    assert (lifted.body["state"], lifted.body["liftedBy"]) == ("lifted", "berta")


async def test_a_stop_that_is_not_there(api: Api) -> None:
    for number in ("99", "9" * 30):
        assert (await api.call("POST", f"/v1/stops/{number}/lift", token=_operator(api))).status == 404


async def test_stops_are_listed_for_those_who_may_see_them(api: Api) -> None:
    await api.call("POST", "/v1/stops", json=STOP)
    assert len((await api.call("GET", "/v1/stops", token=_operator(api))).body["stops"]) == 1
    other = api.token(scope="read", source=None, sources=["benefits-south"])
    assert (await api.call("GET", "/v1/stops", token=other)).body["stops"] == []


async def test_pausing_and_resuming(api: Api) -> None:
    operator, reason = _operator(api), {"reason": "maintenance"}
    async with api.store.transaction() as session:
        await session.execute("lanes.declare", "alfa")
    for path in ("/v1/pauses/all", "/v1/pauses/bank/alfa", "/v1/pauses/source/benefits-north"):
        assert (await api.call("PUT", path, json=reason, token=operator)).status == 200
    paused = (await api.call("GET", "/v1/pauses", token=operator)).body["pauses"]
    assert [(p["scope"], p["value"]) for p in paused] == [("all", ""), ("bank", "alfa"), ("source", "benefits-north")]
    left = (await api.call("DELETE", "/v1/pauses/all", token=operator)).body["pauses"]
    assert [p["scope"] for p in left] == ["bank", "source"]


async def test_a_pause_that_means_nothing(api: Api) -> None:
    for path in ("/v1/pauses/everybody", "/v1/pauses/all/alfa", "/v1/pauses/bank"):
        answer = await api.call("PUT", path, json={"reason": "x"}, token=_operator(api))
        assert (answer.status, answer.rules) == (422, ["pause.scope"])


async def test_only_who_acts_for_all_pauses_a_bank(api: Api) -> None:
    north = api.token(scope="operate", source=None, sources=["benefits-north"])
    asked = [("/v1/pauses/all", 403), ("/v1/pauses/bank/alfa", 403), ("/v1/pauses/source/benefits-south", 403)]
    for path, status in [*asked, ("/v1/pauses/source/benefits-north", 200)]:
        assert (await api.call("PUT", path, json={"reason": "x"}, token=north)).status == status


async def test_exceptions_page_by_page(api: Api) -> None:
    await api.open()
    await api.push(lines([1]))
    async with api.store._pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO exception (kind, key, order_no, opened_at)"
            " SELECT 'conflict', n::text, order_no, received_at FROM payment_order, generate_series(1, 3) n"
        )
    first = (await api.call("GET", "/v1/exceptions?limit=2", token=_operator(api))).body
    assert [e["key"] for e in first["exceptions"]] == ["1", "2"]
    rest = (await api.call("GET", f"/v1/exceptions?after={first['next']}", token=_operator(api))).body
    assert [(e["key"], e["orderId"]) for e in rest["exceptions"]] == [("3", "SICK-000001")]
