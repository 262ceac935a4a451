"""A pay day's approved orders: the same seed gives the same orders to the byte.

Most are ordinary; some are paid to a guardian, over the counter, at a bank that is not connected, or to a neighbour
once more. Every fortieth is one of those that a gateway must refuse or hold. What is stopped, `gateway.demo.stopping`
chooses.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from types import MappingProxyType
from typing import Any, NamedTuple

from gateway.demo import extras
from gateway.demo.people import SCHEME, Person, broken_iban, iban, person, with_check_digits
from gateway.sandbox import BankParameters

CURRENCY = "EUR"
PERIOD_DAYS = 30
"""How long an order stays valid after its pay date."""
_STRIDE, _PLACE = 40, 17
"""One order in so many is troubled; its place lies among ordinary ones."""
_FAMILY = 10
"""The last of so many orders goes to the person of the one before: two benefits, one payee."""
_TWINS = 20
"""The last of so many orders is its neighbour's twin: the same payee, benefit and amount, lawfully due twice."""
_GUARDED = 25
"""One order in so many is paid to a guardian."""
_COUNTER, _COUNTER_PLACE = 20, 5
"""One order in so many is paid over the counter."""
_ELSEWHERE, _ELSEWHERE_PLACE = 60, 32
"""One order in so many goes to a bank that nobody connects; another one pays it by interbank transfer."""
_WEEK = timedelta(days=6)
_NOBODYS_ACCOUNT = ("PL", "999999990000000000000001")
"""In a country to which no bank of the demo pays for another."""


class Due(NamedTuple):
    """A benefit in the demo: where it belongs, how often it occurs, what it pays (minor units) and what for."""

    benefit: str
    programme: str
    prefix: str
    share: int
    lowest: int
    highest: int
    text: str


_DUES = (
    Due("SICK_PAY", "STA", "SICK", 44, 4_000, 240_000, "Krankengeld"),
    Due("TEMPORARY_INCAPACITY", "STA", "TINC", 8, 20_000, 310_000, "Geçici iş göremezlik ödeneği"),
    Due("MATERNITY_ALLOWANCE", "FAM", "MATA", 8, 90_000, 420_000, "Allocation de maternité"),
    Due("BREASTFEEDING_ALLOWANCE", "FAM", "BRST", 9, 16_000, 16_000, "Emzirme ödeneği"),
    Due("MARRIAGE_GRANT", "FAM", "MARR", 4, 90_000, 90_000, "Evlenme ödeneği"),
    Due("FUNERAL_GRANT", "FAM", "FUNR", 4, 125_000, 125_000, "Príspevok na pohreb"),
    Due("TRAVEL_REFUND", "HLT", "TRVL", 11, 480, 26_000, "Remboursement des frais de voyage"),
    Due("MEDICAL_MATERIAL_REFUND", "HLT", "MEDM", 7, 1_990, 640_000, "Hilfsmittel"),
    Due("COELIAC_ALLOWANCE", "HLT", "COEL", 5, 14_000, 14_000, "Çölyak ödeneği"),
)
PROGRAMMES: Mapping[str, str] = MappingProxyType(
    {"STA": "short-term allowances", "FAM": "family and funeral", "HLT": "travel and medical material"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOrder:
    """An order as it is pushed, with what the demo knows about it and the gateway does not.

    `bank` is the payee's, empty for one that is not connected.
    """

    order_id: str
    programme: str
    payee: Person
    bank: str
    document: Mapping[str, Any]
    trouble: str = ""

    def line(self) -> bytes:
        """Write the line that is pushed, without its line end."""
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class PayDay:
    """The orders of one pay date."""

    pay_date: date
    orders: Sequence[DemoOrder]

    def of(self, programme: str) -> list[DemoOrder]:
        """Return the orders of one programme: one batch."""
        return [order for order in self.orders if order.programme == programme]


def make_pay_day(
    count: int,
    seed: int,
    banks: Sequence[BankParameters],
    pay_date: date,
    *,
    first: int = 0,
    one_window: bool = False,
) -> PayDay:
    """Make `count` orders for the customers of `banks`. Raises ValueError for fewer than one.

    `first` is the number of the first one: pay days of one year with numbers of their own share no order and no claim.
    With `one_window` money over the counter may be collected in its week only: no order is valid for a later one.
    """
    if count < 1:
        raise ValueError("a pay day has at least one order")
    orders: list[DemoOrder] = []
    for number in range(first, first + count):
        maker = _Maker(number, seed, banks, pay_date, one_window=one_window)
        orders.append(maker.make(orders[-1] if orders else None))
    return PayDay(pay_date=pay_date, orders=orders)


class _Maker:
    """Makes one order, from its number and the seed alone (and its neighbour, where the two belong together)."""

    def __init__(
        self, number: int, seed: int, banks: Sequence[BankParameters], pay_date: date, *, one_window: bool
    ) -> None:
        self._number = number
        self._one_window = one_window
        self._chance = Random(f"{seed} {number}")
        self._banks = banks
        self._pay_date = pay_date

    def make(self, before: DemoOrder | None) -> DemoOrder:
        trouble = self._trouble()
        if before is not None and not before.trouble and not trouble and self._number % _TWINS == _TWINS - 1:
            return self._twin(before)
        if before is not None and trouble == "same entitlement":
            return self._claimed_again(before)
        ordinary = self._ordinary(before)
        spoil = _SPOILERS.get(trouble)
        if spoil is None:
            return ordinary
        document = {**ordinary.document, **spoil(ordinary.document, ordinary.payee)}
        return changed(ordinary, document=document, trouble=trouble)

    def _trouble(self) -> str:
        row, place = divmod(self._number, _STRIDE)
        return _TROUBLES[row % len(_TROUBLES)] if place == _PLACE else ""

    def _ordinary(self, before: DemoOrder | None) -> DemoOrder:
        chance, due = self._chance, self._chance.choices(_DUES, [d.share for d in _DUES])[0]
        bank = chance.choice(self._banks)
        payee, account = person(chance, bank.country), {"type": "IBAN", "iban": iban(chance, bank)}
        slug = bank.slug
        if before is not None and not before.trouble and self._number % _FAMILY == _FAMILY - 1:
            payee, account, slug = before.payee, before.document["creditorAccount"], before.bank
        if self._number % _ELSEWHERE == _ELSEWHERE_PLACE:
            account, slug = {"type": "IBAN", "iban": elsewhere(self._number)}, ""
        document = self._document(due, payee, account) | self._others(due, bank, payee, before)
        if self._number % _COUNTER == _COUNTER_PLACE:
            document |= at_the_counter(payee, self._pay_date)
            document |= {"validUntil": document["collection"]["until"]} if self._one_window else {}
        elif slug == extras.BANK and not self._trouble():
            document |= extras.told_beside(self._number, due.benefit, payee)
            if "creditorReference" in document:
                del document["remittanceInformation"]
        order_id = document["orderId"]
        return DemoOrder(order_id=order_id, programme=due.programme, payee=payee, bank=slug, document=document)

    def _document(self, due: Due, payee: Person, account: Mapping[str, str]) -> dict[str, Any]:
        minor = self._chance.randint(due.lowest, due.highest)
        return {
            "orderId": f"{due.prefix}-{self._pay_date.year}-{self._number + 1:06d}",
            "benefit": due.benefit,
            "entitlement": {"id": f"E-{self._number + 1:07d}", "period": f"{self._pay_date:%Y-%m}", "sequence": 1},
            "amount": f"{minor // 100}.{minor % 100:02d}",
            "currency": CURRENCY,
            "requestedExecutionDate": self._pay_date.isoformat(),
            "validUntil": (self._pay_date + timedelta(days=PERIOD_DAYS)).isoformat(),
            "approvedAt": f"{self._pay_date - timedelta(days=3)}T{self._chance.randint(7, 16):02d}:30:00Z",
            "creditor": payee.document(),
            "creditorAccount": dict(account),
            "remittanceInformation": f"{due.text} {self._pay_date:%Y-%m}",
        }

    def _others(self, due: Due, bank: BankParameters, payee: Person, before: DemoOrder | None) -> dict[str, Any]:
        """Name the deceased where there is one, and the person a guardian is paid for.

        Where the neighbour's benefit is their own, it is the neighbour who died.
        """
        if due.benefit == "FUNERAL_GRANT":
            dead = person(self._chance, bank.country)
            if before is not None and not before.trouble and "deceased" not in before.document:
                dead = before.payee if before.payee != payee else dead
            return {"deceased": dead.document()}
        guarded = not self._chance.randrange(_GUARDED)
        if not guarded:
            return {}
        mandate = {"role": "GUARDIAN", "id": f"M-{self._number + 1:07d}", "validFrom": f"{self._pay_date.year}-01-01"}
        return {"ultimateCreditor": person(self._chance, bank.country).document(), "mandate": mandate}

    def _claimed_again(self, before: DemoOrder) -> DemoOrder:
        """Claim the neighbour's entitlement once more, under another order id."""
        order_id = self._id_beside(before)
        document = {**before.document, "orderId": order_id}
        return changed(before, order_id=order_id, document=document, trouble="same entitlement")

    def _twin(self, before: DemoOrder) -> DemoOrder:
        """Make an order that differs from its neighbour in nothing but its id and the sequence of the entitlement."""
        order_id = self._id_beside(before)
        entitlement = {**before.document["entitlement"], "sequence": 2}
        document = {**before.document, "orderId": order_id, "entitlement": entitlement}
        return changed(before, order_id=order_id, document=document)

    def _id_beside(self, before: DemoOrder) -> str:
        return f"{before.order_id.rpartition('-')[0]}-{self._number + 1:06d}"


def changed(order: DemoOrder, **changes: Any) -> DemoOrder:
    """Copy an order with changes."""
    fields = {name: getattr(order, name) for name in DemoOrder.__slots__}
    return DemoOrder(**(fields | changes))


def _another_account(_: Mapping[str, Any], payee: Person) -> dict[str, Any]:
    number = f"KZ{payee.identity}"
    return {"creditorAccount": {"type": "DOMESTIC", "country": "KZ", "bankCode": "TSES", "number": number}}


def at_the_counter(payee: Person, first: date) -> dict[str, Any]:
    """Pay the person at the counter, in the week that begins on a day."""
    window = {"from": first.isoformat(), "until": (first + _WEEK).isoformat()}
    return {"creditorAccount": {"type": "COUNTER", "scheme": SCHEME, "id": payee.identity}, "collection": window}


def elsewhere(number: int) -> str:
    """Make a valid IBAN of a bank that is not connected, in one of two countries to which others pay for it."""
    if number // _ELSEWHERE % 2:
        return with_check_digits("FR", f"3999900000{number:011d}00")
    return with_check_digits("DE", f"10099999{number:010d}")


def _nobodys_bank(_document: Mapping[str, Any], _payee: Person) -> dict[str, Any]:
    return {"creditorAccount": {"type": "IBAN", "iban": with_check_digits(*_NOBODYS_ACCOUNT)}}


def _mistyped(document: Mapping[str, Any], _: Person) -> dict[str, Any]:
    return {"creditorAccount": {"type": "IBAN", "iban": broken_iban(document["creditorAccount"]["iban"])}}


_SPOILERS: Mapping[str, Callable[[Mapping[str, Any], Person], dict[str, Any]]] = {
    "pension": lambda _document, _payee: {"benefit": "OLD_AGE_PENSION"},
    "check digits": _mistyped,
    "zero amount": lambda _document, _payee: {"amount": "0.00"},
    "bank unknown": _nobodys_bank,
    "domestic account": _another_account,
    "over the limit": lambda _document, _payee: {"amount": "999999.99"},
}
_TROUBLES = ("pension", "same entitlement", *[name for name in _SPOILERS if name != "pension"])
