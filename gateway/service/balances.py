"""What the ledger says beside what other rows say of the same.

Balances, the agreement with each bank's statements, the money on the way, and what stands in suspense.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.domain.facts import Fact
from gateway.domain.ledger import LedgerAccount, location
from gateway.domain.states import SubmissionState
from gateway.ports.store import Session, Store

ITEMS = 1_000
"""Most open items of suspense that one reading lists."""

Where = tuple[str, str, LedgerAccount]
"""Bank, currency and account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What stands on an account: debit positive, in minor units, and of how many payments."""

    bank: str
    currency: str
    account: str
    amount_minor: int
    payments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money in minor units, and of how many payments it is."""

    minor: int = 0
    payments: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsRow:
    """Attempts in sent submissions that agree in all on which the location of their money depends."""

    bank: str
    currency: str
    facts: int
    group_facts: int
    state: str
    payments: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A proved statement beside what it posted, in minor units; its balances are the bank's figures."""

    bank: str
    debtor_account: str
    currency: str
    closing_on: date | None
    sequence: int | None
    statement_id: str | None
    pages: int
    entries: int
    opening_minor: int
    closing_minor: int
    entries_minor: int
    settled: bool
    paid_minor: int
    returned_minor: int
    charges_minor: int
    suspense_minor: int

    @property
    def posted_minor(self) -> int:
        """What the ledger says the bank's account moved by."""
        return -(self.paid_minor + self.returned_minor + self.charges_minor + self.suspense_minor)

    @property
    def difference_minor(self) -> int:
        """Zero where the bank's closing balance agrees; before it is settled: what is still to be posted."""
        return self.closing_minor - self.opening_minor - self.posted_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """An entry in suspense."""

    item_no: int
    bank: str
    currency: str
    amount_minor: int
    payments: int
    why: str
    exception_no: int | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheWay:
    """What the ledger holds on the way at a bank, beside the attempts whose money it should be."""

    bank: str
    currency: str
    account: LedgerAccount
    ledger: Amount
    attempts: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Reads the books. The functions below do the same in a transaction of the caller's."""

    store: Store

    async def all(self) -> list[Balance]:
        """Return every balance by bank, currency and account."""
        async with self.store.transaction() as session:
            return await balances(session)

    async def agreements(self, first: date, last: date) -> list[Agreement]:
        """Return the proved statements that close on these days, each with what it posted."""
        async with self.store.transaction() as session:
            await session.execute("balances.one_snapshot")
            return await agreements(session, first, last)

    async def on_the_way(self) -> list[OnTheWay]:
        """Compare the ledger's money on the way with the attempts themselves, of one moment."""
        async with self.store.transaction() as session:
            await session.execute("balances.one_snapshot")
            return await on_the_way(session)

    async def suspense(self) -> list[OpenItem]:
        """Return what stands in suspense, oldest first, ITEMS at most."""
        async with self.store.transaction() as session:
            return await session.all(OpenItem, "balances.suspense", ITEMS)


async def balances(session: Session) -> list[Balance]:
    """Return every balance by bank, currency and account."""
    return await session.all(Balance, "balances.balances")


async def agreements(session: Session, first: date, last: date) -> list[Agreement]:
    """Return the proved statements that close between these days, both included; pages of one statement together."""
    return await session.all(Agreement, "balances.statements", first, last)


async def on_the_way(session: Session) -> list[OnTheWay]:
    """Compare *in flight* and *unknown* of the ledger with the rows of attempts, which know nothing of it."""
    return compared(await balances(session), located(await session.all(AttemptsRow, "balances.attempts")))


def compared(rows: Iterable[Balance], attempts: Mapping[Where, Amount]) -> list[OnTheWay]:
    """Set *in flight* and *unknown* of the ledger beside where the attempts are."""
    posted = _posted(rows)
    on_the_way = {where: amount for where, amount in attempts.items() if where[2] in _ON_THE_WAY}
    return [
        OnTheWay(
            bank=bank,
            currency=currency,
            account=account,
            ledger=posted.get((bank, currency, account), Amount()),
            attempts=on_the_way.get((bank, currency, account), Amount()),
        )
        for bank, currency, account in sorted(posted.keys() | on_the_way.keys())
    ]


_ON_THE_WAY = (LedgerAccount.IN_FLIGHT, LedgerAccount.UNKNOWN)


def _posted(rows: Iterable[Balance]) -> Mapping[Where, Amount]:
    return {
        (r.bank, r.currency, LedgerAccount(r.account)): Amount(minor=r.amount_minor, payments=r.payments)
        for r in rows
        if r.account in _ON_THE_WAY
    }


def located(rows: Sequence[AttemptsRow]) -> Mapping[Where, Amount]:
    """Sum the attempts by where the ledger should hold their money."""
    sums: defaultdict[Where, Amount] = defaultdict(Amount)
    for r in rows:
        where = location(Fact(r.facts), Fact(r.group_facts), SubmissionState(r.state))
        if where is not None:
            key, so_far = (r.bank, r.currency, where), sums[r.bank, r.currency, where]
            sums[key] = Amount(minor=so_far.minor + r.amount_minor, payments=so_far.payments + r.payments)
    return sums
