"""Which proof closes an attempt, and what follows: reference iso20022-and-banks 2.3 and the rules of closing."""

from dataclasses import replace
from datetime import date
from functools import reduce
from operator import or_
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.calendar import is_banking_day
from gateway.domain.closing import (
    AT_ONCE,
    GENERATIONS_MAX,
    RETURNS_RETRIED,
    Course,
    Evidence,
    Rule,
    closing_rule,
    follow,
)
from gateway.domain.errors import ConfigError
from gateway.domain.facts import MOVED, Fact, contradictory, effective
from gateway.domain.reasons import DUPLICATES, Action, Need, Reasons, reasons_from
from gateway.domain.states import SubmissionState

DELIVERED = SubmissionState.DELIVERED
FRIDAY = date(2026, 9, 18)
SENT = Evidence(
    own=Fact.NONE,
    group=Fact.NONE,
    state=DELIVERED,
    file_reason=None,
    file_spoken=False,
    final=False,
    statement_no=None,
    amount_minor=51_240,
    returned_minor=0,
    payable=True,
)
REJECTED = replace(SENT, own=Fact.REJECTED)
FILE = replace(SENT, group=Fact.REJECTED, file_reason="FF01")
RETURNED = replace(SENT, own=Fact.BOOKED | Fact.RETURNED | Fact.RETURNED_IN_STATEMENT, returned_minor=51_240)
SETS = st.lists(st.sampled_from(Fact)).map(lambda facts: reduce(or_, facts, Fact.NONE))
EVIDENCE = st.builds(
    Evidence,
    own=SETS,
    group=SETS,
    state=st.none() | st.just(DELIVERED),
    file_reason=st.none() | st.sampled_from(["FF01", "AM04", "DU01", "TM01"]),
    file_spoken=st.booleans(),
    final=st.booleans(),
    statement_no=st.none() | st.just(7),
    amount_minor=st.just(51_240),
    returned_minor=st.sampled_from([0, 51_239, 51_240]),
    payable=st.booleans(),
    tries=st.integers(0, 3),
)


@pytest.fixture(scope="module")
def shipped() -> Reasons:
    file = Path(__file__).resolve().parents[2] / "config" / "reason_codes.yaml"
    return reasons_from(yaml.safe_load(file.read_text("utf-8")))


def course(
    reasons: Reasons, code: str | None, *, rule: Rule = Rule.REJECTED, generation: int = 1, returned: bool = False
) -> Course:
    return follow(code, reasons, rule=rule, generation=generation, returned_before=returned, today=FRIDAY).course


@given(EVIDENCE)
def test_money_that_may_have_moved_is_never_closed_by_rejection(evidence: Evidence) -> None:
    rule = closing_rule(evidence)
    facts = effective(evidence.own, evidence.group)
    if rule in {Rule.REJECTED, Rule.FILE_REJECTED}:
        assert not facts & (MOVED | Fact.RETURNED | Fact.RETURNED_IN_STATEMENT | Fact.CONTRADICTED)
    if rule is not None and evidence.state is not None:
        assert not contradictory(facts)


@given(EVIDENCE)
def test_one_refusal_of_several_copies_is_not_final(evidence: Evidence) -> None:
    """What closes a file that was tried twice is what closes one of which the refusal proves nothing."""
    twice = replace(evidence, tries=2)
    assert closing_rule(twice) is closing_rule(replace(twice, file_reason=None))
    assert closing_rule(replace(FILE, tries=2)) is None
    assert closing_rule(FILE) is Rule.FILE_REJECTED


@given(EVIDENCE)
def test_more_evidence_against_never_closes(evidence: Evidence) -> None:
    """Without a statement, hours and a final file reject nothing closes but a full return."""
    weaker = replace(evidence, final=False, statement_no=None, file_reason=None, state=DELIVERED)
    assert closing_rule(weaker) in {None, Rule.RETURNED}


@pytest.mark.parametrize(
    ("evidence", "rule"),
    [
        (replace(SENT, state=None, payable=False), Rule.NEVER_LEFT),
        (replace(SENT, state=None), None),
        (replace(SENT, state=None, payable=False, own=Fact.AT_THE_COUNTER), Rule.NEVER_LEFT),
        (SENT, None),
        (REJECTED, None),
        (replace(REJECTED, final=True), None),
        (replace(REJECTED, statement_no=7), None),
        (replace(REJECTED, final=True, statement_no=7), Rule.REJECTED),
        (replace(REJECTED, own=Fact.CANCELLED, final=True, statement_no=7), Rule.REJECTED),
        (replace(REJECTED, own=Fact.REJECTED | Fact.BOOKED, final=True, statement_no=7), None),
        (replace(REJECTED, own=Fact.REJECTED | Fact.EXECUTED, final=True, statement_no=7), None),
        (FILE, Rule.FILE_REJECTED),
        (replace(FILE, file_spoken=True), None),
        (replace(FILE, own=Fact.ACCEPTED), None),
        (replace(FILE, group=Fact.REJECTED | Fact.ACCEPTED), None),
        (replace(FILE, file_reason="AM04"), None),
        (replace(FILE, file_reason=None), None),
        (replace(FILE, own=Fact.BOOKED), None),
        (RETURNED, Rule.RETURNED),
        (replace(RETURNED, returned_minor=51_239), None),
        (replace(RETURNED, own=RETURNED.own | Fact.BOOKED_TWICE), None),
        (replace(RETURNED, own=Fact.BOOKED | Fact.RETURNED), None),
    ],
)
def test_each_proof_closes_and_less_than_it_does_not(evidence: Evidence, rule: Rule | None) -> None:
    assert closing_rule(evidence) is rule


def test_a_duplicate_and_a_failure_of_systems_never_close_at_once() -> None:
    assert AT_ONCE.isdisjoint(DUPLICATES | {"FF10", "TA01", "TD01", "DT06", "RR08", "ED05", "AB01", "AM04", "NARR"})
    assert RETURNS_RETRIED.isdisjoint(DUPLICATES)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("TM01", Course.RETRY),
        ("ED05", Course.RETRY),
        ("AM04", Course.RETRY),
        ("AC04", Course.GIVE_BACK),
        ("BE04", Course.GIVE_BACK),
        ("MD07", Course.HOLD_PAYEE),
        ("CNOR", Course.OFFICER),
        ("MS03", Course.OFFICER),
        ("AM05", Course.OFFICER),
        ("X404", Course.OFFICER),
        (None, Course.OFFICER),
    ],
)
def test_a_rejection_takes_the_course_of_its_code(shipped: Reasons, code: str | None, expected: Course) -> None:
    assert course(shipped, code) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [("ED05", Course.RETRY), ("AB05", Course.OFFICER), ("TM01", Course.OFFICER), ("AM04", Course.OFFICER)],
)
def test_after_a_return_only_technical_reasons_are_paid_again(shipped: Reasons, code: str, expected: Course) -> None:
    assert course(shipped, code, rule=Rule.RETURNED) is expected


def test_after_a_return_it_is_paid_again_once_only(shipped: Reasons) -> None:
    assert course(shipped, "ED05", rule=Rule.RETURNED, generation=2, returned=True) is Course.OFFICER


def test_the_machine_gives_up_after_some_generations(shipped: Reasons) -> None:
    assert course(shipped, "TM01", generation=GENERATIONS_MAX - 1) is Course.RETRY
    assert course(shipped, "TM01", generation=GENERATIONS_MAX) is Course.OFFICER


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_the_next_window_is_a_later_banking_day(today: date) -> None:
    reasons = reasons_from({"TM01": "retry in the next window"})
    follows = follow("TM01", reasons, rule=Rule.REJECTED, generation=1, returned_before=False, today=today)
    assert follows.try_on is not None
    assert follows.try_on > today
    assert is_banking_day(follows.try_on)


@pytest.mark.parametrize(
    ("code", "need"),
    [
        ("AC04", Need.ACCOUNT),
        ("BE01", Need.NAME),
        ("BE04", Need.DATA),
        ("MD07", Need.DEATH),
        ("LEGL", Need.DECISION),
        ("MD06", Need.DECISION),
        ("X404", Need.DECISION),
        ("TM01", None),
    ],
)
def test_each_code_says_what_is_needed(shipped: Reasons, code: str, need: Need | None) -> None:
    assert shipped.need(code) is need


def test_a_code_is_written_alone_or_with_what_it_needs() -> None:
    table = reasons_from({"AC01": "mend", "BE01": {"action": "back to the benefits system", "needs": "name"}})
    assert (table.action("AC01"), table.action("BE01"), table.need("BE01")) == (Action.MEND, Action.BACK, Need.NAME)


@pytest.mark.parametrize(
    "row", [{"action": "mend"}, {"action": "mend", "needs": "luck"}, {"action": "mend", "needs": "data", "x": "y"}]
)
def test_a_need_nobody_knows_is_refused(row: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="AC01"):
        reasons_from({"AC01": row})
