"""What people do on the mornings after a pay day: fund an account, lift a stop, work exceptions, correct orders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.demo.benefits_system import Batch
from gateway.demo.conductor import Conductor
from gateway.demo.corrections import corrections
from gateway.demo.judge import Doubtful
from gateway.demo.orders import PROGRAMMES, DemoOrder, PayDay
from gateway.demo.stage import Stage
from gateway.sandbox import BankParameters

FUNDING_MINOR = 50_000_000
LIFTED = "account changed"
"""The reason of the stops that two people lift: the payee has confirmed the old account."""
_FUNDED_ON, _LIFTED_ON, _CORRECTED_ON = 0, 1, frozenset({3})
"""Numbers of mornings."""


@dataclass(slots=True, kw_only=True)
class Approved:
    """Everything that was ever approved: orders in the order in which they came, and their pay dates."""

    orders: list[DemoOrder] = field(default_factory=list)
    pay_dates: list[date] = field(default_factory=list)

    def add(self, day: PayDay) -> None:
        """Remember a pay day."""
        self.orders += day.orders
        self.pay_dates.append(day.pay_date)


@dataclass(slots=True, kw_only=True)
class Mornings:
    """The mornings after a pay day. Corrections that are approved are added to `approved`."""

    conductor: Conductor
    approved: Approved
    seed: int

    @property
    def _stage(self) -> Stage:
        return self.conductor.stage

    async def __call__(self, number: int, day: date) -> None:
        """Do what is done on the morning `number` (from 0), which is `day`."""
        if number == _FUNDED_ON:
            self._fund(day)
            await self._stage.operators.let_go_on()
        if number == _LIFTED_ON:
            await self._stage.operators.lift(LIFTED)
        await self._work()
        if number in _CORRECTED_ON:
            await self._correct(day)

    async def _work(self) -> None:
        """Let the operators work what the night brought."""
        async with self._stage.gateway.store.transaction() as session:
            rows = await session.all(Doubtful, "due.doubtful")
        entries = {row.exception_no: (row.bank, row.entry_ref) for row in rows if row.entry_ref}
        await self._stage.operators.work(entries, self._ask_the_bank)

    def _ask_the_bank(self, slug: str, reference: str) -> list[str]:
        """Ask a bank which payments an entry is about."""
        return self._stage.street.books()[slug].accounts.named_by(reference)

    def _fund(self, day: date) -> None:
        """Put money where a bank refused to pay for want of it."""
        for bank in poor(self._stage.banks):
            for account in bank.debtor_accounts:
                self._stage.street.fund(bank.slug, account, FUNDING_MINOR, day)

    async def _correct(self, day: date) -> None:
        """Let the benefits system read what was given back, and approve orders that replace it."""
        await self.conductor.settle()  # what people have just decided is told, without a loop's patience
        await self._stage.benefits_heard()
        latest = self._stage.inbox.latest()
        made = corrections(self.approved.orders, latest, self._stage.banks, day, self.seed)
        if not made:
            return
        paid = PayDay(pay_date=day, orders=made)
        for batch in batches_of(paid, mark="-C"):
            await self._stage.benefits.push(batch)
            await self._stage.benefits.release(batch)
            await self.conductor.settle()
        self.approved.add(paid)


def batches_of(day: PayDay, *, mark: str = "") -> list[Batch]:
    """Gather a day's orders into a batch a programme."""
    return [
        Batch(batch_id=f"{programme}-{day.pay_date}{mark}", programme=programme, pay_date=day.pay_date, orders=orders)
        for programme in PROGRAMMES
        if (orders := day.of(programme))
    ]


def poor(banks: Sequence[BankParameters]) -> Iterator[BankParameters]:
    """Yield the banks that lend nothing."""
    return (bank for bank in banks if not bank.account.overdraft)
