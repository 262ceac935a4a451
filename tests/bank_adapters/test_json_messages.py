"""What banks with a JSON API say: one strict object a message."""

import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.rest.json_api import JsonApiAdapter
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import api_bank, named

STATUS: dict[str, Any] = {
    "messageId": "KILOS1",
    "type": "payment-status",
    "endToEndId": "E1",
    "status": "RJCT",
    "reason": "AC04",
    "at": "2026-09-21T06:00:02Z",
}
BOOKING: dict[str, Any] = {
    "messageId": "KILOB1",
    "type": "booking",
    "endToEndId": "E1",
    "account": "NL19 KILO 0020 2600 01",
    "amount": "12.30",
    "currency": "EUR",
    "creditDebit": "DBIT",
    "entryRef": "A1",
    "bookingDate": "2026-09-21",
    "status": "BOOK",
}
RETURN = BOOKING | {"type": "return", "creditDebit": "CRDT", "reason": "AC01"}


def read(content: bytes) -> list[Observation]:
    read = JsonApiAdapter().read([content[:5], content[5:]], api_bank())
    return [row for row in read if isinstance(row, Observation)]


def said(message: dict[str, Any]) -> list[Observation]:
    return read(json.dumps(message).encode())


def test_a_status() -> None:
    assert [named(row) for row in said(STATUS)] == [
        {"kind": ObservationKind.PAYMENT_STATUS, "end_to_end_id": "E1", "status": "RJCT", "reason": "AC04"}
    ]
    assert named(said(STATUS | {"status": "ACCC", "reason": None})[0])["status"] == "ACCC"


BOOKED: dict[str, Any] = {
    "kind": ObservationKind.ENTRY,
    "end_to_end_id": "E1",
    "status": "BOOK",
    "account": "NL19KILO0020260001",
    "amount_minor": 1230,
    "currency": "EUR",
    "credit": False,
    "booked": True,
    "entry_ref": "A1",
    "booking_date": date(2026, 9, 21),
}


def test_a_booking() -> None:
    assert [named(row) for row in said(BOOKING)] == [BOOKED]
    assert said(BOOKING | {"status": "PDNG"})[0].booked is False


def test_a_return() -> None:
    assert [named(row) for row in said(RETURN)] == [
        BOOKED | {"kind": ObservationKind.RETURN_ENTRY, "credit": True, "reason": "AC01"}
    ]


def test_placeholders_name_nothing() -> None:
    assert said(BOOKING | {"endToEndId": "NOTPROVIDED", "entryRef": ""})[0].end_to_end_id is None


WRONG: list[tuple[str, bytes | dict[str, Any], str]] = [
    ("empty", b"", "json.syntax"),
    ("array", b"[]", "json.object"),
    ("xml", b"<Document/>", "json.syntax"),
    ("not UTF-8", json.dumps(STATUS).encode("utf-16"), "json."),
    ("truncated", json.dumps(STATUS).encode()[:-4], "json.syntax"),
    ("two keys", b'{"type":"payment-status","type":"booking"}', "json.duplicate-key"),
    ("deep", b'{"a":' * 500 + b"1" + b"}" * 500, "json.depth"),
    ("very deep", b"[" * 60_000, "json."),
    ("large", json.dumps(STATUS | {"reasonText": "x" * 70_000}).encode(), "message.size"),
    ("long text", STATUS | {"reasonText": "x" * 600}, "value.type"),
    ("no type", {"messageId": "1"}, "message.unknown"),
    ("unknown type", STATUS | {"type": "gossip"}, "message.unknown"),
    ("a type of another type", STATUS | {"type": 7}, "value.type"),
    ("extra key", STATUS | {"name": "Maria Muster"}, "json.unknown"),
    ("a key of another message", STATUS | {"amount": "1.00"}, "json.unknown"),
    ("missing reason", {k: v for k, v in STATUS.items() if k != "reason"}, "json.missing"),
    ("no status", STATUS | {"status": None}, "json.missing"),
    ("a list", STATUS | {"endToEndId": ["E1"]}, "json."),
    ("no time", STATUS | {"at": "yesterday"}, "date.format"),
    ("a time without zone", STATUS | {"at": "2026-09-21T06:00:02"}, "date.format"),
    ("amount as a number", BOOKING | {"amount": 12}, "value.type"),
    ("amount with a fraction", json.dumps(BOOKING | {"amount": 12.3}).encode(), "json.number"),
    ("NaN", json.dumps(BOOKING | {"amount": float("nan")}).encode(), "json.number"),
    ("no amount", BOOKING | {"amount": None}, "amount.format"),
    ("negative", BOOKING | {"amount": "-12.30"}, "amount.format"),
    ("zero", BOOKING | {"amount": "0.00"}, "amount.zero"),
    ("three decimals", BOOKING | {"amount": "12.300"}, "amount.decimals"),
    ("400 digits", BOOKING | {"amount": "9" * 400}, "amount.format"),
    ("unknown currency", BOOKING | {"currency": "XXX"}, "currency.unknown"),
    ("no sign", BOOKING | {"creditDebit": None}, "money.sign"),
    ("a return that is a debit", RETURN | {"creditDebit": "DBIT"}, "money.sign"),
    ("a return without reason", {k: v for k, v in RETURN.items() if k != "reason"}, "json.missing"),
    ("no account", BOOKING | {"account": " "}, "json.missing"),
    ("impossible day", BOOKING | {"bookingDate": "2026-02-30"}, "date.format"),
]


@pytest.mark.parametrize(("content", "rule"), [pytest.param(c, r, id=name) for name, c, r in WRONG])
def test_another_shape_is_refused_with_a_rule(content: bytes | dict[str, Any], rule: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(content if isinstance(content, bytes) else json.dumps(content).encode())
    assert caught.value.rule.startswith(rule)
    assert "Maria" not in str(caught.value)


@given(st.sampled_from([STATUS, BOOKING, RETURN]), st.data())
def test_no_change_of_a_byte_does_more_than_raise_unreadable(message: dict[str, Any], data: st.DataObject) -> None:
    content = json.dumps(message).encode()
    at = data.draw(st.integers(0, len(content) - 1))
    changed = content[:at] + data.draw(st.binary(max_size=3)) + content[at + 1 :]
    with suppress(Unreadable):
        read(changed)
