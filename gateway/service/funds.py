"""Funds: what each paying account needs by when, and the queue of an account that lacks money.

A bank that rejects for want of funds (a reason whose action is *wait for funds*) says something of our account, not of
the payee: the queue of that account is held, not the payments one by one. While the hold stands nothing of the account
is sealed or sent; an operator who has seen to the money releases it, and what was rejected is paid again in the next
window. The hold commits behind the gate of stops and pauses, so nothing leaves whose hold was committed before its
intent.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from gateway.domain.errors import NotFound
from gateway.ports.clock import Clock
from gateway.ports.store import Session, Store
from gateway.service.banks import Bank, Banks, DebtorAccounts
from gateway.service.exceptions import Trouble, end_exceptions, raise_exceptions
from gateway.service.windows import first_cut_off

KIND = "funds missing"


class Account(NamedTuple):
    """A paying account in one currency."""

    bank: str
    debtor_account: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The hold of an account's queue. `reason` is the bank's code, `message_no` the message that said it."""

    hold_no: int
    bank: str
    debtor_account: str
    currency: str
    reason: str
    message_no: int | None
    set_at: datetime
    set_by: str
    released_at: datetime | None
    released_by: str | None

    @property
    def account(self) -> Account:
        """The account that is held."""
        return Account(self.bank, self.debtor_account, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What an account needs for one pay date, in minor units.

    `to_leave_minor` is what still must leave for that date. `in_flight_minor` is what has left and stands in no proved
    statement yet, `balance_minor` the closing balance of the last proved statement (None: there is none). The shortfall
    is what the balance lacks of all that is in flight and must leave up to this date; `needed_by` the bank's cut-off.
    """

    bank: str
    debtor_account: str
    currency: str
    pay_date: date
    payments: int
    to_leave_minor: int
    in_flight_minor: int
    needed_by: datetime | None
    balance_minor: int | None
    balance_on: date | None
    shortfall_minor: int | None
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingRow:
    """What is cut and has not left."""

    bank: str
    debtor_account: str
    currency: str
    pay_date: date
    payments: int
    total_minor: int
    products: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """What has a bank and waits to be cut again."""

    source: str
    programme: str
    bank: str
    currency: str
    pay_date: date
    payments: int
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRow:
    """What is on its way from an account."""

    bank: str
    debtor_account: str
    currency: str
    total_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRow:
    """The last proved closing balance of an account."""

    bank: str
    debtor_account: str
    currency: str
    closing_minor: int
    closing_on: date | None


async def hold_account(
    session: Session,
    at: datetime,
    *,
    submissions: Collection[int],
    reason: str,
    by: str,
    message_no: int | None = None,
) -> list[Hold]:
    """Hold the queues of the accounts that pay these submissions, in the caller's transaction; return the new holds.

    Takes the gate: no intent commits between here and the caller's commit. A hold that stands stays as it is, and what
    was sent before an account was last released holds it no more.
    """
    await session.execute("stops.gate")
    args = (sorted(submissions), reason, message_no, at, by)
    held = await session.all(Hold, "funds.hold", *args)
    await raise_exceptions(session, at, [_trouble(hold) for hold in held])
    return held


def _trouble(hold: Hold) -> Trouble:
    detail = {"hold": str(hold.hold_no), "code": hold.reason, "currency": hold.currency}
    return Trouble(kind=KIND, key=_key(hold), bank=hold.bank, message_no=hold.message_no, detail=detail)


def _key(hold: Hold) -> str:
    return f"hold {hold.hold_no}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """Look at what accounts need, and release their queues."""

    store: Store
    clock: Clock
    banks: Banks = field(default_factory=dict)
    accounts: DebtorAccounts = field(default_factory=lambda: DebtorAccounts(accounts={}))

    async def needs(self, until: date) -> list[Need]:
        """Return what each account needs for each pay date up to `until`, and accounts with something in flight."""
        async with self.store.transaction() as session:
            return await needs(session, until, self.banks, self.accounts)

    async def holds(self) -> list[Hold]:
        """Return the holds that stand, oldest first."""
        async with self.store.transaction() as session:
            return await session.all(Hold, "funds.holds")

    async def release(self, hold_no: int, *, by: str) -> Hold:
        """Let the queue of an account go on; releasing twice changes nothing. Raises NotFound for no such hold."""
        now = self.clock.now()
        async with self.store.transaction() as session:
            released = await session.one(Hold, "funds.release", hold_no, now, by)
            hold = released or await session.one(Hold, "funds.look", hold_no)
            if hold is None:
                raise NotFound("no such hold")
            await end_exceptions(session, now, kind=KIND, keys=[_key(hold)], how="hold released", by=by)
        return hold


async def needs(session: Session, until: date, banks: Banks, accounts: DebtorAccounts) -> list[Need]:
    """See `Funds.needs`; inside a transaction of the caller."""
    leaving = await session.all(LeavingRow, "funds.leaving", until)
    waiting = await session.all(WaitingRow, "funds.waiting", until)
    flights = await session.all(FlightRow, "funds.in_flight")
    balances = await session.all(BalanceRow, "funds.balances")
    held = {hold.account for hold in await session.all(Hold, "funds.holds")}
    to_leave = _to_leave([*leaving, *_by_account(waiting, accounts)])
    in_flight = {Account(f.bank, f.debtor_account, f.currency): f.total_minor for f in flights}
    known = {Account(b.bank, b.debtor_account, b.currency): b for b in balances}
    found: list[Need] = []
    for account in sorted(to_leave.keys() | in_flight.keys()):
        days = to_leave.get(account) or {until: _NOTHING}
        bank = banks.get(account.bank)
        state = _State(account, in_flight.get(account, 0), known.get(account), held=account in held, bank=bank)
        found += _of_account(state, days)
    return found


class _State(NamedTuple):
    """What is known of an account, whatever the day."""

    account: Account
    in_flight: int
    balance: BalanceRow | None
    held: bool
    bank: Bank | None


class _Day(NamedTuple):
    """What must leave for a pay date. Without `products` some of it is not cut: it may be any product."""

    payments: int
    minor: int
    products: frozenset[str]


_NOTHING = _Day(0, 0, frozenset())


def _of_account(state: _State, days: Mapping[date, _Day]) -> Iterator[Need]:
    """Yield an account's needs by rising pay date; each day's shortfall counts the days before it."""
    balance, so_far = state.balance, state.in_flight
    for day, (payments, minor, products) in sorted(days.items()):
        so_far += minor
        yield Need(
            **state.account._asdict(),
            pay_date=day,
            payments=payments,
            to_leave_minor=minor,
            in_flight_minor=state.in_flight,
            needed_by=first_cut_off(state.bank, day, products) if state.bank is not None else None,
            balance_minor=balance.closing_minor if balance else None,
            balance_on=balance.closing_on if balance else None,
            shortfall_minor=max(0, so_far - balance.closing_minor) if balance else None,
            held=state.held,
        )


def _by_account(rows: Iterable[WaitingRow], accounts: DebtorAccounts) -> Iterator[LeavingRow]:
    """Find the account that will pay what waits; without one nothing is needed, and cutting will hold it."""
    for row in rows:
        debtor = accounts.find(source=row.source, programme=row.programme, currency=row.currency, bank=row.bank)
        if debtor is not None:
            yield LeavingRow(
                bank=row.bank,
                debtor_account=debtor.iban,
                currency=row.currency,
                pay_date=row.pay_date,
                payments=row.payments,
                total_minor=row.total_minor,
            )


def _to_leave(rows: Sequence[LeavingRow]) -> dict[Account, dict[date, _Day]]:
    """Sum by account and pay date."""
    found: defaultdict[Account, dict[date, _Day]] = defaultdict(dict)
    for row in rows:
        days, more = found[Account(row.bank, row.debtor_account, row.currency)], frozenset(row.products)
        day = days.get(row.pay_date, _Day(0, 0, more))
        products = day.products | more if day.products and more else frozenset[str]()
        days[row.pay_date] = _Day(day.payments + row.payments, day.minor + row.total_minor, products)
    return found
