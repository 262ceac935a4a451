"""Check digits: written as python-stdnum writes them, and every other one noticed by the reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.iso7064 import mod_11_2, mod_97_10

from bank_adapters.flat.check_digits import METHODS
from bank_adapters.flat.verify import holds, iban_of
from bank_adapters.profile.fields import CheckMethod
from tests.bank_adapters.fixed_width import IBANS

ORACLES = {
    "mod97": mod_97_10.calc_check_digits,
    "mod11": mod_11_2.calc_check_digit,
    "mod10": luhn.calc_check_digit,
}


@given(st.integers(0, 10**40), st.sampled_from(["mod97", "mod11", "mod10"]))
def test_they_are_those_of_another_library_and_no_other_holds(number: int, method: CheckMethod) -> None:
    digits = str(number)
    check = METHODS[method](digits)
    assert check == ORACLES[method](digits)
    others = (
        [f"{n:02d}" for n in range(2, 99)] if method == "mod97" else list("0123456789X"[: 10 + (method == "mod11")])
    )
    assert [one for one in others if holds(method, digits, one)] == [check]


@pytest.mark.parametrize("iban", IBANS)
def test_an_iban_is_made_whole_again(iban: str) -> None:
    assert iban_of("TR", iban[4:]) == iban
