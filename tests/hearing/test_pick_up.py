"""Pick-up: what a bank left is stored once with us before it is put away at the bank; what is not the bank's stays."""

import io
import zipfile
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import pytest

from gateway.domain.errors import BankUnreachable, BusUnavailable
from gateway.ports.bus import Record
from gateway.ports.transport import Delivery, Place
from gateway.runtime.sandbox_files import sandbox_pouches
from gateway.sandbox import Pouch
from gateway.service.banks import Bank
from gateway.service.pick_up import AGAIN, PickUp
from tests.envelope_keys import give_keys
from tests.hearing.bus import MemoryBus
from tests.hearing.ear import Ear
from tests.hearing.messages import pain002
from tests.scenario import Scene, opened
from tests.sending.transport import Scripted
from tests.transport.keys import rsa

PLAIN, WRAPPED = "india", "juliett"
BANKS = ("alfa", PLAIN, WRAPPED)
MESSAGES = "SELECT bank, channel FROM bank_message ORDER BY message_no"
STATES = "SELECT state FROM bank_message ORDER BY message_no"
A_MINUTE = 60


class Looped(MemoryBus):
    """What is published stands in the log."""

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        await super().publish(topic, records)
        for record in records:
            self.put(record)


@dataclass(slots=True, kw_only=True)
class Post:
    """A worker that picks up and receives, and the folders of the banks."""

    ear: Ear
    scene: Scene

    def folder(self, bank: str = PLAIN) -> Path:
        return self.scene.root / "banks" / bank / "out"

    def leave(self, content: bytes, name: str = "a.xml", bank: str = PLAIN) -> None:
        (self.folder(bank) / name).write_bytes(content)

    def lying(self, bank: str = PLAIN) -> list[str]:
        return sorted(path.name for path in self.folder(bank).iterdir() if path.is_file())

    def step(self, bank: str = PLAIN) -> PickUp:
        self.ear.step("pick up")
        return next(loop.step for loop in self.ear.loops if loop.kind == "pick up" and loop.lane == bank)  # type: ignore[return-value]

    async def look(self, bank: str = PLAIN) -> bool:
        """Look twice: a file is taken when it stood still in between."""
        did = await self.step(bank).run_once()
        self.scene.clock.advance(2)
        return await self.step(bank).run_once() or did

    async def receive(self) -> None:
        await self.ear.run("share")
        await self.ear.until_idle("receive")

    @property
    def published(self) -> list[Record]:
        return self.ear.bus.published

    def pouch(self, bank: str = WRAPPED) -> Pouch:
        profiles = self.scene.gateway.configuration.profiles.values()
        return sandbox_pouches(profiles, self.scene.gateway.settings.secrets_folder)[bank]

    def metric(self, name: str, **labels: str) -> float | None:
        return self.scene.gateway.metrics.registry.get_sample_value(name, labels)

    def restart(self) -> None:
        """Forget everything that a process remembers."""
        self.ear.loops.clear()


@pytest.fixture
async def post(database_url: str, tmp_path: Path) -> AsyncIterator[Post]:
    give_keys(tmp_path, [WRAPPED])
    async with opened(database_url, tmp_path, banks=BANKS) as scene:
        ear = Ear(scene=scene, bus=Looped())
        yield Post(ear=ear, scene=scene)
        for loop in ear.loops:
            if loop.close is not None:
                await loop.close()


@asynccontextmanager
async def second(post: Post) -> AsyncIterator[Post]:
    """Another worker on the same database, folders, topic and clock."""
    with patch("tests.scenario.StillClock", lambda **_at: post.scene.clock):
        async with opened(post.scene.url, post.scene.root, banks=BANKS, worker="w2") as scene:
            yield Post(ear=Ear(scene=scene, bus=post.ear.bus), scene=scene)


CONTENT = pain002("NOBODYS", group="ACCP")


async def test_what_could_not_be_read_and_is_left_again_is_told_again_once(post: Post) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.xml", CONTENT[:-20])
    for number, content in enumerate((CONTENT[:-30], packed.getvalue()), start=1):
        for time in (1, 2):
            post.leave(content)
            await post.look()
            await post.receive()
            assert (len(post.published), "received" in await post.scene.column(STATES)) == (2 * number - 2 + time, True)
            await post.ear.until_idle("read")
            await post.look()
            assert (post.lying(), len(post.published)) == ([], 2 * number - 2 + time)
    assert await post.scene.column(STATES) == ["unreadable", "unpacked", "unreadable"]


async def test_a_file_is_stored_as_a_message_of_its_bank_and_put_away_after_that(post: Post) -> None:
    post.leave(CONTENT)
    assert await post.look()
    assert [record.headers["ce_channel"] for record in post.published] == ["pick-up"]
    assert post.lying() == ["a.xml"]
    assert not await post.look()
    await post.receive()
    assert await post.scene.rows(MESSAGES) == [(PLAIN, "pick-up")]
    assert b"".join(await post.scene.column("SELECT piece FROM bank_message_bytes")) == CONTENT
    await post.look()
    assert post.lying() == []
    assert len(post.published) == 1


@pytest.mark.parametrize(("bank", "kept"), [(PLAIN, 0), (WRAPPED, 1)])
async def test_afterwards_it_is_removed_or_archived_as_the_profile_says(post: Post, bank: str, kept: int) -> None:
    post.leave(CONTENT if bank == PLAIN else post.pouch().closed(CONTENT), bank=bank)
    await post.look(bank)
    await post.receive()
    await post.look(bank)
    assert post.lying(bank) == []
    assert len([path for path in post.folder(bank).rglob("*") if path.is_file()]) == kept


async def test_a_crash_between_publishing_and_putting_away_only_publishes_again(post: Post) -> None:
    post.leave(CONTENT)
    await post.look()
    post.restart()
    post.scene.clock.advance(A_MINUTE)
    await post.look()
    assert len(post.published) == 2
    await post.receive()
    await post.look()
    assert await post.scene.rows(MESSAGES) == [(PLAIN, "pick-up")]
    assert await post.scene.rows("SELECT stored, same_again FROM record_range") == [(1, 1)]
    assert post.lying() == []


async def test_a_crash_before_putting_away_puts_it_away_without_publishing(post: Post) -> None:
    post.leave(CONTENT)
    await post.look()
    await post.receive()
    post.restart()
    await post.look()
    assert (len(post.published), post.lying()) == (1, [])


async def test_what_kafka_does_not_take_is_published_later(post: Post) -> None:
    post.leave(CONTENT)
    post.ear.bus.down = True
    with pytest.raises(BusUnavailable):
        await post.look()
    assert post.lying() == ["a.xml"]
    post.ear.bus.down = False
    assert await post.look()
    assert len(post.published) == 1


async def test_what_got_lost_on_its_way_is_published_once_more(post: Post) -> None:
    post.leave(CONTENT)
    await post.look()
    post.ear.bus.logs.clear()
    for _ in range(3):
        await post.look()
    assert len(post.published) == 1
    post.scene.clock.advance(AGAIN.total_seconds())
    await post.look()
    await post.receive()
    await post.look()
    assert (len(post.published), post.lying()) == (2, [])


async def test_the_same_message_under_two_names_is_published_once(post: Post) -> None:
    for name in ("a.xml", "b.xml"):
        post.leave(CONTENT, name)
    await post.look()
    await post.receive()
    await post.look()
    assert (len(post.published), post.lying()) == (1, [])


async def test_a_large_message_travels_by_reference(post: Post) -> None:
    large = CONTENT + b"<!-- " + b"x" * 100_000 + b" -->"
    post.leave(large)
    await post.look()
    assert [(record.value, bool(record.headers["ce_dataref"])) for record in post.published] == [(b"", True)]
    await post.receive()
    assert b"".join(await post.scene.column("SELECT piece FROM bank_message_bytes ORDER BY piece_no")) == large


async def test_a_zip_is_put_away_once_the_messages_in_it_are_stored(post: Post) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for number in (1, 2):
            packed.writestr(f"{number}.xml", pain002("NOBODYS", group="ACCP", number=number))
    post.leave(written.getvalue(), "C53.zip")
    assert await post.look()
    await post.receive()
    states = await post.scene.column("SELECT state FROM bank_message ORDER BY message_no")
    assert states == ["unpacked", "received", "received"]
    assert await post.scene.rows(MESSAGES) == [(PLAIN, "pick-up")] * 3
    await post.look()
    assert (len(post.published), post.lying()) == (1, [])


async def test_one_worker_looks_at_a_time(post: Post) -> None:
    post.leave(CONTENT)
    async with second(post) as other:
        await post.look()
        await other.look()
        assert len(post.published) == 1
        post.scene.clock.advance(10 * A_MINUTE)
        await other.look()
        assert len(post.published) == 2
        assert not await post.look()
        await post.receive()
        await other.look()
        assert post.lying() == []
    assert await post.scene.rows("SELECT stored, same_again FROM record_range") == [(1, 1)]


async def test_a_worker_that_ends_in_good_order_lets_the_next_one_look_at_once(post: Post) -> None:
    async with second(post) as other:
        await post.look()
        other.leave(CONTENT)
        assert not await other.look()
        await post.step().leave()
        assert await other.look()


async def test_an_envelope_is_opened_before_it_is_published(post: Post) -> None:
    post.leave(post.pouch().closed(CONTENT), bank=WRAPPED)
    await post.look(WRAPPED)
    assert [record.value for record in post.published] == [CONTENT]
    await post.receive()
    await post.look(WRAPPED)
    assert (await post.scene.rows(MESSAGES), post.lying(WRAPPED)) == ([(WRAPPED, "pick-up")], [])


async def test_the_same_message_in_another_envelope_is_the_same(post: Post) -> None:
    for name in ("a.p7m", "b.p7m"):
        post.leave(post.pouch().closed(CONTENT), name, WRAPPED)
    await post.look(WRAPPED)
    await post.receive()
    post.leave(post.pouch().closed(CONTENT), "replayed.p7m", WRAPPED)
    await post.look(WRAPPED)
    await post.look(WRAPPED)
    assert (len(post.published), post.lying(WRAPPED)) == (1, [])


def other_files(post: Post) -> dict[str, bytes]:
    """What may lie there and is not the bank's word."""
    wrapping = post.scene.gateway.banks[WRAPPED].wrapping
    assert wrapping is not None
    now = post.scene.clock.now()
    closed = post.pouch().closed(CONTENT)
    return {"plain": CONTENT, "ours": wrapping.wrap(CONTENT, now), "broken off": closed[:-40], "more": closed + b"\0"}


@pytest.mark.parametrize("what", ["plain", "ours", "broken off", "more"])
async def test_what_is_not_the_banks_is_not_published_and_not_put_away(post: Post, what: str) -> None:
    post.leave(other_files(post)[what], bank=WRAPPED)
    for _ in range(3):
        await post.look(WRAPPED)
        post.restart()
    assert (post.published, post.lying(WRAPPED)) == ([], ["a.xml"])
    assert await post.scene.rows("SELECT kind, role, bank FROM exception") == [("pick-up refused", "security", WRAPPED)]
    (why,) = await post.scene.column("SELECT detail ->> 'why' FROM exception")
    assert "(rule envelope." in why


async def test_a_refused_file_is_counted_once_and_holds_up_nothing(post: Post) -> None:
    post.leave(CONTENT, "a.xml", WRAPPED)
    post.leave(post.pouch().closed(CONTENT), "b.xml", WRAPPED)
    for _ in range(3):
        await post.look(WRAPPED)
    await post.receive()
    await post.look(WRAPPED)
    files = "gateway_pick_up_files_total"
    assert [post.metric(files, bank=WRAPPED, state=s) for s in ("refused", "published", "put away")] == [1, 1, 1]
    assert post.lying(WRAPPED) == ["a.xml"]


async def test_a_refused_file_is_not_read_again_while_it_stays_as_it_is(post: Post) -> None:
    """It is known to lie there all the same; changed, or for another process, it is read."""
    post.leave(CONTENT, bank=WRAPPED)
    await post.look(WRAPPED)
    with patch("gateway.transport.pickup.Pickup.read", side_effect=AssertionError("it is read")):
        post.scene.clock.advance(A_MINUTE)
        await post.look(WRAPPED)
        assert (post.metric("gateway_pick_up_oldest_seconds", bank=WRAPPED) or 0) > A_MINUTE
    post.leave(post.pouch().closed(CONTENT), bank=WRAPPED)
    await post.look(WRAPPED)
    assert [record.value for record in post.published] == [CONTENT]


async def test_what_opens_with_a_new_key_ends_the_exception(post: Post) -> None:
    post.leave(post.pouch().closed(CONTENT), bank=WRAPPED)
    banks = cast("dict[str, Bank]", post.scene.gateway.banks)
    right = banks[WRAPPED]
    wrong: Any = right.wrapping
    banks[WRAPPED] = replace(right, wrapping=replace(wrong, bank_certificate=rsa("stranger")[1]))
    await post.look(WRAPPED)
    assert await post.scene.column("SELECT state FROM exception") == ["open"]
    banks[WRAPPED] = right
    post.restart()
    await post.look(WRAPPED)
    await post.receive()
    await post.look(WRAPPED)
    assert await post.scene.rows("SELECT state, closed_how FROM exception") == [("closed", "evidence")]
    assert post.lying(WRAPPED) == []


class Gone(Scripted):
    """A bank that cannot be listed, or breaks off after its first file."""

    files: tuple[Delivery, ...] = ()

    async def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        for delivery in self.files:
            yield delivery
        raise BankUnreachable("the line is dead")


class Lasting(Scripted):
    """A bank at which a file stays whatever is done about it."""

    acknowledged: int = 0

    async def collect(self, known: Collection[Place] = ()) -> AsyncIterator[Delivery]:
        yield Delivery(name="a.xml", content=CONTENT)

    async def acknowledge(self, name: str) -> None:
        self.acknowledged += 1


async def test_a_bank_that_cannot_be_reached_is_counted_and_looked_at_again(post: Post) -> None:
    gone = Gone()
    gone.files = (Delivery(name="a.xml", content=CONTENT),)
    post.scene.use_transport(PLAIN, gone)
    for _ in range(2):
        assert not await post.step().run_once()
    failures = "gateway_step_failures_total"
    assert post.metric(failures, step="pick up", error="BankUnreachable") == 2
    assert len(post.published) == 1
    gone.files = ()
    post.scene.clock.advance(A_MINUTE)
    await post.step().run_once()
    assert post.metric("gateway_pick_up_oldest_seconds", bank=PLAIN) == A_MINUTE


async def test_a_file_that_cannot_be_put_away_makes_no_haste_and_is_shown(post: Post) -> None:
    lasting = Lasting()
    post.scene.use_transport(PLAIN, lasting)
    await post.step().run_once()
    await post.receive()
    post.scene.clock.advance(500)
    assert not await post.step().run_once()
    assert (lasting.acknowledged, len(post.published)) == (1, 1)
    assert post.metric("gateway_pick_up_oldest_seconds", bank=PLAIN) == 500


async def test_the_oldest_file_is_shown_with_its_age(post: Post) -> None:
    post.leave(CONTENT)
    await post.look()
    post.scene.clock.advance(500)
    post.leave(CONTENT.replace(b"ACCP", b"RJCT"), "b.xml")
    await post.look()
    oldest = post.metric("gateway_pick_up_oldest_seconds", bank=PLAIN)
    assert oldest is not None
    assert 500 <= oldest < 510
    await post.receive()
    await post.look()
    assert post.metric("gateway_pick_up_oldest_seconds", bank=PLAIN) == 0
