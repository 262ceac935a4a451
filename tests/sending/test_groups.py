"""Requests go in groups: one commit for their intents, checks of their own, answers as they come."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bank_adapters.registry import load_profile
from bank_adapters.rest.json_api import JsonApiAdapter
from gateway.domain.errors import BankUnreachable, StoreBusy
from gateway.ports.transport import Answer, Sent, Wire
from gateway.runtime.sending import TOGETHER, together
from gateway.service.intents import Due, Intents
from gateway.service.retrying import TRIES
from gateway.service.send import Send
from gateway.transport.http import HttpTransport
from tests.scenario import Scene, opened, payments
from tests.sending.setting import written
from tests.sending.transport import Scripted
from tests.transport.test_http import open_bank, profile

AT_ONCE = 4
"""Requests on the wire at a time, as the bank's profile says."""


@pytest.fixture
async def kilo(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A gateway of one bank by request."""
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        yield scene


async def sealed(scene: Scene, number: int, transport: Scripted) -> Send:
    """Seal so many requests."""
    scene.use_transport("kilo", transport)
    await scene.sealed(payments(range(number), "kilo"))
    step = scene.step("send", "kilo")
    assert isinstance(step, Send)
    return step


async def test_one_commit_promises_the_group_and_some_record_its_answers(kilo: Scene) -> None:
    intents: list[int] = []

    async def look() -> None:
        intents.append(await kilo.value("SELECT count(*) FROM intent WHERE outcome IS NULL"))

    step = await sealed(kilo, 5, Scripted(before_answer=look))
    assert await step.run_once()
    assert intents[0] == 5  # before the first byte of any
    assert await kilo.value("SELECT count(DISTINCT xmin::text) FROM intent") < 5
    assert set(await kilo.states()) == {"delivered"}
    assert not await step.run_once()


async def test_an_objection_voids_its_own_request_alone(kilo: Scene) -> None:
    transport = Scripted()
    step = await sealed(kilo, 4, transport)
    await kilo.tamper("UPDATE payment_order SET state = 'held', reason = 'x' WHERE order_id = 'SICK-000001'")
    await kilo.tamper("UPDATE payment_order SET valid_until = '2026-09-20' WHERE order_id = 'SICK-000002'")
    assert await step.run_once()
    assert await kilo.states() == ["delivered", "void", "void", "delivered"]
    assert await kilo.column("SELECT why FROM submission_event WHERE to_state = 'void' ORDER BY submission_no") == [
        "cancellation",
        "date passed",
    ]
    assert (len(transport.sent), len(transport.discarded)) == (2, 2)


class Mixed(Scripted):
    """Answers by the order of the tries, and says how many were on the wire at a time."""

    def __init__(self, *answers: Sent) -> None:
        super().__init__()
        self.plan, self.at_once, self.most = list(answers), 0, 0

    async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
        del pieces, deadline
        self.wires.append(wire)
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        answer = self.plan.pop(0) if self.plan else Sent.SENT
        await asyncio.sleep(0)
        self.at_once -= 1
        return Answer(sent=answer, evidence={"script": answer.value}, unreachable=answer is not Sent.SENT)


async def test_each_answer_is_its_own(kilo: Scene) -> None:
    step = await sealed(kilo, 4, Mixed(Sent.SENT, Sent.UNKNOWN, Sent.NOT_SENT, Sent.SENT))
    assert await step.run_once()
    assert await kilo.states() == ["delivered", "unknown", "not sent", "delivered"]
    assert await kilo.rows("SELECT outcome, proved FROM intent ORDER BY submission_no") == [
        ("sent", True),
        ("unknown", False),
        ("not sent", True),
        ("sent", True),
    ]
    assert await kilo.exceptions() == ["unknown"]


async def test_no_more_are_on_the_wire_than_the_bank_wants(kilo: Scene) -> None:
    """Four at a time, in both loops together."""
    transport = Mixed()
    step = await sealed(kilo, 16, transport)
    await asyncio.gather(step.run_once(), step.run_once())
    assert (len(transport.wires), transport.most) == (16, 4)


async def test_what_a_lost_worker_promised_is_unknown_and_its_late_answer_evidence(kilo: Scene) -> None:
    """It freezes between commit and wire; the sweeper takes over; what it sent then changes no state."""
    transport = Scripted()
    step = await sealed(kilo, 3, transport)
    intents = await step._intend(deadline=20.0)
    assert intents is not None
    kilo.clock.advance(61)
    await kilo.until_idle("sweep")
    assert set(await kilo.states()) == {"unknown"}
    await step._send(intents)
    assert set(await kilo.states()) == {"unknown"}
    assert await kilo.column("SELECT late_evidence ->> 'saw' FROM intent") == ["sent"] * 3


async def test_what_queued_past_its_deadline_is_not_sent_by_the_transports_own_check(kilo: Scene) -> None:
    """The bank takes so long over the first four that the deadline passes; no byte of the others leaves."""
    late = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # who connects too late closes without a byte
            await bank.take(reader)
            key = re.search(rb"Idempotency-Key: (\S+)", bank.requests[-1])
            if len(bank.requests) == AT_ONCE:
                kilo.clock.advance(30)
                late.set()
            await late.wait()
            receipt = b'{"idempotencyKey":"%s"}' % (key[1] if key else b"")
            writer.write(b"HTTP/1.1 201 -\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(receipt) + receipt)
            await writer.drain()

    async def token() -> str:
        return "token"

    async with open_bank(slow) as bank:
        transport = HttpTransport(
            profile(), JsonApiAdapter(), kilo.clock, secret=token, sleep=asyncio.sleep, base_url=bank.url
        )
        step = await sealed(kilo, 7, transport)  # type: ignore[arg-type]
        assert await step.run_once()
        await transport.close()
        assert len(bank.requests) == AT_ONCE
    assert sorted(await kilo.states()) == [*["delivered"] * 4, *["not sent"] * 3]
    assert await kilo.column("SELECT DISTINCT evidence ->> 'cause' FROM intent WHERE outcome = 'not sent'") == [
        "the deadline passed before the first byte"
    ]


async def test_a_mark_that_cannot_be_left_costs_its_own_request_alone(kilo: Scene) -> None:
    class Half(Scripted):
        async def prepare(self, wire: Wire) -> None:
            if wire.intent % 2:
                raise BankUnreachable("no")

    step = await sealed(kilo, 4, Half())
    assert await step.run_once()
    assert sorted(await kilo.states()) == ["delivered", "delivered", "sealed", "sealed"]
    assert await kilo.column("SELECT tries FROM submission ORDER BY state") == [1, 1, 0, 0]
    assert await kilo.column("SELECT claim FROM submission WHERE state = 'sealed'") == [None, None]


async def test_answers_that_lose_a_race_are_recorded_again(kilo: Scene) -> None:
    """A message of the bank names one of them while its answer is under way."""

    class Named(Scripted):
        async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
            if not self.wires:
                await kilo.tamper("UPDATE submission SET state = 'delivered' WHERE name = $1", wire.name)
            return await super().send(wire, pieces, deadline)

    step = await sealed(kilo, 3, Named(answers=[Sent.UNKNOWN, Sent.SENT]))
    assert await step.run_once()
    assert set(await kilo.states()) == {"delivered"}
    assert await kilo.exceptions() == []


def busy(monkeypatch: pytest.MonkeyPatch, kind: type, name: str, times: int) -> None:
    """Let a method's transaction lose its race, at its end, so many times."""
    method, left = getattr(kind, name), [True] * times

    async def lose(self: Any, *args: Any) -> Any:
        done = await method(self, *args)
        if left:
            left.pop()
            raise StoreBusy("again")
        return done

    monkeypatch.setattr(kind, name, lose)


async def test_intents_that_lose_a_race_are_decided_again(kilo: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    step = await sealed(kilo, 2, Scripted())
    busy(monkeypatch, Intents, "decide", TRIES - 1)
    assert await step.run_once()
    assert await kilo.rows("SELECT state, tries FROM submission") == [("delivered", 1)] * 2


async def test_what_loses_every_race_is_free_again_at_once(kilo: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = Scripted()
    step = await sealed(kilo, 2, transport)
    busy(monkeypatch, Intents, "decide", TRIES)
    with pytest.raises(StoreBusy):
        await step.run_once()
    assert len(transport.discarded) == 2
    assert await kilo.rows("SELECT state, tries, claim FROM submission") == [("sealed", 0, None)] * 2
    assert await step.run_once()
    assert set(await kilo.states()) == {"delivered"}


async def test_a_race_that_is_lost_cuts_off_nothing_on_the_wire(kilo: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer cannot be recorded while the second request is under way; both are, with its answer."""
    lost, tries = asyncio.Event(), []

    class Slow(Scripted):
        async def send(self, wire: Wire, pieces: Iterable[bytes], deadline: float) -> Answer:
            first = not self.wires
            answer = await super().send(wire, pieces, deadline)
            if not first:
                await lost.wait()
            return answer

    record = Send._record

    async def lose(self: Send, answered: Any) -> None:
        tries.append(len(answered))
        if len(tries) <= TRIES:
            if len(tries) == TRIES:
                lost.set()
            raise StoreBusy("again")
        await record(self, answered)

    step = await sealed(kilo, 2, Slow())
    monkeypatch.setattr(Send, "_record", lose)
    assert await step.run_once()
    assert tries == [*[1] * TRIES, 2]
    assert await kilo.states() == ["delivered"] * 2


@pytest.mark.parametrize(
    ("pace", "timings", "expected"),
    [
        ({"at_once": 4}, {}, 20),  # twenty seconds, two of a request, in two loops: five rounds of four
        ({"at_once": 16}, {"send_deadline_seconds": 50}, 192),
        ({"at_once": 16}, {"send_deadline_seconds": 59}, TOGETHER),
        ({"at_once": 1}, {"send_deadline_seconds": 1}, 1),
    ],
)
async def test_a_group_is_no_larger_than_what_can_leave_in_time(
    tmp_path: Path, pace: dict[str, Any], timings: dict[str, Any], expected: int
) -> None:
    written(tmp_path, {"kilo": {"pace": pace, "timings": timings}})
    text = (tmp_path / "config" / "banks" / "kilo.yaml").read_text(encoding="utf-8")
    assert together(load_profile("kilo", text), pace["at_once"]) == expected


async def test_groups_lock_the_limits_of_their_sources_in_one_order(
    kilo: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two groups that lock them in the order of their submissions wait for each other, and their claims run out."""
    step = await sealed(kilo, 4, Scripted())
    claims = await step._claim() or []
    sources = [replace(c, due=replace(c.due, source=source)) for c, source in zip(claims, "BABA", strict=True)]
    locked: list[str] = []

    async def limit(_self: Intents, _session: object, due: Due) -> None:
        locked.append(due.source)

    async def promise(_self: Intents, _session: object, _claims: object) -> None:
        """Promise nothing."""

    monkeypatch.setattr(Intents, "_limit", limit)
    monkeypatch.setattr(Intents, "_promise", promise)
    intents = Intents(clock=kilo.clock, bank=step.bank, approvals=kilo.gateway.approvals, worker="w1")
    async with kilo.gateway.store.transaction() as session:
        decided = await intents.decide(session, sources)
    assert locked == ["A", "A", "B", "B"]
    assert [c.due.submission_no for c in decided.promised] == [c.due.submission_no for c in claims]
