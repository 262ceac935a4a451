"""Ids: fixed values worked out with coreutils and the standard library's UUID, and the alphabet of SEPA."""

import uuid
from datetime import date
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import CannotRender, ConfigError
from gateway.domain.identity import (
    cancellation_id,
    end_to_end_id,
    is_cancellation_id,
    msg_id,
    msg_id_in,
    payment_information_id,
    reference_violations,
    tells_cancellation,
    uetr,
)

DAY = date(2026, 9, 21)
ORDER_IDS = st.text("ABCabc0123._/-", min_size=1, max_size=64)
SLUGS = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)


def test_end_to_end_id_is_the_value_coreutils_give() -> None:
    # printf 'esia\0SICK-2026-000123' | sha256sum | cut -c1-32 | xxd -r -p | base32
    assert end_to_end_id("esia", "SICK-2026-000123", 1) == "EQM5RHOC6AEP3RF6N54RPGRIHWAG1"
    assert end_to_end_id("esia", "SICK-2026-000123", 12) == "EQM5RHOC6AEP3RF6N54RPGRIHWAG12"


def test_source_and_order_id_are_not_run_together() -> None:
    assert end_to_end_id("ab", "c", 1) != end_to_end_id("a", "bc", 1)


@pytest.mark.parametrize("generation", [0, -1, 100])
def test_a_generation_beyond_two_digits_is_refused(generation: int) -> None:
    with pytest.raises(CannotRender, match="generation"):
        end_to_end_id("esia", "1", generation)


@given(st.text(min_size=1))
def test_uetr_is_the_uuid_the_standard_library_makes_of_the_digest(end_to_end: str) -> None:
    oracle = uuid.UUID(bytes=sha256(end_to_end.encode()).digest()[:16], version=4)
    assert uetr(end_to_end) == str(oracle)
    assert uuid.UUID(uetr(end_to_end)).version == 4


def test_msg_id_and_what_is_named_after_it() -> None:
    message = msg_id("alfa", DAY, 1, epoch=1)
    assert message == "G1ALFA260921S00001"
    assert payment_information_id(message) == "G1ALFA260921S00001P1"


def test_msg_id_takes_eight_letters_and_digits_of_the_slug() -> None:
    assert msg_id("sparda-bank-west", DAY, 99_999, epoch=99) == "G99SPARDABA260921S99999"


@pytest.mark.parametrize(("sequence", "epoch"), [(0, 1), (1_000_000_000, 1), (1, 0), (1, 100)])
def test_a_number_that_does_not_fit_its_digits_is_refused(sequence: int, epoch: int) -> None:
    with pytest.raises(CannotRender):
        msg_id("alfa", DAY, sequence, epoch=epoch)


def test_a_slug_without_letters_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError):
        msg_id("--", DAY, 1, epoch=1)


@given(ORDER_IDS, st.integers(1, 99), SLUGS, st.integers(1, 99_999), st.integers(1, 99))
def test_every_id_fits_every_bank(order_id: str, generation: int, slug: str, sequence: int, epoch: int) -> None:
    message = msg_id(slug, DAY, sequence, epoch=epoch)
    for made in (end_to_end_id("esia", order_id, generation), message, payment_information_id(message)):
        assert reference_violations(made) == []
        assert made.isalnum()
        assert made.isascii()
        assert made == made.upper()


@given(SLUGS, st.sets(st.tuples(st.integers(1, 99_999), st.integers(1, 99)), min_size=2))
def test_a_bank_never_sees_a_msg_id_twice(slug: str, numbers: set[tuple[int, int]]) -> None:
    assert len({msg_id(slug, DAY, sequence, epoch=epoch) for sequence, epoch in numbers}) == len(numbers)


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("", "reference.length"),
        ("A" * 36, "reference.length"),
        ("ORDER_1", "reference.alphabet"),
        ("GRÜN", "reference.alphabet"),
        ("/1", "reference.slash"),
        ("1/", "reference.slash"),
        ("1//2", "reference.slash"),
    ],
)
def test_what_sepa_forbids_in_a_reference(reference: str, rule: str) -> None:
    assert [violation.rule for violation in reference_violations(reference, "/ref")] == [rule]
    assert {violation.path for violation in reference_violations(reference, "/ref")} == {"/ref"}


def test_a_reference_may_use_the_whole_sepa_alphabet() -> None:
    assert reference_violations("aZ09/-?:().,'+ x") == []


@given(SLUGS, st.integers(1, 99), st.integers(1, 999_999_999))
def test_a_msg_id_is_found_in_the_file_name_and_the_block_that_begin_with_it(
    slug: str, epoch: int, sequence: int
) -> None:
    ours = msg_id(slug, DAY, sequence, epoch=epoch)
    assert msg_id_in([f"cannot parse {ours}.pain001.xml", f"block {payment_information_id(ours).lower()}"]) == ours


@pytest.mark.parametrize(
    "texts",
    [[], ["no id"], ["G1ALFA260921S00001", "G1ALFA260921S00002"], ["AG1ALFA260921S00001"], ["G1ALFA260921S0001"]],
)
def test_no_msg_id_or_several_are_none(texts: list[str]) -> None:
    assert msg_id_in(texts) is None


@given(SLUGS, st.integers(1, 99), st.integers(1, 999_999_999))
def test_the_id_of_a_wish_to_cancel_is_known_by_its_form_and_is_no_msg_id(slug: str, epoch: int, sequence: int) -> None:
    wish, file = cancellation_id(slug, DAY, sequence, epoch=epoch), msg_id(slug, DAY, sequence, epoch=epoch)
    assert reference_violations(wish) == []
    assert is_cancellation_id(wish)
    assert is_cancellation_id(wish.lower())
    assert tells_cancellation([f"cannot parse {wish}.camt055.xml"])
    assert msg_id_in([wish]) is None
    assert not is_cancellation_id(file)
    assert not tells_cancellation([file, payment_information_id(file), end_to_end_id("esia", file, 1)])
    assert not is_cancellation_id(None)
