"""Bookings: of the entries that name a payment, which tell one booking again, and which are a second one.

Asked only of payments that were booked or returned before, or that one chunk names twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.domain.matching import Entry, booked_twice, repeats
from gateway.ports.store import Session
from gateway.service.judge import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRow:
    """An entry that was matched to an attempt before."""

    attempt_no: int
    credit: bool
    message_no: int
    statement: int | None
    page_no: int | None
    entry_ref: str | None
    tx_id: str | None


@dataclass(slots=True, kw_only=True)
class Again:
    """What the entries of a chunk tell again: their ordinals, and attempts with a second booking or return."""

    repeats: set[int] = field(default_factory=set)
    booked_twice: set[int] = field(default_factory=set)
    second_returns: set[int] = field(default_factory=set)
    """Ordinals of returns of what another entry returned before."""


def entry_of(row: EarlierRow) -> Entry:
    """Make the value that is compared."""
    return told(row.message_no, row.statement, row.page_no, row.entry_ref, row.tx_id)


def told(
    message_no: int, statement: int | None, page_no: int | None, entry_ref: str | None, tx_id: str | None
) -> Entry:
    """Make an entry; what is in no account report is in a report of its own."""
    return Entry(
        report=(message_no, statement or 0),
        page_no=page_no,
        entry_ref=entry_ref,
        tx_id=tx_id,
    )


async def told_again(session: Session, message_no: int, matched: Sequence[Heard]) -> Again:
    """Compare matched entries with each other and with what was matched to the same payments before.

    The submissions of all of them are locked, so nobody else matches entries to these payments meanwhile.
    """
    again = Again(repeats={ordinal for heard in matched if heard.sent_again for ordinal in heard.ordinals})
    fresh = [heard for heard in matched if not heard.sent_again]
    numbers = [n for heard in fresh for n in heard.attempt_nos if n is not None]
    rows = await session.all(EarlierRow, "bookings.earlier", numbers)
    suspects = {row.attempt_no for row in rows}
    if len(set(numbers)) < len(numbers):
        suspects |= _twice_in(numbers)
    if suspects:
        _compare(again, message_no, fresh, rows, suspects)
    return again


def _twice_in(numbers: Iterable[int]) -> set[int]:
    seen: set[int] = set()
    return {number for number in numbers if number in seen or seen.add(number)}  # type: ignore[func-returns-value]


def _compare(
    again: Again, message_no: int, matched: Iterable[Heard], rows: Iterable[EarlierRow], suspects: set[int]
) -> None:
    earlier: defaultdict[tuple[int, bool], list[Entry]] = defaultdict(list)
    for row in rows:
        earlier[row.attempt_no, row.credit].append(entry_of(row))
    later: defaultdict[tuple[int, bool], list[tuple[int, Entry]]] = defaultdict(list)
    for heard in matched:
        for place, attempt_no in enumerate(heard.attempt_nos):
            if attempt_no in suspects:
                refs = (heard.entry_refs[place], heard.tx_ids[place])
                entry = told(message_no, heard.statement, heard.page_no, *refs)
                later[attempt_no, bool(heard.credit)].append((heard.ordinals[place], entry))
    for (attempt_no, credit), entries in later.items():
        before = earlier[attempt_no, credit]
        told_before = repeats(before, [entry for _, entry in entries])
        again.repeats |= {n for (n, _), known in zip(entries, told_before, strict=True) if known}
        new = [n for (n, _), known in zip(entries, told_before, strict=True) if not known]
        if credit:
            again.second_returns |= set(new if before else new[1:])
        elif booked_twice([*before, *(entry for _, entry in entries)]):
            again.booked_twice.add(attempt_no)
