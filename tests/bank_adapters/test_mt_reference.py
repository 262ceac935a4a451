"""References of sixteen letters: reversible, never the same twice, and told from any other text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from bank_adapters.mt.reference import LENGTH, PLACES_MAX, named, named_in, stem
from gateway.domain.errors import CannotRender
from gateway.domain.identity import msg_id
from tests.bank_adapters.mt_bank import MSG_ID

SLUGS = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
MSG_IDS = st.builds(
    lambda slug, on, number, epoch: (slug, msg_id(slug, on, number, epoch=epoch)),
    SLUGS,
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.integers(1, 999_999_999),
    st.integers(1, 99),
)


@given(MSG_IDS, st.integers(1, PLACES_MAX), st.integers(1, PLACES_MAX))
def test_it_names_message_and_place_again(ours: tuple[str, str], place: int, number: int) -> None:
    slug, name = ours
    made = stem(name, slug)
    payment, message = made.of_payment(place), made.of_message(number)
    for text in (payment, message):
        assert len(text) == LENGTH
        assert mod_37_36.is_valid(text)
        assert text.isascii()
        assert text.isalnum()
    found = named(payment, slug)
    assert found is not None
    assert (found.msg_id, found.position) == (name, place)
    whole = named(message, slug)
    assert whole is not None
    assert (whole.msg_id, whole.position) == (name, None)


def test_no_two_payments_or_messages_of_a_submission_share_one() -> None:
    made = stem(MSG_ID, "danube")
    places = range(1, PLACES_MAX + 1)
    assert len({*map(made.of_payment, places), *map(made.of_message, places)}) == 2 * PLACES_MAX


def test_it_is_as_worked_out_by_hand() -> None:
    # 2026-09-21 is 9,760 days after 2000-01-01: 7J4 in base 36; the check character is python-stdnum's.
    assert stem(MSG_ID, "danube").of_payment(1) == "R017J4000001001C"
    assert stem(MSG_ID, "danube").of_message(2) == "R017J4000001FFM4"


@given(st.integers(0, 15), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_a_wrong_letter_names_nothing(place: int, letter: str) -> None:
    right = stem(MSG_ID, "danube").of_payment(77)
    wrong = right[:place] + letter + right[place + 1 :]
    assert (named(wrong, "danube") is None) == (wrong != right)


@pytest.mark.parametrize("text", [None, "", "R", "NONREF", "R017J4000001001", "r017j4000001001c", "R017J4000001001C "])
def test_another_text_names_nothing(text: str | None) -> None:
    assert named(text, "danube") is None


def test_a_right_check_character_is_not_enough() -> None:
    for body in ("R007J4000001001", "RZZ7J4000001001", "R01ZZZ000001001", "R017J4ZZZZZZ001", "R017J4000000001"):
        assert named(body + mod_37_36.calc_check_digit(body), "danube") is None


@pytest.mark.parametrize("name", ["M1", "G1DANUBE261321S00001", "G1ALFA260921S00001", "G1DANUBE260921S000001", ""])
def test_a_msg_id_of_another_form_or_bank_is_refused(name: str) -> None:
    with pytest.raises(CannotRender, match="not of the form"):
        stem(name, "danube")


def test_in_texts_it_is_found_once_or_not_at_all() -> None:
    one, other = stem(MSG_ID, "danube").of_payment(1), stem(MSG_ID, "danube").of_payment(2)
    found = named_in([f"EFT {one.lower()} to M"], "danube")
    assert found is not None
    assert found.position == 1
    assert named_in([f"{one} {other}"], "danube") is None
    assert named_in([f"X{one}"], "danube") is None
