"""Silence: what to make of a bank that says nothing.

*Presumed* is a flag and, for sources that want it, a piece of news: it closes, posts and starts nothing, and the first
fact that says more replaces it. Silence beyond the deadline of the profile needs a person; so does a lasting unknown.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.outcomes import News, tell

CHUNK = 100
"""Submissions looked at together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long silence of a bank is normal. `presumed_after` None: it is never taken for a yes."""

    presumed_after: timedelta | None
    exception_after: timedelta
    unknown_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Presumed:
    """A payment of which nothing was heard, now presumed executed."""

    order_no: int
    end_to_end_id: str
    bank: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A submission past a deadline. `payments` of it are without a final word; `tries` of an unknown one."""

    submission_no: int
    bank: str
    since: datetime
    payments: int
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Step: presume, raise "silent bank" and "unknown past deadline", and end those that were answered."""

    store: Store
    clock: Clock
    patience: Mapping[str, Patience]
    tell_presumed: frozenset[str] = frozenset()
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        now = self.clock.now()
        async with self.store.transaction() as session:
            presumed, banks = await self._presume(session, now)
        for bank, payments in banks.items():
            self.meter.count("gateway_presumed_payments_total", payments, bank=bank)
        async with self.store.transaction() as session:
            missed = await self._miss(session, now)
        async with self.store.transaction() as session:
            unknown = await self._doubt(session, now)
            ended = await session.execute("silence.ended", now)
        return presumed or missed or unknown or ended > 0

    async def _presume(self, session: Session, now: datetime) -> tuple[bool, Counter[str]]:
        """Return whether there was anything to look at, and of how many payments of which bank it was presumed."""
        terms = [(bank, now - p.presumed_after) for bank, p in self.patience.items() if p.presumed_after is not None]
        numbers = await session.column("silence.to_presume", *_columns(terms), CHUNK)
        if not numbers:
            return False, Counter()
        payments = await session.all(Presumed, "silence.presume", numbers)
        await session.execute("silence.presumed", numbers, now)
        wanted = [p for p in payments if p.source in self.tell_presumed]
        await tell(session, now, [_news(p) for p in sorted(wanted, key=lambda p: p.order_no)])
        return True, Counter(p.bank for p in payments)

    async def _miss(self, session: Session, now: datetime) -> bool:
        terms = [(bank, now - p.exception_after) for bank, p in self.patience.items()]
        silent = await session.all(Silent, "silence.to_miss", *_columns(terms), CHUNK)
        await session.execute("silence.missed", [s.submission_no for s in silent])
        await raise_exceptions(session, now, [_trouble("silent bank", s) for s in silent if s.payments])
        return bool(silent)

    async def _doubt(self, session: Session, now: datetime) -> bool:
        terms = [(bank, now - p.unknown_after) for bank, p in self.patience.items()]
        doubtful = await session.all(Silent, "silence.unknown", *_columns(terms), CHUNK)
        await raise_exceptions(session, now, [_trouble("unknown past deadline", s) for s in doubtful])
        return bool(doubtful)


def _columns(terms: Sequence[tuple[str, datetime]]) -> tuple[list[str], list[datetime]]:
    return [bank for bank, _ in terms], [before for _, before in terms]


def _news(payment: Presumed) -> News:
    return News(order_no=payment.order_no, outcome="presumed", bank=payment.bank, end_to_end_id=payment.end_to_end_id)


def _trouble(kind: str, silent: Silent) -> Trouble:
    """Name the trouble. An unknown that was settled, tried again and is unknown once more is a new one."""
    return Trouble(
        kind=kind,
        key=f"{silent.submission_no}/{silent.tries}",
        bank=silent.bank,
        submission_no=silent.submission_no,
        detail={"payments": str(silent.payments), "since": silent.since.isoformat()},
    )
