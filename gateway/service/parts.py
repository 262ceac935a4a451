"""Parts of a lump: what a person said that one credit was of, and the same credit told again.

A credit that was split counts no more; its parts do, each an observation of its own. Statements, reports and
notifications tell a credit more than once: what was said of it once holds for all of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.facts import Fact, position
from gateway.domain.matching import Entry, distinct, repeats
from gateway.domain.states import SubmissionState
from gateway.ports.store import Session
from gateway.service.bookings import told
from gateway.service.cases import Deal
from gateway.service.establish import TOLD
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.judge import Heard, Verdict
from gateway.service.outcomes import News, tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Lump:
    """A credit of the same amount on the same account as that of ordinal `this`."""

    this: int
    message_no: int
    ordinal: int
    statement: int | None
    page_no: int | None
    entry_ref: str | None
    tx_id: str | None

    @property
    def entry(self) -> Entry:
        return told(self.message_no, self.statement, self.page_no, self.entry_ref, self.tx_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """An order that was held for a lump."""

    order_no: int
    attempt_no: int
    end_to_end_id: str
    facts: int
    group_facts: int
    state: str
    closed: bool


async def split(session: Session, message_no: int, ordinal: int, attempts: Sequence[int], *, again: bool) -> list[int]:
    """Store a credit as split over attempts of ours, in full; return the ordinals of its parts.

    `again`: it tells what was told before. The message is locked.
    """
    await session.execute("casework.verdict", message_no, ordinal, Verdict.SPLIT.value)
    return await session.column("parts.add", message_no, ordinal, attempts, again)


async def split_before(
    session: Session, *, message_no: int, bank: str, credits_: Sequence[Heard]
) -> dict[int, Sequence[int]]:
    """Say which of these credits of a message tell one again that was split before, and over which attempts."""
    by_ordinal = {heard.ordinals[0]: heard for heard in credits_}
    found: defaultdict[int, list[Lump]] = defaultdict(list)
    for lump in await session.all(Lump, "parts.told_before", message_no, list(by_ordinal), bank):
        found[lump.this].append(lump)
    split_over: dict[int, Sequence[int]] = {}
    for ordinal, lumps in found.items():
        heard = by_ordinal[ordinal]
        entry = told(message_no, heard.statement, heard.page_no, heard.entry_refs[0], heard.tx_ids[0])
        if same := the_same(entry, lumps):
            split_over[ordinal] = await session.column("parts.of", same[0].message_no, same[0].ordinal)
    return split_over


def the_same(entry: Entry, lumps: Iterable[Lump]) -> list[Lump]:
    """Return those that tell the same booking as `entry`; none where they could be more than one."""
    same = [lump for lump in lumps if not distinct(entry, lump.entry)]
    return same if repeats([], [lump.entry for lump in same]).count(False) == 1 else []


async def let_go(deal: Deal, *, told_of: Collection[int] = ()) -> None:
    """Hold the orders of a submission no longer for the lump that this case was about, and tell how they stand.

    Of the attempts `told_of` that was told. An order whose attempt was closed meanwhile stays held, now for a person
    who decides how it goes on.
    """
    session, at, case = deal.session, deal.at, deal.case
    if case.kind != Verdict.LUMP_RETURN or case.submission_no is None or case.bank is None:
        return
    bank = case.bank
    rows = await session.all(WaitingRow, "parts.let_go", case.submission_no, case.exception_no)
    free = [row for row in rows if not row.closed]
    await session.execute("cut.tried", [row.order_no for row in free])  # they are paid, and not cut again
    await tell(session, at, [_news(row, bank) for row in free if row.attempt_no not in told_of])
    await raise_exceptions(session, at, [_trouble(row, bank) for row in rows if row.closed])


def _news(row: WaitingRow, bank: str) -> News:
    now = position(Fact(row.facts), Fact(row.group_facts), SubmissionState(row.state))
    outcome = TOLD.get(now, "under investigation")
    return News(order_no=row.order_no, outcome=outcome, bank=bank, end_to_end_id=row.end_to_end_id)


def _trouble(row: WaitingRow, bank: str) -> Trouble:
    return Trouble(
        kind="held order", key=str(row.order_no), bank=bank, order_no=row.order_no, detail={"reason": "lump return"}
    )
