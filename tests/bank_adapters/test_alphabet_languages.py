"""Every letter of every language's alphabet has a place everywhere; typed from the alphabets and others' tables."""

# ruff: noqa: RUF001, RUF003 - look-alike letters are what this is about

import unicodedata

import pytest
from text_unidecode import unidecode

from bank_adapters.alphabet import NAMES, LetterError, alphabet, to_sepa

ALPHABETS = {
    "Albanian": "abcçdeëfghijklmnopqrstuvxyz",
    "Azeri": "abcçdeəfgğhxıijkqlmnoöprsştuüvyz",
    "Catalan": "aàbcçdeéèfghiíïjklmnoóòpqrstuúüvwxyz",
    "Croatian": "abcčćdđefghijklmnoprsštuvzž",
    "Czech": "aábcčdďeéěfghiíjklmnňoópqrřsštťuúůvwxyýzž",
    "Danish": "abcdefghijklmnopqrstuvwxyzæøå",
    "Dutch": "abcdefghijklmnopqrstuvwxyzĳëïéèöü",
    "Esperanto": "abcĉdefgĝhĥijĵklmnoprsŝtuŭvz",
    "Estonian": "abdefghijklmnoprsšzžtuvõäöü",
    "Faroese": "aábdðefghiíjklmnoóprstuúvyýæø",
    "Finnish": "abcdefghijklmnopqrsštuvwxyzžåäö",
    "French": "aàâæbcçdeéèêëfghiîïjklmnoôœpqrstuùûüvwxyÿz",
    "German": "abcdefghijklmnopqrstuvwxyzäöüß",
    "Hungarian": "aábcdeéfghiíjklmnoóöőpqrstuúüűvwxyz",
    "Icelandic": "aábdðeéfghiíjklmnoóprstuúvxyýþæö",
    "Irish": "aábcdeéfghiíjklmnoópqrstuúvwxyz",
    "Italian": "aàbcdeéèfghiìlmnoòpqrstuùvz",
    "Kazakh, Latin (2021)": "aäbdefgğhiıjklmnñoöpqrsştuūüvyz",
    "Latvian": "aābcčdeēfgģhiījkķlļmnņoprsštuūvzž",
    "Lithuanian": "aąbcčdeęėfghiįyjklmnoprsštuųūvzž",
    "Maltese": "abċdefġghħijklmnopqrstuvwxżz",
    "Northern Sami": "aábcčdđefghijklmnŋoprsštŧuvzž",
    "Polish": "aąbcćdeęfghijklłmnńoóprsśtuwyzźż",
    "Portuguese": "aáâãàbcçdeéêfghiíjklmnoóôõpqrstuúvwxyz",
    "Romanian": "aăâbcdefghiîjklmnopqrsștțuvwxyz",
    "Skolt Sami": "aâbcčʒǯdđefgǧǥhijkǩlmnŋoõprsštuvzžåä",
    "Slovak": "aáäbcčdďeéfghiíjklĺľmnňoóôpqrŕsštťuúvwxyýzž",
    "Slovene": "abcčdefghijklmnoprsštuvzž",
    "Spanish": "aábcdeéfghiíjklmnñoópqrstuúüvwxyz",
    "Swedish": "abcdefghijklmnopqrstuvwxyzåäö",
    "Turkish": "abcçdefgğhıijklmnoöprsştuüvyzâîû",
    "Turkmen": "abçdeäfghijžklmnňoöprsştuüwyýz",
    "Vietnamese": "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ",
    "Welsh": "aâbcdeêfghiîjlmnoôprstuûwŵyŷ",
    "Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
    "Bashkir": "абвгғдҙеёжзийкҡлмнңоөпрсҫтуүфхһцчшщъыьэәюя",
    "Belarusian": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "Bulgarian": "абвгдежзийклмнопрстуфхцчшщъьюя",
    "Kazakh, Cyrillic": "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя",
    "Kyrgyz": "абвгдеёжзийклмнңоөпрстуүфхцчшщъыьэюя",
    "Macedonian": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "Russian": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "Serbian": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "Tajik": "абвгғдеёжзиӣйкқлмнопрстуӯфхҳчҷшъэюя",
    "Tatar": "аәбвгдеёжҗзийклмнңоөпрстуүфхһцчшщъыьэюя",
    "Ukrainian": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "Uzbek, Cyrillic": "абвгғдеёжзийкқлмнопрстуўфхҳцчшъэюя",
}
CAPITALS_OF_TURKISH = "ABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZÂÎÛ"


@pytest.mark.parametrize("language", ALPHABETS)
def test_every_letter_of_a_language_has_a_place_in_every_alphabet(language: str) -> None:
    letters = ALPHABETS[language]
    for name in NAMES:
        for letter in {*letters, *(one.upper() for one in letters if len(one.upper()) == 1)}:
            assert alphabet(name).write(letter).strip(), f"{name} U+{ord(letter):04X}"


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("cp1254", ["Turkish", "German", "French", "Spanish", "Italian", "Swedish", "Danish"]),
        ("iso8859-9", ["Turkish", "German", "Spanish", "Italian", "Swedish", "Danish"]),
        ("cp1026", ["Turkish"]),
        ("iso8859-2", ["Polish", "Czech", "Slovak", "Hungarian", "Croatian", "Slovene", "German"]),
        ("cp1251", ["Russian", "Bulgarian", "Ukrainian", "Belarusian", "Serbian", "Macedonian"]),
        ("cp866", ["Russian", "Belarusian"]),
        ("kz1048", ["Kazakh, Cyrillic", "Russian"]),
        ("cp1253", ["Greek"]),
        ("utf-8", list(ALPHABETS)),
    ],
)
def test_a_page_keeps_the_letters_of_its_own_languages(name: str, languages: list[str]) -> None:
    for language in languages:
        changed = [letter for letter in ALPHABETS[language] if alphabet(name).write(letter) != letter]
        assert changed == ["і"] * (name == "cp866" and language == "Belarusian"), language  # cp866 has no і


def test_turkish_capitals_are_turkish() -> None:
    for name in ("cp1254-upper", "iso8859-9-upper", "cp857-upper", "cp1026-upper", "utf-8-tr-upper"):
        assert alphabet(name).write(ALPHABETS["Turkish"]) == CAPITALS_OF_TURKISH


@pytest.mark.parametrize(
    ("name", "language", "written"),
    [
        # EPC217-08, conversion table, rows U+0391 to U+03CE and U+0410 to U+044F
        ("SEPA", "Greek", "a v g d e z i th i k l m n x o p r s s t y f ch ps o a e i i o y o i y i y"),
        ("SEPA", "Bulgarian", "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y yu ya"),
        # BGN/PCGN 1947; е and ё as in passports; a sign that follows no consonant as EPC217-08
        ("SEPA-ru", "Russian", "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch a y y e yu ya"),
        # The Kazakh Latin alphabet of 2021 for ә ғ қ ң ө ұ ү һ і, without its accents
        (
            "SEPA-ru",
            "Kazakh, Cyrillic",
            "a a b v g g d e e zh z i y k q l m n n o o p r s t u u u f kh h ts ch sh shch a y i y e yu ya",
        ),
        ("SEPA-tr", "Azeri", "a b c c d e e f g g h x i i j k q l m n o o p r s s t u u v y z"),
        ("SEPA", "German", "a b c d e f g h i j k l m n o p q r s t u v w x y z ae oe ue ss"),
        ("SEPA", "Icelandic", "a a b d d e e f g h i i j k l m n o o p r s t u u v x y y th ae oe"),
    ],
)
def test_an_alphabet_letter_by_letter(name: str, language: str, written: str) -> None:
    assert [alphabet(name).write(letter) for letter in ALPHABETS[language]] == written.split()


EPC217_08 = {
    "A": "ÀÁÂÃÄÅÆĀĂĄ",
    "C": "ÇĆĈĊČ",
    "D": "ĎĐ",
    "E": "ÈÉÊËĒĔĖĘĚ",
    "G": "ĜĞĠĢ",
    "H": "ĤĦ",
    "I": "ÌÍÎÏĨĪĬĮİĲ",
    "J": "Ĵ",
    "K": "Ķ",
    "L": "ĹĻĽĿŁ",
    "N": "ÑŃŅŇ",
    "O": "ÒÓÔÕÖØŐŒ",
    "R": "ŔŖŘ",
    "S": "ŚŜŞŠȘ",
    "T": "ŢŤŦȚ",
    "U": "ÙÚÛÜŨŪŬŮŰŲ",
    "W": "Ŵ",
    "Y": "ÝŶŸ",
    "Z": "ŹŻŽ",
    "(": "[{",
    ")": "]}",
    "/": "\\|",
    "-": "_~",
    ",": ";",
    "?": "¿",
    "'": "`",
}
"""Its conversion table to the basic set, where that is a letter or a likeness and not a full stop."""
OTHERWISE = {"Ä": "Ae", "Æ": "Ae", "Ĳ": "IJ", "Ö": "Oe", "Œ": "Oe", "Ü": "Ue"}
"""Umlauts as German banks write them; ligatures keep both of their letters."""


def test_epc217_08_is_followed_but_for_umlauts_and_ligatures() -> None:
    different = {
        letter: to_sepa(letter) for basic, row in EPC217_08.items() for letter in row if to_sepa(letter) != basic
    }
    assert different == OTHERWISE


UNIDECODE_DIFFERS = {
    **dict.fromkeys("ÄäÖöÜüǕǖǗǘǙǚǛǜǞǟȪȫ", "German umlauts stay recognisable"),
    **dict.fromkeys("ƏəƎǝ", "the library writes an at sign or a digit for the schwa of Azeri"),
    **dict.fromkeys("ƄƅƧƨƼƽ", "the library writes digits for the tone letters of Zhuang"),
    **dict.fromkeys("ŊŋŉƢƣƦƱƷǮǯ", "by shape or value, not by the English reading of its Unicode name"),
    **dict.fromkeys("ỺỻỼỽỾỿ", "the library does not know them"),
}


def test_latin_letters_are_those_of_another_table_but_for_what_is_listed() -> None:
    codes = (*range(0xC0, 0x250), 0x259, 0x292, *range(0x1E00, 0x1F00), *range(0xFB00, 0xFB07))
    differ = set()
    for letter in (chr(code) for code in codes if chr(code).isalpha()):
        try:
            written = to_sepa(letter)
        except LetterError:
            continue
        if written.casefold() != unidecode(letter).casefold().strip():
            differ.add(letter)
    assert differ == set(UNIDECODE_DIFFERS)


def test_a_letter_with_marks_is_its_own_letter_without_them() -> None:
    """Unicode's decomposition is the witness; umlauts are the exception."""
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base, *marks = list(unicodedata.normalize("NFD", chr(code)))
        umlaut = marks[:1] == ["\u0308"] and base in "AOUaou"
        if marks and base.isascii():
            assert to_sepa(chr(code)) == base + ("e" if umlaut else ""), f"U+{code:04X}"
