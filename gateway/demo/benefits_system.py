"""The benefits system of the demo: it comes in through the real REST door, with tokens and a signed manifest.

What it signs it computes itself, from the lines it pushed: the gateway's answer is compared, never believed.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from aiohttp import ClientSession

from gateway.demo.orders import CURRENCY, DemoOrder
from gateway.demo.stopping import DemoStop
from gateway.ports.clock import Clock
from gateway.runtime.keys import SandboxKeys

SUBJECT = "benefits-system"
"""Who calls, as its tokens say."""
APPROVERS = ("p-1041", "p-2207")
_CHUNK_ORDERS = 1_024
_PIECE_BYTES = 64 * 1024
_PAGE = 1_000
_TOKEN_SECONDS = 86_400
_OK = frozenset({200, 201})
_NDJSON, _JSON = "application/x-ndjson", "application/json"


class DoorAnsweredError(Exception):
    """The door answered what the demo does not expect: it names the call and the broken rules, nothing of an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status and a JSON body."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the benefits system pushes and releases together."""

    batch_id: str
    programme: str
    pay_date: date
    orders: Sequence[DemoOrder]


@dataclass(slots=True, kw_only=True)
class BenefitsSystem:
    """Pushes, releases, stops and asks, as `source`. `refusals` keeps every answer that said no, by what was tried."""

    session: ClientSession
    url: str
    keys: SandboxKeys
    source: str
    clock: Clock
    refusals: list[tuple[str, Reply]] = field(default_factory=list)

    async def push(self, batch: Batch) -> Mapping[str, Any]:
        """Open a batch and stream its orders; return what became of the lines."""
        await self.open(batch)
        return await self.push_lines(batch)

    async def open(self, batch: Batch) -> None:
        """Open a batch: orders may come now, over REST and Kafka."""
        opening = {"batch": batch.batch_id, "programme": batch.programme, "payDate": batch.pay_date.isoformat()}
        await self._must("open", "POST", "/v1/batches", json=opening)

    async def push_lines(self, batch: Batch) -> Mapping[str, Any]:
        """Stream the orders, again or for the first time."""
        path, headers = f"/v1/batches/{batch.batch_id}/orders", {"Content-Type": _NDJSON}
        body: Mapping[str, Any] = await self._must("push", "POST", path, headers=headers, data=_stream(batch.orders))
        return body

    async def release(self, batch: Batch) -> None:
        """Close the batch, compare what is to be signed, sign it and release. Raises DoorAnsweredError."""
        path = f"/v1/batches/{batch.batch_id}"
        closed = await self._must("close", "POST", f"{path}/close")
        expected = {"count": len(batch.orders), "totals": totals(batch.orders), "chunks": chunk_digests(batch.orders)}
        if any(closed[key] != value for key, value in expected.items()):
            raise DoorAnsweredError(f"batch {batch.batch_id}: what is stored is not what was pushed")
        manifest = self._manifest(batch, expected)
        await self._must("release", "POST", f"{path}/release", data=manifest, headers=self._signed(manifest))

    async def try_wrongly(self, batch: Batch) -> None:
        """Try on a pushed batch what must not work; keep the answers. Raises DoorAnsweredError if any of it works."""
        path = f"/v1/batches/{batch.batch_id}"
        line = batch.orders[0].line()
        other = line.replace(b'"currency":"EUR"', b'"currency":"EUR","amount":"1.00"')
        ndjson = {"Content-Type": _NDJSON}
        await self._refused("a line with the same key twice", "POST", f"{path}/orders", data=other, headers=ndjson)
        await self._refused("a line that breaks off", "POST", f"{path}/orders", data=line[:-20], headers=ndjson)
        manifest = self._manifest(batch, {"count": 1, "totals": {CURRENCY: "1.00"}, "chunks": ["0" * 64]})
        forged = {**self._signed(manifest), "X-JWS-Signature": self.keys.sign("issuer", manifest)}
        await self._refused(
            "a release signed by somebody else", "POST", f"{path}/release", data=manifest, headers=forged
        )
        await self._refused("a token that may only read", "POST", f"{path}/close", scope="read")

    async def stop(self, stop: DemoStop) -> Mapping[str, Any]:
        """Stop what a stop is about, and return it with what it caught."""
        ((kind, value),) = stop.subjects
        wanted = {"kind": kind, "value": value, "reason": f"call: {stop.reason}", "reasonClass": stop.reason}
        body: Mapping[str, Any] = await self._must("stop", "POST", "/v1/stops", json=wanted)
        return body

    async def feed(self) -> list[Mapping[str, Any]]:
        """Read the whole outcome feed, page by page."""
        events: list[Mapping[str, Any]] = []
        cursor = ""
        while True:
            page = await self._must("feed", "GET", "/v1/outcomes", params={"after": cursor, "limit": str(_PAGE)})
            events += page["outcomes"]
            if not page["outcomes"]:
                return events
            cursor = page["next"]

    def _manifest(self, batch: Batch, counted: Mapping[str, Any]) -> bytes:
        now = self.clock.now()
        return canonical(
            {
                "source": self.source,
                "batch": batch.batch_id,
                "programme": batch.programme,
                "payDate": batch.pay_date.isoformat(),
                "approvers": list(APPROVERS),
                "signedAt": f"{now:%Y-%m-%dT%H:%M:%SZ}",
                "expires": f"{now + timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}",
                **counted,
            }
        )

    def _signed(self, manifest: bytes) -> Mapping[str, str]:
        return {"Content-Type": _JSON, "X-JWS-Signature": self.keys.sign(self.source, manifest)}

    async def _must(self, what: str, method: str, path: str, **request: Any) -> Any:
        reply = await self._ask(method, path, **request)
        if reply.status not in _OK:
            rules = ", ".join(violation["rule"] for violation in reply.body.get("violations", ()))
            raise DoorAnsweredError(f"{what}: {reply.status} {reply.body.get('title')} {rules}".strip())
        return reply.body

    async def _refused(self, what: str, method: str, path: str, **request: Any) -> None:
        reply = await self._ask(method, path, **request)
        if reply.status in _OK:
            raise DoorAnsweredError(f"{what} was let in")
        self.refusals.append((what, reply))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        scope: str = "push",
        headers: Mapping[str, str] = MappingProxyType({}),
        **rest: Any,
    ) -> Reply:
        claims = {"source": self.source} if scope == "push" else {"sources": [self.source]}
        token = self.keys.token(subject=SUBJECT, scope=scope, now=self.clock.now(), seconds=_TOKEN_SECONDS, **claims)
        bearer = {"Authorization": f"Bearer {token}", **headers}
        async with self.session.request(method, self.url + path, headers=bearer, **rest) as response:
            return Reply(status=response.status, body=await response.json(content_type=None))


def canonical(value: object) -> bytes:
    """Write RFC 8785 canonical JSON of text, whole numbers and objects with ASCII keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def chunk_digests(orders: Sequence[DemoOrder]) -> list[str]:
    """Digest the orders by id in chunks of 1,024: hex SHA-256 over the SHA-256 digests of their canonical JSON."""
    ordered = sorted(orders, key=lambda order: order.order_id)
    digests = [sha256(canonical(order.document)).digest() for order in ordered]
    starts = range(0, len(digests), _CHUNK_ORDERS)
    return [sha256(b"".join(digests[at : at + _CHUNK_ORDERS])).hexdigest() for at in starts]


def totals(orders: Sequence[DemoOrder]) -> dict[str, str]:
    """Sum the readable amounts: all but the zeros, which are no money."""
    total = sum((Decimal(order.document["amount"]) for order in orders), Decimal(0))
    return {CURRENCY: f"{total:.2f}"} if total else {}


async def _stream(orders: Sequence[DemoOrder]) -> AsyncIterator[bytes]:
    piece = bytearray()
    for order in orders:
        piece += order.line() + b"\n"
        if len(piece) >= _PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
