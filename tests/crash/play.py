"""Plays: what workers and people do after a pay day, act by act, so that whoever comes after a crash can do it again.

An act is what a loop or a person would do once more: a loop runs its step until it is idle, a person looks at what is
there before deciding. So the same acts, played by a second worker, finish what the first one left.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from gateway.domain.errors import Conflict, GatewayError
from gateway.domain.exceptions import Act as Deed
from gateway.ports.boundary import Boundary, unbounded
from gateway.runtime.aftercare import aftercare
from gateway.runtime.keys import SandboxKeys
from gateway.runtime.loops import Loop
from gateway.service.casework import CaseView, Person
from gateway.service.intake import Intake
from gateway.service.step import Step
from tests.casework.desk import ANNA, BERTA, Desk
from tests.crash.effects import Blow
from tests.hearing.bus import MemoryBus
from tests.hearing.ear import Ear
from tests.orders import PAY_DATE, line, manifest_of
from tests.scenario import SOURCE, Scene
from tests.stopping.post import Post

T = TypeVar("T")
IDLE_AFTER = 60
"""Runs after which a step that never rests is a fault of the play."""


@dataclass(slots=True, kw_only=True)
class Outside:
    """What stands in the topics: it outlives every worker."""

    messages: MemoryBus = field(default_factory=MemoryBus)
    orders: MemoryBus = field(default_factory=MemoryBus)
    stops: MemoryBus = field(default_factory=MemoryBus)

    def copied(self) -> "Outside":
        """The same records for a run of its own."""
        messages, orders, stops = (
            replace(bus, logs={n: list(log) for n, log in bus.logs.items()}, published=[])
            for bus in (self.messages, self.orders, self.stops)
        )
        return Outside(messages=messages, orders=orders, stops=stops)


@dataclass(slots=True, kw_only=True)
class Play:
    """One worker's, or one office's, part in a chapter. Only who was struck, or comes after, may find things done."""

    scene: Scene
    outside: Outside
    begins: datetime
    keys: SandboxKeys
    boundary: Boundary = unbounded
    second: bool = False
    notes: dict[str, Any] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)

    @property
    def ear(self) -> Ear:
        return Ear(scene=self.scene, bus=self.outside.messages)

    @property
    def post(self) -> Post:
        return Post(scene=self.scene, orders=self.outside.orders, stops=self.outside.stops)

    @property
    def desk(self) -> Desk:
        return Desk(scene=self.scene)

    @property
    def forgiving(self) -> bool:
        return self.second or (isinstance(self.boundary, Blow) and self.boundary.struck)

    def at(self, hours: float) -> None:
        """Let it be so many hours after the chapter began; clocks of different workers agree but for the lease."""
        self.scene.clock.advance((self.begins + timedelta(hours=hours) - self.scene.clock.at).total_seconds())

    async def steps(self, *kinds: str, bank: str = "") -> None:
        """Run the steps of these kinds until they are idle, one kind after the other."""
        for kind in kinds:
            for step in self._steps(kind, bank):
                for _ in range(IDLE_AFTER):
                    if not await self.once(step):
                        break
                else:
                    raise AssertionError(f"{kind} never comes to an end")

    async def once(self, step: Step) -> bool:
        """Run a step as a loop does: what may be tried again is waited out."""
        return bool(await self.ask(step.run_once))

    async def ask(self, act: Callable[[], Awaitable[T]]) -> T | None:
        """Do what a person asks for; who comes after a crash may be told that it is done."""
        try:
            return await act()
        except GatewayError:
            if not self.forgiving:
                raise
            return None

    def step(self, kind: str, bank: str = "") -> Any:
        """One step of a kind."""
        return self._steps(kind, bank)[0]

    def _steps(self, kind: str, bank: str) -> list[Step]:
        if not self.loops:
            gateway, bus = self.scene.gateway, cast("Any", self.outside.messages)
            post = self.post
            post.step("gateway.stops.v1")
            self.loops = [*gateway.sending(), *gateway.hearing(bus, [0]), *gateway.telling(bus), *aftercare(gateway)]
            self.loops += post.loops
        found = [loop.step for loop in self.loops if loop.kind == kind and bank in {"", loop.lane}]
        assert found, kind
        return list({id(step): step for step in found}.values())

    async def leave(self) -> None:
        """Let go of what is held, as a worker that ends in good order."""
        for loop in self.loops:
            if loop.close is not None:
                await self.ask(loop.close)

    # People ------------------------------------------------------------------------------------------------------

    async def case(self, kind: str, nth: int = 0) -> CaseView:
        """Look at an exception: the `nth` of its kind."""
        numbers = await self.scene.column(
            "SELECT exception_no FROM exception WHERE kind = $1 ORDER BY exception_no", kind
        )
        return await self.desk.casework.case(numbers[nth], sources=("*",))

    async def act(self, deed: Deed, kind: str, nth: int = 0, by: Person = ANNA, /, **wanted: str) -> None:
        """One person acts, if nobody has."""
        view = await self.case(kind, nth)
        if view.case.state == "open":
            number = view.case.exception_no
            await self.ask(lambda: self.desk.casework.act(number, deed, wanted=wanted, comment="because", person=by))

    async def confirm(self, kind: str, nth: int = 0, *, lapses: bool = False) -> None:
        """A second person confirms what is asked, if something is; it may have lapsed meanwhile."""
        view = await self.case(kind, nth)
        if view.case.state == "waiting for a second person":
            with suppress(Conflict) if lapses else nullcontext():
                await self.ask(lambda: self.desk.confirm(view, BERTA))

    async def anew(self, deed: Deed, kind: str, nth: int, /, **wanted: str) -> None:
        """Ask once more what nobody confirmed in time."""
        view = await self.case(kind, nth)
        if len(view.decisions) == 1:
            number = view.case.exception_no
            await self.ask(lambda: self.desk.casework.act(number, deed, wanted=wanted, comment="again", person=ANNA))

    async def both(self, deed: Deed, kind: str, nth: int = 0, /, **wanted: str) -> None:
        """Two people act."""
        await self.act(deed, kind, nth, ANNA, **wanted)
        await self.confirm(kind, nth)

    async def refuse(self, kind: str, nth: int = 0) -> None:
        """A second person refuses what is asked, if something is."""
        view = await self.case(kind, nth)
        if view.case.state == "waiting for a second person":
            number, decision = view.case.exception_no, view.decisions[-1].decision_no
            await self.ask(lambda: self.desk.casework.refuse(number, decision_no=decision, comment="no", person=BERTA))

    async def note(self, kind: str, nth: int = 0, *, owner: str) -> None:
        """Give a case to a person, with words."""
        casework, number = self.desk.casework, (await self.case(kind, nth)).case.exception_no
        await self.ask(lambda: casework.assign(number, owner=owner, comment="yours", person=ANNA))
        await self.ask(lambda: casework.comment(number, comment="looks odd", person=BERTA))

    # The benefits system -----------------------------------------------------------------------------------------

    async def open(self, batch: str) -> None:
        await self.ask(
            lambda: self.scene.batches.open(
                source=SOURCE, batch_id=batch, programme="STA", pay_date=PAY_DATE, by="benefits"
            )
        )

    async def push(self, orders: Sequence[dict[str, Any]], batch: str) -> None:
        """Push over REST."""
        catalogue = self.scene.gateway.configuration.catalogue
        intake = Intake(store=self.scene.gateway.store, clock=self.scene.clock, catalogue=catalogue)
        await self.ask(lambda: intake.append(source=SOURCE, batch_id=batch, lines=[line(o) for o in orders]))

    async def release(self, batch: str) -> None:
        """Close, sign and release."""
        closed = await self.ask(lambda: self.scene.batches.close(source=SOURCE, batch_id=batch, by="benefits"))
        if closed is not None:
            signed = manifest_of(closed)
            name: dict[str, Any] = {"source": SOURCE, "batch_id": batch, "by": "benefits"}
            signature = self.keys.sign(SOURCE, signed)
            await self.ask(lambda: self.scene.batches.release(**name, manifest=signed, signature=signature))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Where it begins, and its acts. `equip` gives every worker of it what configuration would."""

    name: str
    banks: Sequence[str] = ("alfa",)
    prepare: Callable[[Play], Awaitable[None]]
    acts: Callable[[Play], Awaitable[None]]
    equip: Callable[[Scene], None] = lambda _scene: None
