"""What may be wrong with a record, a log or a broker, and what must go on all the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from gateway.bus.envelope import bank_message
from gateway.bus.settings import KafkaSettings
from gateway.domain.errors import StoreBusy
from gateway.ports.bus import BANK_MESSAGES, Record
from gateway.ports.store import Session
from gateway.service.partitions import BETWEEN_TRIES, SAME_ERROR_MAX
from gateway.service.receive import Door, Letter
from gateway.store.postgres import PostgresStore
from tests.kafka.conftest import KEY, PATIENCE_SECONDS, Line, connected, content, expected
from tests.kafka_broker import KafkaBroker
from tests.scenario import opened

pytestmark = pytest.mark.kafka

STATUS = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
<GrpHdr><MsgId>S1</MsgId><CreDtTm>2026-09-21T08:00:00Z</CreDtTm></GrpHdr>
<OrgnlGrpInfAndSts><OrgnlMsgId>G1ALFA260921S00099</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
<GrpSts>ACCP</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"""
"""A status report as ISO 20022 defines it, about a file that this installation never sent."""


async def test_a_broker_that_loses_power_costs_nothing(line: Line, kafka_broker: KafkaBroker) -> None:
    await line.publish(line.letters(range(300)))
    step = line.receiver("w1")
    while not await step.run_once():
        pass
    await asyncio.to_thread(kafka_broker.kill)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while step._reader is not None:  # what the client had fetched before may still be handed out
            line.clock.advance(1)
            await step.run_once()
    await asyncio.to_thread(kafka_broker.restart)
    async with connected(KafkaSettings(bootstrap=kafka_broker.bootstrap)) as bus:
        await bus.producer.publish(BANK_MESSAGES, line.letters(range(300, 310)))
    await line.receive(step, 310)  # with a reader of its own making
    assert await line.stored() == expected(range(310))
    assert await line.rows("SELECT FROM exception") == []
    await step.release()


async def test_a_record_larger_than_a_fetch_is_taken_whole(line: Line, topics: KafkaSettings) -> None:
    large = b"x" * 500_000
    record = bank_message(BANK_MESSAGES, "alfa", large, channel="test", counter=1, at=line.clock.now(), key=KEY)
    for each in (line.letter(content(0)), record, line.letter(content(2))):
        await line.publish([each])
    async with connected(replace(topics, fetch_bytes=1_000)) as bus:
        step = line.receiver("w1", bus=bus)
        await line.receive(step, 3)
        await step.release()
    assert [digest for _, digest in await line.stored()] == [
        sha256(c).digest() for c in (content(0), large, content(2))
    ]
    [(size,)] = await line.rows("SELECT sum(octet_length(piece)) FROM bank_message_bytes WHERE message_no = 2")
    assert size == len(large)


async def test_a_signed_poison_message_is_unreadable_and_the_lane_goes_on(line: Line) -> None:
    async with opened(line.url, line.root, banks=["alfa"]) as scene:
        line.clock = scene.clock
        key = scene.gateway.edge_keys["alfa"]
        letters = [line.letter(text, key=key) for text in (b"\0\xff garbage", b"<Document", STATUS)]
        await line.publish(letters)
        loops = {loop.kind: loop for loop in scene.gateway.hearing(line.bus, [line.partition])}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await line.came() < len(letters):
                await loops["receive"].step.run_once()
        for kind in ("read", "apply"):
            while await loops[kind].step.run_once():
                pass
        for loop in loops.values():
            if loop.close is not None:
                await loop.close()
    states = await line.rows("SELECT state FROM bank_message ORDER BY message_no")
    assert states == [("unreadable",), ("unreadable",), ("applied",)]
    kinds = await line.rows("SELECT kind, count(*) FROM exception GROUP BY kind HAVING kind = 'unreadable message'")
    assert kinds == [("unreadable message", 2)]


async def test_what_no_edge_signed_is_a_dead_letter_and_the_lane_goes_on(line: Line) -> None:
    unsigned = line.letter(content(0))
    unsigned = replace(unsigned, headers={k: v for k, v in unsigned.headers.items() if k != "ce_signature"})
    forged = line.letter(content(1), key=b"another key")
    nul = Record(key=b"alfa", value=b"\0", headers={"ce_\0": "a\0b"})
    await line.publish([unsigned, forged, nul, line.letter(content(3))])
    step = line.receiver("w1")
    await line.receive(step, 4)
    assert await line.dead() == [(0, "envelope.unsigned"), (1, "envelope.signature"), (2, "envelope.type")]
    assert await line.stored() == [(3, sha256(content(3)).digest())]
    kinds = await line.rows("SELECT DISTINCT kind, count(*) OVER () FROM exception")
    assert kinds == [("dead letter", 3)]
    await step.release()


async def test_retention_that_passed_us_by_stops_the_partition_and_pages(line: Line, topics: KafkaSettings) -> None:
    await line.publish(line.letters(range(10)))
    async with _administrator(topics) as administrator:
        where = TopicPartition(BANK_MESSAGES, line.partition)
        await administrator.delete_records({where: RecordsToDelete(before_offset=line.start + 4)})
    step = line.receiver("w1")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await line.lease())[3] is None:
            await step.run_once()
            line.clock.advance(BETWEEN_TRIES.total_seconds())
    _, _, came, why = await line.lease()
    assert came == 0
    assert why is not None
    assert why.startswith("offset out of range")
    assert await line.rows("SELECT kind FROM exception") == [("partition stopped",)]
    for worker in ("w1", "w2"):
        assert not await line.receiver(worker).run_once()
    assert await line.stored() == []  # what is left must not be taken for everything


@pytest.mark.parametrize("broken", ["the file", "the folder"])
async def test_a_message_whose_file_never_comes_stops_the_partition_and_pages(line: Line, broken: str) -> None:
    announced = line.letter(b"y" * 100_000)
    assert announced.value == b""
    folder = line.root / "alfa" / "claims"
    (folder / announced.headers["ce_dataref"]).unlink()
    if broken == "the folder":
        folder.rmdir()
        folder.touch()
    await line.publish([announced, line.letter(content(1))])
    step = line.receiver("w1")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await line.lease())[3] is None:
            await step.run_once()
            line.clock.advance(BETWEEN_TRIES.total_seconds())
    assert await line.lease() == ("w1", 1, 0, f"BankUnreachable, {SAME_ERROR_MAX} times at offset {line.start}")
    assert await line.rows("SELECT kind FROM exception") == [("partition stopped",)]
    assert await line.stored() == []


async def test_a_message_whose_file_comes_late_is_waited_for(line: Line) -> None:
    announced = line.letter(b"y" * 100_000)
    claim = line.root / "alfa" / "claims" / announced.headers["ce_dataref"]
    hidden = claim.rename(claim.with_name("hidden"))
    await line.publish([announced])
    step = line.receiver("w1")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await line.rows("SELECT FROM partition_lease WHERE failures = $1", SAME_ERROR_MAX - 1):
            await step.run_once()
            line.clock.advance(BETWEEN_TRIES.total_seconds())
    hidden.rename(claim)
    await line.receive(step, 1)
    assert await line.stored() == [(0, sha256(b"y" * 100_000).digest())]
    assert await line.rows("SELECT failures, stopped FROM partition_lease") == [(0, None)]
    await step.release()


async def test_a_database_in_trouble_is_not_held_against_the_record(line: Line) -> None:
    await line.publish(line.letters(range(5)))
    busy = _Busy(inner=line.store, opens=line.door)
    step = line.receiver("w1", store=busy, door=busy.door)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while busy.failed <= SAME_ERROR_MAX:
            with suppress(StoreBusy):
                await step.run_once()
    assert await line.rows("SELECT failures, stopped FROM partition_lease") == [(0, None)]
    step.door = line.door
    await line.receive(step, 5)
    assert await line.stored() == expected(range(5))
    await step.release()


@dataclass(slots=True, kw_only=True)
class _Busy:
    """A store that loses every race in which a record would have been stored."""

    inner: PostgresStore
    opens: Door
    due: bool = False
    failed: int = 0

    async def door(self, record: Record) -> Letter:
        self.due = True
        return await self.opens(record)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        if self.due:
            self.due = False
            self.failed += 1
            raise StoreBusy("lost a race")
        async with self.inner.transaction() as session:
            yield session


@asynccontextmanager
async def _administrator(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap)
    await client.start()
    try:
        yield client
    finally:
        await client.close()
