"""Exceptions through the REST door: whose word it is stands in the token, and nobody sees another source's."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.service.exceptions import Trouble, raise_exceptions
from tests.api.conftest import Answer, Api
from tests.orders import IBAN, line, lines, order

ENTITLEMENT = order(1)["entitlement"]
WHY = {"comment": "Maria Muster called from +49 30 1234567"}
"""Words of a person: they may say anything."""
HOUR = 3_600


@pytest.fixture
async def cases(api: Api) -> Api:
    """A held order of benefits-north, and an entry of bank alfa that is nobody's."""
    await api.open()
    await api.push([*lines([1]), line(order(2, entitlement=ENTITLEMENT))])
    async with api.store._pool.acquire() as connection:
        number = await connection.fetchval("SELECT order_no FROM payment_order WHERE state = 'held'")
    async with api.store.transaction() as session:
        troubles = [
            Trouble(kind="held order", key="2", order_no=number),
            Trouble(kind="orphan", key="1/1", bank="alfa", amount_minor=51_240, currency="EUR"),
        ]
        await raise_exceptions(session, api.clock.now(), troubles)
    return api


def _token(api: Api, name: str = "anna", *sources: str) -> str:
    return api.token(scope="operate", sub=name, source=None, sources=list(sources) or ["*"])


async def _listed(api: Api, query: str = "", *sources: str) -> list[dict[str, Any]]:
    answer = await api.call("GET", f"/v1/exceptions{query}", token=_token(api, "anna", *sources))
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.body["exceptions"]
    return found


async def _number(api: Api, kind: str) -> int:
    return next(int(row["exceptionNo"]) for row in await _listed(api, "?limit=100") if row["kind"] == kind)


async def _act(api: Api, kind: str, act: str, body: dict[str, Any], name: str = "anna", *sources: str) -> Answer:
    number = await _number(api, kind)
    return await api.call("POST", f"/v1/exceptions/{number}/{act}", json=body, token=_token(api, name, *sources))


async def test_what_is_listed_says_whose_it_is_by_when_and_what_to_do(cases: Api) -> None:
    held, orphan = await _listed(cases)
    assert (held["kind"], held["orderId"], held["source"]) == ("held order", "SICK-000002", "benefits-north")
    assert (held["state"], held["role"], held["owner"]) == ("open", "benefits", None)
    assert (held["amount"], orphan["amount"], orphan["currency"]) == ("512.40", "512.40", "EUR")
    assert (orphan["role"], orphan["suggestion"], orphan["overdue"]) == ("accounting", "match", False)
    assert orphan["suggestionWhy"]
    cases.clock.advance(25 * HOUR)
    later = (await _listed(cases))[1]
    assert (later["ageSeconds"], later["overdue"]) == (25 * HOUR, True)
    assert later["dueAt"] == (cases.clock.now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("?kind=orphan", ["orphan"]),
        ("?bank=alfa", ["orphan"]),
        ("?owner=benefits", ["held order"]),
        ("?owner=berta", []),
        ("?state=open", ["held order", "orphan"]),
        ("?state=closed", []),
        ("?overdue=true", []),
        ("?overdue=false&limit=1", ["held order"]),
        ("?source=benefits-north", ["held order"]),
    ],
)
async def test_filters(cases: Api, query: str, kinds: list[str]) -> None:
    assert [row["kind"] for row in await _listed(cases, query)] == kinds


async def test_a_filter_that_means_nothing(cases: Api) -> None:
    for query, rule in (("state=lost", "query.state"), ("overdue=1", "query.overdue"), ("colour=red", "query.unknown")):
        answer = await cases.call("GET", f"/v1/exceptions?{query}", token=_token(cases))
        assert (answer.status, answer.rules) == (422, [rule])


async def test_page_by_page(cases: Api) -> None:
    first = (await cases.call("GET", "/v1/exceptions?limit=1", token=_token(cases))).body
    rest = (await cases.call("GET", f"/v1/exceptions?after={first['next']}", token=_token(cases))).body
    assert [[row["kind"] for row in page["exceptions"]] for page in (first, rest)] == [["held order"], ["orphan"]]


async def test_an_operator_of_one_source_sees_and_touches_only_its_own(cases: Api) -> None:
    assert [row["kind"] for row in await _listed(cases, "", "benefits-north")] == ["held order"]
    assert await _listed(cases, "", "benefits-south") == []
    for kind, source in (("orphan", "benefits-north"), ("held order", "benefits-south")):
        number = await _number(cases, kind)
        token = _token(cases, "anna", source)
        assert (await cases.call("GET", f"/v1/exceptions/{number}", token=token)).status == 404
        for act, body in (("comment", WHY), ("close", WHY), ("assign", {"owner": "anna"})):
            assert (await _act(cases, kind, act, body, "anna", source)).status == 404
    assert (await cases.call("GET", "/v1/exceptions?source=benefits-south", token=_token(cases))).status == 200


async def test_only_operators(cases: Api) -> None:
    for scope in ("push", "read"):
        token = cases.token(scope=scope)
        assert (await cases.call("GET", "/v1/exceptions", token=token)).status == 403
    number = await _number(cases, "orphan")
    assert (await cases.call("POST", f"/v1/exceptions/{number}/close", json=WHY)).status == 403
    assert (await cases.call("POST", f"/v1/exceptions/{number}/close", json=WHY, token="")).status == 401


async def test_assigned_and_talked_about(cases: Api) -> None:
    answer = await _act(cases, "orphan", "assign", {"owner": "berta", "comment": "yours"})
    assert (answer.status, answer.body["state"], answer.body["owner"]) == (200, "assigned", "berta")
    answer = await _act(cases, "orphan", "comment", WHY, "berta")
    said = [(e["act"], e["by"], e["comment"]) for e in answer.body["history"]]
    assert said == [("assign", "anna", "yours"), ("comment", "berta", WHY["comment"])]
    assert [row["kind"] for row in await _listed(cases, "?owner=berta&state=assigned")] == ["orphan"]


async def test_an_act_and_what_is_refused(cases: Api) -> None:
    claimed = await _act(cases, "held order", "release", WHY)
    assert (claimed.status, claimed.rules) == (409, ["release.claimed"])
    done = await _act(cases, "held order", "give-back", {"reason": "CLAIMED"})
    assert (done.status, done.body["state"], done.body["closedBy"], done.body["closedHow"]) == (
        200,
        "closed",
        "anna",
        "give back",
    )
    number = done.body["exceptionNo"]
    again = await cases.call("POST", f"/v1/exceptions/{number}/close", json=WHY, token=_token(cases))
    assert (again.status, again.rules) == (409, ["exception.closed"])
    assert [row["kind"] for row in await _listed(cases, "?state=closed")] == ["held order"]


async def test_two_people_one_after_the_other(cases: Api) -> None:
    async with cases.store._pool.acquire() as connection:
        await connection.execute("UPDATE payment_order SET state = 'cancelled', claims = false WHERE state = 'payable'")
        await connection.execute("UPDATE payment_order SET reason = 'conflict' WHERE state = 'held'")
    asked = await _act(cases, "held order", "release", WHY)
    assert (asked.status, asked.body["state"]) == (200, "waiting for a second person")
    [decision] = asked.body["decisions"]
    body = {"decision": decision["decisionNo"], "digest": decision["digest"]}
    for name, changes, rule in (
        ("anna", {}, "decision.two-people"),
        ("berta", {"digest": "0" * 64}, "decision.digest"),
        ("berta", {"digest": None}, "decision.digest"),
    ):
        refused = await _act(cases, "held order", "confirm", body | changes, name)
        assert refused.rules == [rule]
    done = await _act(cases, "held order", "confirm", body, "berta")
    assert (done.body["state"], done.body["decisions"][0]["confirmedBy"]) == ("closed", "berta")
    assert (await cases.call("GET", "/v1/orders/SICK-000002")).body["state"] == "payable"


async def test_what_was_asked_is_refused_and_the_exception_goes_on(cases: Api) -> None:
    async with cases.store._pool.acquire() as connection:
        await connection.execute("UPDATE payment_order SET state = 'cancelled', claims = false WHERE state = 'payable'")
        await connection.execute("UPDATE payment_order SET reason = 'conflict' WHERE state = 'held'")
    asked = await _act(cases, "held order", "release", WHY)
    [decision] = asked.body["decisions"]
    refused = await _act(cases, "held order", "refuse", {"decision": decision["decisionNo"]}, "berta")
    assert (refused.body["state"], refused.body["decisions"][0]["refusedBy"]) == ("open", "berta")
    assert (await cases.call("GET", "/v1/orders/SICK-000002")).body["state"] == "held"
    other = await _act(cases, "orphan", "refuse", {"decision": decision["decisionNo"]})
    assert other.status == 404


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("close", {}),
        ("close", {"comment": ""}),
        ("close", {"comment": "x", "Maria Muster": "x"}),
        ("match", {"endToEndId": IBAN + " Maria Muster", "comment": "x"}),
        ("match", {"comment": "x"}),
        ("match", {"endToEndId": "E1", "msgId": "G1", "comment": "x"}),
        ("declare", {"declared": "lost", "comment": "x"}),
        ("give-back", {"reason": "because Maria Muster said so"}),
        ("confirm", {"decision": "1", "digest": "0" * 64}),
    ],
)
async def test_a_body_that_breaks_a_rule_is_refused_without_being_repeated(
    cases: Api, act: str, body: dict[str, Any]
) -> None:
    answer = await _act(cases, "orphan", act, body)
    assert answer.status == 422
    assert "Maria" not in repr(answer.body)
    assert IBAN not in repr(answer.body)


async def test_an_exception_that_is_not_there(cases: Api) -> None:
    for number in ("99", "9" * 30, str(2**63)):
        assert (await cases.call("GET", f"/v1/exceptions/{number}", token=_token(cases))).status == 404
    for decision in (99, 2**53 - 1, -1):
        answer = await _act(cases, "orphan", "confirm", {"decision": decision, "digest": "0" * 64})
        assert answer.status == 404


async def test_no_answer_shows_who_is_paid(cases: Api) -> None:
    number = await _number(cases, "held order")
    answers = [
        await cases.call("GET", "/v1/exceptions", token=_token(cases)),
        await cases.call("GET", f"/v1/exceptions/{number}", token=_token(cases)),
        await _act(cases, "held order", "release", {"comment": "x"}),
        await _act(cases, "held order", "close", {"comment": "x"}),
    ]
    told = repr([answer.body for answer in answers])
    for personal in ("Muster", IBAN, "ID000002"):
        assert personal not in told


async def test_words_of_people_are_never_logged(cases: Api, capsys: pytest.CaptureFixture[str]) -> None:
    await _act(cases, "orphan", "comment", WHY)
    await _act(cases, "orphan", "close", WHY)
    said = capsys.readouterr()
    assert "Muster" not in said.out + said.err
