"""What the reports say of a day that was added up by hand (see day.py)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.paper import Cell, Paper, ReportKind, plain
from tests.database import Server, apart
from tests.report.day import Papers, play, rows

DAY, BANK, BENEFIT, SOURCE = ReportKind


@pytest.fixture(scope="module")
def papers(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papers]:
    root: Path = tmp_path_factory.mktemp("small-day")
    with postgres.fresh() as url:
        yield apart(play(url, root))


def table(paper: Paper, name: str) -> list[str]:
    """The rows of a table as words, what is empty left out."""
    return [" ".join(filter(None, (plain(cell) for cell in row))) for row in rows(paper, name)]


def test_what_was_ordered_and_where_it_stands(papers: Papers) -> None:
    day = papers.evening[DAY]
    assert table(day, "ordered") == ["SSI B-1 7", "SSI B-1 2349.60 EUR"]
    assert table(day, "orders") == [
        "all refused 1",
        "all all of them 1",
        "all stopped 1 512.40 EUR",
        "all in flight 1 100.00 EUR",
        "all rejected 1 512.40 EUR",
        "all paid 3 1224.80 EUR",
        "all all of them 6 2349.60 EUR",
    ]
    assert table(papers.evening[BENEFIT], "orders") == [
        "SICK_PAY refused 1",
        "SICK_PAY all of them 1",
        "SICK_PAY stopped 1 512.40 EUR",
        "SICK_PAY in flight 1 100.00 EUR",
        "SICK_PAY rejected 1 512.40 EUR",
        "SICK_PAY paid 2 1024.80 EUR",
        "SICK_PAY all of them 5 2149.60 EUR",
        "TRAVEL_REFUND paid 1 200.00 EUR",
        "TRAVEL_REFUND all of them 1 200.00 EUR",
    ]
    assert table(papers.evening[SOURCE], "orders")[-1] == "SSI all of them 6 2349.60 EUR"


def test_what_the_banks_did(papers: Papers) -> None:
    alfa = [
        "alfa sent 4 1637.20 EUR",
        "alfa rejected 1 512.40 EUR",
        "alfa not yet booked 1 100.00 EUR",
        "alfa booked 2 1024.80 EUR",
        "alfa in proved statements 2 1024.80 EUR",
        "alfa net 2 1024.80 EUR",
    ]
    charlie = ["charlie sent 1 200.00 EUR", "charlie booked 1 200.00 EUR", "charlie net 1 200.00 EUR"]
    assert table(papers.evening[DAY], "payments") == [*alfa, *charlie]
    assert table(papers.narrowed, "payments") == charlie


def test_every_equation_holds_and_shows_both_sides(papers: Papers) -> None:
    day = papers.evening[DAY]
    assert day.closes
    assert table(day, "equations") == [
        "ordered = sum of columns (orders) all 7 7 0 yes",
        "ordered = sum of columns (money) EUR 2349.60 2349.60 0.00 EUR yes",
        "sent = rejected + not yet booked + booked alfa EUR 4 1637.20 4 1637.20 0 0.00 EUR yes",
        "booked - returned = net alfa EUR 2 1024.80 2 1024.80 0 0.00 EUR yes",
        "sent = rejected + not yet booked + booked charlie EUR 1 200.00 1 200.00 0 0.00 EUR yes",
        "booked - returned = net charlie EUR 1 200.00 1 200.00 0 0.00 EUR yes",
        "ledger: all accounts = 0 alfa EUR 0.00 0.00 0.00 EUR yes",
        "ledger: all accounts = 0 charlie EUR 0.00 0.00 0.00 EUR yes",
        "ledger: in flight = attempts alfa EUR 1 100.00 1 100.00 0 0.00 EUR yes",
        "ledger: in flight = attempts charlie EUR 1 200.00 1 200.00 0 0.00 EUR yes",
        "ledger: suspense = open items + written off alfa EUR 7.77 7.77 0.00 EUR yes",
        "statement: closing - opening = posted alfa EUR DE66100100010020260001 no. 1 -1032.57 -1032.57 0.00 EUR yes",
    ]
    assert table(papers.evening[SOURCE], "equations") == [
        "ordered = sum of columns (orders) SSI B-1 7 7 0 yes",
        "ordered = sum of columns (money) SSI B-1 EUR 2349.60 2349.60 0.00 EUR yes",
    ]
    assert [line.split()[0] for line in table(papers.evening[BENEFIT], "equations")] == ["ordered", "ordered"]
    assert all("charlie" in line for line in table(papers.narrowed, "equations"))


def test_the_banks_balances_and_what_nothing_explains(papers: Papers) -> None:
    day = papers.evening[DAY]
    assert table(day, "agreements") == [
        "alfa DE66100100010020260001 no. 1 3 5000.00 3967.43 1024.80 0.00 0.00 7.77 0.00 EUR yes"
    ]
    assert table(day, "balances") == [
        "alfa control 0 -1132.57 EUR",
        "alfa in flight 1 100.00 EUR",
        "alfa paid 2 1024.80 EUR",
        "alfa suspense 1 7.77 EUR",
        "charlie control 0 -200.00 EUR",
        "charlie in flight 1 200.00 EUR",
    ]
    assert table(day, "suspense") == ["alfa 1 orphan 1 2026-09-21T20:00:00Z 1 7.77 EUR"]
    assert table(papers.narrowed, "suspense") == []


def test_rates_and_times(papers: Papers) -> None:
    """From approval to booking: 3 d 23:30 h and 4 d 10:30 h at alfa, three hours at charlie."""
    alfa, charlie = "2 0.4000 2 0 0.0000 343800 383400", "1 1.0000 1 1 1.0000 10800 10800"
    assert table(papers.evening[DAY], "rates") == [
        "all 6 3 0.5000 3 1 0.3333 343800 383400",
        f"bank alfa 5 {alfa}",
        f"bank charlie 1 {charlie}",
        f"benefit SICK_PAY 5 {alfa}",
        f"benefit TRAVEL_REFUND 1 {charlie}",
    ]
    assert table(papers.narrowed, "rates")[1:] == [f"bank charlie 1 {charlie}"]


def test_what_stops_kept_and_what_is_open(papers: Papers) -> None:
    kept = "kept 1 512.40 EUR"
    for kind, about in ((DAY, "all"), (BENEFIT, "SICK_PAY"), (SOURCE, "SSI")):
        once = f"{about} every stop, each order once {kept}"
        assert table(papers.evening[kind], "stops") == [once, f"{about} person other active {kept}"]
    morning, evening = "2026-09-21T08:00:00Z", "2026-09-21T20:00:00Z"
    assert table(papers.evening[DAY], "ageing") == [
        f"under 1 day exception: orphan accounting alfa {evening} 1 7.77 EUR",
        f"under 1 day in flight operations alfa {morning} 1 100.00 EUR",
        f"under 1 day rejected, not closed operations alfa {morning} 1 512.40 EUR",
        f"under 1 day waiting operations alfa {morning} 1 512.40 EUR",
    ]


def test_a_return_three_weeks_later_shows_in_the_day_it_was_paid_for(papers: Papers) -> None:
    day = papers.later[DAY]
    assert day.closes
    standing = table(day, "orders")
    assert {"all given back 1 512.40 EUR", "all paid 2 712.40 EUR", "all all of them 6 2349.60 EUR"} <= set(standing)
    of_alfa = table(day, "payments")
    assert {"alfa booked 2 1024.80 EUR", "alfa returned 1 512.40 EUR", "alfa net 1 512.40 EUR"} <= set(of_alfa)
    assert "booked - returned = net alfa EUR 1 512.40 1 512.40 0 0.00 EUR yes" in table(day, "equations")
    assert table(day, "returns") == ["alfa AC04 1 512.40 EUR"]
    assert table(papers.later[BENEFIT], "returns") == ["SICK_PAY AC04 1 512.40 EUR"]
    assert table(papers.evening[DAY], "returns") == []
    assert table(day, "rates")[0] == "all 6 2 0.3333 3 1 0.3333 343800 383400"
    assert "alfa returned -1 -512.40 EUR" in table(day, "balances")


def test_who_sees_one_source_gets_its_figures_and_no_ledger(papers: Papers) -> None:
    own = papers.of_a_source
    assert table(own, "orders") == table(papers.later[DAY], "orders")
    assert [t.id for s in own.sections for t in s.tables if s.id == "books"] == []
    assert not [line for line in table(own, "equations") if line.startswith(("ledger", "statement"))]
    nobody = papers.of_nobody
    assert nobody.closes
    for name in ("ordered", "orders", "payments", "rates", "returns", "stops", "ageing"):
        assert rows(nobody, name) == []


def test_what_does_not_add_up_is_itemised(papers: Papers) -> None:
    """One booking lost and a cent too many: the batch and the submission are named."""
    broken = papers.broken
    assert not broken.closes
    failed = [line for line in table(broken, "equations") if line.endswith("NO")]
    assert failed == [
        "ordered = sum of columns (money) EUR 2349.60 2349.61 -0.01 EUR NO",
        "sent = rejected + not yet booked + booked alfa EUR 4 1637.20 3 1124.80 1 512.40 EUR NO",
        "booked - returned = net alfa EUR 0 0.00 1 512.40 -1 -512.40 EUR NO",
    ]
    batch, *submission = table(broken, "differences")
    assert batch == "ordered = sum of columns (money) SSI B-1 EUR 2349.60 2349.61 -0.01 EUR NO"
    assert [line.split(" alfa ")[1].split(" ", 1)[1] for line in submission] == [
        "EUR 4 1637.20 3 1124.80 1 512.40 EUR NO",
        "EUR 0 0.00 1 512.40 -1 -512.40 EUR NO",
    ]
    assert all("G1ALFA260921S" in line for line in submission)


def test_who_took_an_exception_is_not_named(papers: Papers) -> None:
    taken = [line for line in table(papers.taken, "ageing") if "exception" in line]
    assert taken == ["8-30 days exception: orphan a person alfa 2026-09-21T20:00:00Z 2 9.77 EUR"]


def test_no_report_names_a_person(papers: Papers) -> None:
    """Payees are Maria Muster with NIDN ID00000n; their accounts are those of the banks' countries."""
    cells: list[Cell] = [
        cell
        for paper in (*papers.evening.values(), *papers.later.values(), papers.broken, papers.taken)
        for section in paper.sections
        for table_ in section.tables
        for row in table_.rows
        for cell in row
    ]
    text = " ".join(plain(cell) for cell in cells)
    assert "SICK_PAY" in text
    for secret in ("Muster", "NIDN", "ID0000", "SICK-0000", "officer-"):
        assert secret not in text
