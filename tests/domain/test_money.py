"""Money: exact both ways, against decimal."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.money import EXPONENT, AmountError, Money, format_minor, parse_minor, totals

CURRENCIES = st.sampled_from(sorted(EXPONENT))
MINOR = st.integers(1, 10**15 - 1)
# ISO 4217, list one: decimals other than 2
NOT_TWO = {"ISK": 0, "JPY": 0, "KWD": 3, "BHD": 3, "TND": 3}


def test_the_decimals_are_those_of_iso_4217() -> None:
    assert {currency: exponent for currency, exponent in EXPONENT.items() if exponent != 2} == NOT_TWO


@given(MINOR, CURRENCIES)
def test_an_amount_survives_writing_and_reading(minor: int, currency: str) -> None:
    assert parse_minor(format_minor(minor, currency), currency) == minor


@given(st.integers(-(10**15), 10**15), CURRENCIES)
def test_an_amount_is_written_as_decimal_writes_it(minor: int, currency: str) -> None:
    assert format_minor(minor, currency) == f"{Decimal(minor).scaleb(-EXPONENT[currency]):f}"


@given(st.decimals("0.001", 10**14, places=3), CURRENCIES)
def test_an_amount_is_read_as_decimal_reads_it(value: Decimal, currency: str) -> None:
    text = f"{value.normalize():f}"
    scaled = value.scaleb(EXPONENT[currency])
    if scaled == scaled.to_integral_value():
        assert parse_minor(text, currency) == int(scaled)
    else:
        with pytest.raises(AmountError) as error:
            parse_minor(text, currency)
        assert error.value.rule == "amount.decimals"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("0", "amount.zero"),
        ("0.00", "amount.zero"),
        ("1.234", "amount.decimals"),
        ("0.000", "amount.decimals"),
        ("-1", "amount.format"),
        ("+1", "amount.format"),
        ("1e2", "amount.format"),
        ("NaN", "amount.format"),
        ("Infinity", "amount.format"),
        ("", "amount.format"),
        ("1.", "amount.format"),
        (".5", "amount.format"),
        ("01", "amount.format"),
        ("1,5", "amount.format"),
        (" 1", "amount.format"),
        ("1\n", "amount.format"),
        ("1_000", "amount.format"),
        ("\N{ARABIC-INDIC DIGIT ONE}", "amount.format"),
        ("1" * 16, "amount.format"),
        (1, "amount.format"),
        (True, "amount.format"),
        (None, "amount.format"),
        (Decimal(1), "amount.format"),
    ],
)
def test_what_is_not_an_amount(text: object, rule: str) -> None:
    with pytest.raises(AmountError) as error:
        parse_minor(text, "EUR")
    assert error.value.rule == rule


def test_an_unknown_currency_has_no_amounts() -> None:
    with pytest.raises(AmountError) as error:
        parse_minor("1", "XXX")
    assert error.value.rule == "currency.unknown"


@given(st.text(max_size=12), CURRENCIES)
def test_any_text_is_read_or_refused_without_being_repeated(text: str, currency: str) -> None:
    try:
        minor = parse_minor(text, currency)
    except AmountError as error:
        said = str(error)
    else:
        said = ""
        assert minor > 0
    assert len(text) < 4 or text not in said


@given(st.lists(st.builds(Money, MINOR, CURRENCIES)))
def test_totals_add_each_currency_by_itself(amounts: list[Money]) -> None:
    sums = totals(amounts)
    assert list(sums) == sorted({money.currency for money in amounts})
    assert all(sums[c] == sum(money.minor for money in amounts if money.currency == c) for c in sums)


def test_money_prints_with_its_currency() -> None:
    assert [str(Money(51240, "EUR")), str(Money(7, "JPY")), str(Money(-5, "EUR"))] == [
        "512.40 EUR",
        "7 JPY",
        "-0.05 EUR",
    ]
