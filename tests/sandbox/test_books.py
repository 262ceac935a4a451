import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.sandbox import Books, Duplicate
from gateway.sandbox.books import BookedPayment, Queued, Request
from gateway.sandbox.judge import Outcome, State
from tests.sandbox.material import DEBTOR, NOW, PAY_DAY

REQUEST = Request(source="a.xml", digest="0" * 64, msg_id="M1", received_at=NOW, outcome=Outcome.ACCEPTED)
PAYMENT = BookedPayment(
    end_to_end_id="E1",
    account="DE1",
    debtor_account=DEBTOR,
    amount_minor=5,
    currency="EUR",
    state=State.BOOKED,
    reason=None,
    entry_ref="R1",
    booked_on=PAY_DAY,
)
HELLO = Queued(name="H", suffix="xml", content=b"hello", due=NOW)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    opened = Books(tmp_path / "bank" / "books.sqlite")
    yield opened
    opened.close()


def test_one_booking_each_is_no_duplicate(books: Books) -> None:
    books.record(REQUEST, [PAYMENT, replace(PAYMENT, end_to_end_id="E2")], [])
    assert books.duplicates_booked() == []


def test_a_forced_double_booking_is_found(books: Books) -> None:
    books.record(REQUEST, [PAYMENT], [])
    books.record(replace(REQUEST, source="b.xml", msg_id="M2"), [PAYMENT], [])
    assert books.duplicates_booked() == [Duplicate(kind="EndToEndId", reference="E1", times=2)]
    assert [row["endToEndId"] for row in books.export()] == ["E1", "E1"]


def test_a_double_within_one_file_is_found(books: Books) -> None:
    books.record(REQUEST, [PAYMENT, PAYMENT], [])
    assert books.duplicates_booked() == [Duplicate(kind="EndToEndId", reference="E1", times=2)]


def test_a_msg_id_booked_from_two_files_is_found(books: Books) -> None:
    books.record(REQUEST, [PAYMENT], [])
    books.record(replace(REQUEST, source="b.xml"), [replace(PAYMENT, end_to_end_id="E2")], [])
    assert books.duplicates_booked() == [Duplicate(kind="MsgId", reference="M1", times=2)]


def test_a_rejected_and_a_returned_payment_are_not_booked_twice(books: Books) -> None:
    returned = replace(PAYMENT, state=State.RETURNED, reason="AC04", return_ref="R2", returned_on=PAY_DAY)
    books.record(REQUEST, [returned], [])
    books.record(replace(REQUEST, source="b.xml"), [replace(PAYMENT, state=State.REJECTED, reason="AC04")], [])
    assert books.duplicates_booked() == []


def test_the_export_says_what_became_of_each_payment(books: Books) -> None:
    rejected = replace(PAYMENT, end_to_end_id="E2", amount_minor=123_456, state=State.REJECTED, reason="AM04")
    books.record(REQUEST, [PAYMENT, rejected], [])
    plain = {"account": "DE1", "currency": "EUR", "returned": False}
    assert list(books.export()) == [
        plain | {"endToEndId": "E1", "amount": "0.05", "booked": True, "rejected": False, "reason": None},
        plain | {"endToEndId": "E2", "amount": "1234.56", "booked": False, "rejected": True, "reason": "AM04"},
    ]


def test_a_request_is_recorded_whole_or_not_at_all(books: Books) -> None:
    books.record(REQUEST, [PAYMENT], [HELLO])
    with pytest.raises(sqlite3.IntegrityError):
        books.record(REQUEST, [PAYMENT], [HELLO])
    broken = replace(PAYMENT, currency=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        books.record(replace(REQUEST, source="b.xml"), [PAYMENT, broken], [HELLO])
    assert (books.sources(), len(list(books.export())), len(books.due(NOW, 10))) == ({"a.xml"}, 1, 1)


def test_answers_wait_until_they_are_due_and_stay_until_acknowledged(books: Books) -> None:
    later = replace(HELLO, content=b"later", due=NOW + timedelta(microseconds=1))
    books.record(REQUEST, [], [later, HELLO])
    assert [answer.content for answer in books.due(NOW, 10)] == [b"hello"]
    both = books.due(later.due, 10)
    assert [answer.content for answer in both] == [b"hello", b"later"]
    books.acknowledge(both[:1], NOW)
    assert [answer.content for answer in books.due(later.due, 10)] == [b"later"]
    assert books.next_due() == later.due
    books.acknowledge(both[1:], NOW)
    assert (books.due(later.due, 10), books.next_due()) == ([], None)


def test_equal_messages_are_counted(books: Books) -> None:
    books.record(REQUEST, [], [HELLO, HELLO])
    books.record(replace(REQUEST, source="b.xml"), [], [HELLO])
    assert [answer.copy for answer in books.due(NOW, 10)] == [1, 2, 3]
