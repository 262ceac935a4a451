"""The demo's orders: deterministic, well formed where they should be, and wrong on purpose where they should not."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import schwifty

from gateway.demo.orders import PayDay, make_pay_day
from gateway.demo.people import broken_iban, iban
from gateway.demo.stage import PAY_DATE
from gateway.domain.digest import canonical
from gateway.domain.order import Order
from gateway.domain.validation import IntakeTerms, read_order
from gateway.sandbox import BankParameters, read_parameters
from tests.orders import ROOT, catalogue

COUNT = 1_200
REFUSED_FOR = {
    "pension": "benefit.pension",
    "check digits": "iban.check-digits",
    "zero amount": "amount.zero",
    "over the limit": "amount.limit",
}


@pytest.fixture(scope="module")
def banks() -> Sequence[BankParameters]:
    return read_parameters(ROOT / Path("config/sandbox.yaml"), seed=7)


@pytest.fixture(scope="module")
def day(banks: Sequence[BankParameters]) -> PayDay:
    return make_pay_day(COUNT, 7, banks, PAY_DATE)


def test_the_same_seed_gives_the_same_lines(day: PayDay, banks: Sequence[BankParameters]) -> None:
    again = make_pay_day(COUNT, 7, banks, PAY_DATE)
    assert [o.line() for o in again.orders] == [o.line() for o in day.orders]
    assert (again.stopped, again.stopped_late) == (day.stopped, day.stopped_late)


def test_another_seed_gives_other_lines(day: PayDay, banks: Sequence[BankParameters]) -> None:
    other = make_pay_day(COUNT, 8, banks, PAY_DATE)
    assert {o.line() for o in other.orders}.isdisjoint({o.line() for o in day.orders})


def test_a_longer_day_begins_like_a_shorter_one(day: PayDay, banks: Sequence[BankParameters]) -> None:
    shorter = make_pay_day(50, 7, banks, PAY_DATE)
    assert [o.line() for o in shorter.orders] == [o.line() for o in day.orders[:50]]


def test_every_id_is_given_once(day: PayDay) -> None:
    assert len({o.order_id for o in day.orders}) == COUNT


def test_accounts_are_valid_and_of_the_bank(day: PayDay, banks: Sequence[BankParameters]) -> None:
    codes = {bank.slug: bank.bank_code for bank in banks}
    for order in day.orders:
        account = order.document["creditorAccount"]
        if account["type"] == "IBAN" and order.trouble not in {"check digits", "bank unknown"}:
            assert schwifty.IBAN(account["iban"]).bank_code == codes[order.bank]


def test_broken_check_digits_are_broken(banks: Sequence[BankParameters]) -> None:
    for number, bank in enumerate(banks):
        with pytest.raises(schwifty.exceptions.InvalidChecksumDigits):
            schwifty.IBAN(broken_iban(iban(Random(number), bank)))


def test_every_trouble_occurs_and_is_found_for_its_reason(day: PayDay) -> None:
    now = datetime(2026, 9, 21, 8, tzinfo=UTC)
    terms = IntakeTerms(source="SSI", pay_date=PAY_DATE, now=now, today=PAY_DATE, catalogue=catalogue())
    rules: Counter[tuple[str, str]] = Counter()
    for order in day.orders:
        found = read_order(order.document, canonical(dict(order.document)), terms)
        if not isinstance(found, Order):
            rules.update((order.trouble, violation.rule) for violation in found)
    assert set(rules) == set(REFUSED_FOR.items())
    held = {"same entitlement", "bank unknown", "domestic account", "paid at the counter"}
    assert {o.trouble for o in day.orders} == {"", *REFUSED_FOR, *held}


def test_the_same_entitlement_is_claimed_by_a_neighbour(day: PayDay) -> None:
    claims = Counter(o.document["entitlement"]["id"] for o in day.orders)
    troubled = [o for o in day.orders if o.trouble == "same entitlement"]
    assert troubled
    assert {o.document["entitlement"]["id"] for o in troubled} == {claim for claim, n in claims.items() if n > 1}


def test_people_stopped_early_and_late_are_not_the_same(day: PayDay) -> None:
    assert len(day.stopped) == 2
    assert len(day.stopped_late) == 1
    late = {somebody.identity for somebody in day.stopped_late}
    assert not {o.order_id for o in day.orders if o.payee.identity in late} & day.kept_back()


def test_a_day_needs_an_order(banks: Sequence[BankParameters]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        make_pay_day(0, 7, banks, PAY_DATE)
