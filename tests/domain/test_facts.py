"""Facts grow as a set, so positions cannot depend on the order or repetition of what a bank says."""

from functools import reduce
from operator import or_

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.facts import Fact, Position, contradictory, effective, position
from gateway.domain.states import SubmissionState

FACTS = st.lists(st.sampled_from(Fact))
SUBMISSIONS = st.none() | st.sampled_from(SubmissionState)
DELIVERED = SubmissionState.DELIVERED


def merged(facts: list[Fact]) -> Fact:
    return reduce(or_, facts, Fact.NONE)


@given(FACTS, FACTS, SUBMISSIONS, st.randoms(use_true_random=False), st.data())
def test_order_and_repetition_do_not_matter(
    own: list[Fact], group: list[Fact], submission: SubmissionState | None, random: object, data: st.DataObject
) -> None:
    first = position(merged(own), merged(group), submission)
    again = data.draw(st.permutations(own + own))
    assert position(merged(again), merged(data.draw(st.permutations(group * 2))), submission) is first


@given(FACTS, FACTS)
def test_facts_only_grow(known: list[Fact], news: list[Fact]) -> None:
    before, after = merged(known), merged(known) | merged(news)
    assert before & after == before
    assert not contradictory(before & (Fact.BOOKED_TWICE | Fact.CONTRADICTED)) or contradictory(after)


@given(FACTS, FACTS, SUBMISSIONS)
def test_an_attempt_of_which_a_bank_has_spoken_does_not_depend_on_its_submission(
    own: list[Fact], group: list[Fact], submission: SubmissionState | None
) -> None:
    if effective(merged(own), merged(group)) & ~(Fact.AT_THE_COUNTER | Fact.WRITTEN_OFF):
        assert position(merged(own), merged(group), submission) is position(merged(own), merged(group), None)


def test_the_stored_numbers_never_change() -> None:
    assert {fact.name: fact.value for fact in Fact} == {
        "ACCEPTED": 1,
        "EXECUTED": 2,
        "CREDITED": 4,
        "BOOKED": 8,
        "BOOKED_IN_STATEMENT": 16,
        "BOOKED_TWICE": 32,
        "REJECTED": 64,
        "RETURNED": 128,
        "RETURNED_IN_STATEMENT": 256,
        "CANCELLED": 512,
        "CONTRADICTED": 1024,
        "AT_THE_COUNTER": 2048,
        "WRITTEN_OFF": 4096,
    }


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (Fact.NONE, Position.IN_FLIGHT),
        (Fact.ACCEPTED, Position.ACCEPTED),
        (Fact.BOOKED, Position.EXECUTED),
        (Fact.BOOKED | Fact.BOOKED_IN_STATEMENT, Position.EXECUTED),
        (Fact.BOOKED | Fact.CREDITED, Position.PAID),
        (Fact.CREDITED, Position.PAID),
        (Fact.BOOKED | Fact.RETURNED, Position.RETURNED),
        (Fact.REJECTED, Position.REJECTED),
    ],
)
def test_where_the_bank_books_before_the_payee_collects_only_collected_means_paid(
    own: Fact, expected: Position
) -> None:
    assert position(own | Fact.AT_THE_COUNTER, Fact.NONE, SubmissionState.DELIVERED) is expected


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (Fact.NONE, Position.IN_FLIGHT),
        (Fact.ACCEPTED, Position.ACCEPTED),
        (Fact.ACCEPTED | Fact.EXECUTED, Position.EXECUTED),
        (Fact.ACCEPTED | Fact.EXECUTED | Fact.BOOKED, Position.PAID),
        (Fact.CREDITED, Position.PAID),
        (Fact.BOOKED_IN_STATEMENT, Position.PAID),
        (Fact.ACCEPTED | Fact.REJECTED, Position.REJECTED),
        (Fact.ACCEPTED | Fact.CANCELLED, Position.CANCELLED),
        (Fact.BOOKED | Fact.RETURNED, Position.RETURNED),
        (Fact.BOOKED | Fact.RETURNED_IN_STATEMENT, Position.RETURNED),
        (Fact.BOOKED | Fact.REJECTED, Position.CONFLICT),
        (Fact.EXECUTED | Fact.CANCELLED, Position.CONFLICT),
        (Fact.BOOKED | Fact.REJECTED | Fact.RETURNED, Position.RETURNED),
        (Fact.BOOKED | Fact.BOOKED_TWICE, Position.CONFLICT),
        (Fact.BOOKED | Fact.BOOKED_TWICE | Fact.RETURNED, Position.CONFLICT),
        (Fact.REJECTED | Fact.CONTRADICTED, Position.CONFLICT),
    ],
)
def test_the_position_is_the_first_that_fits(own: Fact, expected: Position) -> None:
    assert position(own, Fact.NONE, DELIVERED) is expected


@pytest.mark.parametrize(
    ("own", "group", "expected"),
    [
        # a group status speaks for payments that no status names
        (Fact.NONE, Fact.REJECTED, Position.REJECTED),
        (Fact.NONE, Fact.ACCEPTED, Position.ACCEPTED),
        # the lowest level wins
        (Fact.REJECTED, Fact.ACCEPTED, Position.REJECTED),
        (Fact.ACCEPTED, Fact.REJECTED, Position.ACCEPTED),
        # a booking is no status: a rejected group with a booked payment cannot be true
        (Fact.BOOKED, Fact.REJECTED, Position.CONFLICT),
        (Fact.BOOKED, Fact.ACCEPTED, Position.PAID),
        (Fact.BOOKED | Fact.ACCEPTED, Fact.REJECTED, Position.PAID),
    ],
)
def test_a_group_status_speaks_until_something_names_the_payment(own: Fact, group: Fact, expected: Position) -> None:
    assert position(own, group, DELIVERED) is expected


@pytest.mark.parametrize(
    ("submission", "expected"),
    [
        (None, Position.WAITING),
        (SubmissionState.OPEN, Position.WAITING),
        (SubmissionState.SEALED, Position.WAITING),
        (SubmissionState.NOT_SENT, Position.WAITING),
        (SubmissionState.VOID, Position.WAITING),
        (SubmissionState.DISSOLVED, Position.WAITING),
        (SubmissionState.SENDING, Position.IN_FLIGHT),
        (SubmissionState.DELIVERED, Position.IN_FLIGHT),
        (SubmissionState.UNKNOWN, Position.UNKNOWN),
    ],
)
def test_without_facts_the_submission_tells_the_position(
    submission: SubmissionState | None, expected: Position
) -> None:
    assert position(Fact.NONE, Fact.NONE, submission) is expected
