"""Gauges: what the database knows of waiting, trouble and money, for the operators' dashboards.

One short read transaction a reading, and a reading at most every few seconds whoever asks. The money of the pay day is
the query of the control sheet; it walks over all orders of the day, so it is run rarely enough to cost little.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from gateway.domain.errors import StoreBusy, StoreDown
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service.report import OrderRow, column_of

FRESH_SECONDS = 5.0
"""How long a reading answers further scrapes."""
MONEY_FRESH_SECONDS = 30.0
MONEY_SHARE = 50
"""Money is read again after at least this many times as long as its last reading took: 2% of one connection."""

_OF_EVERY_SOURCE: tuple[bool, list[str]] = (True, [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value of a gauge of `gateway/observe/metric_defs.py`."""

    name: str
    value: int
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """A bank's lane; the times are None when nothing waits there or is unknown."""

    bank: str
    breaker_open: bool
    paused: bool
    unknown: int
    unknown_since: datetime | None
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingRow:
    """Payments of a bank in submissions of one state."""

    bank: str
    state: str
    payments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """How many there are of something."""

    what: str
    count: int


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
    """Reads the gauges. `incarnation` names the broker whose partitions count."""

    store: Store
    clock: Clock
    incarnation: str
    _readings: Sequence[Reading] = field(default=(), init=False)
    _due_seconds: float = field(default=0.0, init=False)
    _money: Sequence[Reading] = field(default=(), init=False)
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
            exceptions = await session.all(CountRow, "gauges.exceptions")
            pauses = await session.all(CountRow, "gauges.pauses")
            whole = await session.all(WholeRow, "gauges.whole", self.incarnation)
            await self._read_money(session)
        now = self.clock.now()
        readings = [_one("gateway_working_payments", w.payments, bank=w.bank, state=w.state) for w in working]
        readings += [_one("gateway_open_exceptions", e.count, kind=e.what) for e in exceptions]
        readings += [_one("gateway_paused_scopes", p.count, scope=p.what) for p in pauses]
        readings += [r for lane in lanes for r in _of_lane(lane, now)]
        return [*readings, *_of_whole(whole[0], now), *self._money]

    async def _read_money(self, session: Session) -> None:
        """Read the money of today's pay day, or of the next that is released, if it is due."""
        began = self.clock.monotonic()
        if began < self._money_due_seconds:
            return
        day: date | None = await session.value("gauges.pay_day", self.clock.today())
        self._money = []
        if day is not None:
            self._money = _money(day, await session.all(OrderRow, "report.orders", day, *_OF_EVERY_SOURCE))
        now = self.clock.monotonic()
        self._money_due_seconds = now + max(MONEY_FRESH_SECONDS, MONEY_SHARE * (now - began))


def _one(name: str, value: int, **labels: str) -> Reading:
    return Reading(name=name, value=value, labels=labels)


def _seconds(now: datetime, since: datetime | None) -> int:
    return 0 if since is None else max(int((now - since).total_seconds()), 0)


def _of_lane(lane: LaneRow, now: datetime) -> list[Reading]:
    """Every lane shows every value, zeros too: an alert must see that trouble is over."""
    return [
        _one("gateway_breaker_open", int(lane.breaker_open), bank=lane.bank),
        _one("gateway_bank_paused", int(lane.paused), bank=lane.bank),
        _one("gateway_unknown_submissions", lane.unknown, bank=lane.bank),
        _one("gateway_oldest_unknown_seconds", _seconds(now, lane.unknown_since), bank=lane.bank),
        _one("gateway_oldest_waiting_seconds", _seconds(now, lane.waiting_since), bank=lane.bank),
    ]


def _of_whole(whole: WholeRow, now: datetime) -> list[Reading]:
    return [
        _one("gateway_oldest_waiting_seconds", _seconds(now, whole.uncut_since), bank="none"),
        _one("gateway_security_alarms", whole.security_alarms),
        _one("gateway_partitions_stopped", whole.partitions_stopped),
        _one("gateway_outbox_events", whole.outbox),
        _one("gateway_outbox_oldest_seconds", _seconds(now, whole.outbox_since)),
    ]


def _money(day: date, rows: Sequence[OrderRow]) -> list[Reading]:
    """Sum by position and currency; orders whose amount is not readable money have no currency to stand under."""
    payments: Counter[tuple[str, str]] = Counter()
    minor: Counter[tuple[str, str]] = Counter()
    for row in rows:
        where = (column_of(row), row.currency or "none")
        payments[where] += row.payments
        minor[where] += row.total_minor
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    readings = [_one("gateway_pay_day_timestamp_seconds", midnight)]
    for position, currency in payments:
        labels = {"position": position, "currency": currency}
        readings.append(_one("gateway_pay_day_payments", payments[position, currency], **labels))
        if currency != "none":
            readings.append(_one("gateway_money_minor_units", minor[position, currency], **labels))
    return readings
