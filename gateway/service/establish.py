"""Establish: add facts to attempts and submissions, and do what follows, in the caller's transaction.

Facts only grow, so any order and repetition of messages ends in the same positions. What follows: the ledger moves
the money, the benefits system is told, a closed attempt of which something is heard becomes a conflict. Locks are taken
in one order everywhere: submissions, attempts, orders; each by rising number.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.domain.facts import CAME_BACK, MOVED, STATUS, Fact, Position, position
from gateway.domain.reasons import Reasons
from gateway.domain.states import SubmissionState
from gateway.ports.metrics import Meter
from gateway.ports.store import Session
from gateway.service import ledger, progress
from gateway.service.classes import Classes
from gateway.service.conflicts import contradicted
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.moved import Moved
from gateway.service.outcomes import News, tell

TOLD: Mapping[Position, str] = {
    Position.CONFLICT: "under investigation",
    Position.RETURNED: "returned",
    Position.REJECTED: "rejected",
    Position.CANCELLED: "cancelled",
    Position.PAID: "paid",
}
"""Positions that the benefits system is told; the others are on the way there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A fact that something said of attempts. `entry_refs` runs beside `attempt_nos`, or is empty."""

    attempt_nos: Sequence[int]
    fact: Fact
    reason: str | None = None
    entry_refs: Sequence[str | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """A submission under its lock."""

    submission_no: int
    bank: str
    state: str
    group_facts: int
    debtor_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """Attempts under their locks of which the same was known and the same was said; sequences run in parallel.

    `group_said` is what a status of their whole file says anew of those that are closed.
    """

    submission_no: int
    currency: str
    facts: int
    closed: bool
    known_reason: str | None
    said: int
    reason: str | None
    amount_minor: int
    attempt_nos: Sequence[int]
    order_nos: Sequence[int]
    end_to_end_ids: Sequence[str]
    group_said: Fact = Fact.NONE

    @property
    def news(self) -> Fact:
        """What was said beyond what was known. A proved statement that books what was booked confirms it, no more."""
        known, told = Fact(self.facts), Fact(self.said)
        confirmed = Fact.BOOKED_IN_STATEMENT if known & Fact.BOOKED else Fact.NONE
        confirmed |= Fact.RETURNED_IN_STATEMENT if known & Fact.RETURNED else Fact.NONE
        return told & ~known & ~confirmed

    @property
    def contradicts(self) -> bool:
        """Whether a closed attempt is heard of anew. That the bank refused it, told once more, agrees with its end."""
        return self.closed and bool((self.news | self.group_said) & ~(Fact.REJECTED | Fact.CANCELLED))

    @property
    def after(self) -> Fact:
        """Union; closed is closed, except that money of it may come back."""
        facts = Fact(self.facts | self.said)
        if self.contradicts and not Fact(self.said) & CAME_BACK:
            facts |= Fact.CONTRADICTED
        return facts


@dataclass(slots=True, kw_only=True)
class Establish:
    """Adds facts in one transaction, on the word of one message of one bank."""

    session: Session
    at: datetime
    bank: str
    message_no: int
    actor: str
    reasons: Reasons
    tally: Meter
    submissions: dict[int, SubmissionRow] = field(default_factory=dict)
    group_before: dict[int, Fact] = field(default_factory=dict)

    async def lock(self, numbers: Collection[int]) -> None:
        """Lock submissions; what was known of them is read anew."""
        if missing := sorted(set(numbers) - self.submissions.keys()):
            rows = await self.session.all(SubmissionRow, "establish.submissions", missing)
            self.submissions |= {row.submission_no: row for row in rows}

    def delivered(self, number: int) -> None:
        """Note that a locked submission was moved to *delivered*."""
        self.submissions[number] = replace(self.submissions[number], state=SubmissionState.DELIVERED)

    async def add_group_facts(self, said: Mapping[int, tuple[Fact, str | None]]) -> set[int]:
        """Add facts and a reason to locked submissions; return those to which something new was added."""
        fresh = set()
        for number, (facts, reason) in said.items():
            known = Fact(self.submissions[number].group_facts)
            if facts & ~known:
                await self.session.execute("establish.add_group_facts", number, int(facts), reason)
                self.submissions[number] = replace(self.submissions[number], group_facts=int(known | facts))
                self.group_before[number] = known
                fresh.add(number)
        return fresh

    async def add(
        self, sayings: Sequence[Saying], groups: Collection[int] = (), group_reasons: Mapping[int, str] | None = None
    ) -> None:
        """Add facts to attempts, and let the new facts of `groups` show in their members, in one go."""
        if not sayings and not groups:
            return
        members = await self._members(sayings, groups)
        await self.lock({m.submission_no for m in members})
        members = [self._of_group(m) for m in members]
        await self._write(members, sayings)
        await self._follow(members, group_reasons or {})
        for number in groups:
            self.group_before.pop(number, None)

    async def _members(self, sayings: Sequence[Saying], groups: Collection[int]) -> list[Members]:
        attempts: list[int] = []
        classes: list[int] = []
        for number, saying in enumerate(sayings, start=1):
            attempts += saying.attempt_nos
            classes += [number] * len(saying.attempt_nos) if len(sayings) > 1 else []
        facts = [int(s.fact) for s in sayings]
        reasons = [s.reason for s in sayings]
        args = (attempts, classes, facts, reasons, sorted(groups))
        return await self.session.all(Members, "establish.attempts", *args)

    def _of_group(self, members: Members) -> Members:
        """Let closed attempts hear what is said of their file: unless a status names them, or they moved as it says."""
        before = self.group_before.get(members.submission_no)
        if before is None or not members.closed or Fact(members.facts | members.said) & (STATUS | MOVED):
            return members
        return replace(members, group_said=Fact(self.submissions[members.submission_no].group_facts) & ~before)

    async def _write(self, members: Iterable[Members], sayings: Iterable[Saying]) -> None:
        """Write what is new."""
        refs: dict[int, str | None] = {}
        for saying in sayings:
            refs.update(zip(saying.attempt_nos, saying.entry_refs, strict=False))
        numbers: list[int] = []
        of: list[int] = []
        classes = Classes()
        for m in members:
            if m.after != Fact(m.facts):
                numbers += m.attempt_nos
                of += [classes.number((int(m.after), m.reason))] * len(m.attempt_nos)
        if numbers:
            entry_refs = [refs.get(number) for number in numbers]
            what = (*classes.columns(2), self.at)
            await self.session.execute("establish.add_facts", numbers, entry_refs, classes.or_none(of), *what)

    async def _follow(self, members: Sequence[Members], group_reasons: Mapping[int, str]) -> None:
        """Move the money, hold what is contradicted, tell what became of the orders."""
        evidence = {"message": str(self.message_no)}
        moved = [self._moved(m) for m in members]
        await ledger.moved(self.session, self.at, moved, what="facts", evidence=evidence)
        numbers = [n for m in members if m.contradicts for n in m.attempt_nos]
        if numbers:
            await contradicted(self.session, self.at, numbers, actor=self.actor)
        news: list[News] = []
        troubles: list[Trouble] = []
        for m in members:
            told = self._news(m, group_reasons)
            news += told
            if told and told[0].outcome == TOLD[Position.CONFLICT]:
                troubles += self._conflicts(m)
            elif (
                m.contradicts
            ):  # told otherwise, or in conflict before; its orders are held now: that is somebody's work
                troubles += self._conflicts(m, again=f"/{int(m.after)}")
        await tell(self.session, self.at, news)
        codes = self.reasons.actions
        await progress.answered(self.tally, self.session, bank=self.bank, news=news, at=self.at, codes=codes)
        await raise_exceptions(self.session, self.at, troubles)

    def _moved(self, members: Members) -> Moved:
        """Say what happened to attempts: the one place in which the ledger learns of facts from messages."""
        row = self.submissions[members.submission_no]
        group = Fact(row.group_facts)
        return Moved(
            bank=row.bank,
            submission_no=row.submission_no,
            debtor_account=row.debtor_account,
            currency=members.currency,
            attempt_nos=members.attempt_nos,
            amount_minor=members.amount_minor,
            facts_before=Fact(members.facts),
            facts_after=members.after,
            group_before=self.group_before.get(row.submission_no, group),
            group_after=group,
            state=SubmissionState(row.state),
        )

    def _news(self, members: Members, group_reasons: Mapping[int, str]) -> list[News]:
        """Return what to tell if the position changed: to one that is told, or away from one that was."""
        row = self.submissions[members.submission_no]
        state, group, after = SubmissionState(row.state), Fact(row.group_facts), members.after
        before = position(Fact(members.facts), self.group_before.get(row.submission_no, group), state)
        now = position(after, group, state)
        if now is before or not {now, before} & TOLD.keys():
            return []
        group_reason = None if after else group_reasons.get(row.submission_no)
        reason = None if now is Position.PAID else members.reason or members.known_reason or group_reason
        action = None if now is Position.PAID else self.reasons.action(reason).value
        outcome = TOLD.get(now, TOLD[Position.CONFLICT])
        return [
            News(
                order_no=order_no,
                outcome=outcome,
                bank=self.bank,
                end_to_end_id=end_to_end_id,
                reason=reason,
                action=action,
            )
            for order_no, end_to_end_id in zip(members.order_nos, members.end_to_end_ids, strict=True)
        ]

    def _conflicts(self, members: Members, again: str = "") -> list[Trouble]:
        return [
            Trouble(
                kind="conflict",
                key=f"{attempt_no}{again}",
                bank=self.bank,
                order_no=order_no,
                attempt_no=attempt_no,
                message_no=self.message_no,
            )
            for attempt_no, order_no in zip(members.attempt_nos, members.order_nos, strict=True)
        ]
