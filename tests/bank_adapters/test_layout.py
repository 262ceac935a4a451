"""The model of a flat file's layout: what it refuses, and that it says what to write instead."""

from typing import Any

import pytest

from gateway.domain.errors import ConfigError
from tests.bank_adapters.delimited import bank, parts, profile_of
from tests.bank_adapters.material import file_bank_parts

ID, ACCOUNT = {"value": "end_to_end_id"}, {"value": "creditor_iban"}
AMOUNT = {"value": "amount", "decimal_sign": ","}
LINE = [{"value": "line_number"}, {"value": "result"}]
HEAD = [{"value": "msg_id"}]


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ({"payment": [ACCOUNT, AMOUNT]}, "holds no end_to_end_id. What was written is read back and compared"),
        ({"payment": [ID, ACCOUNT]}, "holds no amount"),
        (
            {"payment": [ID, AMOUNT]},
            "the creditor's account (creditor_iban, or creditor_bank_code and creditor_number)",
        ),
        ({"payment": [ID, ID, ACCOUNT, AMOUNT]}, "end_to_end_id stands more than once"),
        ({"payment": [{"value": "end_to_end_id", "max_length": 29}, ACCOUNT, AMOUNT]}, "less than the 30 letters"),
        ({"payment": [ID, {"value": "creditor_iban", "max_length": 26}, AMOUNT]}, "less than the 34 letters"),
        ({"payment": [ID, ACCOUNT, AMOUNT, {"value": "constant", "text": "a|b"}]}, "the text holds the delimiter"),
        ({"payment": [ID, ACCOUNT, AMOUNT], "delimiter": ","}, "decimal_sign is the delimiter"),
        ({"payment": [ID, ACCOUNT, {"value": "amount", "decimal_sign": ".", "decimals": 1}]}, "an amount in TRY has 2"),
        ({"payment": [ID, ACCOUNT, AMOUNT, {"value": "count"}]}, "layout.payment"),
        ({"header": [{"value": "amount", "decimal_sign": "."}]}, "layout.header"),
        ({"header": [{"value": "created_at", "format": "%B"}]}, "format"),
        ({"header": [{"value": "execution_date", "format": "%m.%d"}]}, "write a format that names one day"),
        ({"trailer": [{"value": "count"}]}, "write its rule exactly where header or trailer holds a field hash_total"),
        ({"hash_total": None}, "write its rule exactly where"),
        ({"trailer": [{"value": "hash_total", "digits": 4}]}, "leave digits out of the field"),
        ({"trailer": [{"value": "hash_total"}, {"value": "own", "name": "check"}]}, "a field own needs `adapter`"),
        ({"delimiter": "||"}, "delimiter"),
        ({"encoding": "cp437"}, "encoding"),
        ({"encoding": "cp1252"}, "alphabet: write SEPA or the layout's encoding, cp1252"),
        ({"replies": {"header": [], "line": LINE}}, "names no file"),
        ({"replies": {"header": HEAD, "line": [{"value": "result"}]}}, "names no payment"),
        ({"replies": {"header": HEAD, "line": [{"value": "line_number"}]}}, "says nothing of the payment"),
        ({"replies": {"header": HEAD, "line": [*LINE, {"value": "result"}]}}, "result stands more than once"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_layout_that_cannot_work_is_refused_with_what_to_write(layout: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bank(**layout)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"layout": None}, "layout is there exactly for family delimited"),
        ({"currencies": ["TRY", "EUR"], "layout": {"header": []}}, "add a field currency"),
        ({"account_types": ["IBAN", "DOMESTIC"]}, "though account_types lists DOMESTIC"),
        ({"scheme": "SEPA"}, "scheme SEPA pays in EUR only"),
        ({"status_overrides": {}, "reason_overrides": {}}, "write what each code of the column result means"),
    ],
)
def test_it_agrees_with_the_rest_of_the_profile(changes: dict[str, Any], told: str) -> None:
    changed = parts()
    layout = changed["layout"] | changes["layout"] if changes.get("layout") else changed["layout"]
    with pytest.raises(ConfigError) as caught:
        profile_of(
            changed | changes | ({} if "layout" in changes and changes["layout"] is None else {"layout": layout})
        )
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"layout": parts()["layout"]}, "layout is there exactly for family delimited"),
        ({"currencies": ["EUR", "TRY"]}, "scheme SEPA pays in EUR only"),
    ],
)
def test_other_families_have_no_layout(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        profile_of(file_bank_parts() | changes)
    assert told in str(caught.value)
