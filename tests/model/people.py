"""Operators who know the truth because they ask the bank: what they do is true, and done by two where it must be."""

from collections.abc import Mapping

import pytest

from gateway.domain.errors import Conflict, Refused
from gateway.domain.exceptions import Act, kind_of
from gateway.service.casework import CaseView, Person
from gateway.service.funds import Funds
from tests.casework.desk import ANNA, BERTA, Desk
from tests.model.books import Asked, Entry
from tests.model.promises import Past
from tests.model.seen import Row, Seen
from tests.model.world import World

ACTS = (Act.MATCH, Act.DECLARE, Act.CLOSE_ATTEMPT, Act.RELEASE, Act.GIVE_BACK, Act.WRITE_OFF, Act.CLOSE)


class People:
    """Anna asks, Berta confirms; Anna may not confirm what she asked."""

    def __init__(self, world: World, past: Past, seen: Seen) -> None:
        self.world, self.past, self.seen = world, past, seen
        self.desk = Desk(scene=world.scene)

    async def act(self, case: Row, act: Act) -> bool:
        """Do an act on an exception, if the truth allows it; return whether it ended the exception."""
        wanted = self._wanted(case, act)
        if wanted is None or act not in kind_of(case["kind"]).allowed:
            return False
        number = case["exception_no"]
        try:
            view = await self.desk.casework.act(number, act, wanted=wanted, comment="because", person=ANNA)
            if view.case.state == "waiting for a second person":
                view = await self._both(view)
        except Conflict:
            return False  # what is stored does not allow it
        done = view.case.state == "closed"
        if done:
            self._promised(case, act)
        return done

    async def all(self, acts: tuple[Act, ...] = ACTS) -> bool:
        """Work through everything that is open; return whether anything could be ended."""
        worked = False
        for hold in await self._funds.holds():
            await self._funds.release(hold.hold_no, by="anna")
            worked = True
        for case in self.seen.exceptions:
            if case["state"] != "closed":
                worked = any([await self.act(case, act) for act in acts]) or worked
        return worked

    @property
    def _funds(self) -> Funds:
        return Funds(store=self.world.scene.gateway.store, clock=self.world.scene.clock)

    async def _both(self, view: CaseView) -> CaseView:
        await self._refused_to(view, ANNA)
        return await self.desk.confirm(view, BERTA)

    async def _refused_to(self, view: CaseView, person: Person) -> None:
        """P14: who asked cannot confirm."""
        with pytest.raises(Refused) as error:
            await self.desk.confirm(view, person)
        assert error.value.violations[0].rule == "decision.two-people"

    def _wanted(self, case: Row, act: Act) -> Mapping[str, str] | None:
        """What the truth lets somebody want; None: this act would be a lie."""
        if act is Act.MATCH:
            entry = self._entry(case)
            return {"endToEndId": entry.of[0].end_to_end_id} if entry is not None and len(entry.of) == 1 else None
        if act is Act.DECLARE:
            return self._declared(case)
        if act is Act.GIVE_BACK:
            return {"reason": "OFFICER"}
        if act is Act.CLOSE_ATTEMPT or (act is Act.WRITE_OFF and case["attempt_no"] is not None):
            asked = self._asked(case)
            return {} if all(not one.alive or (one.out and "booked" in one.told) for one in asked) else None
        return {}

    def _declared(self, case: Row) -> Mapping[str, str] | None:
        submission = self.seen.submissions.get(case["submission_no"])
        if submission is None:
            return None
        bank = self.world.banks[submission["bank"]]
        there = self.world.lies_there(submission["bank"], submission["name"])
        if self.world.frozen is not None:
            return None  # nobody can promise what it will still do
        return {"declared": "arrived" if there or submission["name"] in bank.bytes_of else "not arrived"}

    def _promised(self, case: Row, act: Act) -> None:
        """What two people decided about money is what they know from the bank: it keeps its word."""
        if act in {Act.CLOSE_ATTEMPT, Act.WRITE_OFF} and case["attempt_no"] is not None:
            for one in self._asked(case):
                one.ended = one.ended or one.open
        entry = self._entry(case)
        if act in {Act.WRITE_OFF, Act.MATCH} and case["attempt_no"] is None and entry is not None:
            for one in entry.of:
                one.faulty = one.faulty or len(entry.of) > 1 or act is Act.WRITE_OFF

    def _asked(self, case: Row) -> list[Asked]:
        row = self.seen.attempts.get(case["attempt_no"])
        return [] if row is None else self.world.banks[row["bank"]].of(row["end_to_end_id"])

    def _entry(self, case: Row) -> Entry | None:
        """The movement that an exception about an entry is of, by the bank's own reference."""
        key = (case["message_no"], case["ordinal"])
        heard = next((o for o in self.seen.observations if (o["message_no"], o["ordinal"]) == key), None)
        return None if heard is None else self.world.banks[heard["bank"]].by_ref(heard["entry_ref"])
