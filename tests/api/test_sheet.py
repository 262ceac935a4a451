from tests.api.conftest import Api
from tests.orders import line, lines, order


async def _released(api: Api) -> None:
    await api.open()
    pension = line(order(3, benefit="OLD_AGE_PENSION", amount="700.00"))
    again = line(order(4, entitlement={"id": "E-000001", "period": "2026-09", "sequence": 1}))
    await api.push([*lines([1, 2]), pension, again, line(order(5, amount="0.00"))])
    await api.release(api.manifest(await api.close()))


async def test_a_sheet_shows_where_every_order_stands_and_closes(api: Api) -> None:
    await _released(api)
    sheet = (await api.call("GET", "/v1/control-sheet?payDate=2026-09-21", token=api.token(scope="read"))).body
    columns = {(r["about"], r["column"]): (r["figure"]["count"], r["figure"]["amount"]) for r in sheet["orders"]}
    assert columns[("SICK_PAY", "waiting")] == (2, "1024.80")
    assert columns[("SICK_PAY", "held")] == (1, "512.40")
    assert sum(n for (_, column), (n, _) in columns.items() if column == "refused") == 2
    assert sheet["closes"] is True
    orders, money = sheet["equations"]
    assert (orders["left"]["count"], money["left"]["amount"], money["right"]["amount"]) == (5, "2237.20", "2237.20")


async def test_a_batch_that_is_not_released_is_on_no_sheet(api: Api) -> None:
    await api.open()
    await api.push(lines([1]))
    sheet = (await api.call("GET", "/v1/control-sheet?payDate=2026-09-21", token=api.token(scope="read"))).body
    assert (sheet["orders"], sheet["closes"]) == ([], True)


async def test_another_source_does_not_see_it(api: Api) -> None:
    await _released(api)
    other = api.token(scope="read", source="benefits-south")
    assert (await api.call("GET", "/v1/control-sheet?payDate=2026-09-21", token=other)).body["orders"] == []


async def test_a_day_that_is_none_and_a_scope_that_is_not_enough(api: Api) -> None:
    answer = await api.call("GET", "/v1/control-sheet?payDate=21.9.2026", token=api.token(scope="read"))
    assert (answer.status, answer.rules) == (422, ["query.date"])
    assert (await api.call("GET", "/v1/control-sheet?payDate=2026-09-21", token=api.token(scope="push"))).status == 403
