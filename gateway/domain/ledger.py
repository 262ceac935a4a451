"""The ledger: which accounts there are, where an attempt's money is, and what an entry of a proved statement posts.

Double entry: a debit is positive, a credit negative, and every amount stands against *control*, which mirrors the
bank's account: the sum of all other accounts with the sign turned, for each bank account and currency.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.facts import Fact, effective
from gateway.domain.states import SubmissionState


class LedgerAccount(StrEnum):
    """The accounts of the ledger, each kept by bank, debtor account and currency."""

    CONTROL = "control"
    """The other side of every posting."""
    IN_FLIGHT = "in flight"
    """Sent, and no proved statement has booked it yet."""
    UNKNOWN = "unknown"
    """In a submission of which nobody knows whether it arrived."""
    PAID = "paid"
    """Booked by a proved statement, the first time for each attempt."""
    RETURNED = "returned"
    """Came back in a proved statement."""
    CHARGES = "charges"
    """Kept by the bank, and documented by it."""
    SUSPENSE = "suspense"
    """Booked by a proved statement and explained by nothing of ours: a person decides."""


BOOKED_BY_BANK = (LedgerAccount.PAID, LedgerAccount.RETURNED, LedgerAccount.CHARGES, LedgerAccount.SUSPENSE)
"""What a proved statement posts to; with the sign turned, the sum is closing - opening of the bank's account."""

_NOT_COMING = Fact.REJECTED | Fact.CANCELLED | Fact.BOOKED_IN_STATEMENT
_SENT = frozenset({SubmissionState.SENDING, SubmissionState.DELIVERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """A bank account in one currency: what balances by itself."""

    bank: str
    debtor_account: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One amount in minor units on one account; `payments` says of how many payments it is, with the amount's sign."""

    bank: str
    debtor_account: str
    currency: str
    account: LedgerAccount
    amount_minor: int
    payments: int = 0


def location(own: Fact, group: Fact, submission: SubmissionState | None) -> LedgerAccount | None:
    """Say where the ledger holds an attempt's money; None: not on the way (not sent, refused or booked by the bank)."""
    if effective(own, group) & _NOT_COMING:
        return None
    if submission not in _SENT and submission is not SubmissionState.UNKNOWN:
        return None
    if own & Fact.WRITTEN_OFF:
        return LedgerAccount.SUSPENSE
    return LedgerAccount.IN_FLIGHT if submission in _SENT else LedgerAccount.UNKNOWN


class Journal:
    """Gathers the postings of one transaction: debits and credits summed apart for each purse and account.

    Control is added at the end and is the only line that is netted, so that turnovers stay visible.
    """

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines: defaultdict[tuple[Purse, LedgerAccount, bool], list[int]] = defaultdict(lambda: [0, 0])

    def post(self, purse: Purse, account: LedgerAccount, amount_minor: int, payments: int = 0) -> None:
        """Post an amount to an account. Raises ValueError for control, which follows from the others."""
        if account is LedgerAccount.CONTROL:
            raise ValueError("control is the other side of each posting and never posted to by itself")
        line = self._lines[purse, account, amount_minor < 0]
        line[0] += amount_minor
        line[1] += payments

    def move(
        self,
        purse: Purse,
        before: LedgerAccount | None,
        after: LedgerAccount | None,
        amount_minor: int,
        payments: int = 1,
    ) -> None:
        """Move money from one location to another; None is nowhere."""
        if before is after:
            return
        if before is not None:
            self.post(purse, before, -amount_minor, -payments)
        if after is not None:
            self.post(purse, after, amount_minor, payments)

    def add(self, postings: Iterable[Posting]) -> None:
        """Add postings made elsewhere, control left out."""
        for p in postings:
            purse = Purse(bank=p.bank, debtor_account=p.debtor_account, currency=p.currency)
            self.post(purse, p.account, p.amount_minor, p.payments)

    def postings(self) -> list[Posting]:
        """Return what is to be stored, control included: each purse is zero."""
        return [*self._others(), *self._control()]

    def _others(self) -> Iterator[Posting]:
        for purse, account, credit in sorted(self._lines, key=_order):
            amount, payments = self._lines[purse, account, credit]
            if amount:
                yield _posting(purse, account, amount, payments)

    def _control(self) -> Iterator[Posting]:
        totals: defaultdict[Purse, int] = defaultdict(int)
        for (purse, _, _), (amount, _) in self._lines.items():
            totals[purse] += amount
        for purse in sorted(totals, key=_purse_order):
            if totals[purse]:
                yield _posting(purse, LedgerAccount.CONTROL, -totals[purse], 0)


def _posting(purse: Purse, account: LedgerAccount, amount_minor: int, payments: int) -> Posting:
    return Posting(
        bank=purse.bank,
        debtor_account=purse.debtor_account,
        currency=purse.currency,
        account=account,
        amount_minor=amount_minor,
        payments=payments,
    )


def _purse_order(purse: Purse) -> tuple[str, str, str]:
    return purse.bank, purse.currency, purse.debtor_account


def _order(key: tuple[Purse, LedgerAccount, bool]) -> tuple[tuple[str, str, str], str, bool]:
    return _purse_order(key[0]), key[1], key[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedEntry:
    """A booked entry of a proved statement: a positive amount, its sign, documented charges."""

    amount_minor: int
    credit: bool
    charges_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What an entry is matched to: an attempt, or the members of a submission that a booked sum covers.

    `booked`: an earlier entry of a proved statement has booked it.
    """

    amount_minor: int
    returned_minor: int = 0
    booked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What an entry posts, in minor units, and the fact it establishes. The four together are the entry's amount."""

    paid: int = 0
    returned: int = 0
    charges: int = 0
    suspense: int = 0
    fact: Fact = Fact.NONE

    @property
    def came_back(self) -> int:
        """How much of the attempt's amount this returned, documented charges included."""
        return -self.returned


def settle(entry: BookedEntry, owed: Owed | None) -> Settlement:
    """Say what an entry posts. It always posts exactly its amount; what nothing of ours explains goes to suspense.

    A booking of charges alone explains itself.
    """
    if owed is None:
        debit = -entry.amount_minor if entry.credit else entry.amount_minor
        alone = entry.charges_minor == entry.amount_minor
        return Settlement(charges=debit) if alone else Settlement(suspense=debit)
    return _return(entry, owed) if entry.credit else _booking(entry, owed)


def _booking(entry: BookedEntry, owed: Owed) -> Settlement:
    if owed.booked:
        return Settlement(suspense=entry.amount_minor, fact=Fact.BOOKED_TWICE)
    over = entry.amount_minor - owed.amount_minor
    charges = over if 0 < over == entry.charges_minor else 0
    return Settlement(paid=entry.amount_minor - charges, charges=charges, fact=Fact.BOOKED_IN_STATEMENT)


def _return(entry: BookedEntry, owed: Owed) -> Settlement:
    """A bank may keep documented charges out of what it gives back; more than was paid is not this payment's."""
    left = owed.amount_minor - owed.returned_minor
    if entry.amount_minor > left:
        return Settlement(suspense=-entry.amount_minor)
    charges = min(entry.charges_minor, left - entry.amount_minor)
    return Settlement(returned=-(entry.amount_minor + charges), charges=charges, fact=Fact.RETURNED_IN_STATEMENT)
