"""Prices, lengths and days in the member's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from botyard.features.billing import words
from botyard.money import Money


@dataclass(frozen=True)
class Lasting:
    days: int | None = None
    months: int | None = None


@pytest.mark.parametrize(
    ("money", "language", "said"),
    [
        (Money(14700, "GBP"), "en", "£147.00"),
        (Money(14700, "GBP"), "de", "147,00\xa0£"),
        (Money(123456, "EUR"), "fr", "1\u202f234,56\xa0€"),
        (Money(9500, "XTR"), "en", "9,500 ⭐"),
        (Money(9500, "XTR"), "de", "9.500 ⭐"),
        (Money(5000, "JPY"), "en", "¥5,000"),
        (Money(1234, "KWD"), "de", "1,234\xa0KWD"),
        (Money(5, "GBP"), None, "£0.05"),
        (Money(5, "GBP"), "tlh", "£0.05"),
    ],
)
def test_a_price_is_written_as_people_write_it(money: Money, language: str | None, said: str) -> None:
    assert words.price(money, language) == said


@pytest.mark.parametrize(
    ("what", "language", "said"),
    [
        (Lasting(months=1), "en", "1 month"),
        (Lasting(months=3), "en", "3 months"),
        (Lasting(months=3), "ru", "3 месяца"),
        (Lasting(months=12), "en", "1 year"),
        (Lasting(months=18), "en", "18 months"),
        (Lasting(days=30), "de", "30 Tage"),
        (Lasting(days=14), "pt-br", "14 dias"),
        (Lasting(months=3), "it", "3 mesi"),
        (Lasting(months=24), "pt", "2 anos"),
        (Lasting(days=400), "en", "400 days"),
        (Lasting(), "en", ""),
    ],
)
def test_a_length_is_in_words(
    what: Lasting, language: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "WRITTEN", {language.partition("-")[0]})
    assert words.length(what, language) == said


def test_words_are_in_the_language_of_the_text_around_them() -> None:
    assert words.length(Lasting(months=3), "de") == "3 months"
    assert words.day(datetime(2027, 3, 3, tzinfo=UTC), "ja") == "March 3, 2027"


def test_days_and_moments_are_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "WRITTEN", {"de", "en"})
    at = datetime(2027, 3, 3, 14, 5, tzinfo=UTC)
    assert words.day(at, "de") == "3. März 2027"
    assert words.moment(at, "en") == "March 3, 2027, 14:05 UTC"
    assert (words.perk("max_devices=3"), words.perk("signals")) == ("max devices: 3", "signals")
    assert words.currency_name("GBP", "en") == "£ British Pound"
    assert words.currency_name("XTR", "en") == "⭐ Telegram Stars"


@pytest.mark.parametrize(
    ("language", "among", "currency"),
    [
        ("de", {"GBP", "EUR", "XTR"}, "EUR"),
        ("de-ch", {"GBP", "EUR", "CHF"}, "CHF"),
        ("en-gb", {"GBP", "EUR", "USD"}, "GBP"),
        ("en", {"GBP", "EUR", "USD"}, "USD"),
        ("en", {"GBP", "EUR", "XTR"}, "GBP"),
        (None, {"GBP", "EUR", "XTR"}, "GBP"),
        ("ja", {"GBP", "EUR", "XTR"}, "EUR"),
        ("ja", {"XTR"}, "XTR"),
        ("en", set(), None),
    ],
)
def test_the_currency_follows_from_language_and_territory(
    language: str | None, among: set[str], currency: str | None
) -> None:
    assert words.usual_currency(language, among) == currency


@given(st.text(max_size=35))
def test_whatever_a_client_calls_its_language_there_is_a_locale(language: str) -> None:
    assert isinstance(words.locale_of(language), Locale)
    assert words.price(Money(100, "EUR"), language)
    assert words.usual_currency(language, {"EUR"}) == "EUR"
