from pathlib import Path

import pytest
from lxml import etree

from gateway.sandbox import Kind
from gateway.sandbox.books import Answer
from tests.sandbox.material import DEBTOR, LATER, NOW, File, Seen, drop, of_sort, open_bank, payee, run
from tests.shared import shared_dir

TROUBLE = {"rejected_per_10000": 2000, "returned_per_10000": 2000}
FORTY = File(amounts=("12.34",) * 40)


def fates(root: Path) -> tuple[list[str], list[str]]:
    """EndToEndIds the bank's books call booked (returned ones among them) and rejected."""
    opened = open_bank(root)
    rows = list(opened.books.export())
    opened.close()
    booked = [str(row["endToEndId"]) for row in rows if row["booked"]]
    return booked, [str(row["endToEndId"]) for row in rows if row["rejected"]]


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.QUIET, Kind.BATCH])
@pytest.mark.parametrize("version", ["02", "08"])
@pytest.mark.parametrize("detail", ["group", "itemised"])
def test_every_message_is_valid_against_the_iso_schema(tmp_path: Path, kind: Kind, version: str, detail: str) -> None:
    schemas = shared_dir() / "xsd"
    wrong = (File(msg_id="W", declared={"GrpSum": "1"}), File(msg_id="D", debtor=payee(1)), FORTY, File(msg_id="OK"))
    said = run(tmp_path, FORTY, *wrong, kind=kind, camt_version=version, status_detail=detail, answer_size=7, **TROUBLE)
    sorts = {Seen(answer.content).sort for answer in said}
    assert sorts == {"pain.002.001.10", f"camt.054.001.{version}"}
    checks = {sort: etree.XMLSchema(etree.parse(schemas / f"{sort}.xsd")) for sort in sorts}
    for answer in said:
        checks[Seen(answer.content).sort].assertValid(etree.fromstring(answer.content))


def test_part_lists_the_rejects_only(tmp_path: Path) -> None:
    said = run(tmp_path, FORTY, **TROUBLE)
    _, rejected = fates(tmp_path)
    (status,) = of_sort(said, "pain.002")
    assert (status.one("GrpSts"), status.one("PmtInfSts")) == ("PART", "PART")
    assert status.all("OrgnlEndToEndId") == rejected
    assert set(status.all("TxSts")) == {"RJCT"}
    assert 0 < len(rejected) < 40


def test_itemised_lists_every_payment(tmp_path: Path) -> None:
    said = run(tmp_path, FORTY, status_detail="itemised", accept_status="ACSP", answer_size=15, **TROUBLE)
    booked, rejected = fates(tmp_path)
    statuses = of_sort(said, "pain.002")
    assert [len(status.all("TxSts")) for status in statuses] == [15, 15, 10]
    told = {
        end_to_end_id: verdict
        for status in statuses
        for end_to_end_id, verdict in zip(status.all("OrgnlEndToEndId"), status.all("TxSts"), strict=True)
    }
    assert told == dict.fromkeys(booked, "ACSP") | dict.fromkeys(rejected, "RJCT")


def test_a_file_rejected_to_the_last_payment_is_rejected_as_a_whole(tmp_path: Path) -> None:
    (answer,) = run(tmp_path, File(), rejected_per_10000=10_000)
    seen = Seen(answer.content)
    assert (seen.one("GrpSts"), seen.one("PmtInfSts"), seen.all("TxSts")) == ("RJCT", "RJCT", ["RJCT"] * 3)


@pytest.mark.parametrize("detail", ["group", "itemised"])
def test_a_quiet_bank_says_nothing_about_what_it_accepts(tmp_path: Path, detail: str) -> None:
    said = run(tmp_path, File(), kind=Kind.QUIET, status_detail=detail)
    assert [Seen(answer.content).sort for answer in said] == ["camt.054.001.08"]


@pytest.mark.parametrize("detail", ["group", "itemised"])
def test_a_quiet_bank_lists_its_rejects(tmp_path: Path, detail: str) -> None:
    said = run(tmp_path, FORTY, kind=Kind.QUIET, status_detail=detail, **TROUBLE)
    (status,) = of_sort(said, "pain.002")
    assert status.all("OrgnlEndToEndId") == fates(tmp_path)[1]


def test_a_bank_without_debit_notices_reports_returns_only(tmp_path: Path) -> None:
    said = run(tmp_path, FORTY, debit_notice="none", **TROUBLE)
    assert {mark for seen in of_sort(said, "camt.054") for mark in seen.all("CdtDbtInd")} == {"CRDT"}


def test_debits_are_itemised_with_all_references(tmp_path: Path) -> None:
    said = run(tmp_path, FORTY, answer_size=15, rejected_per_10000=2000)
    notices = of_sort(said, "camt.054")
    booked, _ = fates(tmp_path)
    assert [identity for notice in notices for identity in notice.all("EndToEndId")] == booked
    for notice in notices:
        entries = notice.root.findall(".//{*}Ntry")
        assert len(entries) <= 15
        assert notice.one("IBAN") == DEBTOR
        for entry in entries:
            assert entry.findtext("{*}Amt") == "12.34"
            assert entry.findtext("{*}CdtDbtInd") == "DBIT"
            assert entry.findtext("{*}Sts/{*}Cd") == "BOOK"
            assert entry.findtext("{*}AcctSvcrRef") == entry.findtext(".//{*}Refs/{*}AcctSvcrRef")
            assert entry.findtext(".//{*}Refs/{*}UETR")
            assert entry.findtext(".//{*}Refs/{*}MsgId") == FORTY.msg_id


def test_entry_references_are_unique(tmp_path: Path) -> None:
    said = run(tmp_path, FORTY, returned_per_10000=5000)
    references = [
        str(entry.findtext("{*}AcctSvcrRef"))
        for notice in of_sort(said, "camt.054")
        for entry in notice.root.iter("{*}Ntry")
    ]
    assert len(references) == len(set(references)) > 40


def test_the_same_payment_in_another_file_is_another_entry(tmp_path: Path) -> None:
    first, second = of_sort(run(tmp_path, File(), File(msg_id="OTHER")), "camt.054")
    assert first.all("EndToEndId") == second.all("EndToEndId")
    assert not set(first.all("AcctSvcrRef")) & set(second.all("AcctSvcrRef"))


def test_different_messages_have_different_ids(tmp_path: Path) -> None:
    wrong = File(msg_id="W", declared={"GrpSum": "1"})
    said = run(tmp_path, FORTY, FORTY, wrong, wrong, status_detail="itemised", answer_size=7, **TROUBLE)
    assert len({answer.name for answer in said}) == len({answer.content for answer in said}) == len(said)


def test_a_batch_bank_books_the_accepted_sum_once(tmp_path: Path) -> None:
    said = run(tmp_path, FORTY, kind=Kind.BATCH, answer_size=7, rejected_per_10000=2000)
    booked, _ = fates(tmp_path)
    (notice,) = of_sort(said, "camt.054")
    cents = 1234 * len(booked)
    total = f"{cents // 100}.{cents % 100:02d}"
    assert (notice.one("NbOfTxs"), notice.one("TtlAmt"), notice.one("Amt")) == (str(len(booked)), total, total)
    assert (notice.all("MsgId")[1:], notice.one("PmtInfId")) == ([FORTY.msg_id], FORTY.msg_id + "P1")
    assert not notice.has("TxDtls")


@pytest.mark.parametrize("family", ["ICDT", "RCDT"])
@pytest.mark.parametrize("kind", [Kind.FILE, Kind.BATCH])
def test_a_return_is_a_credit_with_its_reason(tmp_path: Path, family: str, kind: Kind) -> None:
    said = run(tmp_path, File(), kind=kind, return_family=family, returned_per_10000=10_000)
    *_, last = of_sort(said, "camt.054")
    entries = last.root.findall(".//{*}Ntry")
    assert len(entries) == 3
    for position, entry in enumerate(entries):
        assert entry.findtext("{*}CdtDbtInd") == "CRDT"
        assert entry.findtext("{*}BkTxCd/{*}Domn/{*}Fmly/{*}Cd") == family
        assert entry.findtext("{*}BkTxCd/{*}Domn/{*}Fmly/{*}SubFmlyCd") == "RRTN"
        assert entry.findtext(".//{*}RtrInf/{*}Rsn/{*}Cd") in {"AC01", "MD07", "AC04"}
        assert entry.findtext(".//{*}EndToEndId") == File().end_to_end_id(position)


def test_a_return_is_not_booked_before_its_debit(tmp_path: Path) -> None:
    said = run(tmp_path, File(), returned_per_10000=10_000)
    *_, soon = of_sort(said, "camt.054")
    assert set(soon.all("Dt")) == {"2026-09-21"}  # told on the day of the file, which is the pay day
    late = run(tmp_path / "late", File(), returned_per_10000=10_000, return_delay_seconds=2 * 86_400)
    *_, after = of_sort(late, "camt.054")
    assert set(after.all("Dt")) == {"2026-09-23"}


def told(root: Path, files: list[File], **changes: object) -> list[tuple[str, bytes]]:
    return sorted((answer.name, answer.content) for answer in run(root, *files, **changes))


FLAKY = {"kind": Kind.FLAKY, "jitter_seconds": 600, "repeated_per_10000": 5000} | TROUBLE
THREE = [File(msg_id=f"M{number}", first=100 * number, amounts=("5.00",) * 30) for number in range(3)]


def test_the_same_seed_gives_the_same_messages_in_any_order_of_work(tmp_path: Path) -> None:
    first = told(tmp_path / "a", THREE, answer_size=4, **FLAKY)
    assert first == told(tmp_path / "b", THREE[::-1], answer_size=4, **FLAKY)
    assert first != told(tmp_path / "c", THREE, answer_size=4, seed=8, **FLAKY)


def test_messages_do_not_hold_the_time_of_day(tmp_path: Path) -> None:
    said: list[list[bytes]] = []
    for name, moment in (("a", NOW), ("b", NOW.replace(hour=17, minute=3))):
        opened = open_bank(tmp_path / name)
        drop(tmp_path / name, "alfa", "f.xml", File().bytes())
        opened.collect(moment)
        said.append([answer.content for answer in opened.books.due(LATER, 10)])
        opened.close()
    assert said[0] == said[1]


def said_by_flaky(root: Path) -> list[Answer]:
    return run(root, *THREE, answer_size=4, **FLAKY)


def test_repeats_are_the_same_bytes_again(tmp_path: Path) -> None:
    said = said_by_flaky(tmp_path)
    again = [answer for answer in said if answer.copy == 2]
    firsts = {answer.digest: answer.content for answer in said if answer.copy == 1}
    assert 0 < len(again) < len(firsts)
    assert all(firsts[answer.digest] == answer.content for answer in again)


def test_a_flaky_bank_tells_out_of_order(tmp_path: Path) -> None:
    rarely_twice = FLAKY | {"repeated_per_10000": 1}
    said = [Seen(answer.content) for answer in run(tmp_path, *THREE, answer_size=4, **rarely_twice)]
    sorts = [seen.sort.split(".")[0] for seen in said]
    assert sorts.index("camt") < len(sorts) - 1 - sorts[::-1].index("pain")
    steady = [Seen(answer.content).sort for answer in run(tmp_path / "steady", *THREE, answer_size=4, **TROUBLE)]
    assert steady == sorted(steady, reverse=True)
