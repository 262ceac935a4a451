"""Verification-of-payee reports: what a payee's bank said of a name, never an outcome. Reference 1.4."""

import json

import pytest

from bank_adapters.iso20022.status import status_table
from gateway.domain.answers import PAYEE_CHECKS, PayeeCheck
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import file_bank, named, observations, report
from tests.shared import shared_dir

BANK = file_bank()
CHECK, STATUS = ObservationKind.PAYEE_CHECK, ObservationKind.PAYMENT_STATUS
COUNTS = "<NbOfTxsPerSts><DtldNbOfTxs>{}</DtldNbOfTxs><DtldSts>{}</DtldSts></NbOfTxsPerSts>"


def read(content: str) -> list[Observation]:
    return observations(report(content), bank=BANK)


# As a German bank writes it: RVMC at group and block for a single RVNM, EndToEndId NOTPROVIDED, only the UETR names
# the payment, OrgnlCtrlSum "488" without decimals, legal notices in AddtlInf without a code.
ONE_MISMATCH = (
    "<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    "<OrgnlNbOfTxs>1</OrgnlNbOfTxs><OrgnlCtrlSum>488</OrgnlCtrlSum><GrpSts>RVMC</GrpSts>"
    "<StsRsnInf><AddtlInf>RVNA note, first line</AddtlInf><AddtlInf>RVNA second line</AddtlInf></StsRsnInf>"
    f"{COUNTS.format(0, 'RCVC')}{COUNTS.format(0, 'RVMC')}{COUNTS.format(1, 'RVNM')}{COUNTS.format(0, 'RVNA')}"
    "</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId><PmtInfSts>RVMC</PmtInfSts>"
    f"{COUNTS.format(1, 'RVNM')}<TxInfAndSts><OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId>"
    "<OrgnlUETR>8a562c67-ca16-48ba-b074-65581be6f011</OrgnlUETR><TxSts>RVNM</TxSts><OrgnlTxRef>"
    "<Cdtr><Pty><Nm>Payee</Nm></Pty></Cdtr></OrgnlTxRef></TxInfAndSts></OrgnlPmtInfAndSts>"
)

# As another one does: all matched, no transaction at all (HypoVereinsbank leaves TxInfAndSts out).
ALL_MATCHED = (
    "<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>"
    f"<GrpSts>RCVC</GrpSts>{COUNTS.format(2, 'RCVC')}</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>"
    f"<OrgnlPmtInfId>M1P1</OrgnlPmtInfId><PmtInfSts>RCVC</PmtInfSts>{COUNTS.format(2, 'RCVC')}</OrgnlPmtInfAndSts>"
)

# As the German standard says: group RVCM, only what does not match is listed, a close match with the payee's real name.
MISMATCHES_ONLY = (
    "<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId><GrpSts>RVCM</GrpSts>"
    f"{COUNTS.format(454, 'RCVC')}{COUNTS.format(1, 'RVNM')}{COUNTS.format(1, 'RVMC')}</OrgnlGrpInfAndSts>"
    "<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId>"
    "<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>RVNM</TxSts></TxInfAndSts>"
    "<TxInfAndSts><OrgnlEndToEndId>E2</OrgnlEndToEndId><TxSts>RVMC</TxSts>"
    "<StsRsnInf><AddtlInf>Peter Payee</AddtlInf></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>"
)


def test_one_mismatch_named_by_uetr_alone() -> None:
    one, block, whole = read(ONE_MISMATCH)
    assert named(one) == {
        "kind": CHECK,
        "msg_id": "M1",
        "pmt_inf_id": "M1P1",
        "uetr": "8a562c67-ca16-48ba-b074-65581be6f011",
        "status": "RVNM",
    }
    assert [(row.kind, row.status) for row in (block, whole)] == [(CHECK, "RVMC"), (CHECK, "RVMC")]
    assert whole.reason_text == "RVNA note, first line; RVNA second line"


def test_a_report_without_transactions() -> None:
    assert [(row.kind, row.status, row.pmt_inf_id) for row in read(ALL_MATCHED)] == [
        (CHECK, "RCVC", "M1P1"),
        (CHECK, "RCVC", None),
    ]


def test_a_report_of_mismatches_only() -> None:
    """454 matched and are not listed; the block has no status of its own and is part of the report all the same."""
    rows = read(MISMATCHES_ONLY)
    assert [(row.kind, row.end_to_end_id, row.status) for row in rows] == [
        (CHECK, "E1", "RVNM"),
        (CHECK, "E2", "RVMC"),
        (CHECK, None, None),
        (CHECK, None, "RVCM"),
    ]
    assert rows[1].reason_text == "Peter Payee"


def test_no_check_is_an_outcome() -> None:
    """Not even where a bank gives the duplicate set's or a rejection's reason beside it."""
    table = status_table(BANK)
    rows = [row for content in (ONE_MISMATCH, ALL_MATCHED, MISMATCHES_ONLY) for row in read(content)]
    assert {row.kind for row in rows} == {CHECK}
    assert {table.meaning(row.status, row.reason).fact for row in rows} == {Fact.NONE}


def test_a_rejection_beside_a_check_stays_a_rejection() -> None:
    """What the bank refuses after the check is an outcome, and its own status wins over the block's check."""
    rows = read(MISMATCHES_ONLY.replace("<TxSts>RVNM</TxSts>", "<TxSts>RJCT</TxSts>").replace("RVNM", "RJCT"))
    assert [(row.kind, row.status) for row in rows[:2]] == [(STATUS, "RJCT"), (CHECK, "RVMC")]


def test_a_check_overrules_no_status() -> None:
    """A check below RJCT says nothing of the payment, so it is no other word than the file's."""
    content = (
        "<OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId><GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts>"
        "<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId><PmtInfSts>RVMC</PmtInfSts>"
        "<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>RVNM</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"
    )
    assert [row.kind for row in read(content)] == [CHECK, CHECK, ObservationKind.SUBMISSION_STATUS]


@pytest.mark.parametrize("name", ["external_payment_group_status_code", "external_payment_transaction_status_code"])
def test_every_published_code_of_a_verification_is_known(name: str) -> None:
    """Oracle: the definitions of the code set itself, in whose words all of them are checks of a payee or party."""
    published = json.loads((shared_dir() / "codes" / f"{name}.json").read_text(encoding="utf-8"))["codes"]
    told = {code for code, text in published.items() if "erification of" in text}
    assert told
    assert told <= PAYEE_CHECKS.keys()


def test_codes_mean_what_the_standard_says() -> None:
    assert {code: check.value for code, check in PAYEE_CHECKS.items()} == {
        "RCVC": "match",
        "RVMC": "close match",
        "RVNM": "no match",
        "RVNA": "not possible",
        "RVNC": "not completed",
        "RVCM": "mismatches",
    }
    assert set(PAYEE_CHECKS.values()) == set(PayeeCheck)
