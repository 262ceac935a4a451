"""Cut: released orders become attempts, routed to the payee's bank and grouped into submissions.

Deterministic: orders come in the order of their ids and each lane numbers its own submissions, so the same orders give
the same files whoever works and whenever. Members of void submissions are cut again the same way.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bank_adapters.capabilities import Booking
from bank_adapters.profile import Profile
from bank_adapters.profile.names import file_named
from gateway.domain.benefits import Benefit, Catalogue
from gateway.domain.cutting import cut
from gateway.domain.errors import ConfigError
from gateway.domain.facts import Fact
from gateway.domain.identity import end_to_end_id, msg_id, uetr
from gateway.domain.instrument import Instrument
from gateway.domain.order import account_from_key
from gateway.domain.routing import COUNTER, Route, RoutingTable, route
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, no_meter
from gateway.ports.store import Session, Store
from gateway.service import ramp
from gateway.service.banks import Bank, Banks, DebtorAccounts
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.offers import NOT_TAKEN, Offer, offer_of
from gateway.service.outcomes import News, tell
from gateway.service.reroute import OtherWays
from gateway.service.sizes import cut_limits
from gateway.service.windows import execution_date

WINDOW = 50_000
"""Orders cut together; what bounds memory, and how full files can get."""
FIRST = 1
"""Generation of an order's first attempt; each further one, after the last was closed, counts on."""
MANDATE_ENDED = "mandate.ended"
"""Why an order is held whose payee may no longer act for the entitled person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedBatch:
    """A batch with something to cut."""

    batch_no: int
    source: str
    programme: str
    pay_date: date
    cut_through: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOrder:
    """What cutting needs of an order; `attempt_no`, `bank` are those of its open attempt, if it has one.

    `generation` is that of the attempt, or of the one to make.
    """

    order_no: int
    order_id: str
    benefit: str
    currency: str
    amount_minor: int
    account_type: str
    account: str
    valid_until: date
    mandate_until: date | None = None
    collect_until: date | None = None
    attempt_no: int | None = None
    bank: str | None = None
    generation: int = FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Where a bank's numbering stands."""

    last_sequence: int
    restore_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSum:
    """Count and sum of a submission that the bank may still book."""

    payment_count: int
    sum_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubmission:
    """A submission as the database numbered it."""

    submission_no: int
    msg_id: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Group:
    """Orders that may share a submission."""

    bank: str
    currency: str
    category_purpose: str
    instrument: Instrument
    execution_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Step: cut one window of one released batch, or what is to be cut again.

    That is what void submissions left behind, and orders whose attempts are all closed and whose next try is due.
    """

    store: Store
    clock: Clock
    banks: Banks
    routing: RoutingTable
    accounts: DebtorAccounts
    catalogue: Catalogue
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        async with self.store.transaction() as session:
            batch = await session.one(ReleasedBatch, "cut.next_batch")
            if batch is not None:
                orders = await session.all(CutOrder, "cut.orders", batch.batch_no, batch.cut_through, WINDOW)
                await self._window(session, batch).cut(orders)
                through = orders[-1].order_id if orders else batch.cut_through
                await session.execute("cut.advance", batch.batch_no, through, len(orders) < WINDOW)
                return True
        other = OtherWays(
            store=self.store,
            clock=self.clock,
            banks=self.banks,
            routing=self.routing,
            accounts=self.accounts,
            meter=self.meter,
        )
        return await other.run_once() or await self._cut_again()

    async def _cut_again(self) -> bool:
        """Cut what is to be cut again, of the oldest batch of which anything can go now.

        A transaction a batch: lanes are locked in the order of their names within it, so that two workers that cut
        cannot deadlock.
        """
        after, today, day = 0, self.clock.today(), ramp.day_of(self.clock.now())
        paying = [slug for slug in self.banks if self.routing.pays(slug)]
        while True:
            async with self.store.transaction() as session:
                may = (today, paying, await ramp.full(session, self.banks, day), day)
                batch = await session.one(ReleasedBatch, "cut.next_with_loose", after, *may)
                if batch is None:
                    return False
                found = await session.all(CutOrder, "cut.loose", batch.batch_no, WINDOW, *may)
                loose = await _not_alarming(session, found)
                await session.execute("cut.tried", [o.order_no for o in loose if o.attempt_no is None])
                if await self._window(session, batch).cut(loose):
                    return True
            after = batch.batch_no

    def _window(self, session: Session, batch: ReleasedBatch) -> "_Window":
        return _Window(self, session, batch, now=self.clock.now(), today=self.clock.today())


@dataclass(slots=True)
class _Window:
    """One transaction's worth of cutting."""

    step: Cut
    session: Session
    batch: ReleasedBatch
    now: datetime
    today: date
    days: dict[tuple[str, str], tuple[date | None, str]] = field(default_factory=dict)
    offers: dict[tuple[str, str, str], Offer] = field(default_factory=dict)
    held: dict[int, str] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)

    async def cut(self, orders: Sequence[CutOrder]) -> bool:
        """Cut `orders`; return whether anything changed."""
        groups: defaultdict[_Group, list[CutOrder]] = defaultdict(list)
        for order in orders:
            group = self._group(order)
            if group is not None:
                groups[group].append(order)
        made = [await self._submissions(group, groups[group]) for group in sorted(groups)]
        await self._hold()
        return any(made) or bool(self.held)

    def _group(self, order: CutOrder) -> _Group | None:
        """Say with which others an order may go; hold it when no bank can pay it in time."""
        bank, reason = self._bank(order)
        self.reasons[order.order_no] = reason
        benefit = self.step.catalogue.get(order.benefit)
        passed = _passed(order, max(self.batch.pay_date, self.today))
        if passed is not None:
            self.held[order.order_no] = passed
        elif bank is None:
            self.held[order.order_no] = reason
        elif benefit is None or benefit.pension:  # the catalogue has changed since the order came in
            self.held[order.order_no] = "benefit.not-paid"
        else:
            return self._in_time(order, bank, benefit)
        return None

    def _in_time(self, order: CutOrder, bank: str, benefit: Benefit) -> _Group | None:
        """Join the orders of one bank, product, speed and day, now that it is known which days the bank can meet."""
        where = self.step.banks.get(bank)
        if where is None:  # an order keeps its bank, also one that is configured no more
            self.held[order.order_no] = "account.none"
            return None
        offer = self._offer(where, benefit, order.currency)
        instrument = offer.by(order.amount_minor)
        day, why = self._day(where, offer.category_purpose)
        passed = why if day is None else _passed(order, day)
        if instrument is None or day is None or passed is not None:
            self.held[order.order_no] = NOT_TAKEN if instrument is None else passed or why
            return None
        return _Group(
            bank=bank,
            currency=order.currency,
            category_purpose=offer.category_purpose,
            instrument=instrument,
            execution_date=day,
        )

    def _offer(self, bank: Bank, benefit: Benefit, currency: str) -> Offer:
        key = (bank.slug, benefit.code, currency)
        if key not in self.offers:
            self.offers[key] = offer_of(benefit, bank.profile, currency)
        return self.offers[key]

    def _day(self, bank: Bank, product: str) -> tuple[date | None, str]:
        """Return the day to ask a bank for; or none, and why no day is right."""
        key = (bank.slug, product)
        if key not in self.days:
            self.days[key] = execution_date(bank, product, self.batch.pay_date, self.now, self.today)
        return self.days[key]

    def _bank(self, order: CutOrder) -> tuple[str | None, str]:
        """Return the bank and why; or no bank and why not."""
        if order.bank is not None:
            return order.bank, "cut again"
        decision = route(account_from_key(order.account_type, order.account), order.currency, self.step.routing)
        return (decision.bank if isinstance(decision, Route) else None), str(decision.reason)

    async def _submissions(self, group: _Group, orders: Sequence[CutOrder]) -> bool:
        """Put one group's orders into new submissions; return whether that changed anything."""
        debtor = self.step.accounts.find(
            source=self.batch.source, programme=self.batch.programme, currency=group.currency, bank=group.bank
        )
        if debtor is None:
            self.held |= {order.order_no: "account.none" for order in orders}
            return False
        lane = await self.session.one(Lane, "cut.lock_lane", group.bank)
        if lane is None:
            raise ConfigError(f"bank {group.bank} has no lane: it was configured after this process started")
        open_sums = await self.session.all(OpenSum, "cut.open_sums", group.bank, debtor.iban, group.execution_date)
        taken = frozenset((s.payment_count, s.sum_minor) for s in open_sums)
        profile = self.step.banks[group.bank].profile
        going = await self._admitted(group.bank, profile, orders)
        limits = await cut_limits(
            self.session,
            profile,
            currency=group.currency,
            product=group.category_purpose,
            execution_date=group.execution_date,
            debtor_account=debtor.iban,
        )
        pieces = cut([o.amount_minor for o in going], limits, taken)
        self.held |= {going[i].order_no: "amount.over-bank-limit" for i in pieces.too_large}
        members = [[going[i] for i in piece] for piece in pieces.pieces]
        placed = await self._make(group, debtor.iban, lane, members)
        if profile.onboarding.payments_per_day is not None:
            await ramp.count(self.session, group.bank, ramp.day_of(self.now), (o for m in members for o in m))
        return await self._attempts(group.bank, orders, placed)

    async def _admitted(self, bank: str, profile: Profile, orders: Sequence[CutOrder]) -> Sequence[CutOrder]:
        """Return what the bank's ramp lets into submissions today; its lane is locked."""
        per_day = profile.onboarding.payments_per_day
        if per_day is None:
            return orders
        return await ramp.admitted(self.session, bank, per_day, ramp.day_of(self.now), orders)

    async def _make(
        self, group: _Group, debtor_account: str, lane: Lane, members: Sequence[Sequence[CutOrder]]
    ) -> dict[int, int]:
        """Make the submissions; return the submission number of each order number."""
        profile = self.step.banks[group.bank].profile
        sequences = range(lane.last_sequence + 1, lane.last_sequence + 1 + len(members))
        ids = [msg_id(group.bank, group.execution_date, n, epoch=lane.restore_epoch) for n in sequences]
        made = await self.session.all(
            NewSubmission,
            "cut.make_submissions",
            group.bank,
            self.batch.batch_no,
            group.category_purpose,
            group.execution_date,
            debtor_account,
            group.currency,
            profile.booking is Booking.BATCH,
            list(sequences),
            ids,
            [wire_name(profile, i, group.execution_date) for i in ids],
            [len(m) for m in members],
            [sum(o.amount_minor for o in m) for m in members],
            group.instrument,
        )
        numbers = {m.msg_id: m.submission_no for m in made}
        return {o.order_no: numbers[i] for i, m in zip(ids, members, strict=True) for o in m}

    async def _attempts(self, bank: str, orders: Sequence[CutOrder], placed: dict[int, int]) -> bool:
        """Write new attempts, in a submission or waiting for one, and move those that were loose."""
        again = [(o.attempt_no, placed[o.order_no]) for o in orders if o.attempt_no and o.order_no in placed]
        if again:
            await self.session.execute("cut.place", [a for a, _ in again], [s for _, s in again])
        fresh = [o for o in orders if not o.attempt_no and o.order_no not in self.held]
        if fresh:
            await self.session.copy("attempt", _COLUMNS, self._rows(bank, fresh, placed))
        return bool(again or fresh)

    def _rows(self, bank: str, orders: Sequence[CutOrder], placed: dict[int, int]) -> Iterator[tuple[object, ...]]:
        for order in orders:
            e2e = end_to_end_id(self.batch.source, order.order_id, order.generation)
            where = (bank, self.reasons[order.order_no], placed.get(order.order_no))
            facts = int(first_facts(order.account_type, self.step.banks[bank].profile))
            yield (order.order_no, order.generation, *where, e2e, uetr(e2e), order.amount_minor, order.currency, facts)

    async def _hold(self) -> None:
        """Hold what cannot be paid now, with its reason, and tell the benefits system."""
        numbers = sorted(self.held)
        if not numbers:
            return
        await self.session.execute("cut.close_attempts_of_held", numbers)
        numbers = sorted(await self.session.column("cut.hold", numbers, [self.held[n] for n in numbers]))
        now = self.step.clock.now()
        news = [News(order_no=n, outcome="held", reason=self.held[n].partition(":")[0]) for n in numbers]
        await tell(self.session, now, news)
        await raise_exceptions(self.session, now, [_held(n, self.held[n], now) for n in numbers])


async def _not_alarming(session: Session, loose: Sequence[CutOrder]) -> Sequence[CutOrder]:
    """Lock attempts that are to be cut again; leave out those of which their bank has spoken meanwhile."""
    numbers = [order.attempt_no for order in loose if order.attempt_no is not None]
    if not numbers:
        return loose
    await session.execute("cut.lock_loose", numbers)
    alarming = set(await session.column("cut.alarming", numbers))
    return [order for order in loose if order.attempt_no not in alarming]


_COLUMNS = (
    *("order_no", "generation", "bank", "route_reason", "submission_no"),
    *("end_to_end_id", "uetr", "amount_minor", "currency", "facts"),
)


def _held(order_no: int, reason: str, at: datetime) -> Trouble:
    """Tell a person of a hold; an order that was released and is held once more is another one."""
    kind = "mandate ended" if reason == MANDATE_ENDED else "held order"
    return Trouble(kind=kind, key=f"{order_no}/{at.isoformat()}", order_no=order_no, detail={"reason": reason})


def _passed(order: CutOrder, day: date) -> str | None:
    """Name the first of the order's last days that lies before `day`."""
    lasts = (
        ("validity.passed", order.valid_until),
        (MANDATE_ENDED, order.mandate_until),
        ("collection.passed", order.collect_until),
    )
    return next((reason for reason, last in lasts if last is not None and last < day), None)


def first_facts(account_type: str, profile: Profile) -> Fact:
    """Return what is known of an attempt when it is made: whether a booking alone will mean that it was paid."""
    waits = account_type == COUNTER and profile.counter is not None and profile.counter.paid_by == "credited"
    return Fact.AT_THE_COUNTER if waits else Fact.NONE


def wire_name(profile: Profile, message_id: str, day: date) -> str:
    """Name the file as the bank wants it; for an API the message id is the idempotency key."""
    if not profile.takes_files:
        return message_id
    return file_named(profile, message_id, day)
