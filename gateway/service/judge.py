"""What one observation establishes: a pure judgement of what it says against what we sent.

A message speaks only for the bank it came from, and only of what was sent to that bank; everything else becomes an
exception and changes nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.domain.facts import Fact
from gateway.domain.observation import ObservationKind
from gateway.domain.states import SubmissionState


class Verdict(StrEnum):
    """How an observation was matched, or why it touched nothing. Stored with it; every line received has one."""

    MATCHED = "matched"
    BATCH_SUM = "matched batch sum"
    SUM_WAITS = "batch sum waits for rejects"
    NOTHING = "says nothing of payments"
    HAS_IT = "bank already has it"
    ORPHAN = "orphan"
    FOREIGN = "foreign bank"
    UNSENT = "names what was never sent"
    NAMES_TWO = "names two payments"
    AMOUNT_DIFFERS = "amount differs"
    OTHER_ACCOUNT = "not our debtor account"
    UNLISTED = "unlisted status"
    LUMP_RETURN = "lump return"


HARMLESS = frozenset({Verdict.MATCHED, Verdict.BATCH_SUM, Verdict.SUM_WAITS, Verdict.NOTHING, Verdict.HAS_IT})
"""Verdicts that need no person."""
ALARMS = frozenset({Verdict.FOREIGN, Verdict.UNSENT})
"""Verdicts that are a security alarm; UNSENT also pauses the bank's lane."""

_SENT = frozenset({SubmissionState.SENDING, SubmissionState.DELIVERED, SubmissionState.UNKNOWN})
_ENTRIES = frozenset({ObservationKind.ENTRY, ObservationKind.BATCH_ENTRY, ObservationKind.RETURN_ENTRY})


class Meaning(Protocol):
    """What a status code means at this bank."""

    @property
    def fact(self) -> Fact: ...
    @property
    def duplicate(self) -> bool: ...
    @property
    def unlisted(self) -> bool: ...


class Statuses(Protocol):
    """The status table of one bank."""

    def meaning(self, status: str | None, reason: str | None, reason_text: str | None = None) -> Meaning: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An observation beside what it names; the parts from `attempt_no` on are None where it names nothing of ours.

    `bank` is whom the message came from, `sent_to` whom the named thing was for. `expected_minor` is the attempt's
    amount. `named_submission_no` is the submission itself or the attempt's. `names_two`: the UETR is one payment's, the
    EndToEndId is not.
    """

    ordinal: int
    kind: str
    bank: str
    status: str | None
    reason: str | None
    reason_text: str | None
    account: str | None
    amount_minor: int | None
    currency: str | None
    credit: bool | None
    booked: bool | None
    charged: bool
    entry_ref: str | None
    attempt_no: int | None
    named_submission_no: int | None
    sent_to: str | None
    state: str | None
    debtor_account: str | None
    expected_minor: int | None
    expected_currency: str | None
    names_two: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict, and the fact it adds to the attempt or, for a group status, to the submission."""

    verdict: Verdict
    fact: Fact = Fact.NONE


def judge(heard: Heard, statuses: Statuses) -> Judgement:
    """Judge one observation."""
    strange = _strange(heard)
    if strange is not None:
        return Judgement(verdict=strange)
    if heard.kind in _ENTRIES:
        return _entry(heard)
    meaning = statuses.meaning(heard.status, heard.reason, heard.reason_text)
    if meaning.duplicate:
        return Judgement(verdict=Verdict.HAS_IT)
    if meaning.unlisted:
        return Judgement(verdict=Verdict.UNLISTED)
    return Judgement(verdict=Verdict.MATCHED if meaning.fact else Verdict.NOTHING, fact=meaning.fact)


def _strange(heard: Heard) -> Verdict | None:
    """Say why this observation may not speak of what it names, if so."""
    if heard.sent_to is None:
        unnamed_credit = heard.kind == ObservationKind.RETURN_ENTRY and heard.booked
        return Verdict.LUMP_RETURN if unnamed_credit else Verdict.ORPHAN
    if heard.sent_to != heard.bank:
        return Verdict.FOREIGN
    if heard.state not in _SENT:
        return Verdict.UNSENT
    if heard.names_two:
        return Verdict.NAMES_TWO
    if heard.account is not None and heard.account != heard.debtor_account:
        return Verdict.OTHER_ACCOUNT
    return None


def _entry(heard: Heard) -> Judgement:
    """Judge a booking. Only status BOOK is one, and its sign comes from the entry alone (reference 3.1)."""
    if not heard.booked:
        return Judgement(verdict=Verdict.NOTHING)
    if heard.kind == ObservationKind.BATCH_ENTRY:
        return Judgement(verdict=Verdict.SUM_WAITS if not heard.credit else Verdict.LUMP_RETURN)
    if heard.attempt_no is None or heard.credit != (heard.kind == ObservationKind.RETURN_ENTRY):
        return Judgement(verdict=Verdict.ORPHAN)
    if (heard.amount_minor, heard.currency) != (heard.expected_minor, heard.expected_currency):
        return Judgement(verdict=Verdict.AMOUNT_DIFFERS)
    return Judgement(verdict=Verdict.MATCHED, fact=Fact.RETURNED if heard.credit else Fact.BOOKED)
