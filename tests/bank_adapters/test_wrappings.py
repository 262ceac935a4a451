"""In what form a message may come: encodings, envelopes, messages wrapped as text, and archives of messages."""

import codecs
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.iso20022 import archive, detect
from bank_adapters.iso20022.encoding import ENCODINGS, begins_like_xml, decoded
from bank_adapters.iso20022.messages import MESSAGES
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement
from tests.bank_adapters.material import (
    GROUP,
    bytes_in_pieces,
    entry,
    file_bank,
    notification,
    observations,
    report,
    statements,
)
from tests.statements import Booking, Detail, Stmt, camt053

BANK = file_bank()
DETAILS = (
    "<NtryDtls><TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs>"
    '<Amt Ccy="EUR">12.30</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls>'
)


def message(name: str = "E1") -> str:
    return notification(entry(DETAILS.format(name))).decode()


def names(content: bytes) -> list[str | None]:
    """The EndToEndIds of a message, which must not depend on the pieces in which it comes."""
    whole, small = (
        [one.end_to_end_id for one in observations(*bytes_in_pieces(content, size), bank=BANK)] for size in (1 << 20, 5)
    )
    assert whole == small
    return whole


def rule_of(content: bytes, read: Callable[[bytes], object] = names) -> tuple[str, str]:
    with pytest.raises(Unreadable) as caught:
        read(content)
    return caught.value.rule, caught.value.path


# Encodings -----------------------------------------------------------------------------------------------------------

LETTERS = {
    "utf-8": "Ağça Қазақ",
    "UTF-16": "Ağça Қазақ",
    "ISO-8859-1": "Çağ".replace("ğ", "g"),
    "ISO-8859-9": "İıŞşĞğ",
    "windows-1254": "İıŞşĞğ€",
    "windows-1251": "Алматы",
    "windows-1250": "Łódź",
    "ISO-8859-2": "Łódź",
    "ISO-8859-7": "Αθήνα",
    "ISO-8859-15": "€",
    "KOI8-R": "Алматы",
    "IBM857": "İıŞşĞğ",
    "IBM866": "Алматы",
}


@pytest.mark.parametrize("encoding", LETTERS)
def test_a_declared_encoding_is_believed(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\r\n{message(LETTERS[encoding])}'
    assert names(text.encode(encoding)) == [LETTERS[encoding]]


@pytest.mark.parametrize(
    ("mark", "encoding", "declared"),
    [
        (codecs.BOM_UTF8, "utf-8", ""),
        (codecs.BOM_UTF8, "utf-8", "UTF-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", ""),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
        (b"", "utf-16-le", "UTF-16"),
        (b"", "utf-16-be", "UTF-16BE"),
        (b"", "utf-8", ""),
    ],
)
def test_a_byte_order_mark_and_the_first_bytes_tell_unicode(mark: bytes, encoding: str, declared: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    content = mark + f"{declaration}{message('Əli Қ')}".encode(encoding)
    assert names(content) == ["Əli Қ"]
    assert begins_like_xml(content)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b'<?xml version="1.0" encoding="UTF-8"?>' + message("Çağ").encode("cp1254"), "encoding.invalid"),
        (message("Çağ").encode("cp1254"), "encoding.invalid"),
        (codecs.BOM_UTF8 + message("Çağ").encode("cp1254"), "encoding.invalid"),
        (codecs.BOM_UTF8 + b'<?xml version="1.0" encoding="windows-1254"?>' + message().encode(), "encoding.contra"),
        (codecs.BOM_UTF16_LE + f"<?xml version='1.0' encoding='UTF-8'?>{message()}".encode("utf-16-le"), "encoding.co"),
        (b'<?xml version="1.0" encoding="UTF-16"?>' + message().encode(), "encoding.contradiction"),
        (b'<?xml version="1.0" encoding="windows-1254"?>' + message().encode("utf-16-le"), "xml.malformed"),
        (b'<?xml version="1.0" encoding="idna"?>' + message().encode(), "encoding.unknown"),
        (b'<?xml version="1.0" encoding="utf-7"?>' + message().encode(), "encoding.unknown"),
        (b'<?xml version="1.0" encoding="rot13"?>' + message().encode(), "encoding.unknown"),
        (codecs.BOM_UTF16_LE + message().encode("utf-16-le") + b"\n", "encoding.invalid"),
        (
            codecs.BOM_UTF16_LE + message("E1").replace("E1", "\ud800").encode("utf-16-le", "surrogatepass"),
            "encoding.invalid",
        ),
        (codecs.BOM_UTF32_LE + message().encode("utf-32-le"), "xml.malformed"),
        # A declaration that nobody reads to its end would be believed to say nothing.
        (f"<?xml version='1.0'{' ' * 1_100}encoding='ISO-8859-9'?>{message('Ç')}".encode("iso-8859-9"), "encoding.unk"),
        (f"<?xml version='1.0'{' ' * 1_100}encoding='ISO-8859-9'?>{message('Ã©')}".encode("cp1252"), "encoding.unk"),
        (b"<?xml version='1.0' encoding='1254'?>" + message().encode(), "encoding.unknown"),
        (b"<?xml version='1.0' encoding=UTF-8?>" + message().encode(), "encoding.unknown"),
    ],
)
def test_what_is_not_written_as_it_says_is_refused(content: bytes, rule: str) -> None:
    found, path = rule_of(content)
    assert found.startswith(rule)
    assert path.startswith(("byte ", "line "))


@given(st.sampled_from(sorted(ENCODINGS)), st.text(max_size=40), st.integers(1, 7))
def test_text_comes_back_from_every_encoding(encoding: str, text: str, size: int) -> None:
    kept = text.encode(encoding, "ignore").decode(encoding)
    content = f"<?xml version='1.0' encoding='{encoding}'?>".encode(encoding) + f"<a>{kept}</a>".encode(
        {"utf-16": "utf-16-le" if codecs.BOM_UTF16 == codecs.BOM_UTF16_LE else "utf-16-be"}.get(encoding, encoding)
    )
    assert "".join(decoded(bytes_in_pieces(content, size))) == f"<a>{kept}</a>"


# Envelopes, headers, namespaces --------------------------------------------------------------------------------------

HEADER = '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>B</BizMsgIdr></AppHdr>'
DOCUMENT = message()
WRAPPED = [
    (
        "SIX",
        DOCUMENT.replace("urn:iso:std:iso:20022:tech:xsd:camt.054.001.08", "http://www.six.com/camt.054.001.04.xsd"),
    ),
    ("sepade", DOCUMENT.replace("urn:iso:std:iso:20022:tech:xsd:", "urn:sepade:xsd:")),
    ("SWIFT", DOCUMENT.replace("urn:iso:std:iso:20022:tech:xsd:", "urn:swift:xsd:$")),
    ("wrong version", DOCUMENT.replace("camt.054.001.08", "camt.053.001.02")),
    ("no namespace", DOCUMENT.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"', "")),
    ("prefix", DOCUMENT.replace("<", "<Doc:").replace("<Doc:/", "</Doc:").replace("xmlns=", "xmlns:Doc=")),
    ("no Document", DOCUMENT.partition(">")[2].removesuffix("</Document>")),
    ("header beside", f"<Saa:Msg xmlns:Saa='urn:swift:saa'><Saa:Body>{HEADER}{DOCUMENT}</Saa:Body></Saa:Msg>"),
    ("request payload", f"<RequestPayload>{HEADER}{DOCUMENT}</RequestPayload>"),
    ("SOAP", f"<s:Envelope xmlns:s='urn:s'><s:Header/><s:Body>{DOCUMENT}</s:Body></s:Envelope>"),
    ("CDATA", f"<Envelope><Body>\n <![CDATA[{DOCUMENT}]]>\n</Body></Envelope>"),
    ("CDATA with declaration", f'<m><![CDATA[<?xml version="1.0" encoding="ISO-8859-9"?>\n{DOCUMENT}]]></m>'),
    ("CDATA behind a header", f"<m>{HEADER}<b><![CDATA[{DOCUMENT}]]></b><signature>s</signature></m>"),
    ("escaped", f"<string xmlns='urn:soap'>{escape(DOCUMENT)}</string>"),
    ("escaped, with a long header", f"<m><h>{'x' * 3000}</h><b>{escape(DOCUMENT)}</b></m>"),
    ("space before the declaration", f'\n <?xml version="1.0"?>{DOCUMENT}'),
    (
        "attributes everywhere",
        DOCUMENT.replace("<Ntry>", "<Ntry xmlns:x='urn:x' x:a='1' b='&gt;>'>").replace("<TxDtls>", "<TxDtls\n>"),
    ),
    (
        "comments and instructions between",
        DOCUMENT.replace("<", '<!-- < > " -->\n<?go > ?><').replace('<!-- < > " -->\n<?go > ?></', "</"),
    ),
    ("CDATA in values", DOCUMENT.replace("E1", "<![CDATA[E]]>1").replace("12.30<", "<![CDATA[12.30]]><")),
    ("character references", DOCUMENT.replace("E1", "&#69;&#x31;").replace("DBIT", "D&#x42;IT")),
    (
        "line ends inside values",
        DOCUMENT.replace("E1", "\r\n\tE1\r\n").replace("12.30", "\n12.30 ").replace("BOOK<", " BOOK\n<"),
    ),
    ("pretty", DOCUMENT.replace("><", ">\r\n  <")),
    ("empty elements", DOCUMENT.replace("<Ntry>", "<Bal/><TxsSummry />\n<Ntry>")),
]


@pytest.mark.parametrize("content", [pytest.param(text, id=name) for name, text in WRAPPED])
def test_wrappings_do_not_matter(content: str) -> None:
    assert names(content.encode()) == ["E1"]
    (one,) = observations(content.encode(), bank=BANK)
    (plain,) = observations(DOCUMENT.encode(), bank=BANK)
    assert one == plain


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (f"<m><![CDATA[{DOCUMENT}]]><![CDATA[<a/>]]></m>", "xml.malformed"),
        (f"<m><a><![CDATA[{DOCUMENT}]]></a><b><![CDATA[{DOCUMENT}]]></b></m>", "message.count"),
        (f"<m>&lt;Document><b/>{escape(DOCUMENT)}</m>", "message.wrapped"),
        (f"<m><![CDATA[<m><![CDATA[{DOCUMENT}]]]]><![CDATA[></m>]]></m>", "message.unknown"),
        (f"<m><![CDATA[{DOCUMENT[:-30]}]]></m>", "xml.malformed"),
        (f"<m><![CDATA[<!DOCTYPE d>{DOCUMENT}]]></m>", "xml.dtd"),
        (f"<!DOCTYPE m><m><![CDATA[{DOCUMENT}]]></m>", "xml.dtd"),
        (f"<m><![CDATA[{DOCUMENT}]]></n>", "xml.malformed"),
        (f"<two>{DOCUMENT}{DOCUMENT}</two>", "element.order"),
        (f"<m>12 <![CDATA[{DOCUMENT}]]></m>", "message.wrapped"),
        (f"<m><![CDATA[{DOCUMENT}]]> 12</m>", "xml.malformed"),
        (f"<m>{escape(DOCUMENT).replace('E1', 'E<!-- not -->1')}</m>", "value.split"),
        (f"<m>{escape(DOCUMENT).replace('E1', 'E<?not?>1')}</m>", "value.split"),
    ],
)
def test_what_wraps_anything_but_one_message_is_refused(content: str, rule: str) -> None:
    assert rule_of(content.encode())[0] == rule


STATUSES = report(GROUP.format("<GrpSts>RJCT</GrpSts>")).decode()


@pytest.mark.parametrize(
    "content",
    [
        f"<two>{DOCUMENT}{STATUSES}</two>",
        f"<two>{STATUSES}{DOCUMENT}</two>",
        f"<two>{STATUSES}{'<!-- far -->' * 10_000}{DOCUMENT.replace('<', '<p:').replace('<p:/', '</p:')}</two>",
        f"<two>{STATUSES}<RsltnOfInvstgtn/></two>",
        f"<two>{DOCUMENT}<PmtRtr\n></PmtRtr></two>",
    ],
)
@pytest.mark.parametrize("size", [1 << 20, 11])
def test_messages_of_two_kinds_are_not_half_read(content: str, size: int) -> None:
    assert rule_of(content.encode(), lambda whole: observations(*bytes_in_pieces(whole, size), bank=BANK)) == (
        "message.count",
        "/",
    )


def test_every_message_that_is_read_is_known_beside_another() -> None:
    assert frozenset(detect.READERS) == MESSAGES


def test_a_wrapping_that_never_ends_is_refused_early() -> None:
    """expat would keep it, and look at all of it at each piece."""
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        yield f"<m>{escape(DOCUMENT)[:200]}</m><!--".encode()
        for _ in range(1 << 14):
            taken += 1
            yield b"x" * (1 << 16)

    with pytest.raises(Unreadable) as caught:
        list(detect.read(pieces(), BANK))
    assert (caught.value.rule, taken < 40) == ("xml.token", True)


# Archives ------------------------------------------------------------------------------------------------------------


def archive_of(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return written.getvalue()


STATEMENT = camt053(
    Stmt(opening=0, closing=5, bookings=[Booking(minor=5, details=[Detail(minor=5, end_to_end_id="E5")])]),
    Stmt(name="S2", number=2, opening=5, closing=5),
)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("size", [1 << 20, 3])
def test_each_member_is_a_message_with_its_own_place(method: int, size: int) -> None:
    refused = report(GROUP.format("<GrpSts>RJCT</GrpSts>"))
    packed = archive_of(("1.xml", STATEMENT), ("x/2.xml", refused), ("3.xml", STATEMENT), method=method)
    told = list(detect.read(bytes_in_pieces(packed, size), BANK))
    rows = [one for one in told if isinstance(one, Observation)]
    assert [(one.path, one.statement) for one in rows] == [
        ("/member[1]/Stmt[1]/Ntry[1]/NtryDtls[1]/TxDtls[1]", 1),
        ("/member[2]/CstmrPmtStsRpt/OrgnlGrpInfAndSts", None),
        ("/member[3]/Stmt[1]/Ntry[1]/NtryDtls[1]/TxDtls[1]", 3),
    ]
    # Two statements a member: their places count on, and an entry's statement is the place of its own.
    assert [one.place for one in told if isinstance(one, Statement)] == [1, 2, 3, 4]


def test_one_bad_member_makes_the_delivery_unreadable_and_names_the_place() -> None:
    packed = archive_of(("1.xml", STATEMENT), ("2.xml", STATEMENT.replace(b"CRDT", b"BOTH")))
    rule, path = rule_of(packed, statements)
    assert (rule, path) == ("money.sign", "/member[2]/Stmt[1]/Ntry[1]/CdtDbtInd")


def changed(packed: bytes, at: int, value: bytes) -> bytes:
    return packed[:at] + value + packed[at + len(value) :]


GOOD = archive_of(("1.xml", STATEMENT))
DIRECTORY = GOOD.index(b"PK\x01\x02")
BOMB = archive_of(("1.xml", b"<Document>" + b" " * 20_000_000 + b"</Document>"))


def overlapping() -> bytes:
    """A directory that lists one member twice, under two names: what a bomb of overlapping files does."""
    entry_of_it = GOOD[DIRECTORY : GOOD.index(b"PK\x05\x06")]
    directory = entry_of_it + entry_of_it.replace(b"1.xml", b"2.xml")
    end = GOOD[GOOD.index(b"PK\x05\x06") :]
    end = end[:8] + b"\x02\0\x02\0" + len(directory).to_bytes(4, "little") + end[16:]
    return GOOD[:DIRECTORY] + directory + end


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return archive_of(("1.xml", STATEMENT), ("1.xml", STATEMENT))


@pytest.mark.parametrize(
    ("packed", "rule"),
    [
        pytest.param(archive_of(), "archive.members", id="empty"),
        pytest.param(archive_of(*((f"{n}.xml", b"<a/>") for n in range(1_001))), "archive.members", id="many"),
        pytest.param(BOMB, "archive.ratio", id="bomb"),
        pytest.param(archive_of(("1.zip", GOOD)), "archive.nested", id="nested zip"),
        pytest.param(archive_of(("1.xml", zlib.compress(b"")), ("2", b"\x1f\x8b\x08")), "", id="nested gzip"),
        pytest.param(archive_of(("../1.xml", STATEMENT)), "archive.name", id="a name upwards"),
        pytest.param(archive_of(("n" * 300, STATEMENT)), "archive.name", id="a long name"),
        pytest.param(archive_of(("1.xml", STATEMENT), method=zipfile.ZIP_LZMA), "archive.method", id="lzma"),
        pytest.param(changed(GOOD, DIRECTORY + 8, b"\x01\0"), "archive.encrypted", id="encrypted"),
        pytest.param(overlapping(), "archive.overlap", id="overlapping"),
        pytest.param(GOOD[: len(GOOD) // 2], "archive.malformed", id="truncated"),
        pytest.param(GOOD[:-30], "archive.malformed", id="without its end"),
        pytest.param(changed(GOOD, 60, b"\xff\xff\xff"), "archive.malformed", id="damaged"),
        pytest.param(changed(GOOD, DIRECTORY + 16, b"\0\0\0\0"), "archive.malformed", id="wrong checksum"),
        pytest.param(changed(GOOD, DIRECTORY + 24, b"\x10\0\0\0"), "", id="cut short by its own word"),
        pytest.param(changed(GOOD, len(GOOD) - 10, b"\xff\xff\xff\x7f"), "archive.members", id="a huge directory"),
    ],
)
def test_archives_that_are_not_messages_of_a_bank_are_refused(packed: bytes, rule: str) -> None:
    found, path = rule_of(packed, lambda content: list(detect.read([content], BANK)))
    assert found.startswith(rule)
    assert path.startswith("/")


def test_a_name_twice_is_refused() -> None:
    assert rule_of(twice(), statements)[0] == "archive.name"


@given(st.binary(max_size=60), st.integers(0, len(GOOD)))
def test_no_damage_to_an_archive_does_more_than_make_it_unreadable(damage: bytes, at: int) -> None:
    try:
        told = list(detect.read([GOOD[:at] + damage + GOOD[at + len(damage) :]], BANK))
    except Unreadable:
        return
    # What is still read is what was packed: the checksum saw to it. Names and dates in the directory may differ.
    assert told == list(detect.read([GOOD], BANK))


def test_a_zip64_is_refused_by_a_rule_of_its_own() -> None:
    """As tools write one that is told to: PKWARE APPNOTE 4.3.14 and 4.3.15, the end record and its locator."""
    at = GOOD.index(b"PK\x05\x06")
    counts = (1).to_bytes(8, "little") * 2
    directory = (at - DIRECTORY).to_bytes(8, "little") + DIRECTORY.to_bytes(8, "little")
    record = b"PK\x06\x06" + (44).to_bytes(8, "little") + b"-\0-\0" + bytes(8) + counts + directory
    locator = b"PK\x06\x07" + bytes(4) + at.to_bytes(8, "little") + (1).to_bytes(4, "little")
    packed = GOOD[:at] + record + locator + GOOD[at:]
    assert zipfile.ZipFile(io.BytesIO(packed)).namelist() == ["1.xml"]
    assert rule_of(packed, statements) == ("archive.zip64", "/")


def test_members_can_be_had_one_by_one_and_again() -> None:
    found = list(archive.members([archive_of(("a", b"<a/>"), ("b", b"<b/>"))]))
    for _ in range(2):
        assert [(one.number, b"".join(one.pieces)) for one in found] == [(1, b"<a/>"), (2, b"<b/>")]


def test_a_member_is_no_larger_than_a_message_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MEMBER_MAX", len(STATEMENT) - 1)
    assert rule_of(GOOD, statements) == ("archive.size", "/member[1]")
