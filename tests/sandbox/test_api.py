import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession

from gateway.sandbox import Access, ApiBank, ApiParameters, Kind
from gateway.sandbox.api import Fault, fault_of
from tests.sandbox.material import DEBTOR, LATER, NOW, UETR, bank, payee

TOKEN = "sandbox"
ALWAYS = 10_000


def order(**changes: Any) -> dict[str, Any]:
    plain = {
        "endToEndId": "E00000000000000000000000001G1",
        "uetr": UETR.format(1),
        "amount": "12.30",
        "currency": "EUR",
        "debtorIban": DEBTOR,
        "creditor": {"name": "N", "iban": payee(1)},
        "remittanceInformation": "x",
        "requestedExecutionDate": "2026-09-21",
    }
    return plain | changes


class Door:
    """A client of one API bank."""

    bank: ApiBank

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self.sleeping: list[float] = []
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        """The bank's way to wait: an answer held back until the client gives up is held for ever."""
        self.sleeping.append(seconds)
        self.asleep.set()
        if seconds >= 30:
            await asyncio.Event().wait()

    async def post(self, key: str = "K1", token: str = TOKEN, **changes: Any) -> tuple[int, dict[str, Any]]:
        return await self.post_bytes(json.dumps(order(**changes)).encode(), key, token)

    async def post_bytes(self, body: bytes, key: str = "K1", token: str = TOKEN) -> tuple[int, dict[str, Any]]:
        sent = {"Idempotency-Key": key, "Authorization": f"Bearer {token}"}
        async with self._session.post(f"{self.bank.url}/v1/payments", data=body, headers=sent) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str = "payments/K1") -> tuple[int, dict[str, Any]]:
        sent = {"Authorization": f"Bearer {TOKEN}"}
        async with self._session.get(f"{self.bank.url}/v1/{path}", headers=sent) as answer:
            return answer.status, await answer.json()

    def booked(self) -> list[str]:
        return [str(row["endToEndId"]) for row in self.bank.books.export() if row["booked"]]

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(answer.content) for answer in self.bank.books.due(LATER, 100)]


@asynccontextmanager
async def door(root: Path, faults: ApiParameters | None = None, **changes: Any) -> AsyncIterator[Door]:
    parameters = bank(kind=Kind.API, api=faults or ApiParameters(), **changes)
    async with ClientSession() as session:
        client = Door(session)
        client.bank = ApiBank(parameters, root, access=Access(secret=TOKEN), clock=lambda: NOW, sleep=client.sleep)
        await client.bank.start()
        yield client
        await client.bank.close()


async def test_a_payment_is_booked_and_told(tmp_path: Path) -> None:
    async with door(tmp_path, accept_status="ACCC") as client:
        status, receipt = await client.post()
        assert (status, receipt["status"], receipt["endToEndId"]) == (201, "RCVD", order()["endToEndId"])
        assert client.booked() == [order()["endToEndId"]]
        outcome, booking = client.told()
        assert outcome.pop("messageId")
        assert outcome == {
            "type": "payment-status",
            "endToEndId": order()["endToEndId"],
            "status": "ACCC",
            "reason": None,
            "at": "2026-09-21T06:00:05Z",
        }
        assert booking.pop("messageId")
        assert booking.pop("entryRef")
        assert booking == {
            "type": "booking",
            "endToEndId": order()["endToEndId"],
            "account": DEBTOR,
            "amount": "12.30",
            "currency": "EUR",
            "creditDebit": "DBIT",
            "bookingDate": "2026-09-21",
            "status": "BOOK",
        }


async def test_a_return_is_a_credit_with_its_reason(tmp_path: Path) -> None:
    async with door(tmp_path, returned_per_10000=ALWAYS) as client:
        await client.post()
        _, booking, returned = client.told()
        assert (returned["type"], returned["creditDebit"], returned["amount"]) == ("return", "CRDT", "12.30")
        assert returned["reason"] in {"AC01", "MD07", "AC04"}
        assert returned["entryRef"] != booking["entryRef"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"debtorIban": payee(1)}, {"AC02"}), ({"creditor": {"name": "N", "iban": "DE00"}}, {"AC01"}), ({}, None)],
)
async def test_a_reject_is_told_and_not_booked(
    tmp_path: Path, changes: dict[str, Any], reason: set[str] | None
) -> None:
    async with door(tmp_path, rejected_per_10000=0 if changes else ALWAYS) as client:
        assert (await client.post(**changes))[0] == 201
        (outcome,) = client.told()
        assert outcome["status"] == "RJCT"
        assert outcome["reason"] in (reason or {"AC04", "AC01", "BE01", "AC06"})
        assert client.booked() == []


async def test_the_same_request_again_books_nothing_and_is_answered_alike(tmp_path: Path) -> None:
    async with door(tmp_path) as client:
        assert await client.post() == await client.post()
        assert len(client.booked()) == 1
        assert len(client.told()) == 2


async def test_a_key_cannot_be_used_for_another_payment(tmp_path: Path) -> None:
    async with door(tmp_path) as client:
        await client.post()
        assert await client.post(amount="12.31") == (409, {"code": "DUPLICATE_KEY", "idempotencyKey": "K1"})
        assert len(client.booked()) == 1


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"{", "K1"),
        (json.dumps(order(amount=12.3)).encode(), "K1"),
        (json.dumps(order(amount="12.3")).encode(), "K1"),
        (json.dumps(order(more=1)).encode(), "K1"),
        (json.dumps(order()).encode(), ""),
        (json.dumps(order()).encode(), "../../x"),
    ],
)
async def test_what_cannot_be_read_is_refused(tmp_path: Path, body: bytes, key: str) -> None:
    async with door(tmp_path) as client:
        assert (await client.post_bytes(body, key))[0] == 400
        assert list(client.bank.books.export()) == []


async def test_a_wrong_token_opens_nothing(tmp_path: Path) -> None:
    async with door(tmp_path) as client:
        assert await client.post(token="other") == (401, {"code": "TOKEN"})
        assert client.booked() == []


async def test_the_request_is_kept_as_it_came(tmp_path: Path) -> None:
    async with door(tmp_path) as client:
        body = json.dumps(order(), indent=3).encode()
        await client.post_bytes(body)
        assert (tmp_path / "alfa" / "collected" / "K1.json").read_bytes() == body


async def test_read_back_finds_what_was_asked_and_nothing_else(tmp_path: Path) -> None:
    async with door(tmp_path) as client:
        _, receipt = await client.post()
        assert await client.get() == (200, receipt)
        assert await client.get("payments/K2") == (404, {"code": "NOT_FOUND", "idempotencyKey": "K2"})
        assert await client.get("health") == (200, {"status": "up"})


async def test_time_out_after_booking(tmp_path: Path) -> None:
    async with door(tmp_path, ApiParameters(timeout_per_10000=ALWAYS)) as client:
        waiting = asyncio.create_task(client.post())
        await client.asleep.wait()
        assert client.sleeping == [30]
        assert len(client.booked()) == 1
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        assert (await client.post())[0] == 201
        assert (await client.get())[0] == 200
        assert len(client.booked()) == 1


async def test_server_error_after_booking(tmp_path: Path) -> None:
    async with door(tmp_path, ApiParameters(server_error_per_10000=ALWAYS)) as client:
        assert await client.post() == (500, {"code": "INTERNAL"})
        assert len(client.booked()) == 1
        assert (await client.get())[0] == 200
        assert (await client.post())[0] == 201
        assert len(client.booked()) == 1


async def test_slow_but_well(tmp_path: Path) -> None:
    async with door(tmp_path, ApiParameters(slow_per_10000=ALWAYS, slow_milliseconds=250)) as client:
        assert (await client.post())[0] == 201
        assert client.sleeping == [0.25]


async def test_read_back_too_early(tmp_path: Path) -> None:
    async with door(tmp_path, ApiParameters(too_early_per_10000=ALWAYS, too_early_reads=2)) as client:
        await client.post()
        assert [(await client.get())[0] for _ in range(4)] == [404, 404, 200, 200]
        assert len(client.booked()) == 1


async def test_down_with_503_books_nothing(tmp_path: Path) -> None:
    async with door(tmp_path, ApiParameters(when_down="503")) as client:
        await client.bank.set_down(True)
        assert await client.post() == (503, {"code": "DOWN"})
        assert (await client.get("health"))[0] == 503
        assert client.booked() == []
        await client.bank.set_down(False)
        assert (await client.post())[0] == 201


async def test_down_without_listening_comes_back_at_the_same_address(tmp_path: Path) -> None:
    async with door(tmp_path, ApiParameters(when_down="refuse")) as client:
        address = client.bank.url
        await client.bank.set_down(True)
        with pytest.raises(ClientConnectionError):
            await client.post()
        await client.bank.set_down(True)
        await client.bank.set_down(False)
        await client.bank.set_down(False)
        assert client.bank.url == address
        assert (await client.post())[0] == 201


async def test_a_connection_from_before_gets_nothing_from_a_bank_that_is_down(tmp_path: Path) -> None:
    async with door(tmp_path, ApiParameters(when_down="refuse")) as client:
        await client.get("health")
        await client.bank.set_down(True)
        with contextlib.suppress(ClientConnectionError):
            assert (await client.post())[0] == 503
        assert client.booked() == []


async def test_books_and_answers_outlive_the_process(tmp_path: Path) -> None:
    async with door(tmp_path) as client:
        first = await client.post()
    async with door(tmp_path) as client:
        assert await client.post() == first
        assert len(client.booked()) == 1


def test_faults_belong_to_keys_and_seed() -> None:
    shares = ApiParameters(timeout_per_10000=1000, server_error_per_10000=2000, slow_per_10000=3000)
    parameters = bank(kind=Kind.API, api=shares)
    keys = [f"K{number}" for number in range(4000)]
    drawn = [fault_of(parameters, shares, key) for key in keys]
    assert drawn == [fault_of(parameters, shares, key) for key in keys]
    assert drawn != [fault_of(replace(parameters, seed=8), shares, key) for key in keys]
    # Binomial with n = 4000: five standard deviations are 95, 126 and 145.
    assert abs(drawn.count(Fault.TIMEOUT) - 400) < 95
    assert abs(drawn.count(Fault.SERVER_ERROR) - 800) < 126
    assert abs(drawn.count(Fault.SLOW) - 1200) < 145


def test_a_file_bank_has_no_door(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not an API bank"):
        ApiBank(bank(), tmp_path, access=Access(secret=TOKEN), clock=lambda: NOW)
