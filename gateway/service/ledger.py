"""Posting to the ledger, in the transaction that records the fact.

The database judges at COMMIT that each transaction is zero; its role for the gateway cannot change what was posted
(docs/ledger.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.errors import Conflict
from gateway.domain.facts import Fact
from gateway.domain.ledger import Journal, LedgerAccount, Posting, Purse, location
from gateway.domain.states import SubmissionState
from gateway.ports.store import Session
from gateway.service.moved import Moved


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersRow:
    """Members of a submission of which the same is known."""

    submission_no: int
    bank: str
    debtor_account: str
    currency: str
    group_facts: int
    facts: int
    payments: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """An entry that stands in suspense."""

    item_no: int
    bank: str
    debtor_account: str
    currency: str
    amount_minor: int
    payments: int


async def post(
    session: Session,
    at: datetime,
    *,
    what: str,
    postings: Iterable[Posting],
    statement_no: int | None = None,
    submission_no: int | None = None,
    exception_no: int | None = None,
    evidence: Mapping[str, str] | None = None,
) -> int | None:
    """Post one transaction and return its number; control is added here. Without postings there is none: None."""
    journal = Journal()
    journal.add(postings)
    about = {"statement_no": statement_no, "submission_no": submission_no, "exception_no": exception_no}
    return await write(session, at, journal, what=what, evidence=evidence, **about)


async def write(
    session: Session,
    at: datetime,
    journal: Journal,
    *,
    what: str,
    statement_no: int | None = None,
    submission_no: int | None = None,
    exception_no: int | None = None,
    evidence: Mapping[str, str] | None = None,
) -> int | None:
    """Store what a journal gathered as one transaction and return its number; None if that is nothing."""
    lines = journal.postings()
    if not lines:
        return None
    about = (statement_no, submission_no, exception_no, dict(evidence or {}))
    number: int = await session.value("ledger.post", at, what, *about, *_columns(lines))
    return number


def _columns(lines: Sequence[Posting]) -> tuple[list[Any], ...]:
    return (
        [p.bank for p in lines],
        [p.currency for p in lines],
        [p.debtor_account for p in lines],
        [p.account.value for p in lines],
        [p.amount_minor for p in lines],
        [p.payments for p in lines],
    )


async def submission_moved(
    session: Session, at: datetime, submission_no: int, frm: SubmissionState, to: SubmissionState
) -> None:
    """Post what a submission's move did to the location of its members' money; the caller has just moved it."""
    await submissions_moved(session, at, [submission_no], frm, to)


async def submissions_moved(
    session: Session, at: datetime, submissions: Sequence[int], frm: SubmissionState, to: SubmissionState
) -> None:
    """Post what the move of several did, a transaction for each; the caller has just moved them."""
    if not submissions or location(Fact.NONE, Fact.NONE, frm) is location(Fact.NONE, Fact.NONE, to):
        return
    journals: dict[int, Journal] = {number: Journal() for number in submissions}
    for m in await session.all(MembersRow, "ledger.members", list(submissions)):
        own, group = Fact(m.facts), Fact(m.group_facts)
        purse = Purse(bank=m.bank, debtor_account=m.debtor_account, currency=m.currency)
        journal = journals[m.submission_no]
        journal.move(purse, location(own, group, frm), location(own, group, to), m.amount_minor, m.payments)
    what, evidence = f"submission {to.value}", {"from": frm.value}
    rows = [
        (at, what, None, number, None, evidence, *_columns(lines))
        for number, journal in journals.items()
        if (lines := journal.postings())
    ]
    await session.many("ledger.post", rows)


def relocate(journal: Journal, moved: Iterable[Moved]) -> None:
    """Add what new facts did to the location of attempts' money."""
    for m in moved:
        purse = Purse(bank=m.bank, debtor_account=m.debtor_account, currency=m.currency)
        before = location(m.facts_before, m.group_before, m.state)
        journal.move(purse, before, location(m.facts_after, m.group_after, m.state), m.amount_minor, len(m.attempt_nos))


async def moved(
    session: Session, at: datetime, changes: Iterable[Moved], *, what: str, evidence: Mapping[str, str] | None = None
) -> None:
    """Post what new facts did to the location of attempts' money, in the transaction that adds them."""
    journal = Journal()
    relocate(journal, changes)
    await write(session, at, journal, what=what, evidence=evidence)


async def clear(
    session: Session,
    at: datetime,
    items: Sequence[int],
    account: LedgerAccount,
    *,
    what: str,
    exception_no: int | None = None,
    evidence: Mapping[str, str] | None = None,
) -> int:
    """Move items out of suspense to another account, by a decision; return the transaction's number.

    Raises Conflict when one of them does not stand in suspense any more.
    """
    rows = await session.all(ItemRow, "ledger.open_items", sorted(items))
    if len(rows) != len(set(items)) or not rows:
        raise Conflict.one("/items", "suspense.cleared", "an item does not stand in suspense any more")
    journal = Journal()
    for r in rows:
        purse = Purse(bank=r.bank, debtor_account=r.debtor_account, currency=r.currency)
        journal.post(purse, LedgerAccount.SUSPENSE, -r.amount_minor, -r.payments)
        journal.post(purse, account, r.amount_minor, r.payments)
    number = await write(session, at, journal, what=what, exception_no=exception_no, evidence=evidence)
    if number is None:
        raise AssertionError("items of suspense are never of nothing")
    await session.execute("ledger.clear", sorted(items), number)
    return number
