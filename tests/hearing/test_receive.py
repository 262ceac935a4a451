"""Receiving: each record becomes a message or a dead letter once, whoever reads the partition and however often."""

import pytest

from gateway.ports.bus import Record
from gateway.service.partitions import BETWEEN_TRIES
from tests.hearing.ear import Ear, another_worker
from tests.hearing.messages import pain002

LEASE = "SELECT epoch, next_offset FROM partition_lease"
AN_HOUR = 3_600


def told(number: int) -> bytes:
    return pain002("NOBODYS", group="ACCP", number=number)


async def stored(ear: Ear) -> int:
    return int(await ear.scene.value("SELECT count(*) FROM bank_message"))


async def test_a_record_becomes_a_message_of_the_bank_that_signed_it(ear: Ear) -> None:
    ear.bus.put(ear.record(told(1), "charlie"))
    assert await ear.run("receive")
    assert await ear.scene.rows("SELECT bank, channel, state FROM bank_message") == [
        ("charlie", "bank-edge", "received")
    ]
    assert b"".join(await ear.scene.column("SELECT piece FROM bank_message_bytes ORDER BY piece_no")) == told(1)


async def test_the_offset_moves_with_the_messages(ear: Ear) -> None:
    for number in range(3):
        ear.bus.put(ear.record(told(number)))
    await ear.run("receive")
    assert (await stored(ear), await ear.scene.rows(LEASE)) == (3, [(1, 3)])


async def test_the_same_message_in_two_records_is_one_message(ear: Ear) -> None:
    for _ in range(2):
        ear.bus.put(ear.record(told(1)))
    await ear.run("receive")
    assert (await stored(ear), (await ear.scene.rows(LEASE))[0][1]) == (1, 2)


async def test_the_same_words_of_two_banks_are_two_messages(ear: Ear) -> None:
    for bank in ("alfa", "charlie"):
        ear.bus.put(ear.record(told(1), bank))
    await ear.run("receive")
    assert await stored(ear) == 2


@pytest.mark.parametrize(
    ("header", "value", "rule"),
    [
        ("ce_signature", "00", "envelope.signature"),
        ("ce_source", "/banks/charlie", "envelope.signature"),
        ("ce_source", "/banks/nobody", "envelope.unknown-bank"),
        ("ce_digest", "0" * 64, "envelope.signature"),
        ("ce_type", "gossip", "envelope.type"),
    ],
)
async def test_what_speaks_for_nobody_is_a_dead_letter_and_an_exception(
    ear: Ear, header: str, value: str, rule: str
) -> None:
    ear.bus.put(ear.record(told(1), **{header: value}))
    ear.bus.put(ear.record(told(2)))
    await ear.run("receive")
    assert await ear.scene.rows('SELECT rule, "offset" FROM dead_letter') == [(rule, 0)]
    assert await ear.scene.exceptions() == ["dead letter"]
    assert await stored(ear) == 1


async def test_another_incarnation_of_the_broker_is_read_from_its_beginning(ear: Ear) -> None:
    ear.bus.put(ear.record(told(1)))
    await ear.run("receive")
    ear.bus.incarnation = "memory-2"
    ear.bus.logs.clear()
    ear.bus.put(ear.record(told(2)))
    async with another_worker(ear) as other:
        assert await other.run("receive")
    assert await stored(ear) == 2


async def test_a_partition_is_read_by_one_worker_until_its_lease_ends(ear: Ear) -> None:
    await ear.run("receive")
    ear.bus.put(ear.record(told(1)))
    async with another_worker(ear) as other:
        assert not await other.run("receive")
        ear.scene.clock.advance(AN_HOUR)
        assert await other.run("receive")
    assert await ear.scene.rows(LEASE) == [(2, 1)]


async def test_a_worker_that_was_overtaken_while_it_fetched_stores_nothing(ear: Ear) -> None:
    ear.bus.put(ear.record(told(1)))
    async with another_worker(ear) as other:

        async def overtake() -> None:
            ear.bus.after_fetch = None
            ear.scene.clock.advance(AN_HOUR)
            assert await other.run("receive")

        ear.bus.after_fetch = overtake
        assert not await ear.run("receive")
    assert (await stored(ear), await ear.scene.rows(LEASE)) == (1, [(2, 1)])


async def test_two_workers_never_move_the_offset_by_the_same_records(ear: Ear) -> None:
    """The first keeps believing in its lease; the compare-and-set of the offset does not."""
    await ear.run("receive")
    async with another_worker(ear) as other:
        ear.bus.put(ear.record(told(1)))
        await ear.scene.tamper("UPDATE partition_lease SET owner = NULL")
        assert await other.run("receive")
        assert not await ear.run("receive")
    assert (await stored(ear), await ear.scene.rows(LEASE)) == (1, [(2, 1)])


async def test_an_offset_the_broker_does_not_hold_stops_the_partition_and_pages(ear: Ear) -> None:
    ear.bus.put(ear.record(told(1)))
    ear.bus.first = 1
    await ear.run("receive")
    (stopped,) = await ear.scene.column("SELECT stopped FROM partition_lease")
    assert stopped.startswith("offset out of range")
    assert await ear.scene.exceptions() == ["partition stopped"]
    ear.bus.first = 0
    assert not await ear.run("receive")


async def test_the_same_error_three_times_at_one_offset_stops_the_partition(ear: Ear) -> None:
    """A message was announced whose file never came."""
    ear.bus.put(_announced(ear))
    for stopped in ([None], [None]):
        assert not await ear.run("receive")
        assert await ear.scene.column("SELECT stopped FROM partition_lease") == stopped
        assert not await ear.run("receive")  # at once is too early: it does not count
        ear.scene.clock.advance(BETWEEN_TRIES.total_seconds())
    await ear.run("receive")
    assert (await ear.scene.column("SELECT stopped FROM partition_lease"))[0].endswith("3 times at offset 0")
    assert await ear.scene.exceptions() == ["partition stopped"]


async def test_a_success_in_between_starts_the_count_of_errors_anew(ear: Ear) -> None:
    record = _announced(ear)
    ear.bus.put(record)
    for _ in range(2):
        await ear.run("receive")
        ear.scene.clock.advance(BETWEEN_TRIES.total_seconds())
    claims = ear.scene.root / "banks" / "alfa" / "claims"
    claims.mkdir(parents=True)
    (claims / "late").write_bytes(told(1))
    assert await ear.run("receive")
    assert await ear.scene.rows("SELECT failures, stopped FROM partition_lease") == [(0, None)]
    assert await stored(ear) == 1


async def test_a_broker_that_is_down_counts_for_nothing(ear: Ear) -> None:
    ear.bus.put(ear.record(told(1)))
    ear.bus.down = True
    for _ in range(5):
        assert not await ear.run("receive")
    ear.bus.down = False
    assert await ear.run("receive")


async def test_a_record_with_letters_that_no_column_holds_sticks_nowhere(ear: Ear) -> None:
    ear.bus.put(ear.record(told(1), ce_type="a\ufffdb", ce_extra="x" * 10_000))
    ear.bus.put(ear.record(told(2)))
    await ear.run("receive")
    assert await stored(ear) == 1


def _announced(ear: Ear) -> Record:
    """The record of a message that lies in a file."""
    record = ear.record(told(1))
    return Record(key=record.key, value=b"", headers={**record.headers, "ce_dataref": "late"})
