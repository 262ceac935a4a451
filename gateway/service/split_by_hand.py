"""Split a lump by hand: one credit gave several payments back, and the bank's papers say which.

Their amounts must add up to the credit: what comes back of each is all of it. What the bank told of the same credit in
other messages is split with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.facts import CAME_BACK, Fact
from gateway.domain.matching import Entry
from gateway.domain.reasons import Reasons
from gateway.domain.states import SubmissionState
from gateway.service.bookings import told
from gateway.service.cases import Deal, LockedAttempt, Plan, Request, refuse
from gateway.service.entry_in_hand import BY_HAND, EntryRow, may_be_of, seen_of, take_entry
from gateway.service.establish import Establish, Saying
from gateway.service.match import MATCHES
from gateway.service.parts import Lump, let_go, split, the_same
from gateway.service.settle import settle_split

AT_MOST = 5_000
"""Payments of one lump."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitByHand:
    """The credit is of those payments: `endToEndId`, comma-separated, or all of `msgId` that did not come back yet."""

    reasons: Reasons

    async def plan(self, request: Request) -> Plan:
        """Lock message, submissions, entry and attempts; refuse what does not add up, and what came back before."""
        session, case = request.session, request.case
        await session.execute("parts.lock_message", case.message_no)
        await session.execute("learn.together", case.bank)  # no credit is left without a home that we would not see
        names = await self._names(request)
        await session.execute("parts.lock_submissions", names, case.submission_no)
        entry = await take_entry(request)
        found = {a.end_to_end_id: a for a in await session.all(LockedAttempt, "parts.lock_attempts", names)}
        attempts = [may_be_of(entry, found.get(name)) for name in names]
        _agree(entry, attempts)
        if await session.value("parts.settling", entry.message_no, entry.ordinal):
            raise refuse("match.settling", "the statement of this entry is being settled: try again in a moment")
        seen = {"entry": seen_of(entry), "payments": len(attempts)}
        return Plan(wanted={"endToEndId": ",".join(found)}, seen=seen, two=False)

    async def _names(self, request: Request) -> list[str]:
        if msg_id := request.wanted.get("msgId"):
            names = await request.session.column("parts.members", request.case.bank, msg_id)
        else:
            names = request.wanted["endToEndId"].split(",")
        if not names or len(names) > AT_MOST:
            raise refuse("match.none", f"there must be 1 to {AT_MOST} payments that it can be of")
        if len(set(names)) < len(names):
            raise refuse("match.twice", "a payment comes back once: one of them is named twice")
        return names

    async def do(self, deal: Deal) -> str:
        """Store the parts, add the facts, and settle what stands in suspense."""
        session, case = deal.session, deal.case
        names = deal.plan.wanted["endToEndId"].split(",")
        attempts = await session.all(LockedAttempt, "parts.lock_attempts", names)
        entry = await session.one(EntryRow, "casework.lock_entry", case.message_no, case.ordinal)
        if entry is None or len(attempts) != len(names):
            raise AssertionError("what was planned is gone")
        establish = Establish(
            session=session,
            at=deal.at,
            bank=entry.bank,
            message_no=entry.message_no,
            actor=deal.by,
            reasons=self.reasons,
            tally=deal.meter,
        )
        numbers = [a.attempt_no for a in attempts]
        await establish.lock({a.submission_no for a in attempts if a.submission_no is not None})
        await self._split(establish, entry, numbers)
        reason = self.reasons.meant(entry.bank, entry.reason)
        await establish.add([Saying(attempt_nos=numbers, fact=Fact.RETURNED, reason=reason)])
        await let_go(deal, told_of=numbers)
        deal.meter.count(MATCHES, len(numbers), bank=entry.bank, rule=BY_HAND)
        return f"split over {len(numbers)} payments by hand"

    async def _split(self, establish: Establish, entry: EntryRow, numbers: Sequence[int]) -> None:
        """Split this credit, and what else tells of it, here and in the ledger."""
        session, where = establish.session, (entry.message_no, entry.ordinal)
        others = await session.all(Lump, "parts.told_elsewhere", *where, entry.bank)
        same = the_same(_entry(entry), others)
        await session.execute("parts.lock_messages", sorted({o.message_no for o in same}))
        parts = await split(session, *where, numbers, again=False)
        await settle_split(establish, where, parts)
        for other in same:
            if await session.value("parts.settling", other.message_no, other.ordinal):
                raise refuse("match.settling", "a statement that tells of it is being settled: try again in a moment")
            parts = await split(session, other.message_no, other.ordinal, numbers, again=True)
            await settle_split(establish, (other.message_no, other.ordinal), parts)
            for key in await session.column("parts.exceptions_of", other.message_no, other.ordinal):
                await session.execute("learn.found_a_home", key, establish.at)


def _entry(row: EntryRow) -> Entry:
    return told(row.message_no, row.statement, row.page_no, row.entry_ref, row.tx_id)


def _agree(entry: EntryRow, attempts: Sequence[LockedAttempt]) -> None:
    if not entry.credit:
        raise refuse("match.debit", "only money that came back is split; a booked sum is matched by what it books")
    if any(a.state is not SubmissionState.DELIVERED for a in attempts):
        raise refuse("match.unknown", "one of them is in a submission of which we do not know that it arrived")
    if any(Fact(a.facts) & CAME_BACK for a in attempts):
        raise refuse("match.came-back", "one of them came back before")
    if sum(a.amount_minor for a in attempts) != entry.amount_minor:
        raise refuse("match.sum", "the amounts of these payments do not add up to the entry")
