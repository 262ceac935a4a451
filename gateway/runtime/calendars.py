"""Calendars: TARGET by its own rule, any country through `holidays`, both corrected by `config/calendars.yaml`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Self

import holidays
from pydantic import Field, ValidationError, model_validator

from bank_adapters.profile import Profile
from bank_adapters.profile.base import Strict, Why
from bank_adapters.profile.reading import load_yaml
from gateway.domain.calendar import TARGET, YEARS, Calendar
from gateway.domain.errors import ConfigError

FILE = "calendars.yaml"
_HALF_DAY = "half_day"
_CLOSING = ("public", "bank")
"""Kinds of holidays on which banks do not work, where `holidays` tells them apart for a country."""

Days = Annotated[dict[date, Why], Field(default_factory=dict)]


class Correction(Strict):
    """What one calendar gets wrong, each day with its reason."""

    closed: Days = Field(description="Banking days on which banks do not work.")
    opened: Days = Field(description="Closed days on which banks work, a weekend's too.")
    half_days: Days = Field(description="Days on which banks work until the half-day's cut-off.")

    @model_validator(mode="after")
    def _each_day_once(self) -> Self:
        twice = self.closed.keys() & (self.opened.keys() | self.half_days.keys())
        if twice:
            raise ValueError(f"{min(twice)} is closed and open: write it once")
        outside = [day for day in (*self.closed, *self.opened, *self.half_days) if day.year not in YEARS]
        if outside:
            raise ValueError(f"{min(outside)} lies outside the years {YEARS.start} to {YEARS.stop - 1}")
        return self


class Corrections(Strict):
    """The whole file."""

    calendars: dict[Annotated[str, Field(pattern=r"^[A-Z]{2,6}$")], Correction] = Field(
        description="Corrections by calendar: TARGET, or an ISO 3166 country that `holidays` knows."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """Calendars by name, and for each bank whose profile names none that can be made, why not."""

    by_name: Mapping[str, Calendar] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)

    def of(self, profile: Profile) -> Calendar:
        """Return the calendar of a bank that is not broken."""
        return self.by_name[profile.calendar]


def read_calendars(config: Path, profiles: Mapping[str, Profile]) -> Calendars:
    """Make the calendars that profiles name. Raises ConfigError for a table of corrections that must not be used."""
    by_name = _corrected_ones(config / FILE)
    broken: dict[str, str] = {}
    for slug, profile in profiles.items():
        try:
            if profile.calendar not in by_name:
                by_name[profile.calendar] = calendar(profile.calendar)
        except ConfigError as error:
            broken[slug] = f"calendar: {error}"
    return Calendars(by_name=by_name, broken=broken)


def calendar(name: str) -> Calendar:
    """Compute a calendar as it is without corrections. Raises ConfigError for a name that stands for none."""
    if name == TARGET.name:
        return TARGET
    try:
        kinds = set(holidays.country_holidays(name).supported_categories)
        closing = holidays.country_holidays(name, years=YEARS, categories=tuple(kinds & set(_CLOSING)))
        halves = holidays.country_holidays(name, years=YEARS, categories=(_HALF_DAY,)) if _HALF_DAY in kinds else {}
    except NotImplementedError:
        text = f"{name} is not known: write TARGET, or an ISO 3166 country that the package `holidays` knows (TR)"
        raise ConfigError(text) from None
    return Calendar(
        name=name,
        first=TARGET.first,
        last=TARGET.last,
        closed_weekdays=frozenset(closing.weekend),
        closed_days=frozenset(closing),
        half_days=frozenset(halves),
    )


def _corrected_ones(file: Path) -> dict[str, Calendar]:
    try:
        return {name: _corrected(calendar(name), found) for name, found in _read(file).items()}
    except ConfigError as error:
        raise ConfigError(f"{file.name}: {error}") from error


def _corrected(calendar: Calendar, by: Correction) -> Calendar:
    return replace(
        calendar,
        closed_days=(calendar.closed_days | by.closed.keys()) - by.opened.keys(),
        opened_days=frozenset(by.opened),
        half_days=(calendar.half_days | by.half_days.keys()) - by.closed.keys(),
    )


def _read(file: Path) -> Mapping[str, Correction]:
    if not file.exists():
        return {}
    try:
        text = json.dumps(load_yaml(file.read_text(encoding="utf-8")), allow_nan=False)
        return Corrections.model_validate_json(text).calendars
    except ValidationError as error:
        raise ConfigError("; ".join(_wrong(error))) from error
    except (TypeError, ValueError) as error:
        raise ConfigError("a value is neither text nor mapping") from error


def _wrong(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_input=False):
        where = ".".join(str(part) for part in one["loc"] if part != "[key]") or "(file)"
        yield f"{where}: {one['msg']}"
