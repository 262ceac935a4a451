"""The board of banks: how far each is connected, whether its lane goes, and when it takes payments in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.domain.calendar import Calendar
from gateway.domain.errors import DayUnknown
from gateway.domain.hours import Timetable, Window
from gateway.ports.clock import Clock
from gateway.ports.store import Store
from gateway.service.banks import Bank, Banks


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRow:
    """A bank's lane. Payments: `waiting` have not left, `under_way` are on the wire or unknown.

    `alarmed` of those that wait stay until a person has closed an alarm: the bank knows of what was never sent.
    """

    bank: str
    breaker: str
    paused: bool
    waiting: int
    under_way: int
    unknown: int
    alarmed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductBoard:
    """The hours of one product ("*": every other). `today` is None on a closed day.

    `next_opening` is the first instant from now on at which something can be sent, `cut_off` the end of that window.
    """

    product: str
    today: Window | None
    next_opening: datetime | None
    cut_off: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankRow:
    """One bank. `next_opening` and `cut_off` are the earliest of its products; instants are in UTC."""

    bank: str
    name: str
    onboarding: str
    tier: str
    calendar: str
    day: date
    banking_day: bool
    half_day: bool
    waits: bool
    lane: LaneRow
    products: Sequence[ProductBoard]

    @property
    def next_opening(self) -> datetime | None:
        return min((p.next_opening for p in self.products if p.next_opening is not None), default=None)

    @property
    def cut_off(self) -> datetime | None:
        return min((p.cut_off for p in self.products if p.cut_off is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankBoard:
    """Looks at all banks, or at one."""

    store: Store
    clock: Clock
    banks: Banks

    async def all(self) -> list[BankRow]:
        """Return every bank by its slug."""
        async with self.store.transaction() as session:
            lanes = {row.bank: row for row in await session.all(LaneRow, "windows.lanes")}
        now = self.clock.now()
        return [_row(self.banks[slug], lanes[slug], now) for slug in sorted(self.banks) if slug in lanes]


def _row(bank: Bank, lane: LaneRow, now: datetime) -> BankRow:
    table, profile = bank.timetable, bank.profile
    day = table.day_of(now)
    return BankRow(
        bank=bank.slug,
        name=profile.name,
        onboarding=profile.onboarding.state,
        tier=profile.tier.value,
        calendar=bank.calendar.name,
        day=day,
        banking_day=_open(bank.calendar, day),
        half_day=_open(bank.calendar, day) and bank.calendar.is_half_day(day),
        waits=table.waits,
        lane=lane,
        products=[_product(table, product, day, now) for product in sorted(table.products)],
    )


def _open(calendar: Calendar, day: date) -> bool:
    return calendar.first <= day <= calendar.last and calendar.is_banking_day(day)


def _product(table: Timetable, product: str, day: date, now: datetime) -> ProductBoard:
    try:
        window = table.next_window(product, now)
        opening, today = table.may_leave_at(product, now), table.window(product, day)
    except DayUnknown:
        return ProductBoard(product=product, today=None, next_opening=None, cut_off=None)
    return ProductBoard(product=product, today=today, next_opening=opening, cut_off=window.closes if window else None)
