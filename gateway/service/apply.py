"""Apply: what a wholly read message establishes, in chunks, set-based.

Locks are taken in one order everywhere: the message, submissions, attempts, orders; each by rising number. Facts only
grow, so any order and repetition of messages ends in the same positions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gateway.domain.facts import CAME_BACK, Fact, Position, position
from gateway.domain.observation import ObservationKind
from gateway.domain.reasons import Reasons
from gateway.domain.states import SubmissionState
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.service import progress
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.judge import ALARMS, HARMLESS, Heard, Judgement, Statuses, Verdict, judge
from gateway.service.moves import move
from gateway.service.outcomes import News, tell
from gateway.service.pauses import pause

CHUNK = 5_000
TOLD: Mapping[Position, str] = {
    Position.CONFLICT: "under investigation",
    Position.RETURNED: "returned",
    Position.REJECTED: "rejected",
    Position.CANCELLED: "cancelled",
    Position.PAID: "paid",
}
"""Positions that the benefits system is told; the others are on the way there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """A message that was read to its end and not yet applied to its end."""

    message_no: int
    bank: str
    applied_through: int
    read_through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRow:
    """A submission as locked for applying."""

    submission_no: int
    state: str
    group_facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt as locked for applying."""

    attempt_no: int
    order_no: int
    submission_no: int
    end_to_end_id: str
    facts: int
    entry_ref: str | None
    reason: str | None
    closed: bool


@dataclass(slots=True, kw_only=True)
class _Change:
    """What a chunk adds to one attempt."""

    facts: Fact = Fact.NONE
    reason: str | None = None
    entry_refs: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """Step: apply one chunk of one message."""

    store: Store
    clock: Clock
    statuses: Mapping[str, Statuses]
    reasons: Reasons
    worker: str
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        async with self.store.transaction() as session:
            message = await session.one(ReadMessage, "apply.pick", list(self.statuses))
            if message is None:
                return False
            heard = await session.all(
                Heard, "apply.heard", message.message_no, message.bank, message.applied_through, CHUNK
            )
            chunk = _Chunk(self, session, message, heard, self.clock.now())
            await chunk.apply()
            through = heard[-1].ordinal if heard else message.read_through
            await session.execute("apply.applied", message.message_no, through)
        chunk.tally.report(self.meter)
        return True


class _Chunk:
    """One transaction's worth of applying."""

    def __init__(
        self, step: Apply, session: Session, message: ReadMessage, heard: Sequence[Heard], at: datetime
    ) -> None:
        self.step, self.session, self.message, self.heard, self.at = step, session, message, heard, at
        self.tally = Tally()

    async def apply(self) -> None:
        numbers = {h.named_submission_no for h in self.heard if h.named_submission_no is not None}
        self.submissions = {
            s.submission_no: s for s in await self.session.all(SubmissionRow, "apply.lock_submissions", sorted(numbers))
        }
        self.heard = [self._as_locked(h) for h in self.heard]
        statuses = self.step.statuses[self.message.bank]
        judged = [(h, judge(h, statuses)) for h in self.heard]
        await self._remember(judged)
        spoken = [(h, j) for h, j in judged if j.verdict in HARMLESS]
        await self._deliver({h.named_submission_no for h, _ in spoken if h.named_submission_no is not None})
        groups = await self._group_facts(spoken)
        changes = _changes(spoken)
        if changes or groups:
            await self._establish(changes, groups)
        await self._sums({h.named_submission_no for h, j in spoken if h.named_submission_no and _sum_moves(j)})

    def _as_locked(self, heard: Heard) -> Heard:
        """Judge by the state under the lock: what was looked up before may be proved not sent by now."""
        row = self.submissions.get(heard.named_submission_no) if heard.named_submission_no is not None else None
        return heard if row is None or row.state == heard.state else replace(heard, state=row.state)

    async def _remember(self, judged: Iterable[tuple[Heard, Judgement]]) -> None:
        """Store every verdict; those that need a person become exceptions, alarms pull the brake."""
        rows = list(judged)
        await self.session.execute(
            "apply.verdicts",
            self.message.message_no,
            [h.ordinal for h, _ in rows],
            [j.verdict.value for _, j in rows],
            [h.attempt_no for h, _ in rows],
            [h.named_submission_no for h, _ in rows],
        )
        troubled = [(h, j) for h, j in rows if j.verdict not in HARMLESS or _names_a_duplicate(h, j)]
        await raise_exceptions(self.session, self.at, [self._trouble(h, j) for h, j in troubled])
        if any(j.verdict is Verdict.UNSENT for _, j in troubled):
            reason = "a message names what was never sent to this bank"
            await pause(
                self.session, scope="bank", value=self.message.bank, reason=reason, at=self.at, by=self.step.worker
            )

    def _trouble(self, heard: Heard, judgement: Judgement) -> Trouble:
        foreign = judgement.verdict is Verdict.FOREIGN
        return Trouble(
            kind="suspected duplicate" if judgement.verdict is Verdict.HAS_IT else judgement.verdict.value,
            key=f"{self.message.message_no}/{heard.ordinal}",
            bank=self.message.bank,
            attempt_no=None if foreign else heard.attempt_no,
            submission_no=None if foreign else heard.named_submission_no,
            message_no=self.message.message_no,
            detail={"alarm": "security"} if judgement.verdict in ALARMS else {},
        )

    async def _deliver(self, numbers: Iterable[int]) -> None:
        """A message of this bank that names a submission proves that it arrived."""
        for number in sorted(numbers):
            state = SubmissionState(self.submissions[number].state)
            if state in {SubmissionState.SENDING, SubmissionState.UNKNOWN}:
                evidence = {"message": str(self.message.message_no)}
                to, actor, why = SubmissionState.DELIVERED, self.step.worker, "a message of this bank names it"
                await move(self.session, number, state, to, at=self.at, actor=actor, why=why, evidence=evidence)
                await self.session.execute("inquire.proved", number)
                await self.session.execute("exceptions.close_unknown", number, self.at)
                await progress.sent(self.tally, self.session, bank=self.message.bank, submission_no=number, at=self.at)

    async def _group_facts(self, spoken: Iterable[tuple[Heard, Judgement]]) -> set[int]:
        """Add what was said of whole submissions; return those to which something new was added."""
        added: dict[int, tuple[Fact, str | None]] = {}
        for heard, judgement in spoken:
            if heard.kind == ObservationKind.SUBMISSION_STATUS and heard.named_submission_no and judgement.fact:
                facts, reason = added.get(heard.named_submission_no, (Fact.NONE, None))
                added[heard.named_submission_no] = (facts | judgement.fact, reason or heard.reason)
        fresh = {n: a for n, a in added.items() if a[0] & ~Fact(self.submissions[n].group_facts)}
        for number, (facts, reason) in fresh.items():
            await self.session.execute("apply.add_group_facts", number, int(facts), reason)
        return set(fresh)

    async def _establish(self, changes: Mapping[int, _Change], groups: Iterable[int]) -> None:
        """Add facts to attempts and tell what became of their orders."""
        rows = await self.session.all(AttemptRow, "apply.lock_attempts", sorted(changes), sorted(groups))
        news: list[News] = []
        writes: list[tuple[int, int, str | None, str | None]] = []
        troubles: list[Trouble] = []
        after_groups = await self._groups_now({r.submission_no for r in rows})
        for row in rows:
            change = changes.get(row.attempt_no, _Change())
            after = _facts_after(row, change)
            if after != Fact(row.facts):
                ref = row.entry_ref or next(iter(change.entry_refs), None)
                writes.append((row.attempt_no, int(after), change.reason or row.reason, ref))
            told = self._news(row, change, after, after_groups[row.submission_no], row.submission_no in groups)
            if told is not None:
                news.append(told)
                if told.outcome == TOLD[Position.CONFLICT]:
                    troubles.append(self._conflict(row))
        if writes:
            await self.session.execute("apply.add_facts", *map(list, zip(*writes, strict=True)))
        contradicted = [r.order_no for r in rows if r.closed and r.attempt_no in changes]
        if contradicted:
            await self.session.execute("apply.hold_contradicted", contradicted)
        await tell(self.session, self.at, news)
        await progress.answered(self.tally, self.session, bank=self.message.bank, news=news, at=self.at)
        await raise_exceptions(self.session, self.at, troubles)

    async def _groups_now(self, numbers: Iterable[int]) -> dict[int, SubmissionRow]:
        rows = await self.session.all(SubmissionRow, "apply.lock_submissions", sorted(numbers))
        return {r.submission_no: r for r in rows}

    def _news(
        self,
        row: AttemptRow,
        change: _Change,
        after: Fact,
        group: SubmissionRow,
        group_is_new: bool,  # noqa: FBT001
    ) -> News | None:
        """Return what to tell if the attempt's position changed: to one that is told, or away from one that was."""
        state = SubmissionState(group.state)
        before_group = Fact(self.submissions[row.submission_no].group_facts if group_is_new else group.group_facts)
        before = position(Fact(row.facts), before_group, state)
        now = position(after, Fact(group.group_facts), state)
        if now is before or not {now, before} & TOLD.keys():
            return None
        outcome = TOLD.get(now, TOLD[Position.CONFLICT])
        reason = change.reason or row.reason or (self._group_reason(row) if not after else None)
        wants_reason = now is not Position.PAID
        return News(
            order_no=row.order_no,
            outcome=outcome,
            bank=self.message.bank,
            end_to_end_id=row.end_to_end_id,
            reason=reason if wants_reason else None,
            action=self.step.reasons.action(reason).value if wants_reason else None,
        )

    def _group_reason(self, row: AttemptRow) -> str | None:
        named = (h for h in self.heard if h.named_submission_no == row.submission_no)
        return next((h.reason for h in named if h.kind == ObservationKind.SUBMISSION_STATUS and h.reason), None)

    def _conflict(self, row: AttemptRow) -> Trouble:
        return Trouble(
            kind="conflict",
            key=str(row.attempt_no),
            bank=self.message.bank,
            order_no=row.order_no,
            attempt_no=row.attempt_no,
            message_no=self.message.message_no,
        )

    async def _sums(self, numbers: Iterable[int]) -> None:
        """Match waiting batch sums by reference: all members, or all minus the rejected ones.

        A sum that fits neither keeps waiting: amounts are positive, so it cannot fit before the last reject is known.
        """
        for number in sorted(numbers):
            members = await self.session.column("apply.members_of_booked_sum", number)
            if not members:
                await self._impossible(number)
                continue
            refs = await self.session.column("apply.sum_matched", number)
            facts = Fact.BOOKED if len(refs) < 2 else Fact.BOOKED | Fact.BOOKED_TWICE  # noqa: PLR2004 - twice is two
            await self._establish({m: _Change(facts=facts) for m in members}, ())

    async def _impossible(self, number: int) -> None:
        """Tell a person of a booked sum that can never fit, whatever the bank still rejects."""
        if await self.session.value("apply.impossible_sum", number):
            trouble = Trouble(
                kind=Verdict.AMOUNT_DIFFERS.value,
                key=f"sum of submission {number}",
                bank=self.message.bank,
                submission_no=number,
                message_no=self.message.message_no,
            )
            await raise_exceptions(self.session, self.at, [trouble])


def _sum_moves(judgement: Judgement) -> bool:
    """Whether this may let a batch sum fit: a sum was heard, or a member rejected."""
    return judgement.verdict is Verdict.SUM_WAITS or bool(judgement.fact & Fact.REJECTED)


def _names_a_duplicate(heard: Heard, judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.HAS_IT and heard.attempt_no is not None


def _changes(spoken: Iterable[tuple[Heard, Judgement]]) -> dict[int, _Change]:
    """Gather what the chunk adds to each attempt."""
    changes: defaultdict[int, _Change] = defaultdict(_Change)
    for heard, judgement in spoken:
        if heard.attempt_no is None or not judgement.fact:
            continue
        change = changes[heard.attempt_no]
        change.facts |= judgement.fact
        if judgement.fact & (Fact.REJECTED | Fact.RETURNED):
            change.reason = heard.reason or change.reason
        if judgement.fact & Fact.BOOKED and heard.entry_ref:
            change.entry_refs.append(heard.entry_ref)
    return changes


def _facts_after(row: AttemptRow, change: _Change) -> Fact:
    """Union, plus what two facts together mean: another booking reference is a second booking; closed is closed."""
    facts = Fact(row.facts) | change.facts
    refs = set(change.entry_refs) | ({row.entry_ref} if row.entry_ref else set())
    if len(refs) > 1:
        facts |= Fact.BOOKED_TWICE
    if row.closed and facts != Fact(row.facts) and not change.facts & CAME_BACK:
        facts |= Fact.CONTRADICTED
    return facts
