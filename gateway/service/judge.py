"""What one observation establishes: a pure judgement of what it says against what we sent.

A message speaks only for the bank it came from, and only of what was sent to that bank; everything else becomes an
exception and changes nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from gateway.domain.answers import PAYEE_CHECKS, PayeeCheck
from gateway.domain.facts import Fact
from gateway.domain.matching import Rule, explained
from gateway.domain.observation import ObservationKind
from gateway.domain.states import SubmissionState


class Verdict(StrEnum):
    """How an observation was matched, or why it touched nothing. Stored with it; every line received has one."""

    MATCHED = "matched"
    BATCH_SUM = "matched batch sum"
    SUM_WAITS = "batch sum waits for rejects"
    SUM_AMBIGUOUS = "ambiguous sum"
    NOTHING = "says nothing of payments"
    CHARGES = "charges"
    HAS_IT = "bank already has it"
    UNPROVED = "statement not proved"
    ORPHAN = "orphan"
    AMBIGUOUS = "ambiguous"
    FOREIGN = "foreign bank"
    UNSENT = "names what was never sent"
    NAMES_TWO = "names two payments"
    NO_SUCH_LINE = "no such line"
    """Names a payment by a number that its submission does not reach to, or a block that it does not have."""
    AMOUNT_DIFFERS = "amount differs"
    OTHER_ACCOUNT = "not our debtor account"
    UNLISTED = "unlisted status"
    LUMP_RETURN = "lump return"
    SECOND_RETURN = "returned before"
    SPLIT = "split by hand"
    """A lump return that a person split over its payments; it counts no more, its parts do."""
    RETURN_ADVISED = "return announced"
    """Word of a return: the credit that is booked returns it."""
    RECALL_ANSWERED = "recall answered"
    PAYEE_CHECKED = "payee checked"
    PAYEE_DIFFERS = "payee check failed"
    OVERRULED = "report contradicts itself"
    TRANSPORT = "step of the transport"
    TRANSPORT_REFUSED = "refused in transport"


HARMLESS = frozenset(
    {
        *(Verdict.MATCHED, Verdict.BATCH_SUM, Verdict.SUM_WAITS, Verdict.NOTHING, Verdict.HAS_IT),
        *(Verdict.CHARGES, Verdict.UNPROVED, Verdict.SUM_AMBIGUOUS, Verdict.SPLIT),
        *(Verdict.RETURN_ADVISED, Verdict.PAYEE_CHECKED, Verdict.TRANSPORT),
    }
)
"""Verdicts that need no person: what an unproved statement and an ambiguous sum need is raised where that is found."""
MUTE = frozenset({Verdict.UNPROVED, Verdict.TRANSPORT})
"""Verdicts of these that do not even say that the bank has what is named."""
NAMED = frozenset(
    {
        *(Verdict.NAMES_TWO, Verdict.NO_SUCH_LINE, Verdict.AMOUNT_DIFFERS, Verdict.OTHER_ACCOUNT, Verdict.UNLISTED),
        *(Verdict.RECALL_ANSWERED, Verdict.PAYEE_DIFFERS, Verdict.OVERRULED),
    }
)
"""Verdicts of what names something that this bank was sent and yet says nothing of it: the bank has it."""
ALARMS = frozenset({Verdict.FOREIGN, Verdict.UNSENT})
"""Verdicts that are a security alarm; UNSENT also pauses the bank's lane."""
KINDS = {
    Verdict.HAS_IT: "suspected duplicate",
    Verdict.SECOND_RETURN: "suspected duplicate",
    Verdict.SUM_AMBIGUOUS: "ambiguous",
}
"""The kind of exception where it is not called as the verdict is."""

_SENT = frozenset({SubmissionState.SENDING, SubmissionState.DELIVERED, SubmissionState.UNKNOWN})
_ENTRIES = frozenset({ObservationKind.ENTRY, ObservationKind.BATCH_ENTRY, ObservationKind.RETURN_ENTRY})
_TRANSPORT = {
    ObservationKind.TRANSPORT_STEP: Verdict.TRANSPORT,
    ObservationKind.TRANSPORT_REFUSAL: Verdict.TRANSPORT_REFUSED,
}
_NO_OUTCOME = {
    **_TRANSPORT,
    ObservationKind.RETURN_ADVICE: Verdict.RETURN_ADVISED,
    ObservationKind.RECALL_ANSWER: Verdict.RECALL_ANSWERED,
    ObservationKind.OVERRULED_STATUS: Verdict.OVERRULED,
}
"""Kinds that are stored, and shown where nobody handles them, but say nothing of what became of a payment."""
_COUNTED = frozenset({Rule.POSITION, Rule.BANK_REFERENCE})
"""Rungs that name a payment by a number in somebody's list: a status with another amount is of another payment."""
_CHECKED = frozenset({PayeeCheck.MATCH, PayeeCheck.NOT_POSSIBLE})


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


class Matching(Protocol):
    """How one bank's bookings are matched."""

    @property
    def rules(self) -> Collection[Rule]: ...
    def tolerance_minor(self, currency: str) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """One bank's ways: what its codes mean, and how its bookings are matched.

    `own_codes` are reason codes of its own for which its profile has a rule, such as those for unclaimed money.
    """

    statuses: Statuses
    matching: Matching
    own_codes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Observations that cannot be judged differently, beside what they name.

    The four sequences run in parallel, one place an observation. `rule` is the rung by which they name something of
    ours; without one, what follows it is None. `sent_to` is the bank that the named thing was for. `short_minor` is by
    how much the amount is lower than the attempt's. `several`: they name more than one thing by that rung; `names_two`:
    the UETR is one payment's, the EndToEndId is not. `page_no`: the page of a statement that they stand in.
    `unproved`: their statement contradicts itself; `sent_again`: it is a copy of one that was received before.
    `only_charges`: the amount is the charges that it documents. `beyond`: they name payments of a submission by their
    place, or a block of it, and it has none there.
    """

    kind: str
    status: str | None
    reason: str | None
    reason_text: str | None
    credit: bool | None
    booked: bool | None
    currency: str | None
    charged: bool
    charges_minor: int | None
    statement: int | None
    page_no: int | None
    unproved: bool
    sent_again: bool
    rule: str | None
    submission_no: int | None
    sent_to: str | None
    account_agrees: bool | None
    short_minor: int | None
    currency_agrees: bool | None
    names_two: bool
    ordinals: Sequence[int]
    attempt_nos: Sequence[int | None]
    entry_refs: Sequence[str | None]
    tx_ids: Sequence[str | None]
    only_charges: bool
    beyond: bool = False
    several: bool = False
    state: str | None = None

    @property
    def names_attempts(self) -> bool:
        """Whether they name payments; all of them do or none."""
        return self.attempt_nos[0] is not None

    def one_by_one(self) -> Iterator["Heard"]:
        """Take them apart."""
        for at in range(len(self.ordinals)):
            one = slice(at, at + 1)
            yield replace(
                self,
                ordinals=self.ordinals[one],
                attempt_nos=self.attempt_nos[one],
                entry_refs=self.entry_refs[one],
                tx_ids=self.tx_ids[one],
            )

    @property
    def is_entry(self) -> bool:
        """Whether they are bookings, not statuses."""
        return self.kind in _ENTRIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict, and the fact it adds to the attempts or, for a group status, to the submission."""

    verdict: Verdict
    fact: Fact = Fact.NONE


def judge(heard: Heard, bank: str, ways: Ways) -> Judgement:
    """Judge observations of a message of `bank`."""
    strange = _strange(heard, bank)
    if strange is not None:
        return Judgement(verdict=strange)
    if heard.is_entry:
        return _entry(heard, ways.matching)
    aside = _aside(heard)
    if aside is not None:
        return Judgement(verdict=aside)
    meaning = ways.statuses.meaning(heard.status, heard.reason, heard.reason_text)
    if meaning.duplicate:
        return Judgement(verdict=Verdict.HAS_IT)
    if meaning.unlisted:
        return Judgement(verdict=Verdict.UNLISTED)
    if meaning.fact and heard.rule in _COUNTED and (heard.short_minor or heard.currency_agrees is False):
        return Judgement(verdict=Verdict.AMOUNT_DIFFERS)
    return Judgement(verdict=Verdict.MATCHED if meaning.fact else Verdict.NOTHING, fact=meaning.fact)


def _strange(heard: Heard, bank: str) -> Verdict | None:
    """Say why these observations may not speak of what they name, if so."""
    if heard.unproved:
        return Verdict.UNPROVED
    if heard.several:
        return Verdict.AMBIGUOUS
    if heard.sent_to is None:
        return _nameless(heard)
    if heard.sent_to != bank:
        return Verdict.FOREIGN
    if heard.state not in _SENT:
        return Verdict.UNSENT
    if heard.names_two:
        return Verdict.NAMES_TWO
    if heard.beyond:
        return Verdict.NO_SUCH_LINE
    return None if heard.account_agrees else Verdict.OTHER_ACCOUNT


def _aside(heard: Heard) -> Verdict | None:
    """Judge what is no status and no booking of a payment, whatever code it carries."""
    if heard.kind == ObservationKind.PAYEE_CHECK:
        passed = heard.status is None or PAYEE_CHECKS.get(heard.status) in _CHECKED
        return Verdict.PAYEE_CHECKED if passed else Verdict.PAYEE_DIFFERS
    return _NO_OUTCOME.get(ObservationKind(heard.kind))


def _nameless(heard: Heard) -> Verdict:
    """Judge what names nothing of ours. A transport tells of everything that passed, fetched files too."""
    if heard.kind in _TRANSPORT:
        return _TRANSPORT[ObservationKind(heard.kind)]
    if heard.is_entry and not heard.booked:
        return Verdict.NOTHING
    if heard.only_charges and heard.kind == ObservationKind.ENTRY:
        return Verdict.CHARGES
    if heard.kind == ObservationKind.BATCH_ENTRY and not heard.credit:
        return Verdict.SUM_WAITS
    credited = heard.kind in {ObservationKind.RETURN_ENTRY, ObservationKind.BATCH_ENTRY}
    return Verdict.LUMP_RETURN if credited else Verdict.ORPHAN


def _entry(heard: Heard, matching: Matching) -> Judgement:
    """Judge a booking. Only status BOOK is one, and its sign comes from the entry alone (reference 3.1)."""
    if not heard.booked:
        return Judgement(verdict=Verdict.NOTHING)
    if not heard.names_attempts:
        return Judgement(verdict=Verdict.LUMP_RETURN if heard.credit else Verdict.SUM_WAITS)
    if heard.only_charges and not heard.credit and heard.short_minor:
        return Judgement(verdict=Verdict.CHARGES)  # the bank's fee for a payment is not the payment
    # A credit that names a payment of ours gives it back, whether or not the bank calls it a return.
    if not heard.currency_agrees or not _amount_agrees(heard, matching):
        return Judgement(verdict=Verdict.AMOUNT_DIFFERS)
    return Judgement(verdict=Verdict.MATCHED, fact=Fact.RETURNED if heard.credit else Fact.BOOKED)


def _amount_agrees(heard: Heard, matching: Matching) -> bool:
    if heard.short_minor is None or heard.currency is None:
        return False
    return explained(
        heard.short_minor,
        charged=heard.charged,
        charges_minor=heard.charges_minor,
        tolerance_minor=matching.tolerance_minor(heard.currency),
    )
