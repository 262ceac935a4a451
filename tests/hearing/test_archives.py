"""A zip of messages: each is stored, read, refused and known again by itself; all of them at once, or none."""

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, cast

import pytest

from gateway.runtime import webhooks
from gateway.runtime.door import enclosed
from gateway.service import read
from gateway.service.press import PIECE
from gateway.service.receive import Enclosed, Letter, store_message
from gateway.store.postgres import PostgresSession
from tests.hearing.bus import MemoryBus
from tests.hearing.ear import Ear
from tests.hearing.messages import pain002

MESSAGES = "SELECT state, failure FROM bank_message ORDER BY message_no"
ORIGINS = "SELECT origin FROM bank_message ORDER BY message_no"
BYTES = "SELECT piece FROM bank_message_bytes ORDER BY message_no, piece_no"
NAME = "DE89370400440532013000_Maria_Muster.xml"


def told(number: int) -> bytes:
    return pain002("NOBODYS", group="ACCP", number=number)


def zipped(*members: bytes, names: Sequence[str] = (), method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as packed:
        for number, content in enumerate(members):
            packed.writestr(names[number] if names else f"{number}-{NAME}", content)
    return written.getvalue()


async def heard(ear: Ear, *contents: bytes) -> None:
    for content in contents:
        ear.bus.put(ear.record(content))
    await ear.until_idle("receive")


async def test_each_message_of_a_zip_is_one_of_its_own_and_the_zip_is_kept(ear: Ear) -> None:
    packed = zipped(told(1), told(2))
    await heard(ear, packed)
    assert await ear.scene.rows(MESSAGES) == [("unpacked", None), ("received", None), ("received", None)]
    assert await ear.scene.column(BYTES) == [packed, told(1), told(2)]
    digests = [sha256(one).digest() for one in (packed, told(1), told(2))]
    assert await ear.scene.column("SELECT digest FROM bank_message ORDER BY message_no") == digests
    await ear.until_idle("read")
    await ear.until_idle("apply")
    assert await ear.scene.rows(MESSAGES) == [("unpacked", None), ("applied", None), ("applied", None)]
    assert (
        await ear.scene.column("SELECT path FROM observation ORDER BY message_no")
        == ["/CstmrPmtStsRpt/OrgnlGrpInfAndSts"] * 2
    )


async def test_a_gzip_is_a_zip_of_one(ear: Ear) -> None:
    packed = gzip.compress(told(1))
    await heard(ear, packed, told(1))
    assert await ear.scene.rows(MESSAGES) == [("unpacked", None), ("received", None)]
    assert await ear.scene.column(BYTES) == [packed, told(1)]


async def test_its_origin_is_the_zip_and_a_number_but_no_name(ear: Ear) -> None:
    packed = zipped(told(1), told(2))
    await heard(ear, packed)
    zip_itself, *members = map(dict, await ear.scene.column(ORIGINS))
    assert members == [{**zip_itself, "archive": sha256(packed).hexdigest(), "member": number} for number in (1, 2)]
    assert "Muster" not in str(members)


async def test_the_same_zip_again_and_the_same_message_elsewhere_are_the_same(ear: Ear) -> None:
    await heard(ear, told(1), zipped(told(1), told(2), told(2)), zipped(told(1), told(2), told(2)))
    await heard(ear, zipped(told(2), told(3)), told(3))
    assert await ear.scene.rows(MESSAGES) == [
        ("received", None),  # 1
        ("unpacked", None),
        ("received", None),  # 2
        ("unpacked", None),
        ("received", None),  # 3
    ]
    assert await ear.scene.rows("SELECT sum(stored), sum(same_again), sum(dead) FROM record_range") == [(3, 2, 0)]


async def test_the_same_message_in_zips_of_two_banks_is_two(ear: Ear) -> None:
    for bank in ("alfa", "charlie"):
        ear.bus.put(ear.record(zipped(told(1)), bank))
    await ear.until_idle("receive")
    assert await ear.scene.column("SELECT bank FROM bank_message WHERE state = 'received' ORDER BY bank") == [
        "alfa",
        "charlie",
    ]


async def test_one_bad_message_is_refused_by_itself(ear: Ear) -> None:
    await heard(ear, zipped(told(1), told(2)[:-20], told(3)))
    await ear.until_idle("read")
    states = [state for state, _ in await ear.scene.rows(MESSAGES)]
    assert states == ["unpacked", "read", "unreadable", "read"]
    assert await ear.scene.exceptions() == ["unreadable message"]


UNREADABLE = "UPDATE bank_message SET state = 'unreadable', failure = 'zip'"


async def test_a_zip_that_an_earlier_release_could_not_read_is_unpacked_when_it_comes_again(ear: Ear) -> None:
    packed = zipped(told(1), told(2))
    await ear.tell(packed)
    await ear.scene.tamper(UNREADABLE)
    await heard(ear, packed, packed)
    assert await ear.scene.rows(MESSAGES) == [("unpacked", None), ("received", None), ("received", None)]
    assert await ear.scene.column(BYTES) == [packed, told(1), told(2)]
    assert await ear.scene.rows("SELECT sum(stored), sum(same_again) FROM record_range") == [(1, 1)]


async def test_what_could_not_be_read_is_read_when_its_zip_comes_again_and_nothing_else(ear: Ear) -> None:
    packed = zipped(told(1), told(2))
    await heard(ear, packed)
    await ear.until_idle("read")
    await ear.scene.tamper(f"{UNREADABLE} WHERE origin ->> 'member' = '2'")
    await heard(ear, packed)
    assert await ear.scene.rows(MESSAGES) == [("unpacked", None), ("read", None), ("received", None)]


async def test_a_zip_of_unreadable_messages_is_one_message_to_the_brake(ear: Ear) -> None:
    garbage = (f"garbage {number}".encode() for number in range(10 * read.BRAKE))
    for number in range(read.BRAKE):
        assert await ear.scene.value("SELECT count(*) FROM pause") == 0
        await heard(ear, told(number), zipped(*(next(garbage) for _ in range(read.BRAKE + 1)), told(100 + number)))
        await ear.until_idle("read")
    assert await ear.scene.rows("SELECT scope, value FROM pause") == [("bank", "alfa")]


def encrypted() -> bytes:
    packed = bytearray(zipped(told(1), told(2)))
    packed[packed.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def damaged() -> bytes:
    packed = bytearray(zipped(told(1), told(2), method=zipfile.ZIP_STORED))
    packed[packed.rindex(b"NOBODYS")] ^= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("packed", "rule"),
    [
        pytest.param(zipped(), "archive.members", id="empty"),
        pytest.param(zipped(told(1), b" " * 20_000_000), "archive.ratio", id="a bomb"),
        pytest.param(zipped(told(1), zipped(told(2))), "archive.nested", id="nested"),
        pytest.param(zipped(told(1), told(2), names=["a", "../b"]), "archive.name", id="a name upwards"),
        pytest.param(encrypted(), "archive.encrypted", id="encrypted"),
        pytest.param(damaged(), "archive.malformed", id="wrong checksum"),
        pytest.param(zipped(told(1), told(2))[:-30], "archive.malformed", id="cut off"),
        pytest.param(gzip.compress(told(1))[:-1], "archive.malformed", id="a gzip that is cut off"),
        pytest.param(
            gzip.compress(told(1) + (b"<!--" + b" " * 10_000 + b"-->") * 2_000),
            "archive.ratio",
            id="a gzip that is a bomb",
        ),
    ],
)
async def test_a_zip_that_is_not_sound_is_refused_as_a_whole_with_its_rule(ear: Ear, packed: bytes, rule: str) -> None:
    await heard(ear, packed)
    assert await ear.run("read")
    ((state, failure),) = await ear.scene.rows(MESSAGES)
    assert (state, failure.endswith(f"rule {rule})")) == ("unreadable", True)
    assert await ear.scene.column("SELECT count(*) FROM observation") == [0]
    assert await ear.scene.exceptions() == ["unreadable message"]


class Died(Exception):
    """The process, in the middle."""


@pytest.mark.parametrize("after", [1, 2, 3])
async def test_a_death_between_its_messages_loses_and_doubles_nothing(
    ear: Ear, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    ear.bus.put(ear.record(zipped(told(1), told(2))))
    copy, copied = PostgresSession.copy, 0

    async def dying(self: PostgresSession, *args: Any) -> None:
        nonlocal copied
        await copy(self, *args)
        copied += 1
        if copied == after:
            raise Died

    with monkeypatch.context() as patch:
        patch.setattr(PostgresSession, "copy", dying)
        with pytest.raises(Died):
            await ear.run("receive")
    assert await ear.scene.rows(MESSAGES) == []
    assert await ear.scene.column("SELECT next_offset FROM partition_lease") == [0]
    await ear.until_idle("receive")
    assert [state for state, _ in await ear.scene.rows(MESSAGES)] == ["unpacked", "received", "received"]


async def test_a_zip_that_is_called_about_at_the_rest_door_is_taken_apart(ear: Ear) -> None:
    """As any large message does, it travels by reference."""
    noise = b"".join(b"<!-- %d -->" % (number**7 % 1_000_003) for number in range(30_000))
    packed = zipped(told(1) + noise, told(2))
    assert len(packed) > 1 << 16
    bus = MemoryBus()
    await webhooks._publish(ear.scene.gateway, cast("Any", bus))("alfa", packed)
    (record,) = bus.published
    assert record.value == b""
    ear.bus.put(record)
    await ear.until_idle("receive")
    channels = await ear.scene.rows("SELECT state, channel FROM bank_message ORDER BY message_no")
    assert channels == [("unpacked", "webhook"), ("received", "webhook"), ("received", "webhook")]


async def test_messages_are_counted_as_they_are_in_it(ear: Ear) -> None:
    await heard(ear, zipped(told(1), told(2)), told(3))
    registry = ear.scene.gateway.metrics.registry
    counted = {
        state: registry.get_sample_value("gateway_bank_messages_total", {"bank": "alfa", "state": state})
        for state in ("received", "unpacked")
    }
    assert counted == {"received": 3, "unpacked": 1}


async def test_bytes_come_back_whatever_pieces_they_are_unpacked_in(ear: Ear) -> None:
    contents = [b"", b"a" * PIECE, b"b" * (2 * PIECE + 1)]
    pieces = [[], [contents[1][:5], contents[1][5:]], [contents[2][:PIECE], contents[2][PIECE:]]]
    members = [
        Enclosed(number=n, digest=sha256(whole).digest(), size=len(whole), pieces=some)
        for n, (whole, some) in enumerate(zip(contents, pieces, strict=True), start=1)
    ]
    async with ear.scene.gateway.store.transaction() as session:
        letter = Letter(bank="alfa", content=b"PK", channel="test", enclosed=members)
        assert await store_message(session, letter, {}, ear.scene.clock.now())
    rows = await ear.scene.rows("SELECT message_no, piece FROM bank_message_bytes ORDER BY message_no, piece_no")
    numbers = sorted({number for number, _ in rows})
    assert [b"".join(piece for n, piece in rows if n == number) for number in numbers] == [b"PK", *contents]
    assert max(len(piece) for _, piece in rows) == PIECE


def test_looking_through_a_zip_takes_little_memory() -> None:
    line = b"".join(b"<a>%d</a>" % (number**7 % 1_000_003) for number in range(2_000))
    packed = zipped(line * 1_000, line * 1_000)  # 27 million bytes
    tracemalloc.start()
    found = enclosed(packed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.size for one in found] == [len(line) * 1_000] * 2
    assert peak < 2 << 20
