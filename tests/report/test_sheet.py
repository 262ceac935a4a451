"""Each order stands in one column, each figure has its own source, and what does not add up is seen."""

from dataclasses import replace

import pytest

from gateway.domain.facts import Fact
from gateway.service import report
from gateway.service.report import AttemptRow, BankRow, Figure, OrderedRow, OrderRow, column_of

ROW = OrderRow(
    benefit="SICK_PAY",
    currency="EUR",
    state="payable",
    stopped=False,
    facts=None,
    group_facts=None,
    submission_state=None,
    payments=1,
    total_minor=100,
)


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"state": "refused"}, "refused"),
        ({"state": "held"}, "held"),
        ({"state": "cancelled"}, "cancelled"),
        ({"state": "replaced"}, "cancelled"),
        ({"state": "given back"}, "given back"),
        ({}, "waiting"),
        ({"facts": 0, "submission_state": "open"}, "waiting"),
        ({"facts": 0, "submission_state": "not sent"}, "waiting"),
        ({"stopped": True}, "stopped"),
        ({"facts": 0, "submission_state": "sealed", "stopped": True}, "stopped"),
        ({"facts": 0, "submission_state": "sending"}, "in flight"),
        ({"facts": 0, "submission_state": "delivered", "stopped": True}, "in flight"),
        ({"facts": Fact.ACCEPTED, "submission_state": "delivered"}, "in flight"),
        ({"facts": Fact.EXECUTED, "submission_state": "delivered"}, "in flight"),
        ({"facts": 0, "group_facts": Fact.ACCEPTED, "submission_state": "delivered"}, "in flight"),
        ({"facts": 0, "submission_state": "unknown"}, "unknown"),
        ({"facts": Fact.BOOKED, "submission_state": "delivered"}, "paid"),
        ({"facts": Fact.BOOKED, "submission_state": "delivered", "stopped": True}, "paid"),
        ({"facts": Fact.REJECTED, "submission_state": "delivered"}, "rejected"),
        ({"facts": 0, "group_facts": Fact.REJECTED, "submission_state": "delivered"}, "rejected"),
        ({"facts": Fact.CANCELLED, "submission_state": "delivered"}, "rejected"),
        ({"facts": Fact.BOOKED | Fact.RETURNED, "submission_state": "delivered"}, "returned"),
        ({"facts": Fact.BOOKED | Fact.REJECTED, "submission_state": "delivered"}, "conflict"),
        ({"facts": Fact.BOOKED | Fact.CONTRADICTED, "submission_state": "delivered", "state": "held"}, "conflict"),
    ],
)
def test_where_an_order_stands(changes: dict[str, object], column: str) -> None:
    row = replace(ROW, **changes)  # type: ignore[arg-type]
    assert column_of(row) == column
    assert column in report.COLUMNS


def test_ordered_is_compared_with_what_stands_in_the_columns() -> None:
    columns = {
        ("SICK_PAY", "EUR", "paid"): Figure(count=2, minor=300),
        ("TRAVEL", "EUR", "held"): Figure(count=1, minor=50),
    }
    right = report._ordered_equations(3, [OrderedRow(currency="EUR", total_minor=350)], columns)
    assert all(e.holds for e in right)
    wrong = report._ordered_equations(4, [OrderedRow(currency="EUR", total_minor=351)], columns)
    assert [e.difference for e in wrong] == [Figure(count=1), Figure(minor=1)]


def test_a_manifest_in_a_currency_that_no_row_has_does_not_close() -> None:
    (orders, money) = report._ordered_equations(0, [OrderedRow(currency="TRY", total_minor=1)], {})
    assert orders.holds
    assert money.difference == Figure(minor=1)


def _bank(**figures: int) -> list[report.Equation]:
    """Equations of a bank from one payment of 100 a figure."""
    row = BankRow(bank="alfa", currency="EUR", payments=1, total_minor=100)
    many = {name: [replace(row, payments=n, total_minor=100 * n)] if n else [] for name, n in figures.items()}
    attempts = [
        AttemptRow(bank="alfa", currency="EUR", facts=int(fact), group_facts=0, payments=n, total_minor=100 * n)
        for fact, n in (
            (Fact.REJECTED, figures["rejected"]),
            (Fact.NONE, figures["waiting"]),
            (Fact.BOOKED, figures["paid"]),
            (Fact.BOOKED | Fact.RETURNED, figures["came_back"]),
        )
    ]
    columns = report._bank_columns(many["sent"], attempts, many["booked"], many["returned"])
    return report._bank_equations(columns)


def test_what_was_sent_is_rejected_or_booked_or_not_yet_booked() -> None:
    day = {"sent": 10, "rejected": 2, "waiting": 3, "paid": 4, "came_back": 1, "booked": 5, "returned": 1}
    assert [e.holds for e in _bank(**day)] == [True, True]
    assert [e.holds for e in _bank(**day | {"booked": 4})] == [False, False]
    assert [e.holds for e in _bank(**day | {"sent": 11})] == [False, True]
    assert [e.holds for e in _bank(**day | {"returned": 2})] == [True, False]
