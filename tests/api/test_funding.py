"""Funds and limits over REST: who may see and act, and two people for a raise."""

from typing import Any

import pytest

from gateway.service.funds import hold_account
from tests.api.conftest import Answer, Api
from tests.orders import SOURCE

RAISE: dict[str, Any] = {
    "source": SOURCE,
    "bank": "*",
    "currency": "EUR",
    "day": "2026-09-18",
    "perDay": "2000.00",
}


async def operate(api: Api, method: str, path: str, body: Any = None, person: str = "officer-1") -> Answer:
    token = api.token(sub=person, scope="operate", sources=["*"], source=None)
    request = {} if body is None else {"json": body}
    return await api.call(method, path, token=token, **request)


async def test_who_sees_one_source_sees_no_account(api: Api) -> None:
    token = api.token(scope="operate", sources=[SOURCE])
    for path in ("/v1/funds", "/v1/limits"):
        assert (await api.call("GET", path, token=token)).status == 403


async def test_nothing_to_pay_needs_nothing(api: Api) -> None:
    answer = await operate(api, "GET", "/v1/funds?date=2026-09-21")
    assert (answer.status, answer.body) == (200, {"needs": [], "holds": []})


async def test_a_day_is_a_day(api: Api) -> None:
    assert (await operate(api, "GET", "/v1/funds?date=tomorrow")).rules == ["date.format"]


async def test_a_hold_is_seen_and_released(api: Api) -> None:
    async with api.store.transaction() as session:
        await session.execute("lanes.declare", "alfa")
    await submission(api)
    async with api.store.transaction() as session:
        (hold,) = await hold_account(session, api.clock.now(), submissions=[1], reason="AM04", by="w1")
    seen = (await operate(api, "GET", "/v1/funds")).body["holds"]
    assert [(h["holdNo"], h["bank"], h["reason"]) for h in seen] == [(hold.hold_no, "alfa", "AM04")]
    released = await operate(api, "POST", f"/v1/funds/holds/{hold.hold_no}/release")
    assert (released.status, released.body["releasedBy"]) == (200, "officer-1")
    assert (await operate(api, "GET", "/v1/funds")).body["holds"] == []


async def submission(api: Api) -> None:
    """An open submission of bank alfa."""
    await api.open()
    async with api.store._pool.acquire() as connection:
        await connection.execute("""
            INSERT INTO submission (bank, batch_no, product, pay_date, debtor_account, currency, sequence, sum_booked,
                msg_id, name, payment_count, sum_minor)
            VALUES ('alfa', 1, 'SSBE', '2026-09-21', 'DE1', 'EUR', 1, false, 'M1', 'M1', 1, 1)""")


@pytest.mark.parametrize("number", ["1", "9" * 30])
async def test_what_is_not_held_is_not_found(api: Api, number: str) -> None:
    assert (await operate(api, "POST", f"/v1/funds/holds/{number}/release")).status == 404


async def test_two_people_raise_a_limit(api: Api) -> None:
    asked = await operate(api, "POST", "/v1/limits/raises", RAISE)
    assert (asked.status, asked.body["subject"]["now"]) == (201, "1000.00")
    path, body = f"/v1/limits/raises/{asked.body['decisionNo']}/confirm", {"digest": asked.body["digest"]}
    same = await operate(api, "POST", path, body)
    assert (same.status, same.rules) == (409, ["decision.two-people"])
    confirmed = await operate(api, "POST", path, body, person="officer-2")
    assert (confirmed.status, confirmed.body["limit"], confirmed.body["perDay"]) == (200, "2000.00", "1000.00")
    shown = (await operate(api, "GET", "/v1/limits")).body["limits"]
    assert [one["limit"] for one in shown] == ["2000.00"]
    assert [one["limit"] for one in (await operate(api, "GET", "/v1/limits?date=2026-09-19")).body["limits"]] == [
        "1000.00"
    ]


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"bank": "alfa"}, 404), ({"perDay": "900.00"}, 422), ({"perDay": "much"}, 422), ({"day": "2026-09-17"}, 422)],
)
async def test_what_raises_nothing_is_refused(api: Api, changes: dict[str, str], status: int) -> None:
    assert (await operate(api, "POST", "/v1/limits/raises", RAISE | changes)).status == status


async def test_a_reader_cannot_raise(api: Api) -> None:
    token = api.token(scope="read", sources=[SOURCE])
    assert (await api.call("POST", "/v1/limits/raises", token=token, json=RAISE)).status == 403
