"""Match an entry to a payment by hand, and let everything follow that follows from a match by machine.

The same rules hold: a message speaks only for its own bank, of what was sent to it, on the account that paid. Where
the amounts differ the money changes its meaning, and two people must say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from gateway.domain.exceptions import Act
from gateway.domain.facts import Fact
from gateway.domain.matching import booked_twice, repeats
from gateway.domain.reasons import Reasons
from gateway.domain.states import SubmissionState
from gateway.ports.store import Session
from gateway.service import progress
from gateway.service.bookings import EarlierRow, entry_of, told
from gateway.service.cases import Deal, LockedAttempt, Plan, Request, refuse
from gateway.service.entry_in_hand import BY_HAND, EntryRow, may_be_of, seen_of, take_entry
from gateway.service.establish import Establish, Saying
from gateway.service.judge import Verdict
from gateway.service.match import MATCHES
from gateway.service.moves import move
from gateway.service.parts import let_go
from gateway.service.settle import settle_late
from gateway.service.split_by_hand import SplitByHand


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchByHand:
    """Deed: the entry is of that payment. Wants `endToEndId`. `reasons` says what follows from a return's code.

    Of several payments, or those of a whole submission (`msgId`), it is a lump: see `split_by_hand`. So is a lump of
    one payment: what else the bank told of the same credit stands under the same exception.
    """

    act: ClassVar[Act] = Act.MATCH
    reasons: Reasons

    async def plan(self, request: Request, /) -> Plan:
        """Lock submission, entry and attempt; refuse another bank, account or currency, and what was never sent."""
        session, wanted = request.session, request.wanted
        if _names_several(wanted) or await _came_back_whole(request):
            return await SplitByHand(reasons=self.reasons).plan(request)
        name = wanted.get("endToEndId", "")
        await session.execute("parts.lock_submissions", [name], request.case.submission_no)
        attempt_no = await session.value("casework.attempt_named", name)
        entry = await take_entry(request)
        attempt = may_be_of(entry, await session.one(LockedAttempt, "casework.lock_attempt", attempt_no))
        if entry.credit:
            await self._check_not_too_much(session, entry, attempt)
        two = entry.amount_minor != attempt.amount_minor
        seen = {"entry": seen_of(entry), "amountMinor": attempt.amount_minor, **attempt.seen}
        return Plan(wanted=wanted, seen=seen, two=two)

    async def do(self, deal: Deal, /) -> str:
        """Store the match with its rule, then add the facts and settle as Apply and Settle do."""
        session, case = deal.session, deal.case
        if "payments" in deal.plan.seen:
            return await SplitByHand(reasons=self.reasons).do(deal)
        entry = await session.one(EntryRow, "casework.lock_entry", case.message_no, case.ordinal)
        number = await session.value("casework.attempt_named", deal.plan.wanted["endToEndId"])
        attempt = await session.one(LockedAttempt, "casework.lock_attempt", number)
        if entry is None or attempt is None or attempt.submission_no is None:
            raise AssertionError("what was planned is gone")
        fact, again = await self._fact(session, entry, attempt)
        saying = Saying(
            attempt_nos=[attempt.attempt_no],
            fact=fact,
            reason=self.reasons.meant(entry.bank, entry.reason) if entry.credit else None,
            entry_refs=[None if entry.credit else entry.entry_ref],
        )
        where = (entry.message_no, entry.ordinal, attempt.attempt_no, attempt.submission_no)
        await session.execute("casework.matched", *where, Verdict.MATCHED.value, BY_HAND, again)
        deal.meter.count(MATCHES, 1, bank=entry.bank, rule=BY_HAND)
        await self._deliver(deal, attempt.submission_no, attempt)
        establish = Establish(
            session=session,
            at=deal.at,
            bank=entry.bank,
            message_no=entry.message_no,
            actor=deal.by,
            reasons=self.reasons,
            tally=deal.meter,
        )
        await establish.lock({attempt.submission_no})
        await establish.add([saying])
        await settle_late(establish, [(entry.message_no, entry.ordinal)])
        await let_go(deal, told_of=[attempt.attempt_no])
        return f"matched to {attempt.end_to_end_id} by hand"

    async def _check_not_too_much(self, session: Session, entry: EntryRow, attempt: LockedAttempt) -> None:
        """Refuse a credit that would be a second return of the same money."""
        _, again = await self._fact(session, entry, attempt)
        came_back = await session.value("casework.came_back", attempt.attempt_no, attempt.submission_no)
        if not again and came_back and came_back + (entry.amount_minor or 0) > attempt.amount_minor:
            raise refuse("match.more-than-paid", "more would come back of that payment than was paid")

    async def _fact(self, session: Session, entry: EntryRow, attempt: LockedAttempt) -> tuple[Fact, bool]:
        """Say what the entry means beside what was matched to the payment before, and whether it tells that again."""
        rows = await session.all(EarlierRow, "bookings.earlier", [attempt.attempt_no])
        before = [entry_of(row) for row in rows if row.credit == entry.credit]
        this = told(entry.message_no, entry.statement, entry.page_no, entry.entry_ref, entry.tx_id)
        (again,) = repeats(before, [this])
        if entry.credit:
            return Fact.RETURNED, again
        return (Fact.BOOKED | Fact.BOOKED_TWICE if not again and booked_twice([*before, this]) else Fact.BOOKED), again

    async def _deliver(self, deal: Deal, number: int, attempt: LockedAttempt) -> None:
        """A booking proves that its submission arrived."""
        state, session = attempt.state, deal.session
        if state in {SubmissionState.SENDING, SubmissionState.UNKNOWN}:
            states, why = (state, SubmissionState.DELIVERED), "an entry was matched to it by hand"
            await move(session, number, *states, at=deal.at, actor=deal.by, why=why, evidence=deal.proof)
            await session.execute("inquire.proved", number)
            await session.execute("exceptions.close_unknown", number, deal.at)
            await progress.sent(deal.meter, session, bank=attempt.bank, submission_no=number, at=deal.at)


async def _came_back_whole(request: Request) -> bool:
    """Whether a lump is said to be of one payment that has its amount."""
    case, name = request.case, request.wanted.get("endToEndId", "")
    if case.kind != Verdict.LUMP_RETURN:
        return False
    paid: int | None = await request.session.value("parts.amount", name)
    return paid is not None and paid == case.amount_minor


def _names_several(wanted: Mapping[str, str]) -> bool:
    return "msgId" in wanted or "," in wanted.get("endToEndId", "")
