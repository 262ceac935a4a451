"""Casework: the life of an exception, from the first look to its end.

Assigning and commenting change only the row. Every other act is a *deed* (one module each): it locks what it touches,
says what it sees, and is done at once or, where money changes its meaning, only after a second person confirmed exactly
that. Each act leaves one row of history. Comments are stored and shown, never logged.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.errors import Conflict, NotFound, Refused
from gateway.domain.exceptions import Act, CaseState, kind_of
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.service import decisions
from gateway.service.cases import Case, Deal, Deed, Plan, Request
from gateway.service.decisions import Decision
from gateway.service.retrying import whole
from gateway.service.stops import EVERY_SOURCE, may_see


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which exceptions to list; an empty text is no condition, and an empty `state` is all that are not closed.

    `owner` is a person, or the role whose work it is while no person has it.
    """

    state: str = ""
    kind: str = ""
    bank: str = ""
    owner: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One act in the history of an exception."""

    event_no: int
    act: str
    by: str
    at: datetime
    comment: str
    detail: dict[str, Any]
    decision_no: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardRow:
    """The message behind an exception: where it stands there, what was said as codes, and how it was judged."""

    message_no: int
    bank: str
    sha256: str
    received_at: datetime
    path: str | None
    kind: str | None
    status: str | None
    reason: str | None
    verdict: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """An exception with its history, the decisions asked about it and the message behind it."""

    case: Case
    history: Sequence[EventRow]
    decisions: Sequence[Decision]
    heard: Sequence[HeardRow]
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who acts: the subject of the token, and the sources it may act for ("*": everything)."""

    subject: str
    sources: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which decision a second person speaks of, and the digest of what that person was shown."""

    decision_no: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Casework:
    """Look at exceptions and act on them. `deeds` are the acts that change more than the row."""

    store: Store
    clock: Clock
    deeds: Mapping[Act, Deed]
    meter: Meter = no_meter

    async def cases(self, which: Filter, *, after: int, limit: int, sources: Collection[str]) -> list[Case]:
        """Return exceptions with a number above `after`, by number; those of no source only to who sees all."""
        every = EVERY_SOURCE in sources
        due = self.clock.now() if which.overdue else None
        args = (which.state, which.kind, which.bank, which.owner, due)
        async with self.store.transaction() as session:
            return await session.all(Case, "casework.cases", after, limit, sorted(sources), every, *args)

    async def case(self, exception_no: int, *, sources: Collection[str]) -> CaseView:
        """Return one exception with everything known of it. Raises NotFound, also for what the caller may not see."""
        async with self.store.transaction() as session:
            return await self._view(session, await self._find(session, exception_no, sources))

    async def assign(self, exception_no: int, *, owner: str, comment: str, person: Person) -> CaseView:
        """Give an exception to a person. Raises Conflict when it is closed."""
        return await self._noted(exception_no, Act.ASSIGN, person, comment, {"owner": owner})

    async def comment(self, exception_no: int, *, comment: str, person: Person) -> CaseView:
        """Add words; also to a closed exception, because what is learnt later belongs there too."""
        return await self._noted(exception_no, Act.COMMENT, person, comment, {})

    async def act(
        self, exception_no: int, act: Act, *, wanted: Mapping[str, str], comment: str, person: Person
    ) -> CaseView:
        """Do an act, or ask for the second person where it needs one.

        Raises Conflict when the exception is closed, waits for a second person, or what is stored does not allow it.
        """
        tally, view = await whole(lambda: self._act(exception_no, act, wanted, comment, person))
        tally.report(self.meter)
        return view

    async def confirm(
        self, exception_no: int, *, decision_no: int, digest: str, comment: str, person: Person
    ) -> CaseView:
        """Confirm what another person asked, and do it. `digest` names what this person was shown.

        Raises Conflict for the same person, a decision that was made, expired or lapsed, and when the world has
        moved on since it was asked: the decision then lapses, and the answer says what happened.
        """
        asked = Asked(decision_no=decision_no, digest=digest)
        tally, view = await whole(lambda: self._confirm(exception_no, asked, comment, person))
        tally.report(self.meter)
        if isinstance(view, Refused):
            raise view
        return view

    async def refuse(self, exception_no: int, *, decision_no: int, comment: str, person: Person) -> CaseView:
        """Refuse what was asked, or withdraw it; the exception goes on as before."""
        now = self.clock.now()
        async with self.store.transaction() as session:
            case = await self._find(session, exception_no, person.sources)
            await session.execute("casework.lock", exception_no)
            decision = await decisions.find(session, decision_no, exception_no=exception_no)
            await decisions.refuse(session, now, decision, by=person.subject)
            await self._goes_on(session, case)
            await _remember(session, case, "refuse", person, now, comment, decision_no=decision_no)
            view = await self._view(session, await self._find(session, exception_no, person.sources))
        self.meter.count("gateway_exception_acts_total", 1, act="refuse", kind=case.kind)
        return view

    async def _noted(
        self, exception_no: int, act: Act, person: Person, comment: str, detail: Mapping[str, str]
    ) -> CaseView:
        async with self.store.transaction() as session:
            await session.execute("casework.lock", exception_no)
            case = await self._find(session, exception_no, person.sources)
            if act is Act.ASSIGN:
                _require_open(case)
                await session.execute("casework.assign", exception_no, detail["owner"])
            await _remember(session, case, act, person, self.clock.now(), comment, detail=detail)
            view = await self._view(session, await self._find(session, exception_no, person.sources))
        self.meter.count("gateway_exception_acts_total", 1, act=act.value, kind=case.kind)
        return view

    async def _act(
        self, exception_no: int, act: Act, wanted: Mapping[str, str], comment: str, person: Person
    ) -> tuple[Tally, CaseView]:
        now, tally = self.clock.now(), Tally()
        async with self.store.transaction() as session:
            case = await self._find(session, exception_no, person.sources)
            _require_open(case)
            plan = await self._planned(session, now, case, act, wanted)
            case = await self._locked(session, exception_no, person.sources)
            await self._require_free(session, case, now)
            if plan.two:
                await self._ask(session, case, act, plan, person, now, comment)
            else:
                deal = Deal(
                    session=session, at=now, case=case, plan=plan, by=person.subject, decision_no=None, meter=tally
                )
                await self._do(act, deal, comment)
            tally.count("gateway_exception_acts_total", 1, act="ask" if plan.two else act.value, kind=case.kind)
            return tally, await self._view(session, await self._find(session, exception_no, person.sources))

    async def _confirm(
        self, exception_no: int, asked: Asked, comment: str, person: Person
    ) -> tuple[Tally, CaseView | Refused]:
        """Confirm in one transaction; a decision that the world has overtaken lapses in it, and why is returned."""
        now, tally = self.clock.now(), Tally()
        async with self.store.transaction() as session:
            case = await self._find(session, exception_no, person.sources)
            seen = await decisions.look(session, asked.decision_no, exception_no=exception_no)
            decisions.check(seen, now, by=person.subject, digest=asked.digest)
            act = Act(seen.act)
            plan = await self._planned_again(session, now, case, seen)
            case = await self._locked(session, exception_no, person.sources)
            decision = await decisions.find(session, asked.decision_no, exception_no=exception_no)
            decisions.check(decision, now, by=person.subject, digest=asked.digest)
            if case.state == CaseState.CLOSED:
                plan = _closed(case)
            if isinstance(plan, Refused):
                await self._lapse(session, case, decision, person, now, plan)
                return tally, plan
            await decisions.confirm(session, now, decision, by=person.subject, subject=plan.subject)
            by, number = person.subject, asked.decision_no
            deal = Deal(session=session, at=now, case=case, plan=plan, by=by, decision_no=number, meter=tally)
            await self._do(act, deal, comment)
            tally.count("gateway_exception_acts_total", 1, act=act.value, kind=case.kind)
            return tally, await self._view(session, await self._find(session, exception_no, person.sources))

    async def _planned_again(self, session: Session, now: datetime, case: Case, asked: Decision) -> Plan | Refused:
        """Plan what was asked as the world is now; return why it cannot be done, or not as it was seen then."""
        act = Act(asked.act)
        try:
            plan = await self._planned(session, now, case, act, asked.subject["wanted"])
        except Refused as error:
            return error
        if decisions.digest_of(act.value, plan.subject) == asked.digest:
            return plan
        return Conflict.one("/decision", "decision.moved-on", "what was seen has changed since it was asked: ask anew")

    async def _planned(self, session: Session, now: datetime, case: Case, act: Act, wanted: Mapping[str, str]) -> Plan:
        if act not in self.deeds or act not in kind_of(case.kind).allowed:
            raise Conflict.one("/act", "act.kind", f"an exception of kind {case.kind!r} knows no act {act.value!r}")
        return await self.deeds[act].plan(Request(session=session, at=now, case=case, wanted=wanted))

    async def _ask(
        self, session: Session, case: Case, act: Act, plan: Plan, person: Person, now: datetime, comment: str
    ) -> None:
        decision = await decisions.ask(
            session, now, act=act.value, subject=plan.subject, by=person.subject, exception_no=case.exception_no
        )
        await session.execute("casework.wait", case.exception_no)
        detail = {"asked": act.value, **plan.wanted}
        number = decision.decision_no
        await _remember(session, case, "ask", person, now, comment, detail=detail, decision_no=number)

    async def _do(self, act: Act, deal: Deal, comment: str) -> None:
        """Do a deed that ends the exception: first the end, so that what the deed closes by itself are the others."""
        session, number = deal.session, deal.case.exception_no
        await session.execute("casework.close", number, deal.at, deal.by, act.value)
        how = await self.deeds[act].do(deal)
        detail = {**deal.plan.wanted, "how": how}
        args = (act.value, deal.by, deal.at, comment, detail, deal.decision_no)
        await session.execute("casework.remember", number, *args)

    async def _lapse(
        self, session: Session, case: Case, decision: Decision, person: Person, now: datetime, error: Refused
    ) -> None:
        await decisions.lapse(session, now, decision, why=error.violations[0].rule)
        await self._goes_on(session, case)
        number, detail = decision.decision_no, {"rule": error.violations[0].rule}
        await _remember(session, case, "lapse", person, now, "", detail=detail, decision_no=number)

    async def _require_free(self, session: Session, case: Case, now: datetime) -> None:
        """Raise Conflict while a second person is waited for, but not for one whose time has passed."""
        _require_open(case)
        if case.state != CaseState.WAITING:
            return
        if not await session.execute("decisions.lapse_expired", now, case.exception_no, "", b""):
            raise Conflict.one("/state", "exception.waiting", "it waits for a second person: confirm or refuse first")

    async def _goes_on(self, session: Session, case: Case) -> None:
        await session.execute("casework.go_on", case.exception_no)

    async def _find(self, session: Session, exception_no: int, sources: Collection[str]) -> Case:
        case = await session.one(Case, "casework.case", exception_no)
        if case is None or not may_see(case.source or EVERY_SOURCE, sources):
            raise NotFound("no such exception")
        return case

    async def _locked(self, session: Session, exception_no: int, sources: Collection[str]) -> Case:
        await session.execute("casework.lock", exception_no)
        return await self._find(session, exception_no, sources)

    async def _view(self, session: Session, case: Case) -> CaseView:
        number = case.exception_no
        return CaseView(
            case=case,
            history=await session.all(EventRow, "casework.history", number),
            decisions=await session.all(Decision, "decisions.of_exception", number),
            heard=await session.all(HeardRow, "casework.heard", case.message_no, case.ordinal),
            seen_at=self.clock.now(),
        )


async def _remember(
    session: Session,
    case: Case,
    act: str,
    person: Person,
    at: datetime,
    comment: str,
    *,
    detail: Mapping[str, Any] | None = None,
    decision_no: int | None = None,
) -> None:
    args = (str(act), person.subject, at, comment, dict(detail or {}), decision_no)
    await session.execute("casework.remember", case.exception_no, *args)


def _require_open(case: Case) -> None:
    if case.state == CaseState.CLOSED:
        raise _closed(case)


def _closed(case: Case) -> Refused:
    return Conflict.one("/state", "exception.closed", f"it was closed by {case.closed_how}")
