"""The end of a sandbox bank's day: statements that balance to the cent, in every habit a bank may have."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.sandbox import Kind, load_parameters
from gateway.sandbox.behaviours import (
    AccountParameters,
    ReturnParameters,
    Shape,
    StatementParameters,
    VerdictParameters,
)
from tests.sandbox.material import DEBTOR, NOW, PAY_DAY, File, Seen, drop, payee
from tests.sandbox.statements import Stmt, minor, played, said, schema, statements
from tests.sandbox.test_parameters import section

NEXT = PAY_DAY + timedelta(days=1)
WEEK = tuple(PAY_DAY + timedelta(days=number) for number in range(5))
PLAIN = StatementParameters()
OPENING = 1_000_000_000
"""Of every account whose bank does not say otherwise: ten million euro."""
TEN = File(amounts=("12.34",) * 10)
OTHER_ACCOUNT = "DE44100100010020260009"  # by schwifty: bank code 10010001, account 20260009


def test_a_statement_adds_up_from_the_books(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), statement=PLAIN)
    (one,) = statements(said(bank))
    assert (one.balance("OPBD"), one.balance("CLBD")) == (OPENING, OPENING - 3051)
    assert [minor(entry.findtext("{*}Amt")) for entry in one.entries] == [1000, 2050, 1]
    assert (one.account, one.sequence) == (DEBTOR, 1)
    assert bank.books.accounts.balances() == {DEBTOR: OPENING - 3051}
    bank.close()


def test_a_day_without_entries_has_its_statement_too(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), days=WEEK, statement=PLAIN)
    found = statements(said(bank))
    assert [one.sequence for one in found] == [1, 2, 3, 4, 5]
    assert [len(one.entries) for one in found] == [3, 0, 0, 0, 0]
    assert [one.balance("OPBD") for one in found[1:]] == [one.balance("CLBD") for one in found[:-1]]
    bank.close()


def test_a_day_is_closed_once_and_never_goes_back(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), days=(NEXT, NEXT, PAY_DAY), statement=PLAIN)
    assert len(statements(said(bank))) == 1
    bank.close()


def test_what_is_asked_after_the_end_of_the_day_is_booked_on_the_next(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), statement=PLAIN)
    drop(tmp_path, "alfa", "late.xml", File(msg_id="LATE", first=50).bytes())
    assert bank.collect(NOW)
    assert {row["bookedOn"] for row in bank.books.export()} == {str(PAY_DAY), str(NEXT)}
    (*_, notice) = [Seen(a.content) for a in said(bank) if b"Ntfctn" in a.content]
    assert set(notice.all("Dt")) == {str(NEXT)}
    bank.close_day(NEXT, NOW)
    assert [len(one.entries) for one in statements(said(bank))] == [3, 3]
    bank.close()


@pytest.mark.parametrize("version", ["02", "04", "08", "10"])
@pytest.mark.parametrize("listed", ["listed", "bare"])
def test_a_booked_sum_is_one_entry(tmp_path: Path, version: str, listed: str) -> None:
    habits = StatementParameters(version=version, sums=listed)  # type: ignore[arg-type]
    bank = played(tmp_path, TEN, kind=Kind.BATCH, statement=habits)
    (one,) = statements(said(bank))
    (entry,) = one.entries
    assert (minor(entry.findtext("{*}Amt")), entry.findtext(".//{*}Btch/{*}NbOfTxs")) == (12340, "10")
    assert len(entry.findall(".//{*}TxDtls")) == (10 if listed == "listed" else 0)
    bank.close()


def test_pages_share_number_and_id_and_add_up_together(tmp_path: Path) -> None:
    bank = played(tmp_path, TEN, statement=StatementParameters(pages=2))
    messages = [Seen(answer.content) for answer in said(bank) if b"BkToCstmrStmt" in answer.content]
    assert [(seen.one("PgNb"), seen.one("LastPgInd")) for seen in messages] == [("1", "false"), ("2", "true")]
    first, last = statements(said(bank))
    assert (first.text("Id"), first.sequence) == (last.text("Id"), last.sequence)
    assert (first.balance("CLBD"), last.balance("OPBD")) == (None, None)
    assert (first.balance("OPBD") or 0) + first.moved + last.moved == last.balance("CLBD")
    bank.close()


def test_a_late_statement_comes_after_its_successor(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), days=WEEK[:4], statement=StatementParameters(late_per_10000=10_000))
    assert [one.sequence for one in statements(said(bank))] == [2, 1, 4, 3]
    ways = [one.habits - {"camt.053.001.08"} for one in bank.books.accounts.statements()]
    assert ways == [{"after its successor"}, set(), {"after its successor"}, set()]
    bank.close()


def test_a_statement_may_come_twice(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), statement=StatementParameters(twice_per_10000=10_000))
    first, second = (answer for answer in said(bank) if b"BkToCstmrStmt" in answer.content)
    assert (first.content, first.copy, second.copy) == (second.content, 1, 2)
    bank.close()


def test_a_wrong_statement_is_corrected(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), statement=StatementParameters(unbalanced_per_10000=10_000))
    wrong, right = statements(said(bank))
    assert (wrong.balances, right.balances) == (False, True)
    assert (wrong.text("Id"), wrong.sequence) == (right.text("Id"), right.sequence)
    bank.close()


def test_entries_may_lack_status_and_reference(tmp_path: Path) -> None:
    habits = StatementParameters(entry_status="omitted", entry_reference="omitted")
    bank = played(tmp_path, File(), statement=habits)
    (one,) = statements(said(bank))
    assert all(entry.find("{*}Sts") is None and entry.find(".//{*}AcctSvcrRef") is None for entry in one.entries)
    assert len(one.entries) == 3
    bank.close()


def test_two_accounts_stand_in_one_message(tmp_path: Path) -> None:
    files = (File(), File(msg_id="OTHER", first=40, debtor=OTHER_ACCOUNT, amounts=("5.00",)))
    habits = StatementParameters(together=True)
    bank = played(tmp_path, *files, debtor_accounts=(DEBTOR, OTHER_ACCOUNT), statement=habits)
    (message,) = (answer for answer in said(bank) if b"BkToCstmrStmt" in answer.content)
    found = statements([message])
    assert {one.account: one.moved for one in found} == {DEBTOR: -3051, OTHER_ACCOUNT: -500}
    assert all(one.balances for one in found)
    bank.close()


def test_an_intraday_report_tells_the_same_entries_before(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), statement=StatementParameters(intraday=True))
    *_, report, statement = (Seen(answer.content) for answer in said(bank))
    assert report.sort == "camt.052.001.08"
    assert report.all("AcctSvcrRef") == statement.all("AcctSvcrRef") != []
    bank.close()


def test_charges_and_funding_are_entries_of_no_payment(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), days=(), statement=PLAIN, account=AccountParameters(daily_charge_minor=150))
    bank.fund(DEBTOR, 7_000, PAY_DAY)
    for day in WEEK[:2]:
        bank.close_day(day, NOW)
    first, second = statements(said(bank))
    assert first.moved == -3051 + 7_000 - 150
    assert [entry.findtext(".//{*}EndToEndId") for entry in first.entries[3:]] == [None, None]
    assert (second.moved, first.balances, second.balances) == (0, True, True)
    with pytest.raises(ValueError, match="keeps no such account"):
        bank.fund(payee(1), 1, PAY_DAY)
    bank.close()


def test_without_funds_a_block_is_refused_until_money_came(tmp_path: Path) -> None:
    poor = AccountParameters(opening_minor=3_000, overdraft=False)
    bank = played(tmp_path, File(), days=(), statement=PLAIN, account=poor)
    assert {row["reason"] for row in bank.books.export()} == {"AM04"}
    status = Seen(said(bank)[0].content)
    assert (status.one("PmtInfSts"), status.one("Cd"), status.has("TxInfAndSts")) == ("RJCT", "AM04", False)
    bank.fund(DEBTOR, 51, PAY_DAY)
    drop(tmp_path, "alfa", "again.xml", File(msg_id="AGAIN", first=50).bytes())
    assert bank.collect(NOW)
    assert [row["booked"] for row in bank.books.export()] == [False] * 3 + [True] * 3
    assert bank.books.accounts.balances() == {DEBTOR: 0}
    bank.close()


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"statement": {"together": True, "pages": 2}}, "several accounts"),
        ({"returns": {"days_min": 3, "days_max": 2}}, "days_min"),
        ({"returns": {"shapes": ["mumbled"]}}, "shapes"),
        ({"account": {"opening_minor": -1}}, "opening_minor"),
        ({"verdicts": {"reasons": []}}, "reasons"),
    ],
)
def test_habits_that_do_not_fit_are_refused(changes: dict[str, object], names: str) -> None:
    with pytest.raises(ValueError, match="sandbox bank alfa: ") as caught:
        load_parameters({"alfa": section(**changes)}, seed=1)
    assert names in str(caught.value)


shares = st.sampled_from([0, 3_000, 10_000])
habits_of_statements = st.builds(
    StatementParameters,
    version=st.sampled_from(["02", "04", "08", "10"]),
    sums=st.sampled_from(["listed", "bare"]),
    pages=st.integers(1, 2),
    twice_per_10000=shares,
    late_per_10000=shares,
    entry_reference=st.sampled_from(["given", "omitted"]),
    intraday=st.booleans(),
)
habits_of_returns = st.builds(
    ReturnParameters,
    shapes=st.lists(st.sampled_from(list(Shape)), min_size=1, max_size=4).map(tuple),
    days_max=st.integers(0, 3),
    charged_per_10000=shares,
    short_per_10000=shares,
    charge_minor=st.integers(0, 5_000),
    lump_per_10000=shares,
)
habits_of_verdicts = st.builds(
    VerdictParameters,
    late_reject_per_10000=st.sampled_from([0, 2_000]),
    contradicted_per_10000=st.sampled_from([0, 1_000]),
    sums=st.sampled_from(["accepted", "all"]),
    references=st.sampled_from(["ours", "own"]),
)
behaviour = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([Kind.FILE, Kind.QUIET, Kind.BATCH]),
        "seed": st.integers(0, 10_000),
        "camt_version": st.sampled_from(["02", "08"]),
        "rejected_per_10000": st.sampled_from([0, 2_000]),
        "returned_per_10000": st.sampled_from([0, 3_000]),
        "statement": habits_of_statements,
        "returns": habits_of_returns,
        "verdicts": habits_of_verdicts,
        "account": st.builds(AccountParameters, daily_charge_minor=st.sampled_from([0, 99])),
    }
)
amounts = st.lists(st.integers(1, 99_999).map(lambda n: f"{n // 100}.{n % 100:02d}"), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(behaviour, amounts, amounts)
def test_whatever_the_habits_every_cent_is_on_one_statement_that_balances(
    habits: dict[str, object], first: list[str], second: list[str]
) -> None:
    files = (File(amounts=tuple(first)), File(msg_id="M2", first=100, amounts=tuple(second)))
    with TemporaryDirectory() as folder:
        bank = played(Path(folder), *files, days=(*WEEK, date(2026, 9, 28), date(2026, 9, 29)), **habits)
        answers, accounts, rows = said(bank), bank.books.accounts, list(bank.books.export())
        balances, closed = accounts.balances(), accounts.statements()
        bank.close()
    for answer in answers:
        schema(Seen(answer.content).sort).assertValid(etree.fromstring(answer.content))
    whole = _joined(statements([answer for answer in answers if answer.copy == 1]))
    told = sorted(whole, key=lambda one: one[0])
    assert [sequence for sequence, *_ in told] == [one.sequence for one in closed if one.told]
    assert all(opening + moved == closing for _, opening, moved, closing in told)
    assert closed[-1].closing_minor == balances[DEBTOR]
    charges = 99 * sum(_charged(a.content) for a in answers if a.copy == 1 and b"BkToCstmrStmt" in a.content)
    net = sum(minor(str(row["amount"])) * bool(row["booked"]) - minor(str(row["returnedAmount"])) for row in rows)
    if all(one.told for one in closed):
        assert closed[-1].closing_minor == OPENING - net - charges


def _joined(found: list[Stmt]) -> list[tuple[int, int, int, int]]:
    """Number, opening balance, movement and closing balance of every statement, its pages put together."""
    pages: dict[int, list[Stmt]] = {}
    for one in found:
        pages.setdefault(one.sequence, []).append(one)
    joined = []
    for sequence, parts in pages.items():
        opening = next(b for part in parts if (b := part.balance("OPBD")) is not None)
        closing = next(b for part in parts if (b := part.balance("CLBD")) is not None)
        joined.append((sequence, opening, sum(part.moved for part in parts), closing))
    return joined


def _charged(content: bytes) -> int:
    return content.count(b">CHRG<")


def test_a_message_that_lacks_the_status_breaks_the_schema_there_and_nowhere_else(tmp_path: Path) -> None:
    bank = played(tmp_path, File(), statement=replace(PLAIN, entry_status="omitted"))
    (message,) = (answer for answer in said(bank) if b"BkToCstmrStmt" in answer.content)
    repaired = message.content.replace(b"<BookgDt>", b"<Sts><Cd>BOOK</Cd></Sts><BookgDt>")
    assert not schema("camt.053.001.08").validate(etree.fromstring(message.content))
    schema("camt.053.001.08").assertValid(etree.fromstring(repaired))
    bank.close()
