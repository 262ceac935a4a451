import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox import Books, FileBank, books_path
from gateway.sandbox.chance import number
from tests.sandbox.material import LATER, NOW, File, Seen, bank, drop, of_sort, open_bank, payee, run


def export(root: Path) -> list[dict[str, object]]:
    books = Books(books_path(root, "alfa"))
    rows = list(books.export())
    books.close()
    return rows


def test_a_good_file_is_booked_and_told(tmp_path: Path) -> None:
    said = run(tmp_path, File())
    assert [row["amount"] for row in export(tmp_path)] == ["10.00", "20.50", "0.01"]
    assert all(row["booked"] and not row["rejected"] and not row["returned"] for row in export(tmp_path))
    (status,) = of_sort(said, "pain.002")
    assert (status.one("GrpSts"), status.one("OrgnlMsgId")) == ("ACCP", "G1ALFA260921S00001")
    (notice,) = of_sort(said, "camt.054")
    assert notice.all("EndToEndId") == [File().end_to_end_id(position) for position in range(3)]


def test_the_second_file_with_a_msg_id_books_nothing(tmp_path: Path) -> None:
    other = File(amounts=("99.00",), first=50)
    said = run(tmp_path, File(), File(), other)
    assert len(export(tmp_path)) == 3
    refused = [seen for seen in of_sort(said, "pain.002") if seen.one("GrpSts") == "RJCT"]
    assert [(seen.one("Cd"), seen.one("OrgnlMsgId")) for seen in refused] == [("DU01", "G1ALFA260921S00001")] * 2


@pytest.mark.parametrize(("figure", "reason"), [("GrpSum", "AM10"), ("PmtSum", "AM10"), ("GrpNb", "AM18")])
def test_a_wrong_figure_refuses_the_file(tmp_path: Path, figure: str, reason: str) -> None:
    (answer,) = run(tmp_path, File(declared={figure: "7"}))
    seen = Seen(answer.content)
    assert (seen.one("GrpSts"), seen.one("Cd"), seen.has("TxInfAndSts")) == ("RJCT", reason, False)
    assert [(row["rejected"], row["reason"]) for row in export(tmp_path)] == [(True, reason)] * 3


def test_an_unknown_debtor_account_refuses_the_block(tmp_path: Path) -> None:
    (answer,) = run(tmp_path, File(debtor=payee(1)))
    seen = Seen(answer.content)
    assert (seen.one("GrpSts"), seen.one("PmtInfSts"), seen.one("Cd")) == ("RJCT", "RJCT", "AC02")
    assert not seen.has("TxInfAndSts")
    assert {row["reason"] for row in export(tmp_path)} == {"AC02"}


def test_payments_that_cannot_be_made_are_rejected_one_by_one(tmp_path: Path) -> None:
    wrong = payee(2)[:-1] + ("0" if payee(2)[-1] != "0" else "1")
    said = run(tmp_path, File(accounts=(payee(1), wrong, payee(3)), amounts=("1.00", "2.00", "0.00")))
    assert [row["reason"] for row in export(tmp_path)] == [None, "AC01", "AM01"]
    (status,) = of_sort(said, "pain.002")
    assert (status.one("GrpSts"), status.one("PmtInfSts"), status.all("TxSts")) == ("PART", "PART", ["RJCT", "RJCT"])


def test_only_euro_accounts_are_kept(tmp_path: Path) -> None:
    run(tmp_path, File(currency="CHF"))
    assert {row["reason"] for row in export(tmp_path)} == {"AM03"}


def test_a_file_that_cannot_be_read_is_refused_by_what_is_known_of_it(tmp_path: Path) -> None:
    opened = open_bank(tmp_path)
    drop(tmp_path, "alfa", "x.xml", b"<Document>")
    assert opened.collect(NOW)
    (answer,) = opened.books.due(LATER, 10)
    seen = Seen(answer.content)
    assert (seen.one("OrgnlMsgId"), seen.one("Cd")) == ("NOTPROVIDED", "FF01")
    opened.close()


def test_an_unreadable_file_does_not_use_up_its_msg_id(tmp_path: Path) -> None:
    opened = open_bank(tmp_path)
    drop(tmp_path, "alfa", "1.xml", File().bytes().replace(b"<PmtMtd>TRF</PmtMtd>", b""))
    drop(tmp_path, "alfa", "2.xml", File().bytes())
    while opened.collect(NOW):
        pass
    opened.close()
    assert len(export(tmp_path)) == 3


def test_unfinished_files_are_left_alone(tmp_path: Path) -> None:
    opened = open_bank(tmp_path)
    paths = [drop(tmp_path, "alfa", name, File().bytes()) for name in (".f.xml.1.tmp", ".f.xml", "f.xml.tmp", "f.part")]
    assert not opened.collect(NOW)
    assert all(path.exists() for path in paths)
    opened.close()


def test_the_same_name_twice_keeps_both_files(tmp_path: Path) -> None:
    opened = open_bank(tmp_path)
    for file in (File(), File(msg_id="OTHER", first=10)):
        drop(tmp_path, "alfa", "same.xml", file.bytes())
        assert opened.collect(NOW)
    opened.close()
    kept = {path.name: path.read_bytes() for path in (tmp_path / "alfa" / "collected").iterdir()}
    assert kept == {"same.xml": File().bytes(), "same.xml.2": File(msg_id="OTHER", first=10).bytes()}


KILLED = """
import os, sys
from datetime import datetime, UTC
from pathlib import Path
from gateway.sandbox import FileBank, Books
from tests.sandbox.material import bank
root, stage = Path(sys.argv[1]), sys.argv[2]
opened = FileBank(bank(), root)
if stage == "before booking":
    Books.record = lambda *rest: os._exit(9)
elif stage == "inside booking":
    import gateway.sandbox.books as books
    books._answer_row = lambda queued: os._exit(9)
opened.collect(datetime(2026, 9, 21, 6, tzinfo=UTC))
os._exit(9)
"""


@pytest.mark.parametrize("stage", ["before booking", "inside booking", "after booking"])
def test_a_killed_bank_books_what_it_collected_once(tmp_path: Path, stage: str) -> None:
    drop(tmp_path, "alfa", "f.xml", File().bytes())
    repository = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), stage], cwd=repository, check=False)
    assert killed.returncode == 9
    assert not (tmp_path / "alfa" / "in" / "f.xml").exists()
    opened = FileBank(bank(), tmp_path)
    assert opened.collect(NOW) is (stage != "after booking")
    assert not opened.collect(NOW)
    assert opened.books.duplicates_booked() == []
    assert sorted(Seen(answer.content).sort for answer in opened.books.due(LATER, 10)) == [
        "camt.054.001.08",
        "pain.002.001.10",
    ]
    opened.close()
    assert len(export(tmp_path)) == 3


def test_shares_are_the_shares_asked_for(tmp_path: Path) -> None:
    file = File(amounts=("1.00",) * 2000)
    run(tmp_path, file, rejected_per_10000=1000, returned_per_10000=500)
    rows = export(tmp_path)
    # Binomial with n = 2000: five standard deviations are 67 (p = 0.1) and 49 (p = 0.05).
    assert abs(sum(bool(row["rejected"]) for row in rows) - 200) < 67
    assert abs(sum(bool(row["returned"]) for row in rows) - 100) < 49
    assert {row["reason"] for row in rows if row["rejected"]} == {"AC04", "AC01", "BE01", "AC06"}
    assert {row["reason"] for row in rows if row["returned"]} == {"AC01", "MD07", "AC04"}
    assert all(row["booked"] for row in rows if row["returned"])


@given(st.integers(), st.text(), st.integers(1, 10_000))
def test_chance_stays_inside_its_bounds(seed: int, key: str, below: int) -> None:
    assert 0 <= number(seed, "x", key.encode("utf-8", "replace").decode(), below) < below
