import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from joserfc import jwt

from gateway.api.app import SERVER, build_app
from gateway.api.callers import no_hooks
from gateway.api.doors import Doors
from gateway.api.keys import Issuer
from gateway.api.limits import Rate
from gateway.api.signatures import JwsApprovals
from gateway.domain.reasons import Reasons
from gateway.service.balances import Balances
from gateway.service.bank_board import BankBoard
from gateway.service.batches import Batches
from gateway.service.casework import Casework
from gateway.service.deeds import all_deeds
from gateway.service.funds import Funds
from gateway.service.intake import Intake
from gateway.service.limits import Limit, Limits
from gateway.service.look import Look
from gateway.service.pauses import Pauses
from gateway.service.reach import Reach
from gateway.service.report import Report
from gateway.service.reports import Reports
from gateway.service.stops import Stops
from gateway.store.postgres import PostgresStore
from tests.clock import StillClock
from tests.orders import SOURCE, Signer, catalogue

AUDIENCE = "gateway"
ISSUER = "https://login.example"
CATALOGUE = catalogue()
LIMITS = (Limit(source=SOURCE, bank="*", currency="EUR", per_day=100_000),)
TOKEN_KEY = Signer(kid="login-1")
SIGNER = Signer()


@dataclass(slots=True, kw_only=True)
class Answer:
    """A response that was read: its status is one that the OpenAPI document names."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def rules(self) -> list[str]:
        return [violation["rule"] for violation in self.body["violations"]]


@dataclass(slots=True, kw_only=True)
class Api:
    """A client of the running application; tokens are made as an issuer would."""

    client: TestClient[Any, Any]
    store: PostgresStore
    clock: StillClock
    described: Mapping[str, Any] = field(default_factory=dict)

    def token(self, signer: Signer = TOKEN_KEY, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        now = int(self.clock.now().timestamp())
        values = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 300, "sub": "benefits-system", "scope": "push"}
        values |= {"source": SOURCE} | claims
        heads = {"alg": signer.algorithm, "kid": signer.kid, **(header or {})}
        return jwt.encode(heads, {k: v for k, v in values.items() if v is not None}, signer.key, [signer.algorithm])

    async def call(self, method: str, path: str, *, token: str | None = None, **request: Any) -> Answer:
        """Ask as the benefits system, or with `token` ("" for none)."""
        bearer = self.token() if token is None else token
        headers = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **request.pop("headers", {})}
        async with self.client.request(method, path, headers=headers, **request) as response:
            return await self._read(method, response)

    async def push(self, lines: list[bytes], batch: str = "B-1", token: str | None = None) -> Answer:
        data = BytesIO(b"\n".join(lines))
        headers = {"Content-Type": "application/x-ndjson"}
        return await self.call("POST", f"/v1/batches/{batch}/orders", token=token, data=data, headers=headers)

    async def open(self, batch: str = "B-1", **changes: Any) -> Answer:
        body = {"batch": batch, "programme": "SICKNESS", "payDate": "2026-09-21"} | changes
        return await self.call("POST", "/v1/batches", json=body)

    async def close(self, batch: str = "B-1") -> Answer:
        return await self.call("POST", f"/v1/batches/{batch}/close")

    def manifest(self, closed: Answer, **changes: Any) -> bytes:
        body = closed.body
        values = {
            "source": body["source"],
            "batch": body["batch"],
            "programme": body["programme"],
            "payDate": body["payDate"],
            "count": body["count"],
            "totals": body["totals"],
            "approvers": ["p-1", "p-2"],
            "signedAt": "2026-09-18T09:00:00Z",
            "expires": "2026-09-30T00:00:00Z",
            "chunks": body["chunks"],
        }
        return json.dumps(values | changes, sort_keys=True, separators=(",", ":")).encode()

    async def release(self, manifest: bytes, signature: str | None = None, batch: str = "B-1") -> Answer:
        headers = {"Content-Type": "application/json", "X-JWS-Signature": signature or SIGNER.sign(manifest)}
        return await self.call("POST", f"/v1/batches/{batch}/release", data=BytesIO(manifest), headers=headers)

    async def _read(self, method: str, response: ClientResponse) -> Answer:
        text = await response.text()
        self._check_described(method, response)
        return Answer(status=response.status, body=json.loads(text) if text else None, headers=response.headers)

    def _check_described(self, method: str, response: ClientResponse) -> None:
        for path, operations in self.described.items():
            if method.lower() in operations and _matches(path, response.url.path):
                assert str(response.status) in operations[method.lower()]["responses"], (method, path, response.status)


def _matches(described: str, path: str) -> bool:
    parts, given = described.split("/"), path.split("/")
    return len(parts) == len(given) and all(p.startswith("{") or p == g for p, g in zip(parts, given, strict=True))


def doors(store: PostgresStore, clock: StillClock, rate: Rate | None = None) -> Doors:
    numbers = count(1)
    approvals = JwsApprovals({SOURCE: [SIGNER.public()]})
    return Doors(
        clock=clock,
        intake=Intake(store=store, clock=clock, catalogue=CATALOGUE),
        batches=Batches(store=store, clock=clock, approvals=approvals),
        look=Look(store=store),
        board=BankBoard(store=store, clock=clock, banks={}),
        stops=Stops(store=store, clock=clock),
        pauses=Pauses(store=store, clock=clock),
        casework=Casework(store=store, clock=clock, deeds=all_deeds(Reasons(actions={}))),
        funds=Funds(store=store, clock=clock),
        limits=Limits(store=store, clock=clock, limits=LIMITS),
        report=Report(store=store),
        books=Balances(store=store),
        reports=Reports(store=store, clock=clock, reach=Reach(banks=(), benefits={"SICK_PAY": ["EUR"]})),
        issuers=[Issuer(name=ISSUER, audience=AUDIENCE, keys=[TOKEN_KEY.public()])],
        hooks=no_hooks(clock),
        new_id=lambda: f"error-{next(numbers)}",
        rate=rate or Rate(per_second=1_000, burst=10_000),
    )


@pytest.fixture
async def api(store: PostgresStore) -> AsyncIterator[Api]:
    clock = StillClock()
    app = build_app(doors(store, clock))
    server = TestServer(app)
    options = {name: value for name, value in SERVER.items() if name != "access_log"}
    await server.start_server(**options)
    async with TestClient(server) as client:
        described = await (await client.get("/openapi.json")).json()
        yield Api(client=client, store=store, clock=clock, described=described["paths"])
