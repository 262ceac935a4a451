"""Limits as configured, and the loops that tell of money that is kept back or not fetched."""

from typing import TYPE_CHECKING

from gateway.domain.errors import ConfigError
from gateway.domain.money import EXPONENT, AmountError, parse_minor
from gateway.runtime.loops import Loop
from gateway.runtime.settings import DayLimit, Settings
from gateway.service.collect import Collect
from gateway.service.limits import Limit, WatchLimits
from gateway.service.unclaimed import UnclaimedWays

if TYPE_CHECKING:
    from gateway.runtime.assembly import Gateway
    from gateway.runtime.configuration import Configuration


def limits_of(settings: Settings) -> tuple[Limit, ...]:
    """Read the limits. Raises ConfigError for an amount that is none, and for two limits on the same."""
    limits = tuple(sorted(_limit(entry) for entry in settings.limits))
    if len({(one.source, one.bank, one.currency) for one in limits}) != len(limits):
        raise ConfigError("limits: the same source, bank and currency stand twice")
    return limits


def _limit(entry: DayLimit) -> Limit:
    if entry.currency not in EXPONENT:
        raise ConfigError(f"limits: {entry.currency} is not a currency the gateway knows")
    try:
        per_day = parse_minor(entry.per_day, entry.currency)
    except AmountError as error:
        raise ConfigError(f'limits: per_day: {error}; write it quoted, such as "5000000.00"') from error
    return Limit(source=entry.source, bank=entry.bank, currency=entry.currency, per_day=per_day)


def unclaimed_ways(configuration: "Configuration") -> UnclaimedWays:
    """Gather by which codes banks say that nobody collected the money, and what each benefit then does."""
    counters = {
        slug: profile.counter for slug, profile in configuration.profiles.items() if profile.counter is not None
    }
    codes = {slug: frozenset(counter.unclaimed_codes) for slug, counter in counters.items()}
    return UnclaimedWays(codes=codes, catalogue=configuration.catalogue)


def brakes(gateway: "Gateway") -> list[Loop]:
    """Return the loops that watch limits and collection windows."""
    parts = gateway.configuration
    watch = WatchLimits(store=gateway.store, clock=gateway.clock, limits=parts.limits)
    collect = Collect(store=gateway.store, clock=gateway.clock, profiles=parts.profiles)
    return [
        Loop(kind="limits", step=watch, patience_seconds=5),
        Loop(kind="collect", step=collect, patience_seconds=60),
    ]
