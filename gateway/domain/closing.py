"""When an attempt is closed, and what follows: pure rules over what is stored.

*Closed* means that this attempt's money cannot move any more; each rule names the proof. What follows is read from the
reason code, and the machine may do less than the code allows, never more.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from gateway.domain.calendar import next_banking_day
from gateway.domain.facts import MOVED, STATUS, Fact, contradictory, effective
from gateway.domain.reasons import Action, Need, Reasons
from gateway.domain.states import SubmissionState


class Rule(StrEnum):
    """The proofs by which an attempt is closed; stored with it."""

    NEVER_LEFT = "in no submission"
    """Every submission it was in is void or dissolved, and its order will not be paid by this attempt again."""
    FILE_REJECTED = "whole file rejected for form, limit or time"
    REJECTED = "rejected, and a proved statement does not book it"
    RETURNED = "came back in full in a proved statement"
    DECIDED = "two people"

    @property
    def word(self) -> str:
        """The rule in a word or two, as metrics count it."""
        return self.name.lower().replace("_", " ")


FORM: Final = frozenset(
    {
        *("FF01", "FF02", "FF03", "FF04", "FF05", "FF06", "FF07", "FF08"),  # format, syntax, service, purpose, ids
        *("CH16", "CH17", "CH20", "CH21"),  # an element that is wrong, too much, badly written or missing
        *("AM10", "AM16", "AM17", "AM18", "AM19", "AM20"),  # sums and counts disagree with what the file holds
        *("TD02", "TD03"),  # the file cannot be read, or is incomplete
        "DT02",  # creation date
    }
)
"""The file could not be taken in as it is: no payment of it was looked at."""
LIMIT: Final = frozenset({"AM02", "AM13", "AM14", "AM21", "AM23"})
"""The file is over a limit that stands before execution: the bank's, the client's or the clearing's."""
TIME: Final = frozenset({"DT01", "DT03", "DT04", "DT05", "TM01", "CH03", "CH04"})
"""It came for a day, or at an hour, on which the bank does not execute."""
AT_ONCE: Final = FORM | LIMIT | TIME
"""Codes of a whole-file reject after which nothing of the file can move (reference iso20022-and-banks 2.3).

Not in it: duplicates (the first one is live); DT06 and RR08 (they come with an acceptance); FF10, TA01, TD01 and AB*
(systems failed, perhaps after they took the file in); everything about accounts, funds and rights.
"""

RETURNS_RETRIED: Final = frozenset({"ED05", "ED06", "FF10", "TA01"})
"""The only reasons of a booked return after which the machine may pay again, once: settlement or technique failed."""
GENERATIONS_MAX: Final = 3
"""Attempts of one order that the machine makes by itself; a person decides on more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is stored about an attempt that is not closed, read under its lock.

    `own` and `group` are its facts and those of its submission (`state` None: it is in none). `file_spoken` says that
    some other status or booking was told of a payment of the file. `file_reason` is the code of the group status,
    `final` that the bank's hours after the rejection have passed, `statement_no` a proved and settled statement of the
    debtor account that covers the day. `doubted`: something was booked of it, or of its file, that is not explained.
    `tries` is how often the file was begun to be sent: of two copies one may be refused and the other taken.
    Amounts in minor units; `payable` says that its order may still be paid by it.
    """

    own: Fact
    group: Fact
    state: SubmissionState | None
    file_reason: str | None
    file_spoken: bool
    final: bool
    statement_no: int | None
    amount_minor: int
    returned_minor: int
    payable: bool
    doubted: bool = False
    tries: int = 1


def closing_rule(evidence: Evidence) -> Rule | None:
    """Return the rule that closes the attempt, or None: its money may still move, or may have moved."""
    if evidence.state is None:
        return None if evidence.payable or evidence.own & ~Fact.AT_THE_COUNTER else Rule.NEVER_LEFT
    facts = effective(evidence.own, evidence.group)
    if contradictory(facts):
        return None
    if facts & Fact.RETURNED_IN_STATEMENT:
        return Rule.RETURNED if evidence.returned_minor >= evidence.amount_minor else None
    if not facts & (Fact.REJECTED | Fact.CANCELLED) or facts & (MOVED | Fact.RETURNED) or evidence.doubted:
        return None
    if _whole_file(evidence):
        return Rule.FILE_REJECTED
    return Rule.REJECTED if evidence.final and evidence.statement_no is not None else None


def _whole_file(evidence: Evidence) -> bool:
    """Whether the file as a whole was refused before a payment of it was looked at, and nothing says otherwise.

    A bank names the file, not the copy: after a second try its word may be about that one (adr/0014).
    """
    only_rejected = evidence.group == Fact.REJECTED and not evidence.own & (STATUS & ~Fact.REJECTED)
    once = evidence.tries <= 1
    return only_rejected and once and not evidence.file_spoken and evidence.file_reason in AT_ONCE


class Course(StrEnum):
    """How an order goes on after its attempt was closed."""

    RETRY = "cut again"
    GIVE_BACK = "given back"
    HOLD_PAYEE = "payee held"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What follows from a closed attempt; `try_on` for RETRY alone, `needs` for the others."""

    course: Course
    action: Action
    needs: Need | None = None
    try_on: date | None = None


def follow(
    code: str | None, reasons: Reasons, *, rule: Rule, generation: int, returned_before: bool, today: date
) -> Follow:
    """Say how an order goes on. `returned_before`: an earlier attempt of it came back as well."""
    action = reasons.action(code)
    if action in {Action.RETRY, Action.FUNDS}:
        if _may_retry(code, rule=rule, generation=generation, returned_before=returned_before):
            return Follow(course=Course.RETRY, action=action, try_on=next_banking_day(today + timedelta(days=1)))
        return Follow(course=Course.OFFICER, action=Action.OFFICER, needs=Need.DECISION)
    course = {
        Action.BACK: Course.GIVE_BACK,
        Action.MEND: Course.GIVE_BACK,
        Action.HOLD_PAYEE: Course.HOLD_PAYEE,
    }.get(action, Course.OFFICER)
    return Follow(course=course, action=action, needs=reasons.need(code))


def _may_retry(code: str | None, *, rule: Rule, generation: int, returned_before: bool) -> bool:
    if generation >= GENERATIONS_MAX:
        return False
    if rule is Rule.RETURNED:
        return code in RETURNS_RETRIED and not returned_before
    return rule in {Rule.FILE_REJECTED, Rule.REJECTED}
