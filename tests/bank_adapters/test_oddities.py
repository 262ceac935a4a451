"""Every oddity that the reference saw in files of real banks, as a fixture of ours with what must be read of it.

The keys of `ODDITIES` are the words of reference section 6, one by one and in their order: an oddity that is added
there and has no fixture here fails. Beside each fixture stands what a person reads in it.
"""

import codecs
import io
import re
import zipfile
from html import escape
from typing import Any

import pytest

from bank_adapters.iso20022 import detect
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.statement import Statement
from tests.bank_adapters.material import GROUP, bytes_in_pieces, entry, file_bank, notification, report
from tests.shared import shared_dir
from tests.statements import Booking, Detail, Stmt, camt053

BANK = file_bank()
Row = dict[str, Any]
Case = tuple[bytes, list[Row] | str]
"""A message, and what it says (or the rule by which it is refused)."""

PAID: Row = {"end_to_end_id": "E1", "amount_minor": 1230, "credit": False, "booked": True}
"""What the plain notification says: our payment E1, 12.30 out, booked."""
SILENT: Row = PAID | {"end_to_end_id": None}


def transaction(name: str = "E1", amount: str = "12.30", sign: str = "DBIT", more: str = "") -> str:
    refs = f"<Refs><EndToEndId>{name}</EndToEndId></Refs>" if name else ""
    return f'<TxDtls>{refs}<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{more}</TxDtls>'


def details(*transactions: str, batch: str = "") -> str:
    return f"<NtryDtls>{batch}{''.join(transactions)}</NtryDtls>"


PLAIN = notification(entry(details(transaction()))).decode()
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
REFUSED = report(
    GROUP.format("")
    + "<OrgnlPmtInfAndSts><OrgnlPmtInfId>P1</OrgnlPmtInfId><TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>"
    "RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>{}</AddtlInf></StsRsnInf></TxInfAndSts>"
    "</OrgnlPmtInfAndSts>"
).decode()


def like(old: str, new: str, *, of: str = PLAIN) -> bytes:
    """The plain notification with one thing said otherwise."""
    assert old in of
    return of.replace(old, new).encode()


def in_letters(text: str, encoding: str) -> Case:
    """A rejection whose reason is told in another alphabet."""
    content = f'<?xml version="1.0" encoding="{encoding}"?>{REFUSED.format(text)}'.encode(encoding)
    return content, [{"end_to_end_id": "E1", "status": "RJCT", "reason": "AC04", "reason_text": text}]


def amount(text: str, minor: int) -> Case:
    return like("12.30", text), [PAID | {"amount_minor": minor}]


def zipped(*members: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, member in enumerate(members):
            packed.writestr(f"{number}.xml", member)
    return written.getvalue()


ACCOUNT = PLAIN[PLAIN.index("<Ntfctn>") : PLAIN.index("</BkTo")]
REPORTED = PLAIN.replace("BkToCstmrDbtCdtNtfctn", "BkToCstmrAcctRpt").replace("Ntfctn", "Rpt").replace(".054.", ".052.")
DAY = Stmt(
    opening=1_230, closing=0, bookings=[Booking(minor=-1_230, details=[Detail(minor=-1_230, end_to_end_id="E1")])]
)
BILLION_LAUGHS = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
RETURN = PLAIN.replace("DBIT", "CRDT").replace("</TxDtls>", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf></TxDtls>")
BACK: Row = PAID | {"kind": ObservationKind.RETURN_ENTRY, "credit": True, "reason": "AC04"}

ODDITIES: dict[str, dict[str, Case]] = {
    "BOM": {"UTF-8": (codecs.BOM_UTF8 + PLAIN.encode(), [PAID])},
    "ISO-8859-1/9, 1254, UTF-16": {
        "ISO-8859-1": in_letters("1301813;Konto ungültig", "ISO-8859-1"),
        "ISO-8859-9": in_letters("Şube: Muğla, İŞ", "ISO-8859-9"),
        "1254": in_letters("Ücret: 12 €, İŞ", "windows-1254"),
        "UTF-16": in_letters("Hesab: Əli", "UTF-16"),
    },
    "CRLF": {"between": (like("><", ">\r\n<"), [PAID])},
    "no namespace / SIX namespace / `sepade` / `swift:xsd:$` / prefixed `Doc:` / AppHdr envelope"
    " / CDATA-wrapped message (prowide)": {
        "none": (like(f' xmlns="{NAMESPACE}"', ""), [PAID]),
        "SIX": (like(NAMESPACE, "http://www.six-interbank-clearing.com/de/pain.002.001.03.ch.02.xsd"), [PAID]),
        "sepade": (like("urn:iso:std:iso:20022:tech:xsd:", "urn:sepade:xsd:"), [PAID]),
        "swift": (like("urn:iso:std:iso:20022:tech:xsd:", "urn:swift:xsd:$"), [PAID]),
        "prefix": (
            PLAIN.replace("<", "<Doc:").replace("<Doc:/", "</Doc:").replace("xmlns=", "xmlns:Doc=").encode(),
            [PAID],
        ),
        "AppHdr": (
            f'<Envelope><AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>B</BizMsgIdr>'
            f"</AppHdr>{PLAIN}</Envelope>".encode(),
            [PAID],
        ),
        "CDATA": (f"<message><block4><![CDATA[{PLAIN}]]></block4></message>".encode(), [PAID]),
        "escaped": (f"<message><block4>{escape(PLAIN)}</block4></message>".encode(), [PAID]),
    },
    "wrong version inside right namespace": {
        # Content of .02 (status as text, the amount in AmtDtls, no sign of its own) called .08.
        ".02 as .08": (
            like("<Cd>BOOK</Cd>", "BOOK", of=PLAIN)
            .replace(b'</Refs><Amt Ccy="EUR">12.30</Amt>', b'</Refs><AmtDtls><TxAmt><Amt Ccy="EUR">12.30</Amt></TxAmt>')
            .replace(b"<CdtDbtInd>DBIT</CdtDbtInd></TxDtls>", b"</AmtDtls></TxDtls>"),
            [PAID],
        ),
        ".08 as a statement of .02": (like("camt.054.001.08", "camt.053.001.02"), [PAID]),
    },
    "comments and CDATA in values": {
        # Two readers may see two values there: refused. CDATA is the same text, written otherwise.
        "comment in an amount": (like("12.30<", "12<!-- -->.30<"), "value.split"),
        "comment in a name": (like("E1", "E<!---->1"), "value.split"),
        "comment beside a value's element": (like("<Refs>", "<!-- E2 --><Refs>"), [PAID]),
        "CDATA": (like("E1", "<![CDATA[E]]>1"), [PAID]),
    },
    "padded text/newlines inside values": {
        "blanks": (like("12.30<", " 12.30  <"), [PAID]),
        "lines": (like("E1", "\r\n\t\tE1\n"), [PAID]),
    },
    "missing Sts, BkTxCd, GrpHdr, OrgnlMsgId, Refs": {
        # Without a status nobody said that it is booked.
        "Sts": (like("<Sts><Cd>BOOK</Cd></Sts>", ""), [PAID | {"booked": None, "status": None}]),
        # In a statement it is (Lithuania: 1,285 of 1,285 entries).
        "Sts of a statement": (
            camt053(DAY).replace(b"<Sts>BOOK</Sts>", b"").replace(b"<Sts><Cd>BOOK</Cd></Sts>", b""),
            [PAID | {"status": None}, {"entries_minor": -1_230, "entry_count": 1}],
        ),
        "BkTxCd": (PLAIN.encode(), [PAID]),
        "GrpHdr": (like("<GrpHdr><MsgId>B1</MsgId></GrpHdr>", ""), [PAID]),
        "OrgnlMsgId": (
            like("<OrgnlMsgId>M1</OrgnlMsgId>", "", of=REFUSED),
            [{"end_to_end_id": "E1", "msg_id": None, "status": "RJCT", "reason": "AC04"}],
        ),
        "Refs": (notification(entry(details(transaction("")))), [SILENT]),
    },
    "NOTPROVIDED/NONREF everywhere": {
        word: (
            like(
                "<EndToEndId>E1</EndToEndId>",
                "".join(
                    f"<{name}>{word}</{name}>"
                    for name in ("MsgId", "AcctSvcrRef", "PmtInfId", "InstrId", "EndToEndId", "TxId")
                ),
            ),
            [SILENT | {"msg_id": None, "pmt_inf_id": None, "instr_id": None, "tx_id": None, "entry_ref": "BOOKING1"}],
        )
        for word in ("NOTPROVIDED", "NONREF", " notprovided ")
    },
    "RvslInd t/f/absent": {
        # A return of ours is a credit in all three; the sign stands in CdtDbtInd alone.
        "true": (like("<Sts>", "<RvslInd>true</RvslInd><Sts>", of=RETURN), [BACK]),
        "false": (like("<Sts>", "<RvslInd>false</RvslInd><Sts>", of=RETURN), [BACK]),
        "absent": (RETURN.encode(), [BACK]),
        "true, a debit": (like("<Sts>", "<RvslInd>true</RvslInd><Sts>"), [PAID]),
    },
    "INFO/PDNG entries": {
        status: (like("<Cd>BOOK</Cd>", f"<Cd>{status}</Cd>"), [PAID | {"booked": False, "status": status}])
        for status in ("INFO", "PDNG")
    },
    "mixed-sign TxDtls": {
        # -20.00 + 7.70 = -12.30.
        "two": (
            notification(entry(details(transaction("E1", "20.00"), transaction("E2", "7.70", "CRDT")))),
            [PAID | {"amount_minor": 2_000}, PAID | {"end_to_end_id": "E2", "amount_minor": 770, "credit": True}],
        ),
    },
    "NbOfTxs != count": {
        # One TxDtls carries the sum of five: it is the batch, not one payment of 12.30 (Lithuania: 628 entries).
        "one for five": (
            notification(
                entry(details(transaction(), batch="<Btch><PmtInfId>P1</PmtInfId><NbOfTxs>5</NbOfTxs></Btch>"))
            ),
            [SILENT | {"kind": ObservationKind.BATCH_ENTRY, "batch_count": 5, "pmt_inf_id": "P1"}],
        ),
        # Three are announced and two listed, 10.00 of 12.30: each is what it says.
        "two of three": (
            notification(
                entry(
                    details(
                        transaction("E1", "4.00"), transaction("E2", "6.00"), batch="<Btch><NbOfTxs>3</NbOfTxs></Btch>"
                    )
                )
            ),
            [PAID | {"amount_minor": 400}, PAID | {"end_to_end_id": "E2", "amount_minor": 600}],
        ),
    },
    "no TxDtls": {
        "nothing": (notification(entry()), [SILENT]),
        "empty details": (notification(entry("<NtryDtls/>")), [SILENT]),
        "a batch": (
            notification(entry("<NtryDtls><Btch><MsgId>M1</MsgId><NbOfTxs>17</NbOfTxs></Btch></NtryDtls>")),
            [SILENT | {"kind": ObservationKind.BATCH_ENTRY, "batch_count": 17, "msg_id": "M1"}],
        ),
    },
    "500 TxDtls in one entry": {
        # 0.01 + 0.02 + ... + 5.00 = 1252.50.
        "500": (
            notification(
                entry(
                    details(*(transaction(f"E{n}", f"{n // 100}.{n % 100:02d}") for n in range(1, 501))),
                    amount="1252.50",
                )
            ),
            [PAID | {"end_to_end_id": f"E{n}", "amount_minor": n} for n in range(1, 501)],
        ),
    },
    "zero-amount, 5-13 decimals, leading zeros": {
        "zero": amount("0.00", 0),
        "plain zero": amount("0", 0),
        "five decimals": amount("8.85000", 885),
        "thirteen decimals": amount("13.3000000000000", 1_330),
        "a fraction of a cent": (like("12.30", "12.30001"), "money.decimals"),
        "leading zeros": amount("000000000000099.92", 9_992),
        "no decimals": amount("200", 20_000),
        "one decimal": amount("13.3", 1_330),
    },
    "several Stmt/Rpt/accounts, zero entries, paging": {
        "statements": (
            camt053(DAY, Stmt(account="LT601010012345678901", number=2, opening=5, closing=5)),
            [PAID | {"statement": 1}, {"opening_minor": 1_230, "place": 1}, {"opening_minor": 5, "place": 2}],
        ),
        "reports": (
            like("</BkTo", f"{ACCOUNT.replace('Ntfctn', 'Rpt').replace('E1', 'E2')}</BkTo", of=REPORTED),
            [PAID | {"statement": 1}, PAID | {"end_to_end_id": "E2", "statement": 2}],
        ),
        "accounts": (
            like("</BkTo", f"{ACCOUNT.replace('DE89370400440532013000', 'MT84MALT011000012345MTLCAST001S')}</BkTo"),
            [PAID | {"account": "DE89370400440532013000"}, PAID | {"account": "MT84MALT011000012345MTLCAST001S"}],
        ),
        "zero entries": (camt053(Stmt(opening=5, closing=5)), [{"entry_count": 0, "entries_minor": 0}]),
        "paging": (
            camt053(Stmt(page=1, last=False, closing=None), Stmt(page=2, opening=None)),
            [
                {"page": 1, "last_page": False, "closing_minor": None},
                {"page": 2, "last_page": True, "opening_minor": None},
            ],
        ),
    },
    "same file twice, same entry in 052/053/054, two *identical* real payments": {
        # Told apart by who told it, where, and by the bank's reference; that each counts once is hearing's business.
        "report": (REPORTED.encode(), [PAID | {"told_by": "report", "entry_ref": "BOOKING1"}]),
        "notification": (PLAIN.encode(), [PAID | {"told_by": "notification", "entry_ref": "BOOKING1"}]),
        "statement": (camt053(DAY), [PAID | {"told_by": "statement"}, {"entries_minor": -1_230}]),
        # Two bookings, alike to the last letter: both are there, and only their places differ.
        "identical": (
            notification(entry(details(transaction())) * 2),
            [PAID | {"entry": 1}, PAID | {"entry": 2}],
        ),
    },
    "DTD/entity bombs (must refuse)": {
        "DTD": (f'<!DOCTYPE Document SYSTEM "http://bank.example/d.dtd">{PLAIN}'.encode(), "xml.dtd"),
        "bomb": ((BILLION_LAUGHS + PLAIN.replace("E1", "&b;")).encode(), "xml.dtd"),
        "a file of ours": (
            f'<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]>{PLAIN.replace("E1", "&f;")}'.encode(),
            "xml.dtd",
        ),
    },
    "zip of XMLs (EBICS C53/CRZ)": {
        "C53": (zipped(PLAIN.encode(), PLAIN.replace("E1", "E2").encode()), [PAID, PAID | {"end_to_end_id": "E2"}]),
        "CRZ": (zipped(REFUSED.encode()), [{"end_to_end_id": "E1", "status": "RJCT", "reason": "AC04"}]),
    },
}


def told(content: bytes, size: int) -> list[Observation | Statement]:
    return [
        one
        for one in detect.read(bytes_in_pieces(content, size), BANK)
        if not (isinstance(one, Observation) and one.kind is ObservationKind.SUBMISSION_STATUS)
    ]


CASES = [pytest.param(*case, id=f"{key}: {name}") for key, named in ODDITIES.items() for name, case in named.items()]


@pytest.mark.parametrize("size", [1 << 20, 97])
@pytest.mark.parametrize(("content", "expected"), CASES)
def test_it_is_read_as_a_person_reads_it(content: bytes, expected: list[Row] | str, size: int) -> None:
    if isinstance(expected, str):
        with pytest.raises(Unreadable) as caught:
            told(content, size)
        assert (caught.value.rule, bool(caught.value.path)) == (expected, True)
        return
    rows = told(content, size)
    assert [{name: getattr(one, name) for name in row} for one, row in zip(rows, expected, strict=True)] == expected


def test_the_same_file_says_the_same_however_often_it_comes() -> None:
    content = camt053(DAY)
    assert told(content, 1 << 20) == told(content, 1 << 20)


def test_every_oddity_of_the_reference_has_its_fixtures() -> None:
    text = (shared_dir() / "reference" / "iso20022-and-banks.md").read_text("utf-8")
    section = text.split("## 6. Oddities seen in real files\n")[1].split("\n---")[0]
    words = [re.sub(r"\s+", " ", one).strip(" .") for one in section.split("·")]
    assert words == list(ODDITIES)
    assert all(ODDITIES.values())


def test_every_part_of_a_list_has_a_fixture_of_its_own() -> None:
    """Where an item lists things by commas or strokes, there are at least as many fixtures as things."""
    for words, cases in ODDITIES.items():
        assert len(cases) >= len(re.split(r",|/| and ", re.sub(r"\(.*?\)|in 052/053/054|t/f/absent", "", words))), words
