"""Entries that name nothing: whose they may be, and lump returns.

Account, amount and date only propose. A credit that equals the booked sum of a submission, or that is a return and
names no payment, is a lump return: the orders of its submission, where there is one, are held, nothing is issued again,
and a person decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.domain.matching import WINDOW_EARLY, WINDOW_RETURN
from gateway.service.establish import Establish
from gateway.service.judge import Heard, Judgement, Verdict
from gateway.service.match import proposals
from gateway.service.outcomes import News, tell
from gateway.service.parts import split, split_before

LOOKED_AT = 200
"""Entries of a chunk for which proposals are made: a message of another customer must not cost hours."""
_REASON = "lump return"
_HOMELESS = frozenset({Verdict.ORPHAN, Verdict.LUMP_RETURN, Verdict.AMBIGUOUS})


@dataclass(frozen=True, slots=True, kw_only=True)
class LumpRow:
    """Submissions whose booked sum a credit equals."""

    ordinal: int
    submission_nos: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """An order that is held now."""

    order_no: int
    end_to_end_id: str


@dataclass(slots=True, kw_only=True)
class Lumps:
    """What was found about the nameless entries of a chunk, by ordinal."""

    establish: Establish
    proposed: dict[int, Sequence[int]] = field(default_factory=dict)
    equal: dict[int, Sequence[int]] = field(default_factory=dict)
    came_back: dict[int, str] = field(default_factory=dict)
    """Keys of lump returns of a known submission, by ordinal."""
    held: set[int] = field(default_factory=set)
    split: dict[int, Sequence[int]] = field(default_factory=dict)
    """Attempts over which a person split the same credit before, by ordinal."""
    fresh: bool = True
    """Whether the message is being applied; what is looked at again may stand in the ledger already."""

    async def look_around(self, judged: Sequence[tuple[Heard, Judgement]]) -> list[tuple[Heard, Judgement]]:
        """Return the judgements as they are beside what could be found by amount."""
        judged = await self._split_before(judged) if self.fresh else judged
        nameless = [h for h, j in judged if j.verdict in {Verdict.ORPHAN, Verdict.LUMP_RETURN} and h.is_entry]
        if not nameless:
            return list(judged)
        await self._look(nameless[:LOOKED_AT])
        judged = [self._again(heard, judgement) for heard, judgement in judged]
        await self.establish.lock(self.held)
        return judged

    async def _split_before(self, judged: Sequence[tuple[Heard, Judgement]]) -> Sequence[tuple[Heard, Judgement]]:
        """Judge credits that a person split where they were told before."""
        credits_ = [h for h, j in judged if j.verdict in _HOMELESS and h.is_entry and h.credit and h.booked]
        if not credits_:
            return judged
        session, message_no, bank = self.establish.session, self.establish.message_no, self.establish.bank
        self.split = await split_before(session, message_no=message_no, bank=bank, credits_=credits_)
        return [(h, Judgement(verdict=Verdict.SPLIT) if h.ordinals[0] in self.split else j) for h, j in judged]

    async def _look(self, nameless: Sequence[Heard]) -> None:
        session, message_no, bank = self.establish.session, self.establish.message_no, self.establish.bank
        ordinals = [n for h in nameless if h.submission_no is None for n in h.ordinals]
        self.proposed = await proposals(session, message_no=message_no, bank=bank, ordinals=ordinals)
        credited = [n for h in nameless if h.submission_no is None and h.credit for n in h.ordinals]
        if credited:
            args = (message_no, credited, bank, WINDOW_RETURN.days, WINDOW_EARLY.days)
            found = await session.all(LumpRow, "sums.lumps_of", *args)
            self.equal = {row.ordinal: row.submission_nos for row in found}

    def _again(self, heard: Heard, judgement: Judgement) -> tuple[Heard, Judgement]:
        """Judge a nameless entry with what was found; each stands alone, so its first place is its only one."""
        if judgement.verdict not in {Verdict.ORPHAN, Verdict.LUMP_RETURN} or not heard.is_entry:
            return heard, judgement
        ordinal = heard.ordinals[0]
        equal = self.equal.get(ordinal, ())
        if len(equal) == 1:
            heard = replace(heard, submission_no=equal[0])
        if heard.credit and heard.submission_no is not None:
            self.held.add(heard.submission_no)
            self.came_back[ordinal] = f"submission {heard.submission_no}"
            if heard.entry_refs[0] is not None:
                self.came_back[ordinal] += f"/{heard.entry_refs[0]}"
        if equal or judgement.verdict is Verdict.LUMP_RETURN:
            return heard, Judgement(verdict=Verdict.LUMP_RETURN)
        several = len(self.proposed.get(ordinal, ())) > 1
        return heard, Judgement(verdict=Verdict.AMBIGUOUS if several else judgement.verdict)

    def key(self, ordinal: int) -> str | None:
        """Return the key of an exception that is not the message's own: a lump is one, wherever it was told."""
        return self.came_back.get(ordinal)

    def detail(self, ordinal: int) -> Mapping[str, str]:
        """Say whose this could be; ids only."""
        detail = {}
        if attempts := self.proposed.get(ordinal):
            name = "proposal" if len(attempts) == 1 else "proposals"
            detail[name] = ", ".join(map(str, attempts))
        if submissions := self.equal.get(ordinal):
            detail["equals the sum of"] = ", ".join(map(str, submissions))
        return detail

    async def hold(self) -> None:
        """Hold the orders of the submissions that came back, and tell; split what was split before."""
        session, at = self.establish.session, self.establish.at
        for ordinal, attempts in self.split.items():
            await split(session, self.establish.message_no, ordinal, attempts, again=True)
        news: list[News] = []
        for number in sorted(self.held):
            rows = await session.all(HeldRow, "sums.hold_lump", number)
            news += [
                News(
                    order_no=row.order_no,
                    outcome="under investigation",
                    bank=self.establish.bank,
                    end_to_end_id=row.end_to_end_id,
                    reason=_REASON,
                )
                for row in rows
            ]
        await tell(session, at, news)
