"""What the demo stops: before the day's release, over REST and Kafka, and once when the payment has left already.

Each stop names the orders that it must catch, worked out from the orders alone: the gateway's answer is judged by that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.demo.orders import DemoOrder
from gateway.demo.people import SCHEME
from gateway.sandbox import BankParameters, Kind

REST, KAFKA = "REST", "Kafka"
_PLACES, _LATE_PLACE = (0, 6), 3
"""Banks, counted among those that take files, of which the first ordinary order is stopped over REST."""

Subject = tuple[str, str]
"""Kind and value, as a stop names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStop:
    """One or several subjects stopped together. `late`: when the payment has left; `lifted`: on a later day."""

    door: str
    reason: str
    subjects: Sequence[Subject]
    orders: frozenset[str]
    late: bool = False
    lifted: bool = False


def make_stops(orders: Sequence[DemoOrder], banks: Sequence[BankParameters]) -> list[DemoStop]:
    """Choose what is stopped; of few orders not every reason finds one."""
    return list(_Chooser(orders, banks).stops())


def kept_back(stops: Sequence[DemoStop]) -> frozenset[str]:
    """Return the orders that must never leave: stopped in time, and never let go."""
    return frozenset(order_id for stop in stops if not stop.late and not stop.lifted for order_id in stop.orders)


def caught_by(subject: Subject, order: DemoOrder) -> bool:
    """Say whether a subject catches an order. Who died for a grant is nobody that the grant is due to."""
    kind, value = subject
    return (
        value
        in {
            "person": _due_to(order),
            "account": {order.document["creditorAccount"].get("iban")},
            "order": {order.order_id},
            "mandate": {order.document.get("mandate", {}).get("id")},
        }[kind]
    )


def _due_to(order: DemoOrder) -> set[str]:
    parties = [order.document["creditor"], order.document.get("ultimateCreditor", {"identifications": []})]
    return {key for party in parties for key in _keys(party)}


def _keys(party: Any) -> Iterator[str]:
    return (f"{SCHEME}:{one['id']}" for one in party["identifications"])


class _Chooser:
    """Chooses orders of which none is caught twice, so that each stop shows what it did alone."""

    def __init__(self, orders: Sequence[DemoOrder], banks: Sequence[BankParameters]) -> None:
        self._orders = orders
        self._files = sorted(bank.slug for bank in banks if bank.kind is not Kind.API)
        self._taken: set[str] = set()

    def stops(self) -> Iterator[DemoStop]:
        for place in (*_PLACES, _LATE_PLACE):
            late = place == _LATE_PLACE
            reason = "court order" if late else "fraud suspicion"
            yield from self._stop(REST, reason, self._of_bank(place), _person, late=late)
        yield from self._stop(KAFKA, "death", self._died_for_a_grant, _person)
        yield from self._stop(KAFKA, "life certificate overdue", _any, _person)
        yield from self._stop(KAFKA, "guardian changed", lambda order: "mandate" in order.document, _mandate)
        yield from self._stop(KAFKA, "account changed", _any, _account, lifted=True)
        yield from self._stop(KAFKA, "court order", _any, _order_and_account)

    def _of_bank(self, place: int) -> Callable[[DemoOrder], bool]:
        return lambda order: self._files[place : place + 1] == [order.bank]

    def _died_for_a_grant(self, order: DemoOrder) -> bool:
        """Whether somebody else is due a grant because of this payee's death."""
        dead = (other.document.get("deceased") for other in self._orders)
        return any(order.payee.key in _keys(party) for party in dead if party is not None)

    def _stop(
        self,
        door: str,
        reason: str,
        wanted: Callable[[DemoOrder], bool],
        subjects: Callable[[DemoOrder], Sequence[Subject]],
        **more: bool,
    ) -> Iterator[DemoStop]:
        for order in self._orders:
            if order.trouble or order.document["creditorAccount"]["type"] != "IBAN" or order.bank not in self._files:
                continue
            if wanted(order) and not (caught := self._caught(subjects(order))) & self._taken:
                self._taken |= caught
                yield DemoStop(door=door, reason=reason, subjects=subjects(order), orders=caught, **more)
                return

    def _caught(self, subjects: Sequence[Subject]) -> frozenset[str]:
        return frozenset(o.order_id for o in self._orders if any(caught_by(subject, o) for subject in subjects))


def _any(_order: DemoOrder) -> bool:
    return True


def _person(order: DemoOrder) -> Sequence[Subject]:
    return [("person", order.payee.key)]


def _account(order: DemoOrder) -> Sequence[Subject]:
    return [("account", order.document["creditorAccount"]["iban"])]


def _mandate(order: DemoOrder) -> Sequence[Subject]:
    return [("mandate", order.document["mandate"]["id"])]


def _order_and_account(order: DemoOrder) -> Sequence[Subject]:
    return [("order", order.order_id), *_account(order)]
