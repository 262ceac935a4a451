"""What a log line may hold. Names, accounts and identifications never pass, whichever way they come in."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import structlog
from hypothesis import example, given
from hypothesis import strategies as st
from schwifty import IBAN
from schwifty.registry import get_countries

from gateway.domain.errors import StoreDown
from gateway.observe.logs import configure_logs, log_of
from gateway.observe.redact import MASK, mask, redact
from tests.clock import StillClock

NAME, ACCOUNT, NATIONAL_ID = "Maria Muster", "DE89370400440532013000", "131052-308T"  # ISO 13616 and DVV examples
CANARIES = (NAME, "Maria", "Muster", ACCOUNT, "0532013000", NATIONAL_ID, "131052")
COUNTRIES = sorted(get_countries())


class Lines:
    """What was logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return line

    def assert_clean(self) -> None:
        assert self.text
        assert [canary for canary in CANARIES if canary in self.text] == []


@pytest.fixture
def logged() -> Iterator[Lines]:
    """The logs as a process configures them; afterwards everything is as it was."""
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    quiet = logging.getLogger("aiohttp.access")
    quiet_level = quiet.level
    lines = Lines()
    configure_logs(StillClock(), stream=lines.stream)
    yield lines
    structlog.reset_defaults()
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)
    quiet.setLevel(quiet_level)


def test_a_line_is_json_with_time_level_and_what_may_be_said(logged: Lines) -> None:
    log_of("gateway.send").warning("lane failed", bank="alfa", submission_no=1234567, pay_date=date(2026, 9, 21))
    assert logged.last == {
        "timestamp": "2026-09-18T10:00:00.000Z",
        "level": "warning",
        "part": "gateway.send",
        "event": "lane failed",
        "bank": "alfa",
        "submission_no": 1234567,
        "pay_date": "2026-09-21",
    }


def test_a_key_that_is_not_allowed_is_dropped_with_its_value(logged: Lines) -> None:
    structlog.contextvars.bind_contextvars(creditor=NAME)
    try:
        log_of("gateway").info("stored", creditor_name=NAME, iban=ACCOUNT, national_id=NATIONAL_ID, count=3)
    finally:
        structlog.contextvars.clear_contextvars()
    logged.assert_clean()
    assert (logged.last["dropped"], logged.last["count"]) == (4, 3)


@pytest.mark.parametrize("key", ["event", "why", "path", "batch", "error", "msg_id", "worker", "host", "count"])
@pytest.mark.parametrize("canary", [ACCOUNT, "DE89 3704 0044 0532 0130 00", NATIONAL_ID, "85 01 12 308 11", 131052308])
def test_accounts_and_identifications_are_masked_under_allowed_keys(key: str, canary: str | int) -> None:
    shown = redact({key: f"of {canary}, again {canary}"})[key]
    assert str(canary) not in shown
    assert MASK in shown


@pytest.mark.parametrize("key", ["why", "msg_id", "bank"])
def test_a_number_passes_only_where_the_gateway_gave_it(key: str) -> None:
    assert redact({key: 131052308}) == {key: MASK}
    assert redact({"order_no": 131052308}) == {"order_no": 131052308}


@pytest.mark.parametrize("value", [[NATIONAL_ID], {"id": NATIONAL_ID}, NATIONAL_ID.encode()])
def test_what_hides_in_a_structure_is_masked_too(value: object) -> None:
    assert "131052" not in str(redact({"why": value, "count": value}))


def test_ids_that_the_gateway_derives_pass_under_their_own_keys() -> None:
    ids = {
        "msg_id": "G1ALFA260921S00001",
        "end_to_end_id": "EABCDEFGHIJKLMNOPQRSTUVWXYZG1",
        "sha256": "0123456789abcdef" * 4,
        "host": "192.168.100.200",
        "bootstrap": "192.168.100.200:9092,kafka-2.example:9092",
        "incarnation": "embedded-0123456789abcdef",
        "worker": "gw-3f2a91044123-1234567",
    }
    assert redact(ids) == ids
    assert [value for value in ids.values() if value in str(redact({"why": value}))] == [
        "EABCDEFGHIJKLMNOPQRSTUVWXYZG1"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-21",
        "10.0.0.1:9092",
        "seal mismatch at /creditorAccount/iban, rule account.checksum",
        "at 10:30 lane 12 of 17",
        "version 3.11.4",
    ],
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert mask(text) == text


def test_a_library_says_its_template_and_never_its_arguments(logged: Lines) -> None:
    logging.getLogger("aiokafka.conn").error("no connection for %s\nof %s", NAME, ACCOUNT)
    logged.assert_clean()
    assert (logged.last["event"], logged.last["part"]) == ("no connection for %s", "aiokafka.conn")


def test_an_access_log_is_not_written(logged: Lines) -> None:
    logging.getLogger("aiohttp.access").info("GET /v1/orders/%s", NAME)
    assert logged.text == ""


@pytest.mark.parametrize("how", ["ours", "library", "uncaught"])
def test_an_error_is_its_class_and_place(logged: Lines, how: str) -> None:
    try:
        _fail()
    except ValueError as error:
        if how == "ours":
            log_of("gateway").error("failed", exc_info=True)
        elif how == "library":
            logging.getLogger("asyncio").exception("failed %s", NAME)
        else:
            sys.excepthook(type(error), error, error.__traceback__)
    logged.assert_clean()
    assert logged.last["error"] == "ValueError <- KeyError"
    assert "test_logs.py" in logged.last["frames"]
    assert "why" not in logged.last


def _fail() -> None:
    try:
        dict[str, str]()[NAME]
    except KeyError as error:
        raise ValueError(f"{NAME} has {ACCOUNT}") from error


def test_the_text_of_our_own_error_is_said(logged: Lines) -> None:
    log_of("gateway").error("failed", exc_info=StoreDown(f"the database went away, {ACCOUNT}"))
    logged.assert_clean()
    assert (logged.last["error"], logged.last["why"]) == ("StoreDown", f"the database went away, {MASK}")


def test_of_a_group_of_errors_the_first_is_said(logged: Lines) -> None:
    group = ExceptionGroup("of tasks", [StoreDown("the database went away"), ValueError(NAME)])
    log_of("gateway").error("failed", exc_info=group)
    logged.assert_clean()
    assert (logged.last["error"], logged.last["why"]) == ("ExceptionGroup <- StoreDown", "the database went away")


@st.composite
def accounts(draw: st.DrawFn) -> str:
    """IBANs that schwifty makes for every country of the registry, as people write them."""
    seed = draw(st.randoms(use_true_random=False))
    iban = str(IBAN.random(country_code=draw(st.sampled_from(COUNTRIES)), random=seed))
    gap = draw(st.sampled_from(["", " ", "-", ".", "/", "_"]))
    size = draw(st.integers(min_value=2, max_value=8)) if gap else 40
    written = gap.join(iban[at : at + size] for at in range(0, len(iban), size))
    return draw(st.sampled_from([written, written.lower()]))


@example(before="", account="NO9386011117947", after="")  # the shortest of all (SWIFT IBAN registry)
@example(before="iban=", account="MT84MALT011000012345MTLCAST001S", after=".")  # the longest but one
@given(
    before=st.sampled_from(["", "iban=", '{"iban":"', "account ", "("]),
    account=accounts(),
    after=st.sampled_from(["", ".", '"}', " is wrong", ")"]),
)
def test_no_iban_of_any_country_passes(before: str, account: str, after: str) -> None:
    shown = mask(before + account + after)
    assert account not in shown
    assert account[-8:] not in shown


@given(
    digits=st.text("0123456789", min_size=6, max_size=30),
    before=st.sampled_from(["", "ID", "no. ", "x"]),
    after=st.sampled_from(["", "A", "-1", " or so"]),
)
def test_no_long_run_of_digits_passes(digits: str, before: str, after: str) -> None:
    assert digits not in mask(before + digits + after)


@given(event=st.dictionaries(st.text(max_size=20), st.one_of(st.text(max_size=40), st.integers(), st.none())))
def test_only_listed_keys_are_ever_written(event: dict[str, Any]) -> None:
    shown = redact({**event, "creditor": NAME})
    assert "creditor" not in shown
    assert NAME not in json.dumps(shown)
