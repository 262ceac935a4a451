"""Identifiers are compared in one form, however they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.person import SEPARATORS, account_key, bare, masked, person_key

LETTERS = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd")), min_size=1, max_size=35)
GAPS = st.text(st.sampled_from(SEPARATORS), max_size=3)


@given(LETTERS, st.data())
def test_separators_and_case_say_nothing(identifier: str, data: st.DataObject) -> None:
    written = "".join(letter + data.draw(GAPS) for letter in identifier)
    assert bare(written) == bare(identifier)
    assert bare(bare(written)) == bare(written)


@given(LETTERS.filter(str.isascii))
def test_capitals_and_small_letters_are_the_same(identifier: str) -> None:
    assert bare(identifier.lower()) == bare(identifier.upper()) == bare(identifier)


@given(LETTERS, LETTERS)
def test_what_differs_in_letters_or_digits_stays_different(one: str, other: str) -> None:
    if one.upper() != other.upper():
        assert bare(one) != bare(other)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("800101/1234", "NIDN:8001011234"),
        ("8001011234", "NIDN:8001011234"),
        ("80 01 01-1234", "NIDN:8001011234"),
        ("ab_12.3", "NIDN:AB123"),
        ("ñj-1", "NIDN:ÑJ1"),
        ("straße", "NIDN:STRAßE"),
    ],
)
def test_a_person(written: str, key: str) -> None:
    assert person_key("nidn", written) == key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("de66 1001 0010 0020 2600 01", "DE66100100100020260001"),
        ("kz/ab1/12-34 56", "KZ/AB1/123456"),
        ("KZ/AB1/12/34", "KZ/AB1/1234"),
        ("nidn:800101/1234", "NIDN:8001011234"),
    ],
)
def test_an_account(written: str, key: str) -> None:
    assert account_key(written) == key


@given(st.one_of(LETTERS, LETTERS.map(lambda i: f"NIDN:{i}")))
def test_a_masked_key_tells_two_letters_at_most(key: str) -> None:
    tail = key.rpartition(":")[2]
    shown = masked(key).rpartition(":")[2]
    assert len(shown.replace("*", "")) <= min(2, len(tail) // 2)
