"""Windows, cut-offs and execution dates: properties, and the nights in which clocks are changed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain.calendar import TARGET, Calendar
from gateway.domain.errors import DayUnknown
from gateway.domain.hours import EVERY_OTHER, DayHours, Timetable, Window

BERLIN, ISTANBUL = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Istanbul")
ZONES = ("UTC", "Europe/Berlin", "Europe/Istanbul", "America/Sao_Paulo", "Asia/Almaty", "Australia/Lord_Howe")
EVERY_DAY = Calendar(name="ALL", first=date(2018, 1, 1), last=date(2019, 12, 31), closed_weekdays=frozenset())
"""Years in which Sao Paulo still changed its clocks, at midnight."""


def shop(opens: int, closes: int, half: int | None = None, **more: object) -> Timetable:
    hours = DayHours(opens=opens, closes=closes, closes_half_day=closes if half is None else half)
    return Timetable(products={EVERY_OTHER: hours}, **more)  # type: ignore[arg-type]


OFFICE = shop(7 * 60, 15 * 60 + 30, zone=BERLIN, waits=True)


@st.composite
def hours(draw: st.DrawFn) -> DayHours:
    opens = draw(st.integers(0, 1439))
    closes, half = (draw(st.integers(opens + 1, 1440)) for _ in range(2))
    return DayHours(opens=opens, closes=closes, closes_half_day=half)


DAYS = st.dates(min_value=EVERY_DAY.first, max_value=EVERY_DAY.last)
TIMETABLES = st.builds(
    Timetable,
    calendar=st.builds(
        Calendar,
        name=st.just("ANY"),
        first=st.just(EVERY_DAY.first),
        last=st.just(EVERY_DAY.last),
        closed_weekdays=st.frozensets(st.integers(0, 6), max_size=3),
        closed_days=st.frozensets(DAYS, max_size=20),
        half_days=st.frozensets(DAYS, max_size=60),
    ),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    products=st.fixed_dictionaries({EVERY_OTHER: hours()}, optional={"SSBE": hours()}),
    waits=st.booleans(),
    forward=st.booleans(),
)
START = datetime(2018, 2, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=630)).map(lambda passed: START + passed)
PRODUCTS = st.sampled_from(["SSBE", "BENE"])


@given(TIMETABLES, PRODUCTS, INSTANTS)
def test_the_next_opening_is_open_and_nothing_is_open_before_it(
    table: Timetable, product: str, instant: datetime
) -> None:
    window = table.next_window(product, instant)
    assert window is not None
    opening = max(instant, window.opens)
    assert table.open_window(product, opening) == window
    assert opening == instant or table.open_window(product, instant) is None
    whole_days = range((opening - instant).days + 2)
    days = {table.day_of(instant) + timedelta(days=n) for n in whole_days}
    for day in days:
        other = table.window(product, day)
        assert other is None or other.closes <= instant or other.opens >= window.opens


@given(TIMETABLES, PRODUCTS, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=30)))
def test_a_later_instant_never_has_an_earlier_opening_nor_an_earlier_execution_date(
    table: Timetable, product: str, instant: datetime, more: timedelta
) -> None:
    first, second = (table.may_leave_at(product, at) for at in (instant, instant + more))
    assert first is not None
    assert second is not None
    assert instant <= first <= second
    pay_date = instant.date()
    dates = [table.execution_date(product, pay_date, at, at.date()) for at in (instant, instant + more)]
    assert dates[0] is not None
    assert dates[1] is not None
    assert dates[0] <= dates[1]


@given(TIMETABLES, PRODUCTS, INSTANTS, st.integers(-20, 20))
def test_the_execution_date_is_a_banking_day_that_can_be_met(
    table: Timetable, product: str, instant: datetime, ahead: int
) -> None:
    today = instant.date()
    pay_date = today + timedelta(days=ahead)
    day = table.execution_date(product, pay_date, instant, today)
    assert day is not None
    window = table.window(product, day)
    assert window is not None
    assert instant < window.closes
    assert day >= max(today, table.day_of(instant))
    leaves = table.may_leave_at(product, instant)
    assert leaves is not None
    assert leaves < window.closes, "it can leave before its cut-off"
    if table.meets(product, pay_date, instant) and pay_date >= max(today, table.day_of(instant)):
        assert day == pay_date, "a pay date that is a banking day and can be met is moved nowhere"


@given(TIMETABLES, PRODUCTS, DAYS)
def test_a_window_is_never_longer_than_its_hours_say(table: Timetable, product: str, day: date) -> None:
    window = table.window(product, day)
    assume(window is not None and window.closes - window.opens > timedelta(0))
    assert window is not None
    for instant in (window.opens, window.closes - timedelta(microseconds=1)):
        told = instant.astimezone(table.zone)
        minutes = told.hour * 60 + told.minute
        of = table.products.get(product) or table.products[EVERY_OTHER]
        closes = of.closes_half_day if table.calendar.is_half_day(day) else of.closes
        assert told.date() == day
        assert of.opens <= minutes < closes


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2026-09-21", "2026-09-21T05:00:00", "2026-09-21T13:30:00"),  # summer: UTC+2
        ("2026-10-26", "2026-10-26T06:00:00", "2026-10-26T14:30:00"),  # the Monday after clocks went back
        ("2027-03-29", None, None),  # Easter Monday, the day after clocks went forward
        ("2027-03-30", "2027-03-30T05:00:00", "2027-03-30T13:30:00"),
        ("2026-12-31", "2026-12-31T06:00:00", "2026-12-31T14:30:00"),
        ("2027-01-01", None, None),
    ],
)
def test_a_window_follows_the_clock_of_the_bank(day: str, opens: str | None, closes: str | None) -> None:
    wanted = opens and closes and Window(opens=_utc(opens), closes=_utc(closes))
    assert OFFICE.window("SSBE", date.fromisoformat(day)) == wanted


def test_a_time_that_is_missing_opens_late_and_closes_early() -> None:
    """Berlin, 31 March 2019: 02:00 to 03:00 does not exist; who must choose reads 02:30 as 01:30 or 03:30."""
    day = date(2019, 3, 31)
    opening = shop(150, 600, zone=BERLIN, calendar=EVERY_DAY).window("SSBE", day)
    assert opening is not None
    assert opening.opens == _utc("2019-03-31T01:30:00"), "03:30 in summer time"
    closing = shop(0, 150, zone=BERLIN, calendar=EVERY_DAY).window("SSBE", day)
    assert closing is not None
    assert closing.closes == _utc("2019-03-31T00:30:00"), "01:30 in winter time"
    assert shop(130, 170, zone=BERLIN, calendar=EVERY_DAY).window("SSBE", day) is None


def test_a_time_that_comes_twice_opens_the_second_and_closes_the_first_time() -> None:
    """Berlin, 27 October 2019: 02:30 is 00:30 UTC, and 01:30 UTC once more."""
    day = date(2019, 10, 27)
    opening = shop(150, 600, zone=BERLIN, calendar=EVERY_DAY).window("SSBE", day)
    closing = shop(0, 150, zone=BERLIN, calendar=EVERY_DAY).window("SSBE", day)
    assert opening is not None
    assert closing is not None
    assert (opening.opens, closing.closes) == (_utc("2019-10-27T01:30:00"), _utc("2019-10-27T00:30:00"))


def test_the_cut_off_itself_is_too_late() -> None:
    monday = date(2026, 9, 21)
    in_time, late = _utc("2026-09-21T13:29:59.999999"), _utc("2026-09-21T13:30:00")
    assert OFFICE.meets("SSBE", monday, in_time)
    assert not OFFICE.meets("SSBE", monday, late)
    assert OFFICE.execution_date("SSBE", monday, late, monday) == date(2026, 9, 22)
    assert OFFICE.may_leave_at("SSBE", late) == _utc("2026-09-22T05:00:00")


def test_before_the_opening_the_day_can_still_be_met() -> None:
    monday = date(2026, 9, 21)
    night = _utc("2026-09-21T01:00:00")
    assert OFFICE.execution_date("SSBE", monday, night, monday) == monday
    assert OFFICE.may_leave_at("SSBE", night) == _utc("2026-09-21T05:00:00")


def test_a_half_day_closes_earlier_and_the_rest_of_it_belongs_to_the_next_banking_day() -> None:
    """28 October, from 13:00, and the 29th: Republic Day of Türkiye (law 2429)."""
    calendar = Calendar(
        name="TR",
        first=date(2026, 1, 1),
        last=date(2026, 12, 31),
        closed_days=frozenset({date(2026, 10, 29)}),
        half_days=frozenset({date(2026, 10, 28)}),
    )
    table = shop(540, 990, 690, zone=ISTANBUL, calendar=calendar)  # 09:00 to 16:30, on half-days to 11:30
    eve = date(2026, 10, 28)
    assert table.window("SSBE", eve) == Window(opens=_utc("2026-10-28T06:00:00"), closes=_utc("2026-10-28T08:30:00"))
    assert table.execution_date("SSBE", eve, _utc("2026-10-28T08:29:00"), eve) == eve
    assert table.execution_date("SSBE", eve, _utc("2026-10-28T08:30:00"), eve) == date(2026, 10, 30)


@pytest.mark.parametrize(
    ("pay_date", "today", "rule", "day"),
    [
        ("2026-09-20", "2026-09-15", "following", "2026-09-21"),  # a Sunday
        ("2026-09-20", "2026-09-15", "preceding", "2026-09-18"),
        ("2026-09-20", "2026-09-18", "preceding", "2026-09-18"),
        ("2026-09-20", "2026-09-19", "preceding", "2026-09-21"),  # Friday is over
        ("2026-04-03", "2026-03-30", "following", "2026-04-07"),  # Good Friday
        ("2026-04-03", "2026-03-30", "preceding", "2026-04-02"),
        ("2027-01-01", "2026-12-15", "following", "2027-01-04"),
        ("2027-01-01", "2026-12-15", "preceding", "2026-12-31"),
        ("2026-09-14", "2026-09-15", "following", "2026-09-15"),  # passed
        ("2026-12-25", "2026-12-24", "following", "2026-12-28"),
    ],
)
def test_a_pay_date_on_a_closed_day_moves_by_the_banks_rule(pay_date: str, today: str, rule: str, day: str) -> None:
    now = _utc(f"{today}T08:00:00")
    table = shop(420, 930, zone=BERLIN, forward=rule == "following")
    moved = table.execution_date("SSBE", date.fromisoformat(pay_date), now, date.fromisoformat(today))
    assert moved == date.fromisoformat(day)


def test_the_banks_day_counts_where_it_is_ahead_of_ours_and_ours_where_it_is_behind() -> None:
    monday, late = date(2026, 9, 21), _utc("2026-09-21T22:00:00")  # Tuesday, 01:00 in Istanbul
    assert shop(0, 1440, zone=ISTANBUL).execution_date("SSBE", monday, late, monday) == date(2026, 9, 22)
    west, early = shop(0, 1440, zone=ZoneInfo("America/New_York")), _utc("2026-09-22T01:00:00")  # there still Monday
    assert west.execution_date("SSBE", monday, early, date(2026, 9, 22)) == date(2026, 9, 22)


def test_a_product_without_hours_is_shut_and_a_bank_that_keeps_files_takes_them_at_any_time() -> None:
    table = Timetable(products={"SALA": DayHours(opens=420, closes=930)}, zone=BERLIN)
    night = _utc("2026-09-20T01:00:00")
    assert not table.takes("SSBE")
    assert table.window("SSBE", date(2026, 9, 21)) is None
    assert table.next_window("SSBE", night) is None
    assert table.may_leave_at("SSBE", night) is None
    assert table.execution_date("SSBE", night.date(), night, night.date()) is None
    assert table.may_leave_at("SALA", night) == night


def test_without_hours_a_bank_is_open_round_the_clock_on_banking_days() -> None:
    table, friday = Timetable(), date(2026, 9, 18)
    assert table.may_leave_at("SSBE", _utc("2026-09-19T03:00:00")) == _utc("2026-09-19T03:00:00")
    assert table.execution_date("SSBE", friday, _utc("2026-09-18T23:59:59"), friday) == friday
    assert table.execution_date("SSBE", friday, _utc("2026-09-19T00:00:00"), date(2026, 9, 19)) == date(2026, 9, 21)
    assert table.calendar is TARGET


def test_a_day_that_the_calendar_does_not_know_is_never_open() -> None:
    for question in (OFFICE.window, OFFICE.meets):
        with pytest.raises(DayUnknown):
            question("SSBE", date(2100, 1, 4), *((_utc("2026-09-21T08:00:00"),) if question == OFFICE.meets else ()))
    with pytest.raises(DayUnknown):
        OFFICE.execution_date("SSBE", date(2150, 1, 4), _utc("2026-09-21T08:00:00"), date(2026, 9, 21))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
