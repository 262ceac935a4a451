"""Banks with a JSON API: the request, its answers, and what each answer is worth."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.rest.json_api import JsonApiAdapter
from bank_adapters.spi import Payment, RequestAdapter
from gateway.domain.collection import Window
from gateway.domain.errors import CannotRender, SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import CounterAccount, DomesticAccount, Identification, Party
from gateway.ports.transport import Arrival, Sent
from tests.bank_adapters.material import api_bank, api_bank_parts, payment, profile_of, submission

ADAPTER = JsonApiAdapter()
BANK = api_bank()


def rendered(one: Payment, **changes: Any) -> bytes:
    return b"".join(ADAPTER.render(submission(one, **changes), BANK))


def test_it_is_spoken_to_by_requests() -> None:
    assert isinstance(ADAPTER, RequestAdapter)


def test_the_body_byte_for_byte() -> None:
    assert rendered(payment(1, creditor=Party(name="Jürgen Groß"))) == (
        b'{"amount":"512.40","creditor":{"iban":"DE02120300000000202051","name":"Juergen Gross"},"currency":"EUR",'
        b'"debtorIban":"DE89370400440532013000","endToEndId":"E00000000000000000000000001G1",'
        b'"remittanceInformation":"Sick pay 2026-09","requestedExecutionDate":"2026-09-21",'
        b'"uetr":"8a562c67-ca16-48ba-b074-000000000001"}'
    )


def test_the_bytes_do_not_depend_on_the_seal_time() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    assert rendered(payment(1), created_at=later, msg_id="OTHER") == rendered(payment(1))


def test_one_payment_is_one_request() -> None:
    with pytest.raises(CannotRender, match="one payment is one request"):
        ADAPTER.render(submission(payment(1), payment(2)), BANK)


def test_what_the_api_does_not_take_is_refused_by_number() -> None:
    wrong = payment(7, creditor_account=DomesticAccount(country="KZ", bank_code="1", number="2"))
    assert set(ADAPTER.refusals(submission(payment(1), wrong), BANK)) == {wrong.end_to_end_id}
    for one in (wrong, payment(7, creditor=Party(name="王")), payment(7, amount=Money(5, "TRY"))):
        with pytest.raises(CannotRender, match=wrong.end_to_end_id):
            rendered(one)


def test_the_banks_limit_holds() -> None:
    parts = api_bank_parts()
    parts["limits"]["sum_per_submission"] = "500.00"
    with pytest.raises(CannotRender, match="over the bank's limit"):
        ADAPTER.render(submission(), profile_of(parts))


@given(st.integers(0, 10**12 - 1), st.integers(1, 99_999_999_999), st.text("abc ÄÖÜß-'", max_size=20))
def test_what_is_written_is_what_is_read(number: int, minor: int, text: str) -> None:
    one = payment(number, amount=Money(minor, "EUR"), remittance_information=text)
    body = rendered(one)
    found = ADAPTER.reread([body[:9], body[9:]], BANK)
    line = f"{one.end_to_end_id}|{one.creditor_account.key}|{minor}|EUR\n"
    assert (found.count, found.sum_minor, found.currency, found.size) == (1, minor, "EUR", len(body))
    assert found.payments_digest == sha256(line.encode()).hexdigest()
    assert found.sha256 == sha256(body).hexdigest()


BODY = rendered(payment(1))
FIELDS = [m.span() for m in re.finditer(rb'(?<="amount":")[^"]+|(?<="iban":")[^"]+|(?<="endToEndId":")[^"]+', BODY)]
FIELDS += [m.span() for m in re.finditer(rb'(?<="currency":")[^"]+', BODY)]


@given(st.data())
def test_no_change_of_a_field_that_moves_money_goes_unseen(data: st.DataObject) -> None:
    start, end = data.draw(st.sampled_from(FIELDS))
    at = data.draw(st.integers(start, end - 1))
    byte = data.draw(st.sampled_from(b'0123456789ABZabz.-+ /"\\'))
    changed = BODY[:at] + bytes([byte]) + BODY[at + 1 :]
    if changed == BODY:
        return
    try:
        found = ADAPTER.reread([changed], BANK)
    except SealMismatch:
        return
    assert found.payments_digest != ADAPTER.reread([BODY], BANK).payments_digest


def as_bytes(change: Callable[[dict[str, Any]], object]) -> bytes:
    order = json.loads(BODY)
    change(order)
    return json.dumps(order).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        BODY[:-1],
        BODY + b" x",
        BODY.replace(b"EUR", b"\xff"),
        BODY.replace(b'"amount":"512.40"', b'"amount":"512.40","amount":"512.40"'),
        as_bytes(lambda o: o.update(extra="1")),
        as_bytes(lambda o: o.pop("uetr")),
        as_bytes(lambda o: o.update(amount=512)),
        as_bytes(lambda o: o.update(amount="512.405")),
        as_bytes(lambda o: o.update(amount="-512.40")),
        as_bytes(lambda o: o.update(amount="0.00")),
        as_bytes(lambda o: o.update(currency="XXX")),
        as_bytes(lambda o: o.update(uetr="?")),
        as_bytes(lambda o: o.update(endToEndId="")),
        as_bytes(lambda o: o.update(requestedExecutionDate="2026-02-30")),
        as_bytes(lambda o: o.update(creditor="x")),
        as_bytes(lambda o: o["creditor"].update(iban="DE02 1203")),
        as_bytes(lambda o: o["creditor"].update(name="")),
        as_bytes(lambda o: o["creditor"].update(bic="X")),
        as_bytes(lambda o: o["creditor"].update(name=None)),
    ],
)
def test_a_body_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(SealMismatch) as caught:
        ADAPTER.reread([body], BANK)
    assert "Maria" not in str(caught.value)


def test_the_requests() -> None:
    submit = ADAPTER.submit_request(BODY, BANK, "G1KILO260921S00001")
    assert (submit.method, submit.path, submit.body) == ("POST", "/v1/payments", BODY)
    assert submit.headers["Idempotency-Key"] == "G1KILO260921S00001"
    assert submit.headers["Content-Type"] == "application/json"
    inquiry = ADAPTER.inquiry_request("G1KILO260921S00001")
    assert (inquiry.method, inquiry.path, inquiry.body) == ("GET", "/v1/payments/G1KILO260921S00001", b"")


@pytest.mark.parametrize("name", ["", "a/b", "a b", "../x", "a?b", "a\r\nX: y", "k" * 65])
def test_a_key_cannot_leave_its_place(name: str) -> None:
    with pytest.raises(CannotRender):
        ADAPTER.inquiry_request(name)
    with pytest.raises(CannotRender):
        ADAPTER.submit_request(BODY, BANK, name)


NAME = "G1KILO260921S00001"
OURS = b'{"idempotencyKey":"G1KILO260921S00001","status":"RCVD"}'
ANOTHER = b'{"idempotencyKey":"G1KILO260921S00002","status":"RCVD"}'


@pytest.mark.parametrize(
    ("status", "body", "sent"),
    [
        (200, OURS, Sent.SENT),
        (201, OURS, Sent.SENT),
        (202, OURS, Sent.SENT),
        (200, b"{}", Sent.UNKNOWN),
        (201, b'{"status":"RCVD"}', Sent.UNKNOWN),
        (201, ANOTHER, Sent.UNKNOWN),
        (202, ANOTHER, Sent.UNKNOWN),
        (201, b'{"idempotencyKey":["G1KILO260921S00001"]}', Sent.UNKNOWN),
        (202, b"", Sent.UNKNOWN),
        (200, b"<html>Service</html>", Sent.UNKNOWN),
        (400, b"<html>Request Header Too Large</html>", Sent.UNKNOWN),
        (400, b'{"message":"Bad request"}', Sent.UNKNOWN),
        (422, b'{"code":{"of":"a gateway"}}', Sent.UNKNOWN),
        (400, b'{"code":"FORMAT_ERROR"}', Sent.SENT),
        (422, b'{"code":"AC04"}', Sent.SENT),
        (422, b'{"code":"AC04","idempotencyKey":"G1KILO260921S00001"}', Sent.SENT),
        (400, b'{"code":"FORMAT_ERROR","idempotencyKey":"G1KILO260921S00002"}', Sent.UNKNOWN),
        (422, b'{"code":"AC04","idempotencyKey":"G1KILO260921S00002"}', Sent.UNKNOWN),
        (422, b'{"code":"AC04","idempotencyKey":null}', Sent.UNKNOWN),
        (409, b'{"code":"DUPLICATE_KEY","idempotencyKey":"G1KILO260921S00001"}', Sent.SENT),
        (409, b'{"code":"DU03","idempotencyKey":"G1KILO260921S00001"}', Sent.SENT),
        (409, b'{"code":"DUPLICATE_KEY"}', Sent.UNKNOWN),
        (409, b'{"code":"DUPLICATE_KEY","idempotencyKey":"G1KILO260921S00002"}', Sent.UNKNOWN),
        (409, b'{"code":"OTHER","idempotencyKey":"G1KILO260921S00001"}', Sent.UNKNOWN),
        (409, OURS, Sent.UNKNOWN),
        (409, b"DUPLICATE_KEY", Sent.UNKNOWN),
        (401, b"", Sent.NOT_SENT),
        (403, b"", Sent.NOT_SENT),
        (404, b"", Sent.UNKNOWN),
        (408, b"", Sent.UNKNOWN),
        (302, b"", Sent.UNKNOWN),
        (204, b"", Sent.UNKNOWN),
        (429, b"", Sent.UNKNOWN),
        (500, OURS, Sent.UNKNOWN),
        (500, b'{"code":"INTERNAL"}', Sent.UNKNOWN),
        (502, b"<html>", Sent.UNKNOWN),
        (503, b"", Sent.UNKNOWN),
        (504, b"", Sent.UNKNOWN),
    ],
)
def test_what_an_answer_to_a_submission_is_worth(status: int, body: bytes, sent: Sent) -> None:
    answer = ADAPTER.read_submit(status, body, NAME)
    assert answer.sent is sent
    assert answer.evidence["http_status"] == str(status)
    assert answer.unreachable == (status in {401, 403, 429, 500, 502, 503, 504})


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422, 429, 503])
@pytest.mark.parametrize("code", ["FORMAT_ERROR", "DUPLICATE_KEY", "NOT_FOUND"])
def test_an_answer_about_another_key_proves_nothing(status: int, code: str) -> None:
    body = b'{"code":"%s","idempotencyKey":"G1KILO260921S00002"}' % code.encode()
    assert ADAPTER.read_submit(status, body, NAME, busy_means_not_sent=True).sent is Sent.UNKNOWN


def test_busy_is_not_sent_only_where_the_bank_guarantees_it() -> None:
    for status in (429, 503):
        assert ADAPTER.read_submit(status, b"", NAME, busy_means_not_sent=True).sent is Sent.NOT_SENT
    for status in (500, 504, 408):
        assert ADAPTER.read_submit(status, b"", NAME, busy_means_not_sent=True).sent is Sent.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "arrival"),
    [
        (200, OURS, Arrival.ARRIVED),
        (200, b"{}", Arrival.CANNOT_TELL),
        (200, b'{"status":"RCVD"}', Arrival.CANNOT_TELL),
        (200, ANOTHER, Arrival.CANNOT_TELL),
        (200, b"[" + OURS + b"]", Arrival.CANNOT_TELL),
        (404, OURS, Arrival.CANNOT_TELL),
        (404, b'{"code":"NOT_FOUND","idempotencyKey":"G1KILO260921S00001"}', Arrival.SAYS_UNKNOWN),
        (404, b'{"code":"NOT_FOUND","idempotencyKey":"G1KILO260921S00002"}', Arrival.CANNOT_TELL),
        (404, b'{"code":"NOT_FOUND"}', Arrival.CANNOT_TELL),
        (404, b'{"code":"ROUTE","idempotencyKey":"G1KILO260921S00001"}', Arrival.CANNOT_TELL),
        (200, b"<html>Welcome</html>", Arrival.CANNOT_TELL),
        (404, b"<html>no such page</html>", Arrival.CANNOT_TELL),
        (404, b"", Arrival.CANNOT_TELL),
        (404, b"[]", Arrival.CANNOT_TELL),
        (404, b"{}", Arrival.CANNOT_TELL),
        (404, b'{"message":"no Route matched with those values"}', Arrival.CANNOT_TELL),
        (410, b"{}", Arrival.CANNOT_TELL),
        (401, b"{}", Arrival.CANNOT_TELL),
        (429, b"{}", Arrival.CANNOT_TELL),
        (500, b"{}", Arrival.CANNOT_TELL),
        (503, b"{}", Arrival.CANNOT_TELL),
    ],
)
def test_what_an_answer_to_an_inquiry_is_worth(status: int, body: bytes, arrival: Arrival) -> None:
    assert ADAPTER.read_inquiry(status, body, NAME).arrival is arrival


@pytest.mark.parametrize(
    "body", [b'{"code":"Maria Muster"}', b'{"code":7}', b'{"code":"' + b"x" * 99 + b'"}', b"[" * 100_000, b"\xff"]
)
def test_evidence_holds_plain_codes_only(body: bytes) -> None:
    assert ADAPTER.read_submit(500, body, NAME).evidence == {"http_status": "500"}


def test_dates_are_those_of_the_pay_day() -> None:
    other = rendered(payment(1), requested_execution_date=date(2026, 12, 1))
    assert json.loads(other)["requestedExecutionDate"] == "2026-12-01"


COUNTER_BANK = profile_of(
    api_bank_parts() | {"account_types": ["IBAN", "COUNTER"], "counter": {"unclaimed_codes": ["UNCL"]}}
)
WINDOW = Window(first=date(2026, 10, 8), last=date(2026, 10, 14))
COLLECTOR = CounterAccount(identification=Identification(scheme="NIDN", id="65180539W"))


def over_the_counter(**changes: Any) -> Payment:
    return payment(1, **{"creditor_account": COLLECTOR, "collection": WINDOW} | changes)


def test_over_the_counter_the_body_names_a_person_and_days() -> None:
    body = b"".join(ADAPTER.render(submission(over_the_counter()), COUNTER_BANK))
    said = json.loads(body)
    assert said["creditor"] == {"name": "Maria Muster", "identification": {"scheme": "NIDN", "id": "65180539W"}}
    assert said["collection"] == {"from": "2026-10-08", "until": "2026-10-14"}
    line = f"{over_the_counter().end_to_end_id}|NIDN:65180539W|51240|EUR\n"
    assert ADAPTER.reread([body], COUNTER_BANK).payments_digest == sha256(line.encode()).hexdigest()


def test_the_entitled_person_is_named_only_where_somebody_else_is_paid() -> None:
    represented = rendered(payment(1, ultimate_creditor=Party(name="Mina Groß")))
    assert json.loads(represented)["ultimateCreditor"] == {"name": "Mina Gross"}
    assert ADAPTER.reread([represented], BANK).payments_digest == ADAPTER.reread([BODY], BANK).payments_digest
    assert "ultimateCreditor" not in json.loads(BODY)


def test_a_bank_without_a_counter_and_a_payment_without_days_are_refused() -> None:
    with pytest.raises(CannotRender, match="counter"):
        ADAPTER.render(submission(over_the_counter()), BANK)
    with pytest.raises(CannotRender, match="window"):
        ADAPTER.render(submission(over_the_counter(collection=None)), COUNTER_BANK)


COUNTER_BODY = b"".join(
    ADAPTER.render(submission(over_the_counter(ultimate_creditor=Party(name="Mina"))), COUNTER_BANK)
)


@pytest.mark.parametrize(
    "change",
    [
        lambda o: o.pop("collection"),
        lambda o: o["collection"].pop("until"),
        lambda o: o["collection"].update({"from": "2026-10-15"}),
        lambda o: o["collection"].update({"from": "soon"}),
        lambda o: o["collection"].update({"from": 7}),
        lambda o: o.update(collection="always"),
        lambda o: o["creditor"].update(iban="DE02120300000000202051"),
        lambda o: o["creditor"].update(identification="NIDN:65180539W"),
        lambda o: o["creditor"]["identification"].update(scheme="nidn"),
        lambda o: o["creditor"]["identification"].update(id=""),
        lambda o: o["creditor"]["identification"].update(country="DE"),
        lambda o: o.update(ultimateCreditor={"name": " "}),
        lambda o: o.update(ultimateCreditor={}),
        lambda o: o.update(ultimateCreditor={"name": 1}),
    ],
)
def test_a_counter_body_of_another_shape_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    order = json.loads(COUNTER_BODY)
    change(order)
    with pytest.raises(SealMismatch) as caught:
        ADAPTER.reread([json.dumps(order).encode()], COUNTER_BANK)
    assert "65180539W" not in str(caught.value)
