"""How people write the parts of a plan in chat: lengths, prices, features and windows of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from botyard.features.billing.service.catalog import STARS
from botyard.features.billing.service.plan_drafts import BadPlan
from botyard.money import Money, MoneyError

NONE = frozenset({"none", "no", "off", "-"})
"""Written in place of a value, each takes the value away."""
ALWAYS = frozenset({"always", *NONE})
_ON = frozenset({"on", "yes"})
_LENGTH = re.compile(r"([0-9]{1,4})\s*(d|w|m|y)[a-z]*", re.IGNORECASE)
_COUNT = re.compile(r"([0-9]{1,4})(?:\s*d[a-z]*)?", re.IGNORECASE)
_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<currency>[A-Za-z]+|⭐)")
_TURNED = re.compile(r"(?P<currency>[A-Za-z]{3})\s*(?P<number>[0-9]+(?:\.[0-9]+)?)")
_STARS_WORDS = frozenset({"⭐", "star", "stars", "xtr"})
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2})?"
_WINDOW = re.compile(rf"(?:from\s+({_MOMENT}))?\s*(?:(?:until|to|-)\s*({_MOMENT}))?", re.IGNORECASE)


class Length(NamedTuple):
    """How long a plan lasts: days, or months, or the 30 days that Stars renew."""

    days: int | None
    months: int | None
    stars_subscription: bool


def read_length(words: str) -> Length:
    """Such as `3 months`, `90 days`, `1 year`; `stars` for the 30 days that Stars renew. Raises `BadPlan`."""
    text = words.strip().lower()
    if text in _STARS_WORDS:
        return Length(None, None, stars_subscription=True)
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise BadPlan(
            [f"“{words.strip()[:40]}” is no length."],
            remedy="Write it like 3 months, 90 days, 1 year, or stars.",
        )
    count, unit = int(found[1]), found[2]
    if unit in "dw":
        return Length(count * 7 if unit == "w" else count, None, stars_subscription=False)
    return Length(None, count * 12 if unit == "y" else count, stars_subscription=False)


def read_money(words: str) -> Money:
    """Such as `147.00 GBP`, `GBP 147`, `9500 stars`. Raises `BadPlan`."""
    text = words.strip()
    found = _AMOUNT.fullmatch(text) or _TURNED.fullmatch(text)
    try:
        if found is None:
            raise MoneyError(f"“{text[:40]}” is no price.", remedy="Write it like 147.00 GBP, or 9500 stars.")
        currency = STARS if found["currency"].lower() in _STARS_WORDS else found["currency"].upper()
        return Money.parse(f"{found['number']} {currency}")
    except MoneyError as problem:
        raise BadPlan([problem.message], remedy=problem.remedy) from None


def read_prices(words: str) -> dict[str, int]:
    """Such as `147.00 GBP, 170 EUR, 9500 stars`, by currency. Raises `BadPlan`."""
    prices: dict[str, int] = {}
    for part in re.split(r"[,;\n]", words):
        if not part.strip():
            continue
        money = read_money(part)
        if money.currency in prices:
            raise BadPlan(
                [f"There are two prices in {'Stars' if money.currency == STARS else money.currency}."],
                remedy="Give one for each currency.",
            )
        prices[money.currency] = money.amount
    return prices


def read_features(words: str) -> tuple[str, ...]:
    """Such as `signals, max_devices=3`; `none` for none."""
    if words.strip().lower() in NONE:
        return ()
    return tuple(dict.fromkeys(words.replace(",", " ").split()))


def read_trial(words: str) -> int | None:
    """So many days, `7` or `7 days`; `none` for none. Raises `BadPlan`."""
    text = words.strip().lower()
    if text in NONE:
        return None
    found = _COUNT.fullmatch(text)
    if found is None:
        raise BadPlan([f"“{text[:40]}” is no number of days."], remedy="Write it like 7 days, or none.")
    return int(found[1])


def read_switch(words: str) -> bool:
    """`on` or `off`. Raises `BadPlan`."""
    text = words.strip().lower()
    if text not in _ON | NONE:
        raise BadPlan([f"“{text[:40]}” is neither on nor off."], remedy="Write on or off.")
    return text in _ON


def read_window(words: str) -> tuple[datetime | None, datetime | None]:
    """Such as `from 2027-03-01 until 2027-04-01 18:00`, or one of the two, in UTC; `always` for always.

    Raises `BadPlan`.
    """
    text = " ".join(words.split())
    if text.lower() in ALWAYS:
        return None, None
    found = _WINDOW.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        raise BadPlan(
            [f"“{text[:60]}” is no window of time."],
            remedy="Write it like from 2027-03-01 until 2027-04-01, or always. Times are UTC.",
        )
    return tuple(None if each is None else read_moment(each) for each in (found[1], found[2]))  # type: ignore[return-value]


def read_moment(words: str) -> datetime:
    """A day (its beginning) or a moment in UTC: `2027-04-01`, `2027-04-01 18:00`. Raises `BadPlan`."""
    try:
        return datetime.fromisoformat(words.strip()).replace(tzinfo=UTC)
    except ValueError:
        raise BadPlan(
            [f"“{words.strip()[:40]}” is no day."],
            remedy="Write it like 2027-04-01, or 2027-04-01 18:00 (UTC).",
        ) from None
