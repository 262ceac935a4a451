"""The SEPA alphabet: nothing is lost in silence."""

# ruff: noqa: RUF001 - look-alike letters are what this is about

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.alphabet import TABLE, LetterError, to_code_page, to_sepa

SEPA = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]*")  # EPC217-08, chapter on the basic character set


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Jürgen Groß", "Juergen Gross"),
        ("Änne Öztürk-Übel", "Aenne Oeztuerk-Uebel"),
        ("Iğdır İstanbul ılık Şişli", "Igdir Istanbul ilik Sisli"),  # Turkish dotted and dotless i
        ("Əliyev Məmməd", "Eliyev Memmed"),  # Azeri; a common library writes "@liyev M@mm@d"
        ("Әлия Қасымқызы", "Aliya Qasymqyzy"),  # Kazakh
        ("Søren Ångström", "Soren Angstroem"),
        ("Łódź Škoda Ďurčo", "Lodz Skoda Durco"),
        ("Θεόδωρος Ψαρρός", "Theodoros Psarros"),
        ("Жеко Щерев", "Zheko Shterev"),
        ("O’Brien – Sons & Co_1", "O'Brien - Sons + Co-1"),
        ("Jose\u0301 Mun\u0303oz", "Jose Munoz"),  # decomposed spelling
        ("  Maria  ", "Maria"),
    ],
)
def test_names_as_banks_may_take_them(name: str, written: str) -> None:
    assert to_sepa(name) == written


@pytest.mark.parametrize("letter", ["中", "ا", "@", "#", "\n", "\t", "\x00", "€", "☃", "\u200d", "\u0307", "ก"])
def test_a_letter_without_a_place_is_named_by_number_only(letter: str) -> None:
    with pytest.raises(LetterError) as caught:
        to_sepa(f"Maria {letter} Muster")
    assert caught.value.letter == f"U+{ord(letter):04X}"
    assert "Maria" not in str(caught.value)


def test_the_table_leads_into_the_alphabet() -> None:
    for letter, written in TABLE.items():
        assert SEPA.fullmatch(written), f"U+{ord(letter):04X}"
        assert written or letter.isspace()


def test_every_letter_of_the_latin_european_blocks_has_a_place() -> None:
    letters = [chr(code) for code in range(0xC0, 0x180)]
    missing = [letter for letter in letters if letter.isalpha() and letter not in TABLE]
    assert not missing or set(missing) <= set("Ŀŀſ"), missing


@given(st.text(max_size=60))
def test_what_comes_out_is_sepa_and_no_visible_letter_is_lost(text: str) -> None:
    try:
        written = to_sepa(text)
    except LetterError:
        return
    assert SEPA.fullmatch(written)
    visible = [letter for letter in unicodedata.normalize("NFC", text) if not letter.isspace()]
    assert len(written.replace(" ", "")) >= len(visible)
    assert to_sepa(written) == written


@pytest.mark.parametrize(
    ("page", "name", "written"),
    [
        ("cp1254", "Iğdır İstanbul ılık Şişli", "Iğdır İstanbul ılık Şişli"),
        ("cp1254", "S\u0327is\u0327li", "Şişli"),  # decomposed spelling
        ("cp1254", "Əliyev Məmməd", "Eliyev Memmed"),
        ("cp1252", "Ayşe Yılmaz", "Ayse Yilmaz"),
        ("iso8859-9", "O’Brien – Şen", "O'Brien - Şen"),  # cp1254 has these signs, ISO 8859-9 has not
        ("cp1251", "Жеко Łódź", "Жеко Lodz"),
        ("iso8859-2", "Łódź Ørsted", "Łódź Orsted"),
        ("utf-8", "  Əliyev\u00a0Жеко ", "Əliyev Жеко"),
    ],
)
def test_a_code_page_keeps_its_own_letters_and_the_table_writes_the_others(page: str, name: str, written: str) -> None:
    assert to_code_page(name, page) == written


@pytest.mark.parametrize("letter", ["中", "\n", "\x00", "\x85", "\u200d", "\u00ad", "\ud800"])
@pytest.mark.parametrize("page", ["cp1254", "iso8859-2"])
def test_a_letter_that_neither_page_nor_table_has_is_refused(letter: str, page: str) -> None:
    with pytest.raises(LetterError, match=f"U\\+{ord(letter):04X} has no place in the {page} alphabet"):
        to_code_page(f"Ay{letter}e", page)


@given(st.text(max_size=20), st.sampled_from(["cp1254", "cp1252", "iso8859-9", "cp1251", "iso8859-2", "utf-8"]))
def test_what_a_code_page_takes_survives_it(text: str, page: str) -> None:
    try:
        written = to_code_page(text, page)
    except LetterError:
        return
    assert written.encode(page).decode(page) == written
    assert to_code_page(written, page) == written
    assert len("".join(written.split())) >= len("".join(unicodedata.normalize("NFC", text).split()))
