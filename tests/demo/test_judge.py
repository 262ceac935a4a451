"""The judge notices every way in which books and gateway can disagree."""

from typing import Any

import pytest

from gateway.demo.judge import Day, Judgement, Tally, compare_columns, judge

IBAN = "DE89370400440532013000"
ORDERS = ("paid", "returned", "rejected", "refused", "held", "stopped")


def order(order_id: str, **changes: Any) -> dict[str, Any]:
    account = {"type": "IBAN", "iban": IBAN}
    entitlement = {"id": f"T-{order_id}", "period": "2026-09", "sequence": 1}
    money = {"amount": "512.40", "currency": "EUR", "creditorAccount": account}
    return {"orderId": order_id, "entitlement": entitlement, **money} | changes


def entry(order_id: str, **changes: Any) -> dict[str, Any]:
    said = {"booked": order_id != "rejected", "rejected": order_id == "rejected", "returned": order_id == "returned"}
    money = {"account": IBAN, "amount": "512.40", "currency": "EUR", "returnRefs": ["R1"] * said["returned"]}
    return {"bank": "alfa", "endToEndId": f"E-{order_id}", **money, **said} | changes


def outcome(order_id: str, **changes: Any) -> dict[str, Any]:
    sent = {"bank": "alfa"} if order_id in {"paid", "returned", "rejected"} else {}
    told = {"orderId": order_id, "outcome": order_id, "amount": "512.40", "currency": "EUR"}
    return {**told, **sent} | changes


def entries(**changed: Any) -> list[dict[str, Any]]:
    """What the banks' books say when all is well, with the entry of one order changed."""
    return [entry(name, **changed.get(name, {})) for name in ("paid", "returned", "rejected")]


def judged(**changes: Any) -> Judgement:
    day: dict[str, Any] = {
        "orders": [order(name) for name in ORDERS],
        "outcomes": {name: outcome(name) for name in ORDERS if name != "stopped"},
        "end_to_end_ids": {name: [f"E-{name}", f"E-{name}-2"] for name in ORDERS},
        "kept_back": frozenset({"stopped"}),
        "books": entries(),
    }
    return judge(Day(**(day | changes)))


def rules(judgement: Judgement) -> list[tuple[str, str]]:
    return [(finding.rule, finding.about) for finding in judgement.findings]


def test_a_good_day_agrees() -> None:
    judgement = judged()
    assert judgement.agrees
    assert judgement.compared == len(ORDERS)
    assert judgement.positions() == {(name, "EUR"): Tally(count=1, minor=51_240) for name in ORDERS}


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"amount": "512.41"}, "amount.differs"),
        ({"currency": "SEK"}, "currency.differs"),
        ({"account": "DE00370400440532013000"}, "account.differs"),
        ({"bank": "bravo"}, "bank.differs"),
        ({"returned": True, "returnRefs": ["R1"]}, "outcome.differs"),
        ({"booked": False, "rejected": True}, "outcome.differs"),
    ],
)
def test_a_tampered_entry_is_noticed(changed: dict[str, Any], rule: str) -> None:
    assert rules(judged(books=entries(paid=changed))) == [(rule, "paid")]


def test_a_payment_missing_from_the_books_is_noticed() -> None:
    assert ("outcome.differs", "paid") in rules(judged(books=entries()[1:]))


@pytest.mark.parametrize("name", ["E-paid", "E-paid-2"])
def test_a_payment_that_stayed_with_the_payee_twice_is_noticed(name: str) -> None:
    assert rules(judged(books=[*entries(), entry("paid", endToEndId=name)])) == [("paid.twice", "paid")]


def test_an_entitlement_that_two_orders_were_paid_for_is_noticed() -> None:
    same = order("paid")["entitlement"]
    orders = [order(name, **({"entitlement": same} if name == "returned" else {})) for name in ORDERS]
    assert judged(orders=orders).agrees
    kept = entries(returned={"returned": False, "returnRefs": []})
    assert ("entitlement.twice", "T-paid") in rules(judged(orders=orders, books=kept))


def test_a_payment_that_came_back_and_was_made_again_is_paid_once() -> None:
    again = entry("paid", endToEndId="E-paid-2")
    assert judged(books=[*entries(paid={"returned": True, "returnRefs": ["R2"]}), again]).agrees


@pytest.mark.parametrize("outcome_told", ["given back", "held"])
@pytest.mark.parametrize("at_bank", ["returned", "rejected"])
def test_what_is_decided_after_a_return_or_reject_agrees(outcome_told: str, at_bank: str) -> None:
    outcomes = {name: outcome(name) for name in ORDERS if name != "stopped"}
    outcomes[at_bank] = outcome(at_bank, outcome=outcome_told)
    assert judged(outcomes=outcomes).agrees
    outcomes["paid"] = outcome("paid", outcome=outcome_told)
    assert rules(judged(outcomes=outcomes)) == [("outcome.differs", "paid")]


@pytest.mark.parametrize("doubt", ["paid", ("alfa", "R9")])
def test_what_people_look_into_is_no_disagreement(doubt: str | tuple[str, str]) -> None:
    books = entries(paid={"returned": True, "returnRefs": ["R9"]})
    assert rules(judged(books=books)) == [("outcome.differs", "paid")]
    assert judged(books=books, doubtful=frozenset({doubt})).agrees


def test_money_over_the_counter_goes_to_whom_it_is_due() -> None:
    counter = {"creditorAccount": {"type": "COUNTER", "scheme": "NIDN", "id": "1"}}
    orders = [order(name, **(counter if name == "paid" else {})) for name in ORDERS]
    assert judged(orders=orders, books=entries(paid={"account": "NIDN:1"})).agrees
    assert rules(judged(orders=orders, books=entries(paid={"account": "NIDN:2"}))) == [("account.differs", "paid")]


@pytest.mark.parametrize("name", ["returned", "rejected"])
def test_a_return_or_reject_that_no_bank_knows_is_noticed(name: str) -> None:
    books = [one for one in entries() if one["endToEndId"] != f"E-{name}"]
    assert ("payment.count", name) in rules(judged(books=books))


def test_what_the_books_themselves_call_twice_is_noticed() -> None:
    assert rules(judged(duplicates=["alfa E-paid"])) == [("booked.twice", "alfa E-paid")]


@pytest.mark.parametrize(
    ("name", "rule"),
    [("refused", "payment.forbidden"), ("held", "outcome.differs"), ("stopped", "payment.forbidden")],
)
def test_paying_what_must_not_be_paid_is_noticed(name: str, rule: str) -> None:
    extra = entry(name, booked=True, rejected=False, returned=False, returnRefs=[])
    assert (rule, name) in rules(judged(books=[*entries(), extra]))


def test_a_payment_nobody_ordered_is_noticed() -> None:
    assert rules(judged(books=[*entries(), entry("paid", endToEndId="E-other")])) == [("payment.unknown", "E-other")]


def test_an_order_of_which_nothing_was_said_is_noticed() -> None:
    assert rules(judged(kept_back=frozenset())) == [("outcome.open", "stopped")]


def test_an_unfinished_outcome_is_noticed() -> None:
    outcomes = {name: outcome(name) for name in ORDERS if name != "stopped"}
    outcomes["paid"] = outcome("paid", outcome="under investigation")
    assert rules(judged(outcomes=outcomes)) == [("outcome.open", "paid")]


def test_an_outcome_that_tells_another_amount_is_noticed() -> None:
    outcomes = {name: outcome(name) for name in ORDERS if name != "stopped"}
    outcomes["held"] = outcome("held", amount="512.39")
    assert rules(judged(outcomes=outcomes)) == [("told.differs", "held")]


def test_a_zero_counts_under_no_currency() -> None:
    nothing = judged(orders=[order("refused", amount="0.00")], outcomes={"refused": {"outcome": "refused"}}, books=[])
    assert nothing.agrees
    assert nothing.positions() == {("refused", ""): Tally(count=1)}


def test_a_control_sheet_that_counts_differently_is_noticed() -> None:
    columns = dict(judged().positions())
    assert compare_columns(judged(), columns) == []
    columns["paid", "EUR"] = Tally(count=1, minor=51_241)
    assert [finding.about for finding in compare_columns(judged(), columns)] == ["paid or looked into EUR"]
    del columns["paid", "EUR"]
    assert [finding.about for finding in compare_columns(judged(), columns)] == ["paid or looked into EUR"]


def test_the_sheet_may_have_an_order_where_its_last_attempt_stands() -> None:
    outcomes = {name: outcome(name) for name in ORDERS if name != "stopped"}
    outcomes["returned"] = outcome("returned", outcome="given back")
    assert compare_columns(judged(outcomes=outcomes), judged().positions()) == []


def test_findings_name_no_account() -> None:
    judgement = judged(books=entries(paid={"account": "FR7630006000011234567890189", "amount": "1.00"}))
    texts = " ".join(f"{finding.rule} {finding.about} {finding.text}" for finding in judgement.findings)
    assert judgement.findings
    assert IBAN not in texts
    assert "FR76" not in texts
