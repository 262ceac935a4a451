"""Messages that real banks wrote. Every expected row was read off the XML by hand; the reason stands beside it.

`../shared/samples/SOURCES.md` names their origin.
"""

from datetime import date
from typing import Any

import pytest

from bank_adapters.iso20022.status import status_table
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import file_bank, named, observations
from tests.shared import shared_dir

BANK = file_bank()
FILE, ONE, BOOKED, BACK = (
    ObservationKind.SUBMISSION_STATUS,
    ObservationKind.PAYMENT_STATUS,
    ObservationKind.ENTRY,
    ObservationKind.RETURN_ENTRY,
)
Row = dict[str, Any]


def sample(name: str) -> bytes:
    return (shared_dir() / "samples" / name).read_bytes()


def read(name: str) -> list[Observation]:
    return observations(sample(name), bank=BANK)


def block(msg_id: str, pmt_inf_id: str, status: str, **more: str) -> Row:
    return {"kind": FILE, "msg_id": msg_id, "pmt_inf_id": pmt_inf_id, "status": status, **more}


CROSS_RIVER_NARRATIVE = (
    "Error parsing file examplefile.xml: The 'MsgId' start tag on line 5 position 5 does not match the end tag of "
    "'GrpHdr'. Line 19, position 5."
)
NORDEA_NARRATIVE = "CAP Invalid code or combinations in CategoryPurpose or ServiceLevel"


def cross_river_reject(name: str, instruction: str) -> Row:
    return {
        "kind": ONE,
        "msg_id": "missing2",
        "pmt_inf_id": "missing2",
        "instr_id": instruction,
        "end_to_end_id": name,
        "status": "RJCT",
        "reason": "NARR",
        "reason_text": f"Instruction ID {instruction} already exist",
    }


def nordea_reject(number: str) -> Row:
    return {
        "kind": ONE,
        "msg_id": "MSGID-950-TEST2-2807-01",
        "pmt_inf_id": "PMTINFID-950-TEST2-2807-01",
        "instr_id": f"INSTRID-950-TEST2-2807-{number}",
        "end_to_end_id": f"ENDTOENDID-950-TEST2-2807-{number}",
        "status": "RJCT",
        "reason": "NARR",
        "reason_text": NORDEA_NARRATIVE,
    }


REPORTS: dict[str, list[Row]] = {
    # The bank could not parse the file, so there is no OrgnlMsgId: nothing is named; the attribute is spelled "Xmlns",
    # so the elements are in no namespace.
    "cross_river/pain_002_batch_rejected.xml": [
        {"kind": FILE, "status": "RJCT", "reason": "NARR", "reason_text": CROSS_RIVER_NARRATIVE}
    ],
    # Three payments were sent; one is listed with ACSP, block and group are ACTC.
    "cross_river/pain_002_credit_accepted.xml": [
        {
            "kind": ONE,
            "msg_id": "AMBCD10000000",
            "pmt_inf_id": "ABCD10000000",
            "instr_id": "100ABCD012345",
            "end_to_end_id": "0000000000000108",
            "status": "ACSP",
        },
        block("AMBCD10000000", "ABCD10000000", "ACTC"),
        {"kind": FILE, "msg_id": "AMBCD10000000", "status": "ACTC"},
    ],
    # Group ACTC, block RJCT, three payments RJCT: two of them quote one instruction id. The narrative says duplicate,
    # which only a profile of this bank can know.
    "cross_river/pain_002_transaction_rejected.xml": [
        cross_river_reject("sanity-10-1-12-1-21", "example01234567"),
        cross_river_reject("example01234567", "example01234567"),
        cross_river_reject("example012345678", "example012345678"),
        block("missing2", "missing2", "RJCT"),
        {"kind": FILE, "msg_id": "missing2", "status": "ACTC"},
    ],
    # No group status, one block accepted, no payment listed; SIX's namespace instead of ISO's.
    "postfinance/pain002-chdd-cor1_p_ch2909000000250094239_1110097483_0_2018031317221082.xml": [
        block("MsgId-CHDD-Musterfile", "PmtInfId-CHDD-1", "ACCP")
    ],
    "postfinance/pain002-epo_p_0_0_0_2018031510491259.xml": [{"kind": FILE, "msg_id": "MsgId-001", "status": "ACTC"}],
    # The whole file is rejected for its control sum, the bank's own number stands in the text.
    "postfinance/pain002-epo_p_0_0_0_2018032614401842.xml": [
        {
            "kind": FILE,
            "msg_id": "MsgId-005",
            "status": "RJCT",
            "reason": "AM10",
            "reason_text": "904114;ControlSum fehlerhaft",
        }
    ],
    # A block rejected with a narrative because its only payment was rejected with AC01; no group status.
    "postfinance/pain002-epo_p_ch2909000000250094239_1109800799_0_2018032612092784.xml": [
        {
            "kind": ONE,
            "msg_id": "MsgId-006",
            "pmt_inf_id": "PmtInfId-006-01",
            "instr_id": "InstrId-006-01-01",
            "end_to_end_id": "EndToEndId-006-01-01",
            "status": "RJCT",
            "reason": "AC01",
            "reason_text": "1301813;Konto ungültig",
        },
        block(
            "MsgId-006",
            "PmtInfId-006-01",
            "RJCT",
            reason="NARR",
            reason_text="1297193;Sammelauftrag ohne ausführbaren Einzelauftrag",
        ),
    ],
    # PART: the listed payment is rejected, the bank is silent about the others.
    "postfinance/pain002-epo_p_ch5109000000250092291_1110097605_0_2018031511252307.xml": [
        {
            "kind": ONE,
            "msg_id": "MsgId-001",
            "pmt_inf_id": "PmtInfId-001-03",
            "instr_id": "InstrId-001-03-04",
            "end_to_end_id": "EndToEndId-001-03-04",
            "status": "RJCT",
            "reason": "AC01",
            "reason_text": "1301813;Konto ungültig",
        },
        block("MsgId-001", "PmtInfId-001-03", "PART"),
    ],
    # A second copy of a file: not a rejection.
    "nordea/pain_002_v3_group_reject.xml": [
        {
            "kind": FILE,
            "msg_id": "MSGID-PS-TEST-0708-01",
            "status": "RJCT",
            "reason": "DU01",
            "reason_text": "ISO Duplicate Message ID",
        }
    ],
    "nordea/pain_002_v3_payment_reject.xml": [
        block(
            "MSGID-COM-SCE25-1707-01",
            "PMTINFID-COM-SCE25-1707-01",
            "RJCT",
            reason="NARR",
            reason_text=NORDEA_NARRATIVE,
        )
    ],
    # The payments stand in the order 02, 01.
    "nordea/pain_002_v3_txn_reject.xml": [
        nordea_reject("02"),
        nordea_reject("01"),
        block("MSGID-950-TEST2-2807-01", "PMTINFID-950-TEST2-2807-01", "RJCT"),
    ],
}


@pytest.mark.parametrize("name", REPORTS)
def test_status_reports_of_real_banks(name: str) -> None:
    assert [named(row) for row in read(name)] == REPORTS[name]


def test_every_status_file_has_its_rows() -> None:
    """By what stands in them: a new sample of a status report must be read off by hand here."""
    folder = shared_dir() / "samples"
    files = [path for path in folder.rglob("*") if path.is_file() and b"PmtStsRpt>" in path.read_bytes()]
    assert {str(path.relative_to(folder)) for path in files} == REPORTS.keys()


def test_nordeas_duplicate_is_no_rejection() -> None:
    (row,) = read("nordea/pain_002_v3_group_reject.xml")
    assert status_table(BANK).meaning(row.status, row.reason, row.reason_text).duplicate


def test_cross_rivers_duplicates_are_none_either_once_its_phrase_is_known() -> None:
    bank = file_bank(duplicate_texts=["already exist"], trusts_actc=False)
    content = sample("cross_river/pain_002_transaction_rejected.xml")
    table = status_table(bank)
    rows = observations(content, bank=bank)
    assert {table.meaning(row.status, row.reason, row.reason_text).fact for row in rows} == {Fact.NONE}


def entry(**said: Any) -> Row:
    return {"kind": BOOKED, "status": "BOOK", "currency": "EUR", "booked": True} | said


def finnish(name: str, minor: int, day: int = 29, *, credit: bool, msg_id: str, **more: Any) -> Row:
    return entry(
        msg_id=msg_id,
        account="FI7433010001222090",
        amount_minor=minor,
        credit=credit,
        entry_ref=name,
        booking_date=date(2009, 10, day),
        **more,
    )


FINNISH: list[Row] = [
    # Entry 1, 2000.00 in: domestic credits before SEPA, without EndToEndId; 1900.00 + 100.00.
    finnish("D091029N987654321S001", 190_000, credit=True, msg_id="BANKFILEID998765"),
    finnish("D091029N987654321S002", 10_000, credit=True, msg_id="BANKFILEID998765"),
    # Entry 2, 500.00 in: direct debits collected; 400.00 + 100.00.
    finnish("D091029N987654321S211", 40_000, credit=True, msg_id="BANKFILEID998799"),
    finnish("D091029N987654321S212", 10_000, credit=True, msg_id="BANKFILEID998799"),
    # Entry 3, 3000.00 in: SEPA credits with their payers' EndToEndIds; 2500.00 + 500.00.
    finnish(
        "D091029N123456789S001", 250_000, credit=True, msg_id="BANKFILEID998765", end_to_end_id="EndToEndIdAT-41-001"
    ),
    finnish(
        "D091029N123456789S002", 50_000, credit=True, msg_id="BANKFILEID998765", end_to_end_id="EndToEndIdAT-41-002"
    ),
    # Entry 4, 4230.05 out: our batch MSGSCT0100 with three payments; 2000.02 + 1000.01 + 1230.02.
    *(
        finnish(
            f"091029ARCH0300{number}",
            minor,
            credit=False,
            msg_id="MSGSCT0100",
            pmt_inf_id="CustRefForPmtBatch9",
            instr_id=f"TITOT1106ID0{number}",
        )
        for number, minor in ((1, 200_002), (2, 100_001), (3, 123_002))
    ),
    # Entry 5, 1000.00 out on the next day: two payments abroad, 500.00 each in EUR whatever was instructed, with
    # charges of 20.00 each and no bank reference of their own: the entry's stands for both.
    *(
        finnish(
            "091029NTFCTNXBCT010101",
            50_000,
            30,
            credit=False,
            msg_id="BANKFILEID998787",
            pmt_inf_id="BTCHIDXCBT19210219",
            instr_id=f"ISSRBKREF1234567{number}",
            end_to_end_id=f"ISSRBKREF1234567{number}",
            charged=True,
            charges_minor=2_000,
        )
        for number in (8, 9)
    ),
    # Entry 6, CRDT 100.00 with RvslInd=true but Sts=INFO: failures that were never booked; 40.00 + 60.00 with reasons.
    *(
        finnish(name, minor, credit=True, msg_id="BANKFILEID998799", reason=code, reason_text=why)
        | {"kind": BACK, "status": "INFO", "booked": False}
        for name, minor, code, why in (
            ("D091029N987654321S288", 4_000, "AC01", "1+TILIÄ EI LÖYDY"),
            ("D091029N987654321S289", 6_000, "CUST", "4+MAKSAJA PERUUTTANUT"),
        )
    ),
]


def swiss(minor: int, day: date, **said: Any) -> Row:
    plain = {"account": "CH2909000000250094239", "currency": "CHF", "amount_minor": minor, "booking_date": day}
    return entry(**(plain | {"credit": False} | said))


def swiss_order(number: str, minor: int, day: date, **said: Any) -> Row:
    """A payment of the file MsgId-001: block, instruction and EndToEndId are numbered alike."""
    return swiss(
        minor,
        day,
        pmt_inf_id=f"PmtInfId-{number[:6]}",
        instr_id=f"InstrId-{number}",
        end_to_end_id=f"EndToEndId-{number}",
        **said,
    )


SWISS_DEBITS = [(1, 20_000), (2, 25_000), (3, 30_000)]  # 750.00 = 200.00 + 250.00 + 300.00

NOTIFICATIONS: dict[str, list[Row]] = {
    "finland/FI_camt_054_sample.xml.xml": FINNISH,
    "postfinance/200519_camt.054-Debit_P_CH2909000000250094239_1110092692_0_2019042401501580.xml": [
        swiss(
            91_300,
            date(2019, 4, 25),
            msg_id="20190424-000369773",
            pmt_inf_id="30003101",
            end_to_end_id="20190424001255000100006",
            entry_ref="25-1120172999-2",
        )
    ],
    # No bank reference at any level, no Btch: three of our payments by all their references.
    "postfinance/200519_camt054-epo_p_ch5109000000250092291_1110097605_0_2019052003522556.xml": [
        swiss_order(f"001-02-0{n}", minor, date(2019, 5, 20), msg_id="MsgId-001", account="CH5109000000250092291")
        for n, minor in SWISS_DEBITS
    ],
    # A return: credit, RRTN, reason AC01, RvslInd=false; the original references and the bank's of the transaction.
    "postfinance/200519_camt054-returns_p_ch2909000000250094239_1109800798_0_2019052023472022.xml": [
        swiss_order(
            "004-01-01",
            40_000,
            date(2019, 5, 20),
            kind=BACK,
            credit=True,
            reason="AC01",
            reason_text="Kontonummer falsch",
            entry_ref="180327CH02P92DYD",
        )
    ],
    # The same kind of return with RvslInd=true: the sign is CRDT all the same.
    "postfinance/camt054-returns_p_ch5109000000250092291_1110097606_0_2020112500512470.xml": [
        swiss_order(
            "001-03-04",
            50_000,
            date(2020, 11, 24),
            kind=BACK,
            credit=True,
            account="CH5109000000250092291",
            reason="AC01",
            reason_text="Kontonummer falsch",
            entry_ref="190520CH02ZZTJR1",
        )
    ],
    # Money from customers: 778.29 + 913.93 = 1692.22; the second names no EndToEndId.
    "postfinance/200924_camt.054_P_CH2909000000250094239_1111091335_0_2020061900081727.xml": [
        swiss(
            77_829,
            date(2020, 6, 18),
            credit=True,
            instr_id="1006265-25bbb3b1a",
            end_to_end_id="1006265-aic5dL-75dzf3jk9-cf2d5e9",
            entry_ref="2000000000000000",
        ),
        swiss(91_393, date(2020, 6, 18), credit=True, instr_id="1005970-70a75515", entry_ref="3000000000000000"),
    ],
    # A constructed example: a debit of SEK 200000 whose details are credits in CHF, the last two with the same
    # references, and NbOfTxs 2 over three of them. Told as it stands, sign and currency of each transaction.
    "generic/camt054.v4.xml": [
        entry(
            msg_id="UXC06170000006",
            pmt_inf_id="UXC06170000006PI00001",
            instr_id=f"UXC06170000006PI00001II0000{number}",
            end_to_end_id=f"UXC06170000006PI00001EE0000{number}",
            account="CH2801234000123456789",
            amount_minor=minor,
            currency="CHF",
            credit=True,
            entry_ref="ACSR160617103200001",
            booking_date=date(2007, 10, 18),
        )
        for number, minor in ((1, 310), (2, 320), (2, 320))
    ],
}


@pytest.mark.parametrize("name", NOTIFICATIONS)
def test_notifications_of_real_banks(name: str) -> None:
    assert [named(row) for row in read(name)] == NOTIFICATIONS[name]
