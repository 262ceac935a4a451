"""Canonical JSON against RFC 8785 itself and against an independent writer; strict reading; digests against hashlib."""

import json
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.digest import (
    MAX_INTEGER,
    PaymentsDigest,
    canonical,
    chunk_digests,
    order_digest,
    parse_object,
)
from gateway.domain.errors import Refused
from tests.domain.orders import sick_pay

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def rfc8785(value: object) -> str:
    """Write what RFC 8785 section 3.2 says, letter by letter."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(SHORT.get(c, f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(rfc8785, value)) + "]"
    assert isinstance(value, dict)
    keys = sorted(value, key=lambda key: list(memoryview(key.encode("utf-16-le")).cast("H")))
    return "{" + ",".join(f"{rfc8785(key)}:{rfc8785(value[key])}" for key in keys) + "}"


@given(JSON)
@example({"\ufb33": 1, "\U0001f600": 2})
@example({"a": {"\ufb33": 1, "\U0001f600": [{"\U0001f600": 1, "\uffff": 0}]}})
@example('\x00\x1f\x7f\u2028\u2029/\\"é')
def test_canonical_equals_the_independent_writer(value: object) -> None:
    assert canonical(value) == rfc8785(value).encode()


def test_keys_sort_as_in_the_example_of_the_standard() -> None:
    # RFC 8785 section 3.2.3
    document = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical(document)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_strings_are_written_as_in_the_example_of_the_standard() -> None:
    # RFC 8785 section 3.2.2, the "string" member
    value = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"
    assert canonical(value) == b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'


@given(JSON)
def test_canonical_is_read_back_as_the_same_value(value: object) -> None:
    assert json.loads(canonical(value)) == value


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (1.5, "json.number"),
        ({"a": [1.0]}, "json.number"),
        (MAX_INTEGER + 1, "json.number"),
        (-MAX_INTEGER - 1, "json.number"),
        ({"a": (1,)}, "json.number"),
        ({1: "a"}, "json.key"),
        ("\ud800", "json.surrogate"),
        ({"\udc00": 1}, "json.surrogate"),
    ],
)
def test_what_canonical_json_cannot_carry_is_refused(value: object, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        canonical(value)
    assert [violation.rule for violation in refusal.value.violations] == [rule]


@given(st.dictionaries(TEXT, st.none() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT | st.lists(TEXT)))
def test_an_object_is_read_as_the_standard_library_reads_it(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b'{"a":"\xff"}', "json.utf8"),
        (b'{"a":"\xed\xa0\x80"}', "json.utf8"),
        ('{"a":1}'.encode("utf-16"), "json.utf8"),
        (b'\xef\xbb\xbf{"a":1}', "json.syntax"),
        (b"", "json.syntax"),
        (b"SECRET", "json.syntax"),
        (b'{"a":1}{"b":2}', "json.syntax"),
        (b'{"a":1,}', "json.syntax"),
        (b"{'a':1}", "json.syntax"),
        (b'{"a":"\n"}', "json.syntax"),
        (b'{"a":1,"SECRET":2,"SECRET":2}', "json.duplicate-key"),
        (b'{"a":{"b":1,"b":1}}', "json.duplicate-key"),
        (b'{"a":1.0}', "json.number"),
        (b'{"a":1e2}', "json.number"),
        (b'{"a":NaN}', "json.number"),
        (b'{"a":-Infinity}', "json.number"),
        (b'{"a":9007199254740993}', "json.integer"),
        (b'{"a":-9007199254740993}', "json.integer"),
        (b'{"a":' + b"9" * 5000 + b"}", "json.integer"),
        (b'{"a":"\\ud800"}', "json.surrogate"),
        (b'{"\\udc00\\ud800":1}', "json.surrogate"),
        (b'{"a":{"b":{"c":{"d":{}}}}}', "json.depth"),
        (b'{"a":[[[[]]]]}', "json.depth"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json.depth"),
        (b"[" * 100_000, "json.depth"),
        (b"[]", "json.object"),
        (b'"SECRET"', "json.object"),
        (b"null", "json.object"),
    ],
)
def test_a_line_that_cannot_be_read_names_its_rule_and_nothing_of_its_content(line: bytes, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_object(line)
    assert [violation.rule for violation in refusal.value.violations] == [rule]
    assert "SECRET" not in repr(refusal.value) + repr(refusal.value.violations)
    assert refusal.value.__context__ is None


def test_the_limits_themselves_are_readable() -> None:
    assert parse_object(b'{"a":9007199254740992,"b":-9007199254740992,"c":"\\ud83d\\ude00"}') == {
        "a": MAX_INTEGER,
        "b": -MAX_INTEGER,
        "c": "\U0001f600",
    }
    assert parse_object(b'{"a":{"b":{"c":{}}}}') == {"a": {"b": {"c": {}}}}
    assert parse_object(b'{"a":{}}', max_depth=2) == {"a": {}}


def test_the_order_digest_does_not_depend_on_how_the_line_was_written() -> None:
    document = sick_pay()
    loose = json.dumps(dict(reversed(document.items())), indent=2, ensure_ascii=True).encode()
    tight = rfc8785(document).encode()
    assert order_digest(canonical(parse_object(loose))) == sha256(tight).digest()


@pytest.mark.parametrize("number", [0, 1, 1023, 1024, 1025, 2048, 2500])
def test_a_chunk_digest_covers_1024_order_digests(number: int) -> None:
    digests = [sha256(bytes([i % 256, i // 256])).digest() for i in range(number)]
    expected = [sha256(b"".join(digests[i : i + 1024])).hexdigest() for i in range(0, number, 1024)]
    assert list(chunk_digests(iter(digests))) == expected


def test_chunk_digests_read_no_further_than_asked() -> None:
    source = count()
    endless = (bytes([number % 256]) * 32 for number in source)
    next(chunk_digests(endless))
    assert next(source) == 1024


def test_the_payments_digest_is_that_of_its_lines() -> None:
    digest = PaymentsDigest()
    digest.add("E1", "DE89370400440532013000", 51240, "EUR")
    digest.add("E2", "NIDN:Ж1", 7, "KZT")
    # printf 'E1|DE89370400440532013000|51240|EUR\nE2|NIDN:Ж1|7|KZT\n' | sha256sum
    assert digest.hexdigest() == "80cd81f76c326b42856fa4b1d88fecef5d770497c5aabb123bec76e07dd2af33"
    assert (digest.count, digest.sum) == (2, 51247)


def test_payments_added_together_are_payments_added_one_by_one() -> None:
    one_by_one, together = PaymentsDigest(), PaymentsDigest()
    for name, account, minor in (("E1", "DE1", 5), ("E2", "DE2", 70), ("E3", "DE3", 900)):
        one_by_one.add(name, account, minor, "EUR")
    together.extend(["E1", "E2"], ["DE1", "DE2"], [5, 70], "EUR")
    together.extend(["E3"], ["DE3"], [900], "EUR")
    assert (together.hexdigest(), together.count, together.sum) == (one_by_one.hexdigest(), 3, 975)
    with pytest.raises(ValueError, match="shorter"):
        together.extend(["E4"], [], [1], "EUR")


def test_an_empty_payments_digest_is_that_of_nothing() -> None:
    assert PaymentsDigest().hexdigest() == sha256(b"").hexdigest()
