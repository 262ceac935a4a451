"""What follows a pay day: banks end their days and send statements, money comes back, people work every morning."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from gateway.demo.conductor import Conductor

DAYS = 7
"""How many banking days are played after the pay day at least: until the last collection window is over."""
DAYS_MAX = 40
HOP = timedelta(hours=3)
_MORNING, _CLOSE = time(9, tzinfo=UTC), time(18, tzinfo=UTC)
_EVENING, _NIGHT = time(19, 30, tzinfo=UTC), time(22, tzinfo=UTC)
"""Between the two comes what another statement has overtaken: in one step of the clock nobody would see the gap."""
_FRIDAY = 4

Morning = Callable[[int, date], Awaitable[None]]
"""What people do on a morning, when the gateway has nothing left to do: number (from 0) and date of the day."""


@dataclass(slots=True, kw_only=True)
class Weeks:
    """Banking days, on the conductor's stage. `closed` lists the days that the banks closed."""

    conductor: Conductor
    morning: Morning
    closed: list[date] = field(default_factory=list)

    async def play(self, pay_date: date, days: int = DAYS, *, until_told: bool = True) -> None:
        """Close the pay day and play so many banking days after it.

        With `until_told` further ones follow until the banks have booked and told everything.
        """
        await self.close(pay_date)
        for number, day in enumerate(banking_days(pay_date, DAYS_MAX)):
            if number >= days and not (until_told and self._banks_go_on()):
                return
            await self.conductor.move_to(datetime.combine(day, _MORNING))
            await self.morning(number, day)
            await self.conductor.play(datetime.combine(day, _CLOSE) - HOP, hop=HOP)
            await self.close(day)

    async def close(self, day: date) -> None:
        """Let every bank end its day; its statements come in the evening."""
        await self.conductor.move_to(datetime.combine(day, _CLOSE))
        self.conductor.stage.street.close_day(day, self.conductor.stage.clock.now())
        self.closed.append(day)
        await self.conductor.move_to(datetime.combine(day, _EVENING))
        await self.conductor.move_to(datetime.combine(day, _NIGHT))

    def _banks_go_on(self) -> bool:
        """Whether a bank has something to book on a later day, or a statement that it has not sent."""
        stage, last = self.conductor.stage, self.closed[-1]
        books = stage.street.books()
        told = {bank.slug for bank in stage.banks if bank.statement is not None}
        return any((of_bank.accounts.last_booking() or last) > last for of_bank in books.values()) or any(
            not statement.told for slug in told for statement in books[slug].accounts.statements()
        )


def banking_days(after: date, number: int) -> Iterator[date]:
    """Yield so many days from Monday to Friday that follow a day."""
    day = after
    while number:
        day += timedelta(days=1)
        if day.weekday() <= _FRIDAY:
            number -= 1
            yield day
