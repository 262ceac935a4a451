"""Statements that the tests' own generator writes: read to the cent, by us and by the library mt-940.

The library has a defect that is known (wolph/mt940, 130 and 131): of a reversed credit it forgets the sign. It is left
out of what is compared; that it is a debit, `test_mt940` shows by balances.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

import mt940
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_adapters.registry import adapter_for
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement, broken_alone
from tests.bank_adapters.mt_bank import ACCOUNT, bank, entries, heads, read

MARKS = {"C": 1, "D": -1, "RD": 1, "RC": -1}
WORDS = st.text(st.sampled_from("abcXYZ 0123456789/-?.,'+"), max_size=60)
DAYS = st.dates(date(2010, 1, 1), date(2069, 12, 31))


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it is to be written."""

    mark: str
    minor: int
    on: date
    reference: str
    words: tuple[str, ...]

    @property
    def signed(self) -> int:
        return MARKS[self.mark] * self.minor

    def lines(self) -> list[str]:
        amount = f"{self.minor // 100},{self.minor % 100:02d}"
        text = [f":61:{self.on:%y%m%d%m%d}{self.mark}R{amount}NTRFNONREF//{self.reference}"]
        first, *others = self.words or ("",)
        return [*text, f":86:{first}", *(f"x{one}" for one in others)]


ROWS = st.builds(
    Row,
    st.sampled_from(sorted(MARKS)),
    st.integers(0, 99_999_999_999),
    DAYS,
    st.from_regex(r"[A-Z][A-Z0-9]{3,15}", fullmatch=True),
    st.lists(WORDS, max_size=4).map(tuple),
)
OPENINGS = st.integers(-99_999_999_999, 99_999_999_999)


def written(rows: list[Row], opening: int, *, number: int = 1) -> str:
    """A whole statement: opening, entries, and the closing balance that they come to."""
    closing = opening + sum(row.signed for row in rows)
    lines = [":20:X", f":25:{ACCOUNT}", f":28C:{number}/1", f":60F:{balance(opening)}"]
    lines += [line for row in rows for line in row.lines()]
    return "".join(f"{line}\r\n" for line in [*lines, f":62F:{balance(closing)}", "-"])


def balance(minor: int) -> str:
    return f"{'D' if minor < 0 else 'C'}260921EUR{abs(minor) // 100},{abs(minor) % 100:02d}"


def fits(rows: list[Row], opening: int) -> bool:
    """Whether the closing balance has room: 15 letters."""
    return abs(opening + sum(row.signed for row in rows)) < 10**14


@settings(max_examples=50)
@given(st.lists(ROWS, max_size=12), OPENINGS, st.integers(1, 99))
def test_every_amount_is_read_to_the_cent(rows: list[Row], opening: int, size: int) -> None:
    if not fits(rows, opening):
        return
    document = written(rows, opening)
    told = entries(document)
    assert [(one.entry_minor, one.credit, one.entry_ref, one.booking_date) for one in told] == [
        (row.signed, MARKS[row.mark] > 0, row.reference, row.on) for row in rows
    ]
    (head,) = heads(document)
    assert (head.opening_minor, head.entry_count) == (opening, len(rows))
    assert broken_alone(head) is None
    assert read(document, size=size) == read(document)


@settings(max_examples=40)
@given(st.lists(ROWS, min_size=1, max_size=5), OPENINGS, st.integers(-5, 5).filter(bool))
def test_a_closing_balance_that_is_off_is_never_proved(rows: list[Row], opening: int, off: int) -> None:
    if not fits(rows, opening):
        return
    closing = opening + sum(row.signed for row in rows)
    document = written(rows, opening).replace(f":62F:{balance(closing)}", f":62F:{balance(closing + off)}")
    assert broken_alone(heads(document)[0]) is not None


@settings(max_examples=30)
@given(st.lists(ROWS.filter(lambda row: row.mark != "RC"), min_size=1, max_size=8), OPENINGS)
def test_the_library_reads_the_same(rows: list[Row], opening: int) -> None:
    if not fits(rows, opening):
        return
    document = written(rows, opening)
    theirs = mt940.parse(document)
    ours = entries(document)
    assert len(theirs) == len(ours)
    for one, other in zip(ours, theirs, strict=True):
        assert one.entry_minor == int(Decimal(other.data["amount"].amount) * 100)
        assert one.entry_ref == other.data["bank_reference"]
        assert one.booking_date == other.data["entry_date"]
        assert one.currency == other.data["currency"]
    (head,) = heads(document)
    figures = (theirs.data["final_opening_balance"], theirs.data["final_closing_balance"])
    assert [int(one.amount.amount * 100) for one in figures] == [head.opening_minor, head.closing_minor]


@given(st.binary(max_size=400))
def test_anything_at_all_is_read_or_refused(content: bytes) -> None:
    with suppress(Unreadable):
        read(content)


@given(st.data())
def test_a_damaged_statement_is_read_or_refused_and_never_proved_otherwise(data: st.DataObject) -> None:
    rows = [Row("D", 1_230, date(2026, 9, 21), "B1", ("/EREF/X/",)), Row("C", 500, date(2026, 9, 21), "B2", ())]
    document = written(rows, 100_000).encode()
    place = data.draw(st.integers(0, len(document) - 1))
    other = data.draw(st.sampled_from([b"", b"0", b"9", b",", b"D", b"C", b":", b"\n", b"-", b"\x00", b"\xff", b"A"]))
    damaged = document[:place] + other + document[place + 1 :]
    try:
        told = read(damaged)
    except Unreadable:
        return
    for head in (one for one in told if isinstance(one, Statement)):
        right = head.entries_minor == -730 or head.opening_minor != 100_000 or head.closing_minor != 99_270
        assert right or broken_alone(head) is not None


def endless() -> Iterator[bytes]:
    """A statement that never comes to its end."""
    yield f":20:X\r\n:25:{ACCOUNT}\r\n:28C:1/1\r\n:60F:C260921EUR1000,00\r\n".encode()
    while True:
        yield b":61:2609210921DR0,01NTRFNONREF//B1\r\n:86:words\r\n" * 10


def test_entries_are_told_as_they_stream_by() -> None:
    told = adapter_for(bank()).read(endless(), bank())
    assert all(isinstance(one, Observation) for one in islice(told, 1_000))


@pytest.mark.parametrize("days", [timedelta(0), timedelta(days=1)])
def test_the_generator_itself_balances(days: timedelta) -> None:
    rows = [Row("D", 100, date(2026, 9, 21) + days, "B1", ()), Row("RC", 1, date(2026, 9, 21), "B2", ())]
    assert ":62F:C260921EUR8,99" in written(rows, 1_000)
