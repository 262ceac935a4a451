"""The model of a fixed-width layout and of what belongs to it: what it refuses, and that it says what to write."""

from copy import deepcopy
from typing import Any

import pytest

from bank_adapters.profile.layout import control_rule
from gateway.domain.errors import ConfigError
from tests.bank_adapters.delimited import profile_of
from tests.bank_adapters.fixed_width import BASE, bank, parts, record

ID, ACCOUNT, AMOUNT = BASE
D = {"value": "constant", "text": "D", "width": 1}
A = {**D, "text": "A"}
REST = {"value": "remittance_rest", "width": 70}
LINE = [{**A, "text": "S"}, {"value": "line_number", "width": 6}, {"value": "result", "width": 2}]
HEAD = [{**A, "text": "R"}, {"value": "msg_id", "width": 27}]
END = {"value": "constant", "text": "", "width": 10}


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ({"payment": [ID, {"value": "creditor_iban"}, AMOUNT]}, "payment.1: width: write it: without a delimiter"),
        ({"payment": [{**ID, "at": 2}, ACCOUNT, AMOUNT]}, "payment.0: at: the widths before it end at column 0; write"),
        ({"payment": [ID, {**ACCOUNT, "at": 32}, AMOUNT]}, "write at: 31, or mend a width before it"),
        ({"payment": [{**ID, "width": 29}, ACCOUNT, AMOUNT]}, "width is less than the 30 letters that end_to_end_id"),
        ({"payment": [ID, {**ACCOUNT, "width": 25}, AMOUNT]}, "less than the 26 letters that it has in TR"),
        ({"payment": [ID, {"value": "creditor_bban", "width": 21}, AMOUNT]}, "the width of creditor_bban is less than"),
        ({"payment": [*BASE, {**D, "text": "DD"}]}, "payment.3: width: the text has 2 letters; write no less"),
        (
            {"payment": [*BASE, {"value": "line_number", "width": 4, "digits": 4}]},
            "digits: leave it out: the width says",
        ),
        ({"payment": [ID, ACCOUNT, {**AMOUNT, "align": "left"}]}, "a digit behind a number makes it another one"),
        ({"payment": [ID, ACCOUNT, {**AMOUNT, "pad": "7"}]}, "digits before a number make it another one"),
        ({"payment": [*BASE, {"value": "creditor_name", "width": 9, "pad": "*"}]}, "only blanks can be told"),
        ({"payment": [*BASE, {"value": "creditor_id", "scheme": "TCKN", "width": 11}]}, "creditor_id is there exactly"),
        ({"header": [{"value": "msg_id", "width": 20}]}, "width is less than the 27 letters that msg_id can have"),
        ({"quoting": "always"}, "quoting: leave it out: fields of fixed widths need none"),
        ({"delimiter": "|"}, "layout.delimiter is there exactly for family delimited"),
        ({"line_end": "none", "trailer": [END]}, "line_end: none is for records of one fixed length"),
        ({"line_end": "none", "last_line_ended": False}, "last_line_ended: leave it out"),
        (
            {"following": [{"when": "always", "fields": [A, REST]}]},
            "write remittance_rest exactly where the record has",
        ),
        ({"following": [{"when": "remittance_rest", "fields": [A]}]}, "write remittance_rest exactly where the record"),
        (
            {"following": [{"when": "always", "at_most": 2, "fields": [A]}]},
            "only records of remittance_rest are repeat",
        ),
        ({"following": [{"when": "always", "fields": [A]}]}, "begin it, and the records around it, with constants of"),
        (
            {"payment": [D, *BASE], "following": [{"when": "always", "fields": [D]}]},
            "each with a constant of its own: by it they are told apart",
        ),
        ({"payment": [D, *BASE], "debtor": [END]}, "with constants of one width"),
        ({"payment": [D, *BASE], "debtor_trailer": [A]}, "debtor_trailer: leave it out, or write the record debtor"),
        (
            {
                "payment": [D, *BASE, {"value": "remittance", "width": 9, "cut": True}],
                "following": [{"when": "remittance_rest", "fields": [A, REST]}],
            },
            "cut: leave it out: what is longer goes on in a following record",
        ),
        (
            {"trailer": [{"value": "check", "of": "hash_total", "method": "mod97", "width": 2}]},
            "a field check is compu",
        ),
        ({"hash_total": {"of": "creditor account", "digits": 2, "modulo": 9}}, "hash_total.modulo"),
        ({"payment": [*BASE, {"value": "instrument", "codes": {}, "width": 1}]}, "codes: holds too little"),
        ({"control_file": {"name": "ready.ok"}}, "control_file.name: does not have its form; write text, such as"),
        ({"control_file": {"name": "{file_name}.ok", "lines": [[]]}}, "one of them has no field; leave it out"),
        ({"encoding": "cp437"}, "layout.encoding"),
        ({"replies": {"header": HEAD, "line": [*LINE, {"value": "reason"}]}}, "line.3: width: write it in every field"),
        (
            {"replies": {"header": HEAD, "line": [LINE[0], {**LINE[1], "at": 3}, LINE[2]]}},
            "line.1: at: the widths befo",
        ),
        ({"replies": {"header": HEAD, "line": LINE, "delimiter": ";"}}, "delimiter: leave delimiter and quoting out"),
        ({"replies": {"header": HEAD, "line": [{**LINE[0], "pad": "0"}, *LINE[1:]]}}, "pad: leave align and pad out"),
        ({"replies": {"header": HEAD, "line": LINE, "line_end": "none"}}, "line_end: none is for replies of one fixed"),
        ({"replies": {"header": HEAD[1:], "line": LINE, "several": True}}, "several: begin header, line and trailer"),
        (
            {"replies": {"header": [*HEAD, {"value": "sum", "decimal_sign": "none", "width": 9}], "line": LINE}},
            "sum: add amount to the line",
        ),
    ],
)
def test_a_layout_that_cannot_work_is_refused_with_what_to_write(layout: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        record(**layout)
    assert told in str(caught.value)
    assert "layout" in str(caught.value)


def test_short_lines_are_a_matter_of_widths() -> None:
    line = [{"value": "line_number"}, {"value": "result"}]
    with pytest.raises(ConfigError, match="short_lines: leave it out: it is about fixed widths"):
        bank(replies={"header": [{"value": "msg_id"}], "line": line, "short_lines": True, "delimiter": ";"})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"family": "delimited", "messages": {"initiation": "delimited"}}, "layout.delimiter is there exactly for"),
        ({"messages": {"initiation": "delimited"}}, "messages.initiation does not belong to the family: write fixed-w"),
        ({"account_types": ["IBAN", "COUNTER"], "counter": {}}, "creditor_id is there exactly where account_types"),
        ({"account_types": ["IBAN", "COUNTER"], "counter": {}}, "holds no collection_first and collection_last"),
        ({"file_name": "TOS{date}.txt"}, "file_name holds {msg_id}, or {date}, {epoch} and {sequence}"),
        ({"file_name": "T{date}{epoch}-{sequence}"}, "write a sign that is no digit around {epoch} and {sequence}"),
        ({"file_name": "T{date}-{epoch}{sequence}"}, "write a sign that is no digit around {epoch} and {sequence}"),
        ({"file_name": "T{date}-{epoch}-{sequence}7"}, "write a sign that is no digit around {epoch} and {sequence}"),
        ({"file_name": "T{date}-{epoch}-{sequence}-{hour}"}, "of others {bank} only"),
    ],
)
def test_it_agrees_with_the_rest_of_the_profile(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        profile_of(parts() | changes)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("{stem}.txt", {}, "layout.control_file.name: is the file's own name; write another ending"),
        ("{file_name}7.ok", {}, "layout.control_file.name: write a letter, a point or a hyphen behind the brace"),
        ("{stem}.ok", {"file_name": "PAY.{msg_id}"}, "layout.control_file.name: what makes names unique stands behind"),
        ("{stem}.ok", {"file_name": "T{date}-{epoch}.{sequence}"}, "stands behind the last point; write {file_name}"),
        (
            "{file_name}.ok",
            {"envelope": {"kind": "pgp", "bank_key_secret": "theirs", "own_key_secret": "ours"}},
            "layout.control_file: leave it out, or envelope: whether it speaks of the plain file or of the encrypted",
        ),
        (
            "{file_name}.ok",
            {
                "transport": {
                    "kind": "https",
                    "base_url": "https://api.bank.example/payments",
                    "auth": {"kind": "bearer", "token_secret": "token"},
                    "timeout_seconds": 10,
                }
            },
            "family rest goes through transport https, every other family through directory or sftp",
        ),
    ],
)
def test_a_control_file_that_could_not_be_sent_is_refused(name: str, changes: dict[str, Any], told: str) -> None:
    changed = parts() | changes
    changed["layout"]["control_file"] = {"name": name}
    with pytest.raises(ConfigError) as caught:
        profile_of(changed)
    assert told in str(caught.value)


def test_a_bank_that_waits_for_a_control_file_may_be_live() -> None:
    changed = parts() | {"onboarding": {"state": "live"}}
    changed["layout"]["control_file"] = {"name": "{file_name}.ok"}
    assert profile_of(changed).layout is not None


def test_any_change_of_a_control_file_is_another_rule() -> None:
    """What was sealed under one is not sent to a bank that waits for another."""
    control: dict[str, Any] = {"name": "{stem}.ok", "lines": [[{"value": "count"}]]}
    rules = [
        control_rule(bank(**changed).layout)
        for changed in (
            {"control_file": None},
            {"control_file": control},
            {"control_file": control | {"name": "{file_name}.ok"}},
            {"control_file": control | {"lines": [[{"value": "bytes"}]]}},
            {"control_file": control | {"delimiter": ";"}},
            {"control_file": control, "line_end": "LF"},
            {"control_file": control, "encoding": "cp1250", "alphabet": "SEPA"},
        )
    ]
    assert rules[0] == ""
    assert len(set(rules)) == len(rules)
    assert control_rule(bank(control_file=control).layout) == rules[1]


def test_a_mistake_is_told_by_its_line() -> None:
    changed = deepcopy(parts())
    changed["layout"]["payment"][5] = {"value": "creditor_name", "widht": 40}
    with pytest.raises(ConfigError) as caught:
        profile_of(changed)
    assert "layout.payment.5.widht: is an unknown key; did you mean width? (line" in str(caught.value)
