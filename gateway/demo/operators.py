"""The operators of the demo: two people at the REST door who work what waits for a person.

They ask the bank what an entry without a home is and match it by hand (two people where the amounts differ) or write it
off to suspense (two people), let a queue go on once its account was funded, lift a stop (two people), release the
orders of a file that was refused for its form, give back those of a payee that a bank asks about, and put a name on
everything else.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from aiohttp import ClientSession

from gateway.demo.benefits_system import DoorAnsweredError
from gateway.ports.clock import Clock
from gateway.runtime.keys import SandboxKeys
from gateway.service.stops import EVERY_SOURCE

MAKER, CHECKER = "op-4410", "op-4522"
_TOKEN_SECONDS = 86_400
_PAGE = 1_000
_OK, _CONFLICT = 200, {409, 422}
WITHOUT_A_HOME = frozenset({"orphan", "ambiguous", "amount differs", "lump return"})
_DECIDED: Mapping[str, tuple[str, Mapping[str, str], str]] = MappingProxyType(
    {
        "officer": ("release", {}, "released to be tried again"),
        "hold payee": (
            "give-back",
            {"reason": "NARR", "needs": "decision"},
            "given back, the payee must be looked into",
        ),
    }
)
"""Kinds about an order that these people decide: the deed, what it wants, and why."""

Document = Mapping[str, Any]
AskTheBank = Callable[[str, str], Sequence[str]]
"""Bank and the bank's reference of an entry -> the EndToEndIds of the payments that it is about."""


@dataclass(slots=True, kw_only=True)
class Operators:
    """Two people with one desk. `done` counts what they did, by what it was."""

    session: ClientSession
    url: str
    keys: SandboxKeys
    clock: Clock
    done: Counter[str] = field(default_factory=Counter)
    _decided: set[str] = field(default_factory=set)

    async def work(self, entries: Mapping[int, tuple[str, str]], ask: AskTheBank) -> None:
        """Work every open exception; `entries` says by exception which entry of which bank it is about."""
        page = await self._must("GET", "/v1/exceptions", params={"limit": str(_PAGE)})
        for trouble in page["exceptions"]:
            number, kind = trouble["exceptionNo"], trouble["kind"]
            if kind in WITHOUT_A_HOME and number in entries:
                deed = await self._find_a_home(number, ask(*entries[number]))
                if deed is not None:
                    self.done[f"{kind}: {deed}"] += 1
                    continue
            elif kind in _DECIDED and await self._decide(number, kind, trouble["orderId"]):
                continue
            if trouble["owner"] is None:
                await self._must("POST", f"/v1/exceptions/{number}/assign", json={"owner": MAKER})

    async def _find_a_home(self, number: int, payments: Sequence[str]) -> str | None:
        """Do what the bank's answer asks for; return what was done. An entry about several payments stays open."""
        if len(payments) > 1:
            return None
        if payments:
            wanted = {"endToEndId": payments[0], "comment": "as the bank says"}
            return "matched by hand" if await self._deed(number, "match", wanted) else None
        # Of no payment at all: the bank's own charges, or the institution's own transfer.
        written_off = await self._deed(number, "write-off", {"comment": "of no payment, says the bank"})
        return "written off to suspense" if written_off else None

    async def _decide(self, number: int, kind: str, order_id: str) -> bool:
        """Say how an order goes on, once; say whether it was allowed."""
        deed, wanted, words = _DECIDED[kind]
        if order_id in self._decided or not await self._deed(number, deed, {"comment": words, **wanted}):
            return False
        self._decided.add(order_id)
        self.done[f"{kind}: {words}"] += 1
        return True

    async def lift(self, reason: str) -> None:
        """Lift every active stop of a reason: one asks, the other one decides."""
        for stop in await self.stops():
            if stop["state"] == "active" and stop["reasonClass"] == reason:
                for who in (MAKER, CHECKER):
                    await self._must("POST", f"/v1/stops/{stop['stopNo']}/lift", who=who)
                self.done["stop lifted"] += 1

    async def stops(self) -> list[Document]:
        """Return every stop, oldest first."""
        page: list[Document] = (await self._must("GET", "/v1/stops", params={"limit": str(_PAGE)}))["stops"]
        return sorted(page, key=lambda stop: stop["stopNo"])

    async def let_go_on(self) -> None:
        """Release the queue of every account that was held for want of funds."""
        for hold in (await self._must("GET", "/v1/funds"))["holds"]:
            await self._must("POST", f"/v1/funds/holds/{hold['holdNo']}/release")
            self.done["queue of an account, released after funding"] += 1

    async def _deed(self, number: int, deed: str, wanted: Document) -> bool:
        """Do it; where it needs a second person, that person confirms what was asked. Say whether it was allowed."""
        status, case = await self._ask("POST", f"/v1/exceptions/{number}/{deed}", json=wanted)
        if status in _CONFLICT:
            return False
        if status != _OK:
            raise DoorAnsweredError(f"{deed}: {status} {case.get('title')}")
        for decision in case["decisions"]:
            if decision["state"] == "asked":
                body = {"decision": decision["decisionNo"], "digest": decision["digest"]}
                await self._must("POST", f"/v1/exceptions/{number}/confirm", who=CHECKER, json=body)
        return True

    async def _must(self, method: str, path: str, *, who: str = MAKER, **request: Any) -> Document:
        status, body = await self._ask(method, path, who=who, **request)
        if status != _OK:
            raise DoorAnsweredError(f"{method} {path.rpartition('/')[2]}: {status} {body.get('title')}")
        return body

    async def _ask(self, method: str, path: str, *, who: str = MAKER, **request: Any) -> tuple[int, Document]:
        token = self.keys.token(
            subject=who, scope="operate", now=self.clock.now(), seconds=_TOKEN_SECONDS, sources=[EVERY_SOURCE]
        )
        bearer = {"Authorization": f"Bearer {token}"}
        async with self.session.request(method, self.url + path, headers=bearer, **request) as response:
            return response.status, await response.json(content_type=None)
