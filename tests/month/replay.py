"""A month replayed: the whole product and its banks, thirty pay days, and the weeks in which money still comes back.

On banking days of TARGET batches are released, banks close their day and send statements, and operators work. On the
days between nobody works, but what is due by the clock happens. Time is simulated; PostgreSQL and the broker are real.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from gateway.demo.clock import DayClock
from gateway.demo.conductor import Conductor
from gateway.demo.judge import Doubtful
from gateway.demo.orders import DemoOrder, PayDay, make_pay_day
from gateway.demo.stage import SOURCE, DemoOptions, Stage, staged
from gateway.domain.calendar import is_banking_day
from gateway.sandbox import ApiBank
from gateway.service.report import ControlSheet, Report
from tests.month.institution import Institution
from tests.month.office import Office
from tests.month.place import LATEST

T = TypeVar("T")

FIRST = date(2026, 11, 23)
"""A Monday: Christmas, the turn of the year and their holidays lie within."""
PAY_DAYS = 30
CORRECTED = 5
"""So many banking days after the last pay day the benefits system still approves corrections."""
AFTER = CORRECTED + LATEST + 7
"""Banking days after the last pay day: until the last return, and until what follows from it was decided."""
HOP = timedelta(hours=10)
"""The clock moves to full multiples of this within a day: everything is looked at once, before banks close."""
STRIDE, BEGIN = 40, 16
"""Of so many order numbers those from this place on are the ones with trouble (see gateway.demo.orders)."""
_MORNING, _NOON, _CLOSE, _NIGHT = (time(hour, tzinfo=UTC) for hour in (8, 12, 18, 22))
_DOWN_FOR = timedelta(hours=2)
_INBOX_SECONDS = 30.0
_SATURDAY = 5
_KEPT_LONG = "account 3"
"""The stop that outlasts its order's validity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is played: so many orders a pay day by `seed`, configured by `config`, under the folder `work`."""

    config: Path
    work: Path
    orders: int
    seed: int = 7


@dataclass(slots=True, kw_only=True)
class Month:
    """A month on its stage. `evenings` are the control sheets as they were on the evening of their pay day."""

    options: Options
    stage: Stage
    institution: Institution
    office: Office
    conductor: Conductor
    pay_days: list[date] = field(default_factory=list)
    closed: list[date] = field(default_factory=list)
    stopped: dict[str, int] = field(default_factory=dict)
    evenings: dict[date, ControlSheet] = field(default_factory=dict)

    async def play(self) -> None:
        """Play every pay day and the days after, until every bank has told its last statement."""
        day = FIRST
        async with self.conductor.working():
            while len(self.closed) < PAY_DAYS + AFTER or not self._all_told():
                if is_banking_day(day):
                    await self._banking_day(day)
                elif day.weekday() != _SATURDAY:
                    await self.conductor.move_to(datetime.combine(day, _NOON))
                day += timedelta(days=1)
        feed = await self.stage.benefits.feed()
        await self.stage.inbox.until(len(feed), seconds=_INBOX_SECONDS)

    async def sheet(self, day: date) -> ControlSheet:
        """Return the control sheet of a pay day as it is now."""
        return await Report(store=self.stage.gateway.store).control_sheet(day)

    def _all_told(self) -> bool:
        """Whether banks have told all statements: late ones come a day after their successor."""
        return all(one.told for books in self.stage.street.books().values() for one in books.accounts.statements())

    async def _banking_day(self, day: date) -> None:
        pays = len(self.pay_days) < PAY_DAYS
        self.stage.clock.advance_to(datetime.combine(day, _MORNING))
        await self._work()
        corrections = self.institution.corrections(day, self.stage.inbox.latest())
        if pays:
            await self._pay(day, corrections)
        elif len(self.closed) < PAY_DAYS + CORRECTED:
            await self.institution.pay(day, corrections)
        await self._until_evening(day)
        if pays:
            self.evenings[day] = await self.sheet(day)

    async def _until_evening(self, day: date) -> None:
        """Let the day run; in the evening banks close it and send their statements."""
        await self.conductor.play(datetime.combine(day, _CLOSE), hop=HOP)
        clock = self.stage.clock
        clock.advance_to(datetime.combine(day, _CLOSE))
        self.stage.street.close_day(day, clock.now())
        self.closed.append(day)
        await self.conductor.move_to(datetime.combine(day, _NIGHT))

    async def _work(self) -> None:
        """Let the operators work what the night brought."""
        await self.office.fund()
        await self._lift()
        await self.office.work_all(self._entries)

    async def _entries(self) -> Mapping[int, tuple[str, str]]:
        """Say by exception which entry of which bank it is about: what stands in the bank's papers."""
        async with self.stage.gateway.store.transaction() as session:
            rows = await session.all(Doubtful, "due.doubtful")
        return {row.exception_no: (row.bank, row.entry_ref) for row in rows if row.entry_ref}

    async def _pay(self, day: date, corrections: list[DemoOrder]) -> None:
        """Release the batches of a pay day, some orders under stops, some days with a bank that cannot be reached."""
        number, count = len(self.pay_days), self.options.orders
        first = number * max(STRIDE, count) + (BEGIN if count < STRIDE else 0)
        pay_day = self.conductor.day = make_pay_day(count, self.options.seed, self.stage.banks, day, first=first)
        self.pay_days.append(day)
        ordinary = [order for order in pay_day.orders if not order.trouble]
        await self._stop(number, ordinary)
        if number % 6 == 5:
            await self._take_down()
        await self.institution.pay(day, [*pay_day.orders, *corrections])
        await self.conductor.settle()
        if number % 7 == 6:
            await self.institution.stop_what("person", ordinary[1].payee.key, "death notice, too late")

    async def _stop(self, number: int, orders: list[DemoOrder]) -> None:
        """Set the stops of a pay day before its release; those that are lifted later are remembered by their name."""
        stop, account = self.institution.stop_what, orders[-1].document["creditorAccount"].get("iban", "")
        if number % 5 == 2:
            await stop("person", orders[0].payee.key, "death notice")
        if number % 5 == 3 and account:
            self.stopped[f"account {number}"] = await stop("account", account, "account changed")
        if number % 10 == 4:
            self.stopped[f"order {number}"] = await stop("order", orders[len(orders) // 2].order_id, "under review")
        if number % 10 == 7:
            self.stopped[f"benefit {number}"] = await stop("benefit", "TRAVEL_REFUND", "audit")

    async def _lift(self) -> None:
        """Lift what was stopped two pay days ago; one stop only when its order is not valid any more."""
        for name, stop_no in list(self.stopped.items()):
            since = PAY_DAYS if name == _KEPT_LONG else int(name.rpartition(" ")[2])
            if len(self.closed) >= since + 2:
                await self.office.lift_stop(stop_no)
                del self.stopped[name]

    async def _take_down(self) -> None:
        """Take down a bank with an API for two hours."""
        bank = next(filter(_refuses, self.stage.street.api_banks.values()))
        await bank.set_down(True)
        self.conductor.agenda.append((self.stage.clock.now() + _DOWN_FOR, partial(bank.set_down, False)))


def _refuses(bank: ApiBank) -> bool:
    return bank.parameters.api is not None and bank.parameters.api.when_down == "refuse"


async def play(options: Options, then: Callable[[Month], Awaitable[T]]) -> T:
    """Play a month and return what `then` makes of it while its database and its banks' books are still open."""
    clock = DayClock(datetime.combine(FIRST, _MORNING) - timedelta(hours=1))
    demo = DemoOptions(orders=options.orders, seed=options.seed, config=options.config)
    async with staged(demo, clock, options.work) as stage:
        month = _month(options, stage)
        await month.play()
        return await then(month)


def _month(options: Options, stage: Stage) -> Month:
    door = stage.benefits
    parts: dict[str, Any] = {"session": door.session, "url": door.url, "keys": door.keys, "clock": stage.clock}
    return Month(
        options=options,
        stage=stage,
        institution=Institution(**parts, source=SOURCE, banks=stage.banks, seed=options.seed),
        office=Office(**parts, street=stage.street, banks=stage.banks),
        conductor=Conductor(stage=stage, day=PayDay(pay_date=FIRST, orders=[]), watch=lambda _at, _progress: None),
    )
