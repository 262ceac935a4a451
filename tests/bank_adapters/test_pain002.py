"""Status reports: levels, silence and duplicates. Expected values follow reference iso20022-and-banks 2.1."""

from datetime import date

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


def counted(**numbers: int) -> str:
    return "".join(
        f"<NbOfTxsPerSts><DtldNbOfTxs>{number}</DtldNbOfTxs><DtldSts>{status}</DtldSts></NbOfTxsPerSts>"
        for status, number in numbers.items()
    )


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


def kinds(rows: list[Observation]) -> list[tuple[str, str | None]]:
    return [(row.kind.value, row.status) for row in rows]


STATUS, WHOLE, OVERRULED = "payment status", "submission status", "overruled status"


@pytest.mark.parametrize("undecided", ["PDNG", "RCVD", "ACTC", "ZZZ9"])
@pytest.mark.parametrize("final", ["RJCT", "CANC", "ACSC", "ACCC"])
def test_a_final_status_of_a_block_is_not_lent_to_what_it_holds_undecided(undecided: str, final: str) -> None:
    """The lowest level wins (2.1 a): PDNG leaves no fact that could win over RJCT, so RJCT must not be lent at all."""
    rows = read(report(block(transaction("E1", undecided), final)))
    assert kinds(rows) == [(STATUS, undecided), (OVERRULED, final)]


def test_a_final_status_of_a_block_stands_above_what_decides_itself() -> None:
    """ACSP below RJCT wins by its own fact; what is not listed is rejected with the block (2.1 b, c)."""
    rows = read(report(block(transaction("E1", "ACSP"), "RJCT")))
    assert kinds(rows) == [(STATUS, "ACSP"), (WHOLE, "RJCT")]


@pytest.mark.parametrize("inner", ["PART", "ACCP", "PDNG", "ACSC"])
def test_a_rejected_file_with_a_block_that_is_not_rejected_rejects_nothing(inner: str) -> None:
    rows = read(report(GROUP.format("<GrpSts>RJCT</GrpSts>") + block("", inner)))
    assert kinds(rows) == [(WHOLE, inner), (OVERRULED, "RJCT")]


def test_a_form_check_above_a_rejected_block_is_no_contradiction() -> None:
    """Cross River's ACTC, RJCT, RJCT: what is not final is overruled by nothing, for it proves nothing."""
    rows = read(report(GROUP.format("<GrpSts>ACTC</GrpSts>") + block(transaction("E1", "RJCT"), "RJCT")))
    assert kinds(rows) == [(STATUS, "RJCT"), (WHOLE, "RJCT"), (WHOLE, "ACTC")]


@pytest.mark.parametrize("above", ["ACCP", "ACSP", "ACTC", "PDNG", "PART"])
def test_what_is_not_final_is_overruled_by_nothing(above: str) -> None:
    """It is lent as not final (2.1 e), whatever stands below."""
    inside = block(transaction("E1", "PDNG") + transaction("E2", "RJCT"), "PART")
    assert kinds(read(report(GROUP.format(f"<GrpSts>{above}</GrpSts>") + inside)))[-1] == (WHOLE, above)


def test_a_reject_of_all_levels_is_one() -> None:
    rows = read(report(GROUP.format("<GrpSts>RJCT</GrpSts>") + block(transaction("E1", "RJCT"), "RJCT")))
    assert facts(rows) == {Fact.REJECTED}
    assert kinds(rows)[1:] == [(WHOLE, "RJCT"), (WHOLE, "RJCT")]


def test_part_is_a_fact_of_nothing() -> None:
    rows = read(report(GROUP.format("<GrpSts>PART</GrpSts>") + block(transaction("E1", "RJCT"), "PART")))
    assert [facts([row]) for row in rows] == [{Fact.REJECTED}, {Fact.NONE}, {Fact.NONE}]


# 3 payments sent, 1 listed: RJCT is counted and listed once; ACCP is counted twice and silent, which is normal;
# the row of zero ACSP is legal.
COUNTED = counted(RJCT=1, ACCP=2, ACSP=0)


def test_counts_that_agree_with_the_list_are_read() -> None:
    rows = read(report(GROUP.format("<GrpSts>PART</GrpSts>" + COUNTED) + block(transaction("E1", "RJCT"), "PART")))
    assert kinds(rows) == [(STATUS, "RJCT"), (WHOLE, "PART"), (WHOLE, "PART")]


def test_a_full_list_is_counted_in_full() -> None:
    """JP Morgan's PART lists what it accepted too: 44 ACSP and 1 RJCT."""
    listed = "".join(transaction(f"E{n}", "ACSP") for n in range(44)) + transaction("E44", "RJCT")
    rows = read(report(GROUP.format("<GrpSts>PART</GrpSts>" + counted(ACSP=44, RJCT=1)) + block(listed, "PART")))
    assert len(rows) == 47


@pytest.mark.parametrize(
    ("counts", "listed"),
    [
        ({"RJCT": 2}, "RJCT"),  # one rejection of two is listed
        ({"RJCT": 0}, "RJCT"),  # a rejection is listed that is counted as none
        ({"RJCT": 1, "ACSP": 1}, "ACSP"),  # a rejection is counted, and none is listed
        ({"CANC": 1}, "ACSP"),
        ({"ACSP": 2}, "ACSP"),
    ],
)
@pytest.mark.parametrize("level", ["group", "block"])
def test_a_report_that_lists_other_payments_than_it_counts_is_refused(
    counts: dict[str, int], listed: str, level: str
) -> None:
    numbers = counted(**counts)
    inside = transaction("E1", listed)
    if level == "group":
        content = GROUP.format("<GrpSts>PART</GrpSts>" + numbers) + block(inside, "PART")
    else:
        content = GROUP.format("") + block(numbers + inside, "PART")
    with pytest.raises(Unreadable) as caught:
        read(report(content))
    where = "/CstmrPmtStsRpt/OrgnlGrpInfAndSts" if level == "group" else "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[1]"
    assert (caught.value.rule, caught.value.path) == ("report.count", f"{where}/NbOfTxsPerSts")


def test_a_status_that_is_counted_twice_is_refused() -> None:
    twice = counted(RJCT=1) + counted(RJCT=1)
    with pytest.raises(Unreadable) as caught:
        read(report(GROUP.format(twice) + block(transaction("E1", "RJCT"))))
    assert (caught.value.rule, caught.value.path) == (
        "element.repeated",
        "/CstmrPmtStsRpt/OrgnlGrpInfAndSts/NbOfTxsPerSts/DtldSts",
    )


def test_a_rejected_file_need_not_list_what_it_counts() -> None:
    """RJCT of the whole without a list rejects all below (2.1 c): 3 are counted, none need be listed."""
    (row,) = read(report(GROUP.format("<GrpSts>RJCT</GrpSts>" + counted(RJCT=3))))
    assert facts([row]) == {Fact.REJECTED}


def test_blocks_count_for_themselves_and_together() -> None:
    first = block(counted(RJCT=1) + transaction("E1", "RJCT"), "PART")
    second = block(counted(RJCT=2) + transaction("E2", "RJCT") + transaction("E3", "RJCT"), "PART")
    content = GROUP.format(counted(RJCT=3)) + first + second.replace("M1P1", "M1P2")
    assert [row.end_to_end_id for row in read(report(content)) if row.end_to_end_id] == ["E1", "E2", "E3"]


CHANGED = (
    "<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>{status}</TxSts>{why}<OrgnlTxRef>"
    '<Amt><InstdAmt Ccy="EUR">512.4</InstdAmt></Amt><ReqdExctnDt>{day}</ReqdExctnDt>'
    "<RmtInf><Ustrd>Sick pay</Ustrd></RmtInf></OrgnlTxRef></TxInfAndSts>"
)


@pytest.mark.parametrize(
    "day", ["2026-09-22", "<Dt>2026-09-22</Dt>", "<DtTm>2026-09-22T23:30:00+03:00</DtTm>", "2026-09-22T00:00:00"]
)
def test_what_a_bank_changed_is_kept(day: str) -> None:
    """ACWC, DT06: executed a day later (written plainly in .03, as a choice since .08), the remittance cut (RR08)."""
    content = CHANGED.format(status="ACWC", why=reason("DT06", "moved") + reason("RR08"), day=day)
    row, _ = read(report(block(content)))
    assert named(row) == {
        "kind": ObservationKind.PAYMENT_STATUS,
        "pmt_inf_id": "M1P1",
        "end_to_end_id": "E1",
        "status": "ACWC",
        "reason": "DT06",
        "reason_text": "moved; RR08; Sick pay",
        "amount_minor": 51_240,
        "currency": "EUR",
        "booking_date": date(2026, 9, 22),
    }


def test_what_a_bank_quotes_unchanged_is_no_change() -> None:
    row, _ = read(report(block(CHANGED.format(status="RJCT", why=reason("AC04"), day="2026-09-22"))))
    assert (row.booking_date, row.reason_text, row.amount_minor) == (None, None, 51_240)


UNPARSED = (
    "<OrgnlGrpInfAndSts>{named}<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>RJCT</GrpSts>{why}"
    "</OrgnlGrpInfAndSts>"
)


@pytest.mark.parametrize(
    ("quoted", "why"),
    [
        ("", reason("NARR", "Error parsing file G1ALFA260921S00001.pain001.xml: line 19, position 5.")),
        ("<OrgnlMsgId>NOTPROVIDED</OrgnlMsgId>", reason("FF01", "g1alfa260921s00001.pain001.xml")),
        ("<NtwkFileNm>G1ALFA260921S00001.pain001.xml</NtwkFileNm>", reason("FF01")),
        ("", reason("FF01", "PmtInf G1ALFA260921S00001P1 of file G1ALFA260921S00001")),
    ],
)
def test_a_file_that_the_bank_could_not_parse_is_named_by_its_file_name(quoted: str, why: str) -> None:
    """2.1 (h): without OrgnlMsgId our own file name says which file was rejected."""
    (row,) = read(report(UNPARSED.format(named=quoted, why=why)))
    assert (row.msg_id, row.status) == ("G1ALFA260921S00001", "RJCT")


@pytest.mark.parametrize(
    "words", ["G1ALFA260921S00001 or G1ALFA260921S00002", "XG1ALFA260921S00001", "G1ALFA260921S000012345678901"]
)
def test_words_that_name_no_one_file_name_none(words: str) -> None:
    (row,) = read(report(UNPARSED.format(named="", why=reason("NARR", words))))
    assert row.msg_id is None


def test_an_id_that_the_bank_gives_is_not_second_guessed() -> None:
    given = "<OrgnlMsgId>THEIRS</OrgnlMsgId>"
    (row,) = read(report(UNPARSED.format(named=given, why=reason("NARR", "G1ALFA260921S00001.pain001.xml"))))
    assert row.msg_id == "THEIRS"


@pytest.mark.parametrize("name", ["camt.055.001.08", "CAMT.055.001.09", "camt.055"])
def test_the_refusal_of_a_cancellation_request_rejects_no_payment(name: str) -> None:
    """The report names the payments whose cancellation was asked: RJCT is the request's, the payment stays as it is."""
    asked = GROUP.format("<GrpSts>RJCT</GrpSts>").replace("pain.001.001.09", name)
    rows = read(report(asked + block(transaction("E1", "RJCT", reason("NOOR")), "RJCT")))
    assert {row.kind for row in rows} == {ObservationKind.RECALL_ANSWER}
    assert [(row.end_to_end_id, row.status, row.reason) for row in rows] == [
        ("E1", "RJCT", "NOOR"),
        (None, "RJCT", None),
        (None, "RJCT", None),
    ]


def test_errors_name_the_place() -> None:
    twice = transaction("E1", "RJCT").replace("<TxSts>", "<TxSts>ACCP</TxSts><TxSts>")
    with pytest.raises(Unreadable) as caught:
        read(report(block(transaction("E0", "RJCT") + twice)))
    assert caught.value.path == "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[1]/TxInfAndSts[2]/TxSts"
