"""Reading: all of a message or nothing of it, and a poison message never sticks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from threading import enumerate as enumerate_threads
from threading import get_ident
from typing import Any, cast

import pytest

from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from gateway.service import read
from gateway.service.banks import Bank
from tests.database import apart
from tests.hearing.ear import Ear, another_worker
from tests.hearing.messages import pain002
from tests.scenario import opened

POISON = {
    "no markup": b"garbage",
    "a document type": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
    "cut off": pain002("X", group="ACCP")[:-20],
    "nothing": b"",
    "a number no column holds": (
        b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn>'
        b"<Acct><Id><IBAN>DE66100100010020260001</IBAN></Id></Acct>"
        b'<Ntry><Amt Ccy="EUR">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><NtryDtls><Btch>'
        b"<MsgId>X</MsgId><NbOfTxs>999999999999999</NbOfTxs></Btch></NtryDtls></Ntry>"
        b"</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ),
}
MESSAGES = "SELECT state FROM bank_message ORDER BY message_no"


class KilledError(BaseException):
    """The end of a process in the middle of reading."""


class Reader:
    """An adapter that reads so many observations and then fails, if asked."""

    def __init__(self, count: int, failure: BaseException | None = None) -> None:
        self.count, self.failure = count, failure

    def read(self, pieces: Iterable[bytes], profile: Any) -> Iterator[Observation]:
        for number in range(self.count):
            yield Observation(kind=ObservationKind.PAYMENT_STATUS, path=f"/{number}", end_to_end_id=f"E{number}")
        if self.failure is not None:
            raise self.failure


def read_with(ear: Ear, reader: Reader) -> None:
    banks = cast("dict[str, Bank]", ear.scene.gateway.banks)
    banks["alfa"] = replace(banks["alfa"], adapter=cast("Any", reader))


class Threads(Reader):
    """Remembers in which threads it began, went on and ended."""

    def __init__(self, count: int, failure: BaseException | None = None) -> None:
        super().__init__(count, failure)
        self.seen: set[int] = set()

    def read(self, pieces: Iterable[bytes], profile: Any) -> Iterator[Observation]:
        self.seen.add(get_ident())
        return self._read(pieces, profile)

    def _read(self, pieces: Iterable[bytes], profile: Any) -> Iterator[Observation]:
        try:
            for observation in super().read(pieces, profile):
                self.seen.add(get_ident())
                yield observation
        finally:
            self.seen.add(get_ident())


@pytest.mark.parametrize("failure", [None, Unreadable("x", "", "broken"), ValueError("broken")])
async def test_a_message_is_read_in_one_and_the_same_thread(
    ear: Ear, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    """libxml2's memory does not survive a parser that is begun in one thread and goes on or ends in another."""
    monkeypatch.setattr(read, "CHUNK", 2)
    for number in range(4):
        reader = Threads(5, failure)
        read_with(ear, reader)
        await ear.tell(pain002(f"M{number}"))
        await ear.until_idle("read")
        assert len(reader.seen) == 1
        assert get_ident() not in reader.seen


async def test_the_thread_of_a_message_ends_with_it(ear: Ear) -> None:
    """What libxml2 has met of names it gives back when the thread that met them is gone."""
    for number in range(3):
        await ear.tell(pain002(f"M{number}"))
    await ear.until_idle("read")
    for thread in enumerate_threads():
        if thread.name.startswith("reader"):
            thread.join(timeout=10)
    assert not [thread for thread in enumerate_threads() if thread.name.startswith("reader")]


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_a_poison_message_is_unreadable_and_the_next_is_read(ear: Ear, poison: bytes) -> None:
    await ear.tell(poison)
    await ear.tell(pain002("NOBODYS", group="ACCP"))
    await ear.until_idle("read")
    assert await ear.scene.column(MESSAGES) == ["unreadable", "read"]
    assert await ear.scene.exceptions() == ["unreadable message"]


@pytest.mark.parametrize(
    "text", ['"E\\u0000"', '"\\ud800"', '"' + "9" * 40 + '"'], ids=["NUL", "half a surrogate", "forty digits"]
)
async def test_json_that_no_column_holds_is_unreadable_and_the_next_is_read(
    database_url: str, tmp_path: Any, text: str
) -> None:
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        ear = Ear(scene=scene)
        head = b'{"messageId":"M1","type":"booking","endToEndId":%s,"account":"NL19KILO0020260001",'
        money = b'"amount":"1.00","currency":"EUR","creditDebit":"DBIT",'
        tail = b'"entryRef":%s,"bookingDate":"2026-09-21","status":"BOOK"}'
        await ear.tell((head + money + tail) % (text.encode(), text.encode()), "kilo")
        await ear.tell(b"{}", "kilo")
        await ear.until_idle("read")
        assert "received" not in await scene.column(MESSAGES)


async def test_what_was_half_read_of_a_poison_message_is_dropped(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "CHUNK", 2)
    read_with(ear, Reader(5, Unreadable("xml.broken", "/5", "it breaks off")))
    await ear.tell(b"any")
    await ear.until_idle("read")
    assert await ear.scene.column(MESSAGES) == ["unreadable"]
    assert await ear.scene.value("SELECT count(*) FROM observation") == 0


async def test_a_failure_that_its_reader_did_not_foresee_makes_a_message_unreadable(ear: Ear) -> None:
    read_with(ear, Reader(5, ZeroDivisionError("nobody thought of that")))
    await ear.tell(b"any")
    assert await ear.run("read")
    assert await ear.scene.column(MESSAGES) == ["unreadable"]
    assert await ear.scene.value("SELECT detail ->> 'rule' FROM exception") == "reader.failed"


async def test_nothing_of_a_message_is_applied_before_all_of_it_was_read(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "CHUNK", 2)
    read_with(ear, Reader(5, KilledError()))
    await ear.tell(b"any")
    with pytest.raises(KilledError):
        await ear.run("read")
    assert not await ear.run("apply")


class Newer(Reader):
    """That of a later release, which finds one thing more at the beginning."""

    def read(self, pieces: Iterable[bytes], profile: Any) -> Iterator[Observation]:
        yield Observation(kind=ObservationKind.SUBMISSION_STATUS, path="/new", msg_id="M")
        yield from super().read(pieces, profile)


@pytest.mark.parametrize(("reader", "first"), [(Reader(5), []), (Newer(5), ["/new"])])
async def test_another_reader_begins_anew_and_nothing_is_told_twice_or_left_out(
    ear: Ear, monkeypatch: pytest.MonkeyPatch, reader: Reader, first: list[str]
) -> None:
    monkeypatch.setattr(read, "CHUNK", 2)
    read_with(ear, Reader(5, KilledError()))
    await ear.tell(b"any")
    with pytest.raises(KilledError):
        await ear.run("read")
    async with another_worker(ear) as other:
        read_with(other, reader)
        assert not await other.run("read")
        ear.scene.clock.advance(3_600)
        assert await other.run("read")
    paths = await ear.scene.column("SELECT path FROM observation ORDER BY ordinal")
    assert paths == [*first, *(f"/{n}" for n in range(5))]
    assert await ear.scene.rows("SELECT state, read_through FROM bank_message") == [("read", len(paths))]


async def test_what_could_not_be_read_is_read_when_the_bank_says_it_again(ear: Ear) -> None:
    read_with(ear, Reader(1, Unreadable("xml.broken", "/", "it breaks off")))
    for content in (b"one", b"one", b"two"):
        await ear.tell(content)
    await ear.until_idle("read")
    assert await ear.scene.column(MESSAGES) == ["unreadable", "unreadable"]
    read_with(ear, Reader(2))
    await ear.tell(b"one")
    await ear.until_idle("read")
    await ear.tell(b"one")
    assert await ear.scene.rows(
        "SELECT state, failure IS NULL, read_through FROM bank_message ORDER BY message_no"
    ) == [
        ("read", True, 2),
        ("unreadable", False, 0),
    ]


async def test_a_reader_that_lost_its_message_stores_nothing_and_lives_on(ear: Ear) -> None:
    class Overtaken(Reader):
        def read(self, pieces: Iterable[bytes], profile: Any) -> Iterator[Observation]:
            yield from super().read(pieces, profile)
            apart(ear.scene.tamper("UPDATE bank_message SET state = 'read', leased_by = 'w2', read_through = 5"))

    read_with(ear, Overtaken(3))
    await ear.tell(b"any")
    await ear.run("read")
    assert await ear.scene.rows("SELECT state, read_through FROM bank_message") == [("read", 5)]
    assert await ear.scene.value("SELECT count(*) FROM observation") == 0


async def test_a_reader_that_lost_its_message_cannot_call_it_unreadable(ear: Ear) -> None:
    class Overtaken(Reader):
        def read(self, pieces: Iterable[bytes], profile: Any) -> Iterator[Observation]:
            apart(
                ear.scene.tamper(
                    "UPDATE bank_message SET state = 'read', leased_by = 'w2', read_through = 1;"
                    "INSERT INTO observation (message_no, ordinal, kind, path)"
                    " SELECT message_no, 1, 'payment status', '/' FROM bank_message"
                )
            )
            yield from super().read(pieces, profile)

    read_with(ear, Overtaken(0, Unreadable("xml.broken", "/", "it breaks off")))
    await ear.tell(b"any")
    await ear.run("read")
    assert await ear.scene.column("SELECT path FROM observation") == ["/"]
    assert await ear.scene.column(MESSAGES) == ["read"]


async def test_a_bank_that_cannot_be_understood_is_braked(ear: Ear) -> None:
    for number in range(read.BRAKE):
        assert await ear.scene.value("SELECT count(*) FROM pause") == 0
        await ear.tell(b"garbage %d" % number)
        await ear.until_idle("read")
    assert await ear.scene.rows("SELECT scope, value FROM pause") == [("bank", "alfa")]


async def test_one_bank_s_garbage_brakes_no_other_bank(ear: Ear) -> None:
    for number in range(read.BRAKE - 1):
        await ear.tell(b"garbage %d" % number)
    await ear.tell(b"garbage of another", "charlie")
    await ear.until_idle("read")
    assert await ear.scene.value("SELECT count(*) FROM pause") == 0
