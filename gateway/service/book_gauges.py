"""Gauges of the books: statements, suspense, what waits to be closed, ledger balances. `gauges` reads them too.

Every bank, and every bank and currency with a paying account, shows zeros too: an alert must see that trouble is over.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from gateway.domain.exceptions import KINDS, Act
from gateway.domain.ledger import LedgerAccount
from gateway.ports.bus import BANK_MESSAGES, ORDERS, STOPS
from gateway.ports.store import Session
from gateway.service.balances import Agreement, Balance, agreements, balances
from gateway.service.funds import BalanceRow
from gateway.service.limits import RAISE
from gateway.service.readings import CountRow, Reading, reading, seconds_since

_DAY_SECONDS = 86_400
AGREEMENT_DAYS = 7
"""How far back the closing days of statements lie whose balances are compared with the ledger."""
UNSTATED_DAYS = 60
"""How far back a pay day may lie that is still expected in a statement: what is older has its alert long since."""
TWO_PEOPLE = frozenset(
    {*(str(a) for a in (Act.MATCH, Act.DECLARE, Act.RELEASE, Act.WRITE_OFF, Act.CLOSE_ATTEMPT)), RAISE, "lift stop"}
)
"""Acts that may wait for a second person."""
STATEMENT_STATES = ("proved", "waiting", "unbalanced", "repeated")
READ_TOPICS = (BANK_MESSAGES, ORDERS, STOPS)


class Purse(NamedTuple):
    """A bank and a currency that it is paid in."""

    bank: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesRow:
    """Pages of statements of a bank in one state."""

    bank: str
    state: str
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilingRow:
    """What of a bank waits: statements to be proved and settled, booked sums, attempts to be closed."""

    bank: str
    waiting_since: datetime | None
    unsettled_since: datetime | None
    sums: int
    to_close: int
    close_due: int
    to_close_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspenseRow:
    """What stands in suspense at a bank: debits and credits are added, they do not make up for each other."""

    bank: str
    currency: str
    minor: int
    entries: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsRow:
    """Decisions about one act that wait for a second person, and since when there are any."""

    act: str
    waiting: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnstatedRow:
    """The first pay day of a bank and currency, of which something was delivered, that no proved statement covers."""

    bank: str
    currency: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BankExceptionsRow:
    """Exceptions of a bank and kind that are not closed."""

    bank: str
    kind: str
    open: int


async def read_books(session: Session, now: datetime, purses: Collection[Purse]) -> list[Reading]:
    """Read what reconciliation waits for; cheap enough for every reading."""
    rows = await session.all(ReconcilingRow, "book_gauges.reconciling", now)
    pages = await session.all(PagesRow, "book_gauges.statement_pages")
    suspense = await session.all(SuspenseRow, "book_gauges.suspense")
    exceptions = await session.all(BankExceptionsRow, "book_gauges.bank_exceptions")
    letters = await session.all(CountRow, "book_gauges.dead_letters")
    decisions = await session.all(DecisionsRow, "book_gauges.decisions", now)
    recalls = await session.all(CountRow, "book_gauges.recalls")
    again: int = await session.value("book_gauges.orders_again")
    banks = [row.bank for row in rows]
    return [
        *(r for row in rows for r in _of_bank(row, now)),
        *_of_pages(pages, banks),
        *_of_suspense(suspense, purses, now),
        *_of_exceptions(exceptions, banks),
        *_of_letters(letters),
        *_of_decisions(decisions, now),
        *(reading("gateway_recalls", row.count, state=row.what) for row in recalls),
        reading("gateway_orders_to_cut_again", again),
    ]


async def read_ledger(session: Session, today: date, purses: Collection[Purse]) -> list[Reading]:
    """Read balances of ledger and banks; sums over the whole ledger, so run it rarely."""
    told = await session.all(BalanceRow, "funds.balances")
    posted = await balances(session)
    compared = await agreements(session, today - timedelta(days=AGREEMENT_DAYS), today)
    unstated = await session.all(UnstatedRow, "book_gauges.unstated", today - timedelta(days=UNSTATED_DAYS), today)
    return [
        *_of_ledger(posted, purses),
        *_of_agreements(compared, purses),
        *_of_balances(told),
        *_of_unstated(unstated, today, purses),
    ]


def _of_bank(row: ReconcilingRow, now: datetime) -> Iterator[Reading]:
    waiting, unsettled = seconds_since(row.waiting_since, now), seconds_since(row.unsettled_since, now)
    yield reading("gateway_oldest_waiting_statement_seconds", waiting, bank=row.bank)
    yield reading("gateway_oldest_unsettled_statement_seconds", unsettled, bank=row.bank)
    yield reading("gateway_sums_waiting", row.sums, bank=row.bank)
    yield reading("gateway_attempts_to_close", row.to_close, bank=row.bank)
    yield reading("gateway_attempts_due_to_close", row.close_due, bank=row.bank)
    to_close = seconds_since(row.to_close_since, now)
    yield reading("gateway_oldest_attempt_to_close_seconds", to_close, bank=row.bank)


def _of_pages(rows: Iterable[PagesRow], banks: Iterable[str]) -> Iterator[Reading]:
    pages = dict.fromkeys(((bank, state) for bank in banks for state in STATEMENT_STATES), 0)
    pages |= {(row.bank, row.state): row.pages for row in rows}
    for (bank, state), count in pages.items():
        yield reading("gateway_stored_statement_pages", count, bank=bank, state=state)


def _of_suspense(rows: Iterable[SuspenseRow], purses: Iterable[Purse], now: datetime) -> Iterator[Reading]:
    found = {Purse(row.bank, row.currency): row for row in rows}
    for purse in sorted(found.keys() | set(purses)):
        row, labels = found.get(purse), purse._asdict()
        minor, entries, since = (row.minor, row.entries, row.since) if row else (0, 0, None)
        yield reading("gateway_suspense_minor_units", minor, **labels)
        yield reading("gateway_suspense_entries", entries, **labels)
        yield reading("gateway_oldest_suspense_seconds", seconds_since(since, now), **labels)


def _of_exceptions(rows: Iterable[BankExceptionsRow], banks: Iterable[str]) -> Iterator[Reading]:
    found = dict.fromkeys(((bank, kind) for bank in banks for kind in KINDS), 0)
    found |= {(row.bank, row.kind): row.open for row in rows}
    for (bank, kind), count in found.items():
        yield reading("gateway_bank_exceptions", count, bank=bank, kind=kind)


def _of_letters(rows: Iterable[CountRow]) -> Iterator[Reading]:
    letters = dict.fromkeys(READ_TOPICS, 0) | {row.what: row.count for row in rows}
    for topic, count in letters.items():
        yield reading("gateway_dead_letters", count, topic=topic)


def _of_decisions(rows: Iterable[DecisionsRow], now: datetime) -> Iterator[Reading]:
    found = {row.act: row for row in rows}
    for act in sorted(found.keys() | TWO_PEOPLE):
        row = found.get(act)
        waiting, since = (row.waiting, row.since) if row else (0, None)
        yield reading("gateway_decisions_waiting", waiting, act=act)
        yield reading("gateway_oldest_decision_seconds", seconds_since(since, now), act=act)


def _of_ledger(rows: Sequence[Balance], purses: Collection[Purse]) -> Iterator[Reading]:
    standing = dict.fromkeys(((purse, str(account)) for purse in purses for account in LedgerAccount), 0)
    standing |= {(Purse(row.bank, row.currency), row.account): row.amount_minor for row in rows}
    sums = Counter(dict.fromkeys(purses, 0))
    for (purse, account), minor in standing.items():
        sums[purse] += minor
        yield reading("gateway_ledger_minor_units", minor, **purse._asdict(), purpose=account)
    for purse, minor in sums.items():
        yield reading("gateway_ledger_imbalance_minor_units", abs(minor), **purse._asdict())


def _of_agreements(rows: Iterable[Agreement], purses: Iterable[Purse]) -> Iterator[Reading]:
    """Add up what settled statements and the ledger disagree by; differences do not make up for each other."""
    found = Counter(dict.fromkeys(purses, 0))
    for row in rows:
        found[Purse(row.bank, row.currency)] += abs(row.difference_minor) if row.settled else 0
    for purse, minor in found.items():
        yield reading("gateway_statement_difference_minor_units", minor, **purse._asdict())


def _of_unstated(rows: Iterable[UnstatedRow], today: date, purses: Iterable[Purse]) -> Iterator[Reading]:
    days = dict.fromkeys(purses, 0) | {Purse(row.bank, row.currency): (today - row.since).days for row in rows}
    for purse, behind in days.items():
        yield reading("gateway_oldest_unstated_seconds", behind * _DAY_SECONDS, **purse._asdict())


def _of_balances(rows: Iterable[BalanceRow]) -> Iterator[Reading]:
    """Add up the accounts of a bank and currency; their day is that of the oldest of them."""
    minor: Counter[Purse] = Counter()
    days: dict[Purse, date] = {}
    for row in rows:
        purse = Purse(row.bank, row.currency)
        minor[purse] += row.closing_minor
        if row.closing_on is not None:
            days[purse] = min(days.get(purse, row.closing_on), row.closing_on)
    for purse, amount in minor.items():
        yield reading("gateway_balance_minor_units", amount, **purse._asdict())
    for purse, day in days.items():
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        yield reading("gateway_balance_timestamp_seconds", midnight, **purse._asdict())
