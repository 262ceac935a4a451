"""Messages in forms that nobody should send: claims about encodings, pieces of documents, values that look like others.

Each is refused with its rule, or says exactly what it would say in plain form.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, repeat

import pytest

from bank_adapters.iso20022 import detect
from bank_adapters.iso20022.markup import TOKEN_MAX
from bank_adapters.registry import adapter_for
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from tests.bank_adapters import fixed_width, mt_bank
from tests.bank_adapters.material import entry, file_bank, notification
from tests.bank_adapters.test_hostile_statuses import CAMT029, PACS002, PACS004, PAIN002
from tests.statements import Booking, Detail, Stmt, camt053

BANK = file_bank()
DETAILS = (
    "<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs>"
    '<Amt Ccy="EUR">12.30</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls>'
)
BOOKED = notification(entry(DETAILS))
STATEMENT = camt053(
    Stmt(opening=1, closing=6, bookings=[Booking(minor=5, details=[Detail(minor=9), Detail(minor=-4)])]),
    Stmt(name="S2", number=2),
)
MESSAGES = {
    "pain.002": PAIN002,
    "pacs.002": PACS002,
    "pacs.004": PACS004,
    "camt.029": CAMT029,
    "camt.053": STATEMENT,
    "camt.054": BOOKED,
}


def read(content: bytes) -> list[object]:
    return list(detect.read([content], BANK))


def rule_of(content: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read(content)
    assert caught.value.path
    return caught.value.rule


@pytest.mark.parametrize("content", MESSAGES.values(), ids=MESSAGES)
def test_a_message_that_is_cut_off_at_any_byte_is_refused(content: bytes) -> None:
    assert read(content)
    for at in range(len(content.rstrip())):
        rule_of(content[:at])


def test_a_statement_in_mt_that_is_cut_off_before_its_end_is_refused() -> None:
    text = mt_bank.in_envelope(mt_bank.plain(":86:166?20EREF+X")).partition("}{5:")[0]
    whole = mt_bank.read(text)
    assert text.endswith("\r\n-")
    for at in range(len(text)):
        with pytest.raises(Unreadable):
            mt_bank.read(text[:at])
    assert len(whole) == 2


def test_a_reply_that_is_cut_off_is_refused_unless_it_ends_behind_an_answer() -> None:
    bank, content = fixed_width.plain_bank(), fixed_width.REPLY.read_bytes().rstrip()
    adapter, sound = adapter_for(bank), []
    for at in range(1, len(content) + 1):
        with suppress(Unreadable):
            sound.append((at, len(list(adapter.read([content[:at]], bank)))))
    first = content.index(b"\r\nR") if b"\r\nR" in content else content.index(b"\nR")
    ends = {first, first + 1, first + 2, len(content)}
    assert {at for at, _ in sound} <= ends
    assert sound[-1] == (len(content), 4)


def declared(encoding: str, content: bytes) -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + content


@pytest.mark.parametrize(
    "encoding",
    [
        *("UTF-7", "UTF-32", "UTF-32LE", "ISO-10646-UCS-4", "UCS-2", "EBCDIC-CP-US", "IBM037", "IBM1026", "cp500"),
        *("rot13", "base64", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "hz", "shift_jis", "gbk"),
    ],
)
def test_encodings_in_which_ascii_is_not_ascii_are_not_believed(encoding: str) -> None:
    assert rule_of(declared(encoding, BOOKED)) == "encoding.unknown"


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be", "cp037", "cp500", "cp1026"])
def test_bytes_in_such_encodings_are_refused(encoding: str) -> None:
    text = BOOKED.decode()
    for content in (text, declared(encoding, BOOKED).decode()):
        assert rule_of(content.encode(encoding)).startswith(("xml.", "encoding.", "message."))


def test_a_mark_and_a_declaration_that_disagree_are_refused() -> None:
    marked = b"\xef\xbb\xbf" + declared("UTF-16", BOOKED)
    wide = b"\xff\xfe" + declared("UTF-8", BOOKED).decode().encode("utf-16-le")
    assert {rule_of(marked), rule_of(wide)} == {"encoding.contradiction"}


@pytest.mark.parametrize("behind", [b"x", b"<x/>", BOOKED, declared("UTF-8", BOOKED), b"\0", b"&#32;", b"]]>"])
def test_what_stands_behind_a_document_makes_it_no_document(behind: bytes) -> None:
    for content in MESSAGES.values():
        assert rule_of(content + behind).startswith("xml.")


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        (b'Ccy="EUR"', b'Ccy="E&#85;R"'),
        (b'Ccy="EUR"', b"Ccy = 'EUR'"),
        (b"12.30", b"1<![CDATA[2.]]>30"),
        (b"12.30", b"&#49;2.30"),
        (b"DBIT", b"<![CDATA[DBIT]]>"),
        (b"camt.054.001.08", b"pain.001.001.09"),
        (b"urn:iso:std:iso:20022:tech:xsd:camt.054.001.08", b"http://bank.example/own"),
    ],
)
def test_other_ways_to_write_the_same_say_the_same(plain: bytes, written: bytes) -> None:
    assert plain in BOOKED
    assert read(BOOKED.replace(plain, written)) == read(BOOKED)


@pytest.mark.parametrize(
    ("plain", "written", "rule"),
    [
        (b'Ccy="EUR"', b'Ccy="&e;"', "xml.malformed"),
        (b'Ccy="EUR"', b'Ccy="EUR" Ccy="USD"', "xml.malformed"),
        (b'Ccy="EUR"', b'Ccy="EUR "', "money.currency"),
        (b'Ccy="EUR"', b'Ccy="eur"', "money.currency"),
        (b"12.30", b"1<?x?>2.30", "value.split"),
        (b"12.30", b"1<!-- -->2.30", "value.split"),
        (b"2026-09-21", b"0000-01-01", "date.format"),
        (b"2026-09-21", b"10000-01-01", "date.format"),
        (b"2026-09-21", b"-2026-09-21", "date.format"),
        (b"2026-09-21", b"2026-09-211", "date.format"),
        (b"</BkToCstmrDbtCdtNtfctn>", b"</BkToCstmrDbtCdtNtfctn><BkToCstmrStmt/>", "message.count"),
        (b"</BkToCstmrDbtCdtNtfctn>", b"</BkToCstmrDbtCdtNtfctn><CstmrPmtStsRpt/>", "message.count"),
    ],
)
def test_what_only_looks_like_a_value_is_refused(plain: bytes, written: bytes, rule: str) -> None:
    assert rule_of(BOOKED.replace(plain, written)) == rule


def test_the_first_and_the_last_day_that_there_are_can_be_told() -> None:
    for day in ("0001-01-01", "9999-12-31"):
        (one,) = read(BOOKED.replace(b"2026-09-21", day.encode()))
        assert isinstance(one, Observation)
        assert str(one.booking_date) == day


def attributes(kind: str) -> Iterator[bytes]:
    return (b"".join(b" %sa%d='1'" % (kind.encode(), 1_000 * k + n) for n in range(1_000)) for k in range(1_000))


@pytest.mark.parametrize(
    ("message", "place"), [("pain.002", b"<TxSts>"), ("camt.054", b"<Refs>"), ("camt.053", b"<Ntry>")]
)
@pytest.mark.parametrize(
    "more",
    [
        pytest.param(lambda: chain([b"<x "], attributes("")), id="a million attributes"),
        pytest.param(lambda: chain([b"<x "], attributes("xmlns:")), id="a million namespaces"),
        pytest.param(lambda: repeat(b"<a>" * 10_000, 100), id="a million levels"),
        pytest.param(lambda: chain([b"<x>"], repeat(b"y" * 65_536, 1 << 14)), id="a value of a gigabyte"),
    ],
)
def test_a_message_without_measure_is_refused_early(message: str, place: bytes, more: object) -> None:
    assert callable(more)
    before = MESSAGES[message].partition(place)[0]
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        for piece in chain([before], more()):
            taken += len(piece)
            yield piece

    with pytest.raises(Unreadable) as caught:
        list(detect.read(pieces(), BANK))
    assert caught.value.rule in {"xml.token", "xml.depth", "xml.malformed", "element.size", "xml.names"}
    assert taken < 4 * TOKEN_MAX


@pytest.mark.parametrize("around", ["TxInfAndSts", "OrgnlPmtInfAndSts", "OrgnlGrpInfAndSts", "CstmrPmtStsRpt"])
def test_a_message_inside_what_looks_like_a_part_of_one_is_refused(around: str) -> None:
    inside = PAIN002.decode()
    more = "<OrgnlEndToEndId>E9</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
    assert rule_of(f"<{around}>{inside}{more}</{around}>".encode()) in {"element.place", "message.count"}


@pytest.mark.parametrize(("of_entry", "of_transaction"), [("DBIT", "CRDT"), ("CRDT", "DBIT")])
def test_a_transaction_without_an_amount_takes_the_entry_s_only_with_its_sign(
    of_entry: str, of_transaction: str
) -> None:
    details = (
        "<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs>"
        f"<CdtDbtInd>{of_transaction}</CdtDbtInd></TxDtls></NtryDtls>"
    )
    (one,) = read(notification(entry(details, sign=of_entry)))
    assert isinstance(one, Observation)
    assert (one.credit, one.amount_minor, one.end_to_end_id) == (of_entry == "CRDT", 1_230, None)
    (one,) = read(notification(entry(details.replace(of_transaction, of_entry), sign=of_entry)))
    assert isinstance(one, Observation)
    assert (one.credit, one.amount_minor, one.end_to_end_id) == (of_entry == "CRDT", 1_230, "E1")
