"""Retry-After, as RFC 9110 (section 10.2.3) has it, and what becomes of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ports.transport import Sent
from gateway.transport.http import OTHERS_WAIT_SECONDS
from gateway.transport.http_line import WAIT_SECONDS_MAX, seconds_to_wait
from tests.transport.test_http import RECEIPT, WIRE, answering, open_bank, opened, sent_to

NOW = datetime(2026, 9, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 0 ", 0),
        ("999999999", WAIT_SECONDS_MAX),
        ("Mon, 21 Sep 2026 09:01:30 GMT", 90),
        ("Monday, 21-Sep-26 09:01:30 GMT", 90),  # section 5.6.7: the obsolete forms are read too
        ("Mon Sep 21 09:01:30 2026", 90),
        ("Mon, 21 Sep 2026 08:00:00 GMT", 0),
        ("Tue, 01 Jan 2999 00:00:00 GMT", WAIT_SECONDS_MAX),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Mon, 99 Sep 2026 09:01:30 GMT", None),
        ("٣", None),
        (f"Mon, 21 Sep {'9' * 30} 09:01:30 GMT", None),
        ("Mon, 21 Sep 2026 09:01:30 +9999", None),
    ],
)
def test_seconds_or_a_date(said: str | None, seconds: int | None) -> None:
    assert seconds_to_wait(said, NOW) == seconds


@given(st.text() | st.from_regex(r"(Mon, )?[0-9]{1,30} Sep [0-9]{1,30} [0-9:]{1,30} [A-Z+0-9-]{0,30}", fullmatch=True))
def test_nothing_a_bank_writes_there_is_an_error(said: str) -> None:
    """It is read when the request has been answered: then the answer must not get lost."""
    wait = seconds_to_wait(said, NOW)
    assert wait is None or 0 <= wait <= WAIT_SECONDS_MAX


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(
    ("said", "guaranteed", "sent", "wait"),
    [
        ("90", True, Sent.NOT_SENT, 90),
        ("90", False, Sent.UNKNOWN, 90),
        ("Mon, 21 Sep 2026 09:01:30 GMT", True, Sent.NOT_SENT, 90),
        ("0", True, Sent.NOT_SENT, 0),
        ("soon", True, Sent.UNKNOWN, 0),  # the guarantee is for answers that say when
    ],
)
async def test_the_answer_carries_the_wait(status: str, said: str, sent: Sent, wait: int, *, guaranteed: bool) -> None:
    behaviour = answering(status, b"{}", f"Retry-After: {said}")
    answer, _ = await sent_to(behaviour, access={"busy_means_not_sent": guaranteed})
    assert (answer.sent, answer.retry_after) == (sent, wait)


@pytest.mark.parametrize(
    ("body", "wait"),
    [
        (b'{"code":"MAINTENANCE"}', 86_400),
        (b"<html>Down for maintenance</html>", OTHERS_WAIT_SECONDS),
        (b'{"message":"upstream is down"}', OTHERS_WAIT_SECONDS),
        (b"", OTHERS_WAIT_SECONDS),
    ],
    ids=["the API", "a proxy", "an API gateway", "nobody"],
)
async def test_a_long_wait_is_believed_of_the_api_only(body: bytes, wait: int) -> None:
    answer, _ = await sent_to(answering("503 Service Unavailable", body, "Retry-After: 86400"))
    assert answer.retry_after == wait


async def test_a_short_wait_is_believed_of_a_proxy_too() -> None:
    answer, _ = await sent_to(
        answering("503 Service Unavailable", b"<html>", f"Retry-After: {OTHERS_WAIT_SECONDS - 1}")
    )
    assert answer.retry_after == OTHERS_WAIT_SECONDS - 1


async def test_other_answers_ask_for_no_wait() -> None:
    answer, _ = await sent_to(answering("201 Created", RECEIPT, "Retry-After: 90"))
    assert (answer.sent, answer.retry_after) == (Sent.SENT, 0)


@pytest.mark.parametrize(
    ("status", "body", "wait"),
    [
        ("429 Too Many Requests", b"{}", 90),
        ("503 Service Unavailable", b'{"code":"MAINTENANCE"}', 90),
        ("200 OK", RECEIPT, 0),
        ("404 Not Found", b"{}", 0),
    ],
)
async def test_the_answer_to_an_inquiry_carries_the_wait_too(status: str, body: bytes, wait: int) -> None:
    async with open_bank(answering(status, body, "Retry-After: 90")) as bank, opened(bank.url) as transport:
        assert (await transport.inquire(WIRE, [1])).retry_after == wait


async def test_a_long_wait_is_believed_of_the_api_only_in_an_inquiry_too() -> None:
    behaviour = answering("503 Service Unavailable", b"<html>", "Retry-After: 86400")
    async with open_bank(behaviour) as bank, opened(bank.url) as transport:
        assert (await transport.inquire(WIRE, [1])).retry_after == OTHERS_WAIT_SECONDS
