"""Statements: their heads, the sum of their entries, and how banks differ. Expected: reference 0.5 and 3.1 to 3.3.

The samples' figures were read off the XML by hand and added up on paper.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.iso20022 import detect
from bank_adapters.iso20022.camt import ACCOUNTS
from bank_adapters.iso20022.entry import manner
from bank_adapters.profile import Profile, StatementRules
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind, ToldBy
from gateway.domain.statement import BALANCE_MISSING, SUM_DIFFERS, broken_alone
from tests.bank_adapters.material import (
    file_bank,
    file_bank_parts,
    notification,
    observations,
    profile_of,
    statements,
)
from tests.shared import shared_dir
from tests.statements import Booking, Detail, Stmt, camt053, decimal, pagination

ABN, FINLAND, NORDEA = "abn_amro/camt053.xml", "finland/FI_camt_053_sample.xml.xml", "nordea/example_camt.xml"
GENERIC = "generic/camt053.v2."
POSTFINANCE = "postfinance/camt.053_P_CH2909000000250094239_1110092698_0_2020112503071366.xml"


def sample(name: str) -> bytes:
    return (shared_dir() / "samples" / name).read_bytes()


def bank_with(**rules: object) -> Profile:
    return profile_of(file_bank_parts() | {"statement": rules})


def figures(content: bytes, bank: Profile | None = None) -> list[tuple[int | None, int, int | None, str | None]]:
    return [
        (s.opening_minor, s.entries_minor, s.closing_minor, broken_alone(s)) for s in statements(content, bank=bank)
    ]


SAMPLES = {
    # PRCD 1000.01; credits 1+1+1+10+1+7+7 = 28.00, debits 1+2+2+1+1+921 = 928.00; CLBD 100.01.
    ABN: [(100_001, -90_000, 10_001, None)],
    # 10000.00 - 1000.12 - 4000.00 - 4230.05 + 2000 + 500 + 3000 + 2120 + 5455 + 10000 - 200 = 23644.83.
    FINLAND: [(1_000_000, 1_364_483, 2_364_483, None)],
    # 200.50 + 10000.00 + 100.50 - 700.50 - 300.00 - 400.00 - 100.00 = 8800.50.
    NORDEA: [(20_050, 860_000, 880_050, None)],
    GENERIC + "multi.statement.xml": [(1_815, 885, 2_700, None), (2_700, -700, 2_000, None)],
    # 18.150 + 8.850 is 27.000, and the file says 27.050.
    GENERIC + "five.decimals.xml": [(1_815, 885, 2_705, SUM_DIFFERS)],
    # A test platform's: CLBD leaves out the entry of 1537.00 that it books today and values tomorrow.
    POSTFINANCE: [(21_199_319, 465_602, 21_511_221, SUM_DIFFERS)],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_balances_of_real_statements(name: str) -> None:
    assert figures(sample(name)) == SAMPLES[name]


def test_every_account_report_of_a_real_bank_is_read() -> None:
    marks = tuple(name.encode() for name in ACCOUNTS)
    files = [f for f in sorted((shared_dir() / "samples").rglob("*.xml")) if any(m in f.read_bytes() for m in marks)]
    assert len(files) >= 20
    for file in files:
        told = list(detect.read([file.read_bytes()], file_bank()))
        entries = [one for one in told if isinstance(one, Observation)]
        assert entries
        assert {one.told_by for one in entries} == {told_by_of(file.read_bytes())}


def told_by_of(content: bytes) -> ToldBy:
    if b"BkToCstmrStmt" in content:
        return ToldBy.STATEMENT
    return ToldBy.REPORT if b"BkToCstmrAcctRpt" in content else ToldBy.NOTIFICATION


def test_a_report_is_no_statement() -> None:
    assert statements(sample("generic/camt052.v2.xml")) == []


def test_a_reversal_balances_only_unflipped() -> None:
    assert figures(sample(ABN), bank_with(reversal_flips_sign=True)) == [(100_001, 94_400, 10_001, SUM_DIFFERS)]


def test_a_bank_that_turns_the_sign_around() -> None:
    more = "<RvslInd>true</RvslInd>"
    said = Stmt(opening=500, closing=400, bookings=[Booking(minor=100, more=more, details=[Detail(minor=100)])])
    assert figures(camt053(said))[0][3] == SUM_DIFFERS
    turned = bank_with(reversal_flips_sign=True)
    # RvslInd stands behind Amt and CdtDbtInd, before the details.
    content = camt053(said).replace(more.encode(), b"").replace(b"<Sts>", f"{more}<Sts>".encode())
    assert figures(content, turned)[0][3] is None
    assert [row.credit for row in observations(content, bank=turned)] == [False]


def test_the_head_of_a_real_statement() -> None:
    (head,) = statements(sample(ABN))
    assert (head.account, head.currency, head.statement_id) == ("NL77ABNA0574908765", "EUR", "0574908765.2013-04-02")
    assert (head.sequence, head.page, head.last_page, head.entry_count) == (70, 1, True, 13)
    assert (head.opening_on, head.closing_on) == (date(2013, 3, 28), date(2013, 4, 2))


def test_a_salary_batch_without_details_that_names_only_the_banks_own_reference() -> None:
    # Entry 8 of ABN AMRO's: SALA, Btch with NbOfTxs 2 and MsgId of the bank's, no TxDtls, no reference of ours.
    (row,) = [row for row in observations(sample(ABN)) if row.entry == 8]
    assert (row.kind, row.amount_minor, row.credit, row.batch_count) == (ObservationKind.BATCH_ENTRY, 200, False, 2)
    assert (row.msg_id, row.pmt_inf_id, row.entry_ref) == ("1302P5518750499B0AO", None, "3088J0537755116S0EC")
    assert (row.told_by, row.statement, row.entry_minor, row.booked) == (ToldBy.STATEMENT, 1, -200, True)


def test_two_statements_of_one_file_keep_their_entries_apart() -> None:
    content = sample(GENERIC + "multi.statement.xml")
    assert [(s.place, s.sequence, s.entries_minor) for s in statements(content)] == [(1, 12_312, 885), (2, None, -700)]
    assert [(row.statement, row.entry, row.entry_minor) for row in observations(content)] == [(1, 1, 885), (2, 1, -700)]


LITHUANIAN = Stmt(
    account="LT601010012345678901",
    opening=10_000,
    closing=8_500,
    bookings=[
        Booking(minor=-2_000, status="", details=[Detail(minor=-2_000)]),
        Booking(minor=500, status="", details=[Detail(minor=800), Detail(minor=-300)]),
    ],
)


def test_a_statement_without_any_status_or_balance_indicator() -> None:
    content = camt053(LITHUANIAN, replace(LITHUANIAN, opening=8_500, closing=7_000))
    for amount in (10_000, 8_500, 7_000):
        balance = f'"EUR">{decimal(amount)}</Amt>'
        content = content.replace(f"{balance}<CdtDbtInd>CRDT</CdtDbtInd>".encode(), balance.encode())
    assert figures(content) == [(10_000, -1_500, 8_500, None), (8_500, -1_500, 7_000, None)]
    rows = observations(content)
    assert [(row.booked, row.status) for row in rows[:3]] == [(True, None)] * 3
    assert [(row.amount_minor, row.credit, row.entry_minor) for row in rows[:3]] == [
        (2_000, False, -2_000),
        (800, True, 500),
        (300, False, 500),
    ]


def test_a_missing_status_is_booked_only_in_a_statement_of_a_bank_that_means_it_so() -> None:
    content = camt053(LITHUANIAN)
    strict = bank_with(missing_status_is_booked=False)
    assert {row.booked for row in observations(content, bank=strict)} == {None}
    assert figures(content, strict) == [(10_000, 0, 8_500, SUM_DIFFERS)]
    assert manner(ToldBy.REPORT, StatementRules()).booked_without_status is False


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR"])
def test_what_is_not_booked_moves_no_balance(status: str) -> None:
    content = camt053(Stmt(opening=700, closing=700, bookings=[Booking(minor=-100, status=status)]))
    assert figures(content) == [(700, 0, 700, None)]
    assert statements(content)[0].entry_count == 0
    assert [row.booked for row in observations(content)] == [False]


def test_pages_of_statement_and_message() -> None:
    (page,) = statements(camt053(Stmt(page=2, last=False, opening=None, closing=None, bookings=[Booking(minor=5)])))
    assert (page.page, page.last_page, page.opening_minor, broken_alone(page)) == (2, False, None, None)
    of_message = camt053(Stmt(), message_page=pagination("MsgPgntn", 3, last=True))
    assert [(s.page, s.last_page) for s in statements(of_message)] == [(3, True)]
    both = camt053(Stmt(page=1, last=False), message_page=pagination("MsgPgntn", 3, last=True))
    assert [(s.page, s.last_page) for s in statements(both)] == [(1, False)]


def test_a_statement_without_entries_and_one_without_balances() -> None:
    assert figures(camt053(Stmt(opening=-5, closing=-5))) == [(-5, 0, -5, None)]
    unknown = Stmt(opening=None, closing=None, bookings=[Booking(minor=5)])
    assert figures(camt053(unknown)) == [(None, 5, None, BALANCE_MISSING)]


def test_the_legal_number_counts_where_there_is_no_electronic_one() -> None:
    legal = camt053(Stmt(number=7)).replace(b"ElctrncSeqNb", b"LglSeqNb")
    assert statements(legal)[0].sequence == 7
    both = camt053(Stmt(number=7)).replace(b"<CreDtTm>", b"<LglSeqNb>3</LglSeqNb><CreDtTm>")
    assert statements(both)[0].sequence == 7


PLAIN = camt053(Stmt(opening=100, closing=150, bookings=[Booking(minor=50)]))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (PLAIN.replace(b'Ccy="EUR">0.50', b'Ccy="SEK">0.50'), "money.currency"),
        (PLAIN.replace(b'Ccy="EUR">1.50', b'Ccy="SEK">1.50'), "money.currency"),
        (PLAIN.replace(b"</Acct>", b"<Ccy>SEK</Ccy></Acct>"), "money.currency"),
        (PLAIN.replace(b"OPBD", b"CLBD").replace(b"2026-09-20", b"2026-09-21"), "element.repeated"),
        (PLAIN.replace(b"<ElctrncSeqNb>1", b"<ElctrncSeqNb>-1"), "number.format"),
        (PLAIN.replace(b"<CdtDbtInd>CRDT</CdtDbtInd><Dt>", b"<CdtDbtInd>PLUS</CdtDbtInd><Dt>"), "money.sign"),
        (PLAIN.replace(b"1.50</Amt>", b"1.5x</Amt>"), "money.format"),
        (PLAIN.replace(b'<Amt Ccy="EUR">1.50</Amt>', b""), "element.missing"),
    ],
)
def test_money_and_identity_are_clear_or_the_statement_is_unreadable(content: bytes, rule: str) -> None:
    assert content != PLAIN
    with pytest.raises(Unreadable) as caught:
        statements(content)
    assert caught.value.rule == rule


def test_a_statement_is_known_again_by_all_that_its_entries_say() -> None:
    def digest(*names: str) -> bytes:
        details = [Detail(minor=50, end_to_end_id=name) for name in names]
        return statements(camt053(Stmt(bookings=[Booking(minor=100, details=details)])))[0].digest

    assert digest("A", "B") == digest("A", "B")
    assert len({digest("A", "B"), digest("B", "A"), digest("A", "C")}) == 3


# Details that contradict their entry --------------------------------------------------------------------------------


def told(minor: int, *details: int, count: int | None = None, more: str = "") -> list[tuple[str, int | None, bool]]:
    listed = [Detail(minor=d, end_to_end_id=f"E{n}") for n, d in enumerate(details)]
    content = camt053(Stmt(bookings=[Booking(minor=minor, details=listed)]))
    if count is not None:
        content = content.replace(b"<NtryDtls>", f"<NtryDtls><Btch><NbOfTxs>{count}</NbOfTxs></Btch>".encode())
    content = content.replace(b"<BookgDt>", f"{more}<BookgDt>".encode())
    return [(row.end_to_end_id or "", row.amount_minor, row.credit is True) for row in observations(content)]


def test_details_of_both_signs_add_up_to_their_entry() -> None:
    assert told(-100, -250, 150) == [("E0", 250, False), ("E1", 150, True)]


@pytest.mark.parametrize("details", [(-60, -50), (-60, 40), (50, 50)])
def test_an_entry_whose_details_do_not_add_up_makes_its_message_unreadable(details: Sequence[int]) -> None:
    with pytest.raises(Unreadable) as caught:
        told(-100, *details)
    assert (caught.value.rule, caught.value.path) == ("entry.sum", "/Stmt[1]/Ntry[1]")


@pytest.mark.parametrize("detail", [100, -99, -101])
def test_an_only_transaction_that_contradicts_its_entry_names_nothing(detail: int) -> None:
    assert told(-100, detail) == [("", 100, False)]


def test_fewer_details_than_the_bank_says_are_no_contradiction() -> None:
    assert told(-100, -60, -30, count=3) == [("E0", 60, False), ("E1", 30, False)]
    with pytest.raises(Unreadable):
        told(-100, -60, -30, count=2)
    with pytest.raises(Unreadable):
        told(-100, -60, -50, count=3)


def test_documented_charges_beside_the_payments_are_an_entry_of_their_own() -> None:
    charges = '<Chrgs><Amt Ccy="EUR">0.02</Amt></Chrgs>'
    assert told(-102, -60, -40, more=charges) == [("E0", 60, False), ("E1", 40, False), ("", 2, False)]
    assert told(98, 100, more=charges) == [("E0", 100, True), ("", 2, False)]
    with pytest.raises(Unreadable):
        told(-103, -60, -40, more=charges)


AMOUNT = st.integers(min_value=1, max_value=10**9).flatmap(lambda n: st.sampled_from([n, -n]))
BOOKINGS = st.lists(
    st.one_of(
        st.builds(Booking, minor=AMOUNT, status=st.sampled_from(["BOOK", "BOOK", "PDNG", "INFO"])),
        st.lists(AMOUNT, min_size=2, max_size=4)
        .filter(lambda parts: sum(parts) != 0)
        .map(lambda parts: Booking(minor=sum(parts), details=[Detail(minor=p) for p in parts])),
    ),
    max_size=6,
)


def stmt(opening: int, bookings: Sequence[Booking]) -> Stmt:
    moved = sum(b.minor for b in bookings if b.status == "BOOK")
    return Stmt(opening=opening, closing=opening + moved, bookings=bookings)


@given(opening=st.integers(-(10**9), 10**9), bookings=BOOKINGS, data=st.data())
def test_a_statement_reads_back_exactly_in_any_order_of_its_entries(
    opening: int, bookings: list[Booking], data: st.DataObject
) -> None:
    written = stmt(opening, data.draw(st.permutations(bookings)))
    content = camt053(written)
    booked = [b for b in written.bookings if b.status == "BOOK"]
    (head,) = statements(content)
    assert (head.opening_minor, head.closing_minor, broken_alone(head)) == (opening, written.closing, None)
    assert (head.entries_minor, head.entry_count) == (sum(b.minor for b in booked), len(booked))
    rows = observations(content)
    assert [(r.entry, (r.amount_minor or 0) * (1 if r.credit else -1), r.booked) for r in rows] == [
        (n, part, b.status == "BOOK")
        for n, b in enumerate(written.bookings, start=1)
        for part in ([d.minor for d in b.details] or [b.minor])
    ]
    for n, booking in enumerate(written.bookings, start=1):
        assert {r.entry_minor for r in rows if r.entry == n} == {booking.minor}


@given(opening=st.integers(0, 10**9), bookings=BOOKINGS.filter(bool), data=st.data())
def test_a_changed_amount_is_never_proved(opening: int, bookings: list[Booking], data: st.DataObject) -> None:
    written = stmt(opening, bookings)
    change = data.draw(st.integers(1, 10**6))
    place = data.draw(st.sampled_from(["opening", "closing", *range(len(bookings))]))
    if isinstance(place, int):
        old = bookings[place]
        if old.status != "BOOK":
            return
        new = replace(old, minor=old.minor + change if old.minor > 0 else old.minor - change)
        changed = replace(written, bookings=[*bookings[:place], new, *bookings[place + 1 :]])
    else:
        changed = replace(written, **{place: getattr(written, place) + change})
    try:
        assert figures(camt053(changed))[0][3] == SUM_DIFFERS
    except Unreadable as error:
        assert error.rule == "entry.sum"  # noqa: PT017 - the other lawful end


def test_notifications_tell_no_entry_amount() -> None:
    content = notification('<Ntry><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>')
    (row,) = observations(content)
    # Money in that names nothing, such as the funding of the account, is told like everything else.
    assert (row.kind, row.credit, row.amount_minor, row.entry_minor) == (ObservationKind.ENTRY, True, 100, None)
