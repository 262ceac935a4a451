"""A scene with people at desks: they act on exceptions as the REST door lets them."""

from dataclasses import dataclass

from gateway.domain.exceptions import Act
from gateway.service.casework import CaseView, Casework, Person
from gateway.service.decisions import Decision
from gateway.service.deeds import all_deeds
from tests.scenario import Scene

ANNA = Person(subject="anna", sources=("*",))
BERTA = Person(subject="berta", sources=("*",))
CLARA = Person(subject="clara", sources=("*",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Acts of people, by the number or the kind of an exception."""

    scene: Scene

    @property
    def casework(self) -> Casework:
        gateway = self.scene.gateway
        deeds = all_deeds(gateway.configuration.reasons)
        return Casework(store=gateway.store, clock=self.scene.clock, deeds=deeds, meter=gateway.metrics)

    async def number(self, kind: str) -> int:
        """The latest exception of a kind."""
        found = await self.scene.value("SELECT max(exception_no) FROM exception WHERE kind = $1", kind)
        assert found is not None, await self.scene.exceptions()
        return int(found)

    async def act(self, kind: str, act: Act, person: Person = ANNA, /, **wanted: str) -> CaseView:
        number = await self.number(kind)
        return await self.casework.act(number, act, wanted=wanted, comment="because", person=person)

    async def confirm(self, view: CaseView, person: Person = BERTA, digest: str = "") -> CaseView:
        """Confirm the last decision of a case as it was shown."""
        asked = self.asked(view)
        return await self.casework.confirm(
            view.case.exception_no,
            decision_no=asked.decision_no,
            digest=digest or asked.digest,
            comment="seen",
            person=person,
        )

    async def both(self, kind: str, act: Act, **wanted: str) -> CaseView:
        """Two people do it."""
        return await self.confirm(await self.act(kind, act, **wanted))

    async def look(self, view: CaseView) -> CaseView:
        return await self.casework.case(view.case.exception_no, sources=("*",))

    def asked(self, view: CaseView) -> Decision:
        return view.decisions[-1]

    async def ledger(self) -> dict[str, int]:
        """Balances of the ledger's accounts that are not zero."""
        rows = await self.scene.rows("SELECT account, sum(amount_minor)::bigint FROM ledger_posting GROUP BY account")
        return {account: balance for account, balance in rows if balance}
