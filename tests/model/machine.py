"""Random pay days: hypothesis plays benefits system, officers, banks, time and accidents against the gateway."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.domain.exceptions import Act
from tests.casework.desk import ANNA
from tests.database import Server
from tests.model.books import Asked, Bank
from tests.model.end import lift, the_end
from tests.model.orders import Stop
from tests.model.people import ACTS, People
from tests.model.promises import Case, Past, broken, require
from tests.model.push import KINDS, push
from tests.model.seen import Seen, look
from tests.model.world import BANKS, PARTS, World

T = TypeVar("T")
MINUTE, HOUR, DAY = 60, 3_600, 86_400
CODES = ("AC04", "ED05", "TM01", "AM04", "FR01", "MS03", "DT01")
"""Back to the benefits system, tried again, held for funds, payee held, for an officer, mended."""
SHAPES = ("named", "charged", "text", "nothing")
WAITS = (2 * MINUTE, 11 * MINUTE, 11 * MINUTE, 9 * HOUR, DAY, 3 * DAY)

Moment = tuple[str, int]
"""The n-th boundary of a name."""
Wanted = Callable[[Asked], bool]

commits = st.tuples(st.just("commit"), st.integers(1, 10))
moments = st.sampled_from([("wire", 1), ("wire", 2), ("rename", 1), *[("rename", 2)] * 4]) | commits
"""Oftenest where nobody can tell: it has left, and nothing says so yet."""
banks = st.sampled_from(BANKS)
picks = st.integers(0, 7)
codes = st.sampled_from(CODES)
kinds = st.lists(st.sampled_from(["plain", "plain", *KINDS]), min_size=2, max_size=4)


class PayDays(RuleBasedStateMachine):
    """One world an example. `server` and `runner` belong to the test."""

    server: Server
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="gateway-model-")
        self._fresh = self.server.fresh()
        self.world = World(url=self._fresh.__enter__(), root=Path(self._folder.name) / "var")
        self.past = Past()
        self.sound = False
        self.seen: Seen = self.run(self._begun())

    async def _begun(self) -> Seen:
        await self.world.begin()
        return await look(self.world, ())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the world; while it is not done the world is not sound."""
        self.sound = False
        done = self.runner.run(work)
        self.sound = True
        return done

    @invariant()
    def every_promise_holds(self) -> None:
        self.run(self._check())

    async def _check(self) -> None:
        days = sorted({order.pay_date for order in self.world.model.orders.values()})
        self.seen = await look(self.world, days)
        require(broken(Case(world=self.world, seen=self.seen, past=self.past)))

    def teardown(self) -> None:
        try:
            if self.sound:
                self.run(the_end(self.world, self.past))
        finally:
            self.runner.run(self.world.end())
            self._fresh.__exit__(None, None, None)
            self._folder.cleanup()

    # The benefits system and its officers -------------------------------------------------------------------------

    @initialize(bank=banks, some=kinds)
    def begin(self, bank: str, some: list[str]) -> None:
        self.run(self._pay(bank, some))

    @rule(bank=banks, some=kinds, part=st.sampled_from(["sealing", "sealing", "sending"]))
    def pay(self, bank: str, some: list[str], part: str) -> None:
        self.run(self._pay(bank, some, part))

    async def _pay(self, bank: str, some: list[str], part: str = "sending") -> None:
        await push(self.world, bank, some)
        await self.world.worker.do(PARTS[part])
        self.world.banks_take()

    @rule(bank=banks, some=kinds, kind=st.sampled_from(["order", "person", "account", "benefit"]), pick=picks)
    def stop_what_is_sealed(self, bank: str, some: list[str], kind: str, pick: int) -> None:
        """The last moment at which a stop is in time."""
        self.run(self._pay(bank, some, "sealing"))
        self.stop(kind, pick % len(some))
        self.run(self.world.worker.do(PARTS["sending"]))

    @rule(bank=banks, some=kinds)
    def withdraw(self, bank: str, some: list[str]) -> None:
        self.run(push(self.world, bank, some, withdraw=True))

    @rule(
        kind=st.sampled_from(["order", "order", "person", "person", "account", "mandate", "benefit", "bank"]),
        pick=picks,
    )
    def stop(self, kind: str, pick: int) -> None:
        """Mostly on the latest orders: they have not left yet."""
        orders = list(self.world.model.orders.values())[::-1]
        order = orders[pick % len(orders)]
        subjects = [*order.subjects(), *(("person", i) for person in order.persons for i in sorted(person))]
        values = [value for of, value in subjects if of == kind]
        if values:
            self.run(self._stop(kind, values[pick % len(values)]))

    async def _stop(self, kind: str, value: str) -> None:
        view = await self.world.scene.stop(kind, value)
        if view.stop_no not in {stop.number for stop in self.world.model.stops}:
            self.world.model.stops.append(Stop(number=view.stop_no, kind=kind, value=value))

    @precondition(lambda self: any(not stop.lifted for stop in self.world.model.stops))
    @rule(pick=picks)
    def lift(self, pick: int) -> None:
        active = [stop for stop in self.world.model.stops if not stop.lifted]
        self.run(lift(self.world, active[pick % len(active)]))

    @rule(bank=st.sampled_from([*BANKS, ""]))
    def pause_or_resume(self, bank: str) -> None:
        self.run(self._switch("bank" if bank else "all", bank))

    async def _switch(self, scope: str, value: str) -> None:
        paused, of = self.world.model.paused, {"scope": scope, "value": value, "by": "officer-1"}
        if (scope, value) in paused:
            await self.world.scene.pauses.resume(**of)
            paused.discard((scope, value))
        else:
            await self.world.scene.pauses.pause(**of, reason="looking")
            paused.add((scope, value))

    @precondition(lambda self: any(x["state"] != "closed" for x in self.seen.exceptions))
    @rule(pick=picks, act=st.sampled_from(ACTS))
    def operate(self, pick: int, act: Act) -> None:
        self.run(self._operate(pick, act))

    async def _operate(self, pick: int, act: Act) -> None:
        people = People(self.world, self.past, self.seen)
        open_ones = [x for x in self.seen.exceptions if x["state"] != "closed"]
        case = open_ones[pick % len(open_ones)]
        await people.desk.casework.assign(case["exception_no"], owner="anna", comment="", person=ANNA)
        event(f"{act} of {case['kind']}: {await people.act(case, act)}")

    # Work, accidents and time -------------------------------------------------------------------------------------

    @rule(bank=banks, some=kinds, at=moments, taken=st.sampled_from([True, True, False]))
    def killed_while_paying(self, bank: str, some: list[str], at: Moment, taken: bool) -> None:  # noqa: FBT001 - drawn
        self.run(push(self.world, bank, some))
        event(f"killed while sending: {self.run(self.world.killed(PARTS['sending'], *at))}")
        if taken:  # the bank says nothing of it until somebody asked
            self.world.banks_take()
            self.a_while(11 * MINUTE, works=True)

    @precondition(lambda self: self.world.frozen is None)
    @rule(bank=banks, some=kinds, at=moments, taken=st.booleans())
    def frozen_while_paying(self, bank: str, some: list[str], at: Moment, taken: bool) -> None:  # noqa: FBT001 - drawn
        self.run(push(self.world, bank, some))
        event(f"frozen while sending: {self.run(self.world.freeze(PARTS['sending'], *at))}")
        if taken:
            self.world.banks_take()

    @rule(part=st.sampled_from(["hearing", "aftercare", "telling"]), at=commits)
    def kill(self, part: str, at: Moment) -> None:
        event(f"killed while {part}: {self.run(self.world.killed(PARTS[part], *at))}")

    @precondition(lambda self: self.world.frozen is None)
    @rule(part=st.sampled_from(["hearing", "aftercare"]), at=commits)
    def freeze(self, part: str, at: Moment) -> None:
        event(f"frozen while {part}: {self.run(self.world.freeze(PARTS[part], *at))}")

    @precondition(lambda self: self.world.frozen is not None)
    @rule()
    def thaw(self) -> None:
        self.run(self.world.thaw())

    @rule(seconds=st.sampled_from(WAITS), works=st.booleans())
    def a_while(self, seconds: int, works: bool) -> None:  # noqa: FBT001 - drawn
        self.world.wait(seconds)
        if works:
            self.run(self.world.worker.do([*PARTS["aftercare"], *PARTS["sending"], *PARTS["telling"]]))

    @rule(answers=st.sampled_from(["sent", "lost", "down"]))
    def api(self, answers: str) -> None:
        self.world.banks["kilo"].answers = answers

    # Banks --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.any_asked(lambda one: one.open))
    @rule(
        pick=picks, code=codes, how=st.sampled_from(["accept", "reject", "reject", "reject file"]), tells=st.booleans()
    )
    def answer(self, pick: int, code: str, how: str, tells: bool) -> None:  # noqa: FBT001 - drawn
        bank, one = self._one(pick, lambda asked: asked.open)
        together = [other for other in bank.asked if other.file == one.file]
        if how == "accept":
            bank.accept(one.file)
        elif how == "reject file" and all(other.open for other in together):
            bank.reject_file(one.file, code)
        else:
            bank.reject([one], code)
        self._tell(bank, tells=tells)

    @precondition(lambda self: self.any_asked(lambda one: one.open))
    @rule(pick=picks, tells=st.booleans())
    def book(self, pick: int, tells: bool) -> None:  # noqa: FBT001 - drawn
        bank, one = self._one(pick, lambda asked: asked.open)
        together = [other for other in bank.asked if other.file == one.file and other.open]
        bank.book(together if bank.slug == "charlie" else [one], self.world.now.date())
        bank.notify()
        self._tell(bank, tells=tells)

    @precondition(lambda self: self.any_asked(lambda one: one.out and not one.faulty))
    @rule(pick=picks, shape=st.sampled_from(SHAPES), code=codes, tells=st.booleans())
    def give_back(self, pick: int, shape: str, code: str, tells: bool) -> None:  # noqa: FBT001 - drawn
        bank, one = self._one(pick, lambda asked: asked.out and not asked.faulty)
        bank.give_back(one, shape, code, self.world.now.date())
        bank.notify()
        self._tell(bank, tells=tells)

    @precondition(lambda self: self.any_asked(lambda one: one.out and not one.ended))
    @rule(pick=picks, how=st.sampled_from(["book twice", "reject the booked", "lump"]), tells=st.booleans())
    def misbehave(self, pick: int, how: str, tells: bool) -> None:  # noqa: FBT001 - drawn
        bank, one = self._one(pick, lambda asked: asked.out and not asked.ended)
        one.faulty = True
        if how == "reject the booked":
            bank.reject([one], "AC04")
        elif how == "lump":
            together = [other for other in bank.asked if other.file == one.file and other.out]
            bank.lump(together, self.world.now.date())
        else:
            self._book_wrongly(bank, one)
        self._tell(bank, tells=tells)

    @precondition(lambda self: self.any_asked(lambda one: one.rejected and not (one.booked or one.ended)))
    @rule(pick=picks, tells=st.booleans())
    def book_the_rejected(self, pick: int, tells: bool) -> None:  # noqa: FBT001 - drawn
        bank, one = self._one(pick, lambda asked: asked.rejected and not (asked.booked or asked.ended))
        self._book_wrongly(bank, one)
        self._tell(bank, tells=tells)

    def _book_wrongly(self, bank: Bank, one: Asked) -> None:
        together = [o for o in bank.asked if o.file == one.file] if bank.slug == "charlie" else [one]
        for other in together:
            other.faulty = True
        bank.book(together, self.world.now.date())
        bank.notify()

    @rule(bank=banks, minor=st.sampled_from([-777, -51_240, 51_240, 500_000]))
    def stray(self, bank: str, minor: int) -> None:
        self.world.banks[bank].stray(minor, self.world.now.date())

    @precondition(lambda self: self.any_asked(lambda one: one.open))
    @rule(bank=banks, pick=picks)
    def speak_of_another_banks(self, bank: str, pick: int) -> None:
        of, one = self._one(pick, lambda asked: asked.open)
        if of.slug != bank:
            liar = Bank(slug=bank, begins=self.world.now.date(), messages=9_000 + len(self.world.banks[bank].said))
            liar.reject([Asked(**_words(one))], "AC04")
            self.world.banks[bank].outbox += liar.outbox

    @rule(hours=st.sampled_from([0, 12, 24]))
    def evening(self, hours: int) -> None:
        """Every bank writes its statement of the day."""
        for bank in self.world.banks.values():
            if not bank.statements or bank.statements[-1].day < self.world.now.date():
                bank.close_day(self.world.now.date())
        self.world.wait(hours * HOUR)

    @rule(bank=banks, pick=picks, repeat=st.booleans(), hears=st.booleans())
    def deliver(self, bank: str, pick: int, repeat: bool, hears: bool) -> None:  # noqa: FBT001 - drawn
        """Everything in a turned order; a message that was sent before may come once more."""
        books = self.world.banks[bank]
        at = pick % len(books.outbox) if books.outbox else 0
        waiting, books.outbox = books.outbox[at:] + books.outbox[:at], []
        if repeat and books.said:
            waiting.insert(0, books.said[pick % len(books.said)])
        for content in waiting:
            self.world.deliver(bank, content)
        if hears:
            self.run(self.world.worker.do(PARTS["hearing"]))

    def _tell(self, bank: Bank, *, tells: bool) -> None:
        """Tell at once, or let it wait until messages are delivered."""
        if tells:
            self.deliver(bank.slug, 0, repeat=False, hears=True)

    def any_asked(self, wanted: Wanted) -> bool:
        return any(wanted(one) for bank in self.world.banks.values() for one in bank.asked)

    def _one(self, pick: int, wanted: Wanted) -> tuple[Bank, Asked]:
        fitting = [(bank, one) for bank in self.world.banks.values() for one in bank.asked if wanted(one)]
        return fitting[pick % len(fitting)]


def _words(one: Asked) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("end_to_end_id", "minor", "currency", "account", "debtor", "file")}
