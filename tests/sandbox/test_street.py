import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError
from confluent_kafka import Producer

from gateway.sandbox import Access, Edge, Envelope, KafkaPublisher, Kind, Street, read_parameters
from tests.sandbox.material import NOW, PAY_DAY, File, leave
from tests.sandbox.plain import plain
from tests.sandbox.test_edge import KEY, TOPIC, Tape
from tests.sandbox.test_parameters import CONFIG

EVENING = NOW.replace(hour=18)


@asynccontextmanager
async def street(root: Path, tape: Tape, clock: Callable[[], datetime] = lambda: NOW) -> AsyncIterator[Street]:
    banks = read_parameters(CONFIG, seed=7)
    edge = Edge(key=KEY, root=root, publisher=tape)
    access = {"kilo": Access(secret="k"), "oscar": Access(secret="o")}
    opened = Street(banks, root=root, edge=edge, access=access, clock=clock)
    await opened.start()
    yield opened
    await opened.close()


def one_file_a_bank(root: Path) -> None:
    for bank in read_parameters(CONFIG, seed=7):
        if bank.kind is not Kind.API:
            file = File(
                msg_id=f"G1{bank.slug.upper()[:8]}260921S00001",
                debtor=bank.debtor_accounts[0],
                initiation=bank.initiation,
                amounts=("3.00",) * 60,
            )
            leave(root, bank, f"{file.msg_id}.txt", file)


def tells_the_day(content: bytes) -> bool:
    """Whether it is a statement, in whatever format."""
    return b"BkToCstmrStmt" in plain(content) or b":62F:" in content


async def whole_day(opened: Street) -> None:
    """Step on the simulated clock: straight to the next thing to say, then end the day and hear the statements."""
    await everything_due(opened)
    opened.close_day(PAY_DAY, EVENING)
    await everything_due(opened)


async def everything_due(opened: Street) -> None:
    now = NOW
    while True:
        while await opened.run_once(now):
            pass
        due = opened.next_due()
        if due is None:
            return
        now = due


async def test_a_day_of_all_banks_ends_with_everything_said(tmp_path: Path) -> None:
    tape = Tape()
    one_file_a_bank(tmp_path)
    async with street(tmp_path, tape) as opened:
        await whole_day(opened)
        rows = {slug: list(books.export()) for slug, books in opened.books().items()}
        assert {slug: len(kept) for slug, kept in rows.items()} == {
            bank.slug: 0 if bank.kind is Kind.API else 60 for bank in read_parameters(CONFIG, seed=7)
        }
        assert all(books.duplicates_booked() == [] for books in opened.books().values())
    # Bravo has nothing to say before its statement, and that follows the next day's.
    assert {envelope.key.decode() for envelope in tape.kept} == set(rows) - {"bravo"}


async def test_every_bank_with_statements_closes_its_day_with_one_that_adds_up(tmp_path: Path) -> None:
    tape = Tape()
    one_file_a_bank(tmp_path)
    async with street(tmp_path, tape) as opened:
        opened.fund("november", "SK4291000000000020260002", 1_000, PAY_DAY)
        await whole_day(opened)
        for bank in opened.banks().values():
            for closed in bank.books.accounts.statements():
                moved = sum(one.signed_minor for one in bank.books.accounts.on_statement(closed))
                assert closed.opening_minor + moved == closed.closing_minor
            assert {closed.day for closed in bank.books.accounts.statements()} == {PAY_DAY}
        with pytest.raises(KeyError):
            opened.fund("nobody", "SK4291000000000020260002", 1_000, PAY_DAY)
    told = {envelope.key.decode() for envelope in tape.kept if tells_the_day(envelope.value)}
    # India's and bravo's statements come after their successors, papa's may; API banks send none.
    assert told >= {b.slug for b in read_parameters(CONFIG, seed=7) if b.statement} - {"bravo", "india", "papa"}


async def test_two_days_with_one_seed_say_the_same(tmp_path: Path) -> None:
    tapes = [Tape(), Tape()]
    for number, tape in enumerate(tapes):
        root = tmp_path / str(number)
        one_file_a_bank(root)
        async with street(root, tape) as opened:
            await whole_day(opened)
    first, second = (sorted((envelope.key, envelope.value) for envelope in tape.kept) for tape in tapes)
    assert first == second


async def test_nothing_is_said_before_it_is_due(tmp_path: Path) -> None:
    tape = Tape()
    one_file_a_bank(tmp_path)
    async with street(tmp_path, tape) as opened:
        assert await opened.run_once(NOW)
        assert tape.kept == []
        due = opened.next_due()
        assert due is not None
        assert not await opened.run_once(due - timedelta(microseconds=1))
        assert await opened.run_once(due)


class Broken(Tape):
    """Kafka that is not there the first time, and stops the street once it was."""

    def __init__(self, stop: asyncio.Event) -> None:
        super().__init__()
        self.stop = stop
        self.refused = 0

    async def publish(self, topic: str, envelopes: Sequence[Envelope]) -> None:
        if not self.refused:
            self.refused += 1
            raise KafkaConnectionError
        await super().publish(topic, envelopes)
        self.stop.set()


async def test_the_street_goes_on_when_kafka_comes_back(tmp_path: Path) -> None:
    moments = iter(NOW + timedelta(hours=hour) for hour in range(1000))
    one_file_a_bank(tmp_path)
    stop = asyncio.Event()
    broken = Broken(stop)
    async with street(tmp_path, broken, clock=lambda: next(moments)) as opened:
        await opened.run(stop)
    assert broken.refused == 1
    assert broken.kept


@pytest.fixture
def broker() -> Iterator[str]:
    """The in-process broker of librdkafka."""
    held = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "unused"})
    (node,) = held.list_topics(timeout=10).brokers.values()
    yield f"{node.host}:{node.port}"
    held.flush(1)


async def test_the_publisher_reaches_a_broker(broker: str) -> None:
    envelope = Envelope(key=b"alfa", value=b"hello", headers=(("ce_id", b"1"),))
    publisher = KafkaPublisher(broker)
    await publisher.publish(TOPIC, [envelope, replace(envelope, value=b"bye")])
    await publisher.close()
    await publisher.publish(TOPIC, [replace(envelope, value=b"again")])
    await publisher.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(TOPIC, number) for number in range(4)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    got: list[tuple[bytes, bytes, list[tuple[str, bytes]]]] = []
    while len(got) < 3:
        for records in (await consumer.getmany(timeout_ms=200)).values():
            got += [(record.key, record.value, list(record.headers)) for record in records]
    await consumer.stop()
    assert got == [(b"alfa", value, [("ce_id", b"1")]) for value in (b"hello", b"bye", b"again")]


async def test_a_producer_that_failed_is_not_used_again(broker: str) -> None:
    publisher = KafkaPublisher(broker)
    small = Envelope(key=b"alfa", value=b"hello", headers=())
    await publisher.publish(TOPIC, [small])
    failed = publisher._producer
    with pytest.raises(MessageSizeTooLargeError):
        await publisher.publish(TOPIC, [replace(small, value=b"x" * 2_000_000)])
    await publisher.publish(TOPIC, [small])
    assert publisher._producer is not failed
    await publisher.close()


async def test_a_publisher_without_a_broker_says_so() -> None:
    publisher = KafkaPublisher("127.0.0.1:1")
    with pytest.raises(KafkaConnectionError):
        await publisher.publish(TOPIC, [Envelope(key=b"alfa", value=b"", headers=())])
    await publisher.close()
