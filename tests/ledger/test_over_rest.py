"""The books over REST and at the desk: balances, agreement with the bank, money on the way and in suspense."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from typer.testing import CliRunner

from gateway.api.app import build_app
from gateway.runtime.cli import app
from gateway.service.judge import Verdict
from tests.api.conftest import Api, doors
from tests.clock import StillClock
from tests.ledger.books import Books, Line, kept
from tests.scenario import payments

DAY = "2026-09-21"
SIDE = {"amount": "512.40", "payments": 1}


@pytest.fixture
async def books(database_url: str, tmp_path: Path) -> AsyncIterator[Books]:
    """Two payments of 512.40 sent; a statement booked the first and 7.00 that nobody knows, and is 0.05 short."""
    async with kept(database_url, tmp_path) as books:
        await books.scene.sealed(payments([1, 2]))
        await books.scene.until_idle("send", "alfa")
        books.account = await books.scene.value("SELECT debtor_account FROM submission")
        lines = [
            Line(amount=51240, attempt_no=1, submission_no=1),
            Line(amount=700, verdict=Verdict.ORPHAN),
        ]
        await books.statement(*lines)
        await books.scene.tamper(
            "UPDATE statement SET entries_minor = entries_minor - 5, closing_minor = closing_minor - 5"
        )
        await books.until_settled()
        yield books


@pytest.fixture
async def api(books: Books) -> AsyncIterator[Api]:
    clock = StillClock()
    server = TestServer(build_app(doors(books.scene.gateway.store, clock)))
    async with TestClient(server) as client:
        yield Api(client=client, store=books.scene.gateway.store, clock=clock)


def everywhere(api: Api) -> str:
    return api.token(scope="operate", source=None, sources=["*"])


async def read(api: Api, path: str) -> Any:
    answer = await api.call("GET", f"/v1/ledger/{path}", token=everywhere(api))
    assert answer.status == 200
    return answer.body


async def test_each_account_and_their_sum(api: Api) -> None:
    balances = (await read(api, "balances"))["balances"]
    assert {b["account"]: b["amount"] for b in balances} == {
        "control": "-1031.80",
        "in flight": "512.40",
        "paid": "512.40",
        "suspense": "7.00",
    }


async def test_a_statement_that_does_not_agree_is_itemised(api: Api) -> None:
    (statement,) = (await read(api, f"statements?from={DAY}"))["statements"]
    assert (statement["settled"], statement["agrees"], statement["difference"]) == (True, False, "-0.05")
    shown = {name: statement[name] for name in ("opening", "closing", "paid", "returned", "charges", "suspense")}
    assert shown == {
        "opening": "10.00",
        "closing": "-509.45",
        "paid": "512.40",
        "returned": "0.00",
        "charges": "0.00",
        "suspense": "7.00",
    }
    assert (await read(api, "statements?from=2026-09-01&until=2026-09-02"))["statements"] == []
    wrong = await api.call("GET", "/v1/ledger/statements?from=yesterday", token=everywhere(api))
    assert (wrong.status, wrong.rules) == (422, ["date.format"])


async def test_what_is_on_the_way_and_in_suspense(api: Api) -> None:
    (line,) = (await read(api, "on-the-way"))["onTheWay"]
    assert (line["account"], line["ledger"], line["attempts"], line["agrees"]) == ("in flight", SIDE, SIDE, True)
    answer = await read(api, "suspense")
    assert [(i["amount"], i["why"]) for i in answer["items"]] == [("7.00", "orphan")]
    assert answer["complete"]


async def test_who_sees_one_source_sees_no_books(api: Api) -> None:
    token = api.token(scope="operate")
    for path in ("balances", "statements", "on-the-way", "suspense"):
        assert (await api.call("GET", f"/v1/ledger/{path}", token=token)).status == 403


async def test_the_desk_shows_the_same(api: Api) -> None:
    environment = {"GATEWAY_URL": str(api.client.make_url("")), "GATEWAY_TOKEN": everywhere(api), "COLUMNS": "250"}

    async def gateway(*arguments: str) -> str:
        told = await asyncio.to_thread(CliRunner().invoke, app, ["ledger", *arguments], env=environment)
        assert told.exit_code == 0, told.output
        return told.output

    assert "-1031.80" in await gateway()
    assert "-0.05" in await gateway("statements", "--from", DAY)
    assert "512.40 (1)" in await gateway("on-the-way")
    assert "orphan" in await gateway("suspense")
    assert '"agrees": false' in await gateway("--json", "statements", "--from", DAY)
