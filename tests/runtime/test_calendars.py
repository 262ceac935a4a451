"""Calendars against the lists that states and central banks publish, and the table that corrects them."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import holidays
import pytest
import yaml

from bank_adapters.profile import Profile
from gateway.domain.calendar import TARGET, YEARS
from gateway.domain.errors import ConfigError
from gateway.runtime.calendars import calendar, read_calendars
from gateway.runtime.configuration import read_configuration
from gateway.runtime.settings import load_settings
from tests.bank_adapters.material import file_bank
from tests.orders import ROOT
from tests.scenario import configuration

TURKIYE = calendar("TR")

# Law 2429 on national and general holidays: 1 January, 23 April, 1 May, 19 May, 15 July, 30 August, 29 October (from
# 13:00 on the 28th); Ramazan Bayrami is three days and Kurban Bayrami four, each from 13:00 on the day before. Dates of
# the feasts are those of the lists of religious days (dini gunler listesi) of the Presidency of Religious Affairs.
FEASTS = {
    2025: (date(2025, 3, 30), date(2025, 6, 6)),
    2026: (date(2026, 3, 20), date(2026, 5, 27)),
    2027: (date(2027, 3, 9), date(2027, 5, 16)),
}
FIXED = ((1, 1), (4, 23), (5, 1), (5, 19), (7, 15), (8, 30), (10, 29))

# https://www.ecb.europa.eu, T2 calendar: days on which TARGET is closed beside Saturdays and Sundays
ECB = {
    2024: ("01-01", "03-29", "04-01", "05-01", "12-25", "12-26"),
    2025: ("01-01", "04-18", "04-21", "05-01", "12-25", "12-26"),
    2026: ("01-01", "04-03", "04-06", "05-01", "12-25", "12-26"),
    2027: ("01-01", "03-26", "03-29", "05-01", "12-25", "12-26"),
}


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


def of_law(year: int) -> tuple[set[date], set[date]]:
    """Closed days and half-days of a year in Türkiye."""
    ramazan, kurban = FEASTS[year]
    closed = {date(year, month, day) for month, day in FIXED}
    closed |= {ramazan + timedelta(days=n) for n in range(3)} | {kurban + timedelta(days=n) for n in range(4)}
    eves = {ramazan - timedelta(days=1), kurban - timedelta(days=1), date(year, 10, 28)}
    return closed, eves


@pytest.mark.parametrize("year", sorted(FEASTS))
def test_turkiye_is_closed_and_half_open_as_its_law_says(year: int) -> None:
    closed, eves = of_law(year)
    for day in days_of(year):
        weekend = day.weekday() >= 5
        assert TURKIYE.is_banking_day(day) == (not weekend and day not in closed), day
        assert TURKIYE.is_half_day(day) == (not weekend and day not in closed and day in eves), day


def test_banks_of_turkiye_work_half_of_these_days() -> None:
    found = [day for year in FEASTS for day in days_of(year) if TURKIYE.is_half_day(day)]
    assert [day.isoformat() for day in found] == [
        *("2025-06-05", "2025-10-28"),  # the eve of Ramazan Bayrami was a Saturday
        *("2026-03-19", "2026-05-26", "2026-10-28"),
        *("2027-03-08", "2027-10-28"),  # the eve of Kurban Bayrami is a Saturday
    ]


@pytest.mark.parametrize("year", sorted(ECB))
def test_target_is_closed_on_the_days_that_the_ecb_publishes(year: int) -> None:
    closed = {date.fromisoformat(f"{year}-{day}") for day in ECB[year]}
    for day in days_of(year):
        assert calendar("TARGET").is_banking_day(day) == (day.weekday() < 5 and day not in closed), day


def test_target_agrees_with_the_package_in_every_year_of_its_rule() -> None:
    closed = set(holidays.financial_holidays("XECB", years=range(2002, YEARS.stop)))
    assert {day for day in TARGET.closed_days if day.year >= 2002} == closed


def test_other_countries_have_their_own_weekends_and_days() -> None:
    assert calendar("SA").closed_weekdays == {4, 5}
    kazakh = calendar("KZ")
    assert not kazakh.is_banking_day(date(2026, 12, 16)), "Independence Day"
    assert kazakh.half_days == frozenset()


def folder(root: Path, corrections: Any = None, text: str = "") -> Path:
    if corrections is not None:
        text = yaml.safe_dump({"calendars": corrections})
    if text:
        (root / "calendars.yaml").write_text(text, encoding="utf-8")
    return root


def bank(name: str = "TR") -> dict[str, Profile]:
    return {"alfa": file_bank().model_copy(update={"calendar": name})}


def test_the_table_closes_opens_and_halves_days(tmp_path: Path) -> None:
    why = "decree of the government"
    corrections = {
        "TR": {
            "closed": {"2026-10-28": why, "2026-09-21": why},
            "opened": {"2026-09-19": why, "2026-10-29": why},
            "half_days": {"2026-09-19": why, "2026-09-22": why},
        }
    }
    turkiye = read_calendars(folder(tmp_path, corrections), bank()).of(bank()["alfa"])
    open_days = [d for d in days_of(2026) if turkiye.is_banking_day(d) and not TURKIYE.is_banking_day(d)]
    assert open_days == [date(2026, 9, 19), date(2026, 10, 29)]
    shut = [d for d in days_of(2026) if TURKIYE.is_banking_day(d) and not turkiye.is_banking_day(d)]
    assert shut == [date(2026, 9, 21), date(2026, 10, 28)]
    halves = [d for d in days_of(2026) if turkiye.is_half_day(d) and not TURKIYE.is_half_day(d)]
    assert halves == [date(2026, 9, 19), date(2026, 9, 22)]


@pytest.mark.parametrize("text", ["", "# nothing\ncalendars: {}\n"])
def test_without_corrections_calendars_are_what_they_are(tmp_path: Path, text: str) -> None:
    assert read_calendars(folder(tmp_path, text=text), bank()).of(bank()["alfa"]) == TURKIYE


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("calendars: {TR: {closed: {2026-10-28: decree of today}}}", "line 1: the key .* is not text; quote it"),
        ('calendars: {TR: {closed: {"2026-10-32": decree of today}}}', "calendars.TR.closed.2026-10-32: Input"),
        ('calendars: {TR: {closed: {"2026-10-28": short}}}', "calendars.TR.closed.2026-10-28: .* at least 10"),
        ('calendars: {TR: {shut: {"2026-10-28": decree of today}}}', "calendars.TR.shut: Extra inputs"),
        (
            'calendars: {TR: {closed: {"2026-10-28": decree of today}, opened: {"2026-10-28": decree of today}}}',
            "2026-10-28 is closed and open: write it once",
        ),
        ('calendars: {TR: {closed: {"2100-10-28": decree of today}}}', "lies outside the years 2000 to 2099"),
        ('calendars: {XX: {closed: {"2026-10-28": decree of today}}}', "XX is not known: write TARGET"),
        ("calendars: [", "not YAML"),
        ("calendars:", "calendars"),
    ],
)
def test_a_table_that_must_not_be_used_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        read_calendars(folder(tmp_path, text=text), bank())
    assert str(caught.value).startswith("calendars.yaml")


def test_a_calendar_that_is_not_known_disables_its_bank_alone(tmp_path: Path) -> None:
    profiles = bank("TRX") | {"bravo": file_bank()}
    found = read_calendars(tmp_path, profiles)
    told = "TRX is not known: write TARGET, or an ISO 3166 country that the package `holidays` knows (TR)"
    assert found.broken == {"alfa": f"calendar: {told}"}
    assert found.of(profiles["bravo"]) is TARGET


def test_a_gateway_does_without_a_bank_whose_calendar_nobody_knows(tmp_path: Path) -> None:
    config = configuration(tmp_path / "config", ("alfa", "charlie"))
    alfa = config / "banks" / "alfa.yaml"
    alfa.write_text(alfa.read_text(encoding="utf-8") + "calendar: XX\n", encoding="utf-8")
    read = read_configuration(config, load_settings(config))
    assert list(read.profiles) == ["charlie"]
    assert [(slug, why.partition(":")[0]) for slug, why in read.broken] == [("alfa", "calendar")]
    assert read.routing.banks.keys() == {"charlie"}


def test_the_shipped_table_can_be_used_and_shows_an_example_that_can_be_used_too(tmp_path: Path) -> None:
    shipped = (ROOT / "config" / "calendars.yaml").read_text(encoding="utf-8")
    assert read_calendars(ROOT / "config", bank()).of(bank()["alfa"]) == TURKIYE
    start = shipped.index("#   calendars:")
    written = "\n".join(line[4:] for line in shipped[start:].splitlines() if line.startswith("#   "))
    target = read_calendars(folder(tmp_path, text=written), {"alfa": file_bank()}).of(file_bank())
    assert not target.is_banking_day(date(2001, 12, 31))
    assert TARGET.is_banking_day(date(2001, 12, 31))
