"""Gauges: what the database knows of waiting, trouble and money, for the operators' dashboards.

One short read transaction a reading, and a reading at most every few seconds whoever asks. The money of the pay day is
the query of the control sheet; it walks over all orders of the day, so it is run rarely enough to cost little.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from gateway.domain.errors import StoreBusy, StoreDown
from gateway.domain.exceptions import KINDS
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service.banks import Banks, DebtorAccounts
from gateway.service.book_gauges import Purse, read_books, read_ledger
from gateway.service.funds import Hold, Need, needs
from gateway.service.lane_gauges import kept_apart, read_lanes
from gateway.service.limits import EVERY, Limit, LimitUse, uses
from gateway.service.readings import CountRow, Reading, reading, seconds_since
from gateway.service.report import OrderRow, column_of
from gateway.service.window_gauges import Waiting, of_windows, waiting

FRESH_SECONDS = 5.0
"""How long a reading answers further scrapes."""
MONEY_FRESH_SECONDS = 30.0
"""How long money as read answers further readings, where nobody asks for less."""
MONEY_SHARE = 50
"""Money is read again after at least this many times as long as its last reading took: 2% of one connection."""

_OF_EVERY_SOURCE: tuple[bool, list[str]] = (True, [])


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """A bank's lane; `unknown_since` is None when nothing is unknown."""

    bank: str
    breaker_open: bool
    paused: bool
    unknown: int
    unknown_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingRow:
    """Payments of a bank in submissions of one state."""

    bank: str
    state: str
    payments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionsRow:
    """Exceptions of a kind that are not closed, how many are past their due time, and since when there are any."""

    kind: str
    open: int
    overdue: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRow:
    """What belongs to no bank. `uncut_since` is the oldest release with orders that were not given to a bank yet."""

    uncut_since: datetime | None
    security_alarms: int
    partitions_stopped: int
    outbox: int
    outbox_since: datetime | None


@dataclass(slots=True, kw_only=True)
class Gauges:
    """Reads the gauges. `incarnation` names the broker whose partitions count; see `MONEY_FRESH_SECONDS`."""

    store: Store
    clock: Clock
    incarnation: str
    banks: Banks = field(default_factory=dict)
    accounts: DebtorAccounts = field(default_factory=lambda: DebtorAccounts(accounts={}))
    limits: Sequence[Limit] = ()
    money_fresh_seconds: float = MONEY_FRESH_SECONDS
    broken: Collection[str] = ()
    contested: Collection[Sequence[str]] = ()
    unproved: Collection[str] = ()
    _readings: Sequence[Reading] = field(default=(), init=False)
    _due_seconds: float = field(default=0.0, init=False)
    _money: list[Reading] = field(default_factory=list, init=False)
    _money_due_seconds: float = field(default=0.0, init=False)

    async def read(self) -> Sequence[Reading]:
        """Return the readings, fresh or at most FRESH_SECONDS old; without the database only that it is down."""
        if self.clock.monotonic() < self._due_seconds:
            return self._readings
        self._due_seconds = self.clock.monotonic() + FRESH_SECONDS
        try:
            self._readings = (Reading(name="gateway_database_up", value=1), *await self._read())
        except (StoreBusy, StoreDown):
            self._readings = (Reading(name="gateway_database_up", value=0),)
        return self._readings

    async def _read(self) -> list[Reading]:
        async with self.store.transaction() as session:
            await session.execute("gauges.one_snapshot")
            lanes = await session.all(LaneRow, "gauges.lanes")
            working = await session.all(WorkingRow, "gauges.working")
            exceptions = await session.all(ExceptionsRow, "gauges.exceptions", self.clock.now())
            pauses = await session.all(CountRow, "gauges.pauses")
            stops = await session.all(CountRow, "gauges.stops")
            whole = await session.all(WholeRow, "gauges.whole", self.incarnation, kept_apart(self.banks))
            holds = await session.all(Hold, "funds.holds")
            statements = await session.all(CountRow, "gauges.unsettled_statements")
            books = await read_books(session, self.clock.now(), self._purses())
            used = await uses(session, self.clock.today(), self.limits)
            waits = await waiting(session, self.banks, self.clock.now())
            at_rest = await read_lanes(session, self.banks, self.clock.now())
            await self._read_money(session)
        now = self.clock.now()
        readings = [reading("gateway_working_payments", w.payments, bank=w.bank, state=w.state) for w in working]
        readings += [r for row in _every_kind(exceptions) for r in _of_kind(row, now)]
        readings += [reading("gateway_paused_scopes", p.count, scope=p.what) for p in pauses]
        readings += [reading("gateway_stops_active", s.count, kind=s.what) for s in stops]
        readings += [r for lane in lanes for r in _of_lane(lane, waits.get(lane.bank), now)]
        readings += [*of_windows(self.banks, waits, now), *at_rest]
        readings += [reading("gateway_unsettled_statements", s.count, bank=s.what) for s in statements]
        readings += [*self._of_holds(holds), *_of_limits(used), *books, *self._of_profiles()]
        return [*readings, *_of_whole(whole[0], now), *self._money]

    def _purses(self) -> set[Purse]:
        """Return every bank and currency for which a paying account is configured."""
        return {Purse(bank, currency) for _, _, currency, bank in self.accounts.accounts}

    def _of_holds(self, holds: Sequence[Hold]) -> list[Reading]:
        """Count by bank and currency, zeros too where an account is configured."""
        held = Counter(Purse(hold.bank, hold.currency) for hold in holds)
        shown = sorted(held.keys() | self._purses())
        return [reading("gateway_account_holds", held[purse], **purse._asdict()) for purse in shown]

    def serve(
        self,
        banks: Banks,
        accounts: DebtorAccounts,
        broken: Collection[str],
        contested: Collection[Sequence[str]],
        unproved: Collection[str] = (),
    ) -> None:
        """Read of these banks from now on, of profiles that are broken or too little proved, and of contested codes."""
        self.banks, self.accounts, self.broken, self.contested = banks, accounts, broken, contested
        self.unproved = unproved

    def _of_profiles(self) -> Iterable[Reading]:
        """Tell of each bank that has a profile whether it can be used, and how many of its codes another claims too."""
        claims = Counter(bank for banks in self.contested for bank in banks)
        for bank in sorted({*self.banks, *self.broken}):
            yield reading("gateway_bank_profile_broken", int(bank in self.broken), bank=bank)
            yield reading("gateway_bank_codes_contested", claims[bank], bank=bank)
            yield reading("gateway_bank_below_tier", int(bank in self.unproved), bank=bank)

    async def _read_money(self, session: Session) -> None:
        """Read the money of today's pay day, of the next that is released, or of the last one; if it is due."""
        began = self.clock.monotonic()
        if began < self._money_due_seconds:
            return
        day: date | None = await session.value("gauges.pay_day", self.clock.today())
        kept = {row.what: row.count for row in await session.all(CountRow, "gauges.kept_back")}
        currencies = sorted(kept.keys() | {purse.currency for purse in self._purses()})
        self._money = [reading("gateway_kept_back_minor_units", kept.get(c, 0), currency=c) for c in currencies]
        if day is not None:
            self._money += _money(day, await session.all(OrderRow, "report.orders", day, *_OF_EVERY_SOURCE))
        until = max(day or self.clock.today(), self.clock.today())
        self._money += _of_needs(await needs(session, until, self.banks, self.accounts), self._purses())
        self._money += await read_ledger(session, self.clock.today(), self._purses())
        now = self.clock.monotonic()
        self._money_due_seconds = now + max(self.money_fresh_seconds, MONEY_SHARE * (now - began))


def _every_kind(rows: Iterable[ExceptionsRow]) -> Iterable[ExceptionsRow]:
    """Add the kinds of which there is none: an alert must see that trouble is over."""
    none = {kind: ExceptionsRow(kind=kind, open=0, overdue=0, since=None) for kind in KINDS}
    return (none | {row.kind: row for row in rows}).values()


def _of_kind(row: ExceptionsRow, now: datetime) -> list[Reading]:
    return [
        reading("gateway_open_exceptions", row.open, kind=row.kind),
        reading("gateway_overdue_exceptions", row.overdue, kind=row.kind),
        reading("gateway_oldest_exception_seconds", seconds_since(row.since, now), kind=row.kind),
    ]


def _of_lane(lane: LaneRow, waits: Waiting | None, now: datetime) -> list[Reading]:
    """Every lane shows every value, zeros too: an alert must see that trouble is over."""
    waiting_since = waits.since if waits is not None else None
    return [
        reading("gateway_breaker_open", int(lane.breaker_open), bank=lane.bank),
        reading("gateway_bank_paused", int(lane.paused), bank=lane.bank),
        reading("gateway_unknown_submissions", lane.unknown, bank=lane.bank),
        reading("gateway_oldest_unknown_seconds", seconds_since(lane.unknown_since, now), bank=lane.bank),
        reading("gateway_oldest_waiting_seconds", seconds_since(waiting_since, now), bank=lane.bank),
    ]


def _of_whole(whole: WholeRow, now: datetime) -> list[Reading]:
    return [
        reading("gateway_oldest_waiting_seconds", seconds_since(whole.uncut_since, now), bank="none"),
        reading("gateway_security_alarms", whole.security_alarms),
        reading("gateway_partitions_stopped", whole.partitions_stopped),
        reading("gateway_outbox_events", whole.outbox),
        reading("gateway_outbox_oldest_seconds", seconds_since(whole.outbox_since, now)),
    ]


def _of_limits(used: Sequence[LimitUse]) -> list[Reading]:
    return [
        reading(
            "gateway_limit_used_percent",
            100 * use.used_minor // use.limit_minor,
            source=_named(use.source),
            bank=_named(use.bank),
            currency=use.currency,
        )
        for use in used
    ]


def _named(part: str) -> str:
    """Return a source or bank of a limit as a label has it."""
    return "all" if part == EVERY else part


def _of_needs(rows: Sequence[Need], purses: Iterable[Purse]) -> list[Reading]:
    """Sum the accounts of a bank and currency; an account's last pay date counts all before it."""
    last = {(need.bank, need.debtor_account, need.currency): need for need in rows}
    short = Counter(dict.fromkeys(purses, 0))
    for need in last.values():
        short[Purse(need.bank, need.currency)] += need.shortfall_minor or 0
    name = "gateway_funding_shortfall_minor_units"
    return [reading(name, minor, **purse._asdict()) for purse, minor in short.items()]


def _money(day: date, rows: Sequence[OrderRow]) -> list[Reading]:
    """Sum by position and currency; orders whose amount is not readable money have no currency to stand under."""
    payments: Counter[tuple[str, str]] = Counter()
    minor: Counter[tuple[str, str]] = Counter()
    for row in rows:
        where = (column_of(row), row.currency or "none")
        payments[where] += row.payments
        minor[where] += row.total_minor
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    readings = [reading("gateway_pay_day_timestamp_seconds", midnight)]
    for position, currency in payments:
        labels = {"position": position, "currency": currency}
        readings.append(reading("gateway_pay_day_payments", payments[position, currency], **labels))
        if currency != "none":
            readings.append(reading("gateway_money_minor_units", minor[position, currency], **labels))
    return readings
