"""Settle: what a proved statement booked, in the ledger and as facts of the attempts it is matched to.

Only a proved statement is accounting truth. Each of its booked entries posts exactly its amount, so the statement's own
movement is the sum of what it posted. What matches nothing goes to suspense, item by item, and leaves it in the
transaction that matches it later. Locks are taken as in Apply: the statement, submissions, attempts, orders.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.ledger import BOOKED_BY_BANK, Journal, LedgerAccount, Purse
from gateway.domain.reasons import Reasons
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.service import ledger
from gateway.service.cases import refuse
from gateway.service.establish import Establish
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.judge import KINDS, Verdict
from gateway.service.settling import MATCHED, EntryRow, Settled, Settling
from gateway.service.waiting_sums import WaitingSum, tell_of_sums

CHUNK = 5_000
_KIND = {verdict.value: kind for verdict, kind in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedStatement:
    """A proved statement that is not settled to its end; `settled_through` is an ordinal of its message."""

    statement_no: int
    bank: str
    message_no: int
    place: int
    account: str
    currency: str
    settled_through: int

    @property
    def purse(self) -> Purse:
        return Purse(bank=self.bank, debtor_account=self.account, currency=self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRow:
    """What the details of an entry leave of its amount unexplained, as a debit."""

    ordinal: int
    rest_minor: int
    charges_minor: int

    @property
    def account(self) -> LedgerAccount:
        documented = self.rest_minor == self.charges_minor
        return LedgerAccount.CHARGES if documented else LedgerAccount.SUSPENSE


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedRow:
    """What a statement posted to one account."""

    account: str
    amount_minor: int
    payments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An entry, or a rest of one, that goes to suspense; `kind` is how an exception about it would be called."""

    message_no: int
    ordinal: int
    amount_minor: int
    payments: int
    why: str
    kind: str
    attempt_no: int | None = None
    submission_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Step: settle one chunk of one proved statement, or close a statement whose entries are all settled."""

    store: Store
    clock: Clock
    reasons: Reasons
    worker: str
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        tally = Tally()
        async with self.store.transaction() as session:
            statement = await session.one(ProvedStatement, "settle.pick")
            if statement is None:
                return False
            at = self.clock.now()
            where = (statement.message_no, statement.place, statement.settled_through)
            through = await session.value("settle.chunk_end", *where, CHUNK)
            if through is None:
                await _close(session, at, statement)
            else:
                establish = Establish(
                    session=session,
                    at=at,
                    bank=statement.bank,
                    message_no=statement.message_no,
                    actor=self.worker,
                    reasons=self.reasons,
                    tally=tally,
                )
                await _chunk(establish, statement, through)
        tally.report(self.meter)
        return True


async def _chunk(establish: Establish, statement: ProvedStatement, through: int) -> None:
    """Settle the entries up to ordinal `through`."""
    session, settling = establish.session, Settling(establish)
    where = (statement.message_no, statement.place, statement.settled_through, through)
    await establish.lock(set(await session.column("settle.submissions_of_chunk", *where)))
    await session.column("settle.lock_unmatched", *where, MATCHED)
    entries = await session.all(EntryRow, "settle.entries", *where, MATCHED)
    await settling.hold(entries)
    journal, items = Journal(), []
    for entry in entries:
        settled = settling.settle(entry)
        if entry.currency != statement.currency:  # then its entry has a rest, see _close
            continue
        settled.post(journal, statement.purse)
        if settled.what.suspense:
            items.append(_item(settled))
    number = await _post(session, establish.at, statement, journal, through)
    await settling.establish()
    await _tell_of_sums(establish, items)
    await _suspend(session, statement, number, items)
    await session.execute("settle.advance", statement.statement_no, through)


async def _post(
    session: Session, at: datetime, statement: ProvedStatement, journal: Journal, through: int
) -> int | None:
    evidence = {"message": str(statement.message_no), "through": str(through)}
    return await ledger.write(
        session, at, journal, what="statement", statement_no=statement.statement_no, evidence=evidence
    )


def _item(settled: Settled) -> Item:
    entry, amount = settled.entry, settled.what.suspense
    again = "returned more than paid" if entry.credit else "booked twice"
    return Item(
        message_no=entry.message_no,
        ordinal=entry.ordinal,
        amount_minor=amount,
        payments=entry.payments if amount > 0 else -entry.payments,
        why=again if entry.matched else entry.verdict,
        kind=_KIND.get(entry.verdict, entry.verdict),
        attempt_no=entry.attempt_no,
        submission_no=entry.submission_no,
    )


async def _tell_of_sums(establish: Establish, items: Sequence[Item]) -> None:
    """Tell a person of money that went to suspense as a sum that rejects may still explain, or may never."""
    sums = [
        WaitingSum(message_no=i.message_no, ordinal=i.ordinal, submission_no=i.submission_no)
        for i in items
        if i.why == Verdict.SUM_WAITS
    ]
    await tell_of_sums(establish.session, establish.at, sums, bank=establish.bank, each=True)


async def _suspend(
    session: Session, statement: ProvedStatement, number: int | None, items: Sequence[Item], *, rest: bool = False
) -> None:
    """List what went to suspense in transaction `number`, with the exceptions that were opened about it."""
    if not items:
        return
    await session.execute(
        "settle.suspend",
        *(rest, statement.statement_no, statement.bank, statement.currency, statement.account, number),
        [i.message_no for i in items],
        [i.ordinal for i in items],
        [i.amount_minor for i in items],
        [i.payments for i in items],
        [i.why for i in items],
        [i.kind for i in items],
        [i.attempt_no for i in items],
        [i.submission_no for i in items],
    )


async def _close(session: Session, at: datetime, statement: ProvedStatement) -> None:
    """Post what the details of entries leave unexplained, compare with the bank, and be done with the statement."""
    rests = await session.all(RestRow, "settle.rests", statement.message_no, statement.place, statement.currency)
    journal = Journal()
    for rest in rests:
        journal.post(statement.purse, rest.account, rest.rest_minor)
    number = await _post(session, at, statement, journal, statement.settled_through)
    unexplained = [r for r in rests if r.account is LedgerAccount.SUSPENSE]
    await raise_exceptions(session, at, [_rest_trouble(statement, r) for r in unexplained])
    await _suspend(session, statement, number, [_rest_item(statement, r) for r in unexplained], rest=True)
    await session.execute("settle.settled", statement.statement_no)
    await _agree(session, at, statement)


def _rest_item(statement: ProvedStatement, rest: RestRow) -> Item:
    return Item(
        message_no=statement.message_no,
        ordinal=rest.ordinal,
        amount_minor=rest.rest_minor,
        payments=0,
        why="details and entry differ",
        kind=Verdict.AMOUNT_DIFFERS.value,
    )


def _rest_trouble(statement: ProvedStatement, rest: RestRow) -> Trouble:
    return Trouble(
        kind=Verdict.AMOUNT_DIFFERS.value,
        key=f"{statement.message_no}/{rest.ordinal}",
        bank=statement.bank,
        message_no=statement.message_no,
        ordinal=rest.ordinal,
        amount_minor=abs(rest.rest_minor),
        currency=statement.currency,
        detail={"rule": "details and entry differ"},
    )


async def _agree(session: Session, at: datetime, statement: ProvedStatement) -> None:
    """Compare the movement that the bank states with what was posted; a difference is itemised by account."""
    accounts = [account.value for account in BOOKED_BY_BANK]
    booked = await session.all(BookedRow, "settle.booked", statement.statement_no, accounts)
    stated: int = await session.value("settle.entries_minor", statement.statement_no)
    posted = -sum(row.amount_minor for row in booked)
    if posted == stated:
        return
    figures = {row.account: f"{row.payments} payments, {row.amount_minor} minor units" for row in booked}
    trouble = Trouble(
        kind="unbalanced statement",
        key=f"books of statement {statement.statement_no}",
        bank=statement.bank,
        message_no=statement.message_no,
        amount_minor=abs(stated - posted),
        currency=statement.currency,
        detail={"stated": str(stated), "posted": str(posted), "difference": str(stated - posted), **figures},
    )
    await raise_exceptions(session, at, [trouble])


async def settle_late(establish: Establish, observations: Sequence[tuple[int, int]]) -> None:
    """Take out of suspense what is matched by now: entries of settled statements, named by (message, ordinal).

    Call it in the transaction that matched them, after their verdicts are stored and their early facts are added. What
    stands in no suspense is left for Settle.
    """
    numbers, ordinals = [m for m, _ in observations], [o for _, o in observations]
    entries = await establish.session.all(EntryRow, "settle.late_entries", numbers, ordinals, MATCHED)
    by_statement: defaultdict[int, list[EntryRow]] = defaultdict(list)
    for entry in entries:
        by_statement[entry.statement_no].append(entry)
    for statement_no in sorted(by_statement):
        await _reclassify(establish, by_statement[statement_no])


async def _reclassify(establish: Establish, entries: Sequence[EntryRow]) -> None:
    """Move entries of one statement from suspense to where they belong."""
    session, settling = establish.session, Settling(establish)
    await settling.hold(entries)
    journal, cleared, purse = Journal(), [], entries[0].purse
    for entry in entries:
        settled = settling.settle(entry)
        if not settled.what.suspense:
            settled.post(journal, purse)
            journal.post(purse, LedgerAccount.SUSPENSE, -entry.suspended_minor, -entry.suspended_payments)
            cleared.append(entry.item_no)
    what, statement_no = "matched later", entries[0].statement_no
    number = await ledger.write(session, establish.at, journal, what=what, statement_no=statement_no)
    if cleared:
        await session.execute("ledger.clear", cleared, number)
    await settling.establish()


async def settle_split(establish: Establish, entry: tuple[int, int], parts: Sequence[int]) -> None:
    """Take an entry out of suspense that was split: `entry` is (message, ordinal), `parts` the ordinals of its parts.

    Raises Conflict where more would come back of one of them than was paid.
    """
    entries = await establish.session.all(EntryRow, "settle.split_entries", *entry, parts)
    if not entries:  # not settled yet: Settle comes to the parts by itself
        return
    settling, whole = Settling(establish), entries[0]
    await settling.hold(entries)
    journal = Journal()
    for part in entries:
        settled = settling.settle(part)
        if settled.what.suspense:
            raise refuse("match.more-than-paid", "of one of them more would come back than was paid")
        settled.post(journal, whole.purse)
    journal.post(whole.purse, LedgerAccount.SUSPENSE, -whole.suspended_minor, -whole.suspended_payments)
    what, statement_no = "split by hand", whole.statement_no
    number = await ledger.write(establish.session, establish.at, journal, what=what, statement_no=statement_no)
    await establish.session.execute("ledger.clear", [whole.item_no], number)
    await settling.establish()
