"""The demo's orders: deterministic, well formed where they should be, and wrong on purpose where they should not."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import schwifty
from stdnum import iso11649

from gateway.demo import extras
from gateway.demo.orders import DemoOrder, PayDay, make_pay_day
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


def test_another_seed_gives_other_lines(day: PayDay, banks: Sequence[BankParameters]) -> None:
    other = make_pay_day(COUNT, 8, banks, PAY_DATE)
    assert {o.line() for o in other.orders}.isdisjoint({o.line() for o in day.orders})


def test_a_longer_day_begins_like_a_shorter_one(day: PayDay, banks: Sequence[BankParameters]) -> None:
    shorter = make_pay_day(50, 7, banks, PAY_DATE)
    assert [o.line() for o in shorter.orders] == [o.line() for o in day.orders[:50]]


def test_money_of_one_window_is_valid_for_no_other(day: PayDay, banks: Sequence[BankParameters]) -> None:
    once = make_pay_day(COUNT, 7, banks, PAY_DATE, one_window=True)
    counter = [o.document for o in once.orders if o.document["creditorAccount"]["type"] == "COUNTER"]
    assert counter
    assert all(document["validUntil"] == document["collection"]["until"] for document in counter)
    others = [(a.line(), b.line()) for a, b in zip(day.orders, once.orders, strict=True) if a.line() != b.line()]
    assert len(others) == len(counter)


def test_every_id_is_given_once(day: PayDay) -> None:
    assert len({o.order_id for o in day.orders}) == COUNT


def test_accounts_are_valid_and_of_the_bank(day: PayDay, banks: Sequence[BankParameters]) -> None:
    codes = {bank.slug: bank.bank_code for bank in banks}
    for order in day.orders:
        account = order.document["creditorAccount"]
        if account["type"] == "IBAN" and order.trouble not in {"check digits", "bank unknown"}:
            code = schwifty.IBAN(account["iban"]).bank_code
            assert code == codes[order.bank] if order.bank else code not in codes.values()


def test_some_payees_bank_where_nobody_connects_in_two_countries(day: PayDay) -> None:
    found = [o.document["creditorAccount"]["iban"][:2] for o in day.orders if not o.bank]
    assert set(found) == {"DE", "FR"}
    assert len(found) >= COUNT // 60


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
    held = {"same entitlement", "bank unknown", "domestic account"}
    assert {o.trouble for o in day.orders} == {"", *REFUSED_FOR, *held}


def test_the_same_entitlement_is_claimed_by_a_neighbour(day: PayDay) -> None:
    claims = Counter(claim_of(o) for o in day.orders)
    troubled = [o for o in day.orders if o.trouble == "same entitlement"]
    assert troubled
    assert {claim_of(o) for o in troubled} == {claim for claim, n in claims.items() if n > 1}


def claim_of(order: DemoOrder) -> tuple[str, int]:
    entitlement = order.document["entitlement"]
    return entitlement["id"], entitlement["sequence"]


def test_twins_differ_in_nothing_but_id_and_sequence(day: PayDay) -> None:
    twins = [(a, b) for a, b in pairwise(day.orders) if b.document["entitlement"]["sequence"] == 2]
    assert len(twins) > 20
    for one, other in twins:
        changed = {key for key in one.document if one.document[key] != other.document[key]}
        assert changed == {"orderId", "entitlement"}
        assert claim_of(one)[0] == claim_of(other)[0]


def test_counter_orders_and_representatives_are_lawful_orders(day: PayDay) -> None:
    counter = [o for o in day.orders if o.document["creditorAccount"]["type"] == "COUNTER"]
    assert len(counter) == COUNT // 20
    for order in counter:
        assert order.document["creditorAccount"]["id"] == order.payee.identity
        assert order.document["collection"] == {"from": "2026-09-21", "until": "2026-09-27"}
        assert not order.trouble
    behalf = [o for o in day.orders if "mandate" in o.document]
    assert len(behalf) > COUNT // 50
    assert all(o.document["ultimateCreditor"] != o.document["creditor"] for o in behalf)


def test_pay_days_with_numbers_of_their_own_share_nothing(day: PayDay, banks: Sequence[BankParameters]) -> None:
    later = make_pay_day(50, 7, banks, date(2026, 9, 22), first=COUNT)
    assert {o.order_id for o in later.orders}.isdisjoint({o.order_id for o in day.orders})
    assert {claim_of(o) for o in later.orders}.isdisjoint({claim_of(o) for o in day.orders})


def test_a_day_needs_an_order(banks: Sequence[BankParameters]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        make_pay_day(0, 7, banks, PAY_DATE)


def test_what_is_told_beside_is_there_at_the_one_bank_that_takes_it(day: PayDay) -> None:
    told = [order for order in day.orders if "creditorAgent" in order.document]
    assert told
    parts = {key for order in told for key in (*order.document, *order.document["creditor"])}
    assert parts >= {"address", "ultimateDebtor", "creditorReference", "kind"}
    assert {order.bank for order in told} == {extras.BANK}


def test_references_are_of_iso_11649() -> None:
    assert all(iso11649.is_valid(extras.reference(number)) for number in range(1, 3_000, 7))
