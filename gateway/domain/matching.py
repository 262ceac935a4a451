"""Matching what a bank booked with what it was sent, as values: the ladder, amounts, bookings and booked sums.

Matching is by identity; account, amount and date together only propose. Reference: iso20022-and-banks 3.1 to 3.3.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import combinations


class Rule(StrEnum):
    """The rungs of the ladder, first to last. The rung that made a match is stored with what was heard."""

    UETR = "uetr"
    END_TO_END_ID = "end_to_end_id"
    POSITION = "position"
    """MsgId of a submission and the place of a payment in it, by banks that name payments by line number. Members of
    what was sent never change; those of a void submission do, so that its lines name no payment."""
    INSTRUCTION = "instruction"
    """PmtInfId of ours and, as InstrId, the EndToEndId of a payment in that block: the writer sends no InstrId, and
    banks that need one copy the EndToEndId into it."""
    BANK_REFERENCE = "bank_reference"
    """AcctSvcrRef or TxId of this bank, learnt from an earlier message that named the payment."""
    TEXT = "text"
    """An id of the form of our EndToEndId that stands in free text."""
    BATCH_REFERENCE = "batch_reference"
    """MsgId or PmtInfId of a submission, or the bank's own reference learnt from an earlier booking of its sum."""
    BATCH_SUM = "batch_sum"
    """Count and sum, where they can mean one submission only."""


LADDER: tuple[Rule, ...] = tuple(Rule)

WINDOW_EARLY, WINDOW_LATE = timedelta(days=3), timedelta(days=10)
"""How long before and after a submission's execution date its booking is plausible."""
WINDOW_RETURN = timedelta(days=60)
"""How long after it a return is."""


def explained(short_minor: int, *, charged: bool, charges_minor: int | None, tolerance_minor: int) -> bool:
    """Whether an amount that is lower by `short_minor` than what was sent is still that payment's.

    Only downwards, and only where the message documents charges: they explain the difference exactly or, within the
    profile's tolerance, nearly. Charges of an amount that is not told explain what the tolerance allows.
    """
    if short_minor <= 0 or not charged:
        return short_minor == 0
    return abs(short_minor - (charges_minor or 0)) <= tolerance_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where and under which references a booking was told.

    `report` is the Stmt, Rpt or Ntfctn it stands in: message and place. `page_no` is the page of a statement, the same
    for every message that carries it; None in reports of other kinds.
    """

    report: tuple[int, int]
    page_no: int | None = None
    entry_ref: str | None = None
    tx_id: str | None = None

    @property
    def servicer_ref(self) -> str | None:
        """The bank's own reference (AcctSvcrRef); `entry_ref` may be the TxId where there is none."""
        return None if self.entry_ref == self.tx_id else self.entry_ref


def distinct(one: Entry, other: Entry) -> bool:
    """Whether two entries of the same payment (or sum), amount and sign are provably two bookings.

    Entries of one report are, however alike; entries of two pages of statements are, for statements tell each booking
    once. Across reports of other kinds, and where one page was sent twice, a shared reference makes them one, and
    references of one kind that differ make them two; where nothing can be compared they are taken for one booking that
    was told again.
    """
    two_pages = None not in {one.page_no, other.page_no} and one.page_no != other.page_no
    if one.report == other.report or two_pages:
        return True
    pairs = ((one.servicer_ref, other.servicer_ref), (one.tx_id, other.tx_id))
    known = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
    return bool(known) and all(mine != theirs for mine, theirs in known)


def booked_twice(entries: Sequence[Entry]) -> bool:
    """Whether entries of one payment tell more than one booking. More entries never make it fewer."""
    return any(distinct(one, other) for one, other in combinations(entries, 2))


def repeats(earlier: Iterable[Entry], later: Iterable[Entry]) -> list[bool]:
    """Say of each of the `later` entries whether it tells a booking again that was told before it."""
    bookings: list[list[Entry]] = []

    def tells_again(entry: Entry) -> bool:
        of = next((b for b in bookings if not any(distinct(entry, one) for one in b)), None)
        if of is None:
            bookings.append([entry])
            return False
        of.append(entry)
        return True

    for entry in earlier:
        tells_again(entry)
    return [tells_again(entry) for entry in later]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """So many payments and what they add up to, in minor units. The number is None where a bank does not tell it."""

    count: int | None
    minor: int

    def fits(self, sent: "Sum") -> bool:
        """Whether this booked sum is that of what was sent."""
        return self.minor == sent.minor and self.count in {None, sent.count}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A submission that a booked sum without a reference might be of.

    `everything` and `accepted` (all but the rejected) are its sums; `least_minor` and `most_minor` what could go if as
    many more of its payments were rejected as it has more than were booked: the smallest and the largest of them.
    `entries` tell where its sum was booked before.
    """

    submission_no: int
    everything: Sum
    accepted: Sum
    least_minor: int
    most_minor: int
    settled: bool = False
    entries: tuple[Entry, ...] = ()

    def fits(self, booked: Sum, entry: Entry) -> bool:
        """Whether it adds up, and is not already booked by an entry that is provably another."""
        adds_up = booked.fits(self.everything) or booked.fits(self.accepted)
        return adds_up and not any(distinct(entry, one) for one in self.entries)

    def could_fit(self, booked: Sum) -> bool:
        """Whether rejects that are not known yet could make it add up."""
        left_minor = self.accepted.minor - booked.minor
        more = (self.accepted.count or 0) > (booked.count or 0)
        return not self.settled and more and self.least_minor <= left_minor <= self.most_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Of which submissions a booked sum is (one: a match; several: ambiguous), and whether it must wait to be sure."""

    submission_nos: tuple[int, ...]
    waits: bool

    @property
    def only(self) -> int | None:
        """The submission that it is of."""
        return self.submission_nos[0] if len(self.submission_nos) == 1 and not self.waits else None


def choose(booked: Sum, entry: Entry, candidates: Iterable[Candidate]) -> Choice:
    """Choose by count and sum, for certain or not at all.

    Another submission that rejects not yet heard of could make equal keeps a sum waiting, so that the order in which a
    bank's messages arrive cannot make it another's.
    """
    candidates = tuple(candidates)
    fitting = tuple(c.submission_no for c in candidates if c.fits(booked, entry))
    waits = any(c.could_fit(booked) for c in candidates if c.submission_no not in fitting)
    return Choice(submission_nos=fitting, waits=waits)
