"""Write money off to suspense, by two people.

An entry stays where its proved statement put it, in suspense, and nobody looks for its payment any more. A payment of
which nothing is heard leaves *in flight* or *unknown* for suspense; its attempt is closed by the decision, so that its
order can be decided about. What a bank says of it later moves the money out of suspense and is a conflict.
"""

from dataclasses import asdict, dataclass
from typing import ClassVar

from gateway.domain.exceptions import Act, kind_of
from gateway.domain.facts import Fact
from gateway.domain.ledger import location
from gateway.service import ledger
from gateway.service.cases import Deal, Plan, Request, refuse, take_attempt
from gateway.service.close_attempt import close_by_decision, take_open_attempt
from gateway.service.entry_in_hand import seen_of, take_entry
from gateway.service.judge import Verdict
from gateway.service.moved import Moved
from gateway.service.parts import let_go
from gateway.service.waiting_sums import WaitingSum, sums_are_placed

WRITTEN_OFF = "written off"
"""The verdict of an entry for which nobody looks any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A booked sum that waits for rejects, locked."""

    message_no: int
    ordinal: int
    submission_no: int | None
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """Deed: to suspense."""

    act: ClassVar[Act] = Act.WRITE_OFF

    async def plan(self, request: Request, /) -> Plan:
        """Lock the entry, or the attempt with its order; refuse where the ledger holds nothing that could be moved."""
        if Act.MATCH in kind_of(request.case.kind).acts:
            return Plan(wanted=request.wanted, seen=await _entry(request), two=True)
        attempt = await take_open_attempt(request.session, request.case)
        held_in = location(Fact(attempt.facts), Fact(attempt.group_facts), attempt.state)
        if held_in is None:
            raise refuse("write-off.nothing", "the ledger holds nothing of it on the way: close the attempt instead")
        money = {"amountMinor": attempt.amount_minor, "currency": attempt.currency, "from": held_in.value}
        return Plan(wanted=request.wanted, seen=money | attempt.seen, two=True)

    async def do(self, deal: Deal, /) -> str:
        """Store the verdict of the entry; or post, and close the attempt."""
        case = deal.case
        if "entry" in deal.plan.seen:
            await deal.session.execute("casework.verdict", case.message_no, case.ordinal, WRITTEN_OFF)
            await _sums(deal)
            await let_go(deal)
            return "the entry stays in suspense"
        await self._post(deal)
        await close_by_decision(deal)
        return "the payment was written off to suspense"

    async def _post(self, deal: Deal) -> None:
        """Add the fact and move the money with it."""
        attempt = await take_attempt(deal.session, deal.case.attempt_no or 0)
        if attempt is None or attempt.state is None or attempt.submission_no is None or attempt.debtor_account is None:
            raise AssertionError("what was planned is gone")
        own, group = Fact(attempt.facts), Fact(attempt.group_facts)
        moved = Moved(
            bank=attempt.bank,
            submission_no=attempt.submission_no,
            debtor_account=attempt.debtor_account,
            currency=attempt.currency,
            attempt_nos=[attempt.attempt_no],
            amount_minor=attempt.amount_minor,
            facts_before=own,
            facts_after=own | Fact.WRITTEN_OFF,
            group_before=group,
            group_after=group,
            state=attempt.state,
        )
        await deal.session.execute("casework.add_fact", attempt.attempt_no, int(Fact.WRITTEN_OFF))
        evidence = {"exception": str(deal.case.exception_no), **deal.proof}
        await ledger.moved(deal.session, deal.at, [moved], what="written off to suspense", evidence=evidence)


async def _entry(request: Request) -> dict[str, object]:
    """Lock the entry and say what it is; of a sum that waits, also which others wait of its submission."""
    session, case = request.session, request.case
    await session.execute("parts.lock_submissions", [], case.submission_no)
    if case.submission_no is None:  # nobody places it meanwhile
        await session.execute("sums.one_at_a_time", case.bank)
    entry = await take_entry(request, sums=True)
    if entry.verdict != Verdict.SUM_WAITS:
        return {"entry": seen_of(entry)}
    rows = await session.all(WaitingRow, "sums.waiting", case.message_no, case.ordinal)
    return {"entry": seen_of(entry), "sums": [asdict(row) for row in rows]}


async def _sums(deal: Deal) -> None:
    """Write off the others that wait of the submission of a sum: the same booking told again, or seen beside it."""
    rows = [WaitingRow(**row) for row in deal.plan.seen.get("sums", ())]
    others = [row for row in rows if (row.message_no, row.ordinal) != (deal.case.message_no, deal.case.ordinal)]
    for row in others:
        await deal.session.execute("casework.verdict", row.message_no, row.ordinal, WRITTEN_OFF)
    sums = [WaitingSum(message_no=r.message_no, ordinal=r.ordinal, submission_no=r.submission_no) for r in others]
    await sums_are_placed(deal.session, deal.at, sums, how=WRITTEN_OFF, by=deal.by)
