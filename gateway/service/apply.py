"""Apply: what a wholly read message establishes, in chunks, set-based.

Of every observation: what it names (`match`), what it says of that (`judge`), whether it was told before
(`bookings`), and what follows (`establish`, `sums`, `lumps`). Locks are taken in one order: the message, submissions,
attempts, orders.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.domain.exceptions import Act
from gateway.domain.facts import Fact
from gateway.domain.observation import ObservationKind
from gateway.domain.reasons import Action, Reasons
from gateway.domain.states import SubmissionState
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.service import progress
from gateway.service.aside import end_recalls, payee_troubles, transport_keys
from gateway.service.bookings import Again, told_again
from gateway.service.conflicts import told_of_unsent
from gateway.service.establish import Establish, Saying
from gateway.service.exceptions import Trouble, raise_exceptions
from gateway.service.funds import hold_account
from gateway.service.judge import ALARMS, HARMLESS, KINDS, MUTE, NAMED, Heard, Judgement, Verdict, Ways, judge
from gateway.service.lumps import Lumps
from gateway.service.match import MATCHES, heard_of
from gateway.service.moves import move
from gateway.service.pauses import pause
from gateway.service.settle import settle_late
from gateway.service.sums import Sums

CHUNK = 5_000

Judged = tuple[Heard, Judgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """A message that was read to its end and not yet applied to its end."""

    message_no: int
    bank: str
    applied_through: int
    read_through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameless:
    """An entry that named nothing of ours when it was heard."""

    message_no: int
    ordinal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """Step: apply one chunk of one message. `ways` says of each bank what its codes mean and how it is matched."""

    store: Store
    clock: Clock
    ways: Mapping[str, Ways]
    reasons: Reasons
    worker: str
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        async with self.store.transaction() as session:
            message = await session.one(ReadMessage, "apply.pick", list(self.ways))
            if message is None:
                return False
            heard = await self._heard(session, message)
            chunk = _Chunk(self, session, message, heard, self.clock.now())
            await chunk.apply()
            through = max((n for h in heard for n in h.ordinals), default=message.read_through)
            await session.execute("apply.applied", message.message_no, through)
        chunk.tally.report(self.meter)
        return True

    async def _heard(self, session: Session, message: ReadMessage, count: int | None = None) -> list[Heard]:
        """Look up what the next observations name; what is left nameless, again when nobody else teaches references."""
        at = {"message_no": message.message_no, "bank": message.bank, "after": message.applied_through}
        at["through"] = message.read_through
        where: dict[str, Any] = {**at, "count": count or CHUNK, "rules": self.ways[message.bank].matching.rules}
        heard = await heard_of(session, **where)
        if any(h.rule is None and h.is_entry for h in heard):
            await session.execute("learn.alone", message.bank)
            heard = await heard_of(session, **where)
        return heard

    async def look_again(self, session: Session, entry: Nameless, chunk: "_Chunk") -> None:
        """Apply one entry that named nothing when it was heard."""
        message_no, ordinal = entry.message_no, entry.ordinal
        message = ReadMessage(
            message_no=message_no, bank=chunk.message.bank, applied_through=ordinal - 1, read_through=ordinal
        )
        again = _Chunk(self, session, message, await self._heard(session, message, 1), chunk.at, chunk.tally)
        again.lumps.fresh = False
        await again.apply()
        if again.has_a_home:
            await session.execute("learn.found_a_home", f"{message_no}/{ordinal}", chunk.at)
            await settle_late(again.establish, [(message_no, ordinal)])


class _Chunk:
    """One transaction's worth of applying."""

    def __init__(
        self,
        step: Apply,
        session: Session,
        message: ReadMessage,
        heard: Sequence[Heard],
        at: datetime,
        tally: Tally | None = None,
    ) -> None:
        self.step, self.session, self.message, self.heard, self.at = step, session, message, heard, at
        self.tally = tally or Tally()
        self.has_a_home = False
        self.establish = Establish(
            session=session,
            at=at,
            bank=message.bank,
            message_no=message.message_no,
            actor=step.worker,
            reasons=step.reasons,
            tally=self.tally,
        )
        self.lumps = Lumps(establish=self.establish)

    async def apply(self) -> None:
        await self.establish.lock({h.submission_no for h in self.heard if h.submission_no is not None})
        ways = self.step.ways[self.message.bank]
        judged = [(h, judge(h, self.message.bank, ways)) for h in map(self._as_locked, self.heard)]
        matched = [h for h, j in judged if j.verdict is Verdict.MATCHED and h.is_entry]
        again = await told_again(self.session, self.message.message_no, matched)
        judged = await self.lumps.look_around(_without_second_returns(judged, again.second_returns))
        await self._remember(judged, again.repeats)
        spoken = [(h, j) for h, j in judged if j.verdict in HARMLESS - MUTE]
        named = [*spoken, *((h, j) for h, j in judged if j.verdict in NAMED)]
        await self._deliver({h.submission_no for h, _ in named if h.submission_no is not None})
        await self._establish(spoken, again)
        await end_recalls(self.session, judged)
        await self._contradict([h for h, j in judged if j.verdict is Verdict.UNSENT])
        await self.lumps.hold()
        sums = Sums(establish=self.establish, matching=ways.matching)
        if any(_sum_moves(j) for _, j in spoken):
            await sums.match({h.submission_no for h, j in spoken if h.submission_no is not None and _sum_moves(j)})
        await self._hold_accounts(spoken)
        self.has_a_home = any(h.submission_no is not None for h, _ in judged)
        await self._teach([h for h, _ in spoken if h.submission_no is not None], sums.booked_minor)

    async def _teach(self, named: Iterable[Heard], booked_minor: set[int]) -> None:
        """Look at entries that named nothing: references of this chunk, or sums booked in it, may say whose."""
        refs = {ref for heard in named for ref in (*heard.entry_refs, *heard.tx_ids) if ref is not None}
        if not refs and not booked_minor:
            return
        bank = self.message.bank
        await self.session.execute("learn.together", bank)
        if not await self.session.value("learn.any_nameless", bank):
            return
        for entry in await self.session.all(Nameless, "learn.nameless", bank, sorted(refs), sorted(booked_minor)):
            await self.step.look_again(self.session, entry, self)

    def _as_locked(self, heard: Heard) -> Heard:
        """Judge by the state under the lock: what was looked up before may be proved not sent by now."""
        row = self.establish.submissions.get(heard.submission_no) if heard.submission_no is not None else None
        return heard if row is None else replace(heard, state=row.state)

    async def _remember(self, judged: Sequence[Judged], repeats: Collection[int]) -> None:
        """Store every verdict; those that need a person become exceptions, alarms pull the brake."""
        await self._store_verdicts(judged, repeats)
        for rule, matches in Counter(_rules(judged)).items():
            self.tally.count(MATCHES, matches, bank=self.message.bank, rule=rule)
        troubled = [(h, j) for h, j in judged if j.verdict not in HARMLESS or _names_a_duplicate(h, j)]
        keys = await transport_keys(self.session, self.message.message_no, self.message.bank, troubled)
        troubles = [
            t for h, j in troubled if j.verdict is not Verdict.PAYEE_DIFFERS for t in self._troubles(h, j, keys)
        ]
        troubles += payee_troubles(self.message.message_no, self.message.bank, troubled)
        await raise_exceptions(self.session, self.at, [*troubles, *self._codes_without_a_rule(judged)])
        if any(j.verdict is Verdict.UNSENT for _, j in troubled):
            reason = "a message names what was never sent to this bank"
            await pause(
                self.session, scope="bank", value=self.message.bank, reason=reason, at=self.at, by=self.step.worker
            )

    async def _store_verdicts(self, judged: Sequence[Judged], repeats: Collection[int]) -> None:
        ordinals: list[int] = []
        attempts: list[int | None] = []
        classes: list[int] = []
        for number, (heard, _) in enumerate(judged, start=1):
            ordinals += heard.ordinals
            attempts += heard.attempt_nos
            classes += [number] * len(heard.ordinals) if len(judged) > 1 else []
        await self.session.execute(
            "apply.verdicts",
            self.message.message_no,
            *(ordinals, attempts, classes),
            [n in repeats for n in ordinals] if repeats else [],
            [j.verdict.value for _, j in judged],
            [h.submission_no for h, _ in judged],
            [h.rule for h, _ in judged],
        )

    def _troubles(self, heard: Heard, judgement: Judgement, keys: Mapping[int, str]) -> list[Trouble]:
        foreign = judgement.verdict is Verdict.FOREIGN
        alarm = {"alarm": "security"} if judgement.verdict in ALARMS else {}
        return [
            Trouble(
                kind=KINDS.get(judgement.verdict, judgement.verdict.value),
                key=self.lumps.key(ordinal) or keys.get(ordinal) or f"{self.message.message_no}/{ordinal}",
                bank=self.message.bank,
                attempt_no=None if foreign else attempt_no,
                submission_no=None if foreign else heard.submission_no,
                message_no=self.message.message_no,
                ordinal=ordinal,
                detail={**alarm, **self.lumps.detail(ordinal)},
            )
            for ordinal, attempt_no in zip(heard.ordinals, heard.attempt_nos, strict=True)
        ]

    def _codes_without_a_rule(self, judged: Iterable[Judged]) -> list[Trouble]:
        """Tell a person of reason codes that configuration does not know, once a bank and code."""
        own = self.step.ways[self.message.bank].own_codes
        known = self.step.reasons.actions.keys() | self.step.reasons.duplicates | own
        said = {h.reason: self._meant(h.reason) for h, j in judged if j.fact & _WITH_REASON and h.reason}
        codes = {code for code, meant in said.items() if code not in own and meant not in known}
        return [
            Trouble(
                kind="code without a rule",
                key=f"{self.message.bank}/{code}",
                bank=self.message.bank,
                message_no=self.message.message_no,
                suggestion=Act.CLOSE,
                reason="give this reason code a row in reason_codes.yaml",
                detail={"code": code},
            )
            for code in sorted(codes)
        ]

    async def _hold_accounts(self, spoken: Iterable[Judged]) -> None:
        """Hold the queues of accounts that lack funds: at whatever level the bank said so, it said it of our account.

        The gate is taken last: who holds it waits for none of the locks that are held here.
        """
        rejected = [h for h, j in spoken if j.fact & Fact.REJECTED and h.submission_no is not None]
        short = [h for h in rejected if self.step.reasons.action(self._meant(h.reason)) is Action.FUNDS]
        if short:
            await hold_account(
                self.session,
                self.at,
                submissions={h.submission_no for h in short if h.submission_no is not None},
                reason=min(h.reason for h in short if h.reason),
                by=self.step.worker,
                message_no=self.message.message_no,
            )

    async def _deliver(self, numbers: Iterable[int]) -> None:
        """A message of this bank that names a submission proves that it arrived."""
        for number in sorted(numbers):
            state = SubmissionState(self.establish.submissions[number].state)
            if state in {SubmissionState.SENDING, SubmissionState.UNKNOWN}:
                evidence = {"message": str(self.message.message_no)}
                to, actor, why = SubmissionState.DELIVERED, self.step.worker, "a message of this bank names it"
                await move(self.session, number, state, to, at=self.at, actor=actor, why=why, evidence=evidence)
                await self.session.execute("inquire.proved", number)
                await self.session.execute("exceptions.close_unknown", number, self.at)
                await progress.sent(self.tally, self.session, bank=self.message.bank, submission_no=number, at=self.at)
                self.establish.delivered(number)

    async def _establish(self, spoken: Sequence[Judged], again: Again) -> None:
        """Add what was said of whole submissions and of payments."""
        said: dict[int, tuple[Fact, str | None]] = {}
        for heard, judgement in spoken:
            number = heard.submission_no
            if heard.kind == ObservationKind.SUBMISSION_STATUS and number is not None and judgement.fact:
                facts, reason = said.get(number, (Fact.NONE, None))
                why = heard.reason if judgement.fact & _WITH_REASON else None
                said[number] = (facts | judgement.fact, reason or why)
        groups = await self.establish.add_group_facts(said)
        sayings = [_saying(h, j, self._meant(h.reason)) for h, j in spoken if h.names_attempts and j.fact]
        if again.booked_twice:
            sayings.append(Saying(attempt_nos=sorted(again.booked_twice), fact=Fact.BOOKED_TWICE))
        reasons = {number: self._meant(reason) for number, (_, reason) in said.items()}
        await self.establish.add(sayings, groups, {number: reason for number, reason in reasons.items() if reason})

    async def _contradict(self, unsent: Sequence[Heard]) -> None:
        """Keep from being paid again what this bank speaks of although it went another way since."""
        if unsent:
            attempts = {n for heard in unsent for n in heard.attempt_nos if n is not None}
            submissions = {heard.submission_no for heard in unsent if heard.submission_no is not None}
            await told_of_unsent(self.session, self.at, attempts, submissions, actor=self.step.worker)

    def _meant(self, reason: str | None) -> str | None:
        """Say a reason in ISO 20022's words. What was told stays as it was told in the message and with the file."""
        return self.step.reasons.meant(self.message.bank, reason)


_WITH_REASON = Fact.REJECTED | Fact.RETURNED
"""Facts that come with the bank's reason."""


def _rules(judged: Iterable[Judged]) -> Iterator[str]:
    """Yield, for every observation that was matched, what matched it."""
    for heard, _ in judged:
        if heard.rule is not None and heard.submission_no is not None:
            yield from [heard.rule] * len(heard.ordinals)


def _saying(heard: Heard, judgement: Judgement, reason: str | None) -> Saying:
    return Saying(
        attempt_nos=[n for n in heard.attempt_nos if n is not None],
        fact=judgement.fact,
        reason=reason if judgement.fact & _WITH_REASON else None,
        entry_refs=heard.entry_refs if judgement.fact & Fact.BOOKED else (),
    )


def _without_second_returns(judged: Sequence[Judged], ordinals: set[int]) -> list[Judged]:
    """Give returns of what was returned before a verdict of their own: they add no fact."""
    if not ordinals:
        return list(judged)
    return [
        (one, Judgement(verdict=Verdict.SECOND_RETURN) if one.ordinals[0] in ordinals else judgement)
        for heard, judgement in judged
        for one in ([heard] if ordinals.isdisjoint(heard.ordinals) else heard.one_by_one())
    ]


def _sum_moves(judgement: Judgement) -> bool:
    """Whether this may let a batch sum fit: a sum was heard, or a member rejected or cancelled."""
    return judgement.verdict is Verdict.SUM_WAITS or bool(judgement.fact & (Fact.REJECTED | Fact.CANCELLED))


def _names_a_duplicate(heard: Heard, judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.HAS_IT and heard.names_attempts
