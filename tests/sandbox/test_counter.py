"""Payments over the counter at a sandbox bank: collected inside the window, or not."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.sandbox import ApiParameters, Kind
from gateway.sandbox.behaviours import CounterParameters, ReturnParameters, Shape, StatementParameters
from gateway.sandbox.desk import Desk
from tests.sandbox.material import DEBTOR, NOW, PAY_DAY, bank
from tests.sandbox.statements import FAR

ALL = 10_000
WINDOW = {"from": "2026-10-08", "until": "2026-10-14"}
ORDER = {
    "endToEndId": "E" + "7" * 27,
    "uetr": "8a562c67-ca16-48ba-b074-65581be6f001",
    "amount": "12.30",
    "currency": "EUR",
    "debtorIban": DEBTOR,
    "creditor": {"name": "N", "identification": {"scheme": "NIDN", "id": "1"}},
    "collection": WINDOW,
    "remittanceInformation": "",
    "requestedExecutionDate": "2026-09-21",
}


def desk(root: Path, **counter: Any) -> Desk:
    habits = {"kind": Kind.API, "api": ApiParameters(), "counter": CounterParameters(**counter)}
    return Desk(bank(accept_status="ACCC", **habits), root)


def told(root: Path, **counter: Any) -> tuple[list[tuple[str, str, date]], dict[str, object]]:
    """Type, status and day of everything said about one payment, and its line in the books."""
    opened = desk(root, **counter)
    assert opened.take("K1", json.dumps(ORDER).encode(), NOW).status == 201
    answers = opened.books.due(FAR, 100)
    (row,) = opened.books.export()
    opened.close()
    said = [(json.loads(answer.content), answer.due.date()) for answer in answers]
    return [(one["type"], str(one.get("reason") or one["status"]), day) for one, day in said], row


def test_what_is_collected_is_credited_inside_the_window(tmp_path: Path) -> None:
    said, row = told(tmp_path)
    assert [(sort, status) for sort, status, _ in said] == [
        ("payment-status", "ACSP"),
        ("booking", "BOOK"),
        ("payment-status", "ACCC"),
    ]
    assert said[1][2] == date(2026, 9, 21)
    assert date(2026, 10, 8) <= said[2][2] <= date(2026, 10, 14)
    assert (row["account"], row["booked"], row["returned"]) == ("NIDN:1", True, False)


def test_what_nobody_collects_comes_back_after_the_window(tmp_path: Path) -> None:
    said, row = told(tmp_path, unclaimed_per_10000=ALL)
    assert said[-1] == ("return", "UNCL", date(2026, 10, 15))
    assert (row["booked"], row["returned"], row["returnedOn"]) == (True, True, "2026-10-15")


def test_a_bank_may_book_on_collection_only(tmp_path: Path) -> None:
    said, row = told(tmp_path, books="collected")
    days = [day for sort, _, day in said if sort == "booking"]
    assert date(2026, 10, 8) <= days[0] <= date(2026, 10, 14)
    assert row["bookedOn"] == str(days[0])


def test_such_a_bank_rejects_what_nobody_collects(tmp_path: Path) -> None:
    said, row = told(tmp_path, books="collected", unclaimed_per_10000=ALL, code="NOT-COLLECTED")
    assert [status for _, status, _ in said] == ["ACSP", "NOT-COLLECTED"]
    assert said[-1][2] == date(2026, 10, 15)
    assert (row["booked"], row["rejected"]) == (False, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"collection": None},
        {"collection": {"from": "2026-10-14", "until": "2026-10-08"}},
        {"creditor": {"name": "N", "iban": DEBTOR}},
        {"creditor": {"name": "N", "iban": DEBTOR, "identification": {"scheme": "NIDN", "id": "1"}}},
    ],
)
def test_a_request_pays_to_an_account_or_over_the_counter(tmp_path: Path, changes: dict[str, object]) -> None:
    opened = desk(tmp_path)
    assert opened.take("K1", json.dumps(ORDER | changes).encode(), NOW).status == 400
    opened.close()


def test_a_bank_without_a_counter_rejects_such_a_payment(tmp_path: Path) -> None:
    opened = Desk(bank(kind=Kind.API, api=ApiParameters()), tmp_path)
    assert opened.take("K1", json.dumps(ORDER).encode(), NOW).status == 201
    assert [row["reason"] for row in opened.books.export()] == ["AC01"]
    opened.close()


@pytest.mark.parametrize(("shape", "named", "uetr"), [(Shape.UETR, False, True), (Shape.NOTHING, False, False)])
def test_an_api_bank_may_return_without_a_name(tmp_path: Path, shape: Shape, named: bool, uetr: bool) -> None:  # noqa: FBT001
    habits = ReturnParameters(shapes=(shape,))
    plain = bank(kind=Kind.API, api=ApiParameters(), returned_per_10000=ALL, returns=habits)
    opened = Desk(plain, tmp_path)
    order = {key: value for key, value in ORDER.items() if key != "collection"}
    order |= {"creditor": {"name": "N", "iban": DEBTOR}, "ultimateCreditor": {"name": "M"}}
    assert opened.take("K1", json.dumps(order).encode(), NOW).status == 201
    *_, last = (json.loads(answer.content) for answer in opened.books.due(FAR, 100))
    opened.close()
    assert last["type"] == "return"
    assert (last["endToEndId"] == ORDER["endToEndId"], last.get("uetr") == ORDER["uetr"]) == (named, uetr)


def test_only_an_api_bank_has_a_counter() -> None:
    with pytest.raises(ValueError, match="only an API bank pays over the counter"):
        bank(counter=CounterParameters())


def test_a_statement_of_an_api_bank_does_not_depend_on_the_order_of_requests(tmp_path: Path) -> None:
    bodies = {f"K{n}": json.dumps({**ORDER, "endToEndId": f"E{n}"}).encode() for n in range(3)}
    said = []
    for name, keys in (("there", sorted(bodies)), ("back", sorted(bodies, reverse=True))):
        habits = {"kind": Kind.API, "api": ApiParameters(), "counter": CounterParameters()}
        opened = Desk(bank(statement=StatementParameters(), **habits), tmp_path / name)
        assert [opened.take(key, bodies[key], NOW).status for key in keys] == [201] * 3
        opened.close_day(PAY_DAY, NOW)
        said.append([answer.content for answer in opened.books.due(FAR, 100) if answer.suffix == "xml"])
        opened.close()
    assert said[0] == said[1] != []
