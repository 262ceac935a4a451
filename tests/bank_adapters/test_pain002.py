"""Status reports: levels, silence and duplicates. Expected values follow reference iso20022-and-banks 2.1."""

import pytest

from bank_adapters.iso20022 import pain002
from bank_adapters.iso20022.status import status_table
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import GROUP, file_bank, named, report

BANK = file_bank()


def read(content: bytes, bank: Profile = BANK) -> list[Observation]:
    return list(pain002.read([content], bank))


def reason(code: str, text: str = "") -> str:
    more = f"<AddtlInf>{text}</AddtlInf>" if text else ""
    return f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn>{more}</StsRsnInf>"


def block(inside: str, status: str = "") -> str:
    said = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId>{said}{inside}</OrgnlPmtInfAndSts>"


def transaction(name: str, status: str, why: str = "") -> str:
    return f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>{status}</TxSts>{why}</TxInfAndSts>"


def test_a_whole_report_in_order() -> None:
    rows = read(
        report(
            GROUP.format("<GrpSts>PART</GrpSts>")
            + block(transaction("E1", "RJCT", reason("AC04")) + transaction("E2", "ACSP"), "PART")
        )
    )
    assert [(row.kind, row.end_to_end_id, row.status, row.reason) for row in rows] == [
        (ObservationKind.PAYMENT_STATUS, "E1", "RJCT", "AC04"),
        (ObservationKind.PAYMENT_STATUS, "E2", "ACSP", None),
        (ObservationKind.SUBMISSION_STATUS, None, "PART", None),
        (ObservationKind.SUBMISSION_STATUS, None, "PART", None),
    ]
    assert [row.path for row in rows] == [
        "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[1]/TxInfAndSts[1]",
        "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[1]/TxInfAndSts[2]",
        "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[1]",
        "/CstmrPmtStsRpt/OrgnlGrpInfAndSts",
    ]
    assert {row.msg_id for row in rows} == {"M1"}
    assert [row.pmt_inf_id for row in rows] == ["M1P1", "M1P1", "M1P1", None]


def test_all_references_of_a_payment() -> None:
    inside = (
        "<TxInfAndSts><StsId>S</StsId><OrgnlInstrId>I1</OrgnlInstrId><OrgnlEndToEndId>E1</OrgnlEndToEndId>"
        "<OrgnlUETR>8A562C67-CA16-48BA-B074-65581BE6F011</OrgnlUETR><TxSts>ACSC</TxSts><AcctSvcrRef>A1</AcctSvcrRef>"
        "</TxInfAndSts>"
    )
    assert named(read(report(block(inside)))[0]) == {
        "kind": ObservationKind.PAYMENT_STATUS,
        "pmt_inf_id": "M1P1",
        "instr_id": "I1",
        "end_to_end_id": "E1",
        "uetr": "8a562c67-ca16-48ba-b074-65581be6f011",
        "status": "ACSC",
        "entry_ref": "A1",
    }


def test_a_report_without_any_status_still_names_the_submission() -> None:
    (row,) = read(report(GROUP.format("")))
    assert named(row) == {"kind": ObservationKind.SUBMISSION_STATUS, "msg_id": "M1"}


def test_a_payment_without_a_status_is_told_without_one() -> None:
    rows = read(report(block("<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId></TxInfAndSts>")))
    assert rows[0].status is None


@pytest.mark.parametrize("placeholder", ["NOTPROVIDED", "notprovided", "NONREF", " NONE ", ""])
def test_placeholders_name_nothing(placeholder: str) -> None:
    (row, _) = read(report(block(transaction(placeholder, "RJCT"))))
    assert row.end_to_end_id is None


def test_early_reports_list_payments_outside_blocks() -> None:
    (row,) = read(report(transaction("E1", "RJCT")))
    assert (row.end_to_end_id, row.pmt_inf_id, row.path) == ("E1", None, "/CstmrPmtStsRpt/TxInfAndSts[1]")


def test_several_blocks_keep_their_names() -> None:
    two = block(transaction("E1", "RJCT")) + block(transaction("E2", "RJCT")).replace("M1P1", "M1P2")
    rows = read(report(two))
    assert [(row.end_to_end_id, row.pmt_inf_id) for row in rows] == [
        ("E1", "M1P1"),
        (None, "M1P1"),
        ("E2", "M1P2"),
        (None, "M1P2"),
    ]
    assert rows[2].path == "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[2]/TxInfAndSts[1]"


def test_the_customer_protocol_of_ebics_tells_nothing_of_payments() -> None:
    protocol = GROUP.replace("M1", "EBICS").replace("pain.001.001.09", "EBICS").format("")
    steps = block(reason("DS01") + reason("TS01")).replace("M1P1", "FILE_UPLOAD")
    assert read(report(protocol + steps)) == []


def test_verification_of_payee_keeps_its_codes_and_establishes_nothing() -> None:
    inside = block(
        "<TxInfAndSts><OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId>"
        "<OrgnlUETR>8a562c67-ca16-48ba-b074-65581be6f011</OrgnlUETR><TxSts>RVNM</TxSts></TxInfAndSts>",
        "RVMC",
    )
    rows = read(report(GROUP.format("<GrpSts>RVMC</GrpSts>") + inside))
    assert [row.status for row in rows] == ["RVNM", "RVMC", "RVMC"]
    table = status_table(BANK)
    assert {table.meaning(row.status, row.reason).fact for row in rows} == {Fact.NONE}


def test_of_several_reasons_the_duplicate_one_counts() -> None:
    (row, _) = read(report(block(transaction("E1", "RJCT", reason("NARR", "see below") + reason("DU04", "E2E used")))))
    assert row.reason == "DU04"
    assert row.reason_text == "see below; E2E used; NARR"


def test_a_proprietary_reason_is_taken_as_it_is() -> None:
    why = "<StsRsnInf><Rsn><Prtry>118</Prtry></Rsn></StsRsnInf>"
    assert read(report(block(transaction("E1", "RJCT", why))))[0].reason == "118"


def facts(rows: list[Observation], bank: Profile = BANK) -> set[Fact]:
    table = status_table(bank)
    return {table.meaning(row.status, row.reason, row.reason_text).fact for row in rows}


@pytest.mark.parametrize("above", ["", reason("NARR", "batch without executable order"), reason("AC01")])
def test_a_reject_above_duplicates_does_not_reject_the_first_copy(above: str) -> None:
    """A bank that gets a file twice may refuse block and file with a bare RJCT and say DU04 of the payments only."""
    rows = read(
        report(GROUP.format("<GrpSts>RJCT</GrpSts>") + block(above + transaction("E1", "RJCT", reason("DU04")), "RJCT"))
    )
    assert facts(rows) == {Fact.NONE}
    assert [row.reason for row in rows] == ["DU04"] * 3


def test_a_reject_of_the_file_above_a_duplicate_block_does_not_reject_it() -> None:
    rows = read(report(GROUP.format("<GrpSts>RJCT</GrpSts>") + block(reason("DU02"), "RJCT")))
    assert facts(rows) == {Fact.NONE}


def test_duplicates_in_one_block_do_not_excuse_another() -> None:
    first = block(transaction("E1", "RJCT", reason("DU04")), "RJCT")
    second = block(reason("AC01"), "RJCT").replace("M1P1", "M1P2")
    rows = read(report(first + second))
    assert [(row.pmt_inf_id, row.reason) for row in rows] == [("M1P1", "DU04"), ("M1P1", "DU04"), ("M1P2", "AC01")]


def test_a_banks_phrase_for_duplicates_holds_at_every_level() -> None:
    bank = file_bank(duplicate_texts=["already exist"])
    inside = block(transaction("E1", "RJCT", reason("NARR", "Instruction ID 1 already exist")), "RJCT")
    assert facts(read(report(inside), bank), bank) == {Fact.NONE}
    assert facts(read(report(inside))) == {Fact.REJECTED}


def test_a_plain_reject_is_one_at_every_level() -> None:
    rows = read(report(GROUP.format("<GrpSts>RJCT</GrpSts>" + reason("AM10"))))
    assert facts(rows) == {Fact.REJECTED}


def test_errors_name_the_place() -> None:
    twice = transaction("E1", "RJCT").replace("<TxSts>", "<TxSts>ACCP</TxSts><TxSts>")
    with pytest.raises(Unreadable) as caught:
        read(report(block(transaction("E0", "RJCT") + twice)))
    assert caught.value.path == "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[1]/TxInfAndSts[2]/TxSts"
