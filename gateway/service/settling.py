"""What booked entries of a proved statement are of, and what they say of it: facts, and money that came back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.facts import Fact
from gateway.domain.ledger import BookedEntry, Journal, LedgerAccount, Owed, Purse, Settlement, settle
from gateway.service.establish import Establish, Saying
from gateway.service.exceptions import Trouble, end_exceptions, raise_exceptions
from gateway.service.judge import Verdict

IN_PART = "returned in part"
MATCHED = [Verdict.MATCHED.value, Verdict.BATCH_SUM.value]
"""Verdicts that say which of our payments an entry is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """A booked entry of a statement; from `item_no` on: where it stands in suspense."""

    message_no: int
    ordinal: int
    verdict: str
    attempt_no: int | None
    submission_no: int | None
    amount_minor: int
    currency: str | None
    credit: bool
    charges_minor: int | None
    batch_count: int | None
    matched: bool
    item_no: int = 0
    suspended_minor: int = 0
    suspended_payments: int = 0
    statement_no: int = 0
    bank: str = ""
    debtor_account: str = ""
    account_currency: str = ""

    @property
    def payments(self) -> int:
        """How many payments it is of, as far as the bank says."""
        return self.batch_count or 1

    @property
    def purse(self) -> Purse:
        """The account of the statement it stands in."""
        return Purse(bank=self.bank, debtor_account=self.debtor_account, currency=self.account_currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt as locked for settling."""

    attempt_no: int
    submission_no: int
    amount_minor: int
    facts: int
    returned_minor: int


class Settling:
    """Entries of one statement against the attempts they are matched to, one transaction's worth."""

    def __init__(self, establish: Establish) -> None:
        self._establish = establish
        self._amounts: dict[int, int] = {}
        self._known: dict[int, Fact] = {}
        self._facts: dict[int, Fact] = {}
        self._returned: dict[int, int] = {}
        self._came_back: set[int] = set()
        self._booked: defaultdict[int, list[int]] = defaultdict(list)

    async def hold(self, entries: Iterable[EntryRow]) -> None:
        """Lock what the entries are matched to: submissions, then attempts, each by rising number."""
        matched = [e for e in entries if e.matched]
        sums = {e.submission_no for e in matched if e.submission_no is not None and e.attempt_no is None}
        attempts = {e.attempt_no for e in matched if e.attempt_no is not None}
        await self._establish.lock({e.submission_no for e in matched if e.submission_no is not None})
        session = self._establish.session
        for row in await session.all(AttemptRow, "settle.lock_attempts", sorted(attempts), sorted(sums)):
            self._amounts[row.attempt_no] = row.amount_minor
            self._known[row.attempt_no] = self._facts[row.attempt_no] = Fact(row.facts)
            self._returned[row.attempt_no] = row.returned_minor
            if row.facts & Fact.BOOKED:
                self._booked[row.submission_no].append(row.attempt_no)

    def settle(self, entry: EntryRow) -> "Settled":
        """Say what an entry posts, and remember what it says of the attempts it is of."""
        members = self._members(entry)
        charges = entry.charges_minor or 0
        booked = BookedEntry(amount_minor=entry.amount_minor, credit=entry.credit, charges_minor=charges)
        what = settle(booked, self._owed(entry, members))
        for member in members:
            self._facts[member] |= what.fact
        if what.came_back:
            self._returned[members[0]] += what.came_back
            self._came_back.add(members[0])
        return Settled(entry=entry, what=what, members=len(members))

    def _members(self, entry: EntryRow) -> list[int]:
        """Say which attempts an entry is of: one, or all members that a booked sum covers and none has booked yet."""
        if not entry.matched:
            return []
        if entry.attempt_no is not None:
            return [entry.attempt_no]
        if entry.submission_no is None or entry.credit:
            return []
        return [m for m in self._booked[entry.submission_no] if not self._facts[m] & Fact.BOOKED_IN_STATEMENT]

    def _owed(self, entry: EntryRow, members: Sequence[int]) -> Owed | None:
        if not entry.matched or (entry.attempt_no is None and entry.credit):
            return None
        amount = sum(self._amounts[m] for m in members)
        if entry.attempt_no is None:  # a sum whose members are all booked is a second booking
            return Owed(amount_minor=amount, booked=not members)
        booked = bool(self._facts[entry.attempt_no] & Fact.BOOKED_IN_STATEMENT)
        return Owed(amount_minor=amount, returned_minor=self._returned[entry.attempt_no], booked=booked)

    async def establish(self) -> None:
        """Add the facts, and what came back, with all that follows from them."""
        said: defaultdict[Fact, list[int]] = defaultdict(list)
        for number, fact in self._facts.items():
            if fresh := fact & ~self._known[number]:
                said[fresh].append(number)
        await self._establish.add([Saying(attempt_nos=numbers, fact=fact) for fact, numbers in said.items()])
        if self._came_back:
            numbers = sorted(self._came_back)
            await self._establish.session.execute("settle.came_back", numbers, [self._returned[n] for n in numbers])
            await self._missing(numbers)

    async def _missing(self, numbers: Sequence[int]) -> None:
        """Tell a person of what did not come back in full, until the rest does."""
        session, at = self._establish.session, self._establish.at
        short = [n for n in numbers if self._returned[n] < self._amounts[n]]
        await raise_exceptions(session, at, [self._trouble(n) for n in short])
        whole = [str(n) for n in numbers if n not in short]
        if whole:
            await end_exceptions(session, at, kind=IN_PART, keys=whole, how="evidence", by=self._establish.actor)

    def _trouble(self, attempt_no: int) -> Trouble:
        missing = self._amounts[attempt_no] - self._returned[attempt_no]
        return Trouble(
            kind=IN_PART,
            key=str(attempt_no),
            bank=self._establish.bank,
            attempt_no=attempt_no,
            detail={"missing": f"{missing} minor units"},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What an entry came to, and of how many payments of ours it is."""

    entry: EntryRow
    what: Settlement
    members: int

    def post(self, journal: Journal, purse: Purse) -> None:
        """Post it; what is in suspense is of as many payments as the bank says."""
        what, told = self.what, self.entry.payments
        for account, amount, payments in (
            (LedgerAccount.PAID, what.paid, self.members),
            (LedgerAccount.RETURNED, what.returned, -self.members),
            (LedgerAccount.CHARGES, what.charges, 0),
            (LedgerAccount.SUSPENSE, what.suspense, told if what.suspense > 0 else -told),
        ):
            if amount:
                journal.post(purse, account, amount, payments)
