"""Each order stands in one column, each figure has its own source, and what does not add up is seen."""

from dataclasses import replace

import pytest

from gateway.domain.facts import Fact
from gateway.service import report
from gateway.service.report import (
    AttemptRow,
    BankFigures,
    BankRow,
    Figure,
    OrderedRow,
    OrderRow,
    ReturnedRow,
    column_of,
)

ROW = OrderRow(
    source="SSI",
    batch="B-1",
    benefit="SICK_PAY",
    currency="EUR",
    state="payable",
    stopped=False,
    tried_again=False,
    closed=False,
    facts=None,
    group_facts=None,
    submission_state=None,
    payments=1,
    total_minor=100,
)
REJECTED = {"facts": Fact.REJECTED, "submission_state": "delivered"}
RETURNED = {"facts": Fact.BOOKED | Fact.RETURNED_IN_STATEMENT, "submission_state": "delivered"}


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
        ({**REJECTED, "closed": True, "tried_again": True}, "waiting"),
        ({**REJECTED, "closed": True, "tried_again": True, "stopped": True}, "stopped"),
        ({**REJECTED, "closed": True, "state": "held"}, "held"),
        ({**REJECTED, "closed": True, "state": "given back"}, "given back"),
        ({"facts": Fact.CANCELLED, "submission_state": "delivered", "state": "given back"}, "given back"),
        ({**RETURNED, "state": "held"}, "returned"),
        ({**RETURNED, "closed": True, "state": "held"}, "held"),
        ({**RETURNED, "closed": True, "state": "given back"}, "given back"),
        ({**RETURNED, "closed": True, "state": "replaced"}, "cancelled"),
        ({**RETURNED, "closed": True, "tried_again": True}, "waiting"),
        ({"facts": 0, "submission_state": "delivered", "closed": True, "state": "held"}, "held"),
        ({"facts": 0, "submission_state": "unknown", "closed": True, "tried_again": True}, "waiting"),
        ({"facts": Fact.BOOKED, "submission_state": "delivered", "closed": True}, "paid"),
        ({**REJECTED, "facts": 1096, "closed": True, "state": "given back"}, "conflict"),
        ({"facts": Fact.BOOKED | Fact.REJECTED, "submission_state": "delivered"}, "conflict"),
        ({"facts": Fact.BOOKED | Fact.CONTRADICTED, "submission_state": "delivered", "state": "held"}, "conflict"),
    ],
)
def test_where_an_order_stands(changes: dict[str, object], column: str) -> None:
    row = replace(ROW, **changes)  # type: ignore[arg-type]
    assert column_of(row) == column
    assert column in report.COLUMNS


def _ordered(currency: str, minor: int) -> OrderedRow:
    return OrderedRow(source="SSI", batch="B-1", currency=currency, total_minor=minor)


def test_ordered_is_compared_with_what_stands_in_the_columns() -> None:
    columns = {
        ("SICK_PAY", "EUR", "paid"): Figure(count=2, minor=300),
        ("TRAVEL", "EUR", "held"): Figure(count=1, minor=50),
    }
    right = report._ordered_equations(3, [_ordered("EUR", 300), _ordered("EUR", 50)], columns)
    assert all(e.holds for e in right)
    wrong = report._ordered_equations(4, [_ordered("EUR", 351)], columns)
    assert [e.difference for e in wrong] == [Figure(count=1), Figure(minor=1)]


def test_a_manifest_in_a_currency_that_no_row_has_does_not_close() -> None:
    (orders, money) = report._ordered_equations(0, [_ordered("TRY", 1)], {})
    assert orders.holds
    assert money.difference == Figure(minor=1)


def _bank(**figures: int) -> list[report.Equation]:
    """Equations of a bank from one payment of 100 a figure."""
    row = BankRow(bank="alfa", currency="EUR", payments=1, total_minor=100)
    back = ReturnedRow(
        bank="alfa", currency="EUR", payments=1, total_minor=100, source="SSI", benefit="SICK_PAY", reason="AC04"
    )
    attempts = [
        AttemptRow(bank="alfa", currency="EUR", facts=int(fact), group_facts=0, payments=n, total_minor=100 * n)
        for fact, n in (
            (Fact.REJECTED, figures["rejected"]),
            (Fact.NONE, figures["waiting"]),
            (Fact.BOOKED, figures["paid"]),
            (Fact.BOOKED | Fact.RETURNED, figures["came_back"]),
        )
    ]
    told = BankFigures(
        sent=[row] * figures["sent"],
        attempts=attempts,
        booked=[row] * figures["booked"],
        returned=[back] * figures["returned"],
    )
    return report._bank_equations(report.bank_columns(told))


def test_what_came_back_in_part_leaves_the_rest_in_net() -> None:
    facts = int(Fact.BOOKED_IN_STATEMENT | Fact.RETURNED | Fact.RETURNED_IN_STATEMENT)
    whole = BankRow(bank="alfa", currency="EUR", payments=1, total_minor=100)
    attempt = AttemptRow(
        bank="alfa", currency="EUR", facts=facts, group_facts=0, payments=1, total_minor=100, kept_minor=3
    )
    back = ReturnedRow(
        bank="alfa", currency="EUR", payments=1, total_minor=97, source="SSI", benefit="SICK_PAY", reason="AC04"
    )
    told = BankFigures(sent=[whole], attempts=[attempt], booked=[whole], returned=[back])
    columns = report.bank_columns(told)
    assert columns["alfa", "EUR", "net"] == Figure(minor=3)
    assert all(e.holds for e in report._bank_equations(columns))


def test_what_was_sent_is_rejected_or_booked_or_not_yet_booked() -> None:
    day = {"sent": 10, "rejected": 2, "waiting": 3, "paid": 4, "came_back": 1, "booked": 5, "returned": 1}
    assert [e.holds for e in _bank(**day)] == [True, True]
    assert [e.holds for e in _bank(**day | {"booked": 4})] == [False, False]
    assert [e.holds for e in _bank(**day | {"sent": 11})] == [False, True]
    assert [e.holds for e in _bank(**day | {"returned": 2})] == [True, False]
