"""Money: integers only, one currency at a time, and a text that reads back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botyard.money import Money, MoneyError, exponent

CURRENCIES = ["GBP", "EUR", "USD", "XTR", "JPY", "KWD", "CLF"]
amounts = st.integers(min_value=-(2**63), max_value=2**63 - 1)
currencies = st.sampled_from(CURRENCIES)


@given(amounts, currencies)
def test_text_reads_back(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.parse(str(money)) == money


@given(st.integers(-(2**61), 2**61), st.integers(-(2**61), 2**61), currencies)
def test_sum_is_the_sum_of_the_smallest_units(one: int, other: int, currency: str) -> None:
    total = Money(one, currency) + Money(other, currency)
    assert total == Money(one + other, currency)
    assert total - Money(other, currency) == Money(one, currency)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(14700, "GBP"), "147.00 GBP"),
        (Money(5, "GBP"), "0.05 GBP"),
        (Money(-5, "GBP"), "-0.05 GBP"),
        (Money(-12345, "KWD"), "-12.345 KWD"),
        (Money(9500, "XTR"), "9500 XTR"),
        (Money(1200, "JPY"), "1200 JPY"),
        (Money(0, "EUR"), "0.00 EUR"),
    ],
)
def test_text(money: Money, text: str) -> None:
    assert str(money) == text


def test_fewer_decimal_places_are_enough() -> None:
    assert Money.parse("147 GBP") == Money.parse("147.0 GBP") == Money(14700, "GBP")


@pytest.mark.parametrize(
    "text",
    [
        "", "147", "GBP", "GBP 147", "147.00GBP", "147,00 GBP", "1,470.00 GBP", "147.005 GBP", "1.5 XTR",
        "1. GBP", ".5 GBP", "+1 GBP", "--1 GBP", "1e3 GBP", "١٢ GBP", "nan GBP", "1 gbp", "1 GBPX", "1 £",
        " 1 GBP", "1 GBP ", "1  GBP", "1 GBP\n", "9" * 19 + " GBP", "9" * 5000 + " GBP",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(text)


@pytest.mark.parametrize("amount", [1.0, True, "1", None, 2**63, -(2**63) - 1])
def test_amount_is_an_integer_of_64_bits(amount: object) -> None:
    with pytest.raises(MoneyError):
        Money(amount, "GBP")  # type: ignore[arg-type]  # what a careless caller might pass


@pytest.mark.parametrize("currency", ["", "gbp", "GB", "GBPP", "G1P", "ÄÖÜ"])
def test_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(MoneyError):
        Money(1, currency)


def test_currencies_do_not_mix() -> None:
    with pytest.raises(MoneyError, match="GBP and EUR"):
        Money(1, "GBP") + Money(1, "EUR")
    with pytest.raises(MoneyError, match="GBP and XTR"):
        Money(1, "GBP") - Money(1, "XTR")
    assert Money(100, "JPY") != Money(100, "XTR")


def test_the_sum_stays_within_64_bits() -> None:
    with pytest.raises(MoneyError, match="64 bits"):
        Money(2**63 - 1, "GBP") + Money(1, "GBP")


def test_exponents() -> None:
    assert [exponent(currency) for currency in CURRENCIES] == [2, 2, 2, 0, 0, 3, 4]
