"""A whole pay day, as the command plays it, in a process of its own: what it prints, leaves behind and never tells."""

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from gateway.demo.weeks import DAYS
from tests.demo.playing import ORDERS, SEED, Played

pytestmark = pytest.mark.slow


def test_the_day_closes_and_the_banks_agree(first: Played) -> None:
    assert first.code == 0, first.stderr
    result = first.result
    assert result["control_sheet"]["closes"]
    assert result["banks_agree"]
    assert result["findings"] == []
    assert result["duplicates_booked"] == 0
    assert result["payments_compared"] == result["orders"] == ORDERS + result["corrections"]
    assert all(sheet["closes"] for sheet in result["later_sheets"])
    assert (result["seed"], result["pay_date"]) == (SEED, "2026-09-21")


def test_the_result_adds_up_from_the_evidence_alone(first: Played) -> None:
    result, orders = first.result, first.lines("orders.ndjson")
    pushed = len(orders)
    assert pushed == ORDERS + result["corrections"] > ORDERS
    assert sum(Decimal(order["amount"]) for order in orders) == Decimal(result["amount"]["EUR"])
    assert sum(figure["count"] for figure in result["positions"].values()) == pushed
    latest = {event["orderId"]: event["outcome"] for event in first.lines("outcomes.ndjson")}
    for position in ("paid", "given back", "refused", "held"):
        assert result["positions"][position]["count"] == list(latest.values()).count(position)
    assert result["positions"]["stopped"]["count"] == pushed - len(latest) > 0
    booked = [entry for entry in first.lines("banks.ndjson") if entry["booked"] and not entry["returned"]]
    kept = sum(Decimal(entry["amount"]) for entry in booked)
    doubted = Decimal(result["positions"]["under investigation"]["amount"]["EUR"])
    assert 0 <= kept - Decimal(result["positions"]["paid"]["amount"]["EUR"]) <= doubted
    assert result["outcome_events"] == len(first.lines("outcomes.ndjson"))


def test_every_equation_is_there_with_its_difference(first: Played) -> None:
    equations = first.result["control_sheet"]["equations"]
    assert {equation["about"].partition(" ")[0] for equation in equations} >= {"all", "EUR", *first.result["banks"]}
    assert all(
        equation["difference"] == {"count": 0, "amount": equation["difference"]["amount"]} for equation in equations
    )
    assert not any(equation["difference"]["amount"].strip("0.") for equation in equations)


def test_seventeen_banks_were_paid_through(first: Played) -> None:
    assert len(first.result["banks"]) == 17
    for bank, figures in first.result["banks"].items():
        assert figures["sent"]["count"] > 0, bank
        assert list((first.out / "outbound" / bank).iterdir()), bank
        assert list((first.out / "inbound" / bank).iterdir()), bank


def test_trouble_was_played_and_survived(first: Played) -> None:
    result = first.result
    assert result["tries"]["not sent"] > 0  # a bank was down
    assert result["tries"]["unknown"] > 0  # and others booked without answering
    assert "under way" not in result["tries"]
    assert result["recalls"]["count"] == 1  # one stop came too late
    assert set(result["submission_states"]) == {"delivered", "dissolved"}
    assert len(result["refused_at_the_door"]) == 4


def test_every_account_closes_as_its_bank_says(first: Played) -> None:
    accounts = first.result["accounts"]
    assert first.result["accounts_agree"]
    assert len(accounts) == 18  # of every bank, the API banks too; one bank has two
    for account in accounts:
        assert account["closing"]["bank"] == account["closing"]["statement"] == account["closing"]["ledger"]
        assert account["statements"]["waiting"] == 0
    assert first.result["days_closed"] > DAYS


def test_nothing_is_open_without_an_owner(first: Played) -> None:
    assert all(case["owner"] for case in first.result["exceptions"])
    assert first.result["done_by_hand"]["queue of an account, released after funding"] == 1


def test_every_behaviour_is_shown_at_least_once(first: Played) -> None:
    assert first.result["not_shown"] == []


def test_envelopes_differ_from_run_to_run_and_what_they_hold_does_not(first: Played, second: Played) -> None:
    wrapped, again, held = first.files("wire"), second.files("wire"), first.files("outbound")
    assert {name.partition("/")[0] for name in wrapped} == {"golf", "juliett"}
    assert wrapped.keys() == again.keys() == {n for n in held if n.startswith(("golf/", "juliett/"))}
    assert not {*wrapped.values()} & {*again.values(), *held.values()}


def test_banks_that_leave_files_are_heard_and_their_folders_are_empty(first: Played) -> None:
    said = (first.out / "metrics.txt").read_text(encoding="utf-8").splitlines()
    states = ("published", "put away", "refused")
    for bank in ("golf", "hotel", "india", "juliett"):
        name = f'gateway_pick_up_files_total{{bank="{bank}",state='
        published, away, refused = (
            float(line.rpartition(" ")[2]) for s in states for line in said if line.startswith(f'{name}"{s}"')
        )
        assert 0 < published <= away == len(list((first.out / "inbound" / bank).iterdir()))
        assert refused == 0


def test_every_order_ends_in_one_outcome_or_somebody_looks_into_it(first: Played) -> None:
    latest = {event["orderId"]: event["outcome"] for event in first.lines("outcomes.ndjson")}
    ends = {"paid", "returned", "rejected", "refused", "held", "given back", "cancelled", "under investigation"}
    assert set(latest.values()) <= ends
    looked_into = sum(one["open"] for one in first.result["exceptions_raised"])
    assert list(latest.values()).count("under investigation") <= looked_into + 1  # of a lump, several orders


def test_an_order_over_two_doors_is_stored_once_and_no_record_is_passed_over(first: Played) -> None:
    topics = {topic["topic"]: topic for topic in first.result["topics"]}
    orders, stops = topics["gateway.orders.v1"], topics["gateway.stops.v1"]
    assert orders["records"] == orders["stored"] + orders["same_again"] > 0
    assert stops["stored"] == 5
    assert not any(topic["dead"] or topic["unaccounted"] or topic["unlettered"] for topic in topics.values())


def test_stops_tell_what_they_kept_and_what_had_left(first: Played) -> None:
    stops = [stop for stop in first.result["stops"] if stop["by"] in {"REST", "Kafka"}]
    assert len(stops) == 9
    assert {stop["by"] for stop in first.result["stops"]} == {"REST", "Kafka", "a bank's word"}  # who must not be paid
    assert {stop["state"] for stop in stops} == {"active", "lifted"}
    (late,) = [stop for stop in stops if stop["recalls"]]
    assert (late["kept"]["count"], late["left"]["count"]) == (0, 1)
    assert all(stop["kept"]["count"] > 0 and stop["kept"]["amount"]["EUR"] for stop in stops if stop is not late)


def test_corrections_are_paid(first: Played) -> None:
    latest = {event["orderId"]: event["outcome"] for event in first.lines("outcomes.ndjson")}
    replaced = {o["orderId"]: o["replaces"] for o in first.lines("orders.ndjson") if "replaces" in o}
    assert {latest[order_id] for order_id in replaced.values()} == {"given back"}
    assert "paid" in {latest[order_id] for order_id in replaced}


def test_numbers_of_outcomes_have_no_gap(first: Played) -> None:
    numbers: dict[str, list[int]] = {}
    for event in first.lines("outcomes.ndjson"):
        numbers.setdefault(event["orderId"], []).append(event["outcomeNo"])
    assert all(of_order == list(range(1, len(of_order) + 1)) for of_order in numbers.values())


def test_the_same_seed_gives_the_same_evidence(first: Played, second: Played) -> None:
    assert second.code == 0, second.stderr
    assert (first.out / "orders.ndjson").read_bytes() == (second.out / "orders.ndjson").read_bytes()
    assert first.files("outbound") == second.files("outbound")
    assert first.files("inbound") == second.files("inbound")
    for name in ("banks.ndjson", "outcomes.ndjson"):
        lines = [sorted((run.out / name).read_text(encoding="utf-8").splitlines()) for run in (first, second)]
        assert lines[0] == lines[1]


def test_the_report_can_be_read_by_a_person(first: Played, second: Played) -> None:
    orders = first.result["orders"]
    for words in (
        "Control sheets: every equation of every pay date",
        "all hold",
        "The control sheet closes.",
        f"The banks' own books agree with the gateway on {orders} orders.",
        f"The closing balances of bank, statement and ledger agree on {len(first.result['accounts'])} accounts.",
        "What banks did out of the ordinary, and where the orders ended",
        "life certificate overdue",
        "Stopped too late: 1 recall(s) proposed",
        "SICK_PAY",
        "quebec",
    ):
        assert words in second.stdout
    assert "DOES NOT" not in second.stdout
    assert "(simulated)" in second.stderr


def test_json_mode_prints_one_object_and_keeps_a_copy(first: Played) -> None:
    assert len(first.stdout.splitlines()) == 1
    assert json.loads((first.out / "result.json").read_text(encoding="utf-8")) == first.result
    assert first.result["payments_per_second"] > 0
    assert first.result["peak_rss_mib"] > 0
    assert first.result["broker"]


def personal(run: Played) -> Iterator[str]:
    """Every name, account and national id of the run's orders."""
    for order in run.lines("orders.ndjson"):
        account = order["creditorAccount"]
        yield from filter(None, (account.get("iban"), account.get("number"), account.get("id")))
        for role in ("creditor", "ultimateCreditor", "deceased"):
            party = order.get(role)
            if party:
                yield party["name"]
                yield from (identification["id"] for identification in party["identifications"])


def test_nothing_personal_gets_where_it_does_not_belong(first: Played, second: Played) -> None:
    canaries = set(personal(first))
    assert len(canaries) > ORDERS
    assert any(canary in (first.out / "orders.ndjson").read_text(encoding="utf-8") for canary in canaries)
    kept = ("gateway.log", "metrics.txt", "refusals.ndjson", "outcomes.ndjson", "result.json")
    texts = {
        f"{run.out.name}/{name}": (run.out / name).read_text(encoding="utf-8")
        for run in (first, second)
        for name in kept
    }
    texts |= {"stdout": first.stdout, "stderr": first.stderr, "report": second.stdout, "progress": second.stderr}
    assert "gateway_payments_total" in texts[f"{first.out.name}/metrics.txt"]
    assert len(first.lines("refusals.ndjson")) == 4
    told = [
        (where, hashlib.sha256(c.encode()).hexdigest()[:8])
        for where, text in texts.items()
        for c in canaries
        if c in text
    ]
    assert told == []
