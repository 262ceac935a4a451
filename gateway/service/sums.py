"""Booked sums: a bank that books a whole submission names no payment; its sum is matched as one, or not at all.

First by reference, then by count and sum where they can mean one submission only. A sum is of all members or of all but
the rejected ones; one that fits neither waits for rejects.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.domain.facts import Fact
from gateway.domain.matching import (
    WINDOW_EARLY,
    WINDOW_LATE,
    Candidate,
    Choice,
    Entry,
    Rule,
    Sum,
    booked_twice,
    choose,
    repeats,
)
from gateway.service.bookings import told
from gateway.service.establish import Establish, Saying
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.judge import Matching, Verdict
from gateway.service.match import MATCHES
from gateway.service.settle import settle_late
from gateway.service.waiting_sums import WaitingSum, sums_are_placed, tell_of_sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A submission's members: all of them, and all but the rejected."""

    submission_no: int
    currency: str
    payment_count: int
    sum_minor: int
    everything: Sequence[int]
    accepted: Sequence[int]
    everything_minor: int
    accepted_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedRow:
    """A booked sum that is a submission's."""

    message_no: int
    ordinal: int
    statement: int | None
    page_no: int | None
    entry_ref: str | None
    tx_id: str | None
    amount_minor: int
    currency: str
    batch_count: int | None
    matched: bool
    sent_again: bool

    @property
    def entry(self) -> Entry:
        return told(self.message_no, self.statement, self.page_no, self.entry_ref, self.tx_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnplacedRow:
    """A booked sum that names no submission."""

    message_no: int
    ordinal: int
    statement: int | None
    page_no: int | None
    entry_ref: str | None
    tx_id: str | None
    account: str | None
    amount_minor: int
    currency: str
    batch_count: int | None
    booking_date: date | None
    verdict: str

    @property
    def entry(self) -> Entry:
        return told(self.message_no, self.statement, self.page_no, self.entry_ref, self.tx_id)

    @property
    def key(self) -> str:
        """Under which its exception is known."""
        return f"{self.message_no}/{self.ordinal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """A submission that an unplaced sum might be of; see `matching.Candidate`."""

    submission_no: int
    settled: bool
    payment_count: int
    sum_minor: int
    accepted_count: int
    accepted_minor: int
    least_minor: int
    most_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Matches the booked sums of one bank, in a transaction of `establish`."""

    establish: Establish
    matching: Matching
    booked_minor: set[int] = field(default_factory=set)
    """What was booked as sums in this transaction."""

    async def match(self, numbers: Iterable[int]) -> None:
        """Match the waiting sums of these submissions, then those that name none, as long as one can be placed."""
        waiting = sorted(numbers)
        while True:
            for number in waiting:
                await self._match(number)
            waiting = await self._place()
            if not waiting:
                return

    async def _match(self, number: int) -> None:
        session = self.establish.session
        if all(row.matched for row in await session.all(BookedRow, "sums.booked", number)):
            return
        await self.establish.lock([number])
        rows = await session.all(BookedRow, "sums.booked", number)  # two people may have written one off meanwhile
        figures = await session.one(Figures, "sums.figures", number)
        if figures is None:
            return
        booked, members = _fitting(rows, figures)
        if booked:
            await self._book(number, booked, members)
        await self._impossible([row for row in rows if row not in booked], figures)

    async def _book(self, number: int, booked: Sequence[BookedRow], members: Sequence[int]) -> None:
        session = self.establish.session
        firsts = [row.entry for row in booked if not row.sent_again]
        again = iter(repeats([], firsts))
        told_before = [True if row.sent_again else next(again) for row in booked]
        await session.execute("sums.matched", [r.message_no for r in booked], [r.ordinal for r in booked], told_before)
        await session.execute("sums.settle", number)
        self.booked_minor.update(row.amount_minor for row in booked)
        fact = Fact.BOOKED | Fact.BOOKED_TWICE if booked_twice(firsts) else Fact.BOOKED
        await self.establish.add([Saying(attempt_nos=members, fact=fact)])
        new = [(row.message_no, row.ordinal) for row in booked if not row.matched]
        await settle_late(self.establish, new)
        sums = [WaitingSum(message_no=m, ordinal=o, submission_no=number) for m, o in new]
        await sums_are_placed(session, self.establish.at, sums, how="evidence", by=self.establish.actor)

    async def _impossible(self, rows: Iterable[BookedRow], figures: Figures) -> None:
        """Tell a person of a booked sum that can never fit, whatever the bank still rejects."""
        never = []
        for row in rows:
            more = row.amount_minor > figures.sum_minor or (row.batch_count or 0) > figures.payment_count
            if more or row.currency != figures.currency:
                number = figures.submission_no
                never.append(WaitingSum(message_no=row.message_no, ordinal=row.ordinal, submission_no=number))
        await tell_of_sums(self.establish.session, self.establish.at, never, bank=self.establish.bank)

    async def _place(self) -> list[int]:
        """Place what can be placed now; return the submissions that got a sum."""
        session, placed = self.establish.session, set()
        await session.execute("sums.one_at_a_time", self.establish.bank)
        for row in await session.all(UnplacedRow, "sums.unplaced", self.establish.bank):
            choice = choose(_sum(row), row.entry, await self._candidates(row))
            if choice.only is not None:
                placed.add(choice.only)
            await self._note(row, choice)
            if choice.only is not None:
                break  # what was placed may make place for, or be in the way of, the next
        return sorted(placed)

    async def _candidates(self, row: UnplacedRow) -> list[Candidate]:
        if Rule.BATCH_SUM not in self.matching.rules or row.account is None or row.batch_count is None:
            return []
        late, early = WINDOW_LATE.days, WINDOW_EARLY.days
        about = (self.establish.bank, row.account, row.currency, row.batch_count, row.amount_minor)
        session = self.establish.session
        found = await session.all(CandidateRow, "sums.candidates", *about, row.booking_date, late, early)
        await self.establish.lock([c.submission_no for c in found])
        return [await self._candidate(c) for c in found]

    async def _candidate(self, row: CandidateRow) -> Candidate:
        booked = await self.establish.session.all(BookedRow, "sums.booked", row.submission_no)
        return Candidate(
            submission_no=row.submission_no,
            everything=Sum(count=row.payment_count, minor=row.sum_minor),
            accepted=Sum(count=row.accepted_count, minor=row.accepted_minor),
            least_minor=row.least_minor,
            most_minor=row.most_minor,
            settled=row.settled,
            entries=tuple(b.entry for b in booked),
        )

    async def _note(self, row: UnplacedRow, choice: Choice) -> None:
        """Store what was found, and tell a person where only a person can go on."""
        session, at, bank = self.establish.session, self.establish.at, self.establish.bank
        verdict = _verdict(choice)
        rule = None if choice.only is None else Rule.BATCH_SUM.value
        await session.execute("sums.place", row.message_no, row.ordinal, verdict.value, choice.only, rule)
        if choice.only is not None:
            self.establish.tally.count(MATCHES, 1, bank=bank, rule=Rule.BATCH_SUM.value)
            await session.execute("learn.found_a_home", row.key, at)
        elif verdict is not Verdict.SUM_WAITS:
            candidates = {"submissions": ", ".join(map(str, choice.submission_nos))} if choice.submission_nos else {}
            kind = Verdict.AMBIGUOUS if verdict is Verdict.SUM_AMBIGUOUS else Verdict.ORPHAN
            trouble = Trouble(
                kind=kind.value,
                key=row.key,
                bank=bank,
                message_no=row.message_no,
                ordinal=row.ordinal,
                detail=candidates,
            )
            await raise_exceptions(session, at, [trouble])


def _verdict(choice: Choice) -> Verdict:
    if len(choice.submission_nos) > 1:
        return Verdict.SUM_AMBIGUOUS
    return Verdict.SUM_WAITS if choice.submission_nos or choice.waits else Verdict.ORPHAN


def _sum(row: UnplacedRow) -> Sum:
    return Sum(count=row.batch_count, minor=row.amount_minor)


def _fitting(rows: Iterable[BookedRow], figures: Figures) -> tuple[list[BookedRow], Sequence[int]]:
    """Return the booked sums that fit, those matched before included, and whose payments they are."""
    everything = Sum(count=len(figures.everything), minor=figures.everything_minor)
    accepted = Sum(count=len(figures.accepted), minor=figures.accepted_minor)
    booked: list[BookedRow] = []
    members: Sequence[int] = figures.accepted
    for row in rows:
        of = Sum(count=row.batch_count, minor=row.amount_minor)
        if row.currency != figures.currency or not (row.matched or of.fits(everything) or of.fits(accepted)):
            continue
        booked.append(row)
        if of.fits(everything):
            members = figures.everything
    return booked, members
