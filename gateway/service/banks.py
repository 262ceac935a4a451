"""The partner banks of this process: what each speaks and how it is reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bank_adapters.profile import ProductHours, Profile
from bank_adapters.spi import Adapter, Debtor
from gateway.domain.calendar import TARGET, Calendar
from gateway.domain.errors import ConfigError
from gateway.domain.hours import DayHours, Timetable
from gateway.ports.transport import Transport
from gateway.ports.wrapping import Wrapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """One partner bank: its profile, the adapter that translates and the transport that carries.

    `calendar` is the one that the profile names. `wrapping` is the envelope of its files, there exactly where the
    profile asks for one, so that nobody can forget it. Raises ConfigError where it is not.
    """

    profile: Profile
    adapter: Adapter
    transport: Transport
    calendar: Calendar = TARGET
    wrapping: Wrapping | None = None
    place: str | None = None
    """Where the settings say that it is, if not where its profile says."""
    credential: str = ""
    """Whom its API takes us for, in digests, as far as secrets decide that; it does not change while this lives."""
    timetable: Timetable = field(init=False, repr=False, compare=False)
    """When it takes payments in. A bank without hours is open round the clock on its banking days."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "timetable", timetable_of(self.profile, self.calendar))
        if (self.wrapping is None) != (self.profile.envelope is None):
            raise ConfigError(f"bank {self.profile.slug}: its profile and its envelope disagree")

    @property
    def destination(self) -> str:
        """Name the adapter that writes for it and where that goes: what was sealed for one is not sent to another."""
        return self.profile.destination(self.place)

    @property
    def recipient(self) -> str:
        """Name what its files are wrapped for; empty where they go as they are."""
        return "" if self.wrapping is None else self.wrapping.recipient

    @property
    def slug(self) -> str:
        return self.profile.slug


def timetable_of(profile: Profile, calendar: Calendar) -> Timetable:
    """Join a profile's hours and its calendar."""
    forward = profile.closed_day == "following"
    if profile.hours is None:
        return Timetable(calendar=calendar, forward=forward)
    return Timetable(
        calendar=calendar,
        zone=ZoneInfo(profile.hours.zone),
        products={product: _day_hours(hours) for product, hours in profile.hours.products.items()},
        waits=profile.hours.waits,
        forward=forward,
    )


def _day_hours(hours: ProductHours) -> DayHours:
    return DayHours(
        opens=_minutes(hours.opens),
        closes=_minutes(hours.closes),
        closes_half_day=_minutes(hours.closes_half_day or hours.closes),
    )


def _minutes(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


Banks = Mapping[str, Bank]


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorAccounts:
    """Which account pays: configuration says it by (source, programme, currency, bank); an order never does."""

    accounts: Mapping[tuple[str, str, str, str], Debtor]

    def find(self, *, source: str, programme: str, currency: str, bank: str) -> Debtor | None:
        """Return the account; a programme of "*" in the configuration stands for every programme of the source."""
        exact = self.accounts.get((source, programme, currency, bank))
        return exact or self.accounts.get((source, "*", currency, bank))


class Workshop(Protocol):
    """Where CPU work is done: in this process, or in a pool of processes. Functions and arguments must pickle."""

    async def run(self, work: Any, /, *args: Any) -> Any:
        """Return `work(*args)`; what it raises is raised here."""
        ...
