"""What the handlers need: the services, made once by the runtime."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields

from aiohttp import web

from gateway.api.access import Principal
from gateway.api.callers import Hooks
from gateway.api.keys import Issuer
from gateway.api.limits import Rate
from gateway.domain.errors import Refused
from gateway.ports.clock import Clock
from gateway.service.balances import Balances
from gateway.service.bank_board import BankBoard
from gateway.service.batches import Batches
from gateway.service.casework import Casework
from gateway.service.funds import Funds
from gateway.service.intake import Intake
from gateway.service.limits import Limits
from gateway.service.look import Look
from gateway.service.pauses import Pauses
from gateway.service.report import Report
from gateway.service.reports import Reports
from gateway.service.stops import Stops


def _nobody(_stage: str, _count: int, /) -> None:
    """Observe nothing."""


@dataclass(slots=True, kw_only=True)
class Doors:
    """Services and settings behind the API; a request takes each as it finds it.

    `new_id` draws the id of an unexpected error; `observe(stage, count)` is told of orders after they were stored.
    """

    clock: Clock
    intake: Intake
    batches: Batches
    look: Look
    board: BankBoard
    stops: Stops
    pauses: Pauses
    casework: Casework
    funds: Funds
    limits: Limits
    report: Report
    books: Balances
    reports: Reports
    issuers: Sequence[Issuer]
    new_id: Callable[[], str]
    hooks: Hooks
    rate: Rate = field(default_factory=Rate)
    observe: Callable[[str, int], None] = _nobody

    def become(self, other: "Doors") -> None:
        """Let the next requests find the services of `other`."""
        for part in fields(self):
            setattr(self, part.name, getattr(other, part.name))


DOORS = web.AppKey("doors", Doors)


def narrowed(principal: Principal, source: str) -> frozenset[str]:
    """Return the sources to look in: all the caller may see, or the one it names (none, if it may not see that)."""
    if not source:
        return principal.sources
    principal.acts_for(source)
    return frozenset({source})


def own_source(principal: Principal, source: str) -> str:
    """Return the source a change is for: the one named, else the only one the caller has."""
    if source:
        principal.acts_for(source)
        return source
    if len(principal.sources) != 1:
        raise Refused.one("/source", "source.missing", "say for which source")
    return next(iter(principal.sources))
