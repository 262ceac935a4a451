"""Departures: when an order that waits will leave, as the hours of its bank say.

A prediction, not a promise: it reckons with hours, closed days and waits between tries, and with nothing that somebody
may end at any moment (a pause, a stop, an account without funds, a bank that cannot be reached).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.benefits import Catalogue
from gateway.domain.states import OrderState, SubmissionState
from gateway.ports.clock import Clock
from gateway.service.banks import Bank, Banks
from gateway.service.offers import category_purpose_of
from gateway.service.windows import will_leave_at

_WAITS = frozenset({None, SubmissionState.OPEN, SubmissionState.SEALED, SubmissionState.NOT_SENT})


class Waits(Protocol):
    """An order."""

    @property
    def state(self) -> str: ...
    @property
    def benefit(self) -> str | None: ...


class Tried(Protocol):
    """An attempt, with the state of its submission."""

    @property
    def bank(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    @property
    def product(self) -> str | None: ...
    @property
    def submission_state(self) -> str | None: ...
    @property
    def next_attempt_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """Predicts departures by the banks' hours."""

    clock: Clock
    banks: Banks
    catalogue: Catalogue

    def of(self, order: Waits, attempts: Sequence[Tried]) -> datetime | None:
        """Return when an order will leave; None unless it is given to a bank and waits."""
        last = attempts[-1] if attempts else None
        if order.state != OrderState.PAYABLE or last is None or last.closed or last.submission_state not in _WAITS:
            return None
        bank = self.banks.get(last.bank)
        product = last.product if last.product or bank is None else self._product(order, bank)
        if bank is None or product is None:
            return None
        return will_leave_at(bank, product, self.clock.now(), last.next_attempt_at)

    def _product(self, order: Waits, bank: Bank) -> str | None:
        benefit = self.catalogue.get(order.benefit or "")
        return category_purpose_of(benefit, bank.profile) if benefit is not None else None
