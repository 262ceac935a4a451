"""What a partition or lane without news costs, and that saving it gives nothing away."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.ports.bus import Record
from gateway.service.partitions import LEASE, RENEWALS
from gateway.service.receive import Letter, Receive
from gateway.service.relay import LANES, Courier, Relay
from tests.scenario import Scene, opened, payment


@dataclass(slots=True)
class Bus:
    """A bus of one partition in memory; remembers each call of `publish`."""

    records: list[Record] = field(default_factory=list)
    published: list[list[Record]] = field(default_factory=list)
    incarnation: str = "b1"

    @property
    def producer(self) -> "Bus":
        return self

    def reader(self, *_: object) -> "Bus":
        return self

    async def publish(self, _topic: str, records: Sequence[Record]) -> None:
        self.published.append(list(records))

    async def fetch(self, offset: int, **_: object) -> list[Record]:
        return self.records[offset:]

    async def high_watermark(self) -> int:
        return len(self.records)

    async def close(self) -> None:
        pass


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(database_url, tmp_path) as scene:
        yield scene


async def _letter(record: Record) -> Letter:
    return Letter(bank="alfa", content=record.value, channel="bank-edge")


def _receive(scene: Scene, bus: Bus, worker: str = "w1") -> Receive:
    parts: dict[str, Any] = {"store": scene.gateway.store, "clock": scene.clock, "bus": bus, "door": _letter}
    return Receive(**parts, partition=5, worker=worker)


async def _version(scene: Scene) -> Any:
    return await scene.value("SELECT xmin::text FROM partition_lease WHERE partition = 5")


async def test_an_idle_partition_renews_its_lease_only_when_a_third_has_passed(scene: Scene) -> None:
    receive = _receive(scene, Bus())
    await receive.run_once()
    version = await _version(scene)
    scene.clock.advance(LEASE.total_seconds() / RENEWALS - 1)
    await receive.run_once()
    assert await _version(scene) == version
    scene.clock.advance(1)
    await receive.run_once()
    assert await _version(scene) != version
    left = await scene.value("SELECT lease_until - $1 FROM partition_lease WHERE partition = 5", scene.clock.now())
    assert left == LEASE


async def test_who_lost_the_lease_unawares_stores_nothing(scene: Scene) -> None:
    bus = Bus()
    first, second = _receive(scene, bus), _receive(scene, bus, "w2")
    await first.run_once()
    await scene.tamper("UPDATE partition_lease SET owner = 'w2', epoch = epoch + 1 WHERE partition = 5")
    bus.records.append(Record(key=b"alfa", value=b"<a/>", partition=5, offset=0))
    assert not await first.run_once()
    assert await scene.column("SELECT message_no FROM bank_message") == []
    assert await second.run_once()
    assert not await first.run_once()
    assert len(await scene.column("SELECT message_no FROM bank_message")) == 1


async def test_a_receiver_goes_on_behind_what_it_stored(scene: Scene) -> None:
    bus = Bus()
    receive = _receive(scene, bus)
    for number in range(3):
        bus.records.append(Record(key=b"alfa", value=b"<a>%d</a>" % number, partition=5, offset=number))
        assert await receive.run_once()
        assert not await receive.run_once()
    assert await scene.column("SELECT (origin ->> 'offset')::int FROM bank_message ORDER BY message_no") == [0, 1, 2]


async def test_a_courier_publishes_the_lanes_together_and_marks_each(scene: Scene) -> None:
    await scene.release([payment(n, amount="-1.00") for n in range(LANES + 4)])
    bus = Bus()
    parts: dict[str, Any] = {"store": scene.gateway.store, "clock": scene.clock, "bus": bus, "worker": "w1"}
    courier = Courier(store=scene.gateway.store, relays={n: Relay(**parts, lane=n) for n in range(LANES)})
    assert await courier.run_once()
    assert [len(records) for records in bus.published] == [LANES + 4]
    assert await scene.value("SELECT count(*) FROM outcome_event WHERE published_at IS NULL") == 0
    assert not await courier.run_once()


async def test_a_courier_leaves_the_lanes_of_others_alone(scene: Scene) -> None:
    await scene.release([payment(n, amount="-1.00") for n in range(LANES)])
    lanes = await scene.column("SELECT DISTINCT lane FROM outcome_event")
    terms = "UPDATE outcome_lane SET owner = 'w2', lease_until = 'infinity' WHERE lane = $1"
    await scene.tamper(terms, lanes[0])
    bus = Bus()
    parts: dict[str, Any] = {"store": scene.gateway.store, "clock": scene.clock, "bus": bus, "worker": "w1"}
    courier = Courier(store=scene.gateway.store, relays={n: Relay(**parts, lane=n) for n in range(LANES)})
    await courier.run_once()
    assert await scene.column("SELECT DISTINCT lane FROM outcome_event WHERE published_at IS NULL") == [lanes[0]]
