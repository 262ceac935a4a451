"""The days after a pay day, the accounts at their end, and what is shown of them."""

from datetime import date
from pathlib import Path

from gateway.demo.accounts import LedgerBalance, Told, account_books, account_findings, accounts_document
from gateway.demo.behaviours import BY_BANKS, BY_HAND, BY_INSTITUTION, EXCEPTIONS, STATEMENTS, not_shown
from gateway.demo.shown import Institution, shown_document
from gateway.demo.weeks import banking_days
from gateway.sandbox.behaviours import ReturnParameters, StatementParameters
from tests.sandbox.material import DEBTOR, File, bank
from tests.sandbox.statements import played

OPENING = 1_000_000_000


def told(**changes: object) -> Told:
    plain: dict[str, object] = {"bank": "alfa", "account": DEBTOR, "currency": "EUR", "proved": 1, "waiting": 0}
    plain |= {"unbalanced": 0, "repeated": 0, "opening_minor": OPENING, "closing_minor": OPENING - 3051}
    return Told(**(plain | {"closing_on": date(2026, 9, 21)} | changes))  # type: ignore[arg-type]


def ledger(**minor: int) -> list[LedgerBalance]:
    return [LedgerBalance(bank="alfa", account=DEBTOR, currency="EUR", name=n, minor=m) for n, m in minor.items()]


def test_banking_days_leave_weekends_out() -> None:
    # 24 September 2026 is a Thursday.
    assert list(banking_days(date(2026, 9, 24), 3)) == [date(2026, 9, 25), date(2026, 9, 28), date(2026, 9, 29)]


def test_three_sides_of_an_account_agree_to_the_cent(tmp_path: Path) -> None:
    opened = played(tmp_path, File(), statement=StatementParameters())
    books = {"alfa": opened.books}
    (good,) = account_books([told()], ledger(paid=3051, control=-3051), books)
    assert good.agrees
    assert account_findings([good]) == []
    for one, postings in ((told(closing_minor=OPENING - 3050), {"paid": 3051}), (told(), {"paid": 3050})):
        (bad,) = account_books([one], ledger(**postings), books)
        assert [finding.rule for finding in account_findings([bad])] == ["balance.differs"]
    (document,) = accounts_document([good])
    assert document["closing"] == dict.fromkeys(("bank", "statement", "ledger"), "9999969.49")
    assert DEBTOR not in str(document)
    opened.close()


def test_what_was_shown_is_counted_by_what_became_of_it(tmp_path: Path) -> None:
    habits = {"returned_per_10000": 10_000, "returns": ReturnParameters(reasons=("AC04",))}
    opened = played(tmp_path, File(), statement=StatementParameters(), **habits)  # type: ignore[arg-type]
    order_of = {File().end_to_end_id(0): "A", File().end_to_end_id(1): "B"}
    latest = {"A": {"outcome": "given back"}, "B": {"outcome": "returned"}}
    document = shown_document([bank(**habits)], {"alfa": opened.books}, order_of, Institution(latest=latest))
    assert document["payments"]["returned for AC04"] == {"given back": 1, "nothing said": 1, "returned": 1}
    assert document["statements"] == {"camt.053.001.08": 1}
    opened.close()


def test_what_was_told_as_paid_and_otherwise_later_is_shown() -> None:
    events = [{"orderId": "A", "outcome": "presumed"}, {"orderId": "A", "outcome": "paid"}]
    events += [{"orderId": "B", "outcome": "paid"}, {"orderId": "B", "outcome": "returned"}]
    latest = {event["orderId"]: event for event in events}
    stops = [{"keptOrders": 2, "recalls": 0}, {"keptOrders": 0, "recalls": 1}]
    done = Institution(events=events, latest=latest, stops=stops, again={"attempt 2": 3})
    assert shown_document([], {}, {}, done)["institution"] == {
        "payment stopped in time": {"kept from leaving": 2},
        "payment stopped too late": {"recall proposed": 1},
        "payment tried anew after a bank refused or returned it": {"attempt 2": 3},
        "presumed executed, for want of a word": {"paid": 1},
        "told as paid, and told otherwise later": {"returned": 1},
    }


def test_what_a_run_did_not_show_it_says() -> None:
    shown: dict[str, dict[str, int]] = {"payments": {}, "statements": {}, "institution": {}}
    document = {"shown": shown, "exceptions_raised": [], "done_by_hand": {}}
    every = [BY_BANKS, STATEMENTS, BY_INSTITUTION, EXCEPTIONS, BY_HAND]
    assert len(not_shown(document)) == sum(map(len, every))
    shown["statements"] = dict.fromkeys(STATEMENTS[1:], 1)
    assert [what for what in not_shown(document) if what.startswith("statements")] == [f"statements: {STATEMENTS[0]}"]
