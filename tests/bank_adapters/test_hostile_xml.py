"""What a bank's message must never be able to do: say something else than a person would read in it, or hurt us."""

import gzip
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_adapters.iso20022 import detect
from bank_adapters.iso20022.xml import SLICE, minor_units, slices
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from tests.bank_adapters.material import (
    GROUP,
    bytes_in_pieces,
    entry,
    file_bank,
    named,
    notification,
    observations,
    report,
)

BANK = file_bank()


def read(*pieces: bytes) -> list[Observation]:
    return observations(*pieces, bank=BANK)


STATUS = "<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId>{}</TxInfAndSts></OrgnlPmtInfAndSts>"
GOOD = report(GROUP.format("") + STATUS.format("<TxSts>RJCT</TxSts>"))
DETAILS = (
    "<NtryDtls><TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs>"
    '<Amt Ccy="EUR">{}</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls>'
)
BOOKED = notification(entry(DETAILS.format("12.30")))

FAR = "<!-- far -->" * 10_000
"""Enough that what follows is parsed only after what stands before was handled."""


def listing(count: int) -> str:
    """Details of so many payments of 12.30."""
    return DETAILS.format("12.30").replace("<NtryDtls>", "").replace("</NtryDtls>", "") * count


def moved(part: str, count: int = 1) -> str:
    """An entry with a part of its head put behind its details."""
    whole = entry(f"<NtryDtls>{listing(count)}</NtryDtls>", amount=f"{1230 * count // 100}.{1230 * count % 100:02d}")
    part = part.replace("12.30", f"{1230 * count // 100}.{1230 * count % 100:02d}")
    assert part in whole
    return whole.replace(part, "").replace("</Ntry>", f"{FAR}{part}</Ntry>")


def late_batch(count: int = 1) -> str:
    batch = "<Btch><PmtInfId>P1</PmtInfId></Btch>"
    return f"<NtryDtls>{listing(count)}{FAR}{batch}</NtryDtls>"


def late_block_name() -> bytes:
    end = "</OrgnlPmtInfAndSts>"
    return report(STATUS.format("").replace(end, f"{FAR}<OrgnlPmtInfId>P1</OrgnlPmtInfId>{end}"))


HOSTILE: list[tuple[str, bytes, str]] = [
    ("empty", b"", "message.unknown"),
    ("blank", b" \n ", "message.unknown"),
    ("text", b"all fine, EUR 100 booked", "xml.malformed"),
    ("json", b'{"status": "ACCC"}', "xml.malformed"),
    ("zip", b"PK\x03\x04" + bytes(200), "archive.malformed"),
    ("gzip", gzip.compress(GOOD)[:-1], "archive.malformed"),
    ("invalid UTF-8", GOOD.replace(b"E1", b"E\xff\xfe1"), "encoding.invalid"),
    ("wrong declared encoding", b'<?xml version="1.0" encoding="UTF-16"?>' + GOOD, "encoding.contradiction"),
    ("unknown encoding", b'<?xml version="1.0" encoding="x-moon"?>' + GOOD, "encoding.unknown"),
    ("NUL", GOOD.replace(b"E1", b"E\x001"), "xml.malformed"),
    ("character zero", GOOD.replace(b"E1", b"E&#0;1"), "xml.malformed"),
    ("truncated", GOOD[:-30], "xml.malformed"),
    ("truncated in a value", GOOD[:250], "xml.malformed"),
    ("something after it", GOOD + b"<more/>", "xml.malformed"),
    ("undeclared entity", GOOD.replace(b"E1", b"&e;"), "xml.malformed"),
    ("DTD", b"<!DOCTYPE Document>" + GOOD, "xml.dtd"),
    ("external DTD", b'<!DOCTYPE Document SYSTEM "file:///etc/passwd">' + GOOD, "xml.dtd"),
    ("entity", b'<!DOCTYPE d [<!ENTITY e "E9">]>' + GOOD.replace(b"E1", b"&e;"), "xml.dtd"),
    ("file entity", b'<!DOCTYPE d [<!ENTITY e SYSTEM "/etc/passwd">]>' + GOOD.replace(b"E1", b"&e;"), "xml."),
    ("default attribute", b'<!DOCTYPE d [<!ATTLIST Amt Ccy CDATA "EUR">]>' + BOOKED, "xml.dtd"),
    ("unknown message", b"<Document><BkToCstmrXyz/></Document>", "message.unknown"),
    (
        "a statement of no account",
        b"<Document><BkToCstmrStmt><Stmt><Id>1</Id></Stmt></BkToCstmrStmt></Document>",
        "element.missing",
    ),
    ("no message", b"<Document/>", "message.unknown"),
    ("deep nesting", b"<Document>" + b"<a>" * 300 + b"</a>" * 300 + b"</Document>", "message.unknown"),
    ("deep nesting around", b"<a>" * 300 + BOOKED + b"</a>" * 300, "xml.depth"),
    ("deep nesting in an entry", BOOKED.replace(b"<Refs>", b"<a>" * 300 + b"</a>" * 300 + b"<Refs>"), "xml.depth"),
    ("deep nesting in an account", BOOKED.replace(b"<Ntry>", b"<a>" * 300 + b"</a>" * 300 + b"<Ntry>"), "xml.depth"),
    ("deep nesting inside", GOOD.replace(b"E1", b"<a>" * 300 + b"</a>" * 300), "xml.malformed"),
    ("a comment in a value", GOOD.replace(b"E1", b"E<!-- not -->1"), "value.split"),
    ("a comment before a value", GOOD.replace(b"E1", b"<!-- not -->E1"), "value.split"),
    ("an instruction in a value", GOOD.replace(b"E1", b"E<?not this?>1"), "value.split"),
    ("an element in a value", GOOD.replace(b"E1", b"E<b/>1"), "value.split"),
    ("a comment in an IBAN", BOOKED.replace(b"DE8937", b"DE89<!-- -->37"), "value.split"),
    ("a comment in an amount", BOOKED.replace(b"12.30", b"1<!-- -->2.30"), "value.split"),
    ("huge text", GOOD.replace(b"E1", b"E" * 11_000_000), "xml.token"),
    ("long text", GOOD.replace(b"E1", b"E" * 900_000), "value.length"),
    ("text over 500 letters", GOOD.replace(b"E1", b"E" * 600), "value.length"),
    ("two statuses", report(STATUS.format("<TxSts>ACCP</TxSts><TxSts>RJCT</TxSts>")), "element.repeated"),
    ("two groups", report(GROUP.format("") * 2), "element.order"),
    ("a group after its payments", report(STATUS.format("") + GROUP.format("")), "element.order"),
    ("two messages", GOOD.replace(b"</Document>", b"<CstmrPmtStsRpt/></Document>"), "message.count"),
    (
        "two amounts",
        notification(entry().replace("<Cd", "<Cd/><Cd", 1).replace("</Ntry>", '<Amt Ccy="EUR">1</Amt></Ntry>')),
        "element.",
    ),
    ("two references", BOOKED.replace(b"<EndToEndId>", b"<EndToEndId>E2</EndToEndId><EndToEndId>"), "element.repeated"),
    ("no sign", BOOKED.replace(b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>", b"<Sts>"), "money.sign"),
    ("a new sign", BOOKED.replace(b"DBIT", b"BOTH"), "money.sign"),
    (
        "no amount",
        BOOKED.replace(
            b'<Amt Ccy="EUR">12.30</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>', b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>"
        ),
        "element.missing",
    ),
    ("no currency", BOOKED.replace(b' Ccy="EUR"', b""), "money.currency"),
    ("unknown currency", BOOKED.replace(b"EUR", b"XXX"), "money.currency"),
    ("impossible date", BOOKED.replace(b"2026-09-21", b"2026-02-30"), "date.format"),
    ("a date that goes on", BOOKED.replace(b"2026-09-21", b"2026-09-211"), "date.format"),
    ("an amount after many details", notification(moved('<Amt Ccy="EUR">12.30</Amt>', 300)), "element.missing"),
    ("a status after many details", notification(moved("<Sts><Cd>BOOK</Cd></Sts>", 300)), "element.order"),
    ("a batch after many payments", notification(entry(late_batch(300), amount="3690")), "element.order"),
    ("a block named after its payments", late_block_name(), "element.order"),
    ("details without an entry", notification("<TxDtls/>"), "element.order"),
    (
        "entry outside an account",
        BOOKED.replace(b"<Ntfctn>", b"<Other>").replace(b"</Ntfctn>", b"</Other>"),
        "element.order",
    ),
    (
        "a count that is none",
        notification(entry("<NtryDtls><Btch><NbOfTxs>-2</NbOfTxs></Btch></NtryDtls>")),
        "number.format",
    ),
    (
        "a count without end",
        notification(entry(f"<NtryDtls><Btch><NbOfTxs>{'9' * 400}</NbOfTxs></Btch></NtryDtls>")),
        "number.format",
    ),
]


@pytest.mark.parametrize(("content", "rule"), [pytest.param(c, r, id=name) for name, c, r in HOSTILE])
@pytest.mark.parametrize("size", [1 << 30, 7])
def test_hostile_messages_are_refused_with_a_rule(content: bytes, rule: str, size: int) -> None:
    if len(content) > 100_000 and size == 7:
        size = 70_000
    with pytest.raises(Unreadable) as caught:
        read(*bytes_in_pieces(content, size))
    assert caught.value.rule.startswith(rule)


AMOUNTS = [
    *("NaN", "INF", "-12.30", "+12.30", "1e2", "1E2", "0x10", "1,230.00", "12,30", "12 .30", "1_000", "", ".", ".5"),
    *("9" * 400, "0" * 400, "1" + "0" * 15, "12.305", "12.3000001", "\u0661\u0662", "\uff11", "12.30 EUR", "--5"),
]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_what_is_not_an_exact_amount_is_refused(amount: str) -> None:
    for content in (notification(entry(amount=amount)), notification(entry(DETAILS.format(amount)))):
        with pytest.raises(Unreadable) as caught:
            read(content)
        assert caught.value.rule in {"money.format", "money.decimals"}
        assert len(amount) < 4 or amount not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("200", "EUR", 20_000),
        ("13.3", "EUR", 1_330),
        ("000000000000099.92", "EUR", 9_992),  # ABN AMRO
        ("5.0400", "EUR", 504),  # Cross River
        ("0.00", "EUR", 0),
        ("7.", "EUR", 700),
        ("79255.00", "JPY", 79_255),
        ("1.234", "KWD", 1_234),
        ("999999999999999.99", "EUR", 99_999_999_999_999_999),
    ],
)
def test_amounts_as_banks_write_them(text: str, currency: str, minor: int) -> None:
    assert minor_units(text, currency, "/") == minor


@given(st.integers(0, 10**17 - 1), st.integers(0, 5), st.integers(0, 5))
def test_amounts_are_exact(minor: int, zeros_before: int, zeros_after: int) -> None:
    text = f"{'0' * zeros_before}{minor // 100}.{minor % 100:02d}{'0' * zeros_after}"
    assert minor_units(text, "EUR", "/") == minor


ENCODED = [
    ("UTF-8 mark", lambda text: b"\xef\xbb\xbf" + text.encode()),
    ("UTF-16 LE", lambda text: b"\xff\xfe" + text.encode("utf-16-le")),
    ("UTF-16 BE", lambda text: b"\xfe\xff" + text.encode("utf-16-be")),
    ("Latin 1", lambda text: b'<?xml version="1.0" encoding="ISO-8859-1"?>' + text.encode("iso-8859-1")),
    ("Turkish", lambda text: b'<?xml version="1.0" encoding="windows-1254"?>' + text.encode("cp1254")),
    ("no namespace", lambda text: text.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"', "").encode()),
    ("prefix", lambda text: text.replace("<", "<d:").replace("<d:/", "</d:").replace("xmlns=", "xmlns:d=").encode()),
    (
        "envelope",
        lambda text: f'<Env xmlns="urn:x"><AppHdr xmlns="urn:h"><MsgId>X</MsgId></AppHdr>{text}</Env>'.encode(),
    ),
    ("CDATA", lambda text: text.replace("é1", "<![CDATA[é1]]>").encode()),
    ("character reference", lambda text: text.replace("é", "&#xE9;").encode()),
    ("padding", lambda text: text.replace("é1", "\r\n\t é1 \n").encode()),
    ("comments between", lambda text: text.replace("<TxSts>", "<!-- x --><TxSts>").encode()),
]


@pytest.mark.parametrize("encode", [pytest.param(e, id=name) for name, e in ENCODED])
def test_form_does_not_matter(encode: object) -> None:
    assert callable(encode)
    text = report(GROUP.format("") + STATUS.format("<TxSts>RJCT</TxSts>").replace("E1", "é1")).decode()
    for size in (1 << 30, 3):
        rows = read(*bytes_in_pieces(encode(text), size))
        assert [row.end_to_end_id for row in rows] == ["é1", None]
        assert rows[0].status == "RJCT"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([GOOD, BOOKED]), st.data())
def test_no_change_of_a_byte_does_more_than_raise_unreadable(content: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content) - 1))
    changed = content[:at] + data.draw(st.binary(max_size=3)) + content[at + 1 :]
    with suppress(Unreadable):
        read(changed)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=20))
def test_slices_lose_nothing(pieces: list[bytes]) -> None:
    assert b"".join(slices(pieces)) == b"".join(pieces)


def test_slices_are_bounded() -> None:
    assert max(map(len, slices([bytes(5 * SLICE + 1)]))) <= SLICE


def test_memory_stays_flat() -> None:
    def pieces(entries: int) -> Iterator[bytes]:
        head, tail = notification("|").split(b"|")
        yield head
        for _ in range(entries):
            yield entry(DETAILS.format("12.30")).encode()
        yield tail

    def peak(entries: int) -> int:
        tracemalloc.start()
        count = sum(1 for _ in detect.read(pieces(entries), BANK))
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == entries
        return top

    peak(10)
    assert peak(6000) < 3 * peak(1500) < 30_000_000


HANDLED = b"<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>"
FULL = {
    "elements that nobody handles": (b"", b"<x/>" * 16_000, b""),
    "their texts": (b"", b"<x>" + b"y" * 64_000 + b"</x>", b""),
    "their attributes": (b"", b"<x a='" + b"y" * 64_000 + b"'/>", b""),
    "text between": (b"", b"<x/>" + b" " * 64_000, b""),
    "what stands between those that are handled": (b"", b"<x/>" * 9_000 + HANDLED * 400, b""),
    "one transaction": (b"<TxInfAndSts>", b"<x/>" * 16_000, b"</TxInfAndSts>"),
}


@pytest.mark.parametrize("what", FULL)
def test_a_report_full_of_what_nobody_handles_is_refused_before_it_fills_the_memory(what: str) -> None:
    before, again, after = FULL[what]
    head, tail = report(GROUP.format("") + "<OrgnlPmtInfAndSts>|</OrgnlPmtInfAndSts>").split(b"|")
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        yield head + before
        for _ in range(1 << 14):
            taken += len(again)
            yield again
        yield after + tail

    with pytest.raises(Unreadable) as caught:
        list(detect.read(pieces(), BANK))
    assert (caught.value.rule, taken < 8_000_000) == ("element.size", True)


def test_a_report_of_which_nothing_is_handled_is_refused() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"<CstmrPmtStsRpt>"
        while True:
            yield b"<x/>" * 16_000

    with pytest.raises(Unreadable, match=r"element\.size"):
        list(detect.read(pieces(), BANK))


def test_a_good_message_is_read() -> None:
    assert [named(row)["status"] for row in read(GOOD) if row.status] == ["RJCT"]
    assert read(BOOKED)[0].amount_minor == 1230
