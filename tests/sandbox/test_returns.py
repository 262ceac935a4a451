"""How payments come back from a sandbox bank, and how it changes or hides its mind: each habit forced once."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.sandbox import Kind
from gateway.sandbox.behaviours import (
    AccountParameters,
    ReturnParameters,
    Shape,
    StatementParameters,
    VerdictParameters,
)
from gateway.sandbox.books import Answer
from tests.sandbox.material import LATER, PAY_DAY, File, Seen, of_sort, open_bank, run
from tests.sandbox.statements import minor, played, said, schema, statements

ALL = 10_000
FORTY = File(amounts=("12.34",) * 40)
BOTH = StatementParameters()


def credits_told(root: Path, shape: Shape, version: str = "08") -> list[etree._Element]:
    """The credits of the three payments of a file that all came back: in the notice, then in the statement."""
    habits = {"returned_per_10000": ALL, "returns": ReturnParameters(shapes=(shape,)), "camt_version": version}
    bank = played(root, File(), statement=StatementParameters(version=version), **habits)  # type: ignore[arg-type]
    answers = said(bank)
    bank.close()
    for answer in answers:
        schema(Seen(answer.content).sort).assertValid(etree.fromstring(answer.content))
    roots = [Seen(answer.content).root for answer in answers if b"camt." in answer.content]
    return [n for root in roots for n in root.iter("{*}Ntry") if n.findtext("{*}CdtDbtInd") == "CRDT"]


def refs(entry: etree._Element) -> dict[str, str]:
    return {etree.QName(one).localname: str(one.text) for one in entry.iterfind(".//{*}Refs/*")}


@pytest.mark.parametrize("version", ["02", "04", "08", "10"])
@pytest.mark.parametrize("shape", list(Shape))
def test_notice_and_statement_describe_a_return_alike(tmp_path: Path, shape: Shape, version: str) -> None:
    found = credits_told(tmp_path, shape, version)
    assert len(found) == 6
    read = [[(etree.QName(one).localname, one.text) for one in entry.iter()] for entry in found]
    assert read[:3] == read[3:]


@pytest.mark.parametrize(
    ("shape", "kept"),
    [
        (Shape.NAMED, {"MsgId", "AcctSvcrRef", "PmtInfId", "InstrId", "EndToEndId", "UETR"}),
        (Shape.PROPRIETARY, {"MsgId", "AcctSvcrRef", "PmtInfId", "InstrId", "EndToEndId", "UETR"}),
        (Shape.REVERSAL, {"MsgId", "AcctSvcrRef", "PmtInfId", "InstrId", "EndToEndId", "UETR"}),
        (Shape.UETR, {"AcctSvcrRef", "UETR"}),
        (Shape.TX_ID, {"TxId"}),
        (Shape.BANK_REFERENCE, {"AcctSvcrRef"}),
        (Shape.TEXT, set()),
        (Shape.NOTHING, set()),
    ],
)
def test_a_return_names_what_its_shape_says(tmp_path: Path, shape: Shape, kept: set[str]) -> None:
    for entry in credits_told(tmp_path, shape):
        assert {name for name, text in refs(entry).items() if text != "NOTPROVIDED"} == kept


def test_a_proprietary_return_has_no_domain_code(tmp_path: Path) -> None:
    for entry in credits_told(tmp_path, Shape.PROPRIETARY):
        assert entry.find("{*}BkTxCd/{*}Domn") is None
        assert entry.findtext("{*}BkTxCd/{*}Prtry/{*}Cd")
        assert entry.findtext(".//{*}RtrInf/{*}Rsn/{*}Prtry") in {"AC01", "MD07", "AC04"}


@pytest.mark.parametrize(
    ("shape", "said"), [(Shape.REVERSAL, "true"), (Shape.NO_REVERSAL, "false"), (Shape.NAMED, None)]
)
def test_the_reversal_indicator_is_true_false_or_absent(tmp_path: Path, shape: Shape, said: str | None) -> None:
    assert {entry.findtext("{*}RvslInd") for entry in credits_told(tmp_path, shape)} == {said}


def test_an_id_may_stand_in_text_only(tmp_path: Path) -> None:
    found = credits_told(tmp_path, Shape.TEXT)
    for position, entry in enumerate(found[:3]):
        assert File().end_to_end_id(position) in str(entry.findtext("{*}AddtlNtryInf"))


def test_a_reference_of_the_clearing_is_learnt_from_the_debit(tmp_path: Path) -> None:
    *_, notice, back = of_sort(_returned(tmp_path, Shape.TX_ID), "camt.054")
    assert notice.all("TxId") == back.all("TxId") != []


def test_a_reference_of_the_bank_is_learnt_from_the_debit(tmp_path: Path) -> None:
    *_, notice, back = of_sort(_returned(tmp_path, Shape.BANK_REFERENCE), "camt.054")
    inner = [str(one.text) for one in back.root.iterfind(".//{*}Refs/{*}AcctSvcrRef")]
    assert inner == [str(one.text) for one in notice.root.iterfind(".//{*}Refs/{*}AcctSvcrRef")]
    assert not set(inner) & {entry.findtext("{*}AcctSvcrRef") for entry in back.root.iter("{*}Ntry")}


def _returned(root: Path, shape: Shape) -> list[Answer]:
    return run(root, File(), returned_per_10000=ALL, returns=ReturnParameters(shapes=(shape,)))


def test_returns_come_days_later_on_banking_days(tmp_path: Path) -> None:
    habits = ReturnParameters(days_min=4, days_max=20)
    run(tmp_path, FORTY, returned_per_10000=ALL, returns=habits)
    bank = open_bank(tmp_path)
    rows = list(bank.books.export())
    notices = [Seen(answer.content) for answer in bank.books.due(LATER.replace(month=12), 1_000)]
    bank.close()
    days = {str(row["returnedOn"]) for row in rows}
    # 21 September 2026 is a Monday: four banking days later is the Friday, twenty are four weeks.
    assert min(days) == "2026-09-25"
    assert max(days) <= "2026-10-19"
    assert len(days) > 5
    assert {day for seen in notices for day in seen.all("Dt")} == days | {str(PAY_DAY)}


def test_a_late_return_is_told_on_its_day(tmp_path: Path) -> None:
    *_, answer = run(tmp_path, File(), returned_per_10000=ALL, returns=ReturnParameters(days_min=2, days_max=2))
    assert set(Seen(answer.content).all("Dt")) == {"2026-09-23"}
    assert str(answer.due.date()) == "2026-09-23"


def test_a_return_may_stand_in_the_statement_only(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), returned_per_10000=ALL, returns=ReturnParameters(notice="none"), statement=BOTH)
    assert {mark for seen in of_sort(said(bank), "camt.054") for mark in seen.all("CdtDbtInd")} == {"DBIT"}
    (statement,) = statements(said(bank))
    assert statement.moved == 0
    bank.close()


def test_charges_are_missing_from_the_amount_and_stated(tmp_path: Path) -> None:
    habits = ReturnParameters(charged_per_10000=ALL, charge_minor=250)
    bank = played(tmp_path, File(), returned_per_10000=ALL, returns=habits, statement=BOTH)
    rows = list(bank.books.export())
    # Of ten euro and of twenty and a half; of one cent nothing can be kept.
    assert [row["returnedAmount"] for row in rows] == ["7.50", "18.00", "0.01"]
    assert [row["charges"] for row in rows] == ["2.50", "2.50", "0.00"]
    (statement,) = statements(said(bank))
    back = [entry for entry in statement.entries if entry.findtext("{*}CdtDbtInd") == "CRDT"]
    assert [minor(entry.findtext(".//{*}TtlChrgsAndTaxAmt")) for entry in back] == [250, 250, 0]
    bank.close()


def test_an_amount_may_be_short_without_a_word(tmp_path: Path) -> None:
    habits = ReturnParameters(short_per_10000=ALL, short_minor=100)
    bank = played(tmp_path, File(), returned_per_10000=ALL, returns=habits, statement=BOTH)
    back = [minor(str(row["returnedAmount"])) for row in bank.books.export()]
    assert all(0 < amount < 1000 for amount in back[:1])
    assert all(whole - 100 <= amount < whole for amount, whole in zip(back[:2], (1000, 2050), strict=True))
    assert b"Chrgs" not in b"".join(answer.content for answer in said(bank))
    bank.close()


def test_a_lump_gives_a_whole_block_back_as_one_credit(tmp_path: Path) -> None:
    habits = ReturnParameters(lump_per_10000=ALL, days_min=1, days_max=1)
    bank = played(tmp_path, FORTY, rejected_per_10000=2_000, returns=habits)
    (*_, last) = of_sort(said(bank), "camt.054")
    booked = [row for row in bank.books.export() if row["booked"]]
    (entry,) = last.root.iter("{*}Ntry")
    assert (minor(entry.findtext("{*}Amt")), entry.findtext("{*}CdtDbtInd")) == (1234 * len(booked), "CRDT")
    assert all(row["returned"] for row in booked)
    assert entry.find("{*}NtryDtls") is None
    assert 0 < len(booked) < 40
    bank.close()


def test_a_sum_of_all_is_followed_by_its_rejects_as_credits(tmp_path: Path) -> None:
    sums = VerdictParameters(sums="all")
    bank = played(tmp_path, FORTY, statement=BOTH, kind=Kind.BATCH, rejected_per_10000=2_000, verdicts=sums)
    (statement,) = statements(said(bank))
    rejected = [row for row in bank.books.export() if row["rejected"]]
    assert statement.entries[0].findtext(".//{*}NbOfTxs") == "40"
    assert statement.moved == -1234 * (40 - len(rejected))
    assert [refs(entry)["EndToEndId"] for entry in statement.entries[1:]] == [row["endToEndId"] for row in rejected]
    assert all((row["booked"], row["returned"]) == (True, True) for row in rejected)
    assert len(rejected) > 0
    bank.close()


def test_a_sum_may_name_the_bank_s_own_batch_only(tmp_path: Path) -> None:
    said_by = run(tmp_path, FORTY, kind=Kind.BATCH, verdicts=VerdictParameters(references="own"))
    (notice,) = of_sort(said_by, "camt.054")
    assert FORTY.msg_id not in b"".join(etree.tostring(one) for one in notice.root.iter("{*}Btch")).decode()
    assert notice.has("Btch")


def test_a_late_reject_was_accepted_first_and_is_never_booked(tmp_path: Path) -> None:
    late = VerdictParameters(late_reject_per_10000=ALL, late_reject_delay_seconds=7_200)
    said_by = run(tmp_path, File(), status_detail="itemised", accept_status="ACSP", verdicts=late)
    first, second = of_sort(said_by, "pain.002")
    assert first.all("TxSts") == ["ACSP"] * 3
    assert second.all("TxSts") == ["RJCT"] * 3
    assert first.all("OrgnlEndToEndId") == second.all("OrgnlEndToEndId")
    assert of_sort(said_by, "camt.054") == []
    schema("pain.002.001.10").assertValid(second.root)


def test_a_contradiction_is_reported_rejected_and_booked(tmp_path: Path) -> None:
    said_by = run(tmp_path, File(), verdicts=VerdictParameters(contradicted_per_10000=ALL))
    (status,) = of_sort(said_by, "pain.002")
    assert status.all("TxSts") == ["RJCT"] * 3
    (notice,) = of_sort(said_by, "camt.054")
    assert notice.all("EndToEndId") == status.all("OrgnlEndToEndId")


def test_a_file_may_be_refused_for_its_form(tmp_path: Path) -> None:
    (answer,) = run(tmp_path, File(), verdicts=VerdictParameters(file_refused_per_10000=ALL))
    seen = Seen(answer.content)
    assert (seen.one("GrpSts"), seen.one("Cd"), seen.has("OrgnlPmtInfAndSts")) == ("RJCT", "FF01", False)


def test_a_silent_bank_says_nothing_but_its_statement(tmp_path: Path) -> None:
    silent = VerdictParameters(statuses="none")
    bank = played(tmp_path, FORTY, statement=BOTH, rejected_per_10000=2_000, verdicts=silent, debit_notice="none")
    (answer,) = said(bank)
    (statement,) = statements([answer])
    assert len(statement.entries) == sum(bool(row["booked"]) for row in bank.books.export()) < 40
    bank.close()


def test_the_books_say_in_words_what_the_bank_did(tmp_path: Path) -> None:
    habits = ReturnParameters(shapes=(Shape.TEXT,), reasons=("ED05",), charged_per_10000=ALL)
    bank = played(tmp_path, File(amounts=("9.00",)), returned_per_10000=ALL, returns=habits)
    words = {said for said, end_to_end_id in bank.books.shown() if end_to_end_id == File().end_to_end_id(0)}
    assert words == {"returned, text", "returned for ED05", "returned less charges"}
    bank.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdicts": VerdictParameters(late_reject_per_10000=ALL)}, "rejected after it was accepted"),
        ({"verdicts": VerdictParameters(contradicted_per_10000=ALL)}, "reported as rejected, and booked"),
        ({"verdicts": VerdictParameters(file_refused_per_10000=ALL)}, "rejected with its file: form"),
        ({"account": AccountParameters(opening_minor=0, overdraft=False)}, "rejected with its block: no funds"),
        ({"returned_per_10000": ALL, "returns": ReturnParameters(lump_per_10000=ALL)}, "returned in a lump"),
        ({}, None),
    ],
)
def test_each_habit_has_its_words(tmp_path: Path, changes: dict[str, Any], words: str | None) -> None:
    bank = played(tmp_path, File(), **changes)
    assert {said for said, _ in bank.books.shown()} == ({words} if words else set())
    bank.close()
