"""IBANs against schwifty and python-stdnum, which read the SWIFT registry independently of this code."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum import iban as stdnum_iban

from gateway.domain.iban import all_valid, bank_code, iban_violations
from gateway.domain.iban_registry import FORMATS
from tests.domain.iban_rows import rows, schwifty_formats, stdnum_structure

# Examples of the SWIFT IBAN registry, with the bank code it names
EXAMPLES = {
    "DE89370400440532013000": "37040044",
    "GB29NWBK60161331926819": "NWBK",
    "FR1420041010050500013M02606": "20041",
    "ES9121000418450200051332": "2100",
    "IT60X0542811101000000123456": "05428",
    "TR330006100519786457841326": "00061",
    "KZ86125KZT5004100100": "125",
    "AZ21NABZ00000000137010001944": "NABZ",
    "NO9386011117947": "8601",
    "MT84MALT011000012345MTLCAST001S": "MALT",
    "GR1601101250000000012300695": "011",
    "CH9300762011623852957": "00762",
    "SE4550000000058398257466": "500",
}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
NEWER_IN_SCHWIFTY = {"BR"}
"""schwifty 2026.10.1 lets Brazil's bank and branch codes hold letters; python-stdnum 2.2 still has digits only."""
CLASSES = {"n": DIGITS, "a": LETTERS, "c": DIGITS + LETTERS}


@st.composite
def ibans(draw: st.DrawFn) -> str:
    """Draw an IBAN of any country; the check digits are schwifty's arithmetic, not ours."""
    country = draw(st.sampled_from(sorted(FORMATS)))
    body, number = "", ""
    for char in FORMATS[country].structure:
        if char.isdigit():
            number += char
        else:
            body += draw(st.text(CLASSES[char], min_size=int(number), max_size=int(number)))
            number = ""
    return str(IBAN.from_bban(country, body, validate_bban=False, allow_invalid=True))


def rules(iban: str) -> list[str]:
    return [violation.rule for violation in iban_violations(iban)]


def test_the_table_is_what_the_generator_prints() -> None:
    assert {c: tuple(form) for c, form in FORMATS.items()} == {c: tuple(rest) for c, *rest in rows()}


@pytest.mark.parametrize("country", sorted(FORMATS))
def test_a_row_is_consistent_and_both_registries_agree(country: str) -> None:
    form = FORMATS[country]
    lengths = form.structure.replace("n", " ").replace("a", " ").replace("c", " ").split()
    assert form.length == 4 + sum(map(int, lengths)) == schwifty_formats()[country]["iban_length"]
    assert 4 <= form.bank.start < form.bank.stop <= form.length
    if country not in NEWER_IN_SCHWIFTY:
        assert _widths(form.structure) == _widths((stdnum_structure(country) or "").replace("!", ""))


def _widths(structure: str) -> list[str]:
    """Return the class of each place, so that 4n4n and 8n compare equal."""
    places, number = [], ""
    for char in structure:
        if char.isdigit():
            number += char
        else:
            places += [char] * int(number)
            number = ""
    return places


@pytest.mark.parametrize(("iban", "bank"), EXAMPLES.items())
def test_examples_of_the_registry_are_valid_and_show_their_bank(iban: str, bank: str) -> None:
    assert iban_violations(iban) == []
    assert bank_code(iban) == (iban[:2], bank)


@given(st.lists(ibans(), max_size=5), st.data())
def test_many_are_valid_where_each_is(good: list[str], data: st.DataObject) -> None:
    assert all_valid(good)
    changed = data.draw(st.sampled_from(good or [""]))
    place = data.draw(st.integers(0, max(len(changed) - 1, 0)))
    changed = changed[:place] + data.draw(st.sampled_from("0159AZa\n ")) + changed[place + 1 :]
    assert all_valid([*good, changed]) == (iban_violations(changed) == [])
    assert not all_valid([*good, f"{good[0]}\n{good[0]}" if good else "\n"])


@given(ibans())
def test_what_the_oracles_build_is_valid(iban: str) -> None:
    assert iban_violations(iban) == []
    assert iban[:2] in NEWER_IN_SCHWIFTY or stdnum_iban.is_valid(iban, check_country=False)
    assert bank_code(iban) == (iban[:2], IBAN(iban, allow_invalid=True).bank_code)


@given(ibans(), st.data())
def test_one_changed_character_is_found_whenever_the_oracle_finds_it(iban: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(2, len(iban) - 1))
    changed = iban[:place] + data.draw(st.sampled_from(DIGITS + LETTERS)) + iban[place + 1 :]
    assume(iban[:2] not in NEWER_IN_SCHWIFTY)
    assume(changed[2:4] not in {"00", "01", "99"})  # never issued (ISO 13616: 02..98); python-stdnum lets them pass
    assert (iban_violations(changed) == []) == stdnum_iban.is_valid(changed, check_country=False)


@given(st.text(max_size=40) | st.text(DIGITS + LETTERS, max_size=40))
def test_nothing_is_valid_that_schwifty_refuses(text: str) -> None:
    try:
        IBAN(text)
    except SchwiftyException:
        assert iban_violations(text) != []


@pytest.mark.parametrize(
    ("iban", "expected"),
    [
        ("", ["iban.alphabet"]),
        ("de89370400440532013000", ["iban.alphabet"]),
        ("DE89 3704 0044 0532 0130 00", ["iban.alphabet"]),
        ("DE89370400440532013000\n", ["iban.alphabet"]),
        ("DEX9370400440532013000", ["iban.alphabet"]),
        ("DE8937040044053201300\N{FULLWIDTH DIGIT ZERO}", ["iban.alphabet"]),
        ("DE" + "1" * 40, ["iban.alphabet"]),
        ("US12345678901234", ["iban.country", "iban.check-digits"]),
        ("DE8937040044053201300", ["iban.length", "iban.check-digits"]),
        ("DE893704004405320130001", ["iban.length", "iban.check-digits"]),
        ("DE88370400440532013000", ["iban.check-digits"]),
        ("DE98370400440532013000", ["iban.check-digits"]),
        ("DE62370400440532O13000", ["iban.structure", "iban.check-digits"]),
    ],
)
def test_each_broken_rule_is_named(iban: str, expected: list[str]) -> None:
    assert rules(iban) == expected


@pytest.mark.parametrize("issued", [97, 98])
def test_check_digits_outside_02_to_98_are_refused_though_they_are_congruent(issued: int) -> None:
    body = next(
        number for n in range(10_000) if (number := f"{n:018d}") and _remainder(f"{number}131400") == 98 - issued
    )
    assert rules(f"DE{issued}{body}") == []
    assert rules(f"DE{issued - 97:02d}{body}") == ["iban.check-digits"]


def _remainder(digits: str) -> int:
    """Divide by 97 digit by digit, as on paper."""
    rest = 0
    for digit in digits:
        rest = (rest * 10 + int(digit)) % 97
    return rest


def test_violations_carry_the_path_and_never_the_number() -> None:
    for iban in ("DE88370400440532013000", "US12345678901234", "DE8937040044053201300", "XX-SECRET"):
        for violation in iban_violations(iban, "/creditorAccount/iban"):
            assert violation.path == "/creditorAccount/iban"
            assert iban[4:] not in violation.text
