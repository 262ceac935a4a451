"""Other ways: an order whose attempt can never arrive goes through another bank, where routing allows.

Only what is in no submission is looked at, so every submission it ever was in is void or dissolved; what is sealed,
being sent, not sent, unknown or delivered stays with its bank. The attempt is closed with that proof, and the order
gets its next one in the same transaction: at no time are two open. It goes another way because its bank is suspended,
or because its submission was void with its tries used up. Without another way it waits for its bank.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from gateway.domain.identity import end_to_end_id, uetr
from gateway.domain.order import account_from_key
from gateway.domain.routing import Route, RoutingTable, another_route
from gateway.ports.clock import Clock
from gateway.ports.metrics import Meter, Tally, no_meter
from gateway.ports.store import Session, Store
from gateway.service.banks import Banks, DebtorAccounts

CHUNK = 10_000
"""Attempts that are looked at together."""
_END = (1 << 63) - 1
"""Behind the last attempt of a batch."""
SUSPENDED, GAVE_UP = "suspended", "tries used up"
REROUTED = "gateway_rerouted_payments_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedBatch:
    """A batch with attempts that may go another way."""

    batch_no: int
    source: str
    programme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An attempt, locked, with its order's account. `gave_up_no` is the submission whose tries were used up, if so."""

    attempt_no: int
    order_no: int
    order_id: str
    account_type: str
    account: str
    amount_minor: int
    currency: str
    bank: str
    generation: int
    gave_up_no: int | None
    tried: list[str]

    @property
    def why(self) -> str:
        """Why it may go another way."""
        return GAVE_UP if self.gave_up_no is not None else SUSPENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWays:
    """Step: close a chunk of attempts of one batch in favour of others through another bank."""

    store: Store
    clock: Clock
    banks: Banks
    routing: RoutingTable
    accounts: DebtorAccounts
    meter: Meter = no_meter

    async def run_once(self) -> bool:
        batch_no, through = 0, 0  # what was looked at and stays keeps nothing behind it out
        while True:
            tally = Tally()
            async with self.store.transaction() as session:
                args = (self._suspended(), *self._ways())
                batch = await session.one(LookedBatch, "reroute.next", batch_no, *args, through)
                if batch is None:
                    return False
                above = through if batch.batch_no == batch_no else 0
                found = await session.all(Candidate, "reroute.candidates", batch.batch_no, *args, above, CHUNK)
                done = await self._go(session, batch, found, tally)
            tally.report(self.meter)
            if done:
                return True
            batch_no, through = batch.batch_no, found[-1].attempt_no if len(found) == CHUNK else _END

    async def _go(self, session: Session, batch: LookedBatch, found: Sequence[Candidate], tally: Meter) -> bool:
        """Return whether anything was closed, or is to be cut again for its own bank."""
        payable = set(await session.column("reroute.payable", sorted({c.order_no for c in found})))
        ways = [(c, self._way(batch, c)) for c in found if c.order_no in payable]
        going = [(c, way) for c, way in ways if way is not None]
        staying = [c.attempt_no for c, way in ways if way is None and c.gave_up_no is not None]
        if staying:
            await session.execute("reroute.looked", staying)
        if going:
            closed = await session.execute(
                "reroute.close", [c.attempt_no for c, _ in going], [_proof(c) for c, _ in going]
            )
            if closed != len(going):
                raise AssertionError("an attempt changed although it was locked")
            await session.copy("attempt", _COLUMNS, _rows(batch.source, going))
        for (bank, why), payments in Counter((c.bank, c.why) for c, _ in going).items():
            tally.count(REROUTED, payments, bank=bank, why=why)
        return bool(going or staying)

    def _way(self, batch: LookedBatch, candidate: Candidate) -> Route | None:
        """Choose the first bank that can pay it and that no attempt of the order went through."""
        account, but = account_from_key(candidate.account_type, candidate.account), set(candidate.tried)
        why = f"{candidate.bank} is {SUSPENDED}" if candidate.why is SUSPENDED else f"{GAVE_UP} at {candidate.bank}"
        while way := another_route(account, candidate.currency, self.routing, why=why, but=but):
            if self._able(batch, candidate, way.bank):
                return way
            but.add(way.bank)
        return None

    def _able(self, batch: LookedBatch, candidate: Candidate, bank: str) -> bool:
        """Whether an account pays at the bank and its limits let the amount through: the new attempt is not held."""
        if bank not in self.banks:
            return False
        most = self.banks[bank].profile.sum_limit(candidate.currency)
        name = {"source": batch.source, "programme": batch.programme, "currency": candidate.currency, "bank": bank}
        return self.accounts.find(**name) is not None and (most is None or candidate.amount_minor <= most)

    def _suspended(self) -> list[str]:
        return [slug for slug in self.banks if not self.routing.pays(slug)]

    def _ways(self) -> tuple[list[str], list[str], list[str], list[str]]:
        """Return bank, country, currency and type of account of every way to accounts at other banks."""
        rows = [
            (bank.slug, *way)
            for bank in self.routing.interbank
            if bank.live
            for way in product(sorted(bank.interbank), sorted(bank.currencies), sorted(bank.account_types))
        ]
        return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], [r[3] for r in rows]


_COLUMNS = (
    *("order_no", "generation", "bank", "route_reason", "submission_no"),
    *("end_to_end_id", "uetr", "amount_minor", "currency"),
)


def _proof(candidate: Candidate) -> str:
    return candidate.why if candidate.gave_up_no is None else f"{candidate.why}, submission {candidate.gave_up_no}"


def _rows(source: str, going: Sequence[tuple[Candidate, Route]]) -> Iterator[tuple[object, ...]]:
    """Yield the next attempt of each order, in no submission yet."""
    for candidate, way in going:
        generation = candidate.generation + 1
        e2e = end_to_end_id(source, candidate.order_id, generation)
        where = (way.bank, str(way.reason), None)
        yield (candidate.order_no, generation, *where, e2e, uetr(e2e), candidate.amount_minor, candidate.currency)
