"""What the steps count, with the real services on a real database. Only what was committed is counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bank_adapters.registry import meanings_for
from gateway.domain.errors import BankUnreachable, BusUnavailable, StoreDown
from gateway.domain.reasons import reasons_from
from gateway.observe.metrics import Metrics
from gateway.ports.bus import BANK_MESSAGES, Bus, PartitionReader, Producer, Record
from gateway.ports.transport import Answer, Arrival, Finding, Sent, Wire
from gateway.runtime.keys import SandboxKeys
from gateway.service.apply import Apply
from gateway.service.batches import Batches
from gateway.service.inquire import Inquire
from gateway.service.intake import Intake
from gateway.service.judge import Ways
from gateway.service.partitions import LAG_SECONDS, LEASE, RENEWALS
from gateway.service.read import Read
from gateway.service.receive import Letter, Receive
from gateway.service.relay import LANES, Relay
from gateway.service.seal import Seal
from gateway.service.send import Send
from tests.orders import PAY_DATE, line, manifest_of
from tests.scenario import SOURCE, Scene, payment, payments

APPROVED = datetime(2026, 9, 17, 9, 30, tzinfo=UTC)  # approvedAt of tests/orders.py
AGE = int((datetime(2026, 9, 21, 8, tzinfo=UTC) - APPROVED).total_seconds())  # 340,200 s: 3 d 22 h 30 min
TO_BANK, TO_CONFIRMATION = "gateway_approval_to_bank_seconds", "gateway_approval_to_confirmation_seconds"


def stage(metrics: Metrics, name: str, bank: str = "alfa") -> float | None:
    return metrics.registry.get_sample_value("gateway_payments_total", {"stage": name, "bank": bank})


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


@dataclass(slots=True)
class Channel:
    """A bank's channel that answers as told."""

    answer: Sent = Sent.SENT
    arrival: Arrival = Arrival.ARRIVED
    reachable: bool = True

    async def prepare(self, wire: Wire) -> None:
        if not self.reachable:
            raise BankUnreachable("no connection")

    async def discard(self, wire: Wire) -> None: ...

    async def send(self, wire: Wire, pieces: Sequence[bytes], deadline: float) -> Answer:
        return Answer(sent=self.answer)

    async def inquire(self, wire: Wire, intents: Sequence[int]) -> Finding:
        return Finding(arrival=self.arrival)

    async def close(self) -> None: ...


def sending(scene: Scene, metrics: Metrics, channel: Any) -> Send:
    scene.use_transport("alfa", channel)
    step = scene.step("send", "alfa")
    assert isinstance(step, Send)
    return replace(step, meter=metrics)


async def hear(scene: Scene, metrics: Metrics, says: Mapping[str, Any], message: int = 1) -> None:
    """Apply one observation of alfa's about each payment, as a message that was read."""
    number = await scene.value(
        "INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state, read_through)"
        " VALUES ('alfa', sha256($1), 1, 'bank-edge', '{}', $2, 'read', 100) RETURNING message_no",
        str(message).encode(),
        scene.clock.now(),
    )
    columns = {"kind": "entry", "credit": False, "booked": True, **says}
    await scene.rows(
        f"INSERT INTO observation (message_no, ordinal, path, end_to_end_id, amount_minor, currency, entry_ref,"  # noqa: S608
        f" {', '.join(columns)}) SELECT $1, attempt_no, '/', end_to_end_id, amount_minor, currency, 'R' || attempt_no,"
        f" {', '.join(f'${n}' for n in range(2, len(columns) + 2))} FROM attempt",
        number,
        *columns.values(),
    )
    profile = scene.gateway.configuration.profiles["alfa"]
    ways = Ways(statuses=meanings_for(profile, reasons_from({})), matching=profile.matching)
    step = Apply(
        store=scene.gateway.store,
        clock=scene.clock,
        ways={"alfa": ways},
        reasons=reasons_from({}),
        worker="w1",
        meter=metrics,
    )
    while await step.run_once():
        pass


async def test_orders_are_received_once_and_ordered_with_their_release(scene: Scene, metrics: Metrics) -> None:
    store, clock = scene.gateway.store, scene.clock
    catalogue = scene.gateway.configuration.catalogue
    intake = Intake(store=store, clock=clock, catalogue=catalogue, meter=metrics)
    batches = Batches(store=store, clock=clock, approvals=scene.gateway.approvals, meter=metrics)
    await batches.open(source=SOURCE, batch_id="B-1", programme="STA", pay_date=PAY_DATE, by="benefits")
    lines = [line(o) for o in [*payments(range(3)), payment(3, amount="-1.00")]]
    for _ in range(2):
        await intake.append(source=SOURCE, batch_id="B-1", lines=lines)
    assert (stage(metrics, "received", "none"), stage(metrics, "ordered", "none")) == (4, None)
    manifest = manifest_of(await batches.close(source=SOURCE, batch_id="B-1", by="benefits"))
    signature = SandboxKeys(scene.gateway.settings.data_dir / "keys").sign(SOURCE, manifest)
    for _ in range(2):
        terms = {"manifest": manifest, "signature": signature, "by": "benefits"}
        await batches.release(source=SOURCE, batch_id="B-1", **terms)  # type: ignore[arg-type]
    assert stage(metrics, "ordered", "none") == 4


async def test_a_sealed_submission_counts_its_payments(scene: Scene, metrics: Metrics) -> None:
    await scene.release(payments(range(3)))
    await scene.until_idle("cut")
    step = scene.step("seal")
    assert isinstance(step, Seal)
    step = replace(step, meter=metrics)
    assert await step.run_once()
    assert not await step.run_once()
    assert stage(metrics, "sealed") == 3


async def test_a_dissolved_submission_is_not_sealed(scene: Scene, metrics: Metrics) -> None:
    await scene.release(payments(range(3)))
    await scene.until_idle("cut")
    await scene.stop("order", "SICK-000001")
    step = scene.step("seal")
    assert isinstance(step, Seal)
    assert await replace(step, meter=metrics).run_once()
    assert stage(metrics, "sealed") is None


async def test_what_was_delivered_is_sent_with_the_age_of_its_approvals(scene: Scene, metrics: Metrics) -> None:
    await scene.sealed([*payments(range(3)), payment(3, approvedAt="2026-09-21T07:59:58Z")])
    assert await sending(scene, metrics, Channel()).run_once()
    assert stage(metrics, "sent") == 4
    assert sample(metrics, "gateway_tries_total", bank="alfa", answer="sent") == 1
    assert sample(metrics, TO_BANK + "_count", bank="alfa") == 4
    assert sample(metrics, TO_BANK + "_sum", bank="alfa") == 3 * AGE + 2
    assert sample(metrics, TO_BANK + "_bucket", bank="alfa", le="1") == 0
    assert sample(metrics, TO_BANK + "_bucket", bank="alfa", le="5") == 1
    assert sample(metrics, TO_BANK + "_bucket", bank="alfa", le=str(3 * 86_400)) == 1
    assert sample(metrics, TO_BANK + "_bucket", bank="alfa", le=str(7 * 86_400)) == 4


@pytest.mark.parametrize("answer", [Sent.NOT_SENT, Sent.UNKNOWN])
async def test_a_try_that_did_not_deliver_is_no_sent_payment(scene: Scene, metrics: Metrics, answer: Sent) -> None:
    await scene.sealed(payments(range(3)))
    assert await sending(scene, metrics, Channel(answer=answer)).run_once()
    assert stage(metrics, "sent") is None
    assert sample(metrics, "gateway_tries_total", bank="alfa", answer=answer.value) == 1


async def test_an_unreachable_bank_counts_as_a_failure_of_the_step(scene: Scene, metrics: Metrics) -> None:
    await scene.sealed(payments(range(3)))
    assert not await sending(scene, metrics, Channel(reachable=False)).run_once()
    assert sample(metrics, "gateway_step_failures_total", step="send", error="BankUnreachable") == 1


@pytest.mark.parametrize(("arrival", "sent"), [(Arrival.ARRIVED, 3), (Arrival.CANNOT_TELL, None)])
async def test_an_inquiry_that_finds_it_counts_it_as_sent(
    scene: Scene, metrics: Metrics, arrival: Arrival, sent: int | None
) -> None:
    await scene.sealed(payments(range(3)))
    assert await sending(scene, metrics, Channel(answer=Sent.UNKNOWN, arrival=arrival)).run_once()
    scene.clock.advance(3_600)
    step = scene.step("inquire", "alfa")
    assert isinstance(step, Inquire)
    assert await replace(step, meter=metrics).run_once()
    assert sample(metrics, "gateway_inquiries_total", bank="alfa", finding=arrival.value) == 1
    assert stage(metrics, "sent") == sent


async def test_a_booking_confirms_once_and_a_message_proves_an_unknown_was_sent(scene: Scene, metrics: Metrics) -> None:
    await scene.sealed(payments(range(3)))
    assert await sending(scene, metrics, Channel(answer=Sent.UNKNOWN)).run_once()
    scene.clock.advance(60)
    for message in (1, 2):
        await hear(scene, metrics, {}, message)
    assert (stage(metrics, "sent"), stage(metrics, "confirmed"), stage(metrics, "returned")) == (3, 3, None)
    assert sample(metrics, "gateway_matches_total", bank="alfa", rule="end_to_end_id") == 6
    assert sample(metrics, TO_CONFIRMATION + "_count", bank="alfa") == 3
    assert sample(metrics, TO_CONFIRMATION + "_sum", bank="alfa") == 3 * (AGE + 60)
    await hear(scene, metrics, {"kind": "return entry", "credit": True}, message=3)
    assert (stage(metrics, "confirmed"), stage(metrics, "returned")) == (3, 3)


async def test_what_rolled_back_is_not_counted(scene: Scene, metrics: Metrics) -> None:
    await scene.sealed(payments(range(3)))
    assert await sending(scene, metrics, Channel()).run_once()
    await scene.tamper("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE query_canceled; END'")
    await scene.tamper("CREATE TRIGGER no BEFORE UPDATE ON bank_message FOR EACH ROW EXECUTE FUNCTION no()")
    with pytest.raises(StoreDown):
        await hear(scene, metrics, {})
    assert stage(metrics, "confirmed") is None


@dataclass(slots=True)
class Broker:
    """A bus of one partition that holds `records`, or is down."""

    records: list[Record] = field(default_factory=list)
    published: list[Record] = field(default_factory=list)
    down: bool = False
    closed: int = 0
    incarnation: str = "b1"

    @property
    def producer(self) -> Producer:
        return self

    def reader(self, topic: str, partition: int) -> PartitionReader:
        assert (topic, partition) == (BANK_MESSAGES, 5)
        return self

    def _check(self) -> None:
        if self.down:
            raise BusUnavailable("no broker")

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        self._check()
        self.published += records

    async def fetch(self, offset: int, *, max_records: int, timeout_seconds: float) -> list[Record]:
        self._check()
        return self.records[offset : offset + min(max_records, 2)]

    async def high_watermark(self) -> int:
        self._check()
        return len(self.records)

    async def close(self) -> None:
        self.closed += 1


async def test_outcome_events_are_told_when_they_were_published(scene: Scene, metrics: Metrics) -> None:
    await scene.release([payment(n, amount="-1.00") for n in range(3)])
    broker = Broker(down=True)
    relays = [
        Relay(store=scene.gateway.store, clock=scene.clock, bus=as_bus(broker), lane=n, worker="w1", meter=metrics)
        for n in range(LANES)
    ]
    assert [await r.run_once() for r in relays] == [False] * LANES
    assert stage(metrics, "told", "none") is None
    assert sample(metrics, "gateway_step_failures_total", step="relay", error="BusUnavailable") == 3
    broker.down = False
    for relay in relays:
        await relay.run_once()
    assert stage(metrics, "told", "none") == len(broker.published) == 3


def as_bus(broker: Broker) -> Bus:
    return broker  # type: ignore[return-value]


async def door(record: Record) -> Letter:
    broken = None if record.value else "envelope.signature"
    return Letter(bank="alfa", content=record.value, channel="bank-edge", broken_rule=broken)


async def test_messages_are_counted_by_bank_and_the_lag_is_shown_by_the_owner(scene: Scene, metrics: Metrics) -> None:
    records = [Record(key=b"alfa", value=v, partition=5, offset=n) for n, v in enumerate([b"a", b"b", b"", b"c", b"d"])]
    broker = Broker(records=records)
    receive = Receive(
        store=scene.gateway.store,
        clock=scene.clock,
        bus=as_bus(broker),
        door=door,
        partition=5,
        worker="w1",
        meter=metrics,
    )
    assert await receive.run_once()
    assert sample(metrics, "gateway_consumer_lag_records", partition="5") == 3
    scene.clock.advance(LAG_SECONDS)
    assert await receive.run_once()
    assert sample(metrics, "gateway_consumer_lag_records", partition="5") == 1
    assert sample(metrics, "gateway_bank_messages_total", bank="alfa", state="received") == 3
    assert sample(metrics, "gateway_bank_messages_total", bank="none", state="dead letter") == 1
    broker.down = True
    assert not await receive.run_once()
    assert sample(metrics, "gateway_consumer_lag_records", partition="5") is None
    assert sample(metrics, "gateway_step_failures_total", step="receive", error="BusUnavailable") == 1


async def test_a_lost_lease_takes_the_lag_away(scene: Scene, metrics: Metrics) -> None:
    receive = Receive(
        store=scene.gateway.store,
        clock=scene.clock,
        bus=as_bus(Broker()),
        door=door,
        partition=5,
        worker="w1",
        meter=metrics,
    )
    await receive.run_once()
    assert sample(metrics, "gateway_consumer_lag_records", partition="5") == 0
    await scene.rows("UPDATE partition_lease SET owner = 'w2', lease_until = 'infinity', epoch = epoch + 1")
    scene.clock.advance(LEASE.total_seconds() / RENEWALS)
    await receive.run_once()
    assert sample(metrics, "gateway_consumer_lag_records", partition="5") is None


async def test_read_messages_are_counted_apart_from_unreadable_ones(scene: Scene, metrics: Metrics) -> None:
    empty = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn/></Document>'
    for content in (empty, b"no message at all"):
        await scene.rows(
            "WITH m AS (INSERT INTO bank_message (bank, digest, size, channel, origin, received_at)"
            " VALUES ('alfa', sha256($1), 1, 'bank-edge', '{}', $2) RETURNING message_no)"
            " INSERT INTO bank_message_bytes SELECT message_no, 0, $1 FROM m",
            content,
            scene.clock.now(),
        )
    gateway = scene.gateway
    read = Read(store=gateway.store, clock=scene.clock, banks=gateway.banks, worker="w1", meter=metrics)
    while await read.run_once():
        pass
    assert sample(metrics, "gateway_bank_messages_total", bank="alfa", state="unreadable") == 1
    assert sample(metrics, "gateway_bank_messages_total", bank="alfa", state="read") == 1
