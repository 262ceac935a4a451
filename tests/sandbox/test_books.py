import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.sandbox import Books, Duplicate
from gateway.sandbox.books import AskedPayment, Queued, Request
from gateway.sandbox.judge import Outcome, State
from gateway.sandbox.movements import Movement, Sort
from tests.sandbox.material import DEBTOR, NOW, PAY_DAY

REQUEST = Request(source="a.xml", digest="0" * 64, msg_id="M1", received_at=NOW, outcome=Outcome.ACCEPTED)
PAYMENT = AskedPayment(
    end_to_end_id="E1", account="DE1", amount_minor=5, currency="EUR", state=State.BOOKED, reason=None
)
DEBIT = Movement(
    sort=Sort.PAYMENT,
    account=DEBTOR,
    side="DBIT",
    amount_minor=5,
    booked_on=PAY_DAY,
    entry_ref="R1",
    ordinal=1,
    end_to_end_id="E1",
)
NEXT_DAY = PAY_DAY + timedelta(days=1)
HELLO = Queued(name="H", suffix="xml", content=b"hello", due=NOW)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    opened = Books(tmp_path / "bank" / "books.sqlite")
    opened.accounts.open([DEBTOR], 100)
    yield opened
    opened.close()


def test_one_booking_each_is_no_duplicate(books: Books) -> None:
    other = replace(DEBIT, ordinal=2, end_to_end_id="E2")
    books.record(REQUEST, [PAYMENT, replace(PAYMENT, end_to_end_id="E2")], [DEBIT, other], [])
    assert books.duplicates_booked() == []


def test_a_forced_double_booking_is_found(books: Books) -> None:
    books.record(REQUEST, [PAYMENT], [DEBIT], [])
    books.record(replace(REQUEST, source="b.xml", msg_id="M2"), [PAYMENT], [DEBIT], [])
    assert books.duplicates_booked() == [Duplicate(kind="EndToEndId", reference="E1", times=2)]
    assert [row["endToEndId"] for row in books.export()] == ["E1", "E1"]


def test_a_double_within_one_file_is_found(books: Books) -> None:
    books.record(REQUEST, [PAYMENT, PAYMENT], [DEBIT, replace(DEBIT, ordinal=2)], [])
    assert books.duplicates_booked() == [Duplicate(kind="EndToEndId", reference="E1", times=2)]


def test_a_msg_id_booked_from_two_files_is_found(books: Books) -> None:
    books.record(REQUEST, [PAYMENT], [DEBIT], [])
    other = replace(DEBIT, end_to_end_id="E2")
    books.record(replace(REQUEST, source="b.xml"), [replace(PAYMENT, end_to_end_id="E2")], [other], [])
    assert books.duplicates_booked() == [Duplicate(kind="MsgId", reference="M1", times=2)]


def test_a_rejected_and_a_returned_payment_are_not_booked_twice(books: Books) -> None:
    back = replace(DEBIT, sort=Sort.RETURN, side="CRDT", entry_ref="R2")
    books.record(REQUEST, [replace(PAYMENT, state=State.RETURNED, reason="AC04")], [DEBIT, back], [])
    books.record(replace(REQUEST, source="b.xml"), [replace(PAYMENT, state=State.REJECTED, reason="AC04")], [], [])
    assert books.duplicates_booked() == []


def test_the_export_says_what_became_of_each_payment(books: Books) -> None:
    rejected = replace(PAYMENT, end_to_end_id="E2", amount_minor=123_456, state=State.REJECTED, reason="AM04")
    back = replace(DEBIT, sort=Sort.RETURN, side="CRDT", amount_minor=3, charges_minor=2, booked_on=NEXT_DAY)
    books.record(REQUEST, [replace(PAYMENT, state=State.RETURNED, reason="AC04"), rejected], [DEBIT, back], [])
    same = {"account": "DE1", "currency": "EUR"}
    first = same | {"endToEndId": "E1", "amount": "0.05", "rejected": False, "reason": "AC04", "booked": True}
    second = same | {"endToEndId": "E2", "amount": "1234.56", "rejected": True, "reason": "AM04", "booked": False}
    nothing = {
        "returned": False,
        "returnedAmount": "0.00",
        "charges": "0.00",
        "bookedOn": None,
        "returnedOn": None,
        "returnRefs": [],
    }
    came = {
        "returned": True,
        "returnedAmount": "0.03",
        "charges": "0.02",
        "returnedOn": str(NEXT_DAY),
        "returnRefs": ["R1"],
    }
    assert list(books.export()) == [first | came | {"bookedOn": str(PAY_DAY)}, second | nothing]
    assert list(books.export(PAY_DAY)) == [first | nothing | {"bookedOn": str(PAY_DAY)}, second | nothing]


def test_a_day_closes_once_with_everything_booked_until_then(books: Books) -> None:
    late = replace(DEBIT, ordinal=2, amount_minor=7, booked_on=NEXT_DAY)
    books.record(REQUEST, [PAYMENT, PAYMENT], [DEBIT, late], [])
    books.accounts.close(DEBTOR, PAY_DAY)
    with pytest.raises(sqlite3.IntegrityError):
        books.accounts.close(DEBTOR, PAY_DAY)
    books.accounts.close(DEBTOR, NEXT_DAY)
    first, second = books.accounts.statements()
    assert (first.sequence, first.opening_minor, first.closing_minor) == (1, 100, 95)
    assert (second.sequence, second.opening_minor, second.closing_minor) == (2, 95, 88)
    assert books.accounts.on_statement(first) == [DEBIT]
    assert (books.accounts.named_by("R1"), books.accounts.named_by("R2")) == (["E1"], [])
    assert books.accounts.on_statement(second) == [late]
    assert books.accounts.last_closed() == NEXT_DAY
    assert books.accounts.balances() == {DEBTOR: 88}


def test_a_request_is_recorded_whole_or_not_at_all(books: Books) -> None:
    books.record(REQUEST, [PAYMENT], [DEBIT], [HELLO])
    with pytest.raises(sqlite3.IntegrityError):
        books.record(REQUEST, [PAYMENT], [DEBIT], [HELLO])
    broken = replace(DEBIT, currency=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        books.record(replace(REQUEST, source="b.xml"), [PAYMENT, PAYMENT], [DEBIT, broken], [HELLO])
    assert (books.sources(), len(list(books.export())), len(books.due(NOW, 10))) == ({"a.xml"}, 1, 1)


def test_answers_wait_until_they_are_due_and_stay_until_acknowledged(books: Books) -> None:
    later = replace(HELLO, content=b"later", due=NOW + timedelta(microseconds=1))
    books.record(REQUEST, [], [], [later, HELLO])
    assert [answer.content for answer in books.due(NOW, 10)] == [b"hello"]
    both = books.due(later.due, 10)
    assert [answer.content for answer in both] == [b"hello", b"later"]
    books.acknowledge(both[:1], NOW)
    assert [answer.content for answer in books.due(later.due, 10)] == [b"later"]
    assert books.next_due() == later.due
    books.acknowledge(both[1:], NOW)
    assert (books.due(later.due, 10), books.next_due()) == ([], None)


def test_equal_messages_are_counted(books: Books) -> None:
    books.record(REQUEST, [], [], [HELLO, HELLO])
    books.record(replace(REQUEST, source="b.xml"), [], [], [HELLO])
    assert [answer.copy for answer in books.due(NOW, 10)] == [1, 2, 3]
