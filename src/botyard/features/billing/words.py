"""Prices, lengths and days as people of a language write them: Babel's words, never our own sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_time, format_timedelta
from babel.languages import get_official_languages
from babel.numbers import (
    format_currency,
    format_decimal,
    get_currency_name,
    get_currency_symbol,
    get_territory_currencies,
)

from botyard.features.billing.service.catalog import STARS
from botyard.money import Money, exponent

FALLBACK = Locale("en")
WRITTEN = {file.name.partition(".")[0] for file in Path(__file__).with_name("texts").glob("*.ftl")}
"""The languages that our texts are in. Prices are written as the member's language does in any case."""
STAR = "⭐"
_DAYS = {"year": 365, "month": 30, "day": 1}
"""As Babel counts them back."""
_NEVER = 1_000_000_000
"""The least of a larger unit that is written as such."""


class HasLength(Protocol):
    """Whatever lasts: a plan, an order, a row of the ledger."""

    @property
    def days(self) -> int | None:
        """So many days, or None."""

    @property
    def months(self) -> int | None:
        """So many months, or None."""


def price(money: Money, language: str | None) -> str:
    """The price as people of this language write it: `£147.00`, `147,00 £`; of Stars `9,500 ⭐`."""
    locale = locale_of(language)
    if money.currency == STARS:
        return f"{format_decimal(money.amount, locale=locale)} {STAR}"
    value = Decimal(money.amount).scaleb(-exponent(money.currency))
    return format_currency(value, money.currency, locale=locale)


def length(what: HasLength, language: str | None) -> str:
    """How long it lasts: `3 months`, `30 days`; full years are years. Nothing for what has no length."""
    if what.months and what.months % 12 == 0:
        return _lasting(what.months // 12, "year", language)
    if what.months:
        return _lasting(what.months, "month", language)
    return days(what.days, language) if what.days else ""


def days(count: int, language: str | None) -> str:
    """So many days: `1 day`, `14 days`."""
    return _lasting(count, "day", language)


def day(moment: datetime, language: str | None) -> str:
    """The day of a moment (UTC): `March 3, 2027`."""
    return format_date(moment.date(), "long", locale=_written(language))


def moment(at: datetime, language: str | None) -> str:
    """The day and the time of a moment: `March 3, 2027, 14:05 UTC`."""
    return f"{day(at, language)}, {format_time(at.time(), 'HH:mm', locale=_written(language))} UTC"


def perk(feature: str) -> str:
    """What a plan gives, for people: `signals`, `max devices: 3` for `max_devices=3`."""
    name, _, value = feature.partition("=")
    name = name.replace("_", " ")
    return f"{name}: {value}" if value else name


def currency_name(currency: str, language: str | None) -> str:
    """A currency's sign and name: `£ British Pound`, `⭐ Telegram Stars`."""
    if currency == STARS:
        return f"{STAR} Telegram Stars"
    locale = locale_of(language)
    sign, name = get_currency_symbol(currency, locale=locale), get_currency_name(currency, locale=locale)
    return name if sign == currency and name != currency else f"{sign} {name}" if sign != name else sign


def usual_currency(language: str | None, among: Collection[str]) -> str | None:
    """The currency that a member most likely pays in, of those that there are prices in.

    It is that of his language's territory (`de-CH`: CHF, `de`: EUR); else the one that most countries of his
    language share; Stars where nothing else is left. None if there are no prices.
    """
    locale = locale_of(language)
    for currency in _of_territory(locale):
        if currency in among:
            return currency
    shared = _shared(locale.language)
    money = sorted(set(among) - {STARS}, key=lambda each: (-shared[each], each))
    return money[0] if money else next(iter(among), None)


@lru_cache(256)
def locale_of(language: str | None) -> Locale:
    """The locale of a language as Telegram names it (`pt-br`); English for one that nobody knows."""
    for tag in (language or "", (language or "").partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return FALLBACK


def _written(language: str | None) -> Locale:
    """The locale of words that stand in our texts: English where those are, so that no sentence is mixed."""
    return locale_of(language) if (language or "").partition("-")[0] in WRITTEN else FALLBACK


def _lasting(count: int, unit: Literal["year", "month", "day"], language: str | None) -> str:
    """So many of a unit. Not `format_unit`: that has no long words of Portuguese or Italian, among others."""
    length = timedelta(days=count * _DAYS[unit])
    return format_timedelta(length, granularity=unit, threshold=_NEVER, locale=_written(language))


def _of_territory(locale: Locale) -> list[str]:
    territory = locale.territory
    if territory is None:
        likely = get_global("likely_subtags").get(str(locale), str(locale))
        territory = likely.rpartition("_")[2]
    return get_territory_currencies(territory)


@lru_cache(64)
def _shared(language: str) -> Counter[str]:
    """In how many countries where the language is an official one each currency is used."""
    counted: Counter[str] = Counter()
    for territory in get_global("territory_languages"):
        if language in get_official_languages(territory, de_facto=True):
            counted.update(get_territory_currencies(territory))
    return counted
